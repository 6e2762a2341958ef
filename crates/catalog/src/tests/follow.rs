//! What people did with an album or an artist follows when new tags make another of it.

use std::time::Duration;

use kernel::{on_both_engines, testkit::World};
use serde_json::json;

use super::*;

/// Takes the track in again from a file with other tags.
async fn retag(ctx: &Ctx, track: TrackId, tags: TrackTags) -> Imported {
    take_in_one(ctx, Song { existing: Some(track), ..song(&format!("/m/{track}.flac"), tags) }).await
}

async fn three(ctx: &Ctx) -> Vec<Imported> {
    let songs =
        ["One", "Two", "Three"].map(|title| song(&format!("/m/{title}.flac"), tags(title, "Ari", "Mon")));
    take_in(ctx, songs.to_vec()).await
}

/// Everything that a listener can do with an album, and one play of its first track.
async fn mark(ctx: &Ctx, made: &Imported) {
    let album = format!("/api/v1/albums/{}", made.album.expect("an album"));
    for (path, body) in [("favourite", None), ("rating", Some(json!({ "rating": 4 })))] {
        let (status, _) = ask(ctx, Some(listener()), "PUT", &format!("{album}/{path}"), body).await;
        assert_eq!(status, StatusCode::OK);
    }
    play(ctx, made.track).await;
}

async fn play(ctx: &Ctx, track: TrackId) {
    let body = json!({ "track_id": track });
    assert_eq!(ask(ctx, Some(listener()), "POST", "/api/v1/plays", Some(body)).await.0, StatusCode::OK);
}

/// The mark on the one album of this title.
async fn on(ctx: &Ctx, title: &str) -> (bool, Value, u64) {
    let albums = get(ctx, "/api/v1/albums").await;
    let album = albums["items"].as_array().expect("a list").iter().find(|album| album["title"] == title);
    let mark = &album.expect("the album")["mark"];
    (mark["favourite"] == true, mark["rating"].clone(), mark["plays"].as_u64().expect("a number"))
}

const NOTHING: (bool, Value, u64) = (false, Value::Null, 0);

on_both_engines! {
    async fn marks_follow_an_album_all_of_whose_tracks_went_to_one(world: World) {
        let ctx = &world.ctx;
        let made = three(ctx).await;
        mark(ctx, &made[0]).await;
        let bob = viewer(2, Role::Listener);
        let path = format!("/api/v1/albums/{}/favourite", made[0].album.expect("an album"));
        ask(ctx, Some(bob.clone()), "PUT", &path, None).await;
        for (one, title) in made.iter().zip(["One", "Two", "Three"]) {
            assert_eq!(on(ctx, "Mon").await, (true, 4.into(), 1), "until the last track left they stay");
            world.clock.advance(Duration::from_hours(1));
            retag(ctx, one.track, tags(title, "Ari", "Moon")).await;
        }
        assert_eq!(on(ctx, "Moon").await, (true, 4.into(), 1));
        let (_, theirs) = ask(ctx, Some(bob), "GET", "/api/v1/me/favourites?kind=album", None).await;
        assert_eq!(each(&theirs, "title"), ["Moon"], "those of everybody");
        // And on, with a second correction.
        for (one, title) in made.iter().zip(["One", "Two", "Three"]) {
            retag(ctx, one.track, tags(title, "Ari", "Moonlight")).await;
        }
        assert_eq!(on(ctx, "Moonlight").await, (true, 4.into(), 1));
        // An album for each listener, the artist and the track.
        assert_eq!(crate::store::marks::count(ctx.db()).await.expect("read"), 4);
    }

    async fn marks_end_with_an_album_whose_tracks_went_several_ways(world: World) {
        let ctx = &world.ctx;
        let made = three(ctx).await;
        mark(ctx, &made[0]).await;
        retag(ctx, made[0].track, tags("One", "Ari", "Moon")).await;
        retag(ctx, made[1].track, tags("Two", "Ari", "Sun")).await;
        retag(ctx, made[2].track, tags("Three", "Ari", "Moon")).await;
        assert_eq!(on(ctx, "Moon").await, NOTHING);
        assert_eq!(on(ctx, "Sun").await, NOTHING);
        let track = get(ctx, &format!("/api/v1/tracks/{}", made[0].track)).await;
        assert_eq!(track["mark"]["plays"], 1, "a track keeps its own");
        assert_eq!(crate::store::marks::count(ctx.db()).await.expect("read"), 2, "track and artist; nothing is left over");
    }

    async fn marks_that_follow_are_added_to_those_that_are_there(world: World) {
        let ctx = &world.ctx;
        let made = three(ctx).await;
        let other = take_in_one(ctx, song("/m/other.flac", tags("Other", "Ari", "Moon"))).await;
        mark(ctx, &made[0]).await;
        play(ctx, other.track).await;
        let path = format!("/api/v1/albums/{}/rating", other.album.expect("an album"));
        ask(ctx, Some(listener()), "PUT", &path, Some(json!({ "rating": 1 }))).await;
        for (one, title) in made.iter().zip(["One", "Two", "Three"]) {
            retag(ctx, one.track, tags(title, "Ari", "Moon")).await;
        }
        assert_eq!(on(ctx, "Moon").await, (true, 1.into(), 2), "the rating that was there stays");
    }

    async fn a_track_that_went_elsewhere_long_ago_or_came_back_does_not_count(world: World) {
        let ctx = &world.ctx;
        let made = three(ctx).await;
        mark(ctx, &made[0]).await;
        retag(ctx, made[0].track, tags("One", "Ari", "Sun")).await;
        world.clock.advance(Duration::from_hours(8 * 24));
        retag(ctx, made[1].track, tags("Two", "Ari", "Sky")).await;
        retag(ctx, made[1].track, tags("Two", "Ari", "Mon")).await;
        retag(ctx, made[1].track, tags("Two", "Ari", "Moon")).await;
        retag(ctx, made[2].track, tags("Three", "Ari", "Moon")).await;
        assert_eq!(on(ctx, "Moon").await, (true, 4.into(), 1));
        assert_eq!(on(ctx, "Sun").await, NOTHING);
    }

    async fn marks_follow_what_was_retagged_while_it_was_out_of_sight(world: World) {
        let ctx = &world.ctx;
        let made = three(ctx).await;
        mark(ctx, &made[0]).await;
        let gone: Vec<TrackId> = made.iter().map(|one| one.track).collect();
        change(ctx, move |tx, batch| import::hide_tracks(tx, batch, &gone)).await;
        for (one, title) in made.iter().zip(["One", "Two", "Three"]) {
            retag(ctx, one.track, tags(title, "Ari", "Moon")).await;
        }
        assert_eq!(on(ctx, "Moon").await, (true, 4.into(), 1));
    }

    async fn marks_follow_an_artist_whose_name_was_corrected(world: World) {
        let ctx = &world.ctx;
        let made = three(ctx).await;
        play(ctx, made[0].track).await;
        let id = get(ctx, "/api/v1/artists").await["items"][0]["id"].as_str().expect("an id").to_owned();
        ask(ctx, Some(listener()), "PUT", &format!("/api/v1/artists/{id}/favourite"), None).await;
        for (one, title) in made.iter().zip(["One", "Two", "Three"]) {
            retag(ctx, one.track, tags(title, "Air", "Moon")).await;
        }
        let artists = get(ctx, "/api/v1/artists").await;
        assert_eq!(each(&artists, "name"), ["Air"]);
        let mark = &artists["items"][0]["mark"];
        assert_eq!((&mark["favourite"], &mark["plays"]), (&true.into(), &1.into()));
    }
}
