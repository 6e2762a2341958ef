//! Pages never skip and never repeat.

use std::collections::HashSet;

use kernel::{on_both_engines, testkit::World};

use super::*;

/// Follows a list to its end, doing something between pages, and gives the identifiers as they came.
pub(super) async fn follow(ctx: &Ctx, list: &str, between: impl AsyncFn(usize)) -> Vec<String> {
    let mut found = Vec::new();
    let mut path = list.to_owned();
    for page in 0.. {
        assert!(page < 100, "the list ends");
        let shown = get(ctx, &path).await;
        found.extend(each(&shown, "id").into_iter().map(str::to_owned));
        let Some(next) = shown["next"].as_str() else { break };
        let mark = if list.contains('?') { '&' } else { '?' };
        path = format!("{list}{mark}after={next}");
        between(page).await;
    }
    found
}

/// Songs of as many albums and artists; many titles and dates are the same.
fn songs(from: usize, to: usize) -> Vec<Song> {
    let songs = (from..to).map(|at| {
        let tags = TrackTags {
            date: [None, Some("1999".to_owned()), Some("2001-02-03".to_owned())][at % 3].clone(),
            ..tags(&format!("Song {}", at % 5), &format!("Artist {at}"), &format!("Album {}", at % 4))
        };
        song(&format!("/m/{at}/1.flac"), tags)
    });
    songs.collect()
}

const LISTS: [&str; 6] = [
    "/api/v1/artists?limit=7",
    "/api/v1/albums?limit=7",
    "/api/v1/albums?limit=7&sort=added",
    "/api/v1/albums?limit=7&sort=released",
    "/api/v1/albums?limit=7&sort=artist",
    "/api/v1/tracks?limit=7",
];

on_both_engines! {
    async fn every_list_shows_everything_once_in_the_order_of_one_large_page(world: World) {
        let ctx = &world.ctx;
        take_in(ctx, songs(0, 40)).await;
        for list in LISTS {
            let paged = follow(ctx, list, async |_| ()).await;
            let whole = get(ctx, &list.replace("limit=7", "limit=200")).await;
            assert_eq!(paged, each(&whole, "id"), "{list}");
            assert_eq!(paged.len(), 40, "{list}");
        }
    }

    async fn no_list_skips_or_repeats_while_rows_come_in(world: World) {
        let ctx = &world.ctx;
        take_in(ctx, songs(0, 40)).await;
        for (round, list) in LISTS.into_iter().enumerate() {
            let before: HashSet<String> = follow(ctx, &list.replace("limit=7", "limit=200"), async |_| ())
                .await.into_iter().collect();
            let paged = follow(ctx, list, async |page| {
                let at = 1000 * (round + 1) + 10 * page;
                take_in(ctx, songs(at, at + 1)).await;
            }).await;
            let once: HashSet<String> = paged.iter().cloned().collect();
            assert_eq!(once.len(), paged.len(), "{list} repeats nothing");
            assert!(before.is_subset(&once), "{list} skips nothing");
        }
    }

    async fn names_are_listed_by_their_sort_names(world: World) {
        let ctx = &world.ctx;
        let names = ["The Beatles", "Ära", "air", "Björk", "a-ha", "2raumwohnung", "漢", "Zoe"];
        let songs = names.iter().map(|name| song(&format!("/m/{name}/1.flac"), tags("x", name, name)));
        take_in(ctx, songs.collect()).await;
        let sorted = ["2raumwohnung", "a-ha", "air", "Ära", "The Beatles", "Björk", "Zoe", "漢"];
        assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name"), sorted);
        assert_eq!(each(&get(ctx, "/api/v1/albums").await, "title"), sorted);
    }

    async fn releases_come_newest_first_and_unknown_dates_last(world: World) {
        let ctx = &world.ctx;
        let dates = [("a", Some("1999")), ("b", None), ("c", Some("1999-05")), ("d", Some("2004-01-02"))];
        let songs = dates.iter().map(|(title, date)| {
            song(&format!("/m/{title}.flac"), TrackTags { date: date.map(str::to_owned), ..tags("x", "Air", title) })
        });
        take_in(ctx, songs.collect()).await;
        assert_eq!(each(&get(ctx, "/api/v1/albums?sort=released").await, "title"), ["d", "c", "a", "b"]);
        let artist = get(ctx, "/api/v1/artists").await["items"][0]["id"].as_str().expect("an id").to_owned();
        let artist = get(ctx, &format!("/api/v1/artists/{artist}")).await;
        assert_eq!(each(&artist["albums"], "title"), ["d", "c", "a", "b"]);
    }
}

#[tokio::test]
async fn a_bad_question_is_a_problem_and_a_stranger_is_asked_to_sign_in() {
    let world = World::new(kernel::db::Engine::Sqlite).await;
    let ctx = &world.ctx;
    for path in [
        "albums?after=%00",
        "albums?sort=colour",
        "artists?after=bnVsbA",
        "tracks?limit=x",
        "videos?after=WzFd",
    ] {
        let (status, problem) = ask(ctx, Some(listener()), "GET", &format!("/api/v1/{path}"), None).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(problem["code"], "invalid", "{path}");
    }
    for path in
        ["home", "artists", "artists/1", "albums", "albums/1", "tracks", "tracks/1", "videos", "videos/1"]
    {
        let (status, problem) = ask(ctx, None, "GET", &format!("/api/v1/{path}"), None).await;
        assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &"sign_in".into()), "{path}");
    }
    for path in ["artists/x", "albums/99999999999999999999", "tracks/7", "videos/-1"] {
        assert_eq!(status_of(ctx, &format!("/api/v1/{path}")).await, StatusCode::NOT_FOUND, "{path}");
    }
}
