//! The rows of pictures.

use kernel::{
    Fault, Time,
    db::{Db, Tx},
    id::UserId,
    params, sql,
};

use super::read::{PictureRow, list};
use crate::{
    PictureId,
    picture::{PictureFacts, Standing},
};

/// Whether anything in the catalogue names the picture `p`. Podcasts have pictures as well, and say so themselves.
macro_rules! named {
    () => {
        "(EXISTS (SELECT 1 FROM catalog_track t WHERE t.picture_id = p.id)
            OR EXISTS (SELECT 1 FROM catalog_album a WHERE a.picture_id = p.id)
            OR EXISTS (SELECT 1 FROM catalog_album g WHERE g.given_picture_id = p.id)
            OR EXISTS (SELECT 1 FROM catalog_artist ar WHERE ar.given_picture_id = p.id)
            OR EXISTS (SELECT 1 FROM catalog_merge m WHERE m.given_picture_id = p.id)
            OR EXISTS (SELECT 1 FROM catalog_playlist pl WHERE pl.given_picture_id = p.id)
            OR EXISTS (SELECT 1 FROM catalog_video v WHERE v.picture_id = p.id))"
    };
}

/// The picture with these bytes, which stays from now on if it was about to go.
pub(crate) fn by_hash(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Option<PictureId>, Fault> {
    let found =
        tx.one(sql!("SELECT id, loose_us FROM catalog_picture WHERE hash = $1"), params![*hash], |row| {
            Ok((row.get(0)?, row.get::<Option<Time>>(1)?.is_some()))
        })?;
    match found {
        Some((id, true)) => Ok(hold(tx, id)?.then_some(id)),
        found => Ok(found.map(|(id, _)| id)),
    }
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

/// As [`by_hash`], for those who name it later.
pub(crate) async fn known(db: &Db, hash: [u8; 32]) -> Result<Option<PictureId>, Fault> {
    let sql = sql!("SELECT id, loose_us FROM catalog_picture WHERE hash = $1");
    let found = db.one(sql, params![hash], |row| Ok((row.get(0)?, row.get::<Option<Time>>(1)?.is_some())));
    match found.await? {
        Some((_, true)) => db.write(move |tx| by_hash(tx, &hash)).await,
        found => Ok(found.map(|(id, _)| id)),
    }
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

pub(crate) async fn standings(db: &Db, after: PictureId, limit: u32) -> Result<Vec<Standing>, Fault> {
    db.all(
        sql!(concat!(
            "SELECT p.id, CASE WHEN ",
            named!(),
            " THEN 1 ELSE 0 END, p.loose_us FROM catalog_picture p WHERE p.id > $1 ORDER BY p.id LIMIT $2"
        )),
        params![after, i64::from(limit)],
        |row| Ok(Standing { id: row.get(0)?, named: row.get::<i64>(1)? == 1, loose: row.get(2)? }),
    )
    .await
}

pub(crate) fn loosen(tx: &mut Tx<'_>, id: PictureId, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!(concat!(
            "UPDATE catalog_picture AS p SET loose_us = $2 WHERE p.id = $1 AND p.loose_us IS NULL AND NOT ",
            named!()
        )),
        params![id, now],
    )?;
    Ok(())
}

/// False when it is gone.
pub(crate) fn hold(tx: &mut Tx<'_>, id: PictureId) -> Result<bool, Fault> {
    Ok(tx.run(sql!("UPDATE catalog_picture SET loose_us = NULL WHERE id = $1"), params![id])? == 1)
}

/// That nothing names it is asked by the statement that deletes it, and who names it meanwhile has made it hold or waits here.
pub(crate) fn forget(tx: &mut Tx<'_>, id: PictureId, before: Time) -> Result<Option<String>, Fault> {
    tx.one(
        sql!(concat!(
            "DELETE FROM catalog_picture AS p WHERE p.id = $1 AND p.loose_us <= $2 AND NOT ",
            named!(),
            " RETURNING blob_key"
        )),
        params![id, before],
        |row| row.get(0),
    )
}

/// Counts a picture that somebody is about to give: when the hour began in which it counts, unless that was before `before`
/// and another begins now, and how many there are in it.
pub(crate) fn count_given(
    tx: &mut Tx<'_>,
    user: UserId,
    now: Time,
    before: Time,
) -> Result<(Time, i64), Fault> {
    let counted = tx.one(
        sql!(
            "INSERT INTO catalog_giver (user_id, since_us, given) VALUES ($1, $2, 1)
             ON CONFLICT (user_id) DO UPDATE SET
                since_us = CASE WHEN catalog_giver.since_us > $3 THEN catalog_giver.since_us ELSE $2 END,
                given = CASE WHEN catalog_giver.since_us > $3 THEN catalog_giver.given + 1 ELSE 1 END
             RETURNING since_us, given"
        ),
        params![user, now, before],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    counted.ok_or_else(|| Fault::new("a picture could not be counted"))
}
