//! Places in the orders of everything that is shown, read along the indexes and no further: keys and identifiers.

use kernel::{
    Fault,
    db::{Row, Tx},
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
