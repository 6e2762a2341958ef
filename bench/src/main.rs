//! The measuring programs behind `cargo xtask bench`. Each prints its figures as JSON lines on standard output:
//! `{"name", "value", "unit", "peer", "peer_value"}`, and what it does on standard error.
//!
//! Run through `cargo xtask bench NAME`, which builds, sets up what is needed, and prints the table. What is started
//! here runs in the process group that `cargo xtask` ends as a whole, and everything is written into the folder that
//! it names and removes.

mod bare;
mod client;
mod database;
mod delivery;
mod figure;
mod house;
mod ingest;
mod ladder;
mod library;
mod machine;
mod music;
mod sound;
mod start;

use std::{path::PathBuf, process::ExitCode};

/// Why a measurement broke off, in a sentence.
pub(crate) type Anything = Box<dyn std::error::Error + Send + Sync>;

/// What a measurement works with.
pub(crate) struct Setting {
    /// The program that is measured, built in release.
    pub(crate) program: PathBuf,
    /// An empty folder for everything that is written.
    pub(crate) folder: PathBuf,
    /// A smaller run of the same kind.
    pub(crate) quick: bool,
}

fn main() -> ExitCode {
    // The media engine confines its children in this same program, started again.
    if let Some(code) = ::ingest::media::sandbox_main() {
        return code;
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("odeon-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Anything> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let after = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag);
        let named = at.and_then(|at| arguments.get(at + 1)).map(PathBuf::from);
        named.ok_or_else(|| format!("{flag} is missing: run this through `cargo xtask bench`"))
    };
    let setting =
        || Ok::<_, Anything>(Setting { program: after("--program")?, folder: after("--folder")?, quick });
    match arguments.first().map(String::as_str) {
        Some("database") => wait(async {
            database::measure(quick).await;
            Ok(())
        })?,
        Some("delivery") => delivery::measure(&setting()?)?,
        Some("ingest") => ingest::measure(&setting()?)?,
        Some("phone") => wait(music::phone::measure(&setting()?))?,
        Some("music") => wait(music::measure(&setting()?))?,
        Some("music-lists") => wait(music::catalogues(&setting()?))?,
        Some("music-sound") => music::sounds(&setting()?)?,
        Some("music-scan") => wait(music::scans(&setting()?))?,
        other => {
            return Err(format!(
                "it measures database, delivery, ingest, music, its parts and phone, not {other:?}"
            )
            .into());
        }
    }
    Ok(())
}

fn wait(measured: impl Future<Output = Result<(), Anything>>) -> Result<(), Anything> {
    tokio::runtime::Runtime::new()?.block_on(measured)
}
