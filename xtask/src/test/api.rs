//! The API against its own description: schemathesis, which we did not write, makes requests of everything that
//! `/api/openapi.json` says and looks whether the answers are what it says.

use std::{
    env, fs,
    net::TcpStream,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::process::Signal;

use super::{Run, servers::free_port};
use crate::{
    fail::{Done, Fail},
    openapi,
    process::{Server, command, must, output},
    python,
    workspace::Workspace,
};

/// How long requests are made unless `ODEON_API_SECONDS` says it.
const SECONDS: &str = "60";
const SECONDS_VARIABLE: &str = "ODEON_API_SECONDS";
/// How long the program may take to be ready.
const READY: Duration = Duration::from_secs(30);
/// What would end the session that the requests come with, or never ends by itself.
const LEFT_OUT: [&str; 3] = ["/api/v1/session", "/api/v1/events", "/api/v1/me/sessions"];

/// What the step's Python programs are.
pub(super) fn requirements(workspace: &Workspace) -> PathBuf {
    workspace.root.join("tests/api/requirements.txt")
}

pub(super) fn api(run: &Run) -> Done {
    openapi::build(&run.workspace)?;
    let programs = python::programs(&requirements(&run.workspace))?;
    let folder = run.servers()?.folder().join("api");
    fs::create_dir_all(&folder).map_err(|error| cannot(&folder, &error))?;
    let house = House::open(&run.workspace.program("debug"), &folder)?;
    let mut made = command(programs.join("schemathesis"));
    made.current_dir(run.workspace.root.join("tests/api"))
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", ".")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["--config-file", "schemathesis.toml", "run"])
        .arg(format!("{}/api/openapi.json", house.url))
        .args(["--header", &format!("Authorization: Bearer {}", house.token)])
        .args(["--max-time", &env::var(SECONDS_VARIABLE).unwrap_or_else(|_| SECONDS.to_owned())])
        .args(["--continue-on-failure", "--request-timeout", "10", "--no-color", "--warnings", "off"])
        .args(["--generation-database", "none"]);
    for path in LEFT_OUT {
        made.args(["--exclude-path", path]);
    }
    must(
        &mut made,
        "the API answers otherwise than its description says",
        "each finding is above with the request that shows it; mend the handler or its description",
    )
}

/// The program with an administrator, for as long as this is held.
struct House {
    url: String,
    token: String,
    _server: Server,
}

impl House {
    fn open(program: &Path, folder: &Path) -> Result<Self, Fail> {
        let port = free_port()?;
        let data = folder.join("data");
        let log = fs::File::create(folder.join("odeon.log")).map_err(|error| cannot(folder, &error))?;
        let second = log.try_clone().map_err(|error| cannot(folder, &error))?;
        let mut serve = command(program);
        serve
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(&data)
            .stdout(log)
            .stderr(second);
        let mut server = Server::start("Odeon", &mut serve, Signal::TERM)?;
        let url = format!("http://127.0.0.1:{port}");
        server.wait_ready(READY, || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        let key = folder.join("password");
        fs::write(&key, "correct horse battery staple").map_err(|error| cannot(&key, &error))?;
        let mut add = command(program);
        add.args(["user", "add", "owner", "--role", "admin", "--password-stdin", "--data"]).arg(&data);
        let mut shell = command("sh");
        shell.args(["-c", "exec \"$@\" < \"$0\""]).arg(&key).arg(add.get_program()).args(add.get_args());
        must(&mut shell, "the administrator could not be made", "the program's reason is above")?;
        let data = data.to_string_lossy().into_owned();
        let token = output(program, &["token", "add", "owner", "--label", "api", "--data", &data]);
        let token =
            token.ok_or_else(|| Fail::new("the program gave no token", "run `odeon token add` by hand"))?;
        Ok(Self { url, token, _server: server })
    }
}

fn cannot(path: &Path, error: &std::io::Error) -> Fail {
    Fail::new(format!("{} cannot be written: {error}", path.display()), "see the space and the rights there")
}
