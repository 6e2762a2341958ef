//! What merges of artists changed: noted before they change it, and brought back when they are taken back.
//!
//! On an album, on a track and in its credits the notes say where either of the two stood. What was changed there since is
//! left as it is: an artist is put back only where the other still stands in a place that was noted.

use std::ops::RangeInclusive;

use kernel::{Fault, db::Tx, params, sql};

use crate::ArtistId;

/// A merge that can be taken back.
pub(crate) struct Merged {
    pub(crate) from: ArtistId,
    pub(crate) to: ArtistId,
    pub(crate) name: String,
    pub(crate) name_key: Vec<u8>,
    pub(crate) sort_key: Vec<u8>,
    /// The name led to the other for no other reason than that he was called so.
    pub(crate) led: bool,
    /// What people had written over who was taken in, as [`super::edits::of`] has it.
    pub(crate) overlay: Option<(String, String)>,
}

pub(crate) fn of(tx: &mut Tx<'_>, edit: i64) -> Result<Option<Merged>, Fault> {
    tx.one(
        sql!(
            "SELECT from_id, to_id, name, name_key, sort_key, led, edited, filed FROM catalog_merge
             WHERE edit_id = $1"
        ),
        params![edit],
        |row| {
            Ok(Merged {
                from: row.get(0)?,
                to: row.get(1)?,
                name: row.get(2)?,
                name_key: row.get(3)?,
                sort_key: row.get(4)?,
                led: row.get(5)?,
                overlay: row.get::<Option<String>>(6)?.zip(row.get::<Option<String>>(7)?),
            })
        },
    )
}

/// Notes everything that is as the merge of `from` into `to` is about to change it, but for what a name led to.
pub(crate) fn note(tx: &mut Tx<'_>, edit: i64, from: ArtistId, to: ArtistId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_merge (edit_id, from_id, to_id, name, name_key, musicbrainz, sort_key, sort_given,
                sort_name, edits, given_picture_id, lent, led, edited, filed)
             SELECT $1, a.id, other.id, a.name, a.name_key, a.musicbrainz, a.sort_key, a.sort_given, a.sort_name,
                a.edits, a.given_picture_id, a.given_picture_id IS NOT NULL AND other.given_picture_id IS NULL,
                FALSE, e.edited, e.filed
             FROM catalog_artist a JOIN catalog_artist other ON other.id = $3
             LEFT JOIN catalog_edit e ON e.kind = 'artist' AND e.item_id = a.id WHERE a.id = $2"
        ),
        params![edit, from, to],
    )?;
    for statement in [
        sql!(
            "INSERT INTO catalog_merge_place (edit_id, place, item_id, position, artist_id)
             SELECT $1, 'album', aa.album_id, aa.position, aa.artist_id
             FROM catalog_album_artist own JOIN catalog_album_artist aa ON aa.album_id = own.album_id
             WHERE own.artist_id = $2 AND aa.artist_id IN ($2, $3) ON CONFLICT DO NOTHING"
        ),
        sql!(
            "INSERT INTO catalog_merge_place (edit_id, place, item_id, position, artist_id)
             SELECT $1, 'track', ta.track_id, ta.position, ta.artist_id
             FROM catalog_track_artist own JOIN catalog_track_artist ta ON ta.track_id = own.track_id
             WHERE own.artist_id = $2 AND ta.artist_id IN ($2, $3) ON CONFLICT DO NOTHING"
        ),
        sql!(
            "INSERT INTO catalog_merge_place (edit_id, place, item_id, position, artist_id, role, detail)
             SELECT $1, 'credit', c.track_id, c.position, c.artist_id, c.role, c.detail
             FROM catalog_credit own JOIN catalog_credit c ON c.track_id = own.track_id
             WHERE own.artist_id = $2 AND c.artist_id IN ($2, $3) ON CONFLICT DO NOTHING"
        ),
        sql!(
            "INSERT INTO catalog_merge_mark (edit_id, user_id, favourite_us, rating, plays, played_us,
                other_favourite, other_rating, other_played_us)
             SELECT $1, m.user_id, m.favourite_us, m.rating, m.plays, m.played_us, other.favourite_us IS NOT NULL,
                other.rating IS NOT NULL, other.played_us
             FROM catalog_mark m
             LEFT JOIN catalog_mark other ON other.user_id = m.user_id AND other.kind = 'artist' AND other.item_id = $3
             WHERE m.kind = 'artist' AND m.item_id = $2"
        ),
    ] {
        tx.run(statement, params![edit, from, to])?;
    }
    let sql = sql!(
        "INSERT INTO catalog_merge_alias (edit_id, key, artist_id)
         SELECT $1, al.key, al.artist_id FROM catalog_artist_alias al WHERE al.artist_id = $2"
    );
    tx.run(sql, params![edit, from])?;
    Ok(())
}

/// Notes where a name or an identifier leads, which is about to lead to the other.
pub(crate) fn note_alias(tx: &mut Tx<'_>, edit: i64, key: &[u8]) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_merge_alias (edit_id, key, artist_id)
             VALUES ($1, $2, (SELECT al.artist_id FROM catalog_artist_alias al WHERE al.key = $2))
             ON CONFLICT DO NOTHING"
        ),
        params![edit, key],
    )?;
    Ok(())
}

/// Notes that the name of who was taken in led to the other only while he was called so.
pub(crate) fn note_led(tx: &mut Tx<'_>, edit: i64) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_merge SET led = TRUE WHERE edit_id = $1"), params![edit])?;
    Ok(())
}

/// Enters again who was taken in, in all the libraries of the other; false when somebody else has the name or the
/// identifier meanwhile.
pub(crate) fn restore_artist(tx: &mut Tx<'_>, edit: i64) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!(
            "INSERT INTO catalog_artist (id, name, name_key, musicbrainz, sort_key, sort_given, sort_name, edits,
                given_picture_id, scope)
             SELECT m.from_id, m.name, m.name_key, m.musicbrainz, m.sort_key, m.sort_given, m.sort_name, m.edits + 1,
                m.given_picture_id, other.scope
             FROM catalog_merge m JOIN catalog_artist other ON other.id = m.to_id WHERE m.edit_id = $1
             ON CONFLICT DO NOTHING"
        ),
        params![edit],
    )?;
    Ok(rows == 1)
}

/// Takes back the picture that the other had of who was taken in, unless he was given one since.
pub(crate) fn restore_picture(tx: &mut Tx<'_>, edit: i64, to: ArtistId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_artist SET given_picture_id = NULL WHERE id = $2 AND given_picture_id = (
                SELECT m.given_picture_id FROM catalog_merge m WHERE m.edit_id = $1 AND m.lent)"
        ),
        params![edit, to],
    )?;
    Ok(())
}

/// Puts both where they stood. First who stands in the place of the other, then those who had stood there twice.
pub(crate) fn restore_places(tx: &mut Tx<'_>, edit: i64, from: ArtistId, to: ArtistId) -> Result<(), Fault> {
    for statement in [
        sql!(
            "UPDATE catalog_album_artist SET artist_id = $2 WHERE artist_id = $3 AND EXISTS (
                SELECT 1 FROM catalog_merge_place p WHERE p.edit_id = $1 AND p.place = 'album'
                    AND p.item_id = catalog_album_artist.album_id AND p.position = catalog_album_artist.position
                    AND p.artist_id = $2)"
        ),
        sql!(
            "UPDATE catalog_track_artist SET artist_id = $2 WHERE artist_id = $3 AND EXISTS (
                SELECT 1 FROM catalog_merge_place p WHERE p.edit_id = $1 AND p.place = 'track'
                    AND p.item_id = catalog_track_artist.track_id AND p.position = catalog_track_artist.position
                    AND p.artist_id = $2)"
        ),
        sql!(
            "UPDATE catalog_credit SET artist_id = $2 WHERE artist_id = $3 AND EXISTS (
                SELECT 1 FROM catalog_merge_place p WHERE p.edit_id = $1 AND p.place = 'credit'
                    AND p.item_id = catalog_credit.track_id AND p.position = catalog_credit.position
                    AND p.artist_id = $2 AND p.role = catalog_credit.role
                    AND COALESCE(p.detail, '') = COALESCE(catalog_credit.detail, ''))"
        ),
    ] {
        tx.run(statement, params![edit, from, to])?;
    }
    for statement in [
        sql!(
            "INSERT INTO catalog_album_artist (album_id, position, artist_id)
             SELECT p.item_id, p.position, p.artist_id FROM catalog_merge_place p
             WHERE p.edit_id = $1 AND p.place = 'album' AND NOT EXISTS (
                SELECT 1 FROM catalog_album_artist same WHERE same.album_id = p.item_id AND same.artist_id = p.artist_id)
             AND EXISTS (SELECT 1 FROM catalog_album_artist here
                JOIN catalog_merge_place k ON k.edit_id = $1 AND k.place = 'album' AND k.item_id = here.album_id
                    AND k.position = here.position AND k.artist_id = here.artist_id
                WHERE here.album_id = p.item_id) ON CONFLICT DO NOTHING"
        ),
        sql!(
            "INSERT INTO catalog_track_artist (track_id, position, artist_id)
             SELECT p.item_id, p.position, p.artist_id FROM catalog_merge_place p
             WHERE p.edit_id = $1 AND p.place = 'track' AND NOT EXISTS (
                SELECT 1 FROM catalog_track_artist same WHERE same.track_id = p.item_id AND same.artist_id = p.artist_id)
             AND EXISTS (SELECT 1 FROM catalog_track_artist here
                JOIN catalog_merge_place k ON k.edit_id = $1 AND k.place = 'track' AND k.item_id = here.track_id
                    AND k.position = here.position AND k.artist_id = here.artist_id
                WHERE here.track_id = p.item_id) ON CONFLICT DO NOTHING"
        ),
        sql!(
            "INSERT INTO catalog_credit (track_id, position, artist_id, role, detail)
             SELECT p.item_id, p.position, p.artist_id, p.role, p.detail FROM catalog_merge_place p
             WHERE p.edit_id = $1 AND p.place = 'credit' AND NOT EXISTS (
                SELECT 1 FROM catalog_credit same WHERE same.track_id = p.item_id AND same.artist_id = p.artist_id
                    AND same.role = p.role AND COALESCE(same.detail, '') = COALESCE(p.detail, ''))
             AND EXISTS (SELECT 1 FROM catalog_credit here
                JOIN catalog_merge_place k ON k.edit_id = $1 AND k.place = 'credit' AND k.item_id = here.track_id
                    AND k.position = here.position AND k.artist_id = here.artist_id
                WHERE here.track_id = p.item_id AND here.role = p.role
                    AND COALESCE(here.detail, '') = COALESCE(p.detail, '')) ON CONFLICT DO NOTHING"
        ),
    ] {
        tx.run(statement, params![edit])?;
    }
    Ok(())
}

/// Has names and identifiers lead where they led, unless they were made to lead elsewhere since.
pub(crate) fn restore_aliases(tx: &mut Tx<'_>, edit: i64, to: ArtistId) -> Result<(), Fault> {
    for statement in [
        sql!(
            "DELETE FROM catalog_artist_alias WHERE artist_id = $2 AND key IN (
                SELECT n.key FROM catalog_merge_alias n WHERE n.edit_id = $1 AND n.artist_id IS NULL)"
        ),
        sql!(
            "UPDATE catalog_artist_alias SET artist_id = (
                SELECT n.artist_id FROM catalog_merge_alias n
                WHERE n.edit_id = $1 AND n.key = catalog_artist_alias.key)
             WHERE artist_id = $2 AND key IN (
                SELECT n.key FROM catalog_merge_alias n JOIN catalog_artist a ON a.id = n.artist_id
                WHERE n.edit_id = $1)"
        ),
    ] {
        tx.run(statement, params![edit, to])?;
    }
    Ok(())
}

/// Parts what listeners did with both. What they did since with the one who is left stays with him.
pub(crate) fn restore_marks(tx: &mut Tx<'_>, edit: i64, from: ArtistId, to: ArtistId) -> Result<(), Fault> {
    for statement in [
        sql!(
            "UPDATE catalog_mark SET
                favourite_us = CASE WHEN NOT n.other_favourite AND catalog_mark.favourite_us = n.favourite_us THEN NULL
                    ELSE catalog_mark.favourite_us END,
                rating = CASE WHEN NOT n.other_rating AND catalog_mark.rating = n.rating THEN NULL
                    ELSE catalog_mark.rating END,
                plays = CASE WHEN catalog_mark.plays > n.plays THEN catalog_mark.plays - n.plays ELSE 0 END,
                played_us = CASE WHEN catalog_mark.played_us = n.played_us THEN n.other_played_us
                    ELSE catalog_mark.played_us END
             FROM catalog_merge_mark n WHERE n.edit_id = $1 AND catalog_mark.user_id = n.user_id
                AND catalog_mark.kind = 'artist' AND catalog_mark.item_id = $2"
        ),
        sql!(
            "DELETE FROM catalog_mark WHERE kind = 'artist' AND item_id = $2 AND favourite_us IS NULL
                AND rating IS NULL AND plays = 0
                AND user_id IN (SELECT n.user_id FROM catalog_merge_mark n WHERE n.edit_id = $1)"
        ),
    ] {
        tx.run(statement, params![edit, to])?;
    }
    tx.run(
        sql!(
            "INSERT INTO catalog_mark (user_id, kind, item_id, favourite_us, rating, plays, played_us)
             SELECT n.user_id, 'artist', $2, n.favourite_us, n.rating, n.plays, n.played_us
             FROM catalog_merge_mark n WHERE n.edit_id = $1 ON CONFLICT DO NOTHING"
        ),
        params![edit, from],
    )?;
    Ok(())
}

/// Forgets the merges into an artist by edits from the first to the last.
pub(crate) fn forget(tx: &mut Tx<'_>, to: i64, edits: RangeInclusive<i64>) -> Result<(), Fault> {
    for statement in [
        sql!(
            "DELETE FROM catalog_merge_place WHERE edit_id IN (
                SELECT m.edit_id FROM catalog_merge m WHERE m.to_id = $1 AND m.edit_id BETWEEN $2 AND $3)"
        ),
        sql!(
            "DELETE FROM catalog_merge_alias WHERE edit_id IN (
                SELECT m.edit_id FROM catalog_merge m WHERE m.to_id = $1 AND m.edit_id BETWEEN $2 AND $3)"
        ),
        sql!(
            "DELETE FROM catalog_merge_mark WHERE edit_id IN (
                SELECT m.edit_id FROM catalog_merge m WHERE m.to_id = $1 AND m.edit_id BETWEEN $2 AND $3)"
        ),
        sql!("DELETE FROM catalog_merge WHERE to_id = $1 AND edit_id BETWEEN $2 AND $3"),
    ] {
        tx.run(statement, params![to, *edits.start(), *edits.end()])?;
    }
    Ok(())
}
