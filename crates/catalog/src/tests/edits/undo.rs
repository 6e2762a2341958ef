//! Edits are taken back as far as what they touched is still there.

use super::*;
use crate::{
    LibraryId,
    access::{self, Access},
};

async fn undo_as(ctx: &Ctx, who: Viewer, answer: &Value) -> (StatusCode, Value) {
    let path = format!("/api/v1/tags/edits/{}/undo", answer["edit"].as_str().expect("an edit"));
    ask(ctx, Some(who), "POST", &path, None).await
}

async fn show(ctx: &Ctx, track: TrackId) {
    change(ctx, move |tx, batch| import::show_track(tx, batch, track)).await;
}

async fn counts(ctx: &Ctx) -> Value {
    get(ctx, "/api/v1/home").await["counts"].clone()
}

on_both_engines! {
    async fn a_file_that_is_away_does_not_keep_an_edit_from_being_taken_back(world: World) {
        let ctx = &world.ctx;
        let songs = (1..=3).map(|at| song(&format!("/m/x/{at}.flac"), full()));
        let made: Vec<TrackId> = take_in(ctx, songs.collect()).await.into_iter().map(|one| one.track).collect();
        let before = view(ctx, made[2]).await["fields"].clone();
        let all = json!({ "artists": ["Nobody Else"], "genres": ["Noise"], "work": "W", "album": "Elsewhere", "lyrics": "x" });
        let edit = edit_tracks(ctx, &made, all).await;
        hide(ctx, made[2]).await;
        let (status, back) = undo(ctx, &edit).await;
        assert_eq!((status, back["items"].as_array().expect("a list").len()), (StatusCode::OK, 2), "{back}");
        assert_eq!(view(ctx, made[0]).await["fields"], before);
        // It is still away, and nothing is shown for its sake.
        assert_eq!(status_of(ctx, &format!("/api/v1/tracks/{}", made[2])).await, StatusCode::NOT_FOUND);
        assert_eq!((&counts(ctx).await["tracks"], &counts(ctx).await["albums"]), (&json!(2), &json!(1)));
        assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name"), ["Air", "Bach", "Beck", "Copeland"]);
        show(ctx, made[2]).await;
        assert_eq!(view(ctx, made[2]).await["fields"], before);
        assert_eq!((&counts(ctx).await["tracks"], &counts(ctx).await["albums"]), (&json!(3), &json!(1)));
        assert_eq!(undo(ctx, &edit).await.0, StatusCode::CONFLICT, "all of it was taken back");
    }

    async fn all_of_an_album_comes_back_as_it_was_when_it_was_taken_back_while_away(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![song("/m/x/1.flac", full()), song("/m/x/2.flac", full()), same_genres()]).await;
        let (album, owner) = (made[0].album.expect("an album"), viewer(3, Role::Creator));
        let tracks = [made[0].track, made[1].track];
        for track in tracks {
            change(ctx, move |tx, _| import::own_track(tx, track, UserId(3))).await;
        }
        let (path, tags) = (format!("/api/v1/albums/{album}"), format!("/api/v1/tags/albums/{album}"));
        let before = get(ctx, &path).await;
        let artists = get(ctx, "/api/v1/artists").await;
        let body = json!({ "version": 0, "changes": { "title": "Mond", "artists": ["Luft"] }, "genres": ["Noise"] });
        let (status, edit) = call(ctx, owner.clone(), "PATCH", &tags, body).await;
        assert_eq!(status, StatusCode::OK, "{edit}");
        assert_eq!(undo_as(ctx, viewer(4, Role::Creator), &edit).await.0, StatusCode::FORBIDDEN);
        for track in tracks {
            hide(ctx, track).await;
        }
        assert_eq!(undo_as(ctx, viewer(4, Role::Creator), &edit).await.0, StatusCode::NOT_FOUND);
        let (status, back) = undo_as(ctx, owner, &edit).await;
        assert_eq!((status, &back["items"]), (StatusCode::OK, &json!([])), "{back}");
        assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name"), ["Moby"]);
        for track in tracks {
            show(ctx, track).await;
        }
        assert_eq!(get(ctx, &path).await, before);
        assert_eq!(get(ctx, "/api/v1/artists").await, artists);
    }

    async fn an_album_that_is_gone_is_passed_over(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/x/1.flac", full())).await;
        let body = json!({ "changes": { "title": "Mond" }, "genres": ["Noise"] });
        let edit = edit_album(ctx, made.album.expect("an album"), body).await;
        rescan(ctx, made.track, song("/m/x/1.flac", TrackTags { album: None, ..full() })).await;
        assert_eq!(each(&get(ctx, "/api/v1/albums").await, "title"), Vec::<&str>::new());
        assert_eq!(undo(ctx, &edit).await.0, StatusCode::OK);
        assert_eq!(view(ctx, made.track).await["fields"]["genres"], json!(["Rock", "Pop"]));
    }

    async fn nobody_takes_back_what_lies_where_he_sees_nothing(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/x/1.flac", full())).await;
        let edit = edit_tracks(ctx, &[made.track], json!({ "title": "Other" })).await;
        let closed = Access { everybody: false, members: Vec::new() };
        change(ctx, move |tx, _| {
            access::set(tx, LibraryId(1), &closed).map_err(|error| Fault::new(format!("{error:?}")))
        }).await;
        world.clock.advance(std::time::Duration::from_secs(3));
        hide(ctx, made.track).await;
        assert_eq!(undo(ctx, &edit).await.0, StatusCode::NOT_FOUND);
        assert_eq!(undo_as(ctx, viewer(9, Role::Admin), &edit).await.0, StatusCode::OK);
    }
}
