//! What the first page shows.

use kernel::{
    Fault,
    db::{Statement, Tx},
    params, sql,
};

use super::{
    albums::{AlbumRow, album},
    picture_columns,
    videos::{VideoRow, video},
};
use crate::{model::Counts, visibility::visible};

/// The newest albums of the shelf. Those that were hidden a moment ago, of which the shelf has not heard, are left
/// out here.
pub(crate) fn new_albums(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<AlbumRow>, Fault> {
    tx.all(
        sql!(concat!(
            super::albums::select_albums!("JOIN catalog_shelf s ON s.kind = 'album' AND s.item_id = a.id"),
            " ORDER BY s.added_us DESC, s.item_id DESC LIMIT $1"
        )),
        params![limit],
        album,
    )
}

/// The newest videos of the shelf, likewise.
pub(crate) fn new_videos(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<VideoRow>, Fault> {
    tx.all(
        sql!(concat!(
            super::videos::select_videos!("JOIN catalog_shelf s ON s.kind = 'video' AND s.item_id = v.id"),
            " ORDER BY s.added_us DESC, s.item_id DESC LIMIT $1"
        )),
        params![limit],
        video,
    )
}

/// How much there is. Each count walks through an index that holds what is shown and nothing else.
pub(crate) fn counts(tx: &mut Tx<'_>) -> Result<Counts, Fault> {
    Ok(Counts {
        artists: count(
            tx,
            sql!(
                concat!("SELECT COUNT(*) FROM catalog_artist x WHERE ", visible!("x")),
                scan = "it counts what is shown"
            ),
        )?,
        albums: count(
            tx,
            sql!(
                concat!("SELECT COUNT(*) FROM catalog_album x WHERE ", visible!("x")),
                scan = "it counts what is shown"
            ),
        )?,
        tracks: count(
            tx,
            sql!(
                concat!("SELECT COUNT(*) FROM catalog_track x WHERE ", visible!("x")),
                scan = "it counts what is shown"
            ),
        )?,
        videos: count(
            tx,
            sql!(
                concat!("SELECT COUNT(*) FROM catalog_video x WHERE ", visible!("x")),
                scan = "it counts what is shown"
            ),
        )?,
    })
}

fn count(tx: &mut Tx<'_>, sql: &'static Statement) -> Result<u64, Fault> {
    Ok(tx.one(sql, params![], |row| row.get(0))?.unwrap_or(0))
}
