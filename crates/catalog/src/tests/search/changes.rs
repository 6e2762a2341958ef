//! The index follows what changes, whatever happens in between.

use super::*;
use crate::access;

/// A song that was known, under new tags.
async fn retag(ctx: &Ctx, known: Imported, path: &str, tags: TrackTags) {
    take_in_one(ctx, Song { existing: Some(known.track), ..song(path, tags) }).await;
}

async fn nothing_is_found(ctx: &Ctx, query: &str) -> bool {
    names(ctx, query).await.is_empty()
}

on_both_engines! {
    async fn what_is_hidden_is_not_found_from_that_moment_and_is_again_when_shown(world: World) {
        let ctx = &world.ctx;
        let made = songs(ctx, &[("Kelly", "Air", "Moon"), ("Sexy Boy", "Air", "Moon")]).await;
        hide(ctx, made[0].track).await;
        assert!(tracks(ctx, "kelly").await.is_empty(), "before the index hears of it");
        caught_up(ctx).await;
        assert!(tracks(ctx, "kelly").await.is_empty());
        assert_eq!(tracks(ctx, "moon").await, ["Sexy Boy"]);
        hide(ctx, made[1].track).await;
        for query in ["air", "moon", "sexy"] {
            assert!(nothing_is_found(ctx, query).await, "{query}");
        }
        caught_up(ctx).await;
        change(ctx, move |tx, batch| import::show_track(tx, batch, made[0].track)).await;
        caught_up(ctx).await;
        assert_eq!(tracks(ctx, "air").await, ["Kelly"]);
        assert_eq!(artists(ctx, "air").await, ["Air"]);
    }

    async fn what_is_hidden_leaves_no_hole_in_the_answer(world: World) {
        let ctx = &world.ctx;
        let given: Vec<String> = (0..40).map(|at| format!("Song {at:02}")).collect();
        let given: Vec<(&str, &str, &str)> = given.iter().map(|title| (title.as_str(), "Air", "Moon")).collect();
        let made = songs(ctx, &given).await;
        let gone: Vec<TrackId> = made[..30].iter().map(|one| one.track).collect();
        change(ctx, move |tx, batch| import::hide_tracks(tx, batch, &gone)).await;
        let found = get(ctx, "/api/v1/search?q=song&kinds=track&limit=5").await;
        assert_eq!(each(&found["tracks"], "title"), ["Song 30", "Song 31", "Song 32", "Song 33", "Song 34"]);
        let wanted = Wanted { tracks: Slice { offset: 8, limit: 5 }, ..Wanted::default() };
        let found = search::search(ctx, &listener(), "song", &wanted).await.expect("found");
        let titles: Vec<String> = found.tracks.into_iter().map(|track| track.title).collect();
        assert_eq!(titles, ["Song 38", "Song 39"]);
    }

    async fn a_retagged_track_is_found_by_its_new_names_alone(world: World) {
        let ctx = &world.ctx;
        let made = songs(ctx, &[("Kelly", "Air", "Moon")]).await[0];
        retag(ctx, made, "/m/Air/Moon/0.flac", tags("Porcelain", "Moby", "Play")).await;
        caught_up(ctx).await;
        for query in ["kelly", "air", "moon"] {
            assert!(nothing_is_found(ctx, query).await, "{query}");
        }
        for query in ["porcelain", "moby", "play", "moby play porc"] {
            assert_eq!(tracks(ctx, query).await, ["Porcelain"], "{query}");
        }
        // Artists alone, with title and album as they were.
        let mut new = tags("Porcelain", "Moby", "Play");
        new.artists = strings(&["Moby", "Gwen"]);
        retag(ctx, made, "/m/Air/Moon/0.flac", new).await;
        caught_up(ctx).await;
        assert_eq!(tracks(ctx, "gwen").await, ["Porcelain"]);
    }

    async fn what_is_counted_of_an_artist_follows_and_is_each_viewers_own(world: World) {
        let ctx = &world.ctx;
        let guest = |title: &str, album: &str| TrackTags {
            album_artists: strings(&["Moby"]), ..tags(title, "Air", album)
        };
        let made = take_in(ctx, vec![
            song("/m/1.flac", tags("One", "Air", "Moon")), song("/m/2.flac", tags("Two", "Air", "Moon")),
            song("/p/3.flac", guest("Three", "Play")),
        ]).await;
        caught_up(ctx).await;
        let counted = async |who: Viewer| {
            let found = ask(ctx, Some(who.clone()), "GET", "/api/v1/search?q=air", None).await.1;
            let air = &found["artists"][0];
            let path = format!("/api/v1/artists/{}", air["id"].as_str().expect("found"));
            let alone = ask(ctx, Some(who), "GET", &path, None).await.1;
            assert_eq!(alone["album_count"], air["album_count"], "as elsewhere");
            (air["album_count"].as_u64().expect("albums"), air["track_count"].as_u64().expect("tracks"))
        };
        for _ in 0..2 {
            assert_eq!(counted(listener()).await, (2, 3), "of their own and as a guest");
        }
        hide(ctx, made[2].track).await;
        caught_up(ctx).await;
        assert_eq!(counted(listener()).await, (1, 2));
        // In a library that is not for listeners.
        let closed = access::Access { everybody: false, members: Vec::new() };
        change(ctx, move |tx, batch| {
            access::enter(tx, crate::LibraryId(2), Some(&closed), kernel::testkit::START)
                .map_err(|error| Fault::new(format!("{error:?}")))?;
            let (source, tags) = (file("/other/4.flac"), tags("Four", "Air", "Secret"));
            let new = TrackImport {
                existing: None, library: Some(crate::LibraryId(2)), source: &source, tags: &tags, picture: None,
                folder: None,
            };
            import::upsert_track(tx, batch, &new)
        }).await;
        caught_up(ctx).await;
        for _ in 0..2 {
            assert_eq!(counted(viewer(3, Role::Admin)).await, (2, 3));
            assert_eq!(counted(listener()).await, (1, 2));
        }
    }

    async fn a_renamed_album_brings_its_other_tracks_along(world: World) {
        let ctx = &world.ctx;
        let release = |title: &str, album: &str| {
            let mut tags = tags(title, "Air", album);
            tags.musicbrainz.release = Some("f59c5520-5f46-4d2c-b2c4-822eabf53419".to_owned());
            tags
        };
        let one = take_in_one(ctx, song("/m/1.flac", release("One", "Mono"))).await;
        take_in_one(ctx, song("/m/2.flac", release("Two", "Mono"))).await;
        caught_up(ctx).await;
        assert_eq!(tracks(ctx, "mono").await, ["One", "Two"]);
        retag(ctx, one, "/m/1.flac", release("One", "Stereo")).await;
        caught_up(ctx).await;
        assert_eq!(tracks(ctx, "stereo").await, ["One", "Two"]);
        assert!(nothing_is_found(ctx, "mono").await);
    }

    async fn a_video_that_is_renamed_or_deleted_is_followed(world: World) {
        let ctx = &world.ctx;
        let video = film(ctx, "Holidays").await;
        caught_up(ctx).await;
        let path = format!("/api/v1/videos/{video}");
        let edit = serde_json::json!({ "title": "Birthday" });
        let (status, _) = ask(ctx, Some(viewer(7, Role::Creator)), "PATCH", &path, Some(edit)).await;
        assert_eq!(status, StatusCode::OK);
        caught_up(ctx).await;
        assert!(nothing_is_found(ctx, "holidays").await);
        assert_eq!(each(&ask_for(ctx, "birth").await["videos"], "title"), ["Birthday"]);
        let (status, _) = ask(ctx, Some(viewer(7, Role::Creator)), "DELETE", &path, None).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        assert!(nothing_is_found(ctx, "birthday").await);
    }

    async fn a_house_that_died_before_the_index_heard_finds_everything_when_it_is_opened_again(world: World) {
        let ctx = &world.ctx;
        let made = songs(ctx, &[("Kelly", "Air", "Moon"), ("Sexy Boy", "Air", "Moon")]).await;
        hide(ctx, made[0].track).await;
        take_in_one(ctx, song("/m/9.flac", tags("Porcelain", "Moby", "Play"))).await;
        let again = world.reopened().await;
        assert_eq!(tracks(&again, "porcelain").await, ["Porcelain"]);
        assert!(tracks(&again, "kelly").await.is_empty());
        caught_up(&again).await;
        assert_eq!(names(&again, "moby").await.len(), 3, "found once: artist, album and track");
        assert_eq!(tracks(&again, "air").await, ["Sexy Boy"]);
    }

    async fn every_node_follows_whoever_puts_the_changes_in_order(world: World) {
        let (one, other) = (&world.ctx, world.reopened().await);
        songs(one, &[("Kelly", "Air", "Moon")]).await;
        assert_eq!(tracks(&other, "kelly").await, ["Kelly"]);
        songs(one, &[("Porcelain", "Moby", "Play")]).await;
        caught_up(&other).await;
        assert_eq!(tracks(&other, "porcelain").await, ["Porcelain"]);
        songs(&other, &[("One", "U2", "War")]).await;
        caught_up(one).await;
        assert_eq!(tracks(one, "u2").await, ["One"]);
    }

    async fn two_nodes_at_once_lose_no_change(world: World) {
        let (one, other) = (world.ctx.clone(), world.reopened().await);
        caught_up(&one).await;
        caught_up(&other).await;
        let entering = |ctx: Ctx, from: usize| async move {
            for at in from..from + 20 {
                take_in_one(&ctx, song(&format!("/m/{at}.flac"), tags(&format!("Song {at}"), "Air", "Moon"))).await;
                caught_up(&ctx).await;
            }
        };
        tokio::join!(entering(one.clone(), 0), entering(other.clone(), 100));
        for ctx in [&one, &other] {
            caught_up(ctx).await;
            assert_eq!(tracks(ctx, "song").await.len(), 40);
        }
    }

    async fn an_index_made_again_from_nothing_finds_the_same_everywhere(world: World) {
        let (ctx, other) = (&world.ctx, world.reopened().await);
        let made = songs(ctx, &[
            ("Kelly", "Air", "Moon"), ("Sexy Boy", "Air", "Moon"), ("Porcelain", "Moby", "Play"), ("東京", "くるり", "旅"),
        ]).await;
        hide(ctx, made[2].track).await;
        change(ctx, move |tx, _| search::set_popularity(tx, Liked::Track(made[1].track), 5)).await;
        caught_up(ctx).await;
        caught_up(&other).await;
        let queries = ["air", "moon", "kely", "porcelain", "東", "s", "k"];
        let mut before = Vec::new();
        for query in queries {
            before.push(names(ctx, query).await);
        }
        assert_eq!(search::rebuild(ctx).await.expect("it is made again"), 7, "2 artists, 2 albums, 3 tracks");
        caught_up(&other).await;
        for ctx in [ctx, &other] {
            for (query, before) in queries.iter().zip(&before) {
                assert_eq!(names(ctx, query).await, *before, "{query}");
            }
        }
    }

    async fn the_running_program_follows_by_itself(world: World) {
        let ctx = &world.ctx;
        search::start(ctx, true);
        take_in_one(ctx, song("/m/9.flac", tags("Porcelain", "Moby", "Play"))).await;
        kernel::testkit::eventually("the track is found", || async { !tracks(ctx, "porcelain").await.is_empty() }).await;
        ctx.shut_down().await;
    }
}
