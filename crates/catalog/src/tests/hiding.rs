//! A file that is gone hides what it was, and erases nothing.

use kernel::{on_both_engines, testkit::World};

use super::*;

async fn counts(ctx: &Ctx) -> [u64; 3] {
    let counts = get(ctx, "/api/v1/home").await["counts"].clone();
    ["artists", "albums", "tracks"].map(|name| counts[name].as_u64().expect("a number"))
}

on_both_engines! {
    async fn a_hidden_track_vanishes_from_every_list_and_count_and_comes_back_the_same(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![
            song("/m/x/1.flac", tags("One", "Air", "Moon")),
            song("/m/y/1.flac", tags("Two", "Moby", "Play")),
        ]).await;
        let (track, album) = (made[0].track, made[0].album.expect("an album"));
        let artist = get(ctx, "/api/v1/artists").await["items"][0]["id"].as_str().expect("an id").to_owned();
        let paths = [
            format!("/api/v1/tracks/{track}"),
            format!("/api/v1/albums/{album}"),
            format!("/api/v1/artists/{artist}"),
        ];
        hide(ctx, track).await;
        for path in &paths {
            assert_eq!(status_of(ctx, path).await, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(counts(ctx).await, [1, 1, 1]);
        for list in ["artists", "albums", "albums?sort=added", "albums?sort=released", "albums?sort=artist", "tracks"] {
            let shown = get(ctx, &format!("/api/v1/{list}")).await;
            assert_eq!(shown["items"].as_array().expect("a list").len(), 1, "{list}");
        }
        assert!(crate::media::for_track(ctx, &listener(), track).await.expect("read").is_none());

        let again = Song { existing: Some(track), ..song("/m/x/1.flac", tags("One", "Air", "Moon")) };
        assert_eq!(take_in_one(ctx, again).await, made[0], "the same track, album and media");
        for path in &paths {
            assert_eq!(status_of(ctx, path).await, StatusCode::OK, "{path}");
        }
        assert_eq!(counts(ctx).await, [2, 2, 2]);
    }

    async fn an_unchanged_file_that_comes_back_shows_its_track(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/x/1.flac", tags("One", "Air", "Moon"))).await;
        hide(ctx, made.track).await;
        assert_eq!(counts(ctx).await, [0, 0, 0]);
        change(ctx, move |tx, batch| import::show_track(tx, batch, made.track)).await;
        assert_eq!(counts(ctx).await, [1, 1, 1]);
    }

    async fn an_album_stays_while_one_of_its_tracks_is_shown(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![
            song("/m/x/1.flac", tags("One", "Air", "Moon")),
            song("/m/x/2.flac", tags("Two", "Air", "Moon")),
        ]).await;
        hide(ctx, made[0].track).await;
        let albums = get(ctx, "/api/v1/albums").await;
        assert_eq!(albums["items"][0]["track_count"], 1);
        assert_eq!(albums["items"][0]["duration_ms"], 60_000);
        hide(ctx, made[1].track).await;
        assert_eq!(counts(ctx).await, [0, 0, 0]);
    }

    async fn a_new_track_shows_its_hidden_album_and_artist_again(world: World) {
        let ctx = &world.ctx;
        let first = take_in_one(ctx, song("/m/x/1.flac", tags("One", "Air", "Moon"))).await;
        hide(ctx, first.track).await;
        let second = take_in_one(ctx, song("/m/x/2.flac", tags("Two", "Air", "Moon"))).await;
        assert_eq!(first.album, second.album);
        assert_eq!(counts(ctx).await, [1, 1, 1]);
    }

    async fn a_hidden_track_that_is_retagged_away_leaves_no_empty_album(world: World) {
        let ctx = &world.ctx;
        let first = take_in_one(ctx, song("/m/x/1.flac", tags("One", "Air", "Moon"))).await;
        hide(ctx, first.track).await;
        let back = Song { existing: Some(first.track), ..song("/m/x/1.flac", tags("One", "Moby", "Play")) };
        take_in_one(ctx, back).await;
        assert_eq!(each(&get(ctx, "/api/v1/albums").await, "title"), ["Play"]);
        assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name"), ["Moby"]);
    }

    async fn hiding_and_taking_in_within_one_transaction_agree(world: World) {
        let ctx = &world.ctx;
        let first = take_in_one(ctx, song("/m/x/1.flac", tags("One", "Air", "Moon"))).await;
        change(ctx, move |tx, batch| {
            let source = file("/m/x/2.flac");
            let tags = tags("Two", "Air", "Moon");
            let new = TrackImport {
                existing: None, library: None, source: &source, tags: &tags, picture: None, folder: None,
            };
            let second = import::upsert_track(tx, batch, &new)?;
            import::hide_tracks(tx, batch, &[first.track, second.track, TrackId(7)])?;
            import::upsert_track(tx, batch, &TrackImport { existing: Some(second.track), ..new })
        }).await;
        assert_eq!(counts(ctx).await, [1, 1, 1]);
    }

    async fn many_tracks_hidden_at_once_leave_what_others_hold(world: World) {
        let ctx = &world.ctx;
        let songs = (0..300).map(|at| {
            let artist = if at == 299 { "Moby" } else { "Air" };
            song(&format!("/m/{at}.flac"), tags(&format!("t{at}"), artist, &format!("a{}", at / 100)))
        });
        let made = take_in(ctx, songs.collect()).await;
        assert_eq!(counts(ctx).await, [2, 4, 300]);
        let gone: Vec<TrackId> = made[..299].iter().map(|one| one.track).collect();
        change(ctx, move |tx, batch| import::hide_tracks(tx, batch, &gone)).await;
        assert_eq!(counts(ctx).await, [1, 1, 1]);
        assert_eq!(each(&get(ctx, "/api/v1/tracks").await, "title"), ["t299"]);
    }
}
