//! Lists as existing apps ask for them: by offset at both ends, a listener's favourites, and songs drawn at random.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use catalog::{
    AlbumId,
    model::MarkOrder,
    service::{self, AlbumOrder, RandomFilter},
};
use kernel::{
    Ctx,
    http::{Role, Viewer},
    id::UserId,
    random::Random,
};

use super::{catalogue::Catalogue, name, of, quantile_ms};
use crate::{
    Anything,
    figure::{self, number},
};

/// Questions of each sort.
const QUESTIONS: u32 = 300;
/// Rows of a page.
const ROWS: u32 = 60;
/// Favourites of the listener who asks.
const FAVOURITES: u32 = 1_000;
/// Albums whose pages are opened.
const PAGE_ALBUMS: u64 = 500;
/// Where the far offsets begin, as a share of what there is: 900,000 of a million. They lie anywhere behind.
const FAR: f64 = 0.9;

/// The 95th percentiles of one engine, in milliseconds.
#[derive(Clone, Copy, Default)]
pub(super) struct Lists {
    pub(super) album_page: f64,
    pub(super) album_first: f64,
    pub(super) album_far: f64,
    pub(super) track_far: f64,
    pub(super) favourites: f64,
    pub(super) own_far: f64,
    pub(super) random: f64,
}

impl Lists {
    /// The worse of each.
    pub(super) fn worst(self, other: Self) -> Self {
        Self {
            album_page: self.album_page.max(other.album_page),
            album_first: self.album_first.max(other.album_first),
            album_far: self.album_far.max(other.album_far),
            track_far: self.track_far.max(other.track_far),
            favourites: self.favourites.max(other.favourites),
            own_far: self.own_far.max(other.own_far),
            random: self.random.max(other.random),
        }
    }
}

/// Prints the figures of the lists on one engine.
pub(super) async fn measure(catalogue: &Catalogue) -> Result<Lists, Anything> {
    let (ctx, engine) = (&catalogue.world.ctx, name(catalogue.engine));
    let viewer = &Viewer {
        id: UserId(1),
        handle: "ann".to_owned(),
        role: Role::Listener,
        session: None,
        within: None,
    };
    let counts = service::home(ctx, viewer).await.map_err(said)?.counts;
    like(ctx, viewer).await?;
    let albums = async |offset| {
        let page = service::list_albums(ctx, viewer, AlbumOrder::Title, offset, ROWS).await.map_err(said)?;
        Ok(page.len())
    };
    let tracks =
        async |offset| Ok(service::list_tracks(ctx, viewer, offset, ROWS).await.map_err(said)?.len());
    let begun = Instant::now();
    albums(far(counts.albums).start).await?;
    let note = format!("the first far page, of {} albums", counts.albums);
    figure::print_alone(&format!("{engine}_keys_made_s"), begun.elapsed().as_secs_f64(), "s", &note);
    let favourites = async |offset| {
        let order = AlbumOrder::Marked(MarkOrder::Favourites);
        Ok(service::list_albums(ctx, viewer, order, offset, ROWS).await.map_err(said)?.len())
    };
    let random = async |_| {
        let drawn = service::random_tracks(ctx, viewer, RandomFilter::default(), ROWS).await;
        Ok(drawn.map_err(said)?.len())
    };
    let albums_of_pages = some_albums(ctx, viewer).await?;
    let page = async |at: u64| {
        let id = albums_of_pages[usize::try_from(at).unwrap_or(0) % albums_of_pages.len()];
        let shown = service::album(ctx, viewer, id).await.map_err(said)?;
        Ok(serde_json::to_vec(&shown)?.len())
    };
    let rated = rate(ctx, viewer, catalogue.tracks).await?;
    let own = async |offset| {
        let order = MarkOrder::HighestRated;
        Ok(service::list_marked_tracks(ctx, viewer, order, offset, ROWS).await.map_err(said)?.len())
    };
    let lists = Lists {
        album_page: p95(0..PAGE_ALBUMS, page).await?,
        album_first: p95(0..1, albums).await?,
        album_far: p95(far(counts.albums), albums).await?,
        track_far: p95(far(counts.tracks), tracks).await?,
        favourites: p95(0..1, favourites).await?,
        own_far: p95(far(rated), own).await?,
        random: p95(0..1, random).await?,
    };
    let note = format!("{}, {QUESTIONS} pages of {ROWS}, one after the other", of(catalogue.tracks));
    for (list, value) in [
        ("album_page", lists.album_page),
        ("album_list_first", lists.album_first),
        ("album_list_far_offset", lists.album_far),
        ("track_list_far_offset", lists.track_far),
        ("favourites", lists.favourites),
        ("own_marks_far_offset", lists.own_far),
        ("random", lists.random),
    ] {
        figure::print_alone(&format!("{engine}_{list}_p95_ms"), value, "ms", &note);
    }
    Ok(lists)
}

/// Makes albums from everywhere favourites of the listener.
async fn like(ctx: &Ctx, viewer: &Viewer) -> Result<(), Anything> {
    let mut left = FAVOURITES;
    while left > 0 {
        let some = left.min(service::LIST_MAX);
        let drawn = service::list_albums(ctx, viewer, AlbumOrder::Random, 0, some).await.map_err(said)?;
        for album in drawn {
            service::set_favourite(ctx, viewer, album.id, true).await.map_err(said)?;
        }
        left -= some;
    }
    Ok(())
}

/// Albums from all over the house.
async fn some_albums(ctx: &Ctx, viewer: &Viewer) -> Result<Vec<AlbumId>, Anything> {
    let order = AlbumOrder::Random;
    let drawn = service::list_albums(ctx, viewer, order, 0, service::LIST_MAX).await.map_err(said)?;
    Ok(drawn.into_iter().map(|album| album.id).collect())
}

/// Has the listener rate a tenth of all tracks, many at a time; how many.
async fn rate(ctx: &Ctx, viewer: &Viewer, tracks: u32) -> Result<u64, Anything> {
    let wanted = u64::from(tracks / 10);
    for offset in (0..wanted).step_by(service::LIST_MAX as usize) {
        let some = service::list_tracks(ctx, viewer, offset, service::LIST_MAX).await.map_err(said)?;
        let tasks: Vec<_> = some
            .into_iter()
            .map(|track| {
                let (ctx, viewer) = (ctx.clone(), viewer.clone());
                tokio::spawn(async move { service::set_rating(&ctx, &viewer, track.id, Some(4)).await })
            })
            .collect();
        for task in tasks {
            task.await?.map_err(said)?;
        }
    }
    Ok(wanted)
}

fn said(error: service::Error) -> String {
    let problem = error.problem();
    problem.detail.unwrap_or(problem.title)
}

/// The last tenth of a list, without its last page.
fn far(rows: u64) -> Range<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is a share of a number of rows"
    )]
    let from = (number(rows) * FAR) as u64;
    from..rows.saturating_sub(u64::from(ROWS)).max(from + 1)
}

/// Asks for pages that begin anywhere in `offsets`; one round warms up, and another, elsewhere, is measured.
async fn p95(
    offsets: Range<u64>,
    ask: impl AsyncFn(u64) -> Result<usize, Anything>,
) -> Result<f64, Anything> {
    let random = Random::seeded(9);
    let mut times: Vec<Duration> = Vec::new();
    for question in 0..2 * QUESTIONS {
        let at = offsets.start + random.below(offsets.end - offsets.start);
        let begun = Instant::now();
        if ask(at).await? == 0 {
            return Err(format!("nothing is listed at {at}").into());
        }
        if question >= QUESTIONS {
            times.push(begun.elapsed());
        }
    }
    Ok(quantile_ms(&mut times, 0.95))
}
