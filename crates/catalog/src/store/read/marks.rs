//! Listeners' marks, beside what is shown and as lists. Each statement is about one listener's marks alone.

use std::collections::HashMap;

use kernel::{
    Fault, Time,
    db::{Row, Statement, Tx},
    id::UserId,
    params, sql,
};

use super::list;
use crate::{
    model::{ItemKind, Mark, MarkOrder},
    visibility::visible,
};

/// One listener's marks by what they are on.
pub(crate) type Marks = HashMap<(ItemKind, i64), Mark>;

/// The marks that a listener has put on these.
pub(crate) fn of(
    tx: &mut Tx<'_>,
    user: UserId,
    kind: ItemKind,
    ids: impl Iterator<Item = i64>,
) -> Result<Marks, Fault> {
    let ids = list(ids);
    if ids == "[]" {
        return Ok(Marks::new());
    }
    let rows = tx.all(
        sql!(
            sqlite: "SELECT m.item_id, m.favourite_us, m.rating, m.plays, m.played_us FROM json_each($3) wanted
                CROSS JOIN catalog_mark m ON m.user_id = $1 AND m.kind = $2 AND m.item_id = wanted.value",
            // Not a join, for which a planner that has not yet counted what is new reads all marks of the listener.
            postgres: "SELECT m.item_id, m.favourite_us, m.rating, m.plays, m.played_us FROM catalog_mark m
                WHERE m.user_id = $1 AND m.kind = $2 AND m.item_id = ANY (ARRAY(SELECT CAST(wanted.value AS BIGINT)
                    FROM json_array_elements_text(CAST($3 AS JSON)) wanted))"
        ),
        params![user, kind.word(), ids],
        mark,
    )?;
    Ok(rows.into_iter().map(|(id, mark)| ((kind, id), mark)).collect())
}

fn mark(row: &Row<'_>) -> Result<(i64, Mark), Fault> {
    let favourite_at: Option<Time> = row.get(1)?;
    let rating: Option<u32> = row.get(2)?;
    let mark = Mark {
        favourite: favourite_at.is_some(),
        favourite_at,
        rating: rating.and_then(|rating| u8::try_from(rating).ok()),
        plays: row.get(3)?,
        played_at: row.get(4)?,
    };
    Ok((row.get(0)?, mark))
}

/// A row of a list by marks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marked {
    /// What it is ordered by.
    pub(crate) key: i64,
    pub(crate) id: i64,
}

/// One order of one kind: the marks of a listener that have a `$column`, for what is shown.
macro_rules! marked {
    ($kind:literal, $table:literal, $column:literal, $condition:literal) => {
        sql!(concat!(
            "SELECT m.",
            $column,
            ", m.item_id FROM catalog_mark m JOIN ",
            $table,
            " x ON x.id = m.item_id WHERE m.user_id = $1 AND m.kind = '",
            $kind,
            "' AND m.",
            $condition,
            " AND (m.",
            $column,
            ", m.item_id) < ($2, $3) AND ",
            visible!("x"),
            " ORDER BY m.",
            $column,
            " DESC, m.item_id DESC LIMIT $4 OFFSET $5"
        ))
    };
}

/// The four orders of one kind.
macro_rules! orders {
    ($order:expr, $kind:literal, $table:literal) => {
        match $order {
            MarkOrder::Favourites => marked!($kind, $table, "favourite_us", "favourite_us IS NOT NULL"),
            MarkOrder::HighestRated => marked!($kind, $table, "rating", "rating IS NOT NULL"),
            MarkOrder::RecentlyPlayed => marked!($kind, $table, "played_us", "played_us IS NOT NULL"),
            MarkOrder::MostPlayed => marked!($kind, $table, "plays", "plays > 0"),
        }
    };
}

/// Where a list by marks begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct From {
    /// The key and identifier before which it begins.
    pub(crate) before: (i64, i64),
    /// Rows after that to pass over; they are a listener's own, so never more than one person has marked.
    pub(crate) skip: i64,
}

impl From {
    /// The first row.
    pub(crate) const TOP: Self = Self { before: (i64::MAX, i64::MAX), skip: 0 };
}

/// A list of a listener's marks, from the highest key down.
pub(crate) fn by_mark(
    tx: &mut Tx<'_>,
    user: UserId,
    kind: ItemKind,
    order: MarkOrder,
    from: From,
    limit: u32,
) -> Result<Vec<Marked>, Fault> {
    let sql: &'static Statement = match kind {
        ItemKind::Track => orders!(order, "track", "catalog_track"),
        ItemKind::Album => orders!(order, "album", "catalog_album"),
        ItemKind::Artist => orders!(order, "artist", "catalog_artist"),
        ItemKind::Video => orders!(order, "video", "catalog_video"),
    };
    tx.all(sql, params![user, from.before.0, from.before.1, limit, from.skip], |row| {
        Ok(Marked { key: row.get(0)?, id: row.get(1)? })
    })
}
