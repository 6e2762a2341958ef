//! Sizes: functions under 70 lines, files under 500. What was larger when the rule came is listed in
//! `xtask/tidy.ratchet` with its size, which may only shrink.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use super::{Finding, tree::Tree};
use crate::{
    fail::{Done, Fail},
    workspace::Workspace,
};

/// The first number of lines that a function may not have.
const FUNCTION_LINES_MAX: usize = 70;
/// The first number of lines that a file may not have.
const FILE_LINES_MAX: usize = 500;

const LIST: &str = "xtask/tidy.ratchet";

/// Endings of the files that people write and read.
const ENDINGS: [&str; 9] = [".rs", ".ts", ".svelte", ".js", ".mjs", ".css", ".sql", ".sh", ".py"];

/// Files that a program writes.
const GENERATED: [&str; 1] = ["web/src/api/schema.ts"];

const HEAD: &str = "\
# Functions of 70 lines or more and files of 500 or more that the house rules still bear. The numbers may only
# shrink: split one of them and run `cargo xtask tidy --ratchet`, which lowers them and drops what is small enough.
";

type Sizes = BTreeMap<String, usize>;

/// Every function and file that is too large, as `function PATH NAME` or `file PATH`, with its lines.
fn sizes(tree: &Tree) -> (Sizes, BTreeMap<String, (String, usize)>) {
    let mut sizes = Sizes::new();
    let mut places = BTreeMap::new();
    for (path, text) in &tree.files {
        let written =
            ENDINGS.iter().any(|ending| path.ends_with(ending)) && !GENERATED.contains(&path.as_str());
        let lines = text.lines().count();
        if written && lines >= FILE_LINES_MAX {
            sizes.insert(format!("file {path}"), lines);
            places.insert(format!("file {path}"), (path.clone(), 0));
        }
    }
    for (path, facts) in &tree.rust {
        for function in facts.functions.iter().filter(|function| function.lines >= FUNCTION_LINES_MAX) {
            let key = format!("function {path} {}", function.name);
            let size = sizes.entry(key.clone()).or_default();
            *size = function.lines.max(*size);
            places.insert(key, (path.clone(), function.line));
        }
    }
    (sizes, places)
}

fn listed(tree: &Tree) -> Result<Sizes, Finding> {
    let mut list = Sizes::new();
    for (at, line) in tree.files.get(LIST).map_or("", String::as_str).lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let entry =
            line.rsplit_once(' ').and_then(|(key, lines)| Some((key.to_owned(), lines.parse().ok()?)));
        let Some((key, lines)) = entry else {
            return Err(Finding::new(
                LIST,
                at + 1,
                "a line is `file PATH LINES` or `function PATH NAME LINES`",
            ));
        };
        list.insert(key, lines);
    }
    Ok(list)
}

/// Rule: nothing is too large but what the list bears, and the list bears nothing that it need not.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let list = match listed(tree) {
        Ok(list) => list,
        Err(finding) => return vec![finding],
    };
    let (sizes, places) = sizes(tree);
    let mut findings = Vec::new();
    for (key, lines) in &sizes {
        let (path, line) = &places[key];
        let limit = if key.starts_with("file ") { FILE_LINES_MAX } else { FUNCTION_LINES_MAX };
        match list.get(key) {
            None => {
                let text =
                    format!("{lines} lines; under {limit} is the rule: give a part of it a name of its own");
                findings.push(Finding::new(path, *line, text));
            }
            Some(borne) if lines > borne => {
                let text =
                    format!("{lines} lines; it had {borne} when it was last borne with, and may only shrink");
                findings.push(Finding::new(path, *line, text));
            }
            Some(_) => {}
        }
    }
    for (key, borne) in &list {
        if sizes.get(key).is_none_or(|lines| lines < borne) {
            let text =
                format!("`{key} {borne}` is larger than what is there: run `cargo xtask tidy --ratchet`");
            findings.push(Finding::new(LIST, 0, text));
        }
    }
    findings
}

/// Lowers the numbers of the list to what is there and drops what is no longer too large. Adds nothing.
pub(crate) fn lower(workspace: &Workspace, tree: &Tree) -> Done {
    let list = listed(tree)
        .map_err(|finding| Fail::new(finding.text, format!("mend line {} of {LIST}", finding.line)))?;
    let text = lowered(&list, &sizes(tree).0);
    let file = workspace.root.join(LIST);
    fs::write(&file, text).map_err(|error| {
        Fail::new(format!("{} cannot be written: {error}", file.display()), "see whose it is")
    })?;
    println!("{LIST} is lowered; run `cargo xtask tidy` once more");
    Ok(())
}

fn lowered(list: &Sizes, sizes: &Sizes) -> String {
    let mut text = HEAD.to_owned();
    for (key, borne) in list {
        if let Some(lines) = sizes.get(key) {
            let _ = writeln!(text, "{key} {}", lines.min(borne));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    work();\n".repeat(lines - 2))
    }

    #[test]
    fn a_function_of_seventy_lines_is_found() {
        assert_eq!(check(&Tree::of(&[("crates/a/src/b.rs", &function(69))])), []);
        let findings = check(&Tree::of(&[("crates/a/src/b.rs", &function(70))]));
        assert!(findings[0].text.starts_with("70 lines"), "{findings:?}");
    }

    #[test]
    fn a_file_of_five_hundred_lines_is_found_unless_a_program_wrote_it() {
        let lines = |count: usize| "// a line\n".repeat(count);
        assert_eq!(check(&Tree::of(&[("web/src/a.svelte", &lines(499))])), []);
        assert_eq!(check(&Tree::of(&[("web/src/a.svelte", &lines(500))])).len(), 1);
        assert_eq!(check(&Tree::of(&[(GENERATED[0], &lines(5000)), ("docs/a.md", &lines(5000))])), []);
    }

    #[test]
    fn what_the_list_bears_may_not_grow() {
        let list = "function crates/a/src/b.rs long 80\n";
        let tree = |lines| Tree::of(&[("crates/a/src/b.rs", &function(lines)), (LIST, list)]);
        assert_eq!(check(&tree(80)), []);
        assert!(check(&tree(81))[0].text.contains("may only shrink"));
    }

    #[test]
    fn the_list_may_not_bear_more_than_is_there() {
        let list = "function crates/a/src/b.rs long 80\n";
        for lines in [79, 10] {
            let findings = check(&Tree::of(&[("crates/a/src/b.rs", &function(lines)), (LIST, list)]));
            assert!(findings[0].text.contains("tidy --ratchet"), "{findings:?}");
        }
    }

    #[test]
    fn lowering_never_raises_and_never_adds() {
        let sizes = |pairs: &[(&str, usize)]| -> Sizes {
            pairs.iter().map(|(key, n)| ((*key).to_owned(), *n)).collect()
        };
        let list = sizes(&[("file a", 600), ("file b", 600), ("file c", 600)]);
        let text = lowered(&list, &sizes(&[("file a", 550), ("file b", 700), ("file d", 800)]));
        assert_eq!(text, format!("{HEAD}file a 550\nfile b 600\n"));
    }
}
