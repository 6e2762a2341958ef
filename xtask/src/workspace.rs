//! Where things are.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::{
    fail::Fail,
    process::{self, command},
};

/// The folders that the commands work in.
pub(crate) struct Workspace {
    /// The clone.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Asks cargo, since the target folder may be set in several places.
    pub(crate) fn find() -> Result<Self, Fail> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let arguments = ["metadata", "--no-deps", "--format-version", "1"];
        let out = command(cargo()).args(arguments).current_dir(manifest).output().map_err(|error| {
            Fail::new(format!("cargo could not be started: {error}"), "see that cargo is on PATH")
        })?;
        let metadata: serde_json::Value = serde_json::from_slice(&out.stdout).map_err(|_| {
            let words = String::from_utf8_lossy(&out.stderr).trim().to_owned();
            Fail::new(format!("cargo cannot read the workspace:\n{words}"), "repair the file that it names")
        })?;
        let folder = |key: &str| metadata[key].as_str().map(PathBuf::from);
        match (folder("workspace_root"), folder("target_directory")) {
            (Some(root), Some(target)) => Ok(Self { root, target }),
            _ => Err(Fail::new(
                "`cargo metadata` names no folders",
                "see that cargo is not a wrapper of your own",
            )),
        }
    }

    /// The program as built in the given profile's folder, `debug` or `release`.
    pub(crate) fn program(&self, profile: &str) -> PathBuf {
        self.target.join(profile).join("odeon")
    }

    /// A folder for what the commands remember between runs.
    pub(crate) fn memory(&self) -> Result<PathBuf, Fail> {
        let folder = self.target.join("xtask");
        fs::create_dir_all(&folder).map_err(|error| {
            Fail::new(format!("{} cannot be made: {error}", folder.display()), "see whose folder target is")
        })?;
        Ok(folder)
    }
}

/// The cargo that runs us.
pub(crate) fn cargo() -> String {
    env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Cargo with these arguments, in the clone.
pub(crate) fn cargo_in(workspace: &Workspace, arguments: &[&str]) -> std::process::Command {
    let mut cargo = command(cargo());
    cargo.args(arguments).current_dir(&workspace.root);
    cargo
}

/// Runs cargo as a step that must succeed.
pub(crate) fn cargo_step(
    workspace: &Workspace,
    arguments: &[&str],
    what: &str,
    otherwise: &str,
) -> Result<(), Fail> {
    process::must(&mut cargo_in(workspace, arguments), what, otherwise)
}
