//! `cargo xtask bench`: the frame of the benchmarks. Each is a module beside this file and a line in [`BENCHES`].
//!
//! A figure stands beside its peer's, measured in the same run on the same machine; a bare time says nothing.

mod measured;

use std::fmt::Write as _;

use serde_json::json;

use crate::{
    fail::{Done, Fail},
    needs::{self, COMPILER, FFMPEG, NGINX, Need, POSTGRES, WRK},
    process, run,
    workspace::{Workspace, cargo_step},
};

/// A benchmark: its name, what it measures, what it needs besides the program, and the function that does.
struct Bench {
    name: &'static str,
    what: &'static str,
    needs: &'static [Need],
    run: fn(&Setting) -> Result<Vec<Figure>, Fail>,
}

/// Every benchmark.
const BENCHES: &[Bench] = &[
    Bench {
        name: "ingest",
        what: "scan, look at an unchanged library, start, memory, video ladder",
        needs: &[FFMPEG],
        run: |setting| measured::alone("ingest", setting),
    },
    Bench {
        name: "music",
        what: "a million tracks on both engines: the three below, one after the other",
        needs: &[FFMPEG, POSTGRES],
        run: |setting| measured::with_postgres("music", setting),
    },
    Bench {
        name: "music-lists",
        what: "search as you type and lists in a catalogue of a million tracks",
        needs: &[FFMPEG, POSTGRES],
        run: |setting| measured::with_postgres("music-lists", setting),
    },
    Bench {
        name: "music-sound",
        what: "the first sound of what must be encoded, loudness beside ffmpeg's",
        needs: &[FFMPEG],
        run: |setting| measured::alone("music-sound", setting),
    },
    Bench {
        name: "music-scan",
        what: "a million files taken in and looked at again, and the memory of both",
        needs: &[FFMPEG, POSTGRES],
        run: |setting| measured::with_postgres("music-scan", setting),
    },
    Bench {
        name: "phone",
        what: "a phone app's first sync of two hundred thousand tracks, on both engines",
        needs: &[FFMPEG, POSTGRES],
        run: |setting| measured::with_postgres("phone", setting),
    },
    Bench {
        name: "delivery",
        what: "segments by signed paths beside nginx",
        needs: &[FFMPEG, NGINX, WRK],
        run: |setting| measured::alone("delivery", setting),
    },
    Bench {
        name: "database",
        what: "the database layer beside the plain drivers",
        needs: &[FFMPEG, POSTGRES],
        run: |setting| measured::with_postgres("database", setting),
    },
];

/// What a benchmark works with.
pub(crate) struct Setting {
    pub(crate) workspace: Workspace,
    /// A smaller run of the same kind, in under 50 s.
    pub(crate) quick: bool,
}

/// One number, and what the peer reached in the same run.
pub(crate) struct Figure {
    /// As in the table of the design: lower case, the unit last.
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
    /// Who was measured beside us, with the version; or how it was measured, where there is no peer.
    pub(crate) peer: Option<String>,
    /// What the peer reached, in the figure's unit; 1 where the figure is already a ratio.
    pub(crate) peer_value: Option<f64>,
}

/// Runs one benchmark.
pub(crate) fn bench(arguments: &[String]) -> Done {
    let asked = Asked::read(arguments)?;
    let bench = BENCHES.iter().find(|bench| bench.name == asked.name).ok_or_else(|| unknown(&asked.name))?;
    needs::node()?;
    needs::meet(&[&[COMPILER], bench.needs].concat())?;
    let workspace = Workspace::find()?;
    process::listen()?;
    run::release(&workspace)?;
    cargo_step(
        &workspace,
        &["build", "--release", "-p", "bench"],
        "the measuring program does not build",
        "mend what the compiler names above",
    )?;
    println!(
        "{}: {}{}",
        bench.name,
        bench.what,
        if asked.quick { " (quick: a smaller run of the same kind)" } else { "" }
    );
    println!("{}", measured::circumstances());
    let figures = (bench.run)(&Setting { workspace, quick: asked.quick })?;
    print!("{}", table(&figures));
    if asked.json {
        println!("{}", line(&figures));
    }
    Ok(())
}

/// The names for the help.
pub(crate) fn names() -> String {
    let names: Vec<&str> = BENCHES.iter().map(|bench| bench.name).collect();
    names.join(", ")
}

fn unknown(name: &str) -> Fail {
    let what = if name.is_empty() {
        "no benchmark was named".to_owned()
    } else {
        format!("there is no benchmark `{name}`")
    };
    let mut then = format!("name one of these: {}", names());
    for bench in BENCHES {
        let _ = write!(
            then,
            "
       {}: {}",
            bench.name, bench.what
        );
    }
    Fail::new(what, then)
}

#[derive(Debug, Default, PartialEq)]
struct Asked {
    name: String,
    json: bool,
    quick: bool,
}

impl Asked {
    fn read(arguments: &[String]) -> Result<Self, Fail> {
        let mut asked = Self::default();
        for argument in arguments {
            match argument.as_str() {
                "--json" => asked.json = true,
                "--quick" => asked.quick = true,
                name if !name.starts_with('-') && asked.name.is_empty() => name.clone_into(&mut asked.name),
                other => {
                    let what = format!("`cargo xtask bench` does not know `{other}`");
                    return Err(Fail::new(what, "it takes one name, --json and --quick"));
                }
            }
        }
        Ok(asked)
    }
}

/// The last line: what other programs read.
fn line(figures: &[Figure]) -> String {
    let list: Vec<_> = figures
        .iter()
        .map(|figure| {
            json!({
                "name": figure.name,
                "value": figure.value,
                "unit": figure.unit,
                "peer": figure.peer,
                "peer_value": figure.peer_value,
            })
        })
        .collect();
    json!({ "figures": list }).to_string()
}

/// The same for people.
fn table(figures: &[Figure]) -> String {
    let mut rows = vec![["figure", "value", "unit", "peer", "peer's value"].map(str::to_owned)];
    rows.extend(figures.iter().map(|figure| {
        [
            figure.name.clone(),
            number(figure.value),
            figure.unit.clone(),
            figure.peer.clone().unwrap_or_else(|| "–".to_owned()),
            figure.peer_value.map_or_else(|| "–".to_owned(), number),
        ]
    }));
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Three digits that count, and whole numbers from a hundred on.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> [Figure; 2] {
        let scan = Figure {
            name: "scan_tracks_per_s".to_owned(),
            value: 1234.5,
            unit: "tracks/s".to_owned(),
            peer: None,
            peer_value: None,
        };
        let peer = Some("nginx 1.22".to_owned());
        let share = Figure {
            name: "segment_64k_rps_of_nginx".to_owned(),
            value: 0.91,
            unit: "ratio".to_owned(),
            peer,
            peer_value: Some(1.0),
        };
        [scan, share]
    }

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_last_line_is_what_other_programs_read() {
        let value: serde_json::Value = serde_json::from_str(&line(&figures())).unwrap();
        assert_eq!(value["figures"][0]["name"], "scan_tracks_per_s");
        assert_eq!(value["figures"][0]["peer"], serde_json::Value::Null);
        assert_eq!(value["figures"][1]["peer_value"], 1.0);
        assert!(!line(&figures()).contains('\n'));
    }

    #[test]
    fn the_table_has_a_row_a_figure_in_columns() {
        let text = table(&figures());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        let column = |line: &str, word: &str| line.find(word).unwrap();
        assert_eq!(column(lines[0], "unit"), column(lines[1], "tracks/s"));
        assert_eq!(column(lines[0], "unit"), column(lines[2], "ratio"));
    }

    #[test]
    fn numbers_keep_the_digits_that_count() {
        assert_eq!([1234.5, 12.34, 1.234, 0.0912, 3.0].map(number), ["1234", "12.3", "1.23", "0.091", "3"]);
    }

    #[test]
    fn flags_may_stand_anywhere_and_unknown_ones_are_refused() {
        let asked = Asked::read(&words("--json ingest --quick")).unwrap();
        assert_eq!(asked, Asked { name: "ingest".to_owned(), json: true, quick: true });
        assert!(Asked::read(&words("ingest delivery")).is_err());
        assert!(Asked::read(&words("ingest --fast")).is_err());
    }

    #[test]
    fn an_unknown_name_answers_with_the_known_ones() {
        let fail = bench(&words("karaoke")).unwrap_err().to_string();
        assert!(fail.contains("`karaoke`") && fail.contains(&names()), "{fail}");
    }
}
