//! Programs of the Rust world that the tests need and Debian does not have, built once a machine.
//!
//! They stand outside the clone, so that a second clone and `cargo clean` do not pay for them again.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::{
    fail::{Done, Fail},
    needs::Machine,
    process::{command, must, output},
    workspace::cargo,
};

/// A program that `cargo install` builds.
pub(crate) struct Tool {
    name: &'static str,
    /// The version that is built: pinned, so that what is green today is green tomorrow.
    version: &'static str,
    features: &'static [&'static str],
    what: &'static str,
    /// Minutes that building took on two cores.
    minutes: &'static str,
    /// Answers yes when an installed one, which says this of its version, will do as well.
    serves: fn(&str) -> bool,
}

pub(crate) const NEXTEST: Tool = Tool {
    name: "cargo-nextest",
    version: "0.9.143",
    features: &["--no-default-features", "--features", "default-no-update"],
    what: "runs the Rust tests",
    minutes: "3",
    serves: |said| patch(said) >= Some((0, 9, 120)),
};
pub(crate) const DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    features: &[],
    what: "checks licences, bans and sources of dependencies",
    minutes: "2",
    serves: |said| patch(said) >= Some((0, 20, 0)),
};
/// Nothing newer: 0.17 needs a Rust newer than ours.
pub(crate) const S3S: Tool = Tool {
    name: "s3s-fs",
    version: "0.14.1",
    features: &["--features", "binary"],
    what: "is the S3 server of the blob tests",
    minutes: "2",
    serves: |said| patch(said) == Some((0, 14, 1)),
};

fn patch(said: &str) -> Option<(u32, u32, u32)> {
    // The word, not the first digit: one of the names has a digit too.
    let version = said.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?))
}

impl Tool {
    /// The program's path: an installed one that will do, or the one of our own folder, or nothing.
    pub(crate) fn find(&self) -> Option<PathBuf> {
        let own = self.folder()?.join("bin").join(self.name);
        [Some(own), Machine::this().program(self.name)].into_iter().flatten().find(|file| self.accepts(file))
    }

    fn accepts(&self, file: &Path) -> bool {
        file.exists() && output(file, &["--version"]).is_some_and(|said| (self.serves)(&said))
    }

    /// The program's path, after building it when there is none.
    pub(crate) fn get(&self) -> Result<PathBuf, Fail> {
        if let Some(file) = self.find() {
            return Ok(file);
        }
        self.build()?;
        self.find().ok_or_else(|| {
            Fail::new(
                format!("{} was built and yet does not answer", self.name),
                "remove its folder and run again",
            )
        })
    }

    fn build(&self) -> Done {
        let Some(folder) = self.folder() else {
            return Err(Fail::new("there is no home folder to build tools in", "name one in ODEON_TOOLS"));
        };
        println!(
            "Building {} {}, which {}, into {} (about {} min on two cores, once)",
            self.name,
            self.version,
            self.what,
            folder.display(),
            self.minutes
        );
        fs::create_dir_all(&folder).map_err(|error| {
            Fail::new(
                format!("{} cannot be made: {error}", folder.display()),
                "name another folder in ODEON_TOOLS",
            )
        })?;
        let mut install = command(cargo());
        install
            .args(["install", "--quiet", "--locked", self.name, "--version", self.version])
            .args(self.features)
            .arg("--root")
            .arg(&folder)
            // Away from the clone, whose configuration is for the clone.
            .current_dir(&folder);
        must(
            &mut install,
            &format!("{} {} could not be built", self.name, self.version),
            "cargo's reason is above; most often crates.io could not be reached: run again when it can",
        )
    }

    fn folder(&self) -> Option<PathBuf> {
        Some(tools_folder()?.join(format!("{}-{}", self.name, self.version)))
    }
}

/// Where tools are kept: outside the clone, `ODEON_TOOLS` or the cache folder.
pub(crate) fn tools_folder() -> Option<PathBuf> {
    if let Some(named) = env::var_os("ODEON_TOOLS") {
        return std::path::absolute(named).ok();
    }
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    Some(cache.join("odeon/tools"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_tool_is_not_taken_for_ours() {
        assert!((NEXTEST.serves)("cargo-nextest 0.9.143 (60fa45f63 2026-08-04)"));
        assert!(!(NEXTEST.serves)("cargo-nextest 0.9.99"));
        assert!((DENY.serves)("cargo-deny 0.20.2"));
        assert!(!(DENY.serves)("cargo-deny 0.18.9"));
        assert!(!(S3S.serves)("s3s-fs 0.17.0"));
        assert!(!(S3S.serves)("no version"));
    }

    #[test]
    fn each_pinned_version_serves() {
        for tool in [NEXTEST, DENY, S3S] {
            assert!((tool.serves)(&format!("{} {}", tool.name, tool.version)), "{}", tool.name);
        }
    }
}
