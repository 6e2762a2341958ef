//! `cargo xtask openapi`: the description of the API, as the built program prints it.

use std::fs;

use crate::{
    fail::{Done, Fail},
    page,
    process::{self, command},
    workspace::{Workspace, cargo_step},
};

/// Where the description is kept, so that a change to the API is seen in review.
pub(crate) const FILE: &str = "docs/openapi.json";

/// Builds the program in the dev profile and writes or checks the file.
pub(crate) fn openapi(arguments: &[String]) -> Done {
    let only_check = match arguments {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return Err(Fail::new("`cargo xtask openapi` takes only --check", "see `cargo xtask --help`")),
    };
    let workspace = Workspace::find()?;
    process::listen()?;
    page::build(&workspace)?;
    build(&workspace)?;
    if only_check { check(&workspace) } else { write(&workspace) }
}

/// Builds the program in the dev profile, which is the one that tests use.
pub(crate) fn build(workspace: &Workspace) -> Done {
    let arguments = ["build", "-p", "odeon"];
    cargo_step(workspace, &arguments, "the program does not build", "mend what the compiler names above")
}

fn write(workspace: &Workspace) -> Done {
    let text = described(workspace)?;
    let file = workspace.root.join(FILE);
    fs::write(&file, text).map_err(|error| {
        Fail::new(
            format!("{} cannot be written: {error}", file.display()),
            "see whose it is, and the disk's space",
        )
    })?;
    println!("{FILE} is written");
    Ok(())
}

/// Fails when the kept description is not what the built program says.
pub(crate) fn check(workspace: &Workspace) -> Done {
    let said = described(workspace)?;
    let kept = fs::read_to_string(workspace.root.join(FILE)).unwrap_or_default();
    let Some(line) = first_difference(&kept, &said) else {
        println!("{FILE} is what the program says");
        return Ok(());
    };
    Err(Fail::new(
        format!("{FILE} is not what the program says, first at line {line}"),
        "run `cargo xtask openapi`, look at the difference, and commit it with the change to the API",
    ))
}

fn described(workspace: &Workspace) -> Result<String, Fail> {
    let program = workspace.program("debug");
    let out = command(&program).arg("openapi").output().map_err(|error| {
        Fail::new(
            format!("{} could not be started: {error}", program.display()),
            "build it: `cargo build -p odeon`",
        )
    })?;
    let words = String::from_utf8_lossy(&out.stderr);
    if !out.status.success() {
        let what = format!("`odeon openapi` failed ({}): {}", out.status, words.trim());
        return Err(Fail::new(what, "mend the program; it prints its description without any set-up"));
    }
    serde_json::from_slice::<serde_json::Value>(&out.stdout).map_err(|error| {
        Fail::new(
            format!("`odeon openapi` printed something else than JSON: {error}"),
            "nothing but the description may go to standard output",
        )
    })?;
    // The program's own words and order: what a reader of the file sees is what `/api/openapi.json` answers.
    Ok(format!("{}\n", String::from_utf8_lossy(&out.stdout).trim()))
}

/// The first line, from 1, at which two texts differ.
fn first_difference(kept: &str, said: &str) -> Option<usize> {
    if kept == said {
        return None;
    }
    let same = kept.lines().zip(said.lines()).take_while(|(a, b)| a == b).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("", "a\n"), Some(1));
    }
}
