//! Pictures on their way in: each is decoded and kept once, however many files carry it.

use std::{
    collections::HashMap,
    fs::File,
    io::Read,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use catalog::{
    PictureId,
    import::{PictureFacts, known_picture},
    picture,
};
use kernel::{Ctx, Fault, blob::BlobKey};
use tokio::runtime::Handle;

use super::{read::open, tags::PICTURE_BYTES_MAX, walk::Cover};

/// Pictures that are remembered; when it is reached all are forgotten and looked up again.
const REMEMBERED_MAX: usize = 8192;

/// A picture that the database can name.
#[derive(Clone, Debug)]
pub(super) enum Picture {
    /// It is in the catalogue.
    Known(PictureId),
    /// Its blob is durable; its row is still to be written.
    New(Arc<PictureFacts>),
    /// It is none, or none that we take; why.
    Refused(Arc<str>),
}

/// What one scan remembers of pictures.
pub(super) struct Pictures {
    ctx: Ctx,
    handle: Handle,
    by_hash: Mutex<HashMap<[u8; 32], Slot>>,
    by_cover: Mutex<HashMap<[u8; 32], Picture>>,
}

/// One picture; whoever comes first works it out, the others wait.
type Slot = Arc<Mutex<Option<Picture>>>;

impl Pictures {
    pub(super) fn new(ctx: &Ctx) -> Self {
        Self {
            ctx: ctx.clone(),
            handle: Handle::current(),
            by_hash: Mutex::default(),
            by_cover: Mutex::default(),
        }
    }

    /// Takes in the bytes of a picture. Blocks: for reader threads.
    pub(super) fn take(&self, bytes: Vec<u8>) -> Result<Picture, Fault> {
        let hash = picture::hash(&bytes);
        let slot = {
            let mut slots = self.by_hash.lock().unwrap_or_else(PoisonError::into_inner);
            if slots.len() >= REMEMBERED_MAX {
                slots.clear();
            }
            Arc::clone(slots.entry(hash).or_default())
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*slot {
            return Ok(known.clone());
        }
        let made = self.make(hash, bytes)?;
        *slot = Some(made.clone());
        Ok(made)
    }

    fn make(&self, hash: [u8; 32], bytes: Vec<u8>) -> Result<Picture, Fault> {
        if let Some(id) = self.handle.block_on(known_picture(self.ctx.db(), hash))? {
            return Ok(Picture::Known(id));
        }
        let decoded = std::panic::catch_unwind(|| picture::facts(&bytes));
        let facts = match decoded {
            Ok(Ok(facts)) => facts,
            Ok(Err(refused)) => return Ok(Picture::Refused(refused.to_string().into())),
            Err(_) => return Ok(Picture::Refused("it is damaged".into())),
        };
        let key = BlobKey::new(facts.blob_key.clone())
            .ok_or_else(|| Fault::new("the catalogue named a picture in a way that no blob can be"))?;
        self.handle.block_on(self.ctx.blobs().put(&key, Bytes::from(bytes)))?;
        Ok(Picture::New(Arc::new(facts)))
    }

    /// Takes in the picture that stands for a folder; `None` when it can't be opened.
    pub(super) fn take_cover(&self, cover: &Cover) -> Result<Option<Picture>, Fault> {
        let known = |map: &HashMap<_, Picture>| map.get(&cover.mark).cloned();
        if let Some(known) = known(&self.by_cover.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(Some(known));
        }
        let Some(bytes) = read_cover(cover) else { return Ok(None) };
        let taken = self.take(bytes)?;
        let mut covers = self.by_cover.lock().unwrap_or_else(PoisonError::into_inner);
        if covers.len() >= REMEMBERED_MAX {
            covers.clear();
        }
        covers.insert(cover.mark, taken.clone());
        Ok(Some(taken))
    }
}

fn read_cover(cover: &Cover) -> Option<Vec<u8>> {
    let file: File = open(&cover.path).ok()?;
    let mut bytes = Vec::new();
    file.take(PICTURE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= PICTURE_BYTES_MAX && !bytes.is_empty()).then_some(bytes)
}
