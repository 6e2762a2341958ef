//! The measured program: a data folder, and the server on it.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use crate::{
    Anything, client,
    machine::{self, Running, command, run},
};

/// How long a start may take before something is wrong.
const READY_MAX: Duration = Duration::from_mins(1);

/// A data folder with an administrator.
pub(crate) struct House {
    program: PathBuf,
    pub(crate) data: PathBuf,
    /// An API token of the administrator.
    pub(crate) token: String,
    /// The database, unless it is the folder's own.
    database: Option<String>,
}

impl House {
    /// Makes a new one.
    pub(crate) fn new(program: &Path, data: PathBuf) -> Result<Self, Anything> {
        Self::on(program, data, None)
    }

    /// Makes a new one on this database.
    pub(crate) fn on(program: &Path, data: PathBuf, database: Option<String>) -> Result<Self, Anything> {
        let odeon = |words: &[&str]| {
            let mut odeon = command(program);
            odeon.args(words).arg("--data").arg(&data);
            odeon.args(database.iter().flat_map(|url| ["--database", url]));
            odeon
        };
        fs::create_dir_all(&data)?;
        let password = data.with_extension("password");
        write!(fs::File::create(&password)?, "a password that is long enough")?;
        let add = ["user", "add", "bench", "--role", "admin", "--password-stdin"];
        run(odeon(&add).stdin(fs::File::open(&password)?))?;
        let token = run(&mut odeon(&["token", "add", "bench", "--label", "bench"]))?;
        let token = token.lines().last().unwrap_or_default().trim().to_owned();
        Ok(Self { program: program.to_owned(), data, token, database })
    }

    /// Starts the server and waits until it is ready; also says how long that took.
    pub(crate) fn serve(&self) -> Result<(Server, Duration), Anything> {
        let port = machine::free_port()?;
        let log = fs::File::options().append(true).create(true).open(self.data.with_extension("log"))?;
        let mut serve = command(&self.program);
        serve.arg("serve").arg("--data").arg(&self.data).args(["--listen", &format!("127.0.0.1:{port}")]);
        serve.args(self.database.iter().flat_map(|url| ["--database", url]));
        serve.current_dir(&self.data).stdout(Stdio::null()).stderr(log);
        let begun = Instant::now();
        let mut process = Running::start(&mut serve)?;
        let ready = || client::ask(port, "GET", "/readyz", "").is_ok_and(|answer| answer.status == 200);
        process.wait_until(READY_MAX, Duration::from_millis(1), ready)?;
        let took = begun.elapsed();
        Ok((Server { process, port, token: self.token.clone() }, took))
    }
}

/// The running program.
pub(crate) struct Server {
    process: Running,
    pub(crate) port: u16,
    token: String,
}

impl Server {
    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// CPU seconds of it and of what it started and has ended.
    pub(crate) fn cpu_s(&self) -> Result<f64, Anything> {
        machine::cpu_s(&self.id().to_string())
    }

    /// The JSON of a request to the API, which must succeed.
    pub(crate) fn api(&self, method: &str, path: &str, body: &str) -> Result<serde_json::Value, Anything> {
        client::json(self.port, method, &format!("/api/v1{path}"), &self.token, body)
    }

    /// Asks again every `pause` until `done` says yes; the last answer.
    pub(crate) fn wait_for(
        &self,
        (method, path): (&str, &str),
        (limit, pause): (Duration, Duration),
        done: impl Fn(&serde_json::Value) -> bool,
    ) -> Result<serde_json::Value, Anything> {
        let begun = Instant::now();
        loop {
            let now = self.api(method, path, "")?;
            if done(&now) {
                return Ok(now);
            }
            if begun.elapsed() > limit {
                return Err(format!("{path} did not get there in {} s: {now}", limit.as_secs()).into());
            }
            std::thread::sleep(pause);
        }
    }
}
