//! The rows of internet radio stations.

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    params, sql,
};

use crate::model::radio::{NewRadioStation, RadioStation, RadioStationId};

fn station(row: &Row<'_>) -> Result<RadioStation, Fault> {
    Ok(RadioStation {
        id: row.get(0)?,
        name: row.get(1)?,
        stream: row.get(2)?,
        home_page: row.get(3)?,
        created_at: row.get(4)?,
    })
}

/// By name, after a key; each with the key by which it is sorted.
pub(crate) fn by_name(
    tx: &mut Tx<'_>,
    after: (&[u8], i64),
    limit: u32,
) -> Result<Vec<(RadioStation, Vec<u8>)>, Fault> {
    tx.all(
        sql!(
            "SELECT id, name, stream, home_page, created_us, sort_key FROM catalog_radio_station
             WHERE (sort_key, id) > ($1, $2) ORDER BY sort_key, id LIMIT $3"
        ),
        params![after.0, after.1, limit],
        |row| Ok((station(row)?, row.get(5)?)),
    )
}

pub(crate) fn one(tx: &mut Tx<'_>, id: RadioStationId) -> Result<Option<RadioStation>, Fault> {
    tx.one(
        sql!("SELECT id, name, stream, home_page, created_us FROM catalog_radio_station WHERE id = $1"),
        params![id],
        station,
    )
}

pub(crate) fn count(tx: &mut Tx<'_>) -> Result<u64, Fault> {
    let count = tx.one(
        sql!("SELECT COUNT(*) FROM catalog_radio_station", scan = "all are counted, and there are few"),
        params![],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    id: RadioStationId,
    new: &NewRadioStation,
    sort_key: &[u8],
    now: Time,
) -> Result<u64, Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_radio_station (id, name, sort_key, stream, home_page, created_us, changed_us)
             VALUES ($1, $2, $3, $4, $5, $6, $6)"
        ),
        params![id, &new.name, sort_key, &new.stream, new.home_page.clone(), now],
    )
}

/// False when there is none.
pub(crate) fn update(
    tx: &mut Tx<'_>,
    id: RadioStationId,
    new: &NewRadioStation,
    sort_key: &[u8],
    now: Time,
) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!(
            "UPDATE catalog_radio_station SET name = $2, sort_key = $3, stream = $4, home_page = $5, changed_us = $6
             WHERE id = $1"
        ),
        params![id, &new.name, sort_key, &new.stream, new.home_page.clone(), now],
    )?;
    Ok(rows > 0)
}

/// False when there is none.
pub(crate) fn delete(tx: &mut Tx<'_>, id: RadioStationId) -> Result<bool, Fault> {
    Ok(tx.run(sql!("DELETE FROM catalog_radio_station WHERE id = $1"), params![id])? > 0)
}
