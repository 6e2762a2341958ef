//! The sources as the rules see them: texts, and for Rust the facts that the rules ask for.

use std::{collections::BTreeMap, fs};

use super::{
    Finding,
    facts::{self, Facts},
};
use crate::{fail::Fail, process::output, workspace::Workspace};

/// Larger files are data, not sources.
const SOURCE_BYTES_MAX: u64 = 2 << 20;

/// All files of the clone that are text and not ignored by git.
#[derive(Default)]
pub(crate) struct Tree {
    /// Text by path from the clone's root, `/` between folders.
    pub(crate) files: BTreeMap<String, String>,
    /// Facts by the same path, of every `.rs` file that parses.
    pub(crate) rust: BTreeMap<String, Facts>,
    broken: Vec<Finding>,
    /// The clone's own path, which no file may name.
    pub(crate) root: Option<String>,
}

impl Tree {
    /// Reads what git tracks or would track.
    pub(crate) fn read(workspace: &Workspace) -> Result<Self, Fail> {
        let root = workspace.root.to_string_lossy().into_owned();
        let arguments = ["-C", &root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let list = output("git", &arguments).ok_or_else(|| {
            Fail::new(
                format!("git cannot list the files of {root}"),
                "run this in a clone made by git, with git installed",
            )
        })?;
        let mut tree = Self { root: Some(root), ..Self::default() };
        for path in list.split('\0').filter(|path| !path.is_empty()) {
            let file = workspace.root.join(path);
            // A file that git knows and somebody has just removed is no longer ours to judge.
            let Ok(data) = fs::symlink_metadata(&file) else { continue };
            if !data.is_file() || data.len() > SOURCE_BYTES_MAX {
                continue;
            }
            if let Ok(text) = fs::read_to_string(&file) {
                tree.add(path, text);
            }
        }
        Ok(tree)
    }

    fn add(&mut self, path: &str, text: String) {
        if is_rust(path) {
            match facts::of(&text) {
                Ok(facts) => drop(self.rust.insert(path.to_owned(), facts)),
                Err(error) => {
                    let line = error.span().start().line;
                    self.broken.push(Finding::new(path, line, format!("this is not Rust: {error}")));
                }
            }
        }
        self.files.insert(path.to_owned(), text);
    }

    /// The names of our crates, from their folders.
    pub(crate) fn crates(&self) -> impl Iterator<Item = &str> {
        self.files.keys().filter_map(|path| path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml"))
    }
}

#[cfg(test)]
impl Tree {
    /// A made tree.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.add(path, (*text).to_owned());
        }
        tree
    }

    /// Forgets the other files.
    pub(crate) fn keep(&mut self, wanted: impl Fn(&str) -> bool) {
        self.files.retain(|path, _| wanted(path));
        self.rust.retain(|path, _| wanted(path));
    }
}

fn is_rust(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|end| end == "rs")
}

/// The crate that a file belongs to.
pub(crate) fn crate_of(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.split('/').next()
}

/// Whether a whole file is there for tests only.
pub(crate) fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.contains("/tests/")
        || name == "tests.rs"
        || name.ends_with("_tests.rs")
        || name.starts_with("testkit")
        || path.contains("/testkit/")
}

/// Rule: every `.rs` file parses; the other rules see nothing of one that does not.
pub(crate) fn every_file_parses(tree: &Tree) -> Vec<Finding> {
    tree.broken
        .iter()
        .map(|finding| Finding::new(&finding.path, finding.line, finding.text.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_does_not_parse_is_found() {
        let tree = Tree::of(&[("crates/a/src/lib.rs", "//! A.\nfn (")]);
        assert_eq!(every_file_parses(&tree).len(), 1);
        assert_eq!(every_file_parses(&tree)[0].line, 2);
    }

    #[test]
    fn test_files_are_told_from_the_product() {
        for path in ["crates/a/tests/it/main.rs", "crates/a/src/tests.rs", "crates/a/src/tests/b.rs"] {
            assert!(is_test_file(path), "{path}");
        }
        assert!(!is_test_file("crates/a/src/testimony.rs"));
    }
}
