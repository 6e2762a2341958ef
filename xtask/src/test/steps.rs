//! The steps of the tests, in order: what is cheap to fail comes first.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Run, Step, api,
    counts::{self, Count},
};
use crate::{
    fail::{Done, Fail},
    needs::{CHROMIUM, COMPILER, FFMPEG, FONTS, GIT, Machine, POSTGRES, PYTHON, UNZIP},
    openapi,
    process::{command, must},
    python, tidy,
    tools::{DENY, NEXTEST, S3S},
    workspace::{Workspace, cargo_step},
};

pub(super) const STEPS: &[Step] = &[
    Step {
        name: "tidy",
        what: "house rules",
        needs: &[GIT],
        tools: &[],
        page: false,
        run: |_| tidy::tidy(&[]),
    },
    Step { name: "format", what: "rustfmt", needs: &[], tools: &[], page: false, run: format },
    Step {
        name: "page",
        what: "the page's types, rules, unit tests and budgets",
        needs: &[],
        tools: &[],
        page: true,
        run: page,
    },
    Step {
        name: "deny",
        what: "licences, bans and sources of dependencies",
        needs: &[],
        tools: &[DENY],
        page: false,
        run: deny,
    },
    Step {
        name: "lint",
        what: "clippy, warnings denied",
        needs: &[COMPILER],
        tools: &[],
        page: true,
        run: lint,
    },
    Step {
        name: "build",
        what: "the program and its API description",
        needs: &[COMPILER],
        tools: &[],
        page: true,
        run: build,
    },
    Step {
        name: "rust",
        what: "Rust tests on SQLite, PostgreSQL, S3 and ffmpeg",
        needs: &[COMPILER, FFMPEG, FONTS, POSTGRES, PYTHON, GIT],
        tools: &[NEXTEST, S3S],
        page: true,
        run: rust,
    },
    Step {
        name: "api",
        what: "the API against its own description, by schemathesis",
        needs: &[COMPILER, FFMPEG, POSTGRES, PYTHON],
        tools: &[S3S],
        page: true,
        run: api::api,
    },
    Step {
        name: "e2e",
        what: "the built program, driven in Chromium",
        needs: &[COMPILER, FFMPEG, FONTS, POSTGRES, CHROMIUM, PYTHON, UNZIP],
        tools: &[S3S],
        page: true,
        run: e2e,
    },
];

fn format(run: &Run) -> Done {
    let arguments = ["fmt", "--all", "--check"];
    cargo_step(&run.workspace, &arguments, "the Rust sources are not formatted", "run `cargo fmt --all`")
}

fn page(run: &Run) -> Done {
    let web = run.workspace.root.join("web");
    npm(&web, &["run", "check"], "the page breaks its types or its rules")?;
    let report = report(run, "page.json")?;
    let file = format!("--outputFile.json={}", report.display());
    let tested = npm(
        &web,
        &["test", "--", "--reporter=default", "--reporter=json", &file],
        "a unit test of the page failed",
    );
    count(run, "page", counts::vitest(&report));
    tested?;
    npm(&web, &["run", "budget"], "the built page is over its budget")
}

fn npm(folder: &Path, arguments: &[&str], what: &str) -> Done {
    must(command("npm").args(arguments).current_dir(folder), what, "mend what is named above")
}

fn deny(run: &Run) -> Done {
    let mut deny = command(DENY.get()?);
    // Advisories are a list that changes without us and is fetched from the net: a test must say the same of the
    // same sources tomorrow. CONTRIBUTING.md says when to ask it.
    deny.args(["check", "--hide-inclusion-graph", "licenses", "bans", "sources"])
        .current_dir(&run.workspace.root);
    must(
        &mut deny,
        "a dependency breaks deny.toml",
        "take another crate, or add the exception with its reason",
    )
}

fn lint(run: &Run) -> Done {
    let arguments = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
    cargo_step(
        &run.workspace,
        &arguments,
        "clippy has warnings",
        "mend them; `#[expect(…, reason = \"…\")]` is the last way out",
    )
}

fn build(run: &Run) -> Done {
    openapi::build(&run.workspace)?;
    if run.workspace.root.join(openapi::FILE).exists() {
        return openapi::check(&run.workspace);
    }
    println!("{} is not there yet, so it is not compared", openapi::FILE);
    Ok(())
}

fn rust(run: &Run) -> Done {
    let mut nextest = command(NEXTEST.get()?);
    nextest
        .args(["nextest", "run", "--workspace", "--profile", "whole"])
        .args(&run.filters)
        .current_dir(&run.workspace.root);
    run.servers()?.tell(&mut nextest);
    let report = run.workspace.target.join("nextest/whole/junit.xml");
    forget(&report);
    let tested = must(
        &mut nextest,
        "a Rust test failed",
        "its name and words are above; run it alone: `cargo xtask test NAME`",
    );
    count(run, "rust", counts::nextest(&report));
    tested
}

/// The folder of the end-to-end tests.
pub(super) fn e2e_folder(workspace: &Workspace) -> PathBuf {
    workspace.root.join("tests/e2e")
}

/// The foreign client of the Python world that the end-to-end tests run.
pub(super) fn e2e_python(workspace: &Workspace) -> PathBuf {
    workspace.root.join("tests/opensonic/requirements.txt")
}

/// The foreign server to which the end-to-end tests scrobble.
pub(super) fn e2e_maloja(workspace: &Workspace) -> PathBuf {
    workspace.root.join("tests/maloja/requirements.txt")
}

/// Whether there are any.
pub(super) fn has_e2e(workspace: &Workspace) -> bool {
    e2e_folder(workspace).join("package.json").exists()
}

fn e2e(run: &Run) -> Done {
    if !has_e2e(&run.workspace) {
        println!("tests/e2e has no package.json, so there is nothing to run");
        return Ok(());
    }
    openapi::build(&run.workspace)?;
    let report = report(run, "e2e.tap")?;
    let mut node = command("node");
    node.arg("--test")
        .args(["--test-reporter=spec", "--test-reporter-destination=stdout"])
        .arg("--test-reporter=tap")
        .arg(format!("--test-reporter-destination={}", report.display()))
        // Browsers and encoders fight for the cores; one file at a time keeps the limits in the tests honest.
        .arg("--test-concurrency=1")
        .current_dir(e2e_folder(&run.workspace))
        .env("ODEON_BIN", run.workspace.program("debug"))
        .env("ODEON_PYTHON", python::programs(&e2e_python(&run.workspace))?.join("python"))
        .env("ODEON_MALOJA", python::programs(&e2e_maloja(&run.workspace))?.join("python"));
    if let Some(chromium) = Machine::this().chromium() {
        node.env("ODEON_CHROMIUM", chromium);
    }
    run.servers()?.tell(&mut node);
    let tested = must(
        &mut node,
        "an end-to-end test failed",
        "its name and words are above; run it alone as CONTRIBUTING.md says",
    );
    count(run, "e2e", counts::tap(&report));
    tested
}

/// A runner that was stopped or could not compile its tests says nothing of them, and neither do we.
fn count(run: &Run, runner: &'static str, said: Option<(u64, u64)>) {
    if let Some((passed, failed)) = said {
        run.counts.borrow_mut().push(Count { runner, passed, failed });
    }
}

/// A file for a runner's report, without what an earlier run left there.
fn report(run: &Run, name: &str) -> Result<PathBuf, Fail> {
    let file = run.workspace.memory()?.join(name);
    forget(&file);
    Ok(file)
}

fn forget(file: &Path) {
    // Absent is what we want; anything else shows when the file is read.
    let _ = fs::remove_file(file);
}
