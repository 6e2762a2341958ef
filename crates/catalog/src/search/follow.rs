//! How the index comes to be and keeps up: the relay that puts changes in one order, and the reader that follows it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use kernel::{
    Ctx, Fault, Time,
    bus::{Heard, Listener},
    db::Tx,
};

use super::{
    Held, Index, Kind, State,
    segment::Doc,
    words::{found_under, whole},
};
use crate::{
    model::TOPIC_CATALOG,
    store::{
        self,
        search::{Names, Texts},
    },
};

/// Topic that is published when changes were given their numbers.
const TOPIC_SEARCH: &str = "catalog.search";
/// Changes that are given one number.
const CHANGES_MAX: u32 = 4000;
/// Numbered changes that are kept; a process that is further behind reads everything again.
const KEPT_MAX: i64 = 500;
/// Numbered changes that are followed at once.
const FOLLOWED_MAX: u32 = 8;
/// Things that are read in one transaction.
const PAGE_MAX: usize = 4000;
/// Things of which a segment is made while everything is read.
const SEGMENT_MAX: usize = 20_000;
/// How long a lost wake-up may delay a change.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Pause after a fault.
const PAUSE_AFTER_FAULT: Duration = Duration::from_secs(5);

/// The kinds of change beside those of things alone; see the migration.
const ARTIST_NAMED: i64 = 5;
const ALBUM_NAMED: i64 = 6;
/// Bytes of one thing in a change.
const ITEM_BYTES: usize = 9;

/// Puts what changed in order, and has this process follow when it `answers`; until the program stops.
pub fn start(ctx: &Ctx, answers: bool) {
    let mut heard = ctx.bus().subscribe();
    let inner = ctx.clone();
    ctx.spawn(async move {
        while !inner.stop().is_cancelled() {
            let pause = match step(&inner, answers).await {
                Ok(0) => LOOK_EVERY,
                Ok(_) => continue,
                Err(fault) => {
                    tracing::error!("the search does not follow: {fault}");
                    PAUSE_AFTER_FAULT
                }
            };
            tokio::select! {
                () = changed_somewhere(&mut heard) => {}
                () = inner.clock().sleep(pause) => {}
                () = inner.stop().cancelled() => {}
            }
        }
    });
}

async fn changed_somewhere(heard: &mut Listener) {
    loop {
        match heard.next().await {
            Some(Heard::Topic(topic)) if ![TOPIC_CATALOG, TOPIC_SEARCH].contains(&&*topic) => {}
            Some(_) => return,
            None => std::future::pending().await,
        }
    }
}

async fn step(ctx: &Ctx, answers: bool) -> Result<usize, Fault> {
    let numbered = relay(ctx).await?;
    Ok(numbered + if answers { follow(ctx).await? } else { 0 })
}

/// Brings the index of this process up to everything that is committed now.
pub async fn catch_up(ctx: &Ctx) -> Result<(), Fault> {
    while step(ctx, true).await? > 0 {}
    Ok(())
}

/// Has every process make its index again from nothing, and makes one here; says how many things are found in it.
pub async fn rebuild(ctx: &Ctx) -> Result<usize, Fault> {
    let now = ctx.now();
    ctx.db()
        .write(move |tx| {
            store::search::lock(tx)?;
            number(tx, &[], now)
        })
        .await?;
    let held = ctx.kept(Held::default);
    let _one = held.one.lock().await;
    let state = load(ctx).await?;
    let found = state.index.len();
    held.replace(state);
    Ok(found)
}

/// Gives the next changes their number; says how many there were.
async fn relay(ctx: &Ctx) -> Result<usize, Fault> {
    if !ctx.db().read(store::search::is_dirty).await? {
        return Ok(0);
    }
    let now = ctx.now();
    ctx.db()
        .write(move |tx| {
            store::search::lock(tx)?;
            let dirty = store::search::take_dirty(tx, CHANGES_MAX)?;
            let items: BTreeSet<(i64, i64)> = dirty.iter().copied().collect();
            if !items.is_empty() {
                number(tx, &packed(&items), now)?;
            }
            Ok::<_, Fault>(dirty.len())
        })
        .await
}

/// Gives one change its number, and drops the oldest.
fn number(tx: &mut Tx<'_>, items: &[u8], now: Time) -> Result<(), Fault> {
    let seq = store::search::newest(tx)? + 1;
    // Never before the last one, whatever the clocks of several machines say.
    let last = store::search::changed(tx)?;
    let at = last.map_or(now, |last| now.max(last.plus(Duration::from_millis(1))));
    store::search::insert_change(tx, seq, items, at)?;
    store::search::delete_changes(tx, seq - KEPT_MAX)?;
    tx.wake(TOPIC_SEARCH);
    Ok(())
}

fn packed(items: &BTreeSet<(i64, i64)>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ITEM_BYTES * items.len());
    for (kind, id) in items {
        bytes.push(u8::try_from(*kind).unwrap_or_default());
        bytes.extend(id.to_be_bytes());
    }
    bytes
}

fn unpacked(bytes: &[u8]) -> impl Iterator<Item = (i64, i64)> {
    bytes.chunks_exact(ITEM_BYTES).filter_map(|item| {
        let (kind, id) = item.split_first()?;
        Some((i64::from(*kind), i64::from_be_bytes(id.try_into().ok()?)))
    })
}

/// Makes the index if there is none, else follows the next changes; says how many there were.
pub(super) async fn follow(ctx: &Ctx) -> Result<usize, Fault> {
    let held = ctx.kept(Held::default);
    let _one = held.one.lock().await;
    let Some(state) = held.state() else {
        held.replace(load(ctx).await?);
        return Ok(1);
    };
    let seq = state.seq;
    let read = ctx.db().read(move |tx| {
        Ok::<_, Fault>((store::search::newest(tx)?, store::search::changes(tx, seq, FOLLOWED_MAX)?))
    });
    let (newest, changes) = read.await?;
    let missed = changes.first().is_some_and(|(first, _)| *first != seq + 1);
    // A row without items asks for it; a smaller number means that the database is an older one than before.
    if missed || newest < seq || changes.iter().any(|(_, items)| items.is_empty()) {
        held.replace(load(ctx).await?);
        return Ok(1);
    }
    let Some((last, _)) = changes.last() else { return Ok(0) };
    let items: BTreeSet<(i64, i64)> = changes.iter().flat_map(|(_, items)| unpacked(items)).collect();
    let again = ctx.db().read(move |tx| to_read_again(tx, &items)).await?;
    let mut index = state.index.clone();
    for (kind, ids) in Kind::ALL.into_iter().zip(again) {
        for ids in ids.chunks(PAGE_MAX) {
            index = put(ctx, index, kind, ids.to_vec()).await?;
        }
    }
    held.replace(State::new(index, *last));
    Ok(changes.len())
}

/// What is to be read again of each kind.
fn to_read_again(tx: &mut Tx<'_>, items: &BTreeSet<(i64, i64)>) -> Result<[Vec<i64>; 4], Fault> {
    let of = |wanted: i64| items.iter().filter(move |(kind, _)| *kind == wanted).map(|(_, id)| *id);
    let (artists, albums): (Vec<i64>, Vec<i64>) = (of(ARTIST_NAMED).collect(), of(ALBUM_NAMED).collect());
    let mut again = Kind::ALL.map(|kind| of(kind.code()).collect::<BTreeSet<i64>>());
    again[Kind::Artist.place()].extend(&artists);
    again[Kind::Album.place()].extend(&albums);
    if !artists.is_empty() {
        again[Kind::Album.place()].extend(store::search::albums_of_artists(tx, &artists)?);
        again[Kind::Track.place()].extend(store::search::tracks_of_artists(tx, &artists)?);
    }
    if !albums.is_empty() {
        again[Kind::Track.place()].extend(store::search::tracks_of_albums(tx, &albums)?);
    }
    Ok(again.map(|ids| ids.into_iter().collect()))
}

/// Reads these things again and puts them into the index in place of what was there.
async fn put(ctx: &Ctx, mut index: Index, kind: Kind, ids: Vec<i64>) -> Result<Index, Fault> {
    let wanted = Arc::new(ids);
    let asked = Arc::clone(&wanted);
    let read = ctx.db().read(move |tx| texts(tx, kind, &asked)).await?;
    let put = tokio::task::spawn_blocking(move || {
        index.put(kind, docs(read), &wanted);
        index
    });
    put.await.map_err(|error| Fault::from_error("the index of the search broke", error))
}

/// Makes the index from nothing.
async fn load(ctx: &Ctx) -> Result<State, Fault> {
    // What changes meanwhile has a higher number and is read again.
    let seq = ctx.db().read(store::search::newest).await?;
    let mut index = Index::default();
    for kind in Kind::ALL {
        let (mut after, mut gathered) = (i64::MIN, Vec::new());
        loop {
            let page = ctx.db().read(move |tx| {
                let ids = ids(tx, kind, after)?;
                let read = texts(tx, kind, &ids)?;
                Ok::<_, Fault>((ids.last().copied(), read))
            });
            let (last, read) = page.await?;
            gathered.push(read);
            if last.is_none() || gathered.len() * PAGE_MAX >= SEGMENT_MAX {
                let pages = std::mem::take(&mut gathered);
                let put = tokio::task::spawn_blocking(move || {
                    index.put(kind, pages.into_iter().flat_map(docs).collect(), &[]);
                    index
                });
                index =
                    put.await.map_err(|error| Fault::from_error("the index of the search broke", error))?;
            }
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
    }
    tracing::info!(things = index.len(), bytes = index.bytes(), "the index of the search is made");
    Ok(State::new(index, seq))
}

fn ids(tx: &mut Tx<'_>, kind: Kind, after: i64) -> Result<Vec<i64>, Fault> {
    let limit = u32::try_from(PAGE_MAX).unwrap_or(u32::MAX);
    match kind {
        Kind::Artist => store::search::artist_ids(tx, after, limit),
        Kind::Album => store::search::album_ids(tx, after, limit),
        Kind::Track => store::search::track_ids(tx, after, limit),
        Kind::Video => store::search::video_ids(tx, after, limit),
    }
}

fn texts(tx: &mut Tx<'_>, kind: Kind, ids: &[i64]) -> Result<(Vec<Texts>, Names), Fault> {
    Ok(match kind {
        _ if ids.is_empty() => (Vec::new(), Names::new()),
        Kind::Artist => (store::search::artists(tx, ids)?, Names::new()),
        Kind::Album => (store::search::albums(tx, ids)?, store::search::album_names(tx, ids)?),
        Kind::Track => (store::search::tracks(tx, ids)?, store::search::track_names(tx, ids)?),
        Kind::Video => (store::search::videos(tx, ids)?, Names::new()),
    })
}

fn docs((rows, mut names): (Vec<Texts>, Names)) -> Vec<Doc> {
    let docs = rows.into_iter().map(|row| {
        let others = names.remove(&row.id).unwrap_or_default();
        Doc {
            id: row.id,
            scope: row.scope,
            popularity: u32::try_from(row.popularity.max(0)).unwrap_or(u32::MAX),
            whole: whole(&row.name),
            name: found_under(&row.name),
            other: row.other.iter().chain(&others).flat_map(|text| found_under(text)).collect(),
        }
    });
    docs.collect()
}
