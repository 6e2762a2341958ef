//! `cargo xtask run`: from a clone to the running program.

use std::{env, os::unix::process::CommandExt as _, path::Path};

use crate::{
    fail::{Done, Fail},
    needs::{self, COMPILER, FFMPEG},
    page,
    process::{self, command},
    workspace::{Workspace, cargo_step},
};

/// Sets up, builds, and becomes `odeon serve`.
pub(crate) fn run(arguments: &[String]) -> Done {
    let arguments = serve_arguments(arguments)?;
    needs::node()?;
    needs::meet(&[COMPILER, FFMPEG])?;
    let workspace = Workspace::find()?;
    process::listen()?;
    release(&workspace)?;
    let program = workspace.program("release");
    let own_config = env::current_dir().is_ok_and(|folder| folder.join("odeon.toml").exists());
    let mut serve = command(&program);
    serve.arg("serve").args(&arguments);
    if !(own_config || names_data(&arguments) || env::var_os("ODEON_DATA").is_some()) {
        // The clone's, from whichever folder the command was typed in.
        serve.arg("--data").arg(workspace.root.join("data"));
    }
    let error = serve.exec();
    Err(Fail::new(format!("{} could not be started: {error}", program.display()), "run the command again"))
}

/// Builds the page and then the program that carries it.
pub(crate) fn release(workspace: &Workspace) -> Done {
    page::build(workspace)?;
    println!("Building the program (some minutes the first time)");
    cargo_step(
        workspace,
        &["build", "--release", "-p", "odeon"],
        "the program does not build",
        "mend what the compiler names above; if a download failed, run again when crates.io can be reached",
    )
}

/// What comes after `--`, or everything when there is none.
fn serve_arguments(arguments: &[String]) -> Result<Vec<String>, Fail> {
    match arguments.iter().position(|argument| argument == "--") {
        None => Ok(arguments.to_vec()),
        Some(0) => Ok(arguments[1..].to_vec()),
        Some(_) => Err(Fail::new(
            format!("`cargo xtask run` takes nothing before `--`, and got `{}`", arguments[0]),
            "put the arguments of `odeon serve` after it: `cargo xtask run -- --listen 127.0.0.1:9000`",
        )),
    }
}

fn names_data(arguments: &[String]) -> bool {
    let is_config = |argument: &String| Path::new(argument).extension().is_some_and(|end| end == "toml");
    arguments
        .iter()
        .any(|argument| argument == "--data" || argument.starts_with("--data=") || is_config(argument))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn arguments_after_the_dashes_go_to_the_program() {
        assert_eq!(
            serve_arguments(&words("-- --listen 127.0.0.1:9000")).unwrap(),
            words("--listen 127.0.0.1:9000")
        );
        assert_eq!(serve_arguments(&words("--data /srv")).unwrap(), words("--data /srv"));
        assert!(serve_arguments(&words("serve -- --data /srv")).is_err());
    }

    #[test]
    fn a_data_folder_that_was_named_is_kept() {
        assert!(names_data(&words("--data /srv")));
        assert!(names_data(&words("--data=/srv")));
        assert!(!names_data(&words("--listen 127.0.0.1:9000")));
    }
}
