//! The rows of listeners' marks and of the plays that were counted.

use kernel::{Fault, Time, db::Tx, id::UserId, params, sql};

use crate::{
    AlbumId, TrackId,
    model::{ItemId, ItemKind},
    visibility::visible,
};

/// Whether a thing is shown; held so that nobody removes it before this transaction has marked it.
macro_rules! held {
    ($table:literal) => {
        sql!(
            sqlite: concat!("SELECT 1 FROM ", $table, " x WHERE x.id = $1 AND ", visible!("x")),
            postgres: concat!("SELECT 1 FROM ", $table, " x WHERE x.id = $1 AND ", visible!("x"), " FOR SHARE")
        )
    };
}

/// Whether it is shown, with the row held against its removal.
pub(crate) fn hold(tx: &mut Tx<'_>, id: ItemId) -> Result<bool, Fault> {
    let sql = match id.kind() {
        ItemKind::Track => held!("catalog_track"),
        ItemKind::Album => held!("catalog_album"),
        ItemKind::Artist => held!("catalog_artist"),
        ItemKind::Video => held!("catalog_video"),
    };
    Ok(tx.one(sql, params![id.number()], |_| Ok(()))?.is_some())
}

/// The album of a track, if it is in one.
pub(crate) fn album_of(tx: &mut Tx<'_>, id: TrackId) -> Result<Option<AlbumId>, Fault> {
    let sql = sql!("SELECT t.album_id FROM catalog_track t WHERE t.id = $1 AND t.album_id IS NOT NULL");
    tx.one(sql, params![id], |row| row.get(0))
}

/// Makes it a favourite; one that it was before it stays since then.
pub(crate) fn set_favourite(tx: &mut Tx<'_>, user: UserId, id: ItemId, at: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_mark (user_id, kind, item_id, favourite_us, plays) VALUES ($1, $2, $3, $4, 0)
             ON CONFLICT (user_id, kind, item_id) DO UPDATE
             SET favourite_us = COALESCE(catalog_mark.favourite_us, excluded.favourite_us)"
        ),
        params![user, id.kind().word(), id.number(), at],
    )?;
    Ok(())
}

pub(crate) fn unset_favourite(tx: &mut Tx<'_>, user: UserId, id: ItemId) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE catalog_mark SET favourite_us = NULL WHERE user_id = $1 AND kind = $2 AND item_id = $3"),
        params![user, id.kind().word(), id.number()],
    )?;
    delete_empty(tx, user, id)
}

/// Whether a track of a `MusicBrainz` recording is a listener's favourite, shown or not.
pub(crate) fn is_recording_favourite(tx: &mut Tx<'_>, user: UserId, recording: &str) -> Result<bool, Fault> {
    let sql = sql!(
        "SELECT 1 FROM catalog_track t JOIN catalog_mark k ON k.user_id = $1 AND k.kind = 'track' AND k.item_id = t.id
         WHERE t.musicbrainz = $2 AND k.favourite_us IS NOT NULL LIMIT 1"
    );
    Ok(tx.one(sql, params![user, recording], |_| Ok(()))?.is_some())
}

pub(crate) fn set_rating(tx: &mut Tx<'_>, user: UserId, id: ItemId, rating: u8) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_mark (user_id, kind, item_id, rating, plays) VALUES ($1, $2, $3, $4, 0)
             ON CONFLICT (user_id, kind, item_id) DO UPDATE SET rating = excluded.rating"
        ),
        params![user, id.kind().word(), id.number(), i64::from(rating)],
    )?;
    Ok(())
}

pub(crate) fn unset_rating(tx: &mut Tx<'_>, user: UserId, id: ItemId) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE catalog_mark SET rating = NULL WHERE user_id = $1 AND kind = $2 AND item_id = $3"),
        params![user, id.kind().word(), id.number()],
    )?;
    delete_empty(tx, user, id)
}

fn delete_empty(tx: &mut Tx<'_>, user: UserId, id: ItemId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "DELETE FROM catalog_mark WHERE user_id = $1 AND kind = $2 AND item_id = $3
                AND favourite_us IS NULL AND rating IS NULL AND plays = 0"
        ),
        params![user, id.kind().word(), id.number()],
    )?;
    Ok(())
}

/// False when this play was counted before.
pub(crate) fn insert_play(tx: &mut Tx<'_>, user: UserId, key: &[u8]) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!("INSERT INTO catalog_play (user_id, key) VALUES ($1, $2) ON CONFLICT DO NOTHING"),
        params![user, key],
    )?;
    Ok(rows == 1)
}

pub(crate) fn add_play(tx: &mut Tx<'_>, user: UserId, id: ItemId, at: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_mark (user_id, kind, item_id, plays, played_us) VALUES ($1, $2, $3, 1, $4)
             ON CONFLICT (user_id, kind, item_id) DO UPDATE SET plays = catalog_mark.plays + 1,
                played_us = CASE WHEN catalog_mark.played_us > excluded.played_us THEN catalog_mark.played_us
                    ELSE excluded.played_us END"
        ),
        params![user, id.kind().word(), id.number(), at],
    )?;
    Ok(())
}

/// Adds everybody's marks on `from` to those on `to`, which is of the same kind.
pub(crate) fn add_all(tx: &mut Tx<'_>, kind: ItemKind, from: i64, to: i64) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_mark (user_id, kind, item_id, favourite_us, rating, plays, played_us)
             SELECT old.user_id, old.kind, $3, old.favourite_us, old.rating, old.plays, old.played_us
             FROM catalog_mark old WHERE old.kind = $1 AND old.item_id = $2
             ON CONFLICT (user_id, kind, item_id) DO UPDATE SET
                favourite_us = COALESCE(catalog_mark.favourite_us, excluded.favourite_us),
                rating = COALESCE(catalog_mark.rating, excluded.rating),
                plays = catalog_mark.plays + excluded.plays,
                played_us = CASE WHEN catalog_mark.played_us > excluded.played_us THEN catalog_mark.played_us
                    ELSE COALESCE(excluded.played_us, catalog_mark.played_us) END"
        ),
        params![kind.word(), from, to],
    )?;
    Ok(())
}

/// Deletes everybody's marks on something that is no more.
pub(crate) fn delete_all(tx: &mut Tx<'_>, kind: ItemKind, id: i64) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_mark WHERE kind = $1 AND item_id = $2"), params![kind.word(), id])?;
    Ok(())
}

/// How many marks there are, for a test that none is left over.
#[cfg(test)]
pub(crate) async fn count(db: &kernel::db::Db) -> Result<u64, Fault> {
    let sql = sql!("SELECT COUNT(*) FROM catalog_mark", scan = "a test counts all of them");
    Ok(db.one(sql, params![], |row| row.get(0)).await?.unwrap_or(0))
}
