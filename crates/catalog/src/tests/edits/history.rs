//! What is remembered of edits, how much of it is told, and how it is taken back.

use super::*;
use crate::{ArtistId, model::ItemKind, store};

/// Words of so many lines.
fn words(line: &str, lines: usize) -> String {
    vec![line; lines].join("\n")
}

async fn first_artist(ctx: &Ctx) -> ArtistId {
    let artists = get(ctx, "/api/v1/artists").await;
    artists["items"][0]["id"].as_str().expect("an id").parse().expect("a number")
}

on_both_engines! {
    async fn many_numbers_bring_no_more_than_one_page(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![song("/m/x/1.flac", full()), song("/m/x/2.flac", full())]).await;
        let (one, other) = (made[0].track, made[1].track);
        edit_tracks(ctx, &[one], json!({ "lyrics": words("la la la", 400) })).await;
        let often = vec![one.to_string(); 500].join(",");
        let views = get(ctx, &format!("/api/v1/tags/tracks?ids={often}")).await;
        assert_eq!(views["tracks"].as_array().expect("a list").len(), 1);
        // Of one by itself the words and who wrote them are told, the latter cut.
        let (status, alone) = ask(ctx, Some(moderator()), "GET", &format!("/api/v1/tags/tracks?ids={one}"), None).await;
        let alone = &alone["tracks"][0];
        assert_eq!((status, &alone["fields"]["lyrics"]), (StatusCode::OK, &json!(words("la la la", 400))));
        assert_eq!(alone["filed"]["lyrics"], "la la");
        let told = alone["history"][0]["changes"][0]["after"].as_str().expect("text");
        assert_eq!((told.chars().count(), told.ends_with('…')), (201, true));
        // Of several they are not, neither what somebody wrote nor what files say.
        let (_, both) = ask(ctx, Some(moderator()), "GET", &format!("/api/v1/tags/tracks?ids={one},{other}"), None).await;
        for view in both["tracks"].as_array().expect("a list") {
            assert_eq!((&view["fields"]["lyrics"], &view["filed"]["lyrics"]), (&Value::Null, &Value::Null));
            assert_eq!((&view["history"], &view["may_edit"], &view["fields"]["title"]), (&json!([]), &json!(true), &json!("One")));
        }
        assert_eq!(both["tracks"].as_array().expect("a list").len(), 2);
    }

    async fn as_many_past_edits_are_kept_as_are_shown(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![song("/m/x/1.flac", full()), song("/m/x/2.flac", full())]).await;
        let (one, other) = (made[0].track, made[1].track);
        let first = edit_tracks(ctx, &[one, other], json!({ "work": "Both" })).await;
        let mut last = Value::Null;
        for at in 0..20 {
            last = edit_tracks(ctx, &[one], json!({ "lyrics": words(&format!("line {at}"), 300) })).await;
        }
        let kept = async |track: TrackId| {
            let rows = ctx.db().read(move |tx| store::edits::history(tx, ItemKind::Track, track.0)).await;
            rows.expect("it answers").len()
        };
        assert_eq!(kept(one).await, 20);
        // What fell off one of them is forgotten of both: nobody takes half of it back.
        assert_eq!((kept(other).await, undo(ctx, &first).await.0), (0, StatusCode::NOT_FOUND));
        assert_eq!(view(ctx, other).await["fields"]["work"], "Both");
        // What is told short was kept whole, and taking back makes no room for itself.
        assert_eq!(undo(ctx, &last).await.0, StatusCode::OK);
        assert_eq!(view(ctx, one).await["fields"]["lyrics"], words("line 18", 300));
        assert_eq!(kept(one).await, 20);
    }

    async fn genres_and_discs_of_an_album_are_edited_by_one_at_a_time_and_taken_back(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![song("/m/x/1.flac", full()), song("/m/x/2.flac", full()), same_genres()]).await;
        let album = made[0].album.expect("an album");
        let path = format!("/api/v1/tags/albums/{album}");
        let version = async || get(ctx, &path).await["version"].as_i64().expect("a number");
        let genres = async || get(ctx, &format!("/api/v1/albums/{album}")).await["genres"].clone();
        let before = genres().await;
        for (mine, yours) in [
            (json!({ "genres": ["Jazz"] }), json!({ "genres": ["Folk"] })),
            (json!({ "discs": [{ "disc": 2, "title": "Day" }] }), json!({ "discs": [{ "disc": 2, "title": "Dusk" }] })),
        ] {
            let seen = version().await;
            let with = |mut body: Value| { body["version"] = seen.into(); body };
            let (status, edit) = call(ctx, moderator(), "PATCH", &path, with(mine)).await;
            assert_eq!((status, &edit["items"][0]["version"]), (StatusCode::OK, &json!(version().await)));
            let (status, problem) = call(ctx, moderator(), "PATCH", &path, with(yours)).await;
            assert_eq!((status, &problem["code"]), (StatusCode::PRECONDITION_FAILED, &json!("changed")));
        }
        let (_, told) = ask(ctx, Some(moderator()), "GET", &path, None).await;
        let changes: Vec<&Value> = told["history"].as_array().expect("a list").iter().map(|edit| &edit["changes"][0]).collect();
        assert_eq!((changes.len(), &changes[0]["field"], &changes[1]["field"]), (2, &json!("disc_2"), &json!("genres")));
        assert_eq!((&changes[0]["before"], &changes[0]["after"]), (&json!("Night"), &json!("Day")));
        assert_eq!((&changes[1]["before"], &changes[1]["after"]), (&json!(["Pop", "Rock"]), &json!(["Jazz"])));
        // The album's dialog takes both back, the last one first, each from the tracks.
        for at in [0, 1] {
            let (status, back) = undo(ctx, &json!({ "edit": told["history"][at]["id"] })).await;
            assert_eq!((status, &back["items"][0]["version"]), (StatusCode::OK, &json!(version().await)), "{back}");
        }
        assert_eq!((genres().await, view(ctx, made[1].track).await["fields"]["disc_title"].clone()), (before, json!("Night")));
        // Whoever edits them on a track edits the album as it is seen.
        let seen = version().await;
        edit_tracks(ctx, &[made[0].track], json!({ "title": "Other" })).await;
        assert_eq!(version().await, seen);
        edit_tracks(ctx, &[made[0].track], json!({ "genres": ["Jazz"] })).await;
        assert!(version().await > seen);
    }

    async fn with_a_thing_its_history_goes(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/x/1.flac", tags("One", "Air", "Moon"))).await;
        let id = first_artist(ctx).await;
        let rename = json!({ "version": 0, "changes": { "name": "Luft" } });
        let path = format!("/api/v1/tags/artists/{id}");
        assert_eq!(call(ctx, viewer(9, Role::Admin), "PATCH", &path, rename).await.0, StatusCode::OK);
        let album = made.album.expect("an album");
        edit_album(ctx, album, json!({ "changes": { "title": "Mond" } })).await;
        let left = async |kind: ItemKind, id: i64| {
            let rows = ctx.db().read(move |tx| store::edits::history(tx, kind, id)).await;
            rows.expect("it answers").len()
        };
        assert_eq!((left(ItemKind::Artist, id.0).await, left(ItemKind::Album, album.0).await), (1, 1));
        let lone = TrackTags { album: None, album_artists: Vec::new(), ..tags("One", "Beck", "") };
        rescan(ctx, made.track, song("/m/x/1.flac", lone)).await;
        assert_eq!((left(ItemKind::Artist, id.0).await, left(ItemKind::Album, album.0).await), (0, 0));
    }
}
