//! Where things lie on the drive and how folders look, for many of them at once.

use kernel::{
    Fault,
    db::{Row, Tx},
    params, sql,
};

use super::list;
use crate::{
    AlbumId, FolderId, PictureId, TrackId,
    store::{
        folders::{FolderRow, folder},
        json,
    },
    visibility::{in_scope, visible},
};

/// Something that lies in a folder: its number, the folder, the name of its file. Uploads lie in none.
pub(crate) type Lies = (i64, Option<FolderId>, Option<String>);

fn lies(row: &Row<'_>) -> Result<Lies, Fault> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

/// The statement that asks where things of one table lie, as far as the viewer sees them.
macro_rules! places_in {
    ($table:literal) => {
        sql!(
            sqlite: concat!(
                "SELECT x.id, x.folder_id, x.file_name FROM json_each($1) wanted CROSS JOIN ", $table,
                " x ON x.id = wanted.value WHERE ", visible!("x")
            ),
            postgres: concat!(
                "SELECT x.id, x.folder_id, x.file_name FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                 JOIN ", $table, " x ON x.id = CAST(wanted.value AS BIGINT) WHERE ", visible!("x")
            )
        )
    };
}

/// Where the files of these tracks lie.
pub(crate) fn of_tracks(tx: &mut Tx<'_>, tracks: &[i64]) -> Result<Vec<Lies>, Fault> {
    tx.all(places_in!("catalog_track"), params![list(tracks.iter().copied())], lies)
}

/// Where the files of these videos lie.
pub(crate) fn of_videos(tx: &mut Tx<'_>, videos: &[i64]) -> Result<Vec<Lies>, Fault> {
    tx.all(places_in!("catalog_video"), params![list(videos.iter().copied())], lies)
}

/// In which folder the first track of each of these albums lies.
pub(crate) fn of_albums(tx: &mut Tx<'_>, albums: &[i64]) -> Result<Vec<(AlbumId, Option<FolderId>)>, Fault> {
    macro_rules! first {
        ($album:literal) => {
            concat!(
                "(SELECT t.folder_id FROM catalog_track t WHERE t.album_id = ",
                $album,
                " AND ",
                visible!("t"),
                " ORDER BY t.disc, t.number, t.id LIMIT 1)"
            )
        };
    }
    tx.all(
        sql!(
            sqlite: concat!("SELECT wanted.value, ", first!("wanted.value"), " FROM json_each($1) wanted"),
            postgres: concat!(
                "SELECT CAST(wanted.value AS BIGINT), ", first!("CAST(wanted.value AS BIGINT)"),
                " FROM json_array_elements_text(CAST($1 AS JSON)) wanted"
            )
        ),
        params![list(albums.iter().copied())],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Those of these folders that the viewer sees, in no order.
pub(crate) fn these(tx: &mut Tx<'_>, folders: &[i64]) -> Result<Vec<FolderRow>, Fault> {
    tx.all(
        sql!(
            sqlite: concat!(
                "SELECT f.id, f.parent_id, f.name, f.sort_key FROM json_each($1) wanted
                 CROSS JOIN catalog_folder f ON f.id = wanted.value WHERE ",
                in_scope!("f")
            ),
            postgres: concat!(
                "SELECT f.id, f.parent_id, f.name, f.sort_key
                 FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                 JOIN catalog_folder f ON f.id = CAST(wanted.value AS BIGINT) WHERE ",
                in_scope!("f")
            )
        ),
        params![list(folders.iter().copied())],
        folder,
    )
}

/// What comes first in a folder: a track, and a folder.
pub(crate) struct Head {
    pub(crate) folder: FolderId,
    pub(crate) track: Option<TrackId>,
    pub(crate) below: Option<FolderId>,
}

/// What comes first in each of these folders, as far as the viewer sees it.
pub(crate) fn heads(tx: &mut Tx<'_>, folders: &[i64]) -> Result<Vec<Head>, Fault> {
    macro_rules! columns {
        () => {
            concat!(
                "SELECT f.id,
                    (SELECT t.id FROM catalog_track t WHERE t.folder_id = f.id AND ",
                visible!("t"),
                " ORDER BY t.file_key, t.id LIMIT 1),
                    (SELECT c.id FROM catalog_folder c WHERE c.parent_id = f.id AND ",
                in_scope!("c"),
                " ORDER BY c.sort_key, c.id LIMIT 1) "
            )
        };
    }
    tx.all(
        sql!(
            sqlite: concat!(
                columns!(),
                "FROM json_each($1) wanted CROSS JOIN catalog_folder f ON f.id = wanted.value WHERE ",
                in_scope!("f")
            ),
            postgres: concat!(
                columns!(),
                "FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                 JOIN catalog_folder f ON f.id = CAST(wanted.value AS BIGINT) WHERE ",
                in_scope!("f")
            )
        ),
        params![list(folders.iter().copied())],
        |row| Ok(Head { folder: row.get(0)?, track: row.get(1)?, below: row.get(2)? }),
    )
}

/// What a track would be shown with: its album, its own picture, its album's.
pub(crate) struct Cover {
    pub(crate) track: TrackId,
    pub(crate) album: Option<AlbumId>,
    pub(crate) own: Option<PictureId>,
    pub(crate) of_album: Option<PictureId>,
}

/// What these tracks would be shown with.
pub(crate) fn covers(tx: &mut Tx<'_>, tracks: &[i64]) -> Result<Vec<Cover>, Fault> {
    macro_rules! columns {
        () => {
            "SELECT t.id, t.album_id, COALESCE(a.given_picture_id, t.picture_id),
                COALESCE(a.given_picture_id, a.picture_id) "
        };
    }
    tx.all(
        sql!(
            sqlite: concat!(
                columns!(),
                "FROM json_each($1) wanted CROSS JOIN catalog_track t ON t.id = wanted.value
                 LEFT JOIN catalog_album a ON a.id = t.album_id WHERE ",
                visible!("t")
            ),
            postgres: concat!(
                columns!(),
                "FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                 JOIN catalog_track t ON t.id = CAST(wanted.value AS BIGINT)
                 LEFT JOIN catalog_album a ON a.id = t.album_id WHERE ",
                visible!("t")
            )
        ),
        params![list(tracks.iter().copied())],
        |row| Ok(Cover { track: row.get(0)?, album: row.get(1)?, own: row.get(2)?, of_album: row.get(3)? }),
    )
}

/// Of these folders, each with an album of which something lies in it, those in which nothing else lies.
pub(crate) fn of_one_album(tx: &mut Tx<'_>, pairs: &[(i64, i64)]) -> Result<Vec<(FolderId, AlbumId)>, Fault> {
    macro_rules! pairs {
        ($folder:literal, $album:literal, $from:literal) => {
            concat!(
                "SELECT ",
                $folder,
                ", ",
                $album,
                " FROM ",
                $from,
                " wanted WHERE NOT EXISTS (SELECT 1 FROM catalog_track t WHERE t.folder_id = ",
                $folder,
                " AND ",
                visible!("t"),
                " AND (t.album_id IS NULL OR t.album_id <> ",
                $album,
                "))"
            )
        };
    }
    tx.all(
        sql!(
            sqlite: pairs!("wanted.value ->> 0", "wanted.value ->> 1", "json_each($1)"),
            postgres: pairs!(
                "CAST(wanted.value ->> 0 AS BIGINT)",
                "CAST(wanted.value ->> 1 AS BIGINT)",
                "json_array_elements(CAST($1 AS JSON))"
            )
        ),
        params![json(pairs)?],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}
