//! `cargo xtask test`: every check and test, in the order in which they are cheapest to fail.

mod api;
mod counts;
pub(crate) mod servers;
mod steps;

use std::{
    cell::{OnceCell, RefCell},
    env,
    time::{Duration, Instant},
};

use crate::{
    fail::{Done, Fail},
    needs::{self, Need},
    page, process, python,
    tools::Tool,
    workspace::Workspace,
};
use counts::Count;
use servers::Servers;
use steps::STEPS;

/// A part of the tests.
struct Step {
    name: &'static str,
    what: &'static str,
    needs: &'static [Need],
    tools: &'static [Tool],
    /// Whether it needs the page built: because it looks at it, or because the program that it compiles carries it.
    page: bool,
    run: fn(&Run) -> Done,
}

/// What the steps share.
struct Run {
    workspace: Workspace,
    filters: Vec<String>,
    servers: OnceCell<Servers>,
    counts: RefCell<Vec<Count>>,
}

impl Run {
    /// The servers, started when the first step asks.
    fn servers(&self) -> Result<&Servers, Fail> {
        if let Some(servers) = self.servers.get() {
            return Ok(servers);
        }
        let servers = Servers::start()?;
        Ok(self.servers.get_or_init(|| servers))
    }
}

/// Runs the steps that were asked for.
pub(crate) fn test(arguments: &[String]) -> Done {
    let asked = Asked::read(arguments)?;
    let chosen = asked.steps();
    let start = Instant::now();
    let run = set_up(asked, &chosen)?;
    let mut times = vec![("setup", start.elapsed(), true)];
    let mut outcome = Ok(());
    for step in chosen {
        println!("\n── {}: {} ──", step.name, step.what);
        let begun = Instant::now();
        outcome = run_step(&run, step);
        times.push((step.name, begun.elapsed(), outcome.is_ok()));
        if outcome.is_err() {
            break;
        }
    }
    let counts = run.counts.take();
    // The servers end here, before the last words.
    drop(run);
    print!("{}", summary(&times, start.elapsed(), &counts));
    outcome
}

fn run_step(run: &Run, step: &Step) -> Done {
    process::check_interrupted()?;
    if step.page {
        page::build(&run.workspace)?;
    }
    (step.run)(run)
}

/// Everything that the steps need is there before the first one starts, so that none fails after half an hour for
/// want of a package.
fn set_up(asked: Asked, chosen: &[&Step]) -> Result<Run, Fail> {
    let workspace = Workspace::find()?;
    if env::var_os("CI").is_some() {
        lock_is_committed(&workspace)?;
    }
    let needs: Vec<Need> = chosen.iter().flat_map(|step| step.needs).copied().collect();
    needs::meet(&needs)?;
    process::listen()?;
    if chosen.iter().any(|step| step.page) {
        needs::node()?;
        page::packages(&workspace.root.join("web"))?;
    }
    for tool in chosen.iter().flat_map(|step| step.tools) {
        tool.get()?;
    }
    if chosen.iter().any(|step| step.name == "api") {
        python::programs(&api::requirements(&workspace))?;
    }
    if chosen.iter().any(|step| step.name == "e2e") && steps::has_e2e(&workspace) {
        page::packages(&steps::e2e_folder(&workspace))?;
        python::programs(&steps::e2e_python(&workspace))?;
        python::programs(&steps::e2e_maloja(&workspace))?;
    }
    Ok(Run { workspace, filters: asked.filters, servers: OnceCell::new(), counts: RefCell::default() })
}

/// Cargo has already mended a lock file that does not fit the manifests; on a developer's machine that is right, but
/// what is handed in must say itself what it was tested with.
fn lock_is_committed(workspace: &Workspace) -> Done {
    let root = workspace.root.to_string_lossy();
    let changed = process::output("git", &["-C", &root, "diff", "--name-only", "HEAD", "--", "Cargo.lock"]);
    if changed.is_none_or(|names| names.is_empty()) {
        return Ok(());
    }
    Err(Fail::new(
        "Cargo.lock does not fit the manifests that it is committed with",
        "run `cargo check` and commit Cargo.lock",
    ))
}

/// The names of all steps, for the help.
pub(crate) fn step_names() -> String {
    STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(", ")
}

#[derive(Debug, Default, PartialEq)]
struct Asked {
    filters: Vec<String>,
    no_e2e: bool,
    only: Vec<String>,
}

impl Asked {
    fn read(arguments: &[String]) -> Result<Self, Fail> {
        let mut asked = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--no-e2e" => asked.no_e2e = true,
                "--only" => {
                    let names = arguments.next().map_or("", String::as_str);
                    asked.only = names.split(',').map(str::to_owned).collect();
                }
                filter if !filter.starts_with('-') => asked.filters.push(filter.to_owned()),
                other => {
                    let what = format!("`cargo xtask test` does not know `{other}`");
                    return Err(Fail::new(
                        what,
                        "it takes filters, --no-e2e and --only STEP,…; see `cargo xtask --help`",
                    ));
                }
            }
        }
        if let Some(name) =
            asked.only.iter().find(|name| !STEPS.iter().any(|step| step.name == name.as_str()))
        {
            return Err(Fail::new(
                format!("there is no step `{name}`"),
                format!("the steps are {}", step_names()),
            ));
        }
        Ok(asked)
    }

    fn steps(&self) -> Vec<&'static Step> {
        let wanted = |step: &&Step| {
            if !self.only.is_empty() {
                return self.only.iter().any(|name| name == step.name);
            }
            if !self.filters.is_empty() {
                return step.name == "rust";
            }
            !(self.no_e2e && step.name == "e2e")
        };
        STEPS.iter().filter(wanted).collect()
    }
}

/// A line a step, a line a runner of tests, and one line for all of them.
fn summary(times: &[(&str, Duration, bool)], whole: Duration, counts: &[Count]) -> String {
    let mut lines = vec![String::new()];
    for (name, time, good) in times {
        let verdict = if *good { "ok" } else { "FAILED" };
        lines.push(format!("{name:<8} {:>7.1} s  {verdict}", time.as_secs_f64()));
    }
    lines.push(format!("{:<8} {:>7.1} s", "whole", whole.as_secs_f64()));
    for count in counts {
        lines.push(format!("{}: {} passed, {} failed", count.runner, count.passed, count.failed));
    }
    if !counts.is_empty() {
        let sum = |part: fn(&Count) -> u64| counts.iter().map(part).sum::<u64>();
        lines.push(format!("\n{} passed, {} failed", sum(|count| count.passed), sum(|count| count.failed)));
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<Asked, Fail> {
        Asked::read(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    fn names(text: &str) -> Vec<&'static str> {
        asked(text).unwrap().steps().iter().map(|step| step.name).collect()
    }

    #[test]
    fn without_arguments_every_step_is_run() {
        assert_eq!(names("").join(", "), step_names());
    }

    #[test]
    fn a_filter_runs_only_the_rust_tests() {
        assert_eq!(names("a_blocked_user"), ["rust"]);
        assert_eq!(asked("a b").unwrap().filters, ["a", "b"]);
    }

    #[test]
    fn the_end_to_end_tests_can_be_left_out() {
        assert!(!names("--no-e2e").contains(&"e2e"));
        assert_eq!(names("--no-e2e").len() + 1, STEPS.len());
    }

    #[test]
    fn steps_can_be_chosen_and_unknown_ones_are_refused() {
        assert_eq!(names("--only rust,tidy"), ["tidy", "rust"]);
        assert!(asked("--only karaoke").unwrap_err().to_string().contains(&step_names()));
        assert!(asked("--only").is_err());
        assert!(asked("--fast").is_err());
    }

    #[test]
    fn the_summary_ends_with_one_count_of_all_runners() {
        let counts =
            [Count { runner: "rust", passed: 7, failed: 1 }, Count { runner: "page", passed: 3, failed: 0 }];
        let times = [("tidy", Duration::from_millis(1234), true), ("rust", Duration::from_secs(61), false)];
        let text = summary(&times, Duration::from_secs(62), &counts);
        assert!(text.contains("tidy         1.2 s  ok\nrust        61.0 s  FAILED\n"), "{text}");
        assert!(
            text.ends_with("rust: 7 passed, 1 failed\npage: 3 passed, 0 failed\n\n10 passed, 1 failed\n"),
            "{text}"
        );
    }
}
