//! Playlists: what people put into them, in which order, and who sees it.

mod figures;
mod folders;
mod hidden;
mod m3u;
mod sharing;
mod smart;

use kernel::{on_both_engines, testkit::World};
use serde_json::json;

use super::*;
use crate::{
    model::playlists::{EntryId, Place, PlaylistId},
    playlists as service,
};

const ANN: i64 = 11;
const BOB: i64 = 12;

fn ann() -> Viewer {
    viewer(ANN, Role::Listener)
}

fn bob() -> Viewer {
    viewer(BOB, Role::Listener)
}

async fn call(ctx: &Ctx, who: &Viewer, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let body = (!body.is_null()).then_some(body);
    ask(ctx, Some(who.clone()), method, &format!("/api/v1{path}"), body).await
}

/// Asks and expects what is good.
async fn good(ctx: &Ctx, who: &Viewer, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = call(ctx, who, method, path, body).await;
    assert!(status.is_success(), "{method} {path}: {status} {answer}");
    answer
}

/// Asks and expects a problem with this code.
async fn refused(ctx: &Ctx, who: &Viewer, method: &str, path: &str, body: Value) -> (u16, String) {
    let (status, answer) = call(ctx, who, method, path, body).await;
    (status.as_u16(), answer["code"].as_str().unwrap_or_default().to_owned())
}

/// So many tracks `T00`, `T01`, …, each a minute long, four to an album.
async fn some_tracks(ctx: &Ctx, count: usize) -> Vec<TrackId> {
    let songs = (0..count).map(|at| {
        let tags = TrackTags {
            number: Some(u32::try_from(at % 4 + 1).expect("small")),
            ..tags(&format!("T{at:02}"), "Air", &format!("Album {}", at / 4))
        };
        song(&format!("/m/air/{}/{at:02}.flac", at / 4), tags)
    });
    take_in(ctx, songs.collect()).await.into_iter().map(|made| made.track).collect()
}

/// A playlist of somebody's with these tracks; its path.
async fn made(ctx: &Ctx, who: &Viewer, name: &str, tracks: &[TrackId]) -> String {
    let answer = good(ctx, who, "POST", "/playlists", json!({ "name": name, "tracks": tracks })).await;
    format!("/playlists/{}", answer["id"].as_str().expect("an id"))
}

/// The titles of a playlist's entries, page by page.
async fn titles(ctx: &Ctx, who: &Viewer, list: &str) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = good(ctx, who, "GET", &format!("{list}/entries?limit=3{after}"), Value::Null).await;
        let items = page["items"].as_array().expect("a list").iter();
        all.extend(items.map(|item| item["track"]["title"].as_str().expect("text").to_owned()));
        let Some(next) = page["next"].as_str() else { return all };
        after = format!("&after={next}");
    }
}

/// The numbers of a playlist's entries.
async fn entries(ctx: &Ctx, who: &Viewer, list: &str) -> Vec<String> {
    let page = good(ctx, who, "GET", &format!("{list}/entries?limit=200"), Value::Null).await;
    each(&page, "id").into_iter().map(str::to_owned).collect()
}

fn playlist(list: &str) -> PlaylistId {
    list.rsplit('/').next().expect("an id").parse().expect("a number")
}

fn entry(id: &str) -> EntryId {
    id.parse().expect("a number")
}

on_both_engines! {
    async fn a_playlist_is_made_shown_changed_and_deleted(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 3).await;
        let new = json!({ "name": " Road\n trip ", "description": "a\r\nb", "tracks": tracks });
        let shown = good(ctx, &ann(), "POST", "/playlists", new).await;
        assert_eq!((&shown["name"], &shown["description"]), (&"Road trip".into(), &"a\nb".into()));
        assert_eq!((&shown["public"], &shown["role"], &shown["smart"]), (&false.into(), &"owner".into(), &false.into()));
        assert_eq!((&shown["track_count"], &shown["duration_ms"]), (&3.into(), &180_000.into()));
        let list = format!("/playlists/{}", shown["id"].as_str().expect("an id"));
        assert_eq!(titles(ctx, &ann(), &list).await, ["T00", "T01", "T02"]);
        world.clock.advance(std::time::Duration::from_secs(1));
        let edit = json!({ "name": "Home", "public": true });
        let edited = good(ctx, &ann(), "PATCH", &list, edit).await;
        assert_eq!((&edited["name"], &edited["public"], &edited["description"]), (&"Home".into(), &true.into(), &"a\nb".into()));
        assert_ne!(edited["changed_at"], shown["changed_at"]);
        assert_eq!(call(ctx, &ann(), "DELETE", &list, Value::Null).await.0, StatusCode::NO_CONTENT);
        assert_eq!(refused(ctx, &ann(), "GET", &list, Value::Null).await, (404, "not_found".to_owned()));
        assert_eq!(refused(ctx, &ann(), "GET", &format!("{list}/entries"), Value::Null).await.0, 404);
    }

    async fn entries_go_where_they_are_put(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 6).await;
        let list = made(ctx, &ann(), "L", &tracks[..2]).await;
        let ids = entries(ctx, &ann(), &list).await;
        let path = format!("{list}/entries");
        good(ctx, &ann(), "POST", &path, json!({ "tracks": [tracks[2]] })).await;
        good(ctx, &ann(), "POST", &path, json!({ "tracks": [tracks[3], tracks[4]], "after": null })).await;
        let put = good(ctx, &ann(), "POST", &path, json!({ "tracks": [tracks[5], tracks[5]], "after": ids[0] })).await;
        assert_eq!(titles(ctx, &ann(), &list).await, ["T03", "T04", "T00", "T05", "T05", "T01", "T02"]);
        let first = put["entries"][0].as_str().expect("an id");
        good(ctx, &ann(), "PATCH", &format!("{path}/{first}"), json!({ "after": null })).await;
        good(ctx, &ann(), "PATCH", &format!("{path}/{}", ids[0]), json!({ "after": ids[1] })).await;
        assert_eq!(titles(ctx, &ann(), &list).await, ["T05", "T03", "T04", "T05", "T01", "T00", "T02"]);
        let same = good(ctx, &ann(), "PATCH", &format!("{path}/{first}"), json!({ "after": first })).await;
        let gone = good(ctx, &ann(), "DELETE", &format!("{path}/{first}"), Value::Null).await;
        assert_eq!(gone["version"].as_u64(), same["version"].as_u64().map(|version| version + 1));
        let again = good(ctx, &ann(), "DELETE", &format!("{path}/{first}"), Value::Null).await;
        assert_eq!(again["version"], gone["version"], "what is gone already changes nothing");
        good(ctx, &ann(), "POST", &format!("{path}/remove"), json!({ "entries": [ids[0], ids[1], first] })).await;
        assert_eq!(titles(ctx, &ann(), &list).await, ["T03", "T04", "T05", "T02"]);
        let shown = good(ctx, &ann(), "GET", &list, Value::Null).await;
        assert_eq!((&shown["track_count"], &shown["duration_ms"]), (&4.into(), &240_000.into()));
    }

    async fn a_thousand_moves_to_the_same_place_keep_the_order(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 5).await;
        let list = made(ctx, &ann(), "L", &tracks).await;
        let ids = entries(ctx, &ann(), &list).await;
        let after = Place::After(entry(&ids[0]));
        // Each halves the room behind the first, so the playlist is set apart anew many times.
        for round in 0..100 {
            for id in [&ids[4], &ids[3]] {
                service::move_entry(ctx, &ann(), playlist(&list), entry(id), after).await.expect("moved");
            }
            if round % 25 == 0 {
                assert_eq!(titles(ctx, &ann(), &list).await, ["T00", "T03", "T04", "T01", "T02"]);
            }
        }
        assert_eq!(titles(ctx, &ann(), &list).await, ["T00", "T03", "T04", "T01", "T02"]);
    }

    async fn a_page_goes_on_where_it_ended_while_entries_move_and_go(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 8).await;
        let list = made(ctx, &ann(), "L", &tracks).await;
        let ids = entries(ctx, &ann(), &list).await;
        let first = good(ctx, &ann(), "GET", &format!("{list}/entries?limit=3"), Value::Null).await;
        let next = first["next"].as_str().expect("more");
        good(ctx, &ann(), "POST", &format!("{list}/entries"), json!({ "tracks": [tracks[0]], "after": null })).await;
        good(ctx, &ann(), "DELETE", &format!("{list}/entries/{}", ids[2]), Value::Null).await;
        let rest = good(ctx, &ann(), "GET", &format!("{list}/entries?limit=50&after={next}"), Value::Null).await;
        assert_eq!(each(&rest, "id"), ids[3..].iter().map(String::as_str).collect::<Vec<_>>());
    }

    async fn people_who_change_a_playlist_at_once_lose_nothing(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 40).await;
        let list = made(ctx, &ann(), "L", &tracks[..2]).await;
        let first = Place::After(entry(&entries(ctx, &ann(), &list).await[0]));
        let adders = tracks[2..].chunks(2).map(|chunk| {
            let (ctx, chunk, id) = (ctx.clone(), chunk.to_vec(), playlist(&list));
            tokio::spawn(async move {
                let made = service::add_entries(&ctx, &ann(), id, chunk, first).await.expect("added");
                service::move_entry(&ctx, &ann(), id, made.entries[0], Place::End).await.expect("moved");
            })
        });
        for adder in adders.collect::<Vec<_>>() {
            adder.await.expect("it ends");
        }
        let mut all = titles(ctx, &ann(), &list).await;
        assert_eq!(all[0], "T00");
        all.sort();
        assert_eq!(all, (0..40).map(|at| format!("T{at:02}")).collect::<Vec<_>>());
        let shown = good(ctx, &ann(), "GET", &list, Value::Null).await;
        assert_eq!((&shown["track_count"], &shown["duration_ms"]), (&40.into(), &(40 * 60_000).into()));
        assert_eq!(shown["version"], 2 + 2 * 19, "each change is one version");
    }

    async fn replacing_all_needs_the_version_that_is_there(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 4).await;
        let list = made(ctx, &ann(), "L", &tracks[..2]).await;
        let version = good(ctx, &ann(), "GET", &list, Value::Null).await["version"].clone();
        good(ctx, &ann(), "POST", &format!("{list}/entries"), json!({ "tracks": [tracks[2]] })).await;
        let path = format!("{list}/entries");
        let anew = json!({ "tracks": [tracks[3]], "version": version });
        assert_eq!(refused(ctx, &ann(), "PUT", &path, anew).await, (409, "stale".to_owned()));
        assert_eq!(titles(ctx, &ann(), &list).await, ["T00", "T01", "T02"], "nothing was changed");
        let version = good(ctx, &ann(), "GET", &list, Value::Null).await["version"].clone();
        let anew = json!({ "tracks": [tracks[3], tracks[0], tracks[3]], "version": version });
        good(ctx, &ann(), "PUT", &path, anew).await;
        assert_eq!(titles(ctx, &ann(), &list).await, ["T03", "T00", "T03"]);
        assert_eq!(good(ctx, &ann(), "GET", &list, Value::Null).await["duration_ms"], 180_000);
        service::replace_entries(ctx, &ann(), playlist(&list), Vec::new(), None).await.expect("emptied");
        assert_eq!(titles(ctx, &ann(), &list).await, Vec::<String>::new());
        let shown = good(ctx, &ann(), "GET", &list, Value::Null).await;
        assert_eq!((&shown["track_count"], &shown["duration_ms"]), (&0.into(), &0.into()));
    }

    async fn bad_input_is_a_problem_and_leaves_nothing_half_done(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 2).await;
        let list = made(ctx, &ann(), "L", &tracks).await;
        let path = format!("{list}/entries");
        let cases = [
            ("POST", "/playlists", json!({ "name": " \u{0}" }), 422),
            ("POST", "/playlists", json!({ "name": "x".repeat(201) }), 422),
            ("POST", "/playlists", json!({ "name": "x", "description": "x".repeat(5_001) }), 422),
            ("POST", "/playlists", json!({ "name": "x", "tracks": [tracks[0], TrackId(5)] }), 422),
            ("POST", "/playlists", json!({ "name": "x", "owner": "5" }), 422),
            ("POST", "/playlists", json!({ "name": "x", "tracks": [tracks[0]], "rules": { "match": "all", "rules": [] } }), 422),
            ("PATCH", list.as_str(), json!({ "rules": { "match": "all", "rules": [] } }), 422),
            ("PATCH", list.as_str(), json!({ "name": "y", "cover_album": "5" }), 422),
            ("POST", path.as_str(), json!({ "tracks": [tracks[0], TrackId(5)] }), 422),
            ("POST", path.as_str(), json!({ "tracks": [] }), 422),
            ("POST", path.as_str(), json!({ "tracks": [tracks[0]], "after": "5" }), 409),
            ("PATCH", &format!("{path}/5"), json!({ "after": null }), 404),
            ("POST", &format!("{path}/remove"), json!({ "entries": [] }), 422),
        ];
        for (method, path, body, status) in cases {
            assert_eq!(refused(ctx, &ann(), method, path, body.clone()).await.0, status, "{method} {path} {body}");
        }
        assert_eq!(titles(ctx, &ann(), &list).await, ["T00", "T01"]);
        let all = good(ctx, &ann(), "GET", "/playlists", Value::Null).await;
        assert_eq!(each(&all, "name"), ["L"]);
    }

    async fn a_playlist_is_full_at_its_limit(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 1).await;
        let list = made(ctx, &ann(), "L", &vec![tracks[0]; 9_999]).await;
        let path = format!("{list}/entries");
        let two = json!({ "tracks": [tracks[0], tracks[0]] });
        assert_eq!(refused(ctx, &ann(), "POST", &path, two).await, (409, "full".to_owned()));
        good(ctx, &ann(), "POST", &path, json!({ "tracks": [tracks[0]], "after": null })).await;
        assert_eq!(refused(ctx, &ann(), "POST", &path, json!({ "tracks": [tracks[0]] })).await, (409, "full".to_owned()));
        let shown = good(ctx, &ann(), "GET", &list, Value::Null).await;
        assert_eq!((&shown["track_count"], &shown["duration_ms"]), (&10_000.into(), &600_000_000.into()));
        let more = vec![tracks[0]; 10_001];
        let anew = json!({ "tracks": more, "version": shown["version"] });
        assert_eq!(refused(ctx, &ann(), "PUT", &path, anew).await, (422, "invalid".to_owned()));
        let all = service::tracks(ctx, &ann(), playlist(&list)).await.expect("read");
        assert_eq!(all.len(), 10_000);
    }

    async fn an_account_has_so_many_playlists_and_no_more(world: World) {
        let ctx = &world.ctx;
        let ids = ctx.ids().clone();
        change(ctx, move |tx, _| {
            for _ in 0..service::PLAYLISTS_MAX {
                let row = crate::store::playlists::NewRow {
                    id: PlaylistId(ids.next()), owner: UserId(ANN), name: "L", sort_key: b"l", description: "",
                    public: false, rules: None,
                };
                crate::store::playlists::insert(tx, &row, kernel::testkit::START)?;
            }
            Ok(())
        }).await;
        assert_eq!(refused(ctx, &ann(), "POST", "/playlists", json!({ "name": "x" })).await, (409, "full".to_owned()));
        made(ctx, &bob(), "Another's", &[]).await;
    }

    async fn the_covers_are_those_of_the_first_albums_or_the_chosen_one(world: World) {
        let ctx = &world.ctx;
        let songs = (0..6_u32).map(|at| (song(&format!("/m/{at}/1.flac"), tags("x", "Air", &format!("A{at}"))), at));
        let mut made_tracks = Vec::new();
        for (song, at) in songs {
            let facts = crate::picture::facts(&super::hostile::png(10 + at, 10)).expect("a picture");
            made_tracks.push(change(ctx, move |tx, batch| {
                let picture = import::upsert_picture(tx, batch, &facts)?;
                let new = TrackImport {
                    existing: None, library: None, source: &song.file, tags: &song.tags,
                    picture: Some(picture), folder: song.folder.as_deref(),
                };
                import::upsert_track(tx, batch, &new)
            }).await);
        }
        let tracks: Vec<TrackId> = [5, 5, 0, 1, 2, 3].map(|at: usize| made_tracks[at].track).to_vec();
        let list = made(ctx, &ann(), "L", &tracks).await;
        let widths = |shown: &Value| {
            let pictures = shown["pictures"].as_array().expect("a list").iter();
            pictures.map(|picture| picture["width"].as_u64().expect("a number")).collect::<Vec<_>>()
        };
        let all = good(ctx, &ann(), "GET", "/playlists", Value::Null).await;
        assert_eq!(widths(&all["items"][0]), [15, 10, 11, 12]);
        let album = made_tracks[4].album.expect("an album");
        let shown = good(ctx, &ann(), "PATCH", &list, json!({ "cover_album": album })).await;
        assert_eq!((widths(&shown), &shown["cover_album"]), (vec![14], &json!(album)));
        hide(ctx, made_tracks[4].track).await;
        hide(ctx, made_tracks[0].track).await;
        assert_eq!(widths(&good(ctx, &ann(), "GET", &list, Value::Null).await), [15, 11, 12, 13], "what is hidden is not shown");
        let shown = good(ctx, &ann(), "PATCH", &list, json!({ "cover_album": null })).await;
        assert_eq!(shown["cover_album"], Value::Null);
    }
}

on_both_engines! {
    async fn every_list_of_playlists_and_the_like_is_read_along_its_index(world: World) {
        let mut asked = 0;
        let ours = |place: &str| ["store/playlists", "store/listener", "store/smart"].iter().any(|ours| place.contains(ours));
        let lists = kernel::db::STATEMENTS.iter().filter(|one| {
            ours(one.place) && (one.sqlite.contains(") > ($2, $3)") || one.sqlite.contains(") < ($2, $3)"))
        });
        for statement in lists {
            let plan = world.ctx.db().plan(statement).await.expect("the statement can be prepared");
            let sorts = plan.iter().any(|line| {
                line.starts_with("USE TEMP B-TREE") || line.trim_start_matches(['-', '>', ' ']).starts_with("Sort ")
            });
            // Of an empty table the other planner likes to gather the rows that the index gives, and then to sort.
            let along = plan.iter().any(|line| line.contains("Index Cond") && line.contains("ROW("));
            let sorts = sorts && !along;
            assert!(!sorts, "{}:\n{}", statement.place, plan.join("\n"));
            asked += 1;
        }
        assert_eq!(asked, 6, "three sorts of playlists, entries, bookmarks, what came in lately");
    }
}

#[tokio::test]
async fn a_stranger_is_asked_to_sign_in() {
    let world = World::new(kernel::db::Engine::Sqlite).await;
    for (method, path) in [
        ("GET", "playlists"),
        ("POST", "playlists"),
        ("GET", "playlists/1"),
        ("GET", "playlists/1/entries"),
        ("GET", "playlists/1/m3u8"),
        ("POST", "playlists/preview"),
        ("POST", "playlists/import"),
        ("GET", "me/playlist-folders"),
        ("GET", "me/queue"),
        ("GET", "me/queue/tracks"),
        ("GET", "me/bookmarks"),
        ("GET", "me/devices"),
        ("POST", "me/devices/x/commands/take"),
    ] {
        let (status, problem) = ask(&world.ctx, None, method, &format!("/api/v1/{path}"), None).await;
        assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &"sign_in".into()), "{path}");
    }
}
