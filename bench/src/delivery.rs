//! What goes out: segments by signed paths from the program beside nginx with `sendfile` on the same files, under the
//! same load, in turns.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use catalog::media::GRANT;
use kernel::{
    Clock,
    bus::LocalBus,
    db::{Db, Location},
    random::Random,
    sign::Signer,
};
use serde::Deserialize;

use crate::{
    Anything, Setting, client,
    figure::{self, median, number},
    house::{House, Server},
    machine::{self, Running, command, run},
};

/// The media whose segments are asked for.
const MEDIA: &str = "4242";
/// How long the signed paths hold.
const GRANT_HOLDS: Duration = Duration::from_hours(12);
/// What a benchmark of seconds may take to start.
const READY_MAX: Duration = Duration::from_secs(10);
const GIB: f64 = 1_073_741_824.0;

/// Segments of one size.
struct Set {
    name: &'static str,
    bytes: usize,
    count: usize,
}

/// Small ones, large ones that the program's memory for segments holds (64 MiB), and more than it holds.
const SETS: [Set; 3] = [
    Set { name: "64k", bytes: 64 << 10, count: 64 },
    Set { name: "1m", bytes: 1 << 20, count: 48 },
    Set { name: "1m-many", bytes: 1 << 20, count: 256 },
];

/// Prints the figures of `delivery`.
pub(crate) fn measure(setting: &Setting) -> Result<(), Anything> {
    let house = House::new(&setting.program, setting.folder.join("house"))?;
    let files = house.data.join("blobs");
    let token = grant(&house)?;
    let (server, _) = house.serve()?;
    let nginx = Nginx::start(&setting.folder, &files)?;
    // A quick run leaves out what no figure of the contract needs.
    let sets = if setting.quick { &SETS[..2] } else { &SETS[..] };
    for set in sets {
        let names = write(&files, set)?;
        let own: Vec<String> = names.iter().map(|name| format!("/media/{token}/{name}")).collect();
        let plain: Vec<String> = names.iter().map(|name| format!("/media/{name}")).collect();
        check(set, (server.port, &own), (nginx.port, &plain))?;
        let lists = (list(setting, set, "odeon", &own)?, list(setting, set, "nginx", &plain)?);
        let rounds = rounds(setting, (&server, &lists.0), (&nginx, &lists.1))?;
        print(set, &rounds);
    }
    Ok(())
}

/// Makes the database and a grant by its key.
fn grant(house: &House) -> Result<String, Anything> {
    let location = Location::Sqlite(house.data.join("odeon.db"));
    tokio::runtime::Runtime::new()?.block_on(async {
        let db = Db::open(&location, Arc::new(LocalBus::default())).await?;
        // The name under which the program keeps the key of its paths.
        let signer = Signer::load(&db, &Random::System, "sign").await?;
        db.close().await;
        Ok(signer.grant(GRANT, MEDIA, Clock::System.now().plus(GRANT_HOLDS)))
    })
}

/// Writes the segments where the program keeps them; their names below `media/`.
fn write(files: &Path, set: &Set) -> Result<Vec<String>, Anything> {
    let folder = format!("{MEDIA}/1/v{}", set.name);
    fs::create_dir_all(files.join("media").join(&folder))?;
    (0..set.count)
        .map(|at| {
            let bytes = content(set, at);
            let name = format!("{folder}/{at}-{at:016x}.m4s");
            fs::write(files.join("media").join(&name), bytes)?;
            Ok(name)
        })
        .collect()
}

/// Bytes that tell segments apart and are no constant.
fn content(set: &Set, at: usize) -> Vec<u8> {
    let seed = (set.bytes as u64) << 16 | at as u64;
    let block: Vec<u8> = (0..64_u64).flat_map(|step| (seed * 0x9e37_79b9 + step).to_le_bytes()).collect();
    block.iter().copied().cycle().take(set.bytes).collect()
}

/// Every segment, from both: the right status, length and bytes, and nothing for a token that is not right.
fn check(set: &Set, own: (u16, &[String]), plain: (u16, &[String])) -> Result<(), Anything> {
    for (port, paths) in [own, plain] {
        for (at, path) in paths.iter().enumerate() {
            let answer = client::ask(port, "GET", path, "")?;
            if answer.status != 200 || answer.body != content(set, at) {
                return Err(format!("{path} was answered with {} and the wrong bytes", answer.status).into());
            }
        }
    }
    let forged = own.1[0].replacen('.', ".A", 1);
    match client::ask(own.0, "GET", &forged, "")?.status {
        404 => Ok(()),
        status => Err(format!("a forged signature was answered with {status}").into()),
    }
}

/// Writes the paths for the load.
fn list(setting: &Setting, set: &Set, who: &str, paths: &[String]) -> Result<PathBuf, Anything> {
    let file = setting.folder.join(format!("{who}-{}", set.name));
    fs::write(&file, paths.join("\n") + "\n")?;
    Ok(file)
}

/// The peer.
struct Nginx {
    running: Running,
    port: u16,
}

impl Nginx {
    fn start(folder: &Path, files: &Path) -> Result<Self, Anything> {
        let own = folder.join("nginx");
        fs::create_dir_all(&own)?;
        let port = machine::free_port()?;
        // The data folder is its owner's alone, so nginx's workers must not become somebody else.
        let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
        let config = include_str!("../delivery/nginx.conf");
        let lines = config.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n"));
        let config = lines.collect::<String>();
        let config = config.replace("FOLDER", &own.display().to_string()).replace("USER", user);
        let config = config.replace("FILES", &files.display().to_string()).replace("PORT", &port.to_string());
        let file = own.join("nginx.conf");
        fs::write(&file, config)?;
        let mut nginx = command("nginx");
        // Debian keeps servers where ordinary users do not look.
        let path = std::env::var("PATH").unwrap_or_default();
        nginx.env("PATH", format!("{path}:/usr/sbin:/usr/local/sbin"));
        nginx.args(["-e", "stderr", "-p"]).arg(&own).arg("-c").arg(&file);
        let mut running = Running::start(&mut nginx)?;
        let ready = || client::ask(port, "GET", "/", "").is_ok();
        running.wait_until(READY_MAX, Duration::from_millis(10), ready)?;
        Ok(Self { running, port })
    }
}

/// What the load says at its end.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Load {
    requests: u64,
    bytes: u64,
    us: u64,
    failed: u64,
    p99_us: u64,
}

/// What one server reached in one turn.
#[derive(Clone, Copy, Debug)]
struct Turn {
    requests_per_s: f64,
    bytes_per_s: f64,
    cpu_s_per_gib: f64,
}

fn rounds(
    setting: &Setting,
    own: (&Server, &Path),
    plain: (&Nginx, &Path),
) -> Result<Vec<(Turn, Turn)>, Anything> {
    let (seconds, count) = if setting.quick { (3, 2) } else { (8, 4) };
    let mut rounds = Vec::new();
    for round in 0..count {
        let ours = || turn(setting, own.0.port, own.1, seconds, || own.0.cpu_s());
        let theirs =
            || turn(setting, plain.0.port, plain.1, seconds, || machine::family_cpu_s(plain.0.running.id()));
        // Each goes first in every second round.
        let pair = if round % 2 == 0 {
            let ours = ours()?;
            (ours, theirs()?)
        } else {
            let theirs = theirs()?;
            (ours()?, theirs)
        };
        rounds.push(pair);
    }
    Ok(rounds)
}

fn turn(
    setting: &Setting,
    port: u16,
    paths: &Path,
    seconds: u64,
    cpu_s: impl Fn() -> Result<f64, Anything>,
) -> Result<Turn, Anything> {
    let script = setting.folder.join("load.lua");
    fs::write(&script, include_str!("../delivery/load.lua"))?;
    let before = cpu_s()?;
    let mut wrk = command("wrk");
    wrk.args(["-t2", "-c32", &format!("-d{seconds}s"), "-s"]).arg(&script);
    wrk.arg(format!("http://127.0.0.1:{port}")).arg("--").arg(paths);
    let said = run(&mut wrk)?;
    let cpu = cpu_s()? - before;
    let line = said.lines().rev().find(|line| line.starts_with('{')).ok_or("wrk printed no summary")?;
    let load: Load = serde_json::from_str(line)?;
    if load.failed > 0 || load.requests == 0 {
        return Err(format!("some requests failed: {load:?}").into());
    }
    let seconds = number(load.us) / 1e6;
    let turn = Turn {
        requests_per_s: number(load.requests) / seconds,
        bytes_per_s: number(load.bytes) / seconds,
        cpu_s_per_gib: cpu / (number(load.bytes) / GIB),
    };
    let name = paths.file_name().unwrap_or_default().to_string_lossy().into_owned();
    eprintln!(
        "load {}: {name} {:.0} requests/s, {:.0} MiB/s, {:.3} s CPU/GiB, p99 {} µs",
        machine::load(),
        turn.requests_per_s,
        turn.bytes_per_s / 1_048_576.0,
        turn.cpu_s_per_gib,
        load.p99_us
    );
    Ok(turn)
}

fn print(set: &Set, rounds: &[(Turn, Turn)]) {
    let peer = format!("{}, sendfile, {} files", machine::version("nginx", "-v", 3), set.count);
    let peer = peer.replace("nginx version: ", "");
    let ratio = |of: fn(&Turn) -> f64| {
        median(&rounds.iter().map(|(own, plain)| of(own) / of(plain)).collect::<Vec<_>>())
    };
    let own = |of: fn(&Turn) -> f64| median(&rounds.iter().map(|(own, _)| of(own)).collect::<Vec<_>>());
    let plain = |of: fn(&Turn) -> f64| median(&rounds.iter().map(|(_, plain)| of(plain)).collect::<Vec<_>>());
    let requests = |turn: &Turn| turn.requests_per_s;
    let mib = |turn: &Turn| turn.bytes_per_s / 1_048_576.0;
    let cpu = |turn: &Turn| turn.cpu_s_per_gib;
    let all = |name: [&str; 3], ratio: f64| {
        figure::print(name[0], ratio, "ratio", &peer, 1.0);
        if set.name == "64k" {
            figure::print(name[1], own(requests), "requests/s", &peer, plain(requests));
        } else {
            figure::print(name[1], own(mib), "MiB/s", &peer, plain(mib));
        }
        figure::print(name[2], own(cpu), "s CPU/GiB", &peer, plain(cpu));
    };
    match set.name {
        "64k" => {
            let names = ["segment_64k_rps_of_nginx", "segment_64k_rps", "segment_64k_cpu_s_per_gib"];
            all(names, ratio(requests));
        }
        "1m" => {
            let names = ["segment_1m_bytes_of_nginx", "segment_1m_mib_per_s", "segment_1m_cpu_s_per_gib"];
            all(names, ratio(mib));
            figure::print("cpu_s_per_gib_of_nginx", ratio(cpu), "ratio, 1 MiB", &peer, 1.0);
        }
        _ => all(["many_1m_bytes_of_nginx", "many_1m_mib_per_s", "many_1m_cpu_s_per_gib"], ratio(mib)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_differ_and_are_as_long_as_they_should() {
        let set = &SETS[0];
        assert_eq!(content(set, 3).len(), 64 << 10);
        assert_ne!(content(set, 3), content(set, 4));
    }
}
