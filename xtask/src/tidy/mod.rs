//! `cargo xtask tidy`: the house rules, as checks.
//!
//! A rule is a function from the [`Tree`] of sources to [`Finding`]s, and each has tests that show it fire. The
//! rules and their reasons stand in CONTRIBUTING.md; a new one is a line in [`RULES`], a test, and a line there.

mod edges;
mod facts;
mod ratchet;
mod rooms;
mod spawn;
mod sql;
mod tree;
mod words;

use crate::{
    fail::{Done, Fail},
    workspace::Workspace,
};
use tree::Tree;

/// A place that breaks a rule.
#[derive(Debug, PartialEq)]
pub(crate) struct Finding {
    /// The file, from the clone's root.
    path: String,
    /// The line, from 1; 0 when the whole file is meant.
    line: usize,
    /// What is wrong and what to do.
    text: String,
}

impl Finding {
    fn new(path: &str, line: usize, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, text: text.into() }
    }
}

type Rule = fn(&Tree) -> Vec<Finding>;

/// Every rule, by the name that is printed with its findings.
const RULES: [(&str, Rule); 16] = [
    ("parse", tree::every_file_parses),
    ("imports", edges::only_allowed_imports),
    ("sql-place", sql::only_in_stores),
    ("sql-static", sql::never_put_together),
    ("sql-tables", sql::own_tables_only),
    ("migrations", sql::migrations_are_named),
    ("store-private", rooms::stores_are_private),
    ("routes-thin", rooms::routes_never_name_a_store),
    ("crate-opens", rooms::crates_open_with_words),
    ("crate-full", rooms::no_crate_is_empty),
    ("spawn", spawn::one_place_starts_processes),
    ("no-sleep", spawn::tests_do_not_sleep),
    ("unfinished", words::nothing_is_left_for_later),
    ("paths", words::no_path_of_a_machine),
    ("npm-lock", words::npm_locks_name_no_registry),
    ("adr", words::decisions_are_whole),
];

/// Checks everything, or lowers the ratchet.
pub(crate) fn tidy(arguments: &[String]) -> Done {
    let lower = match arguments {
        [] => false,
        [flag] if flag == "--ratchet" => true,
        _ => return Err(Fail::new("`cargo xtask tidy` takes only --ratchet", "see `cargo xtask --help`")),
    };
    let workspace = Workspace::find()?;
    let tree = Tree::read(&workspace)?;
    if lower {
        ratchet::lower(&workspace, &tree)?;
    }
    let mut findings: Vec<(&str, Finding)> = Vec::new();
    for (name, rule) in RULES {
        findings.extend(rule(&tree).into_iter().map(|finding| (name, finding)));
    }
    findings.extend(ratchet::check(&tree).into_iter().map(|finding| ("size", finding)));
    findings.sort_by(|(_, a), (_, b)| (&a.path, a.line).cmp(&(&b.path, b.line)));
    for (name, Finding { path, line, text }) in &findings {
        println!("{path}:{line}: {text} [{name}]");
    }
    if findings.is_empty() {
        println!("tidy: {} files keep {} rules", tree.files.len(), RULES.len() + 1);
        return Ok(());
    }
    Err(Fail::new(
        format!("{} places break the house rules", findings.len()),
        "mend each; the rules and their reasons are in CONTRIBUTING.md",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_that_keeps_every_rule_has_no_findings() {
        let tree = Tree::of(&[
            ("crates/kernel/Cargo.toml", "[package]\nname = \"kernel\"\n"),
            (
                "crates/kernel/src/lib.rs",
                "//! Owns time.\n\npub fn a() {}\npub fn b() {}\npub fn c() {}\npub fn d() {}\npub fn e() {}\npub fn f() {}\n",
            ),
        ]);
        for (name, rule) in RULES {
            assert_eq!(rule(&tree), [], "{name}");
        }
        assert_eq!(ratchet::check(&tree), []);
    }

    #[test]
    fn the_rules_are_kept_by_our_own_sources() {
        let workspace = Workspace::find().unwrap();
        let mut tree = Tree::read(&workspace).unwrap();
        tree.keep(|path| path.starts_with("xtask/"));
        for (name, rule) in RULES {
            assert_eq!(rule(&tree), [], "{name}");
        }
    }
}
