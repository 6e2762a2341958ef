//! The rows of who did what.

use kernel::{Fault, db::Tx, params, sql};

use crate::{ArtistId, TrackId, import::Role};

/// Enters many: track, position, artist, role, detail.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    rows: &[(TrackId, usize, ArtistId, Role, Option<String>)],
) -> Result<(), Fault> {
    let rows: Vec<_> = rows
        .iter()
        .map(|(track, at, artist, role, detail)| (track.0, at, artist.0, role.word(), detail))
        .collect();
    tx.run(
        sql!(
            sqlite: "INSERT INTO catalog_credit (track_id, position, artist_id, role, detail)
                SELECT wanted.value ->> 0, wanted.value ->> 1, wanted.value ->> 2, wanted.value ->> 3,
                    wanted.value ->> 4 FROM json_each($1) wanted",
            postgres: "INSERT INTO catalog_credit (track_id, position, artist_id, role, detail)
                SELECT CAST(wanted.value ->> 0 AS BIGINT), CAST(wanted.value ->> 1 AS BIGINT),
                    CAST(wanted.value ->> 2 AS BIGINT), wanted.value ->> 3, wanted.value ->> 4
                FROM json_array_elements(CAST($1 AS JSON)) wanted"
        ),
        params![super::json(&rows)?],
    )?;
    Ok(())
}

/// Who did what on a track, in order.
pub(crate) fn of_track(
    tx: &mut Tx<'_>,
    track: TrackId,
) -> Result<Vec<(ArtistId, Role, Option<String>)>, Fault> {
    tx.all(
        sql!("SELECT artist_id, role, detail FROM catalog_credit WHERE track_id = $1 ORDER BY position"),
        params![track],
        |row| {
            let role = Role::from_word(&row.get::<String>(1)?);
            Ok((row.get(0)?, role.unwrap_or(Role::Performer), row.get(2)?))
        },
    )
}

pub(crate) fn delete(tx: &mut Tx<'_>, track: TrackId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_credit WHERE track_id = $1"), params![track])?;
    Ok(())
}
