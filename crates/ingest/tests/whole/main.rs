//! From the bytes of an upload to a thing that can be played: accepted or refused, encoded, whatever is killed when.

#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test program")]

#[path = "../support/mod.rs"]
mod support;

mod accept;
mod album;
mod cache;
mod encode;
mod films;
mod full;
mod pictures;
mod refuse;
mod remote;
mod transcode;
