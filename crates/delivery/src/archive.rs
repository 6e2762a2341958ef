//! Many files as one: a ZIP that is made while it is sent.
//!
//! The same files under the same names give the same bytes, whoever asks and whenever, so an archive has a length and a
//! tag beforehand, and a download that broke off goes on where it was. Each file is read twice: for the checksum that stands
//! before it, which is remembered, and to be sent. A file that is not there when the archive is asked for refuses it; one
//! that goes or changes while it is sent breaks the transfer off.

mod layout;
mod names;
mod places;
mod send;
mod source;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::response::Response;
use catalog::media::SourceFile;
use http::{HeaderValue, header};
use kernel::Fault;

use crate::{
    direct::{Asked, Direct, attachment},
    routes::media::NOTHING_ELSE,
    wire::{self, Representation},
};
use layout::Layout;
use names::Names;
pub use places::Packer;
use places::{Full, Places};
use send::{Plan, Sums};
use source::Found;

/// What delivery holds for archives while it runs.
#[derive(Debug, Default)]
pub(crate) struct Archives {
    places: Arc<Places>,
    sums: Sums,
}

/// A file that is to be packed.
#[derive(Clone, Debug)]
pub struct Packed {
    /// What it is called, without an ending.
    pub name: String,
    /// Where it is.
    pub file: SourceFile,
}

/// Files that lie together in an archive.
#[derive(Clone, Debug)]
pub struct PackedFolder {
    /// What the folder is called; `None` for what lies at the top.
    pub name: Option<String>,
    /// What is in it, in its order.
    pub files: Vec<Packed>,
}

/// Why there is no archive.
#[derive(Debug)]
pub enum ArchiveError {
    /// A file is not there: the one of this name.
    Incomplete(String),
    /// The asker has as many archives under way as one may: wait for one to end.
    AskerBusy,
    /// The house has as many under way as it may: come again later.
    HouseBusy,
    /// The program must answer for it.
    Fault(Fault),
}

impl From<Fault> for ArchiveError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Files under names that every system can keep, all of them in one folder that is called like the archive.
#[derive(Clone, Debug)]
pub struct Archive {
    title: String,
    files: Vec<(String, SourceFile)>,
}

impl Archive {
    /// An archive of this title. Names are given as people say them and made fit here: whatever they hold, none leads out
    /// of the archive's folder, and none is given twice.
    pub fn new(title: &str, folders: Vec<PackedFolder>) -> Self {
        let (title, mut names) = (names::folder(title), Names::default());
        let mut files = Vec::new();
        for folder in folders {
            let inner = folder.name.map(|name| names.take(&format!("{title}/"), &names::folder(&name), ""));
            let path = inner.map_or_else(|| format!("{title}/"), |inner| format!("{inner}/"));
            for Packed { name, file } in folder.files {
                let ending = format!(".{}", file.suffix());
                files.push((names.take(&path, &names::file(&name), &ending), file));
            }
        }
        Self { title, files }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// How many bytes it has if its files are as large as the catalogue knows them.
    pub fn bytes(&self) -> u64 {
        Layout::new(self.files.iter().map(|(name, file)| (name.clone(), file.bytes, None))).length()
    }
}

impl Direct {
    /// Sends an archive, or the part of it that is asked for. Whether `packer` may have its files is the caller's to know.
    pub async fn archive(
        &self,
        archive: Archive,
        packer: &Packer,
        asked: Asked<'_>,
    ) -> Result<Response, ArchiveError> {
        let (names, files): (Vec<_>, Vec<_>) = archive.files.into_iter().unzip();
        let mut found = Vec::with_capacity(files.len());
        for (name, there) in names.iter().zip(source::find(self.delivery.ctx.blobs(), &files).await?) {
            found.push(there.ok_or_else(|| ArchiveError::Incomplete(name.clone()))?);
        }
        let sizes = found.iter().map(|found| (found.bytes, found.modified_s));
        let layout = Layout::new(names.into_iter().zip(sizes).map(|(name, (size, at))| (name, size, at)));
        let it = Representation {
            content_type: HeaderValue::from_static("application/zip"),
            etag: tag(&layout, &found),
            modified_s: None,
            length: layout.length(),
            caching: wire::ASK_EACH_TIME,
        };
        let (mut response, part) = wire::answer(asked.method, asked.headers, &it);
        if response.status().is_success() {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_SECURITY_POLICY, NOTHING_ELSE);
            if let Some(disposition) = attachment(&archive.title, "zip") {
                headers.insert(header::CONTENT_DISPOSITION, disposition);
            }
        }
        if let Some(part) = part {
            let place = self.delivery.archives.places.take(packer).map_err(|full| match full {
                Full::Own => ArchiveError::AskerBusy,
                Full::House => ArchiveError::HouseBusy,
            })?;
            let plan = Arc::new(Plan { layout, found });
            *response.body_mut() = send::body(Arc::clone(&self.delivery), plan, part, place);
        }
        Ok(response)
    }
}

/// A tag out of everything that the bytes are made of.
fn tag(layout: &Layout, found: &[Found]) -> HeaderValue {
    let mut text = String::new();
    for (entry, found) in layout.entries.iter().zip(found) {
        // No name holds a line's end.
        for part in [&entry.name, &found.state] {
            text.push_str(part);
            text.push('\n');
        }
    }
    wire::tag_of(text.as_bytes())
}
