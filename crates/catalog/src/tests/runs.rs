//! Albums in one run: made for what an album is, given to who sees all of it, and of no use when the album is another.

use kernel::{
    jobs::{self, JobState},
    on_both_engines,
    testkit::World,
};

use super::*;
use crate::{
    LibraryId, MediaId,
    access::{self, Access},
    media::{self, MediaState, RUN_JOB, RunPlace, Source},
};

fn piece(number: u32) -> Song {
    let mut song = song(&format!("/m/Moon/{number}.flac"), tags(&format!("Part {number}"), "Air", "Moon"));
    song.tags.number = Some(number);
    song
}

async fn make(ctx: &Ctx, track: TrackId) -> Option<RunPlace> {
    media::make_run(ctx, &listener(), track, 100).await.expect("asked")
}

async fn find(ctx: &Ctx, track: TrackId) -> Option<RunPlace> {
    media::find_run(ctx, &listener(), track).await.expect("asked")
}

/// Makes the run of a track's album and begins to encode it.
async fn begun(ctx: &Ctx, track: TrackId) -> (MediaId, i64) {
    let run = make(ctx, track).await.expect("a run").media.id;
    let begun = change(ctx, move |tx, _| media::begin_run(tx, run)).await.expect("it begins");
    (run, begun.generation)
}

async fn is_there(ctx: &Ctx, run: MediaId) -> bool {
    change(ctx, move |tx, _| media::get(tx, run)).await.is_some()
}

on_both_engines! {
    async fn an_album_has_one_run_in_the_order_of_its_page(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, [3, 1, 2].map(piece).to_vec()).await;
        let (third, first, second) = (made[0].track, made[1].track, made[2].track);
        assert!(find(ctx, first).await.is_none(), "nobody has asked for one");
        let place = make(ctx, second).await.expect("a run");
        assert_eq!((place.position, place.start, place.end, place.rate_hz), (1, None, None, 0));
        assert_eq!(place.media.state, MediaState::Waiting);
        assert_eq!(place.media.file.duration_ms, 180_000);
        assert!(matches!(place.media.file.place, Source::Run { .. }));
        let run = place.media.id;
        let job = jobs::view_by_key(ctx.db(), RUN_JOB, run.to_string()).await.expect("read").expect("a job");
        assert_eq!(job.state, JobState::Ready);
        for (track, position) in [(first, 0), (second, 1), (third, 2)] {
            let place = make(ctx, track).await.expect("the run");
            assert_eq!((place.media.id, place.position), (run, position), "one run for all of them");
        }
        let begun = change(ctx, move |tx, _| media::begin_run(tx, run)).await.expect("it begins");
        let sources: Vec<MediaId> = begun.sources.iter().map(|source| source.id).collect();
        assert_eq!(sources, [made[1].media, made[2].media, made[0].media]);
        let generation = begun.generation;
        let told = change(ctx, move |tx, _| {
            Ok(media::set_run_rate(tx, run, generation, 44_100)?
                && media::set_run_ends(tx, run, generation, &[(0, 7), (1, 19)])?)
        });
        assert!(told.await);
        let place = find(ctx, second).await.expect("the run");
        assert_eq!((place.start, place.end, place.rate_hz), (Some(7), Some(19), 44_100));
        let place = find(ctx, third).await.expect("the run");
        assert_eq!((place.start, place.end), (Some(19), None));
        // Another try knows nothing of the one before, and that one writes no more.
        change(ctx, move |tx, _| media::begin_run(tx, run)).await.expect("it begins again");
        assert_eq!(find(ctx, second).await.expect("the run").start, None);
        assert!(!change(ctx, move |tx, _| media::set_run_ends(tx, run, generation, &[(0, 7)])).await);
    }

    async fn an_album_lacks_a_run_until_one_of_what_it_is_now_is_being_made(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![piece(1), piece(2)]).await;
        let album = made[0].album.expect("an album");
        let lacks = async || media::lacks_run(ctx.db(), album).await.expect("read");
        assert!(lacks().await);
        media::make_run_ahead(ctx, album, 400).await.expect("made").expect("a run");
        assert!(lacks().await, "a job that was lost comes back");
        begun(ctx, made[0].track).await;
        assert!(!lacks().await);
        take_in_one(ctx, piece(3)).await;
        assert!(lacks().await, "it is another album now");
        let alone = Song { tags: TrackTags { title: "Single".to_owned(), ..tags("b", "c", "Alone") }, ..song("/m/s.flac", tags("a", "b", "c")) };
        let alone = take_in_one(ctx, alone).await.album.expect("an album");
        assert!(!media::lacks_run(ctx.db(), alone).await.expect("read"), "of one track");
    }

    async fn what_is_no_album_has_no_run(world: World) {
        let ctx = &world.ctx;
        let alone = take_in_one(ctx, piece(1)).await.track;
        assert!(make(ctx, alone).await.is_none(), "of one track");
        let mut long = piece(2);
        long.file.duration_ms = media::RUN_MS_MAX;
        take_in_one(ctx, long).await;
        assert!(make(ctx, alone).await.is_none(), "of more than six hours");
        let single = Song { tags: TrackTags { title: "Single".to_owned(), ..TrackTags::default() }, ..song("/m/s.flac", tags("a", "b", "c")) };
        let single = take_in_one(ctx, single).await.track;
        assert!(make(ctx, single).await.is_none());
        assert!(make(ctx, TrackId(404)).await.is_none());
    }

    async fn a_run_holds_for_the_album_as_it_was_and_for_no_other(world: World) {
        let ctx = &world.ctx;
        let mut made = take_in(ctx, [1, 2, 3].map(piece).to_vec()).await;
        let first = made[0].track;
        let mut runs = vec![make(ctx, first).await.expect("a run").media.id];
        let mut renewed = async |what: &str| {
            assert!(find(ctx, first).await.is_none(), "{what}: the old run is not given any more");
            let run = make(ctx, first).await.expect("a run").media.id;
            assert!(!runs.contains(&run), "{what}: another run");
            runs.push(run);
        };
        made.push(take_in_one(ctx, piece(4)).await);
        renewed("a track more").await;
        hide(ctx, made[2].track).await;
        renewed("a track less").await;
        let (mut other, mut turned) = (piece(2), piece(2));
        (other.existing, other.file.bytes) = (Some(made[1].track), 77);
        take_in_one(ctx, other).await;
        renewed("a track with another source").await;
        (turned.existing, turned.file.bytes, turned.tags.number) = (Some(made[1].track), 77, Some(9));
        take_in_one(ctx, turned).await;
        renewed("another order").await;
        let (stale, last) = media::stale_runs(ctx.db(), MediaId(0), 100).await.expect("looked at");
        assert_eq!(stale.iter().map(|run| run.id).collect::<Vec<_>>(), runs[..4]);
        assert_eq!(last, runs.last().copied());
        // Who comes late to a stale one forgets it.
        let (old, new) = (runs[0], runs[4]);
        assert!(change(ctx, move |tx, _| media::begin_run(tx, old)).await.is_none());
        assert!(!is_there(ctx, old).await);
        assert!(change(ctx, move |tx, _| media::begin_run(tx, new)).await.is_some());
    }

    async fn a_run_is_given_only_to_who_sees_all_of_it(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, [1, 2].map(piece).to_vec()).await;
        let (run, _) = begun(ctx, made[0].track).await;
        assert_eq!(find(ctx, made[0].track).await.expect("he sees it").media.id, run);
        change(ctx, |tx, _| {
            let nobody = Access { everybody: false, members: Vec::new() };
            access::set(tx, LibraryId(1), &nobody).map_err(|error| Fault::new(format!("{error:?}")))
        })
        .await;
        world.clock.advance(access::REMEMBERED);
        assert!(find(ctx, made[0].track).await.is_none());
        assert!(make(ctx, made[0].track).await.is_none());
        let admin = viewer(9, Role::Admin);
        let seen = media::find_run(ctx, &admin, made[0].track).await.expect("asked");
        assert_eq!(seen.expect("he sees it").media.id, run);
        let elsewhere = Viewer { within: Some(77), ..admin };
        assert!(media::find_run(ctx, &elsewhere, made[0].track).await.expect("asked").is_none());
        hide(ctx, made[0].track).await;
        let admin = viewer(9, Role::Admin);
        assert!(media::find_run(ctx, &admin, made[0].track).await.expect("asked").is_none(), "a hidden track");
        assert!(media::find_run(ctx, &admin, made[1].track).await.expect("asked").is_none(), "its neighbour");
    }

    async fn what_is_kept_of_a_run_can_go_like_that_of_a_track(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, [1, 2].map(piece).to_vec()).await;
        let (run, generation) = begun(ctx, made[0].track).await;
        let done = change(ctx, move |tx, _| media::complete_encode(tx, run, generation)).await;
        assert!(done);
        let kept = media::Kept { media: run, asked: kernel::Time(0), bytes: 0, duration_ms: 0 };
        assert!(change(ctx, move |tx, _| media::evict(tx, &kept)).await.is_some());
        assert!(!is_there(ctx, run).await);
        assert_ne!(make(ctx, made[0].track).await.expect("another").media.id, run);
    }
}
