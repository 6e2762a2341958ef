//! A picture is kept once, however many files carry it.

use kernel::{
    Fault,
    db::{Db, Tx},
};

use super::batch::Batch;
use crate::{PictureId, picture::PictureFacts, store::pictures};

/// The picture with these bytes, made if it is new. Its blob must be durable under [`PictureFacts::blob_key`] before.
pub fn upsert_picture(tx: &mut Tx<'_>, batch: &mut Batch, facts: &PictureFacts) -> Result<PictureId, Fault> {
    if let Some(id) = batch.picture(&facts.hash) {
        return Ok(id);
    }
    let id = if let Some(id) = pictures::by_hash(tx, &facts.hash)? {
        id
    } else {
        let fresh = PictureId(batch.ids.next());
        let known = if pictures::insert(tx, fresh, facts)? {
            Some(fresh)
        } else {
            pictures::by_hash(tx, &facts.hash)?
        };
        known.ok_or_else(|| Fault::new("a picture was entered and removed at the same time"))?
    };
    batch.keep_picture(facts.hash, id);
    Ok(id)
}

/// The picture whose bytes have this BLAKE3 hash, so that it need not be decoded and kept again.
pub async fn known_picture(db: &Db, hash: [u8; 32]) -> Result<Option<PictureId>, Fault> {
    pictures::known(db, hash).await
}
