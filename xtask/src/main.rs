//! `cargo xtask`: everything that is done to Odeon's sources, from a clone to a running program, green tests and
//! figures.
//!
//! It owns what the machine needs ([`needs`], [`tools`]), the order of the checks ([`test`]), the house rules
//! ([`tidy`]) and the frame of the benchmarks ([`bench`]). It is never part of the product, and nothing of the
//! product depends on it. Start reading at [`help`], then at the module of the command.

mod bench;
mod fail;
mod needs;
mod openapi;
mod page;
mod process;
mod python;
mod run;
mod test;
mod tidy;
mod tools;
mod workspace;

use std::{env, process::ExitCode};

use fail::{Done, Fail};

const HELP: &str = "\
cargo xtask: build, run, test and measure Odeon

  cargo xtask run [-- ARGUMENTS OF odeon serve]
      Installs what is missing (ffmpeg, a C compiler), builds the page and the program in release, and starts
      `odeon serve`. The data folder is ./data in the clone unless --data or ODEON_DATA names another.

  cargo xtask test [FILTER…] [--no-e2e] [--only STEP,…]
      Installs what the tests need (ffmpeg, Chromium, PostgreSQL, an S3 server, cargo-nextest, cargo-deny), then
      runs every check and test in order and stops at the first failure. With a FILTER only the Rust tests whose
      name contains it are run, on both engines. Steps: STEPS

  cargo xtask tidy [--ratchet]
      Checks the house rules that CONTRIBUTING.md lists. --ratchet lowers the limits in xtask/tidy.ratchet to what
      the sources now need; it never raises one.

  cargo xtask openapi [--check]
      Writes docs/openapi.json from the built program, or says that the two differ.

  cargo xtask bench NAME [--json] [--quick]
      Measures, beside a peer in the same run, and prints a table. --json ends with one line of JSON. --quick is a
      smaller run of the same kind. Benchmarks: BENCHES

  cargo xtask --help
      This text.

Variables: ODEON_TOOLS is the folder for cargo-nextest, cargo-deny and the S3 server when they have to be built
(default ~/.cache/odeon/tools). ODEON_CHROMIUM is the Chromium to drive. ODEON_TEST_POSTGRES and ODEON_TEST_S3 name
servers to test against instead of the ones that the command starts.";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fail) => {
            eprintln!("\n{fail}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Done {
    let Some((name, rest)) = arguments.split_first() else {
        println!("{}", help());
        return Ok(());
    };
    match name.as_str() {
        "run" => run::run(rest),
        "test" => test::test(rest),
        "tidy" => tidy::tidy(rest),
        "openapi" => openapi::openapi(rest),
        "bench" => bench::bench(rest),
        "--help" | "-h" | "help" => {
            println!("{}", help());
            Ok(())
        }
        other => Err(Fail::new(
            format!("there is no command `{other}`"),
            "see `cargo xtask --help`; the commands are run, test, tidy, openapi and bench",
        )),
    }
}

/// The help with the lists that only the code knows.
fn help() -> String {
    HELP.replace("STEPS", &test::step_names()).replace("BENCHES", &bench::names())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_command_names_the_known_ones() {
        let fail = dispatch(&["serve".to_owned()]).unwrap_err();
        assert!(fail.to_string().contains("run, test, tidy, openapi and bench"), "{fail}");
    }

    #[test]
    fn the_help_names_every_step_of_the_tests() {
        assert!(help().contains(&test::step_names()));
    }
}
