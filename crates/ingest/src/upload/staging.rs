//! The staging folder: one file an upload, named by its number.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use kernel::Fault;

use super::{checksum::Checksum, model::UploadId};

/// The staging folder.
#[derive(Clone, Debug)]
pub(crate) struct Staging {
    folder: PathBuf,
}

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The staging file of this upload.
    Upload(UploadId),
    /// Something else, which is no use to anybody.
    Stray(PathBuf),
}

/// Runs blocking file work off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(run).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn broken(error: io::Error) -> Fault {
    Fault::from_error("a staging file can't be written or read", error)
}

impl Staging {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The staging file of an upload.
    pub(crate) fn path(&self, id: UploadId) -> PathBuf {
        self.folder.join(id.to_string())
    }

    /// Makes the folder when absent.
    pub(crate) async fn make(&self) -> Result<(), Fault> {
        let folder = self.folder.clone();
        blocking(move || fs::create_dir_all(folder)).await.map_err(broken)
    }

    /// Makes an empty staging file whose name survives a power cut.
    pub(crate) async fn create(&self, id: UploadId) -> Result<(), Fault> {
        let (path, folder) = (self.path(id), self.folder.clone());
        let made = blocking(move || {
            File::create_new(path)?;
            File::open(folder)?.sync_all()
        });
        made.await.map_err(broken)
    }

    /// Opens a staging file to go on at `offset`, what lies behind is cut off; `None` when the file is absent or
    /// shorter than that, so that acknowledged bytes are lost.
    pub(super) async fn open(&self, id: UploadId, offset: u64) -> Result<Option<Arc<File>>, Fault> {
        let path = self.path(id);
        let opened = blocking(move || {
            let mut file = match File::options().read(true).write(true).open(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                file => file?,
            };
            if file.metadata()?.len() < offset {
                return Ok(None);
            }
            file.set_len(offset)?;
            file.seek(SeekFrom::Start(offset))?;
            Ok(Some(Arc::new(file)))
        });
        opened.await.map_err(broken)
    }

    /// The size of a staging file; `None` when it is absent.
    pub(crate) async fn bytes(&self, id: UploadId) -> Result<Option<u64>, Fault> {
        let path = self.path(id);
        match blocking(move || fs::metadata(path)).await {
            Ok(data) => Ok(Some(data.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(broken(error)),
        }
    }

    /// Gives the file of an upload a second name, to be handed to the blobs, which move what they are given. The
    /// first name keeps the bytes until the hand-over is committed.
    pub(crate) async fn second_name(&self, id: UploadId) -> Result<PathBuf, Fault> {
        let (path, second) = (self.path(id), self.folder.join(format!("{id}.out")));
        let made = blocking(move || {
            match fs::remove_file(&second) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            match fs::hard_link(&path, &second) {
                // A file system without second names.
                Err(error) if error.kind() != ErrorKind::NotFound => fs::copy(&path, &second).map(|_| second),
                other => other.map(|()| second),
            }
        });
        made.await.map_err(broken)
    }

    /// Removes the file of an upload and its second name; no error when they are absent.
    pub(crate) async fn remove(&self, id: UploadId) -> Result<(), Fault> {
        self.remove_path(self.path(id)).await?;
        self.remove_path(self.folder.join(format!("{id}.out"))).await
    }

    /// Removes a file of the folder; no error when it is absent.
    pub(crate) async fn remove_path(&self, path: PathBuf) -> Result<(), Fault> {
        match blocking(move || fs::remove_file(path)).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(broken(error)),
            _ => Ok(()),
        }
    }

    /// All files of the folder.
    pub(crate) async fn list(&self) -> Result<Vec<Found>, Fault> {
        let folder = self.folder.clone();
        let listed = blocking(move || {
            fs::read_dir(folder)?
                .map(|entry| {
                    let entry = entry?;
                    let id = entry.file_name().to_str().and_then(|name| name.parse().ok());
                    Ok(id.map_or_else(|| Found::Stray(entry.path()), Found::Upload))
                })
                .collect()
        });
        listed.await.map_err(broken)
    }
}

/// Writes pieces at the file's position, through the checksum if there is one, and gives both back. On an error the
/// file's end is not to be trusted.
pub(super) async fn write(
    file: &Arc<File>,
    pieces: Vec<Bytes>,
    mut checksum: Option<Checksum>,
) -> Result<Option<Checksum>, Fault> {
    let file = Arc::clone(file);
    let written = blocking(move || {
        for piece in &pieces {
            (&*file).write_all(piece)?;
            if let Some(checksum) = &mut checksum {
                checksum.update(piece);
            }
        }
        Ok(checksum)
    });
    written.await.map_err(broken)
}

/// Makes what was written durable.
pub(super) async fn sync(file: &Arc<File>) -> Result<(), Fault> {
    let file = Arc::clone(file);
    blocking(move || file.sync_data()).await.map_err(broken)
}

/// Cuts the file off at `offset`.
pub(super) async fn cut(file: &Arc<File>, offset: u64) -> Result<(), Fault> {
    let file = Arc::clone(file);
    blocking(move || file.set_len(offset)).await.map_err(broken)
}
