//! The folder chooser: which folders there are below one, so that nobody has to type a path.

use std::{
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Error, path};

/// Folders of one listing; the rest is left out and `truncated` says so.
pub(crate) const FOLDERS_MAX: usize = 1000;
/// Entries that are looked at for one listing, so that a folder of millions of files costs a moment and no more.
const ENTRIES_LOOKED_AT_MAX: usize = 200_000;

/// A folder below the listed one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Folder {
    /// Its name.
    pub name: String,
    /// Its path, to list it or to name it as a library.
    pub path: String,
}

/// The folders below one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FolderList {
    /// The folder that is listed.
    pub path: String,
    /// The folder above it; absent at the top.
    pub parent: Option<String>,
    /// The folders in it, by name, at most 1,000; hidden ones are left out.
    pub folders: Vec<Folder>,
    /// Whether there are more than are listed.
    pub truncated: bool,
}

/// Lists the folders below `at`. Names only: no file, no size, no content is told.
pub(crate) fn list(at: &str) -> Result<FolderList, Error> {
    let asked = path::given(at);
    if !asked.is_absolute() {
        return Err(Error::Path("Give a whole path, one that begins with a slash.".to_owned()));
    }
    let folder = asked.canonicalize().map_err(|error| refused(&asked, &error))?;
    let (mut names, more) = names_in(&folder).map_err(|error| refused(&asked, &error))?;
    names.sort_unstable_by_key(|name| (name.to_ascii_lowercase(), name.clone()));
    let truncated = more || names.len() > FOLDERS_MAX;
    names.truncate(FOLDERS_MAX);
    let folders = names.into_iter().map(|name| Folder {
        path: path::show(folder.join(std::ffi::OsStr::from_bytes(&name)).as_os_str().as_bytes()),
        name: path::show(&name),
    });
    Ok(FolderList {
        path: shown(&folder),
        parent: folder.parent().map(shown),
        folders: folders.collect(),
        truncated,
    })
}

fn names_in(folder: &Path) -> io::Result<(Vec<Vec<u8>>, bool)> {
    let mut names = Vec::new();
    for (count, entry) in std::fs::read_dir(folder)?.enumerate() {
        if count >= ENTRIES_LOOKED_AT_MAX {
            return Ok((names, true));
        }
        let entry = entry?;
        let name = entry.file_name();
        // A link to a folder may be chosen: it is resolved when the library is added.
        let is_folder = match entry.file_type()? {
            kind if kind.is_dir() => true,
            kind if kind.is_symlink() => entry.path().is_dir(),
            _ => false,
        };
        if is_folder && !name.as_bytes().starts_with(b".") {
            names.push(name.as_bytes().to_vec());
        }
    }
    Ok((names, false))
}

fn shown(folder: impl AsRef<Path>) -> String {
    path::show(folder.as_ref().as_os_str().as_bytes())
}

/// A sentence about a folder that can't be read.
pub(super) fn refused(folder: &PathBuf, error: &io::Error) -> Error {
    let name = shown(folder);
    Error::Path(match error.kind() {
        io::ErrorKind::NotFound => format!("There is no folder {name} on the server. Check the spelling."),
        io::ErrorKind::NotADirectory => format!("{name} is not a folder. Name the folder that it is in."),
        io::ErrorKind::PermissionDenied => {
            format!("The server may not read {name}. Give its user permission to read the folder.")
        }
        _ => format!("{name} can't be read: {error}."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_are_listed_and_at_most_a_thousand() {
        let root = tempfile::tempdir().expect("a folder can be made");
        for number in 0..=FOLDERS_MAX {
            std::fs::create_dir(root.path().join(format!("f{number:04}"))).expect("a folder can be made");
        }
        std::fs::write(root.path().join("a secret.txt"), "x").expect("a file can be written");
        std::fs::create_dir(root.path().join(".hidden")).expect("a folder can be made");
        let listed = list(&shown(root.path())).expect("it is listed");
        assert_eq!((listed.folders.len(), listed.truncated), (FOLDERS_MAX, true));
        assert!(listed.folders.iter().all(|folder| folder.name.starts_with('f')));
        assert_eq!(listed.folders[0].name, "f0000");
    }

    #[test]
    fn what_is_no_folder_is_refused_with_a_reason() {
        let root = tempfile::tempdir().expect("a folder can be made");
        let file = root.path().join("file");
        std::fs::write(&file, "x").expect("a file can be written");
        for (at, word) in [
            (shown(&file), "not a folder"),
            ("relative".to_owned(), "whole path"),
            ("/no/such".to_owned(), "no folder"),
        ] {
            let error = list(&at).expect_err("it is refused").to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn a_name_that_is_no_text_can_be_chosen() {
        let root = tempfile::tempdir().expect("a folder can be made");
        let odd = root.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9\n"));
        std::fs::create_dir_all(odd.join("inside")).expect("a folder can be made");
        let listed = list(&shown(root.path())).expect("it is listed");
        assert_eq!(listed.folders[0].name, "caf\\xe9\\x0a");
        let below = list(&listed.folders[0].path).expect("it is listed");
        assert_eq!(below.folders[0].name, "inside");
    }
}
