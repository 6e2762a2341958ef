//! Things drawn at random.

use std::collections::HashSet;

use kernel::{on_both_engines, testkit::World};

use super::*;
use crate::{
    service::{AlbumOrder, RandomFilter, Years, list_albums, random_tracks},
    store::made,
};

async fn draw(ctx: &Ctx, years: Option<(u32, u32)>, count: u32) -> Vec<i64> {
    let filter = RandomFilter { years: years.map(|(from, to)| Years { from, to }), genre: None };
    let tracks = random_tracks(ctx, &listener(), filter, count).await.expect("a list");
    tracks.iter().map(|track| track.id.0).collect()
}

on_both_engines! {
    async fn a_draw_has_each_once_from_everywhere_and_another_time_others(world: World) {
        let ctx = &world.ctx;
        change(ctx, |tx, _| made::catalogue(tx, 5_000)).await;
        let (one, two) = (draw(ctx, None, 500).await, draw(ctx, None, 500).await);
        for drawn in [&one, &two] {
            assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), 500);
            // 50 from each tenth, with a standard deviation of 6.4.
            let mut tenths = [0; 10];
            for id in drawn {
                tenths[usize::try_from((id - 1) / 500).expect("a small number")] += 1;
            }
            assert!(tenths.iter().all(|count| (10..100).contains(count)), "{tenths:?}");
            assert!(!drawn.is_sorted());
        }
        assert_ne!(one, two);
        let albums = list_albums(ctx, &listener(), AlbumOrder::Random, 77, 500).await.expect("a list");
        assert_eq!(albums.iter().map(|album| album.id).collect::<HashSet<_>>().len(), 500);
    }

    async fn a_draw_from_some_years_has_no_others_and_all_when_that_many_are_wanted(world: World) {
        let ctx = &world.ctx;
        change(ctx, |tx, _| made::catalogue(tx, 7_000)).await;
        for (years, known) in [((1961, 1964), 400), ((1964, 1961), 400), ((1955, 1955), 100), ((2020, 2100), 0)] {
            let drawn: HashSet<i64> = draw(ctx, Some(years), 500).await.into_iter().collect();
            assert_eq!(drawn.len(), known, "{years:?}");
            let (from, to) = (i64::from(years.0.min(years.1)), i64::from(years.0.max(years.1)));
            assert!(drawn.iter().all(|id| (from..=to).contains(&(1950 + id % 70))), "{years:?}");
        }
        // Every tenth has no date.
        assert!(draw(ctx, Some((0, 9_999)), 500).await.iter().all(|id| id % 10 > 0));
    }

    async fn what_is_hidden_is_never_drawn(world: World) {
        let ctx = &world.ctx;
        change(ctx, |tx, _| made::catalogue(tx, 30)).await;
        assert_eq!(draw(ctx, None, 500).await.len(), 30);
        let gone: Vec<TrackId> = (1..=20).map(TrackId).collect();
        change(ctx, move |tx, batch| import::hide_tracks(tx, batch, &gone)).await;
        let left: HashSet<i64> = draw(ctx, None, 500).await.into_iter().collect();
        assert_eq!(left, (21..=30).collect());
        assert!(draw(ctx, None, 0).await.is_empty());
    }
}

/// Draws from a genre.
async fn draw_of(ctx: &Ctx, name: &str, years: Option<Years>, count: u32) -> Vec<i64> {
    let genre = crate::service::genre_named(ctx, &listener(), crate::model::GenreKind::Genre, name).await;
    let genre = genre.expect("read").expect("it is there").id;
    let filter = RandomFilter { years, genre: Some(genre) };
    let tracks = random_tracks(ctx, &listener(), filter, count).await.expect("a list");
    tracks.iter().map(|track| track.id.0).collect()
}

on_both_engines! {
    async fn a_draw_from_a_genre_has_nothing_else_and_each_as_often(world: World) {
        let ctx = &world.ctx;
        let songs = (0..24).map(|n| {
            let genre = if n % 2 == 0 { "Rock" } else { "Jazz" };
            let tags = TrackTags {
                genres: strings(&[genre]), date: Some(format!("{}", 1990 + n / 12)), ..tags(&format!("T{n}"), "Air", "Moon")
            };
            song(&format!("/m/{n}.flac"), tags)
        });
        let made = take_in(ctx, songs.collect()).await;
        let rock: HashSet<i64> = made.iter().step_by(2).map(|one| one.track.0).collect();
        assert_eq!(draw_of(ctx, "rock", None, 500).await.into_iter().collect::<HashSet<_>>(), rock);
        let mut often = std::collections::HashMap::<i64, u32>::new();
        for _ in 0..300 {
            let drawn = draw_of(ctx, "rock", None, 4).await;
            assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), 4);
            for id in drawn {
                *often.entry(id).or_default() += 1;
            }
        }
        // 100 each, with a standard deviation of 8.2.
        assert!(rock.iter().all(|id| (60..140).contains(often.get(id).unwrap_or(&0))), "{often:?}");
        let years = |from, to| Some(Years { from, to });
        assert_eq!(draw_of(ctx, "rock", years(1991, 1991), 500).await.len(), 6);
        assert_eq!(draw_of(ctx, "rock", years(1991, 9_999), 500).await.len(), 6);
        assert_eq!(draw_of(ctx, "rock", years(2005, 1980), 500).await.len(), 12);
        assert!(draw_of(ctx, "rock", None, 0).await.is_empty());
        hide(ctx, made[0].track).await;
        assert_eq!(draw_of(ctx, "rock", None, 500).await.len(), 11);
    }
}
