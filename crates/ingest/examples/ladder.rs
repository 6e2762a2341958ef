//! Encodes a file as Odeon does and leaves the renditions in a folder, for measuring and for looking at them:
//! `cargo run -p ingest --example ladder -- FILE FOLDER`.

use std::{fs::OpenOptions, io::Write as _, path::PathBuf, process::ExitCode};

use ingest::media::{EncodeEvent, Engine, Launcher, MediaError, Tools, plan_music, plan_video, sandbox_main};
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    if let Some(code) = sandbox_main() {
        return code;
    }
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [input, folder] = args.as_slice() else {
        eprintln!("usage: ladder FILE FOLDER");
        return ExitCode::FAILURE;
    };
    let runtime = tokio::runtime::Runtime::new().expect("a machine that runs ffmpeg has threads");
    match runtime.block_on(encode(input, folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", error.code());
            ExitCode::FAILURE
        }
    }
}

async fn encode(input: &std::path::Path, folder: &std::path::Path) -> Result<(), MediaError> {
    let engine = Engine::new(Tools::find()?, Launcher::this_program());
    let cancel = CancellationToken::new();
    println!("{:?}", Launcher::this_program().check().await?);
    let probe = engine.probe(input, &cancel).await?;
    println!("{probe:#?}");
    let plan =
        plan_video(&probe, "veryfast").or_else(|| plan_music(&probe)).expect("a probe has sound or picture");
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let mut encoding = engine.encode(input, &probe, &plan, folder, &cancel).await?;
    while let Some(event) = encoding.next().await {
        let (rendition, data) = match event {
            EncodeEvent::Progress(fraction) => {
                println!("{:.0} %", fraction * 100.0);
                continue;
            }
            EncodeEvent::Init(init) => {
                println!(
                    "{} {} {:?} {:?}",
                    plan.renditions[init.rendition].name, init.codec, init.size, init.audio
                );
                (init.rendition, init.data)
            }
            EncodeEvent::Segment(segment) => (segment.rendition, segment.data),
        };
        let path = folder.join(format!("{}.mp4", plan.renditions[rendition].name));
        let file = OpenOptions::new().append(true).create(true).open(path);
        file.and_then(|mut file| file.write_all(&data)).expect("the folder can be written");
    }
    println!("{:#?}", encoding.finish().await?);
    Ok(())
}
