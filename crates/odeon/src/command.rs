//! The command line.

use std::{
    io::{IsTerminal as _, Read as _},
    path::PathBuf,
};

use clap::{Parser, Subcommand};
use kernel::{Ctx, http::Role};

use crate::{
    config::{self, Config, Settings},
    doctor, house, router, serve,
    workshop::{Workshop, projections},
};

/// Longest password that is read from standard input, in bytes.
const PASSWORD_BYTES_MAX: u64 = 4096;

/// A streaming house that an organisation can own: music, films and the people around them.
#[derive(Debug, Parser)]
#[command(name = "odeon", version, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// The file of settings [default: odeon.toml, if it is there]
    #[arg(long, env = "ODEON_CONFIG", global = true)]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the house until told to stop
    Serve {
        /// What this process does; may be given several times [default: everything]
        #[arg(long, env = "ODEON_ROLE", value_delimiter = ',')]
        role: Option<Vec<config::Role>>,
    },
    /// Manage accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Manage app tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Have the running server look at every library again
    Scan,
    /// Look whether everything that Odeon needs is there and in order
    Doctor,
    /// Derive a projection again from its events, or the search's index from the catalogue; without a name, say which
    /// there are
    Rebuild {
        /// The projection's name
        name: Option<String>,
    },
    /// Print the OpenAPI document
    Openapi,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Make an account
    Add {
        /// The handle to sign in with
        name: String,
        /// What the account may do: listener, creator, moderator or admin
        #[arg(long, default_value = "listener")]
        role: Role,
        /// Read the password from standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Make a one-time link with which an account's owner chooses a password, and print it
    Link {
        /// The account's handle
        name: String,
    },
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token for an account and print it; it can't be shown again
    Add {
        /// The account's handle
        name: String,
        /// What the token is for
        #[arg(long)]
        label: String,
    },
}

/// Runs the command; an error is a sentence for the person at the terminal.
pub(crate) async fn run(arguments: Arguments) -> Result<(), String> {
    log_to_stderr();
    let mut settings = arguments.settings;
    if let Command::Serve { role } = &arguments.command {
        settings.role.clone_from(role);
    }
    let config = Config::new(settings, arguments.config.as_deref())?;
    carry_out(arguments.command, config).await
}

async fn carry_out(command: Command, config: Config) -> Result<(), String> {
    match command {
        Command::Serve { .. } => serve::serve(config).await,
        Command::User(UserCommand::Add { name, role, .. }) => {
            let password = read_password()?;
            let ctx = open(&config).await?;
            let added = accounts::add_user(&ctx, &name, &name, role, password).await;
            closed(&ctx, added.map_err(|error| in_words(&error))).await?;
            println!("{name} can sign in now, as {role}.");
            Ok(())
        }
        Command::User(UserCommand::Link { name }) => {
            let ctx = open_existing(&config).await?;
            let made = accounts::members::link_for(&ctx, &name).await;
            let token = closed(&ctx, made.map_err(|error| in_words(&error))).await?.token;
            let url = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
            println!("{url}/welcome#token={token}");
            Ok(())
        }
        Command::Token(TokenCommand::Add { name, label }) => {
            let ctx = open_existing(&config).await?;
            let made = accounts::add_token(&ctx, &name, &label).await;
            println!("{}", closed(&ctx, made.map_err(|error| in_words(&error))).await?);
            Ok(())
        }
        Command::Scan => {
            let ctx = open_existing(&config).await?;
            let count = closed(&ctx, scan_all(&ctx).await).await?;
            println!("{count} libraries will be looked at by the running server.");
            Ok(())
        }
        Command::Doctor => doctor::look(&config).await,
        Command::Rebuild { name } => rebuild(&config, name).await,
        Command::Openapi => openapi(config).await,
    }
}

fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ODEON_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,lofty=error"));
    let terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(terminal).with_writer(std::io::stderr).init();
}

async fn open(config: &Config) -> Result<Ctx, String> {
    house::make_data_folder(&config.data)?;
    house::open(config, false).await.map_err(|fault| fault.to_string())
}

/// Opens a house for what makes no sense in a new one: a folder whose name was mistyped is told and not made.
async fn open_existing(config: &Config) -> Result<Ctx, String> {
    match &config.database {
        kernel::db::Location::Sqlite(file) if !file.exists() => Err(format!(
            "there is no Odeon in {} yet; name its folder with --data, or start one there with `odeon serve`",
            config.data.display()
        )),
        _ => open(config).await,
    }
}

/// Closes the house whatever the outcome was.
async fn closed<T>(ctx: &Ctx, outcome: Result<T, String>) -> Result<T, String> {
    ctx.shut_down().await;
    outcome
}

fn read_password() -> Result<String, String> {
    let mut text = String::new();
    let read = std::io::stdin().take(PASSWORD_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|error| format!("the password can't be read from standard input: {error}"))?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(
            "no password came on standard input; try: printf %s 'the password' | odeon user add …".to_owned()
        );
    }
    Ok(password.to_owned())
}

/// What an account's error says to the person at the terminal.
fn in_words(error: &accounts::Error) -> String {
    let problem = error.problem();
    problem.detail.unwrap_or(problem.title)
}

async fn scan_all(ctx: &Ctx) -> Result<usize, String> {
    let libraries = ingest::library::libraries(ctx).await.map_err(|error| error.to_string())?;
    for library in &libraries {
        ingest::library::request_scan(ctx, library.id).await.map_err(|error| error.to_string())?;
    }
    Ok(libraries.len())
}

async fn rebuild(config: &Config, name: Option<String>) -> Result<(), String> {
    let ctx = open_existing(config).await?;
    let told = derive_again(&ctx, config, name.as_deref()).await;
    println!("{}", closed(&ctx, told).await?);
    Ok(())
}

/// Derives what is called so again; what to tell of it. Without a name, the names.
async fn derive_again(ctx: &Ctx, config: &Config, name: Option<&str>) -> Result<String, String> {
    let projections = projections(ctx, config);
    let of_events = projections.iter().map(|projection| projection.name());
    let names: Vec<&str> = of_events.chain([catalog::search::NAME]).collect();
    let told = |fault: kernel::Fault| fault.to_string();
    let Some(name) = name else { return Ok(names.join("\n")) };
    if name == catalog::search::NAME {
        let things = catalog::search::rebuild(ctx).await.map_err(told)?;
        return Ok(format!(
            "{name} was made again and finds {things} things; running servers make theirs again now."
        ));
    }
    let Some(projection) = projections.iter().find(|projection| projection.name() == name) else {
        return Err(format!("there is no projection {name:?}; there are: {}", names.join(", ")));
    };
    let events = kernel::outbox::rebuild(ctx, projection).await.map_err(told)?;
    Ok(format!("{name} was derived again from {events} events."))
}

/// The document is the same for every house, so it is made in one that is thrown away.
async fn openapi(mut config: Config) -> Result<(), String> {
    config.data = std::env::temp_dir().join(format!("odeon-openapi-{}", std::process::id()));
    config.database = kernel::db::Location::Sqlite(config.data.join("odeon.db"));
    config.objects = None;
    let ctx = open(&config).await?;
    let workshop = Workshop::new(&ctx, &config)?;
    let (_, document) = router::routes(&ctx, &config, workshop.doors());
    let text = closed(&ctx, document.to_pretty_json().map_err(|error| error.to_string())).await;
    std::fs::remove_dir_all(&config.data).map_err(|error| format!("{}: {error}", config.data.display()))?;
    println!("{}", text?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_role_of_an_account_is_not_the_role_of_a_process() {
        let line = ["odeon", "user", "add", "ann", "--role", "creator", "--password-stdin", "--data", "x"];
        assert!(Arguments::try_parse_from(line).is_ok());
        assert!(Arguments::try_parse_from(["odeon", "serve", "--role", "web", "--role", "worker"]).is_ok());
        assert!(Arguments::try_parse_from(["odeon", "serve", "--role", "creator"]).is_err());
    }

    #[tokio::test]
    async fn a_mistyped_data_folder_is_told_and_not_made() {
        let absent = std::env::temp_dir().join(format!("odeon-absent-{}", std::process::id()));
        let data = absent.to_str().expect("text");
        for line in [
            &["scan"][..],
            &["token", "add", "ann", "--label", "x"],
            &["user", "link", "ann"],
            &["rebuild", "catalog_shelf"],
            &["rebuild", "catalog_search"],
        ] {
            let line = ["odeon"].into_iter().chain(line.iter().copied()).chain(["--data", data]);
            let arguments = Arguments::try_parse_from(line).expect("it is understood");
            let config = Config::new(arguments.settings, None).expect("it is taken");
            let told = carry_out(arguments.command, config).await.expect_err("it is refused");
            assert!(told.contains(data) && told.contains("--data"), "{told}");
            assert!(!absent.exists());
        }
    }

    #[tokio::test]
    async fn the_index_of_the_search_is_made_again_by_its_name_and_others_are_told() {
        let data = std::env::temp_dir().join(format!("odeon-rebuild-{}", std::process::id()));
        let taken = |name: &str| {
            let line = ["odeon", "rebuild", name, "--data", data.to_str().expect("text")];
            let arguments = Arguments::try_parse_from(line).expect("it is understood");
            (arguments.command, Config::new(arguments.settings, None).expect("it is taken"))
        };
        let (_, config) = taken("catalog_search");
        open(&config).await.expect("a new house").shut_down().await;
        let (command, config) = taken("catalog_search");
        carry_out(command, config).await.expect("it is made again");
        let (command, config) = taken("catalog_serach");
        let told = carry_out(command, config).await.expect_err("there is no such");
        assert!(told.contains("catalog_search") && told.contains("catalog_shelf"), "{told}");
        let (_, config) = taken("catalog_search");
        let ctx = open(&config).await.expect("the house");
        let all = derive_again(&ctx, &config, None).await.expect("the names");
        for name in ["podcasts_leaver", "sharing_leaver", "scrobble_heard", "ingest.uploads_withdrawn"] {
            assert!(all.lines().any(|line| line == name), "{name} in {all}");
            assert!(derive_again(&ctx, &config, Some(name)).await.is_ok());
        }
        ctx.shut_down().await;
        std::fs::remove_dir_all(&data).expect("it goes");
    }
}
