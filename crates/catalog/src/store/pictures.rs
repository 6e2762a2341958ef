//! The rows of pictures.

use kernel::{
    Fault,
    db::{Db, Tx},
    params, sql,
};

use super::read::{PictureRow, list};
use crate::{PictureId, picture::PictureFacts};

pub(crate) fn by_hash(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Option<PictureId>, Fault> {
    tx.one(sql!("SELECT id FROM catalog_picture WHERE hash = $1"), params![*hash], |row| row.get(0))
}

/// False when somebody else has entered the same picture meanwhile.
pub(crate) fn insert(tx: &mut Tx<'_>, id: PictureId, facts: &PictureFacts) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!(
            "INSERT INTO catalog_picture (id, hash, blob_key, mime, width, height, blur)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
        ),
        params![id, facts.hash, &facts.blob_key, facts.mime, facts.width, facts.height, &facts.blur],
    )?;
    Ok(rows == 1)
}

pub(crate) async fn known(db: &Db, hash: [u8; 32]) -> Result<Option<PictureId>, Fault> {
    db.one(sql!("SELECT id FROM catalog_picture WHERE hash = $1"), params![hash], |row| row.get(0)).await
}

/// Its blob and its type.
pub(crate) async fn blob(db: &Db, id: PictureId) -> Result<Option<(String, String)>, Fault> {
    db.one(sql!("SELECT blob_key, mime FROM catalog_picture WHERE id = $1"), params![id], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
    .await
}

/// How pictures look, for those who know their numbers.
pub(crate) async fn rows(db: &Db, ids: &[PictureId]) -> Result<Vec<PictureRow>, Fault> {
    db.all(
        sql!(
            sqlite: "SELECT p.id, p.width, p.height, p.blur FROM json_each($1) wanted
                JOIN catalog_picture p ON p.id = wanted.value",
            postgres: "SELECT p.id, p.width, p.height, p.blur FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                JOIN catalog_picture p ON p.id = CAST(wanted.value AS BIGINT)"
        ),
        params![list(ids.iter().map(|id| id.0))],
        |row| Ok(PictureRow { id: row.get(0)?, width: row.get(1)?, height: row.get(2)?, blur: row.get(3)? }),
    )
    .await
}

pub(crate) async fn is_used(db: &Db, key: &str) -> Result<bool, Fault> {
    let sql = sql!("SELECT 1 FROM catalog_picture WHERE blob_key = $1");
    Ok(db.one(sql, params![key], |_| Ok(())).await?.is_some())
}
