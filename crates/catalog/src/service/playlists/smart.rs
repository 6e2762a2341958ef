//! Smart playlists: rules held against the tracks that there are, as the one who looks thinks of them.
//!
//! Favourites, ratings and plays in rules are always those of who looks, never those of the owner: a public smart
//! playlist tells nothing about anybody.

use kernel::{Ctx, Fault, Page, PageQuery, http::Viewer, id::UserId};
use tokio::sync::Semaphore;

use super::{entries::in_order, rules_of};
use crate::{
    TrackId,
    model::playlists::{Entry, Preview},
    rules::{Compiled, Facts, Field, Picked, Rules, Sieve, Source},
    service::{Error, music},
    store::{
        playlists::{PlaylistRow, found as pages},
        smart as store,
    },
    visibility,
};

/// Tracks that are looked at in one go, so that no reader of the database is held for long and memory stays small.
const LOOKED_AT_ONCE: u32 = 2_000;
/// Rules that are held against the library at once in this process; further ones wait.
const EVALUATIONS_MAX: usize = 2;
/// Tracks that a preview shows.
const PREVIEW_MAX: usize = 50;

static EVALUATIONS: Semaphore = Semaphore::const_new(EVALUATIONS_MAX);

/// How many fit, and those that the playlist holds, in their order.
async fn evaluate(ctx: &Ctx, viewer: &Viewer, rules: &Rules) -> Result<(u64, Vec<Picked>), Error> {
    let compiled = Compiled::new(rules, ctx.now())?;
    let found = evaluate_all(ctx, viewer, std::slice::from_ref(&compiled)).await?;
    Ok(found.into_iter().next().unwrap_or_default())
}

/// The same of several rules in one walk; of each in turn.
pub(super) async fn evaluate_all(
    ctx: &Ctx,
    viewer: &Viewer,
    all: &[Compiled],
) -> Result<Vec<(u64, Vec<Picked>)>, Error> {
    let broken = |_| Error::Fault(Fault::new("the places for evaluations are gone"));
    let _place = EVALUATIONS.acquire().await.map_err(broken)?;
    let need = |fields: &[Field]| all.iter().any(|one| one.needs(fields));
    let first = all.first().map_or(Source::All, Compiled::source);
    let wanted = Wanted {
        source: if all.iter().all(|one| one.source() == first) { first } else { Source::All },
        artists: need(&[Field::Artist]),
        album_artists: need(&[Field::AlbumArtist]),
        marks: need(&[Field::Favourite, Field::Rating, Field::Plays, Field::LastPlayed]),
        user: viewer.id,
    };
    let mut sieves: Vec<Sieve<'_>> = all.iter().map(Sieve::new).collect();
    let mut after = (i64::MIN, i64::MIN);
    loop {
        let batch = wanted.fetch(ctx, viewer, after).await?;
        let Some(last) = batch.last() else { break };
        after = (last.added_us, last.id);
        let more = batch.len() == LOOKED_AT_ONCE as usize;
        for facts in &batch {
            for sieve in &mut sieves {
                sieve.take(facts);
            }
        }
        if !more {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(sieves.into_iter().map(Sieve::end).collect())
}

/// What must be read for some rules.
#[derive(Clone, Copy)]
struct Wanted {
    source: Source,
    artists: bool,
    album_artists: bool,
    marks: bool,
    user: UserId,
}

impl Wanted {
    async fn fetch(self, ctx: &Ctx, viewer: &Viewer, after: (i64, i64)) -> Result<Vec<Facts>, Error> {
        let batch = visibility::read(ctx, viewer, move |tx| {
            let mut batch = match self.source {
                Source::AddedSince(since) => store::added_since(tx, since, after, LOOKED_AT_ONCE)?,
                Source::All => store::all(tx, after.1, LOOKED_AT_ONCE)?,
                Source::Marked => store::marked(tx, self.user, after.1, LOOKED_AT_ONCE)?,
            };
            if self.artists {
                store::fill_artists(tx, &mut batch)?;
            }
            if self.album_artists {
                store::fill_album_artists(tx, &mut batch)?;
            }
            if self.marks {
                store::fill_marks(tx, self.user, &mut batch)?;
            }
            Ok::<_, Fault>(batch)
        });
        Ok(batch.await?)
    }
}

/// What rules find now, for the editor of rules.
pub async fn preview(ctx: &Ctx, viewer: &Viewer, rules: &Rules) -> Result<Preview, Error> {
    let (matching, picked) = evaluate(ctx, viewer, rules).await?;
    let first: Vec<TrackId> = picked.iter().take(PREVIEW_MAX).map(|picked| picked.id).collect();
    let tracks = music::tracks_by_id(ctx, viewer, first.clone()).await?;
    Ok(Preview {
        matching,
        track_count: picked.len() as u64,
        duration_ms: picked.iter().map(|picked| picked.duration_ms).sum(),
        tracks: in_order(&first, &tracks),
    })
}

/// What a smart playlist holds now.
pub(super) async fn found(ctx: &Ctx, viewer: &Viewer, row: &PlaylistRow) -> Result<Vec<TrackId>, Error> {
    let rules = rules_of(row)?.ok_or(Error::NotFound)?;
    let (_, picked) = evaluate(ctx, viewer, &rules).await?;
    Ok(picked.into_iter().map(|picked| picked.id).collect())
}

/// A page of a smart playlist. The first page looks anew and keeps what it found for this viewer; the pages after it
/// go on in that, so that nothing is skipped or repeated and the library is looked through once.
pub(super) async fn list_entries(
    ctx: &Ctx,
    viewer: &Viewer,
    row: &PlaylistRow,
    query: &PageQuery,
) -> Result<Page<Entry>, Error> {
    let limit = query.limit();
    let offset = query.key::<usize>()?.unwrap_or(0);
    let ids = if offset == 0 { None } else { kept(ctx, viewer.id, row).await? };
    let ids = if let Some(ids) = ids {
        ids
    } else {
        let ids = found(ctx, viewer, row).await?;
        if ids.len() > limit as usize {
            keep(ctx, viewer.id, row, &ids).await?;
        }
        ids
    };
    let chunk = ids.iter().copied().enumerate().skip(offset).take(limit as usize + 1);
    let Page { items, next } = Page::cut(chunk.collect(), limit, |(at, _)| at + 1);
    let wanted: Vec<TrackId> = items.into_iter().map(|(_, track)| track).collect();
    let tracks = music::tracks_by_id(ctx, viewer, wanted.clone()).await?;
    let entries = in_order(&wanted, &tracks).into_iter();
    let items = entries.map(|track| Entry { id: None, track, added_by: None, added_at: None });
    Ok(Page { items: items.collect(), next })
}

async fn kept(ctx: &Ctx, viewer: UserId, row: &PlaylistRow) -> Result<Option<Vec<TrackId>>, Error> {
    let playlist = row.id;
    let text = ctx.db().read(move |tx| pages::get(tx, playlist, viewer)).await.map_err(Error::Fault)?;
    let read = |text: String| {
        let numbers: Vec<i64> = serde_json::from_str(&text)
            .map_err(|error| Error::Fault(Fault::from_error("a kept list can't be read", error)))?;
        Ok::<_, Error>(numbers.into_iter().map(TrackId).collect())
    };
    text.map(read).transpose()
}

async fn keep(ctx: &Ctx, viewer: UserId, row: &PlaylistRow, ids: &[TrackId]) -> Result<(), Error> {
    let (playlist, ids, now) = (row.id, ids.to_vec(), ctx.now());
    ctx.db().write(move |tx| pages::put(tx, playlist, viewer, &ids, now)).await.map_err(Error::Fault)
}
