//! Lists by offset: each thing once, at the same cost and in the same order at any offset.

use std::time::Duration;

use kernel::{on_both_engines, testkit::World};

use super::*;
use crate::{
    model::{Album, MarkOrder},
    service::{
        AlbumOrder, LIST_MAX, Years, list_albums, list_artists, list_marked_artists, list_marked_tracks,
        list_tracks, set_favourite,
    },
    store::made,
};

/// A made catalogue of as many albums, artists and tracks.
async fn made(ctx: &Ctx, count: u32) {
    change(ctx, move |tx, _| made::catalogue(tx, count)).await;
}

async fn albums(ctx: &Ctx, order: AlbumOrder, offset: u64, limit: u32) -> Vec<Album> {
    list_albums(ctx, &listener(), order, offset, limit).await.expect("a list")
}

fn ids(albums: &[Album]) -> Vec<i64> {
    albums.iter().map(|album| album.id.0).collect()
}

/// One of the lists of everything, as identifiers.
async fn list(ctx: &Ctx, which: usize, offset: u64, limit: u32) -> Vec<i64> {
    let viewer = &listener();
    match which {
        0 => ids(&albums(ctx, AlbumOrder::Title, offset, limit).await),
        1 => ids(&albums(ctx, AlbumOrder::Artist, offset, limit).await),
        2 => ids(&albums(ctx, AlbumOrder::Newest, offset, limit).await),
        3 => ids(&albums(ctx, AlbumOrder::Years(Years { from: 1, to: 9999 }), offset, limit).await),
        4 => {
            let tracks = list_tracks(ctx, viewer, offset, limit).await.expect("a list");
            tracks.iter().map(|track| track.id.0).collect()
        }
        _ => {
            let artists = list_artists(ctx, viewer, offset, limit).await.expect("a list");
            artists.iter().map(|artist| artist.id.0).collect()
        }
    }
}

const LISTS: usize = 6;

/// The same list as it must be, from what the made rows are ordered by.
fn expected(which: usize, count: i64) -> Vec<i64> {
    let (text, year) = (|n: i64| n.to_string(), |n: i64| 1950 + n % 70);
    let mut all: Vec<i64> = (1..=count).collect();
    match which {
        1 => all.sort_by_key(|&n| (text(n % 50), year(n), n)),
        2 => all.sort_by_key(|&n| std::cmp::Reverse((n / 3, n))),
        3 => all.sort_by_key(|&n| (year(n), n)),
        _ => all.sort_by_key(|&n| (text(n * 7919 % 1000), n)),
    }
    all
}

on_both_engines! {
    async fn whoever_pages_through_ten_thousand_meets_each_once_and_in_order(world: World) {
        let ctx = &world.ctx;
        made(ctx, 10_000).await;
        for which in 0..LISTS {
            let mut paged = Vec::new();
            for page in 0.. {
                let next = list(ctx, which, page * 499, 499).await;
                paged.extend_from_slice(&next);
                if next.len() < 499 {
                    break;
                }
            }
            assert_eq!(paged.len(), 10_000, "list {which}");
            assert!(paged == expected(which, 10_000), "list {which} has each once and in order");
            for offset in [0, 1, 511, 512, 513, 1023, 1024, 1025, 5_119, 5_120, 9_727, 9_728, 9_729, 9_998] {
                let at = usize::try_from(offset).expect("a small number");
                let end = (at + 3).min(10_000);
                assert_eq!(list(ctx, which, offset, 3).await, paged[at..end], "list {which} at {offset}");
            }
        }
    }

    async fn there_is_nothing_beyond_the_end_and_never_more_than_the_limit(world: World) {
        let ctx = &world.ctx;
        for which in 0..LISTS {
            assert!(list(ctx, which, 0, 10).await.is_empty());
            assert!(list(ctx, which, 5_000, 10).await.is_empty());
        }
        made(ctx, 1_500).await;
        change(ctx, |tx, _| { tx.wake(crate::model::TOPIC_CATALOG); Ok(()) }).await;
        for which in 0..LISTS {
            for offset in [1_500, 1_501, 100_000, u64::MAX] {
                assert!(list(ctx, which, offset, 10).await.is_empty(), "list {which} at {offset}");
            }
            assert!(list(ctx, which, 0, 0).await.is_empty());
            assert_eq!(list(ctx, which, 0, u32::MAX).await.len(), LIST_MAX as usize);
            assert_eq!(list(ctx, which, 1_100, u32::MAX).await.len(), 400);
        }
        let of = |order| albums(ctx, AlbumOrder::Marked(order), u64::MAX, 10);
        assert!(of(MarkOrder::Favourites).await.is_empty());
    }

    async fn what_was_hidden_or_came_in_is_so_in_the_next_answer(world: World) {
        let ctx = &world.ctx;
        made(ctx, 3_000).await;
        let before = list(ctx, 4, 2_000, 5).await;
        let first = list(ctx, 4, 0, 1).await[0];
        hide(ctx, TrackId(first)).await;
        hide(ctx, TrackId(before[2])).await;
        let after = list(ctx, 4, 1_999, 4).await;
        assert_eq!(after, [before[0], before[1], before[3], before[4]]);
        assert_eq!(list(ctx, 4, 2_990, 500).await.len(), 8);
        let new = take_in_one(ctx, song("/m/new.flac", tags("\u{1F600}", "Zoe", "Zoo"))).await;
        assert_eq!(list(ctx, 4, 2_998, 5).await, [new.track.0], "the last of the list");
        change(ctx, move |tx, batch| import::show_track(tx, batch, TrackId(first))).await;
        assert_eq!(list(ctx, 4, 2_001, 1).await, [before[1]]);
    }

    async fn what_another_process_changed_is_met_within_a_minute(world: World) {
        let (ctx, other) = (&world.ctx, &world.reopened().await);
        made(ctx, 2_000).await;
        let before = list(ctx, 0, 1_500, 5).await;
        let first = list(ctx, 0, 0, 1).await[0];
        hide(other, TrackId(first)).await;
        world.clock.advance(Duration::from_mins(1));
        assert_eq!(list(ctx, 0, 1_499, 5).await, before);
    }

    async fn albums_of_some_years_come_by_release_or_back_in_time(world: World) {
        let ctx = &world.ctx;
        made(ctx, 7_000).await;
        let years = |from, to| AlbumOrder::Years(Years { from, to });
        // A hundred albums a year, from 1950 to 2019.
        let all = albums(ctx, years(1970, 1979), 0, 500).await;
        let mut rest = albums(ctx, years(1970, 1979), 500, 500).await;
        assert_eq!((all.len(), rest.len()), (500, 500));
        rest.splice(0..0, all);
        let released: Vec<_> = rest.iter().map(|album| album.year.expect("a year")).collect();
        assert!(released.is_sorted() && released[0] == 1970 && released[999] == 1979);
        let mut back = albums(ctx, years(1979, 1970), 0, 500).await;
        back.extend(albums(ctx, years(1979, 1970), 500, 500).await);
        back.reverse();
        assert_eq!(ids(&back), ids(&rest));
        assert_eq!(albums(ctx, years(1970, 1979), 998, 500).await.len(), 2);
        assert_eq!(ids(&albums(ctx, years(1979, 1970), 998, 500).await), [rest[1].id.0, rest[0].id.0]);
        for (from, to, offset, count) in [
            (1950, 1950, 0, 100), (2019, 2019, 0, 100), (1970, 1979, 1_000, 0), (1979, 1970, u64::MAX, 0), (2020, 9_999, 0, 0),
            (0, 1949, 0, 0), (0, 1950, 0, 100), (2019, u32::MAX, 0, 100), (u32::MAX, 2019, 0, 100),
        ] {
            assert_eq!(albums(ctx, years(from, to), offset, 500).await.len(), count, "{from} to {to} at {offset}");
        }
    }

    async fn a_listener_with_a_hundred_thousand_marks_reaches_the_last(world: World) {
        let ctx = &world.ctx;
        change(ctx, |tx, _| {
            made::albums(tx, 100_000)?;
            made::marks(tx, UserId(1), 100_000)?;
            made::marks(tx, UserId(2), 10)
        }).await;
        let of = |order, offset| albums(ctx, AlbumOrder::Marked(order), offset, 3);
        for order in [MarkOrder::Favourites, MarkOrder::MostPlayed] {
            assert_eq!(ids(&of(order, 0).await), [100_000, 99_999, 99_998]);
            assert_eq!(ids(&of(order, 50_000).await), [50_000, 49_999, 49_998]);
            assert_eq!(ids(&of(order, 99_998).await), [2, 1]);
        }
        assert_eq!(ids(&of(MarkOrder::RecentlyPlayed, 0).await), [1, 2, 3]);
        assert_eq!(ids(&of(MarkOrder::RecentlyPlayed, 99_998).await), [99_999, 100_000]);
        assert_eq!(ids(&of(MarkOrder::HighestRated, 0).await), [99_999, 99_994, 99_989]);
        assert_eq!(of(MarkOrder::HighestRated, 99_997).await.len(), 3);
        assert!(of(MarkOrder::HighestRated, 100_000).await.is_empty());
        set_favourite(ctx, &listener(), crate::AlbumId(100_000), false).await.expect("unmarked");
        assert_eq!(ids(&of(MarkOrder::Favourites, 50_000).await), [49_999, 49_998, 49_997], "at once");
        set_favourite(ctx, &listener(), crate::AlbumId(100_000), true).await.expect("marked");
        let shown = of(MarkOrder::Favourites, 99_999).await;
        assert_eq!((shown[0].mark.plays, shown[0].mark.rating), (1, Some(2)));
        let bob = viewer(2, Role::Listener);
        let theirs = list_albums(ctx, &bob, AlbumOrder::Marked(MarkOrder::MostPlayed), 0, 500).await.expect("a list");
        assert_eq!(ids(&theirs), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1], "another listener's are another's");
    }

    async fn marked_tracks_and_artists_are_listed_too(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/1.flac", tags("One", "Air", "Moon"))).await;
        take_in_one(ctx, song("/m/2.flac", tags("Two", "Moby", "Play"))).await;
        let viewer = &listener();
        crate::service::set_rating(ctx, viewer, made.track, Some(5)).await.expect("rated");
        let artist = list_artists(ctx, viewer, 0, 1).await.expect("a list")[0].id;
        crate::service::set_favourite(ctx, viewer, artist, true).await.expect("marked");
        let rated = list_marked_tracks(ctx, viewer, MarkOrder::HighestRated, 0, 9).await.expect("a list");
        assert_eq!((rated.len(), rated[0].id, rated[0].mark.rating), (1, made.track, Some(5)));
        let loved = list_marked_artists(ctx, viewer, MarkOrder::Favourites, 0, 9).await.expect("a list");
        assert_eq!((loved.len(), loved[0].id, loved[0].mark.favourite), (1, artist, true));
        assert!(list_marked_tracks(ctx, viewer, MarkOrder::MostPlayed, 0, 9).await.expect("a list").is_empty());
    }
}
