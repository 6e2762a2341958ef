//! Pictures on their way in: each is decoded and kept once, however many files carry it.
//!
//! A reader decodes a picture and goes on to the next file while its bytes become durable, which takes a disk longer
//! than the decoding; whoever writes the rows waits for that.

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
use futures_util::{FutureExt as _, future::BoxFuture, future::Shared};
use kernel::{Ctx, Fault, blob::BlobKey};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use super::{read::open, tags::PICTURE_BYTES_MAX, walk::Cover};

/// Pictures that are remembered; when it is reached all are forgotten and looked up again.
const REMEMBERED_MAX: usize = 8192;
/// Bytes of pictures that are on their way to the disk; a reader with more waits.
const ON_THE_WAY_KIB_MAX: u32 = 64 * 1024;
/// What a picture counts at least, so that no more than sixteen are on the way.
const ON_THE_WAY_KIB_EACH: u32 = ON_THE_WAY_KIB_MAX / 16;

/// A picture that the database can name.
#[derive(Clone, Debug)]
pub(super) enum Picture {
    /// It is in the catalogue.
    Known(PictureId),
    /// Its row is still to be written, once its bytes are durable.
    New(Arc<PictureFacts>, Durable),
    /// It is none, or none that we take; why.
    Refused(Arc<str>),
}

/// Ends when a picture's bytes are durable, or can't be.
pub(super) type Durable = Shared<BoxFuture<'static, Result<(), Arc<Fault>>>>;

/// What one scan remembers of pictures.
pub(super) struct Pictures {
    ctx: Ctx,
    handle: Handle,
    by_hash: Mutex<HashMap<[u8; 32], Slot>>,
    by_cover: Mutex<HashMap<[u8; 32], Picture>>,
    on_the_way: Arc<Semaphore>,
}

/// One picture; whoever comes first works it out, the others wait.
type Slot = Arc<Mutex<Option<Picture>>>;

/// The picture that a reader met last: the next file mostly has the same, and then nothing is hashed.
#[derive(Default)]
pub(super) struct Last(Option<(Vec<u8>, Picture)>);

impl Pictures {
    pub(super) fn new(ctx: &Ctx) -> Self {
        Self {
            ctx: ctx.clone(),
            handle: Handle::current(),
            by_hash: Mutex::default(),
            by_cover: Mutex::default(),
            on_the_way: Arc::new(Semaphore::new(ON_THE_WAY_KIB_MAX as usize)),
        }
    }

    /// Takes in the bytes of a picture. Blocks: for reader threads.
    pub(super) fn take(&self, bytes: Vec<u8>, last: &mut Last) -> Result<Picture, Fault> {
        if let Some((known, picture)) = &last.0
            && *known == bytes
        {
            return Ok(picture.clone());
        }
        let picture = self.take_other(&bytes)?;
        last.0 = Some((bytes, picture.clone()));
        Ok(picture)
    }

    fn take_other(&self, bytes: &[u8]) -> Result<Picture, Fault> {
        let hash = picture::hash(bytes);
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

    fn make(&self, hash: [u8; 32], bytes: &[u8]) -> Result<Picture, Fault> {
        if let Some(id) = self.handle.block_on(known_picture(self.ctx.db(), hash))? {
            return Ok(Picture::Known(id));
        }
        let decoded = std::panic::catch_unwind(|| picture::facts(bytes));
        let facts = match decoded {
            Ok(Ok(facts)) => facts.kept_at(self.ctx.now()),
            Ok(Err(refused)) => return Ok(Picture::Refused(refused.to_string().into())),
            Err(_) => return Ok(Picture::Refused("it is damaged".into())),
        };
        let key = BlobKey::new(facts.blob_key.clone())
            .ok_or_else(|| Fault::new("the catalogue named a picture in a way that no blob can be"))?;
        let durable = self.keep(key, Bytes::copy_from_slice(bytes))?;
        Ok(Picture::New(Arc::new(facts), durable))
    }

    /// Begins to make a picture's bytes durable; waits first while too many are on the way.
    fn keep(&self, key: BlobKey, bytes: Bytes) -> Result<Durable, Fault> {
        let kib = u32::try_from(bytes.len() / 1024).unwrap_or(u32::MAX);
        let kib = kib.clamp(ON_THE_WAY_KIB_EACH, ON_THE_WAY_KIB_MAX);
        let room = self.handle.block_on(Arc::clone(&self.on_the_way).acquire_many_owned(kib));
        let room: OwnedSemaphorePermit =
            room.map_err(|error| Fault::from_error("pictures are not kept any more", error))?;
        let blobs = Arc::clone(self.ctx.blobs());
        let put = self.handle.spawn(async move {
            let put = blobs.put(&key, bytes).await;
            drop(room);
            put.map_err(Arc::new)
        });
        let durable = async move {
            let broke_off = |error| Err(Arc::new(Fault::from_error("keeping a picture broke off", error)));
            put.await.unwrap_or_else(broke_off)
        };
        Ok(durable.boxed().shared())
    }

    /// Takes in the picture that stands for a folder; `None` when it can't be opened.
    pub(super) fn take_cover(&self, cover: &Cover) -> Result<Option<Picture>, Fault> {
        let known = |map: &HashMap<_, Picture>| map.get(&cover.mark).cloned();
        if let Some(known) = known(&self.by_cover.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(Some(known));
        }
        let Some(bytes) = read_cover(cover) else { return Ok(None) };
        let taken = self.take_other(&bytes)?;
        let mut covers = self.by_cover.lock().unwrap_or_else(PoisonError::into_inner);
        if covers.len() >= REMEMBERED_MAX {
            covers.clear();
        }
        covers.insert(cover.mark, taken.clone());
        Ok(Some(taken))
    }
}

/// Waits until a picture's bytes are durable.
pub(super) async fn until_durable(picture: &Picture) -> Result<(), Fault> {
    let Picture::New(_, durable) = picture else { return Ok(()) };
    // The fault is shared by all files with this picture; each gets the same words.
    durable.clone().await.map_err(|fault| Fault::new(fault.to_string()).of_kind(fault.kind()))
}

fn read_cover(cover: &Cover) -> Option<Vec<u8>> {
    let file: File = open(&cover.path).ok()?;
    let mut bytes = Vec::new();
    file.take(PICTURE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= PICTURE_BYTES_MAX && !bytes.is_empty()).then_some(bytes)
}
