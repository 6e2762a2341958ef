//! The PostgreSQL and the S3 server of a test run, on free ports of the loopback address.

use std::{
    env, fs,
    io::Read as _,
    net::{TcpListener, TcpStream},
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::Signal;

use crate::{
    fail::{Done, Fail},
    needs::Machine,
    process::{Server, command, must, output},
    tools::S3S,
};

/// How long a server may take to answer; starting takes under a second on an idle machine.
const READY: Duration = Duration::from_mins(1);

/// The variables by which tests find the servers.
const POSTGRES_VARIABLE: &str = "ODEON_TEST_POSTGRES";
const S3_VARIABLE: &str = "ODEON_TEST_S3";

const BUCKET: &str = "odeon-test";
const FOLDER_PREFIX: &str = "odeon-test-";

/// What runs for the tests. Dropping it stops the servers and removes their folder.
pub(crate) struct Servers {
    addresses: Vec<(&'static str, String)>,
    // Fields are dropped in order: the servers first, then what they wrote to.
    running: Vec<Server>,
    folder: Folder,
}

impl Servers {
    /// Starts whichever server the caller has not named in its variable.
    pub(super) fn start() -> Result<Self, Fail> {
        sweep(&env::temp_dir());
        let wanted = [(POSTGRES_VARIABLE, postgres as Start), (S3_VARIABLE, objects)];
        Self::start_these(wanted.into_iter().filter(|(variable, _)| env::var_os(variable).is_none()))
    }

    /// PostgreSQL alone, unless the caller has named one.
    pub(crate) fn postgres_alone() -> Result<Self, Fail> {
        sweep(&env::temp_dir());
        let wanted = [(POSTGRES_VARIABLE, postgres as Start)];
        Self::start_these(wanted.into_iter().filter(|(variable, _)| env::var_os(variable).is_none()))
    }

    /// No server, only the folder that goes when this is dropped.
    pub(crate) fn folder_alone() -> Result<Self, Fail> {
        sweep(&env::temp_dir());
        Self::start_these([].into_iter())
    }

    /// The folder of this run.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder.0
    }

    fn start_these(wanted: impl Iterator<Item = (&'static str, Start)>) -> Result<Self, Fail> {
        let mut servers = Self { addresses: Vec::new(), running: Vec::new(), folder: Folder::new()? };
        for (variable, start) in wanted {
            let (server, address) = start(&servers.folder.0)?;
            servers.running.push(server);
            servers.addresses.push((variable, address));
        }
        Ok(servers)
    }

    /// Gives a command the variables by which its tests find the servers.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.envs(self.addresses.iter().map(|(name, value)| (name, value)));
    }
}

type Start = fn(&Path) -> Result<(Server, String), Fail>;

/// A cluster of our own. It keeps `fsync` on: what tests learn of commits must be true of a real server.
fn postgres(folder: &Path) -> Result<(Server, String), Fail> {
    let programs = Machine::this().postgres().ok_or_else(|| {
        Fail::new(
            "PostgreSQL's server programs are not there any more",
            "run the command again: it installs them",
        )
    })?;
    let user = ServerUser::find()?;
    let data = folder.join("postgres");
    let secret = secret()?;
    let key_file = folder.join("postgres-password");
    write(&key_file, &secret)?;
    fs::create_dir(&data).map_err(|error| cannot("made", &data, &error))?;
    for path in [&data, &key_file] {
        user.give(path)?;
    }
    let mut init = command(programs.join("initdb"));
    init.args([
        "--username=odeon",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--pwfile",
    ])
    .arg(&key_file)
    .arg("-D")
    .arg(&data)
    .stdout(Stdio::null());
    let otherwise = "its reason is above; is there space in the temporary folder?";
    must(user.run(&mut init, folder), "initdb could not make a PostgreSQL cluster", otherwise)?;
    let port = free_port()?;
    let mut server = command(programs.join("postgres"));
    server.arg("-D").arg(&data).args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k", ""]);
    for setting in ["fsync=on", "shared_buffers=64MB", "max_connections=200", "max_wal_size=256MB"] {
        server.args(["-c", setting]);
    }
    let log = folder.join("postgres.log");
    // Interrupt is PostgreSQL's "fast" way to stop: it ends sessions instead of waiting for them.
    let mut server = start("PostgreSQL", user.run(&mut server, folder), Signal::INT, &log)?;
    let port_text = port.to_string();
    let ready =
        || output(programs.join("pg_isready"), &["-q", "-h", "127.0.0.1", "-p", &port_text]).is_some();
    wait_ready(&mut server, &log, ready)?;
    Ok((server, format!("postgres://odeon:{secret}@127.0.0.1:{port}/postgres")))
}

/// An S3 server over a folder, with one bucket.
fn objects(folder: &Path) -> Result<(Server, String), Fail> {
    let data = folder.join("objects");
    let bucket = data.join(BUCKET);
    fs::create_dir_all(&bucket).map_err(|error| cannot("made", &bucket, &error))?;
    let (port, secret) = (free_port()?, secret()?);
    let mut server = command(S3S.get()?);
    server
        .args([
            "--host",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--access-key",
            "odeon",
            "--secret-key",
            &secret,
        ])
        .arg(&data)
        .env("RUST_LOG", "warn");
    let log = folder.join("objects.log");
    let mut server = start("the S3 server", &mut server, Signal::TERM, &log)?;
    wait_ready(&mut server, &log, || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
    Ok((server, format!("http://odeon:{secret}@127.0.0.1:{port}/{BUCKET}")))
}

fn start(name: &'static str, command: &mut Command, stop: Signal, log: &Path) -> Result<Server, Fail> {
    let file = fs::File::create(log).map_err(|error| cannot("written", log, &error))?;
    let second = file.try_clone().map_err(|error| cannot("written", log, &error))?;
    Server::start(name, command.stdout(file).stderr(second), stop)
}

fn wait_ready(server: &mut Server, log: &Path, ready: impl Fn() -> bool) -> Done {
    server.wait_ready(READY, ready).inspect_err(|_| {
        eprintln!("{}", fs::read_to_string(log).unwrap_or_default());
    })
}

/// Who runs the PostgreSQL server, which refuses to run as root.
enum ServerUser {
    Ourselves,
    Other { uid: u32, gid: u32 },
}

impl ServerUser {
    fn find() -> Result<Self, Fail> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Ourselves);
        }
        let users = fs::read_to_string("/etc/passwd")
            .map_err(|error| cannot("read", Path::new("/etc/passwd"), &error))?;
        ["postgres", "nobody"].iter().find_map(|name| Self::in_list(&users, name)).ok_or_else(|| {
            Fail::new(
                "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as",
                "add one (`useradd --system postgres`), or run the tests as another user",
            )
        })
    }

    fn in_list(users: &str, name: &str) -> Option<Self> {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some(Self::Other { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    }

    fn give(&self, path: &Path) -> Done {
        match self {
            Self::Ourselves => Ok(()),
            Self::Other { uid, gid } => std::os::unix::fs::chown(path, Some(*uid), Some(*gid))
                .map_err(|error| cannot("given to PostgreSQL's user", path, &error)),
        }
    }

    fn run<'a>(&self, command: &'a mut Command, folder: &Path) -> &'a mut Command {
        // The clone may stand where the other user cannot go.
        command.current_dir(folder).env("HOME", folder);
        match self {
            Self::Ourselves => command,
            Self::Other { uid, gid } => command.uid(*uid).gid(*gid),
        }
    }
}

/// A folder that is named for our process and removed with this value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Fail> {
        let path = env::temp_dir().join(format!("{FOLDER_PREFIX}{}", std::process::id()));
        fs::create_dir(&path).map_err(|error| cannot("made", &path, &error))?;
        let folder = Self(path);
        // PostgreSQL's user must reach its own folder inside, and see nothing else.
        fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o711))
            .map_err(|error| cannot("opened", &folder.0, &error))?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("note: {} could not be removed: {error}", self.0.display());
        }
    }
}

/// Ends and removes what a run that was killed left behind: folders named for a process that is gone, and the
/// PostgreSQL server that still names the folder as its own.
fn sweep(temporary: &Path) {
    let entries = fs::read_dir(temporary).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(owner) = name.strip_prefix(FOLDER_PREFIX).and_then(|id| id.parse::<u32>().ok()) else {
            continue;
        };
        if Path::new(&format!("/proc/{owner}")).exists() {
            continue;
        }
        println!("note: removing {}, left by a run that was killed", entry.path().display());
        end_left_server(&entry.path().join("postgres"));
        if let Err(error) = fs::remove_dir_all(entry.path()) {
            println!("note: it could not be removed: {error}");
        }
    }
}

fn end_left_server(data: &Path) {
    let first_line = |text: String| text.lines().next().and_then(|line| line.trim().parse::<i32>().ok());
    let Some(id) = fs::read_to_string(data.join("postmaster.pid")).ok().and_then(first_line) else { return };
    let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    // The number may be another's by now.
    if !String::from_utf8_lossy(&line).contains(&*data.to_string_lossy()) {
        return;
    }
    if let Some(pid) = rustix::process::Pid::from_raw(id) {
        let _ = rustix::process::kill_process(pid, Signal::QUIT);
    }
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> Result<u16, Fail> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| {
            Fail::new(
                format!("no port of 127.0.0.1 is free: {error}"),
                "see that the loopback interface is up",
            )
        })
}

/// Other users of the machine can reach the ports, so the passwords are not known ones.
fn secret() -> Result<String, Fail> {
    let mut bytes = [0; 16];
    let source = Path::new("/dev/urandom");
    fs::File::open(source)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(|error| cannot("read", source, &error))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn write(file: &Path, text: &str) -> Done {
    fs::write(file, text).map_err(|error| cannot("written", file, &error))
}

fn cannot(deed: &str, path: &Path, error: &std::io::Error) -> Fail {
    Fail::new(
        format!("{} cannot be {deed}: {error}", path.display()),
        "see the rights and the space there; TMPDIR names another folder",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_user_is_found_by_name() {
        let users = "root:x:0:0::/root:/bin/sh\npostgresql:x:7:7::/:/\npostgres:x:105:113:x:/var:/bin/sh\n";
        let found = ServerUser::in_list(users, "postgres");
        assert!(matches!(found, Some(ServerUser::Other { uid: 105, gid: 113 })));
        assert!(ServerUser::in_list(users, "nobody").is_none());
    }

    #[test]
    fn what_a_killed_run_left_is_swept_and_what_lives_is_kept() {
        let temporary = env::temp_dir().join(format!("odeon-xtask-sweep-{}", std::process::id()));
        // No process has this number: it is above the largest that Linux gives.
        let dead = temporary.join(format!("{FOLDER_PREFIX}4194305"));
        let alive = temporary.join(format!("{FOLDER_PREFIX}{}", std::process::id()));
        let other = temporary.join("odeon-testament");
        for folder in [&dead, &alive, &other] {
            fs::create_dir_all(folder.join("postgres")).unwrap();
        }
        sweep(&temporary);
        assert_eq!([dead, alive, other].map(|folder| folder.exists()), [false, true, true]);
        fs::remove_dir_all(&temporary).unwrap();
    }

    #[test]
    fn servers_answer_until_they_are_dropped_and_leave_nothing() {
        let wanted = [(POSTGRES_VARIABLE, postgres as Start), (S3_VARIABLE, objects)];
        let servers = Servers::start_these(wanted.into_iter()).unwrap();
        let folder = servers.folder.0.clone();
        let ports: Vec<u16> = servers.addresses.iter().map(|(_, address)| port_of(address)).collect();
        assert_eq!(ports.len(), 2);
        let answers =
            || ports.iter().filter(|port| TcpStream::connect(("127.0.0.1", **port)).is_ok()).count();
        assert_eq!(answers(), 2);
        let first_line = fs::read_to_string(folder.join("postgres/postmaster.pid")).unwrap();
        let id: u32 = first_line.lines().next().unwrap().parse().unwrap();
        drop(servers);
        assert_eq!(answers(), 0);
        assert!(!folder.exists());
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }

    fn port_of(address: &str) -> u16 {
        let after = address.split("127.0.0.1:").nth(1).unwrap();
        after.split('/').next().unwrap().parse().unwrap()
    }

    #[test]
    fn secrets_differ() {
        let (one, two) = (secret().unwrap(), secret().unwrap());
        assert_eq!(one.len(), 32);
        assert_ne!(one, two);
    }
}
