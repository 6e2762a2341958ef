//! Lists from and to other players.

use super::*;

async fn import(ctx: &Ctx, who: &Viewer, query: &str, list: &[u8]) -> (StatusCode, Value) {
    let (router, _): (Router, _) = crate::routes(ctx.clone()).split_for_parts();
    let request = Request::builder().method("POST").uri(format!("/api/v1/playlists/import{query}"));
    let mut request = request.body(Body::from(list.to_vec())).expect("a request");
    request.extensions_mut().insert(who.clone());
    let response = router.oneshot(request).await.expect("an answer");
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn export(ctx: &Ctx, who: &Viewer, list: &str, query: &str) -> (StatusCode, String) {
    let (router, _): (Router, _) = crate::routes(ctx.clone()).split_for_parts();
    let mut request =
        Request::get(format!("/api/v1{list}/m3u8{query}")).body(Body::empty()).expect("a request");
    request.extensions_mut().insert(who.clone());
    let response = router.oneshot(request).await.expect("an answer");
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8(bytes.to_vec()).expect("UTF-8"))
}

fn admin() -> Viewer {
    viewer(99, Role::Admin)
}

on_both_engines! {
    async fn tracks_are_found_by_path_else_by_artist_and_title(world: World) {
        let ctx = &world.ctx;
        let longer = |song: Song| Song { file: SourceFile { duration_ms: 200_000, ..song.file.clone() }, ..song };
        take_in(ctx, vec![
            song("/srv/music/Air/Moon Safari/01.flac", tags("La femme d'argent", "Air", "Moon Safari")),
            song("/srv/music/Air/Talkie Walkie/01.flac", tags("Venus", "Air", "Talkie Walkie")),
            song("/srv/music/Björk/Homogenic/Jóga.flac", tags("Jóga", "Björk", "Homogenic")),
            longer(song("/srv/music/Hits/7.flac", tags("Venus", "Air", "Hits"))),
            song("/srv/music/Low - Fi/1.flac", tags("A - B", "Low - Fi", "C")),
        ]).await;
        let list = "\u{feff}#EXTM3U\r\n#PLAYLIST:Evening\r\n\
            D:\\Music\\Air\\Talkie Walkie\\01.flac\r\n\
            #EXTINF:60,Bjork - JOGA\r\nsomewhere/else.mp3\r\n\
            #EXTINF:201,Air - Venus\r\nx.mp3\r\n\
            file:///home/me/Bj%C3%B6rk/Homogenic/J%C3%B3ga.flac\r\n\
            01.flac\r\n\
            #EXTINF:60,Low - Fi - A - B\r\nnothing.ogg\r\n\
            #EXTINF:60,Nobody - Nothing\r\nOther/Album/01.flac\r\n";
        let (status, made) = import(ctx, &ann(), "", list.as_bytes()).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        assert_eq!((&made["found"], &made["missing"]), (&5.into(), &2.into()));
        assert_eq!((&made["playlist"]["name"], &made["playlist"]["public"]), (&"Evening".into(), &false.into()));
        assert_eq!(made["missing_lines"], json!([
            { "line": 9, "text": "01.flac", "why": "ambiguous" },
            { "line": 13, "text": "Nobody - Nothing", "why": "unknown" },
        ]));
        let path = format!("/playlists/{}", made["playlist"]["id"].as_str().expect("an id"));
        let page = good(ctx, &ann(), "GET", &format!("{path}/entries"), Value::Null).await;
        let albums = page["items"].as_array().expect("a list").iter().map(|item| &item["track"]["album"]["title"]);
        assert_eq!(albums.collect::<Vec<_>>(), ["Talkie Walkie", "Homogenic", "Hits", "Homogenic", "C"]);
    }

    async fn what_is_exported_comes_in_again_as_the_same(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 6).await;
        let odd = take_in_one(ctx, song("/m/x.flac", tags("#1 / Überall", "AC/DC", "../etc"))).await.track;
        let order = [tracks[5], odd, tracks[0], tracks[3], odd];
        let list = made(ctx, &ann(), "Läuft", &order).await;
        let (status, text) = export(ctx, &ann(), &list, "").await;
        assert_eq!(status, StatusCode::OK);
        assert!(text.starts_with("#EXTM3U\n#PLAYLIST:Läuft\n#EXTINF:60,Air - T05\nAir/Album 1/02 T05.flac\n"), "{text}");
        assert!(text.contains("#EXTINF:60,AC/DC - #1 / Überall\nAC_DC/_etc/1 _ Überall.flac\n"), "{text}");
        let (status, again) = import(ctx, &bob(), "?name=Copy", text.as_bytes()).await;
        assert_eq!((status, &again["found"]), (StatusCode::CREATED, &5.into()), "{again}");
        assert_eq!(again["playlist"]["name"], "Copy");
        let copy = format!("/playlists/{}", again["playlist"]["id"].as_str().expect("an id"));
        assert_eq!(titles(ctx, &bob(), &copy).await, titles(ctx, &ann(), &list).await);
    }

    async fn only_an_administrator_gets_the_server_s_paths(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 1).await;
        let list = made(ctx, &ann(), "L", &tracks).await;
        good(ctx, &ann(), "PATCH", &list, json!({ "public": true })).await;
        for who in [ann(), bob(), viewer(98, Role::Moderator)] {
            let (status, text) = export(ctx, &who, &list, "?files=true").await;
            assert_eq!(status, StatusCode::FORBIDDEN);
            assert!(!text.contains("/m/"), "{text}");
            let (_, text) = export(ctx, &who, &list, "").await;
            assert!(!text.contains("/m/"), "{text}");
        }
        let (status, text) = export(ctx, &admin(), &list, "?files=true").await;
        assert_eq!(status, StatusCode::OK);
        assert!(text.ends_with("\n/m/air/0/00.flac\n"), "{text}");
    }

    async fn a_list_that_can_t_be_taken_makes_nothing(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 2).await;
        hide(ctx, tracks[1]).await;
        let many = "00.flac\n".repeat(10_001);
        let large = vec![b'#'; service::IMPORT_BYTES_MAX + 1];
        for (list, status) in [
            (&b""[..], 422),
            (b"#EXTM3U\n# nothing\n", 422),
            (b"unknown.mp3\n", 422),
            (b"air/0/01.flac\n", 422),
            (b"\xff\xfe\x00", 422),
            (many.as_bytes(), 422),
            (&large, 413),
        ] {
            let (answer, problem) = import(ctx, &ann(), "", list).await;
            assert_eq!(answer.as_u16(), status, "{problem}");
        }
        assert_eq!(good(ctx, &ann(), "GET", "/playlists", Value::Null).await["items"], json!([]));
    }
}
