//! The rows of videos.

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    id::UserId,
    params, sql,
};

use crate::{LibraryId, MediaId, PictureId, VideoId};

/// A video as it stands before a change.
pub(crate) struct OldVideo {
    pub(crate) media: MediaId,
    pub(crate) owner: Option<UserId>,
    pub(crate) added: Time,
    pub(crate) hidden: Option<Time>,
    pub(crate) deleted: bool,
    pub(crate) library: Option<LibraryId>,
    pub(crate) scope: i64,
}

/// What a video is made of.
pub(crate) struct VideoRow<'a> {
    pub(crate) id: VideoId,
    pub(crate) media: MediaId,
    pub(crate) library: Option<LibraryId>,
    pub(crate) owner: Option<UserId>,
    pub(crate) title: &'a str,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) picture: Option<PictureId>,
    /// That of its library.
    pub(crate) scope: i64,
}

fn old(row: &Row<'_>) -> Result<OldVideo, Fault> {
    Ok(OldVideo {
        media: row.get(0)?,
        owner: row.get(1)?,
        added: row.get(2)?,
        hidden: row.get(3)?,
        deleted: row.get::<Option<String>>(4)?.as_deref() == Some("deleted"),
        library: row.get(5)?,
        scope: row.get(6)?,
    })
}

/// The video as it stands, held for a change.
pub(crate) fn lock(tx: &mut Tx<'_>, id: VideoId) -> Result<Option<OldVideo>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT media_id, owner_id, added_us, hidden_us, hidden_why, library_id, scope FROM catalog_video
                WHERE id = $1",
            postgres: "SELECT media_id, owner_id, added_us, hidden_us, hidden_why, library_id, scope FROM catalog_video
                WHERE id = $1 FOR UPDATE"
        ),
        params![id],
        old,
    )
}

pub(crate) fn insert(tx: &mut Tx<'_>, row: &VideoRow<'_>, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_video (id, media_id, library_id, owner_id, title, description, edited, width,
                height, picture_id, added_us, scope)
             VALUES ($1, $2, $3, $4, $5, '', FALSE, $6, $7, $8, $9, $10)"
        ),
        params![
            row.id,
            row.media,
            row.library,
            row.owner,
            row.title,
            row.width,
            row.height,
            row.picture,
            now,
            row.scope
        ],
    )?;
    Ok(())
}

/// Writes what a file says: its title only while nobody wrote one, its picture only when there is one.
pub(crate) fn update(tx: &mut Tx<'_>, row: &VideoRow<'_>) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_video SET library_id = $2, title = CASE WHEN edited THEN title ELSE $3 END,
                width = $4, height = $5, picture_id = COALESCE($6, picture_id), scope = $7
             WHERE id = $1"
        ),
        params![row.id, row.library, row.title, row.width, row.height, row.picture, row.scope],
    )?;
    Ok(())
}

/// Writes what a person says.
pub(crate) fn edit(
    tx: &mut Tx<'_>,
    id: VideoId,
    title: Option<&str>,
    description: Option<&str>,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_video SET title = COALESCE($2, title), description = COALESCE($3, description),
                edited = TRUE
             WHERE id = $1"
        ),
        params![id, title, description],
    )?;
    Ok(())
}

/// Hides a video, or shows it again.
pub(crate) fn set_hidden(
    tx: &mut Tx<'_>,
    id: VideoId,
    hidden: Option<Time>,
    why: Option<&str>,
) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE catalog_video SET hidden_us = $2, hidden_why = $3 WHERE id = $1"),
        params![id, hidden, why],
    )?;
    Ok(())
}

/// Writes in which library it lies, by the bit that the library has now.
pub(crate) fn set_scope(tx: &mut Tx<'_>, id: VideoId, scope: i64) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_video SET scope = $2 WHERE id = $1"), params![id, scope])?;
    Ok(())
}

pub(crate) fn set_picture(tx: &mut Tx<'_>, media: MediaId, picture: PictureId) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_video SET picture_id = $2 WHERE media_id = $1"), params![media, picture])?;
    Ok(())
}
