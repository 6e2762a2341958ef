//! Who starts processes, and that tests wait for conditions instead of sleeping.

use super::{
    Finding,
    facts::Name,
    tree::{Tree, is_test_file},
};

/// The one place of the product that starts other programs.
const SANDBOX: &str = "crates/ingest/src/media/sandbox.rs";

/// Its other half: what runs in the new process, gives up its rights, and becomes the other program.
const JAIL: &str = "crates/ingest/src/media/jail.rs";

/// Rule: only the media sandbox starts processes. Tests may, since they start the program itself.
pub(crate) fn one_place_starts_processes(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, facts) in tree.rust.iter().filter(|(path, _)| is_bound(path)) {
        for name in facts.names.iter().filter(|name| !name.in_test && names_a_process(&name.parts)) {
            let text = format!("only {SANDBOX} starts other programs: call it, so that its limits hold");
            findings.push(Finding::new(path, name.line, text));
        }
    }
    findings
}

fn is_bound(path: &str) -> bool {
    path.starts_with("crates/") && ![SANDBOX, JAIL, JAIL].contains(&path) && !is_test_file(path)
}

/// `std::process::Command`, `tokio::process::Command`, `process::Command`, `std::process::*`.
fn names_a_process(parts: &[String]) -> bool {
    let pair = |first: &str, second: &str| parts.windows(2).any(|two| two[0] == first && two[1] == second);
    pair("process", "Command") || pair("process", "*")
}

/// Rule: a test turns the clock or waits for a condition; it never sleeps and hopes. A helper whose name begins
/// with `wait`, `within` or `eventually` may sleep between two looks.
pub(crate) fn tests_do_not_sleep(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, facts) in &tree.rust {
        let sleeps = |name: &&Name| is_sleep(&name.parts) && (name.in_test || is_test_file(path));
        for name in facts.names.iter().filter(sleeps) {
            if name.in_function.as_deref().is_some_and(|function| {
                !["wait", "within", "eventually"].iter().any(|word| function.starts_with(word))
            }) {
                let text = "tests do not sleep: turn the clock, or wait for the condition in a helper named `wait_…`, `within_…` or `eventually`, with a limit";
                findings.push(Finding::new(path, name.line, text));
            }
        }
    }
    findings
}

fn is_sleep(parts: &[String]) -> bool {
    let last = parts.last().is_some_and(|last| last == "sleep");
    last && parts.iter().any(|part| part == "thread" || part == "time" || part == "tokio")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAYS: [&str; 4] = [
        "use std::process::Command;",
        "use tokio::process::{Child, Command};",
        "fn f() { std::process::Command::new(\"ls\"); }",
        "use std::process::*;",
    ];

    #[test]
    fn starting_a_process_outside_the_sandbox_is_found() {
        for code in WAYS {
            let tree = Tree::of(&[("crates/delivery/src/service.rs", code)]);
            assert_eq!(one_place_starts_processes(&tree).len(), 1, "{code}");
        }
    }

    #[test]
    fn the_sandbox_tests_and_our_own_tools_may_start_processes() {
        for path in [
            SANDBOX,
            JAIL,
            "xtask/src/process.rs",
            "crates/odeon/tests/it/crash.rs",
            "crates/ingest/src/tests.rs",
        ] {
            assert_eq!(one_place_starts_processes(&Tree::of(&[(path, WAYS[0])])), [], "{path}");
        }
        let exit = "fn f() { std::process::exit(1); }";
        assert_eq!(one_place_starts_processes(&Tree::of(&[("crates/odeon/src/main.rs", exit)])), []);
    }

    #[test]
    fn a_sleeping_test_is_found_and_a_waiting_helper_is_not() {
        let path = "crates/kernel/src/jobs.rs";
        let sleeping = "#[cfg(test)]\nmod tests { async fn a_job_ends() { tokio::time::sleep(x).await; } }";
        assert_eq!(tests_do_not_sleep(&Tree::of(&[(path, sleeping)]))[0].line, 2);
        let waiting = sleeping.replace("a_job_ends", "wait_until");
        assert_eq!(tests_do_not_sleep(&Tree::of(&[(path, &waiting)])), []);
        let product = "async fn pause() { tokio::time::sleep(x).await; }";
        assert_eq!(tests_do_not_sleep(&Tree::of(&[(path, product)])), []);
        assert_eq!(tests_do_not_sleep(&Tree::of(&[("crates/odeon/tests/it/main.rs", product)])).len(), 1);
    }
}
