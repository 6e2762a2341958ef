//! Measures files as Odeon does and prints a line of JSON for each, for measuring and for comparing:
//! `cargo run --release -p ingest --example loudness -- FILE…`.

use std::{path::PathBuf, process::ExitCode};

use ingest::media::{Engine, Launcher, Tools, sandbox_main};
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    if let Some(code) = sandbox_main() {
        return code;
    }
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if files.is_empty() {
        eprintln!("usage: loudness FILE…");
        return ExitCode::FAILURE;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a machine that runs ffmpeg has threads");
    runtime.block_on(measure(&files))
}

async fn measure(files: &[PathBuf]) -> ExitCode {
    let tools = match Tools::find() {
        Ok(tools) => tools,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let engine = Engine::new(tools, Launcher::this_program());
    let mut code = ExitCode::SUCCESS;
    for file in files {
        let line = match engine.hear(file, &CancellationToken::new()).await {
            Ok(sound) => serde_json::json!({
                "file": file, "lufs": sound.loudness.lufs, "peak_db": sound.loudness.peak_db,
                "range_lu": sound.range_lu, "edges": sound.edges,
            }),
            Err(error) => {
                code = ExitCode::FAILURE;
                serde_json::json!({ "file": file, "error": error.to_string() })
            }
        };
        println!("{line}");
    }
    code
}
