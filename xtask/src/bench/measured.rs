//! Runs the measuring program and reads its figures.

use std::fs;

use serde_json::Value;

use super::{Figure, Setting};
use crate::{
    fail::Fail,
    process::{command, must, output},
    test::servers::Servers,
};

/// Measures without a server of ours.
pub(super) fn alone(name: &str, setting: &Setting) -> Result<Vec<Figure>, Fail> {
    measured(name, setting, &Servers::folder_alone()?)
}

/// Measures with a PostgreSQL server.
pub(super) fn with_postgres(name: &str, setting: &Setting) -> Result<Vec<Figure>, Fail> {
    measured(name, setting, &Servers::postgres_alone()?)
}

/// The program and whatever it starts run in one process group, which ends with it; what it writes lies in the
/// servers' folder, which goes when they are dropped.
fn measured(name: &str, setting: &Setting, servers: &Servers) -> Result<Vec<Figure>, Fail> {
    let folder = servers.folder().join("bench");
    let cannot = |error: std::io::Error| {
        Fail::new(
            format!("{} cannot be written: {error}", folder.display()),
            "see the rights and the space there; TMPDIR names another folder",
        )
    };
    fs::create_dir(&folder).map_err(cannot)?;
    let said = servers.folder().join("figures");
    let mut bench = command(setting.workspace.target.join("release/odeon-bench"));
    bench.arg(name).arg("--program").arg(setting.workspace.program("release"));
    bench.arg("--folder").arg(&folder).stdout(fs::File::create(&said).map_err(cannot)?);
    if setting.quick {
        bench.arg("--quick");
    }
    servers.tell(&mut bench);
    let ended = must(
        &mut bench,
        "the measuring program broke off",
        "its reason is above; run again when that is mended",
    );
    let text = fs::read_to_string(&said).map_err(cannot)?;
    if ended.is_err() {
        eprint!("what it had measured until then:\n{text}");
    }
    ended?;
    let figures: Option<Vec<Figure>> = text.lines().map(figure).collect();
    figures.filter(|figures| !figures.is_empty()).ok_or_else(|| {
        Fail::new(
            format!("the measuring program printed something else than figures:\n{text}"),
            "report this with the text",
        )
    })
}

/// A figure from the line that the measuring program printed.
fn figure(line: &str) -> Option<Figure> {
    let value: Value = serde_json::from_str(line).ok()?;
    Some(Figure {
        name: value["name"].as_str()?.to_owned(),
        value: value["value"].as_f64()?,
        unit: value["unit"].as_str()?.to_owned(),
        peer: value["peer"].as_str().map(str::to_owned),
        peer_value: value["peer_value"].as_f64(),
    })
}

/// Where and when, since figures of different machines say nothing of each other.
pub(super) fn circumstances() -> String {
    let after = |file: &str, key: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.map_or_else(|| "?".to_owned(), |line| line.trim_matches([' ', '\t', ':', '=', '"']).to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "{cores} cores of {}, {}, Linux {}, {}; {} wanted to run in the last minute",
        after("/proc/cpuinfo", "model name"),
        after("/etc/os-release", "PRETTY_NAME"),
        fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
        output("date", &["-u", "+%F %R UTC"]).unwrap_or_default(),
        load.split_whitespace().next().unwrap_or("?"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_figure_is_not_taken_for_one() {
        let line = r#"{"name":"x_ms","value":1.5,"unit":"ms","peer":"nobody","peer_value":null}"#;
        let read = figure(line).expect("a figure");
        assert_eq!((read.name.as_str(), read.peer_value), ("x_ms", None));
        assert!(figure("warming up").is_none());
        assert!(figure(r#"{"name":"x_ms","unit":"ms"}"#).is_none());
    }
}
