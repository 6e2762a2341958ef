//! What people correct in the page stays, whatever files say later.

use kernel::{on_both_engines, testkit::World};
use serde_json::json;

use super::*;
use crate::{AlbumId, import::CreditTag};

mod albums;
mod artists;
mod closed;
mod history;
mod merges;
mod undo;

fn moderator() -> Viewer {
    viewer(7, Role::Moderator)
}

async fn call(ctx: &Ctx, who: Viewer, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
    ask(ctx, Some(who), method, path, Some(body)).await
}

/// Edits tracks as a moderator who saw what is there now.
async fn edit_tracks(ctx: &Ctx, tracks: &[TrackId], changes: Value) -> Value {
    let ids: Vec<String> = tracks.iter().map(ToString::to_string).collect();
    let views = get(ctx, &format!("/api/v1/tags/tracks?ids={}", ids.join(","))).await;
    let seen: Vec<Value> = views["tracks"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|view| json!({ "id": view["id"], "version": view["version"] }))
        .collect();
    let body = json!({ "tracks": seen, "changes": changes });
    let (status, answer) = call(ctx, moderator(), "PATCH", "/api/v1/tags/tracks", body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

async fn edit_album(ctx: &Ctx, album: AlbumId, mut body: Value) -> Value {
    let path = format!("/api/v1/tags/albums/{album}");
    body["version"] = get(ctx, &path).await["version"].clone();
    let (status, answer) = call(ctx, moderator(), "PATCH", &path, body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

async fn undo(ctx: &Ctx, answer: &Value) -> (StatusCode, Value) {
    let path = format!("/api/v1/tags/edits/{}/undo", answer["edit"].as_str().expect("an edit"));
    ask(ctx, Some(moderator()), "POST", &path, None).await
}

async fn view(ctx: &Ctx, track: TrackId) -> Value {
    get(ctx, &format!("/api/v1/tags/tracks?ids={track}")).await["tracks"][0].clone()
}

async fn rescan(ctx: &Ctx, track: TrackId, song: Song) -> Imported {
    take_in_one(ctx, Song { existing: Some(track), ..song }).await
}

/// A track with everything that can be tagged.
fn full() -> TrackTags {
    let mut tags = TrackTags {
        title_sort: Some("Eins".to_owned()),
        disc: Some(2),
        disc_title: Some("Night".to_owned()),
        number: Some(3),
        genres: strings(&["Rock", "Pop"]),
        moods: strings(&["Calm"]),
        artists: strings(&["Air", "Beck"]),
        artists_sort: strings(&["Air!", "Beck!"]),
        credits: vec![
            credit(import::Role::Composer, "Bach"),
            CreditTag { detail: Some("Drums".to_owned()), ..credit(import::Role::Performer, "Copeland") },
        ],
        lyrics: vec![lyrics("en", &[(None, "la la")])],
        ..tags("One", "Air", "Moon")
    };
    tags.recording.artists_shown = Some("Air feat. Beck".to_owned());
    tags.recording.work = Some("Suite".to_owned());
    tags.recording.comment = Some("two\nlines".to_owned());
    tags.recording.movement_number = Some(4);
    tags.release.labels = strings(&["Virgin", "EMI"]);
    tags
}

/// A song of others that has the genres of [`full`], so that they keep their numbers while nothing else has them.
fn same_genres() -> Song {
    song("/m/other/1.flac", TrackTags { genres: strings(&["Rock", "Pop"]), ..tags("Other", "Moby", "Play") })
}

on_both_engines! {
    async fn an_edit_survives_a_rescan_other_tags_and_a_move(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/x/1.flac", full())).await;
        let before = view(ctx, made.track).await;
        assert_eq!((&before["version"], &before["filed"]), (&json!(0), &json!({})));
        edit_tracks(ctx, &[made.track], json!({ "title": " Two ", "artists": ["Air"], "genres": [], "number": 0 })).await;
        let shown = get(ctx, &format!("/api/v1/tracks/{}", made.track)).await;
        assert_eq!((&shown["title"], &shown["number"], &shown["artist_shown"]), (&json!("Two"), &Value::Null, &Value::Null));
        assert_eq!(shown["genres"], json!([]));
        for path in ["/m/x/1.flac", "/elsewhere/1.flac"] {
            let again = rescan(ctx, made.track, song(path, full())).await;
            assert_eq!((again.album, again.track), (made.album, made.track));
            let now = view(ctx, made.track).await;
            assert_eq!((&now["fields"]["title"], &now["fields"]["artists"]), (&json!("Two"), &json!(["Air"])));
            assert_eq!(now["filed"], json!({ "title": "One", "artists": ["Air", "Beck"], "genres": ["Rock", "Pop"], "number": 3 }));
        }
        // The file is tagged anew: what is edited stays, the rest follows, and the page can tell what the file says.
        let other = TrackTags { title: "Drei".to_owned(), date: Some("2001".to_owned()), ..full() };
        rescan(ctx, made.track, song("/m/x/1.flac", other)).await;
        let now = view(ctx, made.track).await;
        assert_eq!((&now["fields"]["title"], &now["filed"]["title"], &now["fields"]["date"]), (&json!("Two"), &json!("Drei"), &json!("2001")));
        let back = json!({ "title": null, "artists": null, "genres": null, "number": null });
        edit_tracks(ctx, &[made.track], back).await;
        let now = view(ctx, made.track).await;
        assert_eq!(now["filed"], json!({}));
        assert_eq!((&now["fields"]["title"], &now["fields"]["number"]), (&json!("Drei"), &json!(3)));
        let shown = get(ctx, &format!("/api/v1/tracks/{}", made.track)).await;
        assert_eq!(shown["artist_shown"], "Air feat. Beck");
        assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name"), ["Air", "Bach", "Beck", "Copeland"]);
    }

    async fn what_is_edited_and_put_back_is_what_it_was(world: World) {
        let ctx = &world.ctx;
        // Another track keeps whoever is named here and the genres, so that they have the same numbers afterwards.
        let made = take_in(ctx, vec![song("/m/x/1.flac", full()), song("/m/x/2.flac", full())]).await[0];
        let detail = format!("/api/v1/tracks/{}", made.track);
        let (before, fields) = (get(ctx, &detail).await, view(ctx, made.track).await["fields"].clone());
        let all = json!({
            "title": "T", "sort_title": "S", "subtitle": "U", "artists": ["New One", "Beck"], "disc": 1,
            "disc_title": "", "number": 9, "date": "2020-02", "original_date": "1970", "genres": ["Jazz"], "moods": [],
            "credits": [{ "role": "producer", "name": "Eno" }], "work": "W", "movement": "M", "movement_number": 1,
            "comment": "", "lyrics": "[00:01.00]words",
        });
        let edit = edit_tracks(ctx, &[made.track], all.clone()).await;
        let now = view(ctx, made.track).await;
        for (name, value) in all.as_object().expect("fields") {
            let said = if name == "lyrics" { &json!("[00:01.000]words") } else { value };
            assert_eq!(&now["fields"][name], said, "{name}");
            assert_eq!(now["filed"][name], fields[name], "{name}");
        }
        assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name"), ["Air", "Bach", "Beck", "Copeland", "Eno", "New One"]);
        assert_eq!(each(&get(ctx, "/api/v1/genres").await, "name"), ["Jazz", "Pop", "Rock"]);
        let (status, _) = undo(ctx, &edit).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(get(ctx, &detail).await, before);
        assert_eq!(view(ctx, made.track).await["fields"], fields);
        assert_eq!(undo(ctx, &edit).await.0, StatusCode::CONFLICT, "only once");
    }

    async fn an_albums_edit_keeps_the_album_and_takes_in_what_comes_later(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![
            song("/m/x/1.flac", tags("One", "Ari", "Mon")),
            song("/m/x/2.flac", tags("Two", "Ari", "Mon")),
        ]).await;
        let album = made[0].album.expect("an album");
        let edit = edit_album(ctx, album, json!({ "changes": {
            "title": "Moon Safari", "artists": ["Air"], "released": "1998-01-16", "labels": ["Virgin"],
            "catalogue_numbers": ["V2848"], "version": "First", "types": ["Album"],
        }, "genres": ["Downtempo"], "discs": [{ "disc": 1, "title": "Side A" }] })).await;
        let path = format!("/api/v1/albums/{album}");
        let check = async |title: &str| {
            let shown = get(ctx, &path).await;
            assert_eq!((shown["title"].as_str(), shown["released"].as_str()), (Some(title), Some("1998-01-16")));
            assert_eq!((each(&shown["artists"], "name"), each(&shown["genres"], "name")), (vec!["Air"], vec!["Downtempo"]));
            assert_eq!((&shown["labels"], &shown["version"]), (&json!(["Virgin"]), &json!("First")));
            assert_eq!((&shown["types"], &shown["discs"][0]["title"]), (&json!(["album"]), &json!("Side A")));
        };
        check("Moon Safari").await;
        rescan(ctx, made[0].track, song("/m/x/1.flac", tags("One", "Ari", "Mon"))).await;
        let third = take_in_one(ctx, song("/m/x/3.flac", tags("Three", "Ari", "Mon"))).await;
        assert_eq!(third.album, Some(album), "the album is found by what its files say");
        check_title(ctx, &path, "Moon Safari").await;
        assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name"), ["Air", "Ari"]);
        assert_eq!(each(&get(ctx, "/api/v1/search?q=safari").await["albums"], "title"), ["Moon Safari"]);
        // Its files get another title: it becomes another album, and what was written goes along.
        for (at, one) in [&made[0], &made[1], &third].into_iter().enumerate() {
            let name = format!("/m/x/{}.flac", at + 1);
            rescan(ctx, one.track, song(&name, tags("One", "Ari", "Mond"))).await;
        }
        let moved = get(ctx, "/api/v1/albums").await;
        assert_eq!(each(&moved, "title"), ["Moon Safari"]);
        let album: AlbumId = moved["items"][0]["id"].as_str().expect("an id").parse().expect("a number");
        let view = get(ctx, &format!("/api/v1/tags/albums/{album}")).await;
        assert_eq!((&view["filed"]["title"], &view["filed"]["artists"]), (&json!("Mond"), &json!(["Ari"])));
        assert_eq!(view["fields"]["artists"], json!(["Air"]));
        edit_album(ctx, album, json!({ "changes": { "title": null, "artists": null } })).await;
        check_title(ctx, &format!("/api/v1/albums/{album}"), "Mond").await;
        assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name"), ["Ari"]);
        assert_eq!(undo(ctx, &edit).await.0, StatusCode::CONFLICT, "it was edited since");
    }

    async fn the_artists_of_an_edited_album_stay_when_a_file_is_read_again(world: World) {
        let ctx = &world.ctx;
        let lone = || TrackTags { album_artists: Vec::new(), ..tags("One", "Ari", "Mon") };
        let made = take_in(ctx, vec![song("/m/x/1.flac", lone()), song("/m/x/2.flac", TrackTags { title: "Two".into(), ..lone() })]).await;
        let album = made[0].album.expect("an album");
        let path = format!("/api/v1/albums/{album}");
        let tracks = [made[0].track, made[1].track];
        // Who leads all tracks leads the album, where no tag says more.
        edit_tracks(ctx, &tracks[..1], json!({ "artists": ["Air"] })).await;
        assert_eq!(each(&get(ctx, &path).await["artists"], "name"), ["Various Artists"]);
        edit_tracks(ctx, &tracks[1..], json!({ "artists": ["Air"] })).await;
        for _ in 0..2 {
            assert_eq!(each(&get(ctx, &path).await["artists"], "name"), ["Air"]);
            assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name"), ["Air"]);
            rescan(ctx, tracks[0], song("/m/x/1.flac", lone())).await;
        }
        let edit = edit_album(ctx, album, json!({ "changes": { "artists": ["Air", "Beck"] } })).await;
        rescan(ctx, tracks[0], song("/m/x/1.flac", lone())).await;
        assert_eq!(each(&get(ctx, &path).await["artists"], "name"), ["Air", "Beck"]);
        assert_eq!(undo(ctx, &edit).await.0, StatusCode::OK);
        assert_eq!(each(&get(ctx, &path).await["artists"], "name"), ["Air"]);
        assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name"), ["Air"]);
    }

    async fn tracks_move_into_the_album_that_is_named_and_home_again(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![
            song("/m/x/1.flac", tags("One", "Air", "Moon")),
            song("/m/x/2.flac", TrackTags { date: Some("2001".to_owned()), ..tags("Two", "Air", "Moon") }),
            song("/m/y/1.flac", tags("Else", "Air", "Sun")),
        ]).await;
        assert_ne!(made[0].album, made[1].album, "another year makes another album");
        let moved = edit_tracks(ctx, &[made[1].track, made[2].track], json!({ "album": "moon" })).await;
        for item in moved["items"].as_array().expect("items") {
            let one = get(ctx, &format!("/api/v1/tracks/{}", item["id"].as_str().expect("an id"))).await;
            assert_eq!(one["album"]["title"], "Moon");
        }
        let sun = made[2].album.expect("an album");
        assert_eq!(status_of(ctx, &format!("/api/v1/albums/{sun}")).await, StatusCode::NOT_FOUND);
        let twice = rescan(ctx, made[2].track, song("/m/y/1.flac", tags("Else", "Air", "Sun"))).await;
        assert_ne!(twice.album, made[2].album);
        let edit = edit_tracks(ctx, &[made[2].track], json!({ "album": "Entirely new", "album_artists": ["Nobody"] })).await;
        assert_eq!(each(&get(ctx, "/api/v1/albums").await, "title").len(), 2);
        let there = rescan(ctx, made[2].track, song("/m/y/1.flac", tags("Else", "Air", "Sun"))).await;
        assert_eq!(json!(there.album.expect("an album")), edit["items"][0]["album"], "it stays there");
        edit_tracks(ctx, &[made[1].track, made[2].track], json!({ "album": null, "album_artists": null })).await;
        assert_eq!(each(&get(ctx, "/api/v1/albums").await, "title"), ["Moon", "Moon", "Sun"].map(String::from));
        let last = rescan(ctx, made[2].track, song("/m/y/1.flac", tags("Else", "Air", "Sun"))).await;
        assert_eq!(each(&get(ctx, "/api/v1/albums").await, "title").len(), 3, "{last:?}");
    }

    async fn two_who_edit_at_once_are_told(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/x/1.flac", tags("One", "Air", "Moon"))).await;
        edit_tracks(ctx, &[made.track], json!({ "title": "Mine" })).await;
        let body = json!({ "tracks": [{ "id": made.track, "version": 0 }], "changes": { "title": "Yours" } });
        let (status, problem) = call(ctx, moderator(), "PATCH", "/api/v1/tags/tracks", body).await;
        assert_eq!((status, &problem["code"]), (StatusCode::PRECONDITION_FAILED, &json!("changed")));
        assert_eq!(view(ctx, made.track).await["fields"]["title"], "Mine");
        let album = format!("/api/v1/tags/albums/{}", made.album.expect("an album"));
        let body = json!({ "version": 5, "changes": { "title": "Yours" } });
        assert_eq!(call(ctx, moderator(), "PATCH", &album, body).await.0, StatusCode::PRECONDITION_FAILED);
    }

    async fn only_who_may_edits_and_nobody_learns_of_what_he_does_not_see(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/x/1.flac", tags("One", "Air", "Moon"))).await;
        let body = || json!({ "tracks": [{ "id": made.track, "version": 0 }], "changes": { "title": "X" } });
        let album = format!("/api/v1/tags/albums/{}", made.album.expect("an album"));
        let artist = get(ctx, "/api/v1/artists").await["items"][0]["id"].as_str().expect("an id").to_owned();
        let artist = format!("/api/v1/tags/artists/{artist}");
        let album_body = || json!({ "version": 0, "changes": { "title": "X" } });
        let artist_body = || json!({ "version": 0, "changes": { "name": "X" } });
        for role in [Role::Listener, Role::Creator] {
            assert_eq!(call(ctx, viewer(3, role), "PATCH", "/api/v1/tags/tracks", body()).await.0, StatusCode::FORBIDDEN);
            assert_eq!(call(ctx, viewer(3, role), "PATCH", &album, album_body()).await.0, StatusCode::FORBIDDEN);
        }
        assert_eq!(call(ctx, moderator(), "PATCH", &artist, artist_body()).await.0, StatusCode::FORBIDDEN);
        let (track, owner) = (made.track, UserId(3));
        change(ctx, move |tx, _| import::own_track(tx, track, owner)).await;
        assert_eq!(call(ctx, viewer(3, Role::Creator), "PATCH", "/api/v1/tags/tracks", body()).await.0, StatusCode::OK);
        assert_eq!(call(ctx, viewer(3, Role::Creator), "PATCH", &album, album_body()).await.0, StatusCode::OK);
        hide(ctx, made.track).await;
        for (path, body) in [("/api/v1/tags/tracks", body()), (&album, album_body()), (&artist, artist_body())] {
            let (status, _) = call(ctx, moderator(), "PATCH", path, body).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(get(ctx, &format!("/api/v1/tags/tracks?ids={track}")).await["tracks"], json!([]));
    }

    async fn what_makes_no_sense_is_refused_with_its_field(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/x/1.flac", tags("One", "Air", "Moon"))).await;
        let many: Vec<String> = (0..33).map(|n| n.to_string()).collect();
        for (changes, field) in [
            (json!({ "title": " \u{0}\u{202e} " }), "title"),
            (json!({ "title": "x".repeat(1_001) }), "title"),
            (json!({ "artists": [] }), "artists"),
            (json!({ "artists": [" "] }), "artists"),
            (json!({ "genres": many }), "genres"),
            (json!({ "date": "yesterday" }), "date"),
            (json!({ "date": "1999-13" }), "date"),
            (json!({ "disc": 0 }), "disc"),
            (json!({ "number": 10_000 }), "number"),
            (json!({ "number": -1 }), "changes"),
            (json!({ "nonsense": "x" }), "changes"),
            (json!({ "nonsense": null }), "changes"),
            (json!({ "title": 5 }), "changes"),
            (json!({ "credits": [{ "role": "king", "name": "x" }] }), "changes"),
            (json!({ "lyrics": "la\n".repeat(20_000) }), "lyrics"),
        ] {
            let body = json!({ "tracks": [{ "id": made.track, "version": 0 }], "changes": changes });
            let (status, problem) = call(ctx, moderator(), "PATCH", "/api/v1/tags/tracks", body).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {problem}");
            assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        }
        let none = json!({ "tracks": [], "changes": { "title": "x" } });
        assert_eq!(call(ctx, moderator(), "PATCH", "/api/v1/tags/tracks", none).await.0, StatusCode::UNPROCESSABLE_ENTITY);
        let nothing = edit_tracks(ctx, &[made.track], json!({ "title": "One", "artists": null })).await;
        assert_eq!(nothing["edit"], Value::Null, "what is so already is no edit");
        edit_tracks(ctx, &[made.track], json!({ "title": "<b>\u{202e}a\u{0}\nb</b>" })).await;
        assert_eq!(view(ctx, made.track).await["fields"]["title"], "<b>a b</b>");
    }

    async fn two_artists_who_are_one_become_one_for_good(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![
            song("/m/x/1.flac", TrackTags { artists: strings(&["Air", "Airr"]), ..tags("One", "Air", "Moon") }),
            song("/m/y/1.flac", tags("Two", "Airr", "Sun")),
        ]).await;
        let artists = get(ctx, "/api/v1/artists").await;
        let ids: Vec<&str> = each(&artists, "id");
        let admin = viewer(9, Role::Admin);
        let like = format!("/api/v1/artists/{}/favourite", ids[1]);
        ask(ctx, Some(listener()), "PUT", &like, None).await;
        let path = format!("/api/v1/tags/artists/{}", ids[0]);
        let taken = json!({ "version": 0, "changes": { "name": "AIRR" } });
        assert_eq!(call(ctx, admin.clone(), "PATCH", &path, taken).await.0, StatusCode::CONFLICT);
        let merge = format!("{path}/merge");
        let (status, answer) = call(ctx, admin.clone(), "POST", &merge, json!({ "from": ids[1] })).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let now = get(ctx, "/api/v1/artists").await;
        assert_eq!((each(&now, "name"), &now["items"][0]["track_count"]), (vec!["Air"], &json!(2)));
        assert_eq!(now["items"][0]["mark"]["favourite"], true);
        rescan(ctx, made[1].track, song("/m/y/1.flac", tags("Two", "Airr", "Sun"))).await;
        take_in_one(ctx, song("/m/y/2.flac", tags("Three", "AIRR", "Sun"))).await;
        let now = get(ctx, "/api/v1/artists").await;
        assert_eq!((each(&now, "name"), &now["items"][0]["track_count"]), (vec!["Air"], &json!(3)));
        assert_eq!(each(&get(ctx, "/api/v1/albums").await, "title"), ["Moon", "Sun"]);
        let again = call(ctx, admin.clone(), "POST", &merge, json!({ "from": ids[1] })).await;
        assert_eq!((again.0, &again.1["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("from")));
        let version = get(ctx, &path).await["version"].clone();
        let rename = json!({ "version": version, "changes": { "name": "AIR (FR)", "sort_name": "Zair" } });
        assert_eq!(call(ctx, admin, "PATCH", &path, rename).await.0, StatusCode::OK);
        take_in_one(ctx, song("/m/y/3.flac", tags("Four", "Air", "Sun"))).await;
        take_in_one(ctx, song("/m/y/4.flac", tags("Five", "air (fr)", "Sun"))).await;
        let now = get(ctx, "/api/v1/artists").await;
        assert_eq!((each(&now, "name"), &now["items"][0]["track_count"]), (vec!["AIR (FR)"], &json!(5)));
    }
}

async fn check_title(ctx: &Ctx, path: &str, title: &str) {
    assert_eq!(get(ctx, path).await["title"], title);
}
