//! Edited albums, into which tracks come by edits and by new tags.

use super::*;

fn undated(title: &str, album: &str) -> TrackTags {
    TrackTags { date: None, ..tags(title, "Air", album) }
}

on_both_engines! {
    async fn a_track_that_is_put_into_an_album_says_nothing_of_what_its_files_call_it(world: World) {
        let ctx = &world.ctx;
        let gathers = |title: &str| TrackTags { compilation: true, ..undated(title, "X") };
        let made = take_in(ctx, vec![song("/m/x/1.flac", gathers("One")), song("/m/z/1.flac", tags("Two", "Air", "Z"))]).await;
        let album = made[0].album.expect("an album");
        edit_album(ctx, album, json!({ "changes": { "title": "Y", "compilation": false } })).await;
        let moved = edit_tracks(ctx, &[made[1].track], json!({ "album": "Y" })).await;
        assert_eq!(moved["items"][0]["album"], json!(album));
        let path = format!("/api/v1/tags/albums/{album}");
        for _ in 0..2 {
            let now = get(ctx, &path).await;
            assert_eq!(now["filed"], json!({ "title": "X", "compilation": true }));
            assert_eq!((&now["fields"]["title"], &now["fields"]["released"]), (&json!("Y"), &json!("1999")));
            rescan(ctx, made[1].track, song("/m/z/1.flac", tags("Two", "Air", "Z"))).await;
        }
        edit_album(ctx, album, json!({ "changes": { "title": null, "compilation": null } })).await;
        let now = get(ctx, &path).await;
        assert_eq!((&now["fields"]["title"], &now["fields"]["compilation"]), (&json!("X"), &json!(true)));
    }

    async fn an_edited_album_into_which_another_goes_keeps_its_own_history(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![
            song("/m/x/1.flac", undated("One", "Moon")),
            song("/m/y/1.flac", undated("Two", "Sun")),
        ]).await;
        let (moon, sun) = (made[0].album.expect("an album"), made[1].album.expect("an album"));
        edit_album(ctx, sun, json!({ "changes": { "title": "Sonne" } })).await;
        let edit = edit_album(ctx, moon, json!({ "changes": { "title": "Mond" } })).await;
        let there = rescan(ctx, made[0].track, song("/m/x/1.flac", undated("One", "Sun"))).await;
        assert_eq!(there.album, Some(sun));
        let path = format!("/api/v1/tags/albums/{sun}");
        let (_, now) = ask(ctx, Some(moderator()), "GET", &path, None).await;
        let changes: Vec<&Value> = now["history"].as_array().expect("a list").iter().map(|one| &one["changes"][0]["after"]).collect();
        assert_eq!(changes, [&json!("Sonne")]);
        assert_eq!(undo(ctx, &edit).await.0, StatusCode::NOT_FOUND);
        assert_eq!(get(ctx, &path).await["fields"]["title"], "Sonne");
    }
}
