//! The sandbox alone, for this crate's tests: a test program has a `main` of its own and can't be one.

use std::process::ExitCode;

fn main() -> ExitCode {
    ingest::media::sandbox_main().unwrap_or_else(|| {
        eprintln!("This is a part of the tests and does nothing by itself.");
        ExitCode::FAILURE
    })
}
