//! Blobs in a folder: written beside their place, synced, then renamed, so that a name is whole or absent.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _},
    ops::Range,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::stream;

use super::{BlobInfo, BlobKey, Blobs, ByteStream};
use crate::Fault;

/// Bytes that are read at a time.
const READ_BYTES: usize = 256 * 1024;

/// Blobs in a local folder.
#[derive(Debug)]
pub struct LocalBlobs {
    root: PathBuf,
    unfinished: PathBuf,
    next: AtomicU64,
}

impl LocalBlobs {
    /// Opens the store in `root` and makes the folder when absent.
    pub fn open(root: &Path) -> Result<Self, Fault> {
        let unfinished = root.join(".unfinished");
        let make = |path: &Path| {
            fs::create_dir_all(path).map_err(|error| {
                Fault::from_error(format!("the folder {} can't be made", path.display()), error)
            })
        };
        make(root)?;
        make(&unfinished)?;
        Ok(Self { root: root.to_owned(), unfinished, next: AtomicU64::new(0) })
    }

    /// Clears away what an earlier life of the program left unfinished; says how many files that were. Only for the
    /// one process that holds the lock on the data folder, before it writes anything.
    pub fn clear_unfinished(&self) -> Result<usize, Fault> {
        let mut count = 0;
        for entry in fs::read_dir(&self.unfinished)? {
            fs::remove_file(entry?.path())?;
            count += 1;
        }
        Ok(count)
    }

    fn path(&self, key: &BlobKey) -> PathBuf {
        self.root.join(key.as_str())
    }

    fn unfinished_path(&self) -> PathBuf {
        // The process is part of the name, since a command may write beside the running server.
        self.unfinished.join(format!("{}-{}", std::process::id(), self.next.fetch_add(1, Ordering::Relaxed)))
    }
}

/// Moves a synced file to its name and syncs the folders, so that the name survives a power cut too.
fn settle(from: &Path, to: &Path, root: &Path) -> io::Result<()> {
    let parent = to.parent().unwrap_or(root);
    if !parent.exists() {
        fs::create_dir_all(parent)?;
        for folder in parent.ancestors().skip(1) {
            File::open(folder)?.sync_all()?;
            if folder == root {
                break;
            }
        }
    }
    fs::rename(from, to)?;
    File::open(parent)?.sync_all()
}

/// Runs blocking file work off the async threads.
async fn blocking<T: Send + 'static>(run: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(run).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn absent<T>(result: io::Result<T>) -> Result<Option<T>, Fault> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Fault::from_error("a blob can't be read", error)),
    }
}

fn unwritten(error: io::Error) -> Fault {
    Fault::from_error("a blob can't be written", error)
}

#[async_trait]
impl Blobs for LocalBlobs {
    async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<(), Fault> {
        let (part, path, root) = (self.unfinished_path(), self.path(key), self.root.clone());
        let written = blocking(move || {
            let result = (|| {
                let mut file = File::create_new(&part)?;
                file.write_all(&bytes)?;
                file.sync_all()?;
                settle(&part, &path, &root)
            })();
            if result.is_err() {
                // Makes room again after a full disk; what stays is cleared away at the next start.
                let _ = fs::remove_file(&part);
            }
            result
        });
        written.await.map_err(unwritten)
    }

    async fn put_file(&self, key: &BlobKey, file: &Path) -> Result<(), Fault> {
        let (part, path, root, file) =
            (self.unfinished_path(), self.path(key), self.root.clone(), file.to_owned());
        let written = blocking(move || {
            let result = (|| {
                match File::open(&file)?.sync_all().and_then(|()| fs::rename(&file, &part)) {
                    Err(error) if error.kind() == ErrorKind::CrossesDevices => {
                        fs::copy(&file, &part)?;
                        File::open(&part)?.sync_all()?;
                    }
                    other => other?,
                }
                settle(&part, &path, &root)
            })();
            if result.is_err() {
                let _ = fs::remove_file(&part);
            }
            result
        });
        written.await.map_err(unwritten)
    }

    async fn get(&self, key: &BlobKey) -> Result<Option<Bytes>, Fault> {
        let path = self.path(key);
        absent(blocking(move || fs::read(path)).await.map(Bytes::from))
    }

    async fn read(&self, key: &BlobKey, range: Range<u64>) -> Result<Option<ByteStream>, Fault> {
        let path = self.path(key);
        let opened = blocking(move || {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(range.start))?;
            Ok(file.take(range.end.saturating_sub(range.start)))
        });
        let Some(file) = absent(opened.await)? else { return Ok(None) };
        let stream = stream::try_unfold(file, |mut file| async move {
            let read = blocking(move || {
                let wanted = READ_BYTES.min(usize::try_from(file.limit()).unwrap_or(READ_BYTES));
                let mut buffer = BytesMut::zeroed(wanted);
                let count = file.read(&mut buffer)?;
                buffer.truncate(count);
                Ok((buffer.freeze(), file))
            });
            let (bytes, file) =
                read.await.map_err(|error| Fault::from_error("a blob can't be read", error))?;
            if bytes.is_empty() {
                return match file.limit() {
                    0 => Ok(None),
                    _ => Err(Fault::new("a blob is shorter than it was")),
                };
            }
            Ok(Some((bytes, file)))
        });
        Ok(Some(Box::pin(stream)))
    }

    async fn info(&self, key: &BlobKey) -> Result<Option<BlobInfo>, Fault> {
        let path = self.path(key);
        let found = absent(blocking(move || fs::metadata(path)).await)?;
        Ok(found.filter(fs::Metadata::is_file).map(|data| BlobInfo { key: key.clone(), bytes: data.len() }))
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), Fault> {
        let (path, root) = (self.path(key), self.root.clone());
        let removed = blocking(move || {
            fs::remove_file(&path)?;
            // A folder that is empty now has no further use; one that is not stays.
            for folder in path.ancestors().skip(1).take_while(|folder| **folder != *root) {
                if fs::remove_dir(folder).is_err() {
                    break;
                }
            }
            Ok(())
        });
        absent(removed.await).map(|_| ())
    }

    async fn list(&self, folder: &BlobKey) -> Result<Vec<BlobInfo>, Fault> {
        let (path, root) = (self.path(folder), self.root.clone());
        let mut found = blocking(move || {
            let mut found = Vec::new();
            let mut folders = vec![path];
            while let Some(folder) = folders.pop() {
                let entries = match fs::read_dir(&folder) {
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    entries => entries?,
                };
                for entry in entries {
                    let entry = entry?;
                    let data = entry.metadata()?;
                    if data.is_dir() {
                        folders.push(entry.path());
                        continue;
                    }
                    let path = entry.path();
                    let name = path.strip_prefix(&root).ok().and_then(Path::to_str);
                    if let Some(key) = name.and_then(BlobKey::new) {
                        found.push(BlobInfo { key, bytes: data.len() });
                    }
                }
            }
            Ok(found)
        })
        .await?;
        found.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(found)
    }

    fn local_path(&self, key: &BlobKey) -> Option<PathBuf> {
        Some(self.path(key))
    }
}
