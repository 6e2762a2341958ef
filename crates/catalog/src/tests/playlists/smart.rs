//! Smart playlists over a library.

use super::*;

/// Songs with what rules ask for.
async fn library(ctx: &Ctx) -> Vec<TrackId> {
    let of = |at: usize, title: &str, artist: &str, genre: &str, year: &str| {
        let tags = TrackTags {
            genres: strings(&[genre, "Music"]),
            date: Some(year.to_owned()),
            ..tags(title, artist, &format!("Album {artist}"))
        };
        let mut song = song(&format!("/m/{artist}/{at}.flac"), tags);
        song.file.duration_ms = 60_000 * (at as u64 + 1);
        song
    };
    let songs = vec![
        of(0, "One", "Air", "Pop", "1998"),
        of(1, "Two", "Air", "Rock", "2004-05"),
        of(2, "Three", "Björk", "Pop", "1997"),
        of(3, "Four", "Moby", "Rock", "1999"),
    ];
    take_in(ctx, songs).await.into_iter().map(|made| made.track).collect()
}

async fn previewed(ctx: &Ctx, rules: Value) -> Vec<String> {
    let found = good(ctx, &ann(), "POST", "/playlists/preview", json!({ "rules": rules })).await;
    each(&found["tracks"], "title").into_iter().map(str::to_owned).collect()
}

fn rule(field: &str, op: &str, value: &Value) -> Value {
    json!({ "field": field, "op": op, "value": value })
}

on_both_engines! {
    async fn rules_are_held_against_what_the_catalogue_knows(world: World) {
        let ctx = &world.ctx;
        library(ctx).await;
        for (rules, found) in [
            (json!([rule("artist", "is", &json!("bjork"))]), &["Three"][..]),
            (json!([rule("album_artist", "begins", &json!("AI"))]), &["One", "Two"][..]),
            (json!([rule("genre", "is", &json!("rock"))]), &["Four", "Two"][..]),
            (json!([rule("year", "between", &json!([1998, 1999]))]), &["Four", "One"][..]),
            (json!([rule("duration", "greater", &json!(120))]), &["Four", "Three"][..]),
            (json!([rule("library", "is", &json!("1")), rule("album", "ends", &json!("air"))]), &["One", "Two"][..]),
            (json!([rule("library", "is", &json!("2"))]), &[][..]),
            (json!([rule("bitrate", "is", &json!(900)), rule("codec", "is", &json!("flac")), rule("title", "contains", &json!("o"))]),
                &["Four", "One", "Two"][..]),
            (json!([{ "match": "any", "rules": [rule("title", "is", &json!("one")), rule("title", "is", &json!("four"))] }]),
                &["Four", "One"][..]),
        ] {
            let rules = json!({ "match": "all", "rules": rules, "sort": [{ "field": "title" }] });
            assert_eq!(previewed(ctx, rules.clone()).await, found, "{rules}");
        }
    }

    async fn what_came_in_lately_is_found_by_its_own_index(world: World) {
        let ctx = &world.ctx;
        library(ctx).await;
        world.clock.advance(std::time::Duration::from_hours(24 * 10));
        take_in_one(ctx, song("/m/new/1.flac", tags("New", "Low", "Hey"))).await;
        let rules = |days: u32| json!({ "match": "all", "rules": [rule("added", "in_last", &json!(days))], "sort": [{ "field": "title" }] });
        assert_eq!(previewed(ctx, rules(5)).await, ["New"]);
        assert_eq!(previewed(ctx, rules(11)).await.len(), 5);
        let rules = json!({ "match": "all", "rules": [rule("added", "not_in_last", &json!(5))] });
        assert_eq!(previewed(ctx, rules).await.len(), 4);
    }

    async fn marks_in_rules_are_those_of_the_one_who_looks(world: World) {
        let ctx = &world.ctx;
        let tracks = library(ctx).await;
        good(ctx, &ann(), "PUT", &format!("/tracks/{}/favourite", tracks[1]), Value::Null).await;
        good(ctx, &ann(), "PUT", &format!("/tracks/{}/rating", tracks[2]), json!({ "rating": 4 })).await;
        let rules = json!({ "match": "any", "rules": [rule("favourite", "is", &json!(true)), rule("rating", "greater", &json!(3))],
            "sort": [{ "field": "title" }] });
        assert_eq!(previewed(ctx, rules.clone()).await, ["Three", "Two"]);
        let only = json!({ "match": "all", "rules": [rule("favourite", "is", &json!(true))] });
        assert_eq!(previewed(ctx, only).await, ["Two"]);
        let new = json!({ "name": "Loved", "public": true, "rules": rules });
        let list = good(ctx, &ann(), "POST", "/playlists", new).await;
        let list = format!("/playlists/{}", list["id"].as_str().expect("an id"));
        assert_eq!(titles(ctx, &ann(), &list).await, ["Three", "Two"]);
        assert_eq!(titles(ctx, &bob(), &list).await, Vec::<String>::new(), "it tells nothing of her");
    }

    async fn a_preview_counts_what_fits_and_what_is_kept(world: World) {
        let ctx = &world.ctx;
        library(ctx).await;
        let rules = json!({ "match": "all", "rules": [], "sort": [{ "field": "title" }],
            "limit": { "count": 2 }, "limit_by": { "field": "duration", "descending": true } });
        let found = good(ctx, &ann(), "POST", "/playlists/preview", json!({ "rules": rules })).await;
        assert_eq!((&found["matching"], &found["track_count"], &found["duration_ms"]),
            (&4.into(), &2.into(), &(7 * 60_000).into()));
        assert_eq!(each(&found["tracks"], "title"), ["Four", "Three"]);
        let minutes = json!({ "match": "all", "rules": [], "sort": [{ "field": "duration" }], "limit": { "minutes": 5 } });
        assert_eq!(previewed(ctx, minutes).await, ["One", "Two"]);
    }

    async fn a_smart_playlist_holds_what_its_rules_find_when_it_is_opened(world: World) {
        let ctx = &world.ctx;
        let tracks = library(ctx).await;
        let rules = json!({ "match": "all", "rules": [rule("genre", "is", &json!("music"))], "sort": [{ "field": "title" }] });
        let shown = good(ctx, &ann(), "POST", "/playlists", json!({ "name": "Smart", "rules": rules })).await;
        assert_eq!((&shown["smart"], &shown["track_count"], &shown["rules"]["match"]), (&true.into(), &Value::Null, &"all".into()));
        let list = format!("/playlists/{}", shown["id"].as_str().expect("an id"));
        assert_eq!(titles(ctx, &ann(), &list).await, ["Four", "One", "Three", "Two"]);
        hide(ctx, tracks[0]).await;
        assert_eq!(titles(ctx, &ann(), &list).await, ["Four", "Three", "Two"]);
        let rules = json!({ "match": "all", "rules": [rule("artist", "is", &json!("Moby"))] });
        good(ctx, &ann(), "PATCH", &list, json!({ "rules": rules })).await;
        assert_eq!(titles(ctx, &ann(), &list).await, ["Four"]);
        for (method, path, body) in [
            ("POST", format!("{list}/entries"), json!({ "tracks": [tracks[1]] })),
            ("PUT", format!("{list}/entries"), json!({ "tracks": [], "version": 1 })),
        ] {
            assert_eq!(refused(ctx, &ann(), method, &path, body).await, (409, "smart".to_owned()));
        }
        assert_eq!(refused(ctx, &bob(), "GET", &format!("{list}/entries"), Value::Null).await.0, 404);
        let all = service::tracks(ctx, &ann(), playlist(&list)).await.expect("read");
        assert_eq!((all.len(), all[0].0), (1, None));
    }

    async fn the_pages_of_a_smart_playlist_neither_skip_nor_repeat(world: World) {
        let ctx = &world.ctx;
        some_tracks(ctx, 9).await;
        let rules = json!({ "match": "all", "rules": [], "sort": [{ "field": "title", "descending": true }] });
        let shown = good(ctx, &ann(), "POST", "/playlists", json!({ "name": "Smart", "rules": rules })).await;
        let list = format!("/playlists/{}", shown["id"].as_str().expect("an id"));
        let first = good(ctx, &ann(), "GET", &format!("{list}/entries?limit=4"), Value::Null).await;
        take_in_one(ctx, song("/m/new/1.flac", tags("Z", "Low", "Hey"))).await;
        let next = first["next"].as_str().expect("more");
        let rest = good(ctx, &ann(), "GET", &format!("{list}/entries?limit=40&after={next}"), Value::Null).await;
        let titles = rest["items"].as_array().expect("a list").iter().map(|item| &item["track"]["title"]);
        assert_eq!(titles.collect::<Vec<_>>(), ["T04", "T03", "T02", "T01", "T00"]);
    }

    async fn wrong_rules_are_refused_by_the_preview_and_by_the_playlist(world: World) {
        let ctx = &world.ctx;
        let rules = json!({ "match": "all", "rules": [rule("year", "contains", &json!(1))] });
        for (path, body) in [
            ("/playlists/preview", json!({ "rules": rules })),
            ("/playlists", json!({ "name": "Smart", "rules": rules })),
        ] {
            let (status, problem) = call(ctx, &ann(), "POST", path, body).await;
            assert_eq!((status.as_u16(), &problem["errors"][0]["field"]), (422, &"rules[0].op".into()));
        }
        assert_eq!(good(ctx, &ann(), "GET", "/playlists", Value::Null).await["items"], json!([]));
    }
}
