//! What no file may say, and what some files must.

use std::collections::BTreeMap;

use super::{Finding, tree::Tree};

/// Endings of files in which unfinished work could hide. Prose may speak of it.
const CODE_ENDINGS: [&str; 12] =
    [".rs", ".ts", ".svelte", ".js", ".mjs", ".css", ".html", ".sql", ".sh", ".toml", ".yml", ".yaml"];

/// Split, so that this file does not break its own rule.
const UNFINISHED: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimple", "mented!(")];

/// Beginnings of paths that are of one machine only, split for the same reason.
const MACHINE: [&str; 4] = [
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/shared"),
    concat!("/ro", "ot/."),
    concat!("/tmp/", "brief"),
];

/// What an ADR answers, by words of its headings or of the bold beginnings of its paragraphs.
const ADR_PARTS: [&str; 4] = ["context", "choice", "cost", "change our mind"];

/// Rule: nothing is left for later in the code; what is missing is an issue.
pub(crate) fn nothing_is_left_for_later(tree: &Tree) -> Vec<Finding> {
    let code = |path: &str| CODE_ENDINGS.iter().any(|ending| path.ends_with(ending));
    find(tree, code, |line| {
        let word = UNFINISHED.iter().find(|word| has_word(line, word))?;
        Some(format!("`{word}` is unfinished work: finish it, or file an issue and leave no mark"))
    })
}

/// Rule: no file names a folder of the machine that it was written on.
pub(crate) fn no_path_of_a_machine(tree: &Tree) -> Vec<Finding> {
    // A clone directly below / would make every path suspicious.
    let root = tree.root.as_deref().filter(|root| root.matches('/').count() > 1);
    find(
        tree,
        |_| true,
        |line| {
            let found = MACHINE.iter().copied().chain(root).find(|path| line.contains(path))?;
            Some(format!("`{found}` is a path of one machine: name files from the clone's root"))
        },
    )
}

/// Rule: a lock file of npm works with whichever registry its reader uses.
pub(crate) fn npm_locks_name_no_registry(tree: &Tree) -> Vec<Finding> {
    let lock = |path: &str| path.ends_with("package-lock.json");
    let mut findings = find(tree, lock, |line| {
        let address = line.trim_start().starts_with("\"resolved\"") && line.contains("://");
        address.then(|| {
            "this names a registry's host: run `npm install --omit-lockfile-registry-resolved`".to_owned()
        })
    });
    for path in tree.files.keys().filter(|path| lock(path)) {
        let config = path.replace("package-lock.json", ".npmrc");
        let set =
            |text: &String| text.lines().any(|line| line.trim() == "omit-lockfile-registry-resolved=true");
        if !tree.files.get(&config).is_some_and(set) {
            let text = "a .npmrc with `omit-lockfile-registry-resolved=true` must stand beside it, or npm adds hosts again";
            findings.push(Finding::new(path, 0, text));
        }
    }
    findings
}

/// Rule: a decision has a number of its own and says context, choice, cost and what would change our mind.
pub(crate) fn decisions_are_whole(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
    for (path, text) in &tree.files {
        let Some(name) = path.strip_prefix("docs/adr/").filter(|name| *name != "README.md") else { continue };
        let number = name.split('-').next().unwrap_or_default();
        let counted = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
        if !counted || name.strip_suffix(".md").is_none() {
            findings.push(Finding::new(path, 0, "an ADR is named NNNN-what-was-decided.md"));
            continue;
        }
        if let Some(other) = numbers.insert(number, name) {
            findings.push(Finding::new(path, 0, format!("{other} has the same number")));
        }
        let headings: Vec<String> = text
            .lines()
            .filter(|line| line.starts_with('#') || line.starts_with("**"))
            .map(str::to_ascii_lowercase)
            .collect();
        for wanted in ADR_PARTS {
            if !headings.iter().any(|heading| heading.contains(wanted)) {
                findings.push(Finding::new(
                    path,
                    0,
                    format!("no heading or bold beginning says \"{wanted}\""),
                ));
            }
        }
    }
    findings
}

fn find(tree: &Tree, wanted: impl Fn(&str) -> bool, bad: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files.iter().filter(|(path, _)| wanted(path)) {
        for (at, line) in text.lines().enumerate() {
            findings.extend(bad(line).map(|words| Finding::new(path, at + 1, words)));
        }
    }
    findings
}

/// Whether `word` stands in the line with no letter or digit right before or after it.
fn has_word(line: &str, word: &str) -> bool {
    let edge = |neighbour: Option<char>| neighbour.is_none_or(|c| !c.is_alphanumeric());
    line.match_indices(word).any(|(at, _)| {
        let after = line[at + word.len()..].chars().next();
        edge(line[..at].chars().next_back()) && (word.ends_with('(') || edge(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_work_is_found_in_code_and_not_in_prose() {
        for word in UNFINISHED {
            let line = format!("fn f() {{}}\n// {word} \n");
            assert_eq!(nothing_is_left_for_later(&Tree::of(&[("web/src/a.ts", &line)]))[0].line, 2, "{word}");
            assert_eq!(nothing_is_left_for_later(&Tree::of(&[("docs/a.md", &line)])), []);
        }
        let inside = concat!("const MES", "TO", "DO", "N: u8 = 1;");
        assert_eq!(nothing_is_left_for_later(&Tree::of(&[("crates/a/src/lib.rs", inside)])), []);
    }

    #[test]
    fn a_machine_path_is_found() {
        for path in MACHINE {
            assert_eq!(
                no_path_of_a_machine(&Tree::of(&[("docs/a.md", &format!("see {path}/x"))])).len(),
                1,
                "{path}"
            );
        }
        let mut tree = Tree::of(&[("README.md", "cd /home/ann/odeon/web")]);
        assert_eq!(no_path_of_a_machine(&tree), []);
        tree.root = Some("/home/ann/odeon".to_owned());
        assert_eq!(no_path_of_a_machine(&tree).len(), 1);
        tree.root = Some("/o".to_owned());
        assert_eq!(no_path_of_a_machine(&tree), []);
    }

    #[test]
    fn a_registry_in_a_lock_file_is_found() {
        let config = ("web/.npmrc", "omit-lockfile-registry-resolved=true\n");
        let good = ("web/package-lock.json", "{\n  \"version\": \"1.0.0\"\n}");
        let bad = ("web/package-lock.json", "{\n  \"resolved\": \"https://packages.example/a.tgz\"\n}");
        assert_eq!(npm_locks_name_no_registry(&Tree::of(&[config, good])), []);
        assert_eq!(npm_locks_name_no_registry(&Tree::of(&[config, bad]))[0].line, 2);
        assert_eq!(npm_locks_name_no_registry(&Tree::of(&[good])).len(), 1, "without .npmrc");
    }

    #[test]
    fn a_decision_without_a_heading_or_with_a_taken_number_is_found() {
        let whole = "# 1. A\n## Context\n## Choice\n## Cost\n## What would change our mind\n";
        assert_eq!(decisions_are_whole(&Tree::of(&[("docs/adr/0001-a.md", whole)])), []);
        let bold = whole.replace("## Cost", "**Cost.** Two weeks.");
        assert_eq!(decisions_are_whole(&Tree::of(&[("docs/adr/0001-a.md", &bold)])), []);
        let part = whole.replace("## Cost\n", "");
        assert_eq!(decisions_are_whole(&Tree::of(&[("docs/adr/0001-a.md", &part)])).len(), 1);
        let twice = [("docs/adr/0001-a.md", whole), ("docs/adr/0001-b.md", whole)];
        assert_eq!(decisions_are_whole(&Tree::of(&twice)).len(), 1);
        assert_eq!(decisions_are_whole(&Tree::of(&[("docs/adr/database.md", whole)])).len(), 1);
    }
}
