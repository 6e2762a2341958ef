//! What sounds alike, and what the house plays most of an artist.

use std::{collections::HashSet, sync::Arc, time::Duration};

use http::StatusCode;
use kernel::{Ctx, Fault, Problem, http::Viewer};
use tokio::sync::Semaphore;

use super::{Error, fill};
use crate::{
    AlbumId, ArtistId, TrackId, access,
    alike::{self, Among, Vector, Vectors},
    model::{Artist, SimilarArtist, SimilarTrack, Track},
    store::alike as store,
    visibility,
};

/// Most things alike that are given at once.
pub const ALIKE_MAX: u32 = 500;
/// Most tracks of a way from one to another.
pub const PATH_MAX: u32 = 100;
/// Tracks of an artist or an album of which the middle is taken.
const SEED_TRACKS_MAX: u32 = 300;
/// The nearest tracks that are looked through for some that the viewer may see.
const LOOK_MAX: usize = 4_000;
/// The nearest tracks among which an artist's likes are looked for.
const ARTIST_TRACKS: usize = 400;

/// Looks through all vectors at once in this process: each takes a core for as long as it lasts.
const COMPARISONS_MAX: usize = 2;
/// How long somebody waits for a turn before being told to come again.
const TURN_WAIT_MAX: Duration = Duration::from_secs(5);
/// When that makes sense, in seconds.
const AGAIN_S: u64 = 5;

/// What something shall be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// One track.
    Track(TrackId),
    /// The tracks of an album together.
    Album(AlbumId),
    /// The tracks of an artist together.
    Artist(ArtistId),
}

/// What of a seed the viewer sees.
struct Seen {
    tracks: HashSet<i64>,
    vector: Option<Vector>,
}

/// The seed's tracks as far as the viewer sees them, and their middle; [`Error::NotFound`] when the seed is not seen.
async fn seen(ctx: &Ctx, viewer: &Viewer, seed: Seed) -> Result<Seen, Error> {
    let ids = match seed {
        Seed::Track(id) => vec![id.0],
        Seed::Album(id) => {
            if fill::albums(ctx, viewer, vec![id.0]).await?.is_empty() {
                return Err(Error::NotFound);
            }
            visibility::read(ctx, viewer, move |tx| store::of_album(tx, id, SEED_TRACKS_MAX))
                .await
                .map_err(Error::Fault)?
        }
        Seed::Artist(id) => {
            if fill::artists(ctx, viewer, vec![id.0]).await?.is_empty() {
                return Err(Error::NotFound);
            }
            visibility::read(ctx, viewer, move |tx| store::of_artist(tx, id, SEED_TRACKS_MAX))
                .await
                .map_err(Error::Fault)?
        }
    };
    let tracks: HashSet<i64> = fill::tracks(ctx, viewer, ids).await?.iter().map(|track| track.id.0).collect();
    if tracks.is_empty() && matches!(seed, Seed::Track(_)) {
        return Err(Error::NotFound);
    }
    let wanted: Vec<i64> = tracks.iter().copied().collect();
    let mut found = ctx.db().read(move |tx| store::vectors_of(tx, &wanted)).await.map_err(Error::Fault)?;
    // In one order, so that the sum is the same each time.
    found.sort_unstable_by_key(|(id, _)| *id);
    let vectors: Vec<Vector> = found.iter().filter_map(|(_, bytes)| alike::vector(bytes)).collect();
    let vector = match vectors.as_slice() {
        [one] => Some(*one),
        several => alike::middle(several),
    };
    Ok(Seen { tracks, vector })
}

/// Whose turn it is to look through all vectors.
struct Turns(Arc<Semaphore>);

fn turns(ctx: &Ctx) -> Arc<Semaphore> {
    Arc::clone(&ctx.kept(|| Turns(Arc::new(Semaphore::new(COMPARISONS_MAX)))).0)
}

/// Looks through the vectors in a thread for that, when there is a turn.
///
/// # Errors
/// [`Error::Invalid`] `busy` after [`TURN_WAIT_MAX`].
async fn search<T: Send + 'static>(
    ctx: &Ctx,
    look: impl FnOnce(&Vectors) -> T + Send + 'static,
) -> Result<T, Error> {
    let vectors = alike::all(ctx).await?;
    let turn = tokio::select! {
        turn = turns(ctx).acquire_owned() => turn,
        () = ctx.clock().sleep(TURN_WAIT_MAX) => return Err(busy().into()),
    };
    let turn = turn.map_err(|error| Fault::from_error("the turns for comparisons are gone", error))?;
    let done = tokio::task::spawn_blocking(move || {
        // Whoever asked may be gone; what was begun takes its time nevertheless.
        let _turn = turn;
        look(&vectors)
    });
    done.await.map_err(|error| Error::Fault(Fault::from_error("the comparison broke off", error)))
}

fn busy() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too many ask at once for what sounds alike")
        .detail("Too many ask at once for what sounds alike. Try again in a moment.")
        .retry_after(AGAIN_S)
}

/// The first `count` of these that the viewer may see, in their order.
async fn shown(
    ctx: &Ctx,
    viewer: &Viewer,
    found: Vec<(i64, f64)>,
    count: usize,
) -> Result<Vec<SimilarTrack>, Error> {
    let mut shown = Vec::with_capacity(count);
    for some in found.chunks(count.max(1)) {
        if shown.len() >= count {
            break;
        }
        let tracks = fill::tracks(ctx, viewer, some.iter().map(|(id, _)| *id).collect()).await?;
        let likeness =
            |track: &Track| some.iter().find(|(id, _)| *id == track.id.0).map_or(0.0, |(_, like)| *like);
        shown.extend(tracks.into_iter().map(|track| SimilarTrack { similarity: likeness(&track), track }));
    }
    shown.truncate(count);
    Ok(shown)
}

/// Tracks that sound like something, the likest first, without those of the seed; none when it was not measured, or is
/// silent. At most [`ALIKE_MAX`].
///
/// # Errors
/// [`Error::NotFound`] when the viewer sees no such thing; [`Error::Invalid`] `busy` when too many ask at once.
pub async fn similar_tracks(
    ctx: &Ctx,
    viewer: &Viewer,
    seed: Seed,
    count: u32,
) -> Result<Vec<SimilarTrack>, Error> {
    let Seen { tracks, vector } = seen(ctx, viewer, seed).await?;
    let count = count.min(ALIKE_MAX) as usize;
    let Some(vector) = vector.filter(|_| count > 0) else { return Ok(Vec::new()) };
    let among = Among { scope: access::scope_of(ctx, viewer).await?, without: tracks };
    let found = search(ctx, move |all| all.nearest(&vector, LOOK_MAX, &among)).await?;
    shown(ctx, viewer, found, count).await
}

/// Artists whose tracks sound like an artist's, the likest first: by the likest of the tracks next to the middle of the
/// artist's. None when nothing of the artist was measured.
///
/// # Errors
/// [`Error::NotFound`] when the viewer sees no such artist; [`Error::Invalid`] `busy` when too many ask at once.
pub async fn similar_artists(
    ctx: &Ctx,
    viewer: &Viewer,
    id: ArtistId,
    count: u32,
) -> Result<Vec<SimilarArtist>, Error> {
    let Seen { tracks, vector } = seen(ctx, viewer, Seed::Artist(id)).await?;
    let Some(vector) = vector else { return Ok(Vec::new()) };
    let among = Among { scope: access::scope_of(ctx, viewer).await?, without: tracks };
    let found = search(ctx, move |all| all.nearest(&vector, LOOK_MAX, &among)).await?;
    let near = shown(ctx, viewer, found, ARTIST_TRACKS).await?;
    let (mut ids, mut likeness): (Vec<i64>, Vec<f64>) = (Vec::new(), Vec::new());
    for one in &near {
        for artist in one.track.artists.iter().map(|artist| artist.id.0) {
            if artist != id.0 && !ids.contains(&artist) && ids.len() < count.min(ALIKE_MAX) as usize {
                ids.push(artist);
                likeness.push(one.similarity);
            }
        }
    }
    let artists = fill::artists(ctx, viewer, ids.clone()).await?;
    let of =
        |artist: &Artist| ids.iter().position(|id| *id == artist.id.0).map_or(0.0, |place| likeness[place]);
    Ok(artists.into_iter().map(|artist| SimilarArtist { similarity: of(&artist), artist }).collect())
}

/// A way of tracks from one to another, each sounding a little more like the last; the first and the last are these
/// two, and the likeness is that to the first. At most `count` tracks, from 2 to [`PATH_MAX`].
///
/// # Errors
/// [`Error::NotFound`] when the viewer sees not both; [`Error::Invalid`] `not_measured` when either was not, and `busy`
/// when too many ask at once.
pub async fn sonic_path(
    ctx: &Ctx,
    viewer: &Viewer,
    (from, to): (TrackId, TrackId),
    count: u32,
) -> Result<Vec<SimilarTrack>, Error> {
    let (first, last) =
        (seen(ctx, viewer, Seed::Track(from)).await?, seen(ctx, viewer, Seed::Track(to)).await?);
    let Some((begin, end)) = first.vector.zip(last.vector) else {
        let problem = Problem::new(StatusCode::CONFLICT, "not_measured", "Its sound was not measured");
        return Err(problem
            .detail("There is no way to or from a track whose sound was not measured yet.")
            .into());
    };
    let mut way = vec![(from.0, 1.0)];
    if from != to {
        let steps = count.clamp(2, PATH_MAX) as usize - 2;
        let ends = HashSet::from([from.0, to.0]);
        let among = Among { scope: access::scope_of(ctx, viewer).await?, without: ends };
        way.extend(search(ctx, move |all| all.between(&begin, &end, steps, &among)).await?);
        way.push((to.0, alike::alike(&begin, &end)));
    }
    let most = way.len();
    shown(ctx, viewer, way, most).await
}

/// The tracks of an artist that all listeners of the house together played most; none that nobody played.
///
/// # Errors
/// [`Error::NotFound`] when the viewer sees no such artist.
pub async fn top_tracks(ctx: &Ctx, viewer: &Viewer, id: ArtistId, count: u32) -> Result<Vec<Track>, Error> {
    if fill::artists(ctx, viewer, vec![id.0]).await?.is_empty() {
        return Err(Error::NotFound);
    }
    let found = visibility::read(ctx, viewer, move |tx| store::most_played(tx, id, ALIKE_MAX));
    let ids = found.await.map_err(Error::Fault)?;
    let mut tracks = fill::tracks(ctx, viewer, ids).await?;
    tracks.truncate(count.min(ALIKE_MAX) as usize);
    Ok(tracks)
}

#[cfg(test)]
mod tests {
    use kernel::{
        on_both_engines,
        testkit::{World, eventually},
    };

    use super::*;

    on_both_engines! {
        async fn no_more_than_a_few_comparisons_run_at_once_and_who_waits_too_long_is_told(world: World) {
            let ctx = &world.ctx;
            let free = turns(ctx);
            assert_eq!(search(ctx, move |_| free.available_permits()).await.expect("compared"), COMPARISONS_MAX - 1);
            let taken = turns(ctx).acquire_many_owned(2).await.expect("free");
            let asking = { let ctx = ctx.clone(); tokio::spawn(async move { search(&ctx, |_| ()).await }) };
            eventually("it gave up", || async {
                world.clock.advance(Duration::from_secs(1));
                asking.is_finished()
            })
            .await;
            let refused = asking.await.expect("it ended").expect_err("there was no turn").problem();
            assert_eq!((refused.status, refused.code.as_str(), refused.retry_after_s), (503, "busy", Some(AGAIN_S)));
            drop(taken);
            search(ctx, |_| ()).await.expect("there is one again");
        }
    }
}
