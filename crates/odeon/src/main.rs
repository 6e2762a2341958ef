//! Odeon: a streaming house that an organisation can own, in one program.
//!
//! This crate is the composition root. It owns the command line, the configuration, the roles, the wiring and the
//! router; it decides nothing that a domain could decide. Start reading at [`serve`].

mod command;
mod config;
mod connection;
mod describe;
mod doctor;
mod events;
mod health;
mod house;
#[cfg(test)]
mod leaks;
mod rights;
mod router;
mod serve;
#[cfg(test)]
mod statements;
mod web;
mod workshop;

use std::process::ExitCode;

use clap::Parser as _;
use tikv_jemallocator::Jemalloc;

/// What is freed goes back to the system: with the one of the C library a house of a million tracks held two and a half
/// times the memory that it used (ADR 26).
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    // The sandboxed child of ourselves must come before everything else: it has no business with threads or logs.
    if let Some(code) = ingest::media::sandbox_main() {
        return code;
    }
    let arguments = command::Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return told(&format!("the program can't start its threads: {error}")),
    };
    match runtime.block_on(command::run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => told(&reason),
    }
}

fn told(reason: &str) -> ExitCode {
    eprintln!("odeon: {reason}");
    ExitCode::FAILURE
}
