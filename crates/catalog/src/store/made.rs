//! Large made catalogues for tests: many rows by one statement each, with keys that often are the same.

use kernel::{Fault, db::Tx, id::UserId, params, sql};

/// Albums, artists and tracks numbered from 1 to `count`, each shown.
pub(crate) fn catalogue(tx: &mut Tx<'_>, count: u32) -> Result<(), Fault> {
    albums(tx, count)?;
    artists(tx, count)?;
    media(tx, count)?;
    tracks(tx, count)
}

pub(crate) fn albums(tx: &mut Tx<'_>, count: u32) -> Result<(), Fault> {
    tx.run(
        sql!(
            sqlite: "INSERT INTO catalog_album (id, key, title, sort_key, artist_sort, released, released_key,
                    compilation, artists_guessed, added_us, scope)
                WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
                SELECT n, CAST('album ' || n AS BLOB), 'Album ' || n, CAST(n * 7919 % 1000 AS BLOB),
                    CAST(n % 50 AS BLOB), 1950 + n % 70, (1950 + n % 70) * 10000, FALSE, FALSE, n / 3, 1
                FROM numbers",
            postgres: "INSERT INTO catalog_album (id, key, title, sort_key, artist_sort, released, released_key,
                    compilation, artists_guessed, added_us, scope)
                SELECT n, convert_to('album ' || n, 'UTF8'), 'Album ' || n,
                    convert_to(CAST(n * 7919 % 1000 AS TEXT), 'UTF8'), convert_to(CAST(n % 50 AS TEXT), 'UTF8'),
                    CAST(1950 + n % 70 AS TEXT), (1950 + n % 70) * 10000, FALSE, FALSE, n / 3, 1
                FROM generate_series(1, $1) AS numbers (n)",
            scan = "it makes numbers"
        ),
        params![count],
    )?;
    Ok(())
}

fn artists(tx: &mut Tx<'_>, count: u32) -> Result<(), Fault> {
    tx.run(
        sql!(
            sqlite: "INSERT INTO catalog_artist (id, name, name_key, sort_key, sort_given, scope)
                WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
                SELECT n, 'Artist ' || n, CAST('artist ' || n AS BLOB), CAST(n * 7919 % 1000 AS BLOB), FALSE, 1
                FROM numbers",
            postgres: "INSERT INTO catalog_artist (id, name, name_key, sort_key, sort_given, scope)
                SELECT n, 'Artist ' || n, convert_to('artist ' || n, 'UTF8'),
                    convert_to(CAST(n * 7919 % 1000 AS TEXT), 'UTF8'), FALSE, 1
                FROM generate_series(1, $1) AS numbers (n)",
            scan = "it makes numbers"
        ),
        params![count],
    )?;
    Ok(())
}

fn media(tx: &mut Tx<'_>, count: u32) -> Result<(), Fault> {
    tx.run(
        sql!(
            sqlite: "INSERT INTO catalog_media (id, kind, place, source, bytes, stamp, mime, codec, bitrate_kbps,
                    sample_rate_hz, channels, duration_ms, state, generation)
                WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
                SELECT n, 'audio', 'file', '/m/' || n, 1, 1, 'audio/flac', 'flac', 900, 44100, 2, 60000, 'none', 1
                FROM numbers",
            postgres: "INSERT INTO catalog_media (id, kind, place, source, bytes, stamp, mime, codec, bitrate_kbps,
                    sample_rate_hz, channels, duration_ms, state, generation)
                SELECT n, 'audio', 'file', '/m/' || n, 1, 1, 'audio/flac', 'flac', 900, 44100, 2, 60000, 'none', 1
                FROM generate_series(1, $1) AS numbers (n)",
            scan = "it makes numbers"
        ),
        params![count],
    )?;
    Ok(())
}

fn tracks(tx: &mut Tx<'_>, count: u32) -> Result<(), Fault> {
    tx.run(
        sql!(
            sqlite: "INSERT INTO catalog_track (id, media_id, album_id, title, sort_key, disc, date, duration_ms,
                    added_us, scope)
                WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
                SELECT n, n, n, 'Track ' || n, CAST(n * 7919 % 1000 AS BLOB), 1,
                    CASE WHEN n % 10 > 0 THEN CAST(1950 + n % 70 AS TEXT) || '-05' END, 60000, n, 1
                FROM numbers",
            postgres: "INSERT INTO catalog_track (id, media_id, album_id, title, sort_key, disc, date, duration_ms,
                    added_us, scope)
                SELECT n, n, n, 'Track ' || n, convert_to(CAST(n * 7919 % 1000 AS TEXT), 'UTF8'), 1,
                    CASE WHEN n % 10 > 0 THEN CAST(1950 + n % 70 AS TEXT) || '-05' END, 60000, n, 1
                FROM generate_series(1, $1) AS numbers (n)",
            scan = "it makes numbers"
        ),
        params![count],
    )?;
    Ok(())
}

/// Marks of every sort on the albums from 1 to `count`: the last one is the latest favourite and the most played.
pub(crate) fn marks(tx: &mut Tx<'_>, user: UserId, count: u32) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_mark (user_id, kind, item_id, favourite_us, rating, plays, played_us)
             SELECT $1, 'album', a.id, a.id, 1 + a.id % 5, a.id, 1000000 - a.id FROM catalog_album a
             WHERE a.id <= $2"
        ),
        params![user, count],
    )?;
    Ok(())
}
