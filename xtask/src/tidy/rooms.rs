//! What a crate looks like: it opens with words, holds something, and keeps its store to itself.

use super::{
    Finding,
    tree::{Tree, crate_of, is_test_file},
};

/// A crate with fewer lines of code than this has no content yet.
const CRATE_LINES_MIN: usize = 6;

/// Rule: no `store` is visible outside its crate, as a module or through a `pub use`.
pub(crate) fn stores_are_private(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, facts) in tree.rust.iter().filter(|(path, _)| is_domain_source(path)) {
        for (line, _) in facts.public_modules.iter().filter(|(_, name)| name == "store") {
            let text = "a store is its crate's own: write `mod store;` and let a service answer";
            findings.push(Finding::new(path, *line, text));
        }
        for name in facts.names.iter().filter(|name| name.given_on && is_store(&name.parts)) {
            let text = "what a store holds is not given on: let a service or the model carry it";
            findings.push(Finding::new(path, name.line, text));
        }
    }
    findings
}

/// Rule: routes parse and shape; they ask a service, never a store.
pub(crate) fn routes_never_name_a_store(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, facts) in tree.rust.iter().filter(|(path, _)| is_domain_source(path) && is_routes(path)) {
        for name in facts.names.iter().filter(|name| !name.in_test && is_store(&name.parts)) {
            findings.push(Finding::new(path, name.line, "routes ask a service, never a store"));
        }
    }
    findings
}

/// Rule: the first thing in a crate says what it owns, what it never does and where to start.
pub(crate) fn crates_open_with_words(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in tree.crates() {
        let roots = [format!("crates/{name}/src/lib.rs"), format!("crates/{name}/src/main.rs")];
        for (path, text) in roots.iter().filter_map(|path| Some((path, tree.files.get(path)?))) {
            if !text.trim_start().starts_with("//!") {
                let words =
                    "open with `//!`: what the crate owns, what it never does, where to start reading";
                findings.push(Finding::new(path, 1, words));
            }
        }
    }
    findings
}

/// Rule: a crate is made when there is something to put in it.
pub(crate) fn no_crate_is_empty(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in tree.crates() {
        let own = |path: &&String| crate_of(path) == Some(name) && !is_test_file(path);
        let lines: usize = tree.rust.keys().filter(own).map(|path| code_lines(&tree.files[path])).sum();
        let items: usize = tree.rust.iter().filter(|(path, _)| own(path)).map(|(_, facts)| facts.items).sum();
        if lines < CRATE_LINES_MIN || items == 0 {
            let path = format!("crates/{name}/Cargo.toml");
            findings.push(Finding::new(&path, 0, "this crate is empty: add it when something fills it"));
        }
    }
    findings
}

fn code_lines(text: &str) -> usize {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

/// Whether a path is of a domain; the kernel has stores of objects and jobs that are no domain's rooms.
fn is_domain_source(path: &str) -> bool {
    crate_of(path).is_some_and(|name| name != "kernel") && !is_test_file(path)
}

fn is_routes(path: &str) -> bool {
    path.contains("/routes/") || path.ends_with("/routes.rs")
}

/// `store::x`, `crate::store::x`, `super::super::store::x`, `crate::scan::store::x`.
fn is_store(parts: &[String]) -> bool {
    let rooted = matches!(parts[0].as_str(), "crate" | "super" | "self" | "store");
    rooted && parts.iter().any(|part| part == "store")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_store_is_found() {
        let tree = Tree::of(&[("crates/catalog/src/lib.rs", "//! C.\nmod model;\npub mod store;\n")]);
        assert_eq!(stores_are_private(&tree)[0].line, 3);
        let tree = Tree::of(&[("crates/catalog/src/lib.rs", "//! C.\nmod store;\npub use store::Row;\n")]);
        assert_eq!(stores_are_private(&tree)[0].line, 3);
        let tree =
            Tree::of(&[("crates/catalog/src/lib.rs", "//! C.\npub(crate) mod store;\nuse store::Row;\n")]);
        assert_eq!(stores_are_private(&tree), []);
    }

    #[test]
    fn a_route_that_names_a_store_is_found() {
        for path in ["crates/catalog/src/routes.rs", "crates/catalog/src/routes/albums.rs"] {
            for code in
                ["use crate::store;", "fn f() { crate::store::album(); }", "fn f() { store::album(); }"]
            {
                assert_eq!(routes_never_name_a_store(&Tree::of(&[(path, code)])).len(), 1, "{path} {code}");
            }
        }
        let service = ("crates/catalog/src/service.rs", "use crate::store;\nfn f() { store::album(); }");
        assert_eq!(routes_never_name_a_store(&Tree::of(&[service])), []);
    }

    #[test]
    fn a_crate_without_opening_words_is_found() {
        let manifest = ("crates/a/Cargo.toml", "");
        for root in ["crates/a/src/lib.rs", "crates/a/src/main.rs"] {
            assert_eq!(
                crates_open_with_words(&Tree::of(&[manifest, (root, "pub fn a() {}\n//! Late.")])).len(),
                1
            );
            assert_eq!(
                crates_open_with_words(&Tree::of(&[manifest, (root, "//! Owns a.\npub fn a() {}")])),
                []
            );
        }
    }

    #[test]
    fn an_empty_crate_is_found() {
        let manifest = ("crates/a/Cargo.toml", "");
        let comment = "//! Owns.\n//! Many.\n//! Words.\n//! And.\n//! Nothing.\n//! Else.\nmod b;\n";
        assert_eq!(no_crate_is_empty(&Tree::of(&[manifest, ("crates/a/src/lib.rs", comment)])).len(), 1);
        let code = "//! Owns.\npub fn a() {\n    b();\n    c();\n    d();\n    e();\n}\n";
        assert_eq!(no_crate_is_empty(&Tree::of(&[manifest, ("crates/a/src/lib.rs", code)])), []);
        let only_tests = [manifest, ("crates/a/src/lib.rs", "//! A.\n"), ("crates/a/src/tests.rs", code)];
        assert_eq!(no_crate_is_empty(&Tree::of(&only_tests)).len(), 1);
    }
}
