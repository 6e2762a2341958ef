//! Tracks that go out of sight and come back, while they stand in playlists.

use super::*;

async fn figures(ctx: &Ctx, list: &str) -> (u64, u64) {
    let shown = good(ctx, &ann(), "GET", list, Value::Null).await;
    let number = |field: &str| shown[field].as_u64().expect("a number");
    (number("track_count"), number("duration_ms"))
}

on_both_engines! {
    async fn entries_of_hidden_tracks_stay_and_come_back_with_them(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 3).await;
        let list = made(ctx, &ann(), "L", &[tracks[0], tracks[1], tracks[2], tracks[1]]).await;
        let before = entries(ctx, &ann(), &list).await;
        hide(ctx, tracks[1]).await;
        hide(ctx, tracks[1]).await;
        assert_eq!(titles(ctx, &ann(), &list).await, ["T00", "T02"]);
        assert_eq!(figures(ctx, &list).await, (2, 120_000));
        let all = service::tracks(ctx, &ann(), playlist(&list)).await.expect("read");
        assert_eq!(all.len(), 2);
        // What happens meanwhile does not lose them.
        let last = entries(ctx, &ann(), &list).await.remove(1);
        good(ctx, &ann(), "PATCH", &format!("{list}/entries/{last}"), json!({ "after": null })).await;
        let back = tracks[1];
        change(ctx, move |tx, batch| import::show_track(tx, batch, back)).await;
        change(ctx, move |tx, batch| import::show_track(tx, batch, back)).await;
        assert_eq!(titles(ctx, &ann(), &list).await, ["T02", "T00", "T01", "T01"]);
        assert_eq!(figures(ctx, &list).await, (4, 240_000));
        let mut after = entries(ctx, &ann(), &list).await;
        after.sort();
        assert_eq!(after, before, "the same entries");
    }

    async fn a_hidden_track_can_t_be_added_and_its_entries_can_be_taken_out(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 2).await;
        let list = made(ctx, &ann(), "L", &tracks).await;
        let ids = entries(ctx, &ann(), &list).await;
        hide(ctx, tracks[1]).await;
        let path = format!("{list}/entries");
        let hidden = call(ctx, &ann(), "POST", &path, json!({ "tracks": [tracks[1]] })).await;
        assert_eq!(hidden.0, StatusCode::UNPROCESSABLE_ENTITY);
        let absent = call(ctx, &ann(), "POST", &path, json!({ "tracks": ["5"] })).await;
        let text = |answer: &Value| answer["detail"].as_str().expect("text").replace(&tracks[1].to_string(), "5");
        assert_eq!(text(&hidden.1), text(&absent.1), "the same as if it did not exist");
        good(ctx, &ann(), "DELETE", &format!("{path}/{}", ids[1]), Value::Null).await;
        assert_eq!(figures(ctx, &list).await, (1, 60_000));
        let back = tracks[1];
        change(ctx, move |tx, batch| import::show_track(tx, batch, back)).await;
        assert_eq!(titles(ctx, &ann(), &list).await, ["T00"]);
        assert_eq!(figures(ctx, &list).await, (1, 60_000));
    }

    async fn replacing_what_is_shown_keeps_what_is_hidden(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 3).await;
        let list = made(ctx, &ann(), "L", &tracks[..2]).await;
        hide(ctx, tracks[0]).await;
        let version = good(ctx, &ann(), "GET", &list, Value::Null).await["version"].clone();
        good(ctx, &ann(), "PUT", &format!("{list}/entries"), json!({ "tracks": [tracks[2]], "version": version })).await;
        assert_eq!(titles(ctx, &ann(), &list).await, ["T02"]);
        let back = tracks[0];
        change(ctx, move |tx, batch| import::show_track(tx, batch, back)).await;
        assert_eq!(titles(ctx, &ann(), &list).await, ["T02", "T00"]);
        assert_eq!(figures(ctx, &list).await, (2, 120_000));
    }

    async fn a_file_of_another_length_changes_the_length_of_the_playlist(world: World) {
        let ctx = &world.ctx;
        let first = song("/m/a/1.flac", tags("T00", "Air", "A"));
        let track = take_in_one(ctx, first.clone()).await.track;
        let list = made(ctx, &ann(), "L", &[track, track]).await;
        let longer = |duration_ms: u64| Song {
            existing: Some(track),
            file: SourceFile { duration_ms, stamp: 2, ..first.file.clone() },
            ..first.clone()
        };
        take_in_one(ctx, longer(70_000)).await;
        assert_eq!(figures(ctx, &list).await, (2, 140_000));
        hide(ctx, track).await;
        assert_eq!(figures(ctx, &list).await, (0, 0));
        take_in_one(ctx, longer(80_000)).await;
        assert_eq!(figures(ctx, &list).await, (2, 160_000), "it came back with another length");
    }

    async fn hiding_and_editing_at_once_keeps_the_figures_right(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 8).await;
        let list = made(ctx, &ann(), "L", &[]).await;
        let id = playlist(&list);
        let mut tasks = Vec::new();
        for &track in &tracks {
            let one = ctx.clone();
            tasks.push(tokio::spawn(async move {
                for _ in 0..4 {
                    // Refused while the track is hidden.
                    let added = service::add_entries(&one, &ann(), id, vec![track, track], Place::Start).await;
                    if let Ok(added) = added {
                        let gone = vec![added.entries[0]];
                        service::remove_entries(&one, &ann(), id, gone).await.expect("taken out");
                    }
                }
            }));
            let other = ctx.clone();
            tasks.push(tokio::spawn(async move {
                for _ in 0..4 {
                    hide(&other, track).await;
                    change(&other, move |tx, batch| import::show_track(tx, batch, track)).await;
                }
            }));
        }
        for task in tasks {
            task.await.expect("it ends");
        }
        let count = service::tracks(ctx, &ann(), id).await.expect("read").len() as u64;
        assert_eq!(figures(ctx, &list).await, (count, count * 60_000));
    }
}
