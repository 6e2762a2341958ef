//! The rows of videos.

use kernel::{Fault, db::Tx, params, sql};

use crate::{MediaId, PictureId};

pub(crate) fn set_picture(tx: &mut Tx<'_>, media: MediaId, picture: PictureId) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_video SET picture_id = $2 WHERE media_id = $1"), params![media, picture])?;
    Ok(())
}
