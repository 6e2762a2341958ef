//! Files on the disk, read on threads that may block.

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, ErrorKind},
    ops::Range,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::Path,
    sync::Arc,
};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use kernel::Fault;
use rustix::{fs::OFlags, io::Errno};

/// Bytes that are read in one hop: enough that the hop costs little beside them.
pub(crate) const CHUNK_BYTES: u64 = 256 * 1024;

/// Runs blocking file work off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(run).await;
    done.map_err(|error| Fault::from_error("reading a file broke off", error))?
        .map_err(|error| Fault::from_error("a file can't be read", error))
}

/// Opens a regular file and says what is known of it; `None` when there is none, or something else in its place.
pub(crate) fn open_regular(path: &Path) -> io::Result<Option<(File, Metadata)>> {
    // Opening a pipe would wait for its writer for ever; without waiting it opens and is then seen to be no file. The
    // scan takes no links, so a link was put in the place of what it took.
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC).bits();
    let flags = i32::try_from(flags).unwrap_or(0);
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Err(error) if is_absent(&error) => return Ok(None),
        opened => opened?,
    };
    let data = file.metadata()?;
    Ok(data.is_file().then_some((file, data)))
}

/// What is known of a regular file, without opening it; `None` when there is none, or something else in its place.
pub(crate) fn look_at(path: &Path) -> io::Result<Option<Metadata>> {
    match std::fs::symlink_metadata(path) {
        Err(error) if is_absent(&error) => Ok(None),
        found => Ok(Some(found?).filter(Metadata::is_file)),
    }
}

fn is_absent(error: &io::Error) -> bool {
    // A socket in its place, or a link, can't be opened at all.
    let code = error.raw_os_error();
    let no_file = [Errno::NXIO, Errno::LOOP].into_iter().any(|errno| code == Some(errno.raw_os_error()));
    no_file
        || matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename)
}

/// The first `length` bytes of a file; an error when it has become shorter.
pub(crate) fn read_all(file: &File, length: u64) -> io::Result<Bytes> {
    read_part(file, &(0..length))
}

/// A part of a file; an error when it has become shorter.
pub(crate) fn read_part(file: &File, range: &Range<u64>) -> io::Result<Bytes> {
    let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
    let mut buffer = BytesMut::zeroed(length);
    file.read_exact_at(&mut buffer, range.start)?;
    Ok(buffer.freeze())
}

/// A part of a file as a body. When the file becomes shorter meanwhile the body breaks off, which the client sees,
/// since it was told a length.
pub(crate) fn body(file: Arc<File>, range: Range<u64>) -> Body {
    let chunks = stream::try_unfold((file, range), |(file, range)| async move {
        if range.is_empty() {
            return Ok::<_, Fault>(None);
        }
        let part = range.start..range.end.min(range.start.saturating_add(CHUNK_BYTES));
        let rest = part.end..range.end;
        let reader = Arc::clone(&file);
        let bytes = blocking(move || read_part(&reader, &part)).await?;
        Ok(Some((bytes, (file, rest))))
    });
    Body::from_stream(chunks)
}
