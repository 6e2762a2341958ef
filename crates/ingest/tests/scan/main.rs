//! Libraries and their scans on real files, made on the spot by the real ffmpeg and tagged by the tag library.

mod house;
mod identity;
mod killed;
mod libraries;
mod making;
mod names;
mod pictures;
mod taking_in;
mod trouble;
