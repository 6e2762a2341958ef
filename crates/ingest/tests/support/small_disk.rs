//! A disk of a few MiB for one test, which can really be filled.

use std::path::{Path, PathBuf};

/// Tells the inner run of a test that it has a small disk.
const VARIABLE: &str = "ODEON_TEST_SMALL_DISK";

/// The small disk, in the inner run of a test.
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Runs the test named `name` once more, with temporary files on a small disk that only it sees. `None` in the
    /// outer run, whose test is over when the inner one has passed.
    ///
    /// # Panics
    /// When the inner run fails, or no such disk can be had.
    pub fn enter(name: &str, mebibytes: u32) -> Option<Self> {
        if let Some(folder) = std::env::var_os(VARIABLE) {
            return Some(Self { folder: folder.into() });
        }
        let folder = tempfile::tempdir().unwrap();
        let script = format!(
            "mount -t tmpfs -o size={mebibytes}m tmpfs \"$1\" && TMPDIR=\"$1\" {VARIABLE}=\"$1\" exec \"$2\" --exact \"$3\""
        );
        #[expect(clippy::disallowed_methods, reason = "this very test, with another disk")]
        let mut inner = std::process::Command::new("unshare");
        inner.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "small_disk"]);
        let inner = inner.arg(folder.path()).arg(std::env::current_exe().unwrap()).arg(name);
        let output = inner.output().expect("unshare is installed (util-linux)");
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        // A filter that matches no test passes too.
        let passed = output.status.success() && said.contains("1 passed");
        assert!(
            passed,
            "the test failed on a small disk, or none could be mounted (user namespaces off?):\n{said}"
        );
        None
    }

    /// Leaves `free` bytes; the filler goes when it is dropped.
    pub fn fill_but(&self, free: u64) -> Filler {
        let disk = rustix::fs::statvfs(&self.folder).unwrap();
        let bytes = (disk.f_bavail * disk.f_frsize).saturating_sub(free);
        let path = self.folder.join("filler");
        std::fs::write(&path, vec![1; usize::try_from(bytes).unwrap()]).unwrap();
        Filler { path }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// What fills the disk.
pub struct Filler {
    path: PathBuf,
}

impl Drop for Filler {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
