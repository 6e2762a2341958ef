//! How media gets in: folders that are scanned, files that are uploaded, and the encoding of both.
//!
//! It owns libraries ([`library`], [`scan`]), uploads ([`upload`]), the media engine ([`media`]), which is the one
//! place that starts other processes, the jobs that encode ([`encode`]) and measure ([`hear`]), and what is made while
//! somebody listens ([`transcode`]). It puts what it finds into the catalogue
//! through `catalog::import` and `catalog::media`, and never decides who may see or play it.
//!
//! Start reading at [`scan`] for folders, at [`upload`] for uploads, at [`media`] for what is done to a file.

mod disk;
pub mod encode;
pub mod foreign;
pub mod given;
pub mod hear;
pub mod library;
pub mod media;
pub mod pictures;
pub mod scan;
pub mod transcode;
pub mod upload;
