//! Videos as they are shown.

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    id::UserId,
    params, sql,
};

use super::{PictureRow, list, picture, picture_columns};
use crate::{MediaId, VideoId, media::MediaState, visibility::visible};

/// A video as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct VideoRow {
    pub(crate) id: VideoId,
    pub(crate) media: MediaId,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) duration_ms: u64,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) added: Time,
    pub(crate) owner: Option<UserId>,
    /// Empty while the name is not known here yet.
    pub(crate) owner_name: String,
    pub(crate) state: MediaState,
    pub(crate) problem: Option<String>,
    pub(crate) picture: Option<PictureRow>,
}

/// What a [`VideoRow`] is selected by, up to its conditions; `v` is the video.
macro_rules! select_videos {
    () => {
        select_videos!("")
    };
    ($join:literal) => {
        concat!(
            "SELECT v.id, v.media_id, v.title, v.description, m.duration_ms, v.width, v.height, v.added_us,
                v.owner_id, COALESCE(o.name, ''), m.state, m.problem, ",
            picture_columns!(),
            " FROM catalog_video v JOIN catalog_media m ON m.id = v.media_id
             LEFT JOIN catalog_owner o ON o.id = v.owner_id
             LEFT JOIN catalog_picture p ON p.id = v.picture_id ",
            $join,
            " WHERE ",
            visible!("v")
        )
    };
}
pub(super) use select_videos;

pub(super) fn video(row: &Row<'_>) -> Result<VideoRow, Fault> {
    Ok(VideoRow {
        id: row.get(0)?,
        media: row.get(1)?,
        title: row.get(2)?,
        description: row.get(3)?,
        duration_ms: row.get(4)?,
        width: row.get(5)?,
        height: row.get(6)?,
        added: row.get(7)?,
        owner: row.get(8)?,
        owner_name: row.get(9)?,
        state: MediaState::from_word(&row.get::<String>(10)?),
        problem: row.get(11)?,
        picture: picture(row, 12)?,
    })
}

pub(crate) fn one(tx: &mut Tx<'_>, id: VideoId) -> Result<Option<VideoRow>, Fault> {
    tx.one(sql!(concat!(select_videos!(), " AND v.id = $1")), params![id], video)
}

/// Those of these videos that are shown, in no order.
pub(crate) fn these(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<VideoRow>, Fault> {
    tx.all(
        sql!(
            sqlite: concat!(select_videos!(), " AND v.id IN (SELECT wanted.value FROM json_each($1) wanted)"),
            postgres: concat!(
                select_videos!(),
                " AND v.id IN (SELECT CAST(wanted.value AS BIGINT)
                    FROM json_array_elements_text(CAST($1 AS JSON)) wanted)"
            )
        ),
        params![list(ids.iter().copied())],
        video,
    )
}

/// The newest first, before `key`.
pub(crate) fn by_added(tx: &mut Tx<'_>, key: (i64, i64), limit: u32) -> Result<Vec<VideoRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_videos!(),
            " AND (v.added_us, v.id) < ($1, $2) ORDER BY v.added_us DESC, v.id DESC LIMIT $3"
        )),
        params![key.0, key.1, limit],
        video,
    )
}
