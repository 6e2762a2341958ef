//! Places in the orders of everything that is shown, read along the indexes and no further: keys and identifiers.

use std::fmt::Write as _;

use kernel::{
    Fault,
    db::{Engine, Row, Statement, Tx},
    params, sql,
};

use crate::visibility::visible;

/// An order of everything that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Albums by title.
    AlbumTitle,
    /// Albums by first artist, then release.
    AlbumArtist,
    /// Albums, the newest first.
    AlbumAdded,
    /// Albums by release, those of unknown date first.
    AlbumReleased,
    /// Tracks by title.
    TrackTitle,
    /// Tracks that have a date, by date.
    TrackDate,
    /// Artists by name.
    ArtistName,
}

impl Order {
    /// How many orders there are.
    pub(crate) const COUNT: usize = 7;

    /// The place before the first row.
    pub(crate) fn start(self) -> Place {
        match self {
            Self::AlbumAdded => Place { text: Vec::new(), number: i64::MAX, id: i64::MAX },
            _ => Place { text: Vec::new(), number: 0, id: 0 },
        }
    }
}

/// The key of a row in an order; what the order has no use for is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) text: Vec<u8>,
    pub(crate) number: i64,
    pub(crate) id: i64,
}

fn texts(row: &Row<'_>) -> Result<Place, Fault> {
    Ok(Place { text: row.get(0)?, number: 0, id: row.get(1)? })
}

fn numbers(row: &Row<'_>) -> Result<Place, Fault> {
    Ok(Place { text: Vec::new(), number: row.get(0)?, id: row.get(1)? })
}

fn dates(row: &Row<'_>) -> Result<Place, Fault> {
    Ok(Place { text: row.get::<String>(0)?.into_bytes(), number: 0, id: row.get(1)? })
}

/// A date as the database compares it.
fn date(place: &Place) -> String {
    String::from_utf8_lossy(&place.text).into_owned()
}

/// Up to `limit` places after `from`, once `skip` were passed over. Passing over walks along the index, so callers
/// keep it small.
pub(crate) fn walk(
    tx: &mut Tx<'_>,
    order: Order,
    from: &Place,
    skip: i64,
    limit: u32,
) -> Result<Vec<Place>, Fault> {
    match order {
        Order::AlbumTitle => albums_by_title(tx, from, skip, limit),
        Order::AlbumArtist => albums_by_artist(tx, from, skip, limit),
        Order::AlbumAdded => albums_by_added(tx, from, skip, limit),
        Order::AlbumReleased => albums_by_released(tx, from, skip, limit),
        Order::TrackTitle => tracks_by_title(tx, from, skip, limit),
        Order::TrackDate => tracks_by_date(tx, from, skip, limit),
        Order::ArtistName => artists_by_name(tx, from, skip, limit),
    }
}

fn albums_by_title(tx: &mut Tx<'_>, from: &Place, skip: i64, limit: u32) -> Result<Vec<Place>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT a.sort_key, a.id FROM catalog_album a WHERE (a.sort_key, a.id) > ($1, $2) AND ",
            visible!("a"),
            " ORDER BY a.sort_key, a.id LIMIT $3 OFFSET $4"
        )),
        params![&from.text, from.id, limit, skip],
        texts,
    )
}

fn albums_by_artist(tx: &mut Tx<'_>, from: &Place, skip: i64, limit: u32) -> Result<Vec<Place>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT a.artist_sort, a.released_key, a.id FROM catalog_album a
             WHERE (a.artist_sort, a.released_key, a.id) > ($1, $2, $3) AND ",
            visible!("a"),
            " ORDER BY a.artist_sort, a.released_key, a.id LIMIT $4 OFFSET $5"
        )),
        params![&from.text, from.number, from.id, limit, skip],
        |row| Ok(Place { text: row.get(0)?, number: row.get(1)?, id: row.get(2)? }),
    )
}

fn albums_by_added(tx: &mut Tx<'_>, from: &Place, skip: i64, limit: u32) -> Result<Vec<Place>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT a.added_us, a.id FROM catalog_album a WHERE (a.added_us, a.id) < ($1, $2) AND ",
            visible!("a"),
            " ORDER BY a.added_us DESC, a.id DESC LIMIT $3 OFFSET $4"
        )),
        params![from.number, from.id, limit, skip],
        numbers,
    )
}

fn albums_by_released(tx: &mut Tx<'_>, from: &Place, skip: i64, limit: u32) -> Result<Vec<Place>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT a.released_key, a.id FROM catalog_album a WHERE (a.released_key, a.id) > ($1, $2) AND ",
            visible!("a"),
            " ORDER BY a.released_key, a.id LIMIT $3 OFFSET $4"
        )),
        params![from.number, from.id, limit, skip],
        numbers,
    )
}

fn tracks_by_title(tx: &mut Tx<'_>, from: &Place, skip: i64, limit: u32) -> Result<Vec<Place>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT t.sort_key, t.id FROM catalog_track t WHERE (t.sort_key, t.id) > ($1, $2) AND ",
            visible!("t"),
            " ORDER BY t.sort_key, t.id LIMIT $3 OFFSET $4"
        )),
        params![&from.text, from.id, limit, skip],
        texts,
    )
}

fn tracks_by_date(tx: &mut Tx<'_>, from: &Place, skip: i64, limit: u32) -> Result<Vec<Place>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT t.date, t.id FROM catalog_track t WHERE (t.date, t.id) > ($1, $2) AND ",
            visible!("t"),
            " ORDER BY t.date, t.id LIMIT $3 OFFSET $4"
        )),
        params![date(from), from.id, limit, skip],
        dates,
    )
}

fn artists_by_name(tx: &mut Tx<'_>, from: &Place, skip: i64, limit: u32) -> Result<Vec<Place>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT ar.sort_key, ar.id FROM catalog_artist ar WHERE (ar.sort_key, ar.id) > ($1, $2) AND ",
            visible!("ar"),
            " ORDER BY ar.sort_key, ar.id LIMIT $3 OFFSET $4"
        )),
        params![&from.text, from.id, limit, skip],
        texts,
    )
}

/// One order in which single places are looked up: a JSON list of key, identifier and rows to pass over. SQLite takes
/// one at a time, which costs it nothing; PostgreSQL all of them in one go.
macro_rules! lookup {
    ($table:literal, $key:literal, $sqlite_key:literal, $postgres_key:literal) => {
        sql!(
            sqlite: concat!(
                "SELECT x.id FROM ", $table, " x WHERE (x.", $key, ", x.id) > (", $sqlite_key,
                ", ($1 -> 0 ->> 1)) AND ", visible!("x"),
                " ORDER BY x.", $key, ", x.id LIMIT 1 OFFSET ($1 -> 0 ->> 2)"
            ),
            postgres: concat!(
                "SELECT found.id FROM json_array_elements(CAST($1 AS JSON)) wanted CROSS JOIN LATERAL (
                    SELECT x.id FROM ", $table, " x WHERE (x.", $key, ", x.id) > (", $postgres_key,
                ", CAST(wanted.value->>1 AS BIGINT)) AND ", visible!("x"),
                " ORDER BY x.", $key, ", x.id LIMIT 1 OFFSET CAST(wanted.value->>2 AS BIGINT)) found"
            )
        )
    };
}

/// The identifiers of single places in the orders that are drawn from: each so many rows after one that is known. What
/// is not there any more is left out.
pub(crate) fn at(tx: &mut Tx<'_>, order: Order, wanted: &[(&Place, u64)]) -> Result<Vec<i64>, Fault> {
    let sql: &'static Statement = match order {
        Order::TrackDate => lookup!("catalog_track", "date", "($1 -> 0 ->> 0)", "wanted.value->>0"),
        Order::TrackTitle => {
            lookup!("catalog_track", "sort_key", "unhex($1 -> 0 ->> 0)", "decode(wanted.value->>0, 'hex')")
        }
        _ => lookup!("catalog_album", "sort_key", "unhex($1 -> 0 ->> 0)", "decode(wanted.value->>0, 'hex')"),
    };
    let at_once = if tx.engine() == Engine::Postgres { wanted.len().max(1) } else { 1 };
    let mut found = Vec::with_capacity(wanted.len());
    for some in wanted.chunks(at_once) {
        let places = some.iter().map(|(place, skip)| {
            let key = if order == Order::TrackDate { date(place) } else { hex(&place.text) };
            (key, place.id, *skip)
        });
        let json = serde_json::to_string(&places.collect::<Vec<_>>())
            .map_err(|error| Fault::from_error("places can't be written", error))?;
        found.extend(tx.all(sql, params![json], |row| row.get::<i64>(0))?);
    }
    Ok(found)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a text can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// How many of the next `most` places after `from` come before `end`, in the orders that years are looked up in.
pub(crate) fn count_before(
    tx: &mut Tx<'_>,
    order: Order,
    from: &Place,
    end: &Place,
    most: u32,
) -> Result<u64, Fault> {
    let count = |row: &Row<'_>| row.get(0);
    let found = if order == Order::TrackDate {
        tx.one(
            sql!(
                concat!(
                    "SELECT COUNT(*) FROM (SELECT t.id FROM catalog_track t WHERE (t.date, t.id) > ($1, $2)
                        AND (t.date, t.id) < ($3, $4) AND ",
                    visible!("t"),
                    " ORDER BY t.date, t.id LIMIT $5) few"
                ),
                scan = "it counts the few that an index gave"
            ),
            params![date(from), from.id, date(end), end.id, most],
            count,
        )
    } else {
        tx.one(
            sql!(
                concat!(
                    "SELECT COUNT(*) FROM (SELECT a.id FROM catalog_album a
                     WHERE (a.released_key, a.id) > ($1, $2) AND (a.released_key, a.id) < ($3, $4) AND ",
                    visible!("a"),
                    " ORDER BY a.released_key, a.id LIMIT $5) few"
                ),
                scan = "it counts the few that an index gave"
            ),
            params![from.number, from.id, end.number, end.id, most],
            count,
        )
    };
    Ok(found?.unwrap_or(0))
}
