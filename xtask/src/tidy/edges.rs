//! Which of our crates may import which. A new edge makes every later change dearer, so each needs an ADR and a row.

use toml::Table;

use super::{
    Finding,
    tree::{Tree, crate_of},
};

/// The crates and what they may import.
const EDGES: [(&str, &[&str]); 15] = [
    ("kernel", &[]),
    ("accounts", &["kernel"]),
    ("catalog", &["kernel"]),
    ("billing", &["kernel"]),
    ("fleet", &["kernel"]),
    ("ingest", &["kernel", "catalog"]),
    ("discovery", &["kernel", "catalog"]),
    ("delivery", &["kernel", "catalog", "billing"]),
    ("podcasts", &["kernel", "catalog", "ingest", "delivery"]),
    ("scrobble", &["kernel", "accounts", "catalog"]),
    ("sharing", &["kernel", "accounts", "catalog", "delivery"]),
    ("social", &["kernel", "accounts"]),
    ("messaging", &["kernel", "social"]),
    (
        "subsonic",
        &[
            "kernel",
            "accounts",
            "catalog",
            "ingest",
            "delivery",
            "podcasts",
            "sharing",
            "discovery",
            "social",
            // The chat of music apps is the room of the house (ADR 24).
            "messaging",
        ],
    ),
    // The composition root.
    (
        "odeon",
        &[
            "kernel",
            "accounts",
            "catalog",
            "billing",
            "fleet",
            "ingest",
            "discovery",
            "delivery",
            "social",
            "messaging",
            "podcasts",
            "scrobble",
            "sharing",
            "subsonic",
        ],
    ),
];

fn allowed(name: &str) -> Option<&'static [&'static str]> {
    EDGES.iter().find(|(crate_name, _)| *crate_name == name).map(|(_, may)| *may)
}

/// Rule: a crate is in the table, and its manifest and its paths name only what the table allows.
pub(crate) fn only_allowed_imports(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in tree.crates() {
        let path = format!("crates/{name}/Cargo.toml");
        let Some(may) = allowed(name) else {
            let text =
                format!("the crate `{name}` is not in the table of imports: write an ADR and add it there");
            findings.push(Finding::new(&path, 1, text));
            continue;
        };
        for imported in manifest_imports(&tree.files[&path]) {
            if imported != name && allowed(&imported).is_some() && !may.contains(&imported.as_str()) {
                findings.push(Finding::new(&path, 0, forbidden(name, &imported, may)));
            }
        }
    }
    for (path, facts) in &tree.rust {
        let Some((name, may)) = crate_of(path).and_then(|name| Some((name, allowed(name)?))) else {
            continue;
        };
        for found in facts.names.iter().filter(|found| found.parts.len() > 1) {
            let first = found.parts[0].as_str();
            if first != name && allowed(first).is_some() && !may.contains(&first) {
                findings.push(Finding::new(path, found.line, forbidden(name, first, may)));
            }
        }
    }
    findings
}

fn forbidden(name: &str, imported: &str, may: &[&str]) -> String {
    let may = if may.is_empty() { "none of ours".to_owned() } else { may.join(", ") };
    format!(
        "`{name}` may not import `{imported}` (it may import {may}): take what you need as a parameter or an event"
    )
}

/// The names under `dependencies`, `dev-dependencies` and `build-dependencies`, of any target.
fn manifest_imports(text: &str) -> Vec<String> {
    let Ok(manifest) = text.parse::<Table>() else { return Vec::new() };
    let mut names = Vec::new();
    let mut tables = vec![&manifest];
    tables.extend(
        manifest
            .get("target")
            .and_then(|t| t.as_table())
            .into_iter()
            .flat_map(Table::values)
            .filter_map(|t| t.as_table()),
    );
    for table in tables {
        for key in ["dependencies", "dev-dependencies", "build-dependencies"] {
            names
                .extend(table.get(key).and_then(|t| t.as_table()).into_iter().flat_map(Table::keys).cloned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(name: &str, imported: &str) -> String {
        format!("[package]\nname = \"{name}\"\n[dependencies]\n{imported}.workspace = true\nserde = \"1\"\n")
    }

    #[test]
    fn an_edge_outside_the_table_is_found_in_the_manifest() {
        let good = manifest("delivery", "catalog");
        assert_eq!(only_allowed_imports(&Tree::of(&[("crates/delivery/Cargo.toml", &good)])), []);
        let bad = manifest("catalog", "delivery");
        let findings = only_allowed_imports(&Tree::of(&[("crates/catalog/Cargo.toml", &bad)]));
        assert_eq!(findings.len(), 1);
        assert!(findings[0].text.contains("`catalog` may not import `delivery`"), "{findings:?}");
    }

    #[test]
    fn an_edge_for_tests_or_one_system_only_is_an_edge_too() {
        for table in ["dev-dependencies", "build-dependencies", "target.'cfg(unix)'.dependencies"] {
            let text =
                format!("[package]\nname = \"kernel\"\n[{table}]\nsocial = {{ path = \"../social\" }}\n");
            assert_eq!(
                only_allowed_imports(&Tree::of(&[("crates/kernel/Cargo.toml", &text)])).len(),
                1,
                "{table}"
            );
        }
    }

    #[test]
    fn an_edge_is_found_in_code() {
        let code = "use accounts::User;\nfn f() { billing::plan(); }\nuse kernel::Ctx;\n";
        let findings = only_allowed_imports(&Tree::of(&[("crates/catalog/src/lib.rs", code)]));
        assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_crate_that_nobody_decided_on_is_found() {
        let text = manifest("karaoke", "kernel");
        let findings = only_allowed_imports(&Tree::of(&[("crates/karaoke/Cargo.toml", &text)]));
        assert!(findings[0].text.contains("write an ADR"), "{findings:?}");
    }

    #[test]
    fn the_table_has_no_cycle() {
        for (name, may) in EDGES {
            for imported in may {
                let later = EDGES.iter().position(|(other, _)| *other == name);
                let earlier = EDGES.iter().position(|(other, _)| other == imported);
                assert!(earlier < later, "`{name}` stands before `{imported}`, which it imports");
            }
        }
    }
}
