//! The page's packages and its build, each done again only when what it is made from has changed.

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::Hasher as _,
    path::{Path, PathBuf},
};

use crate::{
    fail::{Done, Fail},
    process::{command, must},
    workspace::Workspace,
};

/// Folders that are made from the others.
const MADE: [&str; 2] = ["node_modules", "dist"];

/// `npm ci` in a folder of the clone, unless its packages are those of its lock file.
pub(crate) fn packages(folder: &Path) -> Done {
    let lock = folder.join("package-lock.json");
    let text = fs::read(&lock).map_err(|error| {
        Fail::new(
            format!("{} cannot be read: {error}", lock.display()),
            "restore it: `git checkout` that file",
        )
    })?;
    let stamp = folder.join("node_modules/.odeon-stamp");
    let wanted = format!("{:016x}", hash(&[&text]));
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    println!("Installing npm packages in {}", folder.display());
    let mut npm = command("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder);
    must(
        &mut npm,
        &format!("`npm ci` failed in {}", folder.display()),
        "its reason is above; most often the npm registry could not be reached: run again when it can",
    )?;
    write(&stamp, &wanted)
}

/// `npm run build` in `web`, unless `web/dist` is what the sources make.
pub(crate) fn build(workspace: &Workspace) -> Done {
    let web = workspace.root.join("web");
    let stamp = workspace.memory()?.join("page-stamp");
    packages(&web)?;
    if is_current(&web, &stamp)? {
        println!("The page is built already and nothing of it has changed");
        return Ok(());
    }
    println!("Building the page");
    let mut npm = command("npm");
    npm.args(["run", "build"]).current_dir(&web);
    must(&mut npm, "the page does not build", "mend what is named above, under web/")?;
    if !web.join("dist/index.html").exists() {
        return Err(Fail::new(
            "the page's build left no web/dist/index.html",
            "see that web/vite.config.ts writes to dist",
        ));
    }
    write(&stamp, &fingerprint(&web)?)
}

fn is_current(web: &Path, stamp: &Path) -> Result<bool, Fail> {
    if !web.join("dist/index.html").exists() {
        return Ok(false);
    }
    let now = fingerprint(web)?;
    Ok(fs::read_to_string(stamp).is_ok_and(|found| found == now))
}

/// One number for the sources and one for what was built of them.
fn fingerprint(web: &Path) -> Result<String, Fail> {
    let sources = tree_hash(web, &MADE)?;
    let built = tree_hash(&web.join("dist"), &[])?;
    Ok(format!("{sources:016x} {built:016x}"))
}

/// Names and contents of all files below `folder`, without the folders named in `skip` at its top.
fn tree_hash(folder: &Path, skip: &[&str]) -> Result<u64, Fail> {
    let mut files = Vec::new();
    list(folder, skip, &mut files)?;
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        let bytes = fs::read(&file).map_err(|error| unreadable(&file, &error))?;
        let name = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().into_owned();
        hasher.write_u64(hash(&[name.as_bytes(), &bytes]));
    }
    Ok(hasher.finish())
}

fn list(folder: &Path, skip: &[&str], files: &mut Vec<PathBuf>) -> Done {
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let kind = entry.file_type().map_err(|error| unreadable(&entry.path(), &error))?;
        if kind.is_dir() {
            if !skip.iter().any(|name| entry.file_name() == *name) {
                list(&entry.path(), &[], files)?;
            }
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn hash(parts: &[&[u8]]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for part in parts {
        hasher.write_usize(part.len());
        hasher.write(part);
    }
    hasher.finish()
}

fn write(file: &Path, text: &str) -> Done {
    fs::write(file, text).map_err(|error| {
        Fail::new(
            format!("{} cannot be written: {error}", file.display()),
            "see whose file it is, and the disk's space",
        )
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Fail {
    Fail::new(format!("{} cannot be read: {error}", path.display()), "see whose it is")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Web(PathBuf);

    impl Web {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("odeon-xtask-{name}-{}", std::process::id()));
            let web = Self(folder);
            web.put("src/app.ts", "one");
            web.put("dist/index.html", "<p>one");
            fs::write(web.stamp(), fingerprint(&web.0).unwrap()).unwrap();
            web
        }

        fn stamp(&self) -> PathBuf {
            self.0.with_extension("stamp")
        }

        fn put(&self, file: &str, text: &str) {
            let file = self.0.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }

        fn is_current(&self) -> bool {
            is_current(&self.0, &self.stamp()).unwrap()
        }
    }

    impl Drop for Web {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
            fs::remove_file(self.stamp()).unwrap();
        }
    }

    #[test]
    fn an_unchanged_page_is_not_built_again() {
        let web = Web::new("page-same");
        assert!(web.is_current());
        web.put("node_modules/a/index.js", "packages are the lock file's matter");
        assert!(web.is_current());
    }

    #[test]
    fn a_changed_or_renamed_source_is_built_again() {
        let web = Web::new("page-source");
        web.put("src/app.ts", "two");
        assert!(!web.is_current());
        web.put("src/app.ts", "one");
        assert!(web.is_current());
        fs::rename(web.0.join("src/app.ts"), web.0.join("src/main.ts")).unwrap();
        assert!(!web.is_current());
    }

    #[test]
    fn a_build_that_was_touched_or_removed_is_made_again() {
        let web = Web::new("page-dist");
        web.put("dist/index.html", "<p>edited");
        assert!(!web.is_current());
        fs::remove_dir_all(web.0.join("dist")).unwrap();
        assert!(!web.is_current());
    }
}
