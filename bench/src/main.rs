//! The measuring programs behind `cargo xtask bench`. Each prints its figures as JSON lines on standard output:
//! `{"name", "value", "unit", "peer", "peer_value"}`, and what it does on standard error.
//!
//! Run through `cargo xtask bench NAME`, which builds, sets up what is needed, and prints the table.

mod database;
mod figure;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    match arguments.first().map(String::as_str) {
        Some("database") => database::measure(quick).await,
        other => {
            eprintln!("odeon-bench measures: database; not {other:?}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
