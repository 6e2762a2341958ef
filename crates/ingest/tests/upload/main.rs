//! Uploads over a real socket, on both engines: the rules of tus, cut lines, limits.

#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test program")]

#[path = "../support/mod.rs"]
mod support;

mod full;
mod limits;
mod protocol;
mod resume;
