//! How many tests passed and failed, as each runner reports it in a file.

use std::{fs, path::Path};

/// What one runner said.
#[derive(Debug)]
pub(super) struct Count {
    pub(super) runner: &'static str,
    pub(super) passed: u64,
    pub(super) failed: u64,
}

/// Vitest's JSON report: passed and failed.
pub(super) fn vitest(file: &Path) -> Option<(u64, u64)> {
    let report: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    Some((report["numPassedTests"].as_u64()?, report["numFailedTests"].as_u64()?))
}

/// Nextest's `JUnit` report: passed and failed.
pub(super) fn nextest(file: &Path) -> Option<(u64, u64)> {
    of_junit(&fs::read_to_string(file).ok()?)
}

fn of_junit(text: &str) -> Option<(u64, u64)> {
    let root = text.split("<testsuites").nth(1)?.split('>').next()?;
    let number = |name: &str| {
        let value = root.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
        value.parse::<u64>().ok()
    };
    let failed = number("failures")? + number("errors")?;
    Some((number("tests")?.checked_sub(failed)?, failed))
}

/// The last lines of Node's TAP report: passed and failed, where a test that was cancelled has failed.
pub(super) fn tap(file: &Path) -> Option<(u64, u64)> {
    of_tap(&fs::read_to_string(file).ok()?)
}

fn of_tap(text: &str) -> Option<(u64, u64)> {
    let number =
        |name: &str| text.lines().rev().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    Some((number("# pass ")?, number("# fail ")? + number("# cancelled ")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nextest_is_read() {
        let text = "<?xml version=\"1.0\"?>\n<testsuites name=\"nextest-run\" tests=\"5\" failures=\"1\" errors=\"1\" uuid=\"x\">\n<testsuite tests=\"9\"/>";
        assert_eq!(of_junit(text), Some((3, 2)));
        assert_eq!(of_junit("<html>"), None);
    }

    #[test]
    fn node_is_read() {
        let text = "# pass 99\nok 1 - a\n1..5\n# tests 5\n# suites 0\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 0\n";
        assert_eq!(of_tap(text), Some((3, 2)));
        assert_eq!(of_tap("ok 1 - a\n"), None);
    }

    #[test]
    fn vitest_is_read() {
        let file = std::env::temp_dir().join(format!("odeon-xtask-vitest-{}.json", std::process::id()));
        fs::write(&file, "{\"numTotalTests\":4,\"numPassedTests\":3,\"numFailedTests\":1}").unwrap();
        assert_eq!(vitest(&file), Some((3, 1)));
        fs::remove_file(&file).unwrap();
        assert_eq!(vitest(&file), None);
    }
}
