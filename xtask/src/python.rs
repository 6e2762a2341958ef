//! Programs of the Python world that the tests need: an environment of their own a list of pinned packages.
//!
//! Like the tools of the Rust world they stand outside the clone, so that a second clone does not pay for them again.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    fail::{Done, Fail},
    process::{command, must},
    tools::tools_folder,
};

/// Written last, so that an environment that was cut off while it was made is made again.
const WHOLE: &str = "whole";

/// The folder of the programs that a list of pinned packages brings, after making it when there is none.
pub(crate) fn programs(requirements: &Path) -> Result<PathBuf, Fail> {
    let folder = folder(requirements)?;
    let programs = folder.join("bin");
    if folder.join(WHOLE).exists() {
        return Ok(programs);
    }
    println!("Fetching the Python programs of {} into {}", requirements.display(), folder.display());
    make(&folder, requirements)?;
    fs::write(folder.join(WHOLE), "").map_err(|error| {
        Fail::new(
            format!("{} cannot be written: {error}", folder.display()),
            "see the space and the rights there",
        )
    })?;
    Ok(programs)
}

fn make(folder: &Path, requirements: &Path) -> Done {
    let mut environment = command("python3");
    environment.args(["-m", "venv", "--clear"]).arg(folder);
    must(
        &mut environment,
        "a Python environment could not be made",
        "is python3-venv installed, and is there space?",
    )?;
    let mut install = command(folder.join("bin/pip"));
    install.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(requirements);
    let otherwise =
        "pip's reason is above; most often its registry could not be reached: run again when it can";
    must(&mut install, "the Python programs could not be fetched", otherwise)
}

/// Named for what the list says, so that another list is another environment.
fn folder(requirements: &Path) -> Result<PathBuf, Fail> {
    let list = fs::read(requirements).map_err(|error| {
        Fail::new(
            format!("{} cannot be read: {error}", requirements.display()),
            "restore it from the repository",
        )
    })?;
    let Some(tools) = tools_folder() else {
        return Err(Fail::new("there is no home folder to keep tools in", "name one in ODEON_TOOLS"));
    };
    Ok(tools.join(format!("python-{:016x}", fingerprint(&list))))
}

/// FNV-1a: enough to tell lists apart that nobody forges.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_list_is_another_environment() {
        assert_ne!(fingerprint(b"a==1"), fingerprint(b"a==2"));
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
    }

    #[test]
    fn an_absent_list_says_what_to_do() {
        let fail = programs(Path::new("/absent/requirements.txt")).unwrap_err();
        assert!(fail.to_string().contains("do: restore it"), "{fail}");
    }
}
