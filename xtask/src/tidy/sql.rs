//! Where SQL stands and which tables it names.

use std::collections::BTreeMap;

use super::{
    Finding,
    tree::{Tree, crate_of},
};

/// Files of the kernel that speak SQL, and why. A path that ends with `/` is a folder.
const KERNEL_PLACES: [(&str, &str); 7] = [
    ("crates/kernel/tests/", "tests of the layer itself, which has no store above it"),
    ("crates/kernel/src/db/", "the layer over the drivers: pragmas, transactions, the table of migrations"),
    ("crates/kernel/src/outbox.rs", "events are relayed from their table"),
    ("crates/kernel/src/outbox/", "as outbox.rs, grown to a folder"),
    ("crates/kernel/src/jobs/store.rs", "the leased table of jobs"),
    ("crates/kernel/src/sign.rs", "the secrets that every node shares are a table"),
    ("crates/kernel/src/testkit", "makes and removes the databases of the tests, asks the planners"),
];

/// What a statement begins with. Two words where one is also English or HTTP.
const BEGINNINGS: [&str; 19] = [
    "SELECT ",
    "INSERT INTO ",
    "INSERT OR ",
    "UPDATE ",
    "DELETE FROM ",
    "REPLACE INTO ",
    "WITH ",
    "CREATE TABLE ",
    "CREATE INDEX ",
    "CREATE UNIQUE ",
    "CREATE VIEW ",
    "CREATE TRIGGER ",
    "CREATE DATABASE ",
    "CREATE SCHEMA ",
    "CREATE VIRTUAL ",
    "ALTER TABLE ",
    "DROP ",
    "PRAGMA ",
    "TRUNCATE ",
];

/// Macros that make texts while the program runs.
const MAKERS: [&str; 7] = ["format", "write", "writeln", "print", "println", "format_args", "concat"];

/// Whether a literal is a statement. Keywords are written large in this house, and English is not.
fn is_sql(text: &str) -> bool {
    // Any run of white space counts as one space, since statements go over several lines.
    let start = text.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    BEGINNINGS.iter().any(|beginning| start.starts_with(beginning))
}

fn may_hold_sql(path: &str) -> bool {
    let Some(name) = crate_of(path) else { return true };
    if name == "kernel" {
        return KERNEL_PLACES.iter().any(|(place, _)| path.starts_with(place));
    }
    path.ends_with("/store.rs") || path.contains("/store/")
}

/// Rule: SQL stands in stores, in the kernel's listed places, and in migrations.
pub(crate) fn only_in_stores(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let elsewhere = |path: &str| path.starts_with("crates/") && !may_hold_sql(path);
    for (path, facts) in tree.rust.iter().filter(|(path, _)| elsewhere(path)) {
        let texts = facts.texts.iter().filter(|text| is_sql(&text.value)).map(|text| text.line);
        let macros = facts.macros.iter().filter(|(_, name)| name == "sql").map(|(line, _)| *line);
        let mut lines: Vec<usize> = texts.chain(macros).collect();
        lines.sort_unstable();
        lines.dedup();
        let text = "SQL stands in a store: make a function there with the feature's verb and call it";
        findings.extend(lines.into_iter().map(|line| Finding::new(path, line, text)));
    }
    findings
}

/// Rule: a statement is a static text; what varies is a parameter.
pub(crate) fn never_put_together(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Databases and pragmas take no parameters, and the kernel's layer is where they are.
    let layer = |path: &str| {
        path.starts_with("crates/kernel/src/db/") || path.starts_with("crates/kernel/src/testkit")
    };
    for (path, facts) in tree.rust.iter().filter(|(path, _)| path.starts_with("crates/") && !layer(path)) {
        let made = |name: &Option<String>| name.as_deref().is_some_and(|name| MAKERS.contains(&name));
        for text in facts.texts.iter().filter(|text| is_sql(&text.value) && made(&text.in_macro)) {
            let words = "SQL is a static text in `sql!`, prepared on both engines by a test: make what varies a parameter";
            findings.push(Finding::new(path, text.line, words));
        }
    }
    findings
}

/// Rule: a domain's SQL names only its own tables, in its stores and in its migrations.
pub(crate) fn own_tables_only(tree: &Tree) -> Vec<Finding> {
    let tables = tables(tree);
    let mut findings = Vec::new();
    let mut judge = |path: &str, line: usize, domain: &str, text: &str| {
        for (name, owner) in foreign(text, domain, &tables) {
            let words = format!(
                "`{domain}` names `{name}`, a table of `{owner}`: ask its service, or keep a projection"
            );
            findings.push(Finding::new(path, line, words));
        }
    };
    for (path, facts) in &tree.rust {
        let Some(domain) = crate_of(path) else { continue };
        for text in facts.texts.iter().filter(|text| is_sql(&text.value)) {
            judge(path, text.line, domain, &text.value);
        }
    }
    for (path, domain, text) in migrations(tree) {
        for (at, line) in text.lines().enumerate() {
            judge(path, at + 1, domain, without_comment(line));
        }
    }
    findings
}

/// Rule: migrations are `NNNN_domain….sql`, numbered once, and make tables that bear the domain's name first.
pub(crate) fn migrations_are_named(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
    for path in tree.files.keys().filter(|path| path.starts_with("migrations/")) {
        let name = &path["migrations/".len()..];
        let Some(domain) = migration_domain(name) else {
            findings.push(Finding::new(
                path,
                0,
                "a migration is named NNNN_domain.sql or NNNN_domain_what.sql",
            ));
            continue;
        };
        if !tree.crates().any(|known| known == domain) {
            findings.push(Finding::new(
                path,
                0,
                format!("there is no crate `{domain}` to own this migration"),
            ));
        }
        if let Some(stem) = name.strip_suffix(".pg.sql") {
            if !tree.files.contains_key(&format!("migrations/{stem}.sql")) {
                findings.push(Finding::new(
                    path,
                    0,
                    format!("there is no {stem}.sql that this is the PostgreSQL text of"),
                ));
            }
        } else if let Some(other) = numbers.insert(&name[..4], name) {
            findings.push(Finding::new(path, 0, format!("{other} has the same number")));
        }
        for (line, table) in made_tables(&tree.files[path]) {
            if !table.starts_with(&format!("{domain}_")) {
                findings.push(Finding::new(
                    path,
                    line,
                    format!("the table `{table}` must be named `{domain}_…`"),
                ));
            }
        }
    }
    findings
}

/// Every migration: path, domain, text.
fn migrations(tree: &Tree) -> impl Iterator<Item = (&str, &str, &str)> {
    tree.files.iter().filter_map(|(path, text)| {
        let domain = migration_domain(path.strip_prefix("migrations/")?)?;
        Some((path.as_str(), domain, text.as_str()))
    })
}

/// The domain in `0003_catalog_search.pg.sql`.
fn migration_domain(name: &str) -> Option<&str> {
    let stem = name.strip_suffix(".sql")?;
    let stem = stem.strip_suffix(".pg").unwrap_or(stem);
    let (number, rest) = stem.split_once('_')?;
    let good = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    let plain = rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (good && plain && !rest.is_empty()).then(|| rest.split('_').next().unwrap_or(rest))
}

/// The domain that owns each table, by the migration that makes it.
fn tables(tree: &Tree) -> BTreeMap<&str, &str> {
    let mut owners = BTreeMap::new();
    for (_, domain, text) in migrations(tree) {
        owners.extend(made_tables(text).into_iter().map(|(_, table)| (table, domain)));
    }
    owners
}

/// The tables and views that a migration makes, with their lines.
fn made_tables(text: &str) -> Vec<(usize, &str)> {
    let words: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .flat_map(|(at, line)| sql_words(without_comment(line)).map(move |word| (at + 1, word)))
        .collect();
    let mut made = Vec::new();
    for (at, (_, word)) in words.iter().enumerate() {
        if !word.eq_ignore_ascii_case("create") {
            continue;
        }
        let kinds =
            ["unique", "virtual", "temp", "temporary", "unlogged", "materialized", "if", "not", "exists"];
        let mut rest = words[at + 1..]
            .iter()
            .filter(|(_, word)| !kinds.iter().any(|kind| word.eq_ignore_ascii_case(kind)));
        let is_table = rest
            .next()
            .is_some_and(|(_, word)| word.eq_ignore_ascii_case("table") || word.eq_ignore_ascii_case("view"));
        if let (true, Some(name)) = (is_table, rest.next()) {
            made.push(*name);
        }
    }
    made
}

/// Tables of others that a statement names.
fn foreign<'a>(text: &'a str, domain: &str, tables: &BTreeMap<&'a str, &'a str>) -> Vec<(&'a str, &'a str)> {
    let mut found: Vec<(&str, &str)> = sql_words(text)
        .filter_map(|word| tables.get_key_value(word))
        .filter(|(_, owner)| **owner != domain)
        .map(|(name, owner)| (*name, *owner))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn sql_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn without_comment(line: &str) -> &str {
    line.split("--").next().unwrap_or(line)
}

#[cfg(test)]
mod tests;
