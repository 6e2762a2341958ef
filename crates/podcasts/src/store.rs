//! The SQL of podcasts. Every statement names who looks, but those of jobs, which work for all.

mod episodes;
mod feeds;
mod wants;

pub(crate) use episodes::*;
pub(crate) use feeds::*;
pub(crate) use wants::*;

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
