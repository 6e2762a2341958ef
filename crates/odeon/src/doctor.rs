//! `odeon doctor`: whether all is well, a line for each thing that must be.

use ingest::media::{Launcher, Tools};
use kernel::{Ctx, db::Engine};

use crate::{config::Config, house};

/// Looks at everything that the house needs and prints what it finds; an error counts what needs attention.
pub(crate) async fn look(config: &Config) -> Result<(), String> {
    let mut failed = 0;
    let mut say = |what: &str, outcome: Result<String, String>| match outcome {
        Ok(fine) => println!("ok    {what}: {fine}"),
        Err(wrong) => {
            failed += 1;
            println!("WRONG {what}: {wrong}");
        }
    };
    say("data folder", house::make_data_folder(&config.data).map(|()| config.data.display().to_string()));
    let tools = Tools::find().map_err(|error| error.to_string());
    say("ffmpeg", tools.map(|tools| format!("{} and {}", tools.ffmpeg.display(), tools.ffprobe.display())));
    let sandbox = Launcher::this_program().check().await.map_err(|error| error.to_string());
    say(
        "sandbox",
        sandbox.map(|report| {
            format!(
                "landlock {}, own namespaces: {}",
                report.landlock.trim_start_matches('V'),
                report.namespaces
            )
        }),
    );
    match house::open(config, false).await {
        Ok(ctx) => {
            say("database", Ok(engine(ctx.db().engine()).to_owned()));
            say("jobs", jobs(&ctx).await);
            ctx.shut_down().await;
        }
        Err(fault) => say("database and objects", Err(fault.to_string())),
    }
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of these need attention")) }
}

fn engine(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SQLite answers",
        Engine::Postgres => "PostgreSQL answers",
    }
}

/// How many jobs of each kind there are.
async fn jobs(ctx: &Ctx) -> Result<String, String> {
    let counts = kernel::jobs::counts(ctx.db()).await.map_err(|fault| fault.to_string())?;
    let lines: Vec<String> =
        counts.iter().map(|(kind, state, count)| format!("{count} {kind} {state}")).collect();
    Ok(if lines.is_empty() { "none yet".to_owned() } else { lines.join(", ") })
}
