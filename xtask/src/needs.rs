//! What the machine must have, and how it gets it from apt.
//!
//! A need is met by a program, not by a package: an ffmpeg that somebody built serves as well as Debian's.

use std::{
    env,
    ffi::OsString,
    fs,
    io::{BufRead, IsTerminal, Write as _, stdin, stdout},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    fail::{Done, Fail},
    process::{command, output},
};

/// The oldest Node.js that the page's tools run on.
const NODE_MIN: (u32, u32) = (20, 19);

/// Something that the machine must have.
#[derive(Clone, Copy)]
pub(crate) struct Need {
    /// What it is for, in the words that are printed.
    what: &'static str,
    /// Debian's packages that bring it.
    packages: &'static [&'static str],
    /// Whether it is there.
    there: fn(&Machine) -> bool,
}

pub(crate) const COMPILER: Need = Need {
    what: "a C compiler and make, for SQLite and the allocator, which are built into the program",
    packages: &["gcc", "libc6-dev", "make"],
    there: |machine| machine.program("cc").is_some() && machine.program("make").is_some(),
};
pub(crate) const FFMPEG: Need = Need {
    what: "ffmpeg and ffprobe, which read and encode media",
    packages: &["ffmpeg"],
    there: |machine| machine.program("ffmpeg").is_some() && machine.program("ffprobe").is_some(),
};
pub(crate) const CHROMIUM: Need = Need {
    what: "Chromium, which the end-to-end tests drive",
    packages: &["chromium"],
    there: |machine| machine.chromium().is_some(),
};
pub(crate) const FONTS: Need = Need {
    what: "a font, without which pages and burnt-in test pictures have no letters",
    packages: &["fonts-dejavu-core"],
    there: |machine| machine.root.join("usr/share/fonts/truetype/dejavu/DejaVuSans.ttf").exists(),
};
pub(crate) const POSTGRES: Need = Need {
    what: "PostgreSQL, the second engine of every store test (Debian may start its own server too; the tests leave it alone)",
    packages: &["postgresql"],
    there: |machine| machine.postgres().is_some(),
};
pub(crate) const GIT: Need = Need {
    what: "git, which lists the files that the house rules are for",
    packages: &["git"],
    there: |machine| machine.program("git").is_some(),
};
pub(crate) const PYTHON: Need = Need {
    what: "Python, in which programs are written that test ours from outside",
    packages: &["python3", "python3-venv"],
    there: |machine| {
        machine.program("python3").is_some_and(|file| output(file, &["-c", "import ensurepip"]).is_some())
    },
};
pub(crate) const UNZIP: Need = Need {
    what: "unzip, which opens the archives that the page gives",
    packages: &["unzip"],
    there: |machine| machine.program("unzip").is_some(),
};
pub(crate) const NGINX: Need = Need {
    what: "nginx, the peer of the delivery benchmark",
    packages: &["nginx-light"],
    there: |machine| machine.program("nginx").is_some(),
};
pub(crate) const WRK: Need = Need {
    what: "wrk, which makes the load of the delivery benchmark",
    packages: &["wrk"],
    there: |machine| machine.program("wrk").is_some(),
};

/// Where programs and files are looked for.
pub(crate) struct Machine {
    path: Option<OsString>,
    root: PathBuf,
    chromium: Option<OsString>,
}

impl Machine {
    /// This machine.
    pub(crate) fn this() -> Self {
        Self { path: env::var_os("PATH"), root: PathBuf::from("/"), chromium: env::var_os("ODEON_CHROMIUM") }
    }

    /// The full path of a program, looked for on PATH and in the folders where Debian puts servers.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        let servers = [self.root.join("usr/sbin"), self.root.join("usr/local/sbin")];
        let path = self.path.clone().unwrap_or_default();
        env::split_paths(&path).chain(servers).map(|folder| folder.join(name)).find(|file| is_program(file))
    }

    /// The Chromium to drive: `ODEON_CHROMIUM`, or the first that is installed.
    pub(crate) fn chromium(&self) -> Option<PathBuf> {
        if let Some(named) = &self.chromium {
            return is_program(Path::new(named)).then(|| PathBuf::from(named));
        }
        ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| self.program(name))
    }

    /// The folder with `postgres`, `initdb` and `pg_isready`: the newest of Debian's, or the one on PATH.
    pub(crate) fn postgres(&self) -> Option<PathBuf> {
        let versions = fs::read_dir(self.root.join("usr/lib/postgresql")).into_iter().flatten();
        let mut found: Vec<(u32, PathBuf)> = versions
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let number = entry.file_name().to_str()?.parse().ok()?;
                Some((number, entry.path().join("bin")))
            })
            .filter(|(_, folder)| is_postgres(folder))
            .collect();
        found.sort();
        let on_path = || {
            self.program("initdb").and_then(|file| Some(fs::canonicalize(file).ok()?.parent()?.to_owned()))
        };
        found.pop().map(|(_, folder)| folder).or_else(|| on_path().filter(|folder| is_postgres(folder)))
    }

    fn missing<'a>(&self, needs: &'a [Need]) -> Vec<&'a Need> {
        let mut missing: Vec<&Need> = Vec::new();
        for need in needs.iter().filter(|need| !(need.there)(self)) {
            // Several steps may ask for the same.
            if !missing.iter().any(|other| other.what == need.what) {
                missing.push(need);
            }
        }
        missing
    }
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(file).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

fn is_postgres(folder: &Path) -> bool {
    ["postgres", "initdb", "pg_isready"].iter().all(|name| is_program(&folder.join(name)))
}

/// Installs whichever of the needs are missing, saying what and asking only a person at a terminal.
pub(crate) fn meet(needs: &[Need]) -> Done {
    let machine = Machine::this();
    let missing = machine.missing(needs);
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages.iter().copied()).collect();
    let by_hand = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
    println!("This machine lacks:");
    for need in &missing {
        println!("  - {} (package {})", need.what, need.packages.join(", "));
    }
    let way = Way::find(&machine, stdin().is_terminal());
    let Some(way) = way else {
        return Err(Fail::new(
            "these packages are missing, and installing them takes rights that this user has not",
            format!(
                "as root, type `apt-get update && {by_hand}`, or install the programs in your own way; then run again"
            ),
        ));
    };
    println!("It will be installed with: {}{by_hand}", way.prefix());
    if stdin().is_terminal() && !agreed(&mut stdin().lock()) {
        return Err(Fail::new(
            "nothing was installed, as you asked",
            format!("install it yourself: {by_hand}"),
        ));
    }
    install(way, &packages)?;
    let still: Vec<&str> = machine.missing(needs).iter().map(|need| need.what).collect();
    if still.is_empty() {
        return Ok(());
    }
    Err(Fail::new(
        format!("apt-get ran, and yet this is missing: {}", still.join("; ")),
        "see what `apt-get` printed above, and whether PATH holds /usr/bin",
    ))
}

/// How packages can be installed here.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Root,
    /// sudo may ask for a password, since somebody is there to type it.
    SudoAsking,
    SudoSilent,
}

impl Way {
    fn find(machine: &Machine, terminal: bool) -> Option<Self> {
        machine.program("apt-get")?;
        if rustix::process::geteuid().is_root() {
            return Some(Self::Root);
        }
        let sudo = machine.program("sudo")?;
        if terminal {
            return Some(Self::SudoAsking);
        }
        output(sudo, &["-n", "true"]).map(|_| Self::SudoSilent)
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Root => "",
            Self::SudoAsking => "sudo ",
            Self::SudoSilent => "sudo -n ",
        }
    }

    fn apt(self) -> Command {
        let mut apt = match self {
            Self::Root => command("env"),
            Self::SudoAsking | Self::SudoSilent => command("sudo"),
        };
        if self == Self::SudoSilent {
            apt.arg("-n");
        }
        if self != Self::Root {
            apt.arg("env");
        }
        apt.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"]);
        apt
    }
}

/// Asks, and takes a bare Return for yes.
fn agreed(input: &mut impl BufRead) -> bool {
    print!("Go on? [Y/n] ");
    let _ = stdout().flush();
    let mut answer = String::new();
    input.read_line(&mut answer).is_ok_and(|bytes| bytes > 0)
        && matches!(answer.trim().to_ascii_lowercase().as_str(), "" | "y" | "yes")
}

fn install(way: Way, packages: &[&str]) -> Done {
    let update = way.apt().args(["update", "-qq"]).status();
    if !update.is_ok_and(|status| status.success()) {
        // The lists that are there may serve; apt-get install will say so if they don't.
        println!("note: apt-get update failed; trying with the package lists that are here");
    }
    let status =
        way.apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages).status().map_err(
            |error| {
                Fail::new(format!("apt-get could not be started: {error}"), "install the packages by hand")
            },
        )?;
    if status.success() {
        return Ok(());
    }
    Err(Fail::new(
        format!("apt-get could not install {} ({status})", packages.join(" ")),
        "its reason is above; most often the network or the package lists: try `apt-get update`, then run again",
    ))
}

/// Checks Node.js, which is the one thing besides Rust that is not installed for you: Debian's may be too old.
pub(crate) fn node() -> Done {
    let then = format!(
        "install Node.js {}.{} or newer with its npm (your system's `nodejs` and `npm` packages if they are that new, \
         else from nodejs.org), see that `node --version` says so, and run again",
        NODE_MIN.0, NODE_MIN.1
    );
    let Some(version) = output("node", &["--version"]) else {
        return Err(Fail::new("Node.js is not installed, and the page is built with it", then));
    };
    if version_of(&version).is_none_or(|found| found < NODE_MIN) {
        return Err(Fail::new(format!("Node.js {version} is too old to build the page"), then));
    }
    if output("npm", &["--version"]).is_none() {
        return Err(Fail::new("Node.js is here but its npm is not", then));
    }
    Ok(())
}

/// Major and minor of `v20.19.3` or `cargo-nextest 0.9.143 (…)`.
pub(crate) fn version_of(text: &str) -> Option<(u32, u32)> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let mut parts = text[start..].split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// A machine that has only what a test puts there.
    struct Bare {
        folder: PathBuf,
        machine: Machine,
    }

    impl Bare {
        fn new(name: &str) -> Self {
            let folder = env::temp_dir().join(format!("odeon-xtask-{name}-{}", std::process::id()));
            fs::create_dir_all(folder.join("usr/bin")).unwrap();
            let path = Some(folder.join("usr/bin").into_os_string());
            let machine = Machine { path, root: folder.clone(), chromium: None };
            Self { folder, machine }
        }

        fn put(&self, file: &str, mode: u32) {
            let file = self.folder.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, "").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        }

        fn lacks(&self, need: Need) -> bool {
            !self.machine.missing(&[need]).is_empty()
        }
    }

    impl Drop for Bare {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.folder).unwrap();
        }
    }

    #[test]
    fn a_bare_machine_lacks_everything() {
        let bare = Bare::new("bare");
        let needs = [COMPILER, FFMPEG, CHROMIUM, FONTS, POSTGRES, GIT, NGINX, WRK];
        assert_eq!(bare.machine.missing(&needs).len(), needs.len());
    }

    #[test]
    fn ffmpeg_without_ffprobe_is_not_enough() {
        let bare = Bare::new("ffmpeg");
        bare.put("usr/bin/ffmpeg", 0o755);
        assert!(bare.lacks(FFMPEG));
        bare.put("usr/bin/ffprobe", 0o755);
        assert!(!bare.lacks(FFMPEG));
    }

    #[test]
    fn a_file_that_cannot_be_run_is_no_program() {
        let bare = Bare::new("mode");
        bare.put("usr/bin/cc", 0o644);
        assert!(bare.lacks(COMPILER));
    }

    #[test]
    fn the_newest_postgres_that_has_its_server_is_taken() {
        let bare = Bare::new("postgres");
        for version in ["9", "15", "16"] {
            bare.put(&format!("usr/lib/postgresql/{version}/bin/initdb"), 0o755);
            bare.put(&format!("usr/lib/postgresql/{version}/bin/pg_isready"), 0o755);
        }
        assert!(bare.lacks(POSTGRES), "the client alone is not enough");
        bare.put("usr/lib/postgresql/9/bin/postgres", 0o755);
        bare.put("usr/lib/postgresql/15/bin/postgres", 0o755);
        assert_eq!(bare.machine.postgres(), Some(bare.folder.join("usr/lib/postgresql/15/bin")));
    }

    #[test]
    fn a_named_chromium_that_is_not_there_is_missing() {
        let mut bare = Bare::new("chromium");
        bare.put("usr/bin/chromium", 0o755);
        assert!(!bare.lacks(CHROMIUM));
        bare.machine.chromium = Some(bare.folder.join("usr/bin/other").into_os_string());
        assert!(bare.lacks(CHROMIUM));
    }

    #[test]
    fn return_means_yes_and_the_end_of_input_means_no() {
        assert!(agreed(&mut "\n".as_bytes()));
        assert!(agreed(&mut "Y\n".as_bytes()));
        assert!(!agreed(&mut "n\n".as_bytes()));
        assert!(!agreed(&mut "what?\n".as_bytes()));
        assert!(!agreed(&mut "".as_bytes()));
    }

    #[test]
    fn versions_are_read_from_what_programs_say() {
        assert_eq!(version_of("v20.20.2"), Some((20, 20)));
        assert_eq!(version_of("cargo-nextest 0.9.143 (60fa45f63 2026-08-04)"), Some((0, 9)));
        assert_eq!(version_of("none"), None);
    }

    #[test]
    fn without_apt_there_is_no_way_to_install() {
        let bare = Bare::new("apt");
        assert_eq!(Way::find(&bare.machine, false), None);
    }
}
