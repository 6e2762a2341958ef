//! Libraries and their scans on real files, made on the spot by the real ffmpeg and tagged by the tag library.

#![allow(clippy::unwrap_used, unreachable_pub, dead_code, reason = "a test program")]

mod depth;
mod disks;
mod hearing;
mod house;
mod identity;
mod killed;
mod libraries;
mod making;
mod names;
mod pictures;
#[path = "../support/small_disk.rs"]
mod small_disk;
mod survival;
mod taking_in;
mod trouble;
