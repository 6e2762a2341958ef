//! What other sites are told, and what they may frame.

use super::*;

on_both_engines! {
    async fn a_link_has_a_preview_that_hostile_titles_do_not_break(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let title = "</title><script>alert(1)</script>\"><img src=x onerror='y'>";
        let tags = TrackTags { title: title.to_owned(), artists: vec!["<b>&\"".to_owned()], ..TrackTags::default() };
        let track = house.song("/music/x.flac", None, tags).await.track;
        let body = json!({ "tracks": [track], "description": "\"/><script>2</script>", "downloads": true });
        let share = house.share(&ann, body).await;
        let page = house.get(link(&share)).await;
        let text = page.text();
        assert_eq!(page.status, StatusCode::OK);
        for bad in ["<script", "<img", "<b>", "onerror='"] {
            assert!(!text.contains(bad), "{bad} in {text}");
        }
        assert_eq!((text.matches("<title>").count(), text.matches("</title>").count()), (1, 1));
        assert!(text.contains("property=\"og:title\" content=\"&lt;/title&gt;&lt;script&gt;"), "{text}");
        assert!(text.contains(&format!("property=\"og:url\" content=\"http://{HOST}{}\"", link(&share))), "{text}");
        assert!(text.contains(&format!("content=\"http://{HOST}{}/audio\"", link(&share))), "{text}");
        assert!(text.contains("type=\"application/json+oembed\""), "{text}");
        assert!(text.ends_with("<body>the page</body></html>"), "{text}");
        let said = house.get(&format!("/api/v1/oembed?url=http%3A%2F%2F{HOST}{}", link(&share))).await.json();
        assert!(!said["html"].as_str().expect("a frame").contains("<script"), "{said}");
        // A preview is no visit.
        assert_eq!(house.seen(&ann, &share).await["visits"], 0);
    }

    async fn of_a_protected_link_nothing_is_told(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let (album, _) = house.album("Hidden", None, 1).await;
        let body = json!({ "album": album, "password": "sesame", "description": "My words", "downloads": true });
        let share = house.share(&ann, body).await;
        let said = house.get(&format!("/api/v1/oembed?url=http://{HOST}{}", link(&share))).await;
        for text in [house.get(link(&share)).await.text(), said.text()] {
            assert!(text.contains("A protected link"), "{text}");
            for word in ["Hidden", "Ann Other", "My words", "ann", "cover", "audio"] {
                assert!(!text.contains(word), "{word} in {text}");
            }
        }
    }

    async fn a_link_is_not_indexed_told_on_or_kept_and_only_embeds_may_be_framed(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let (album, _) = house.album("First", None, 1).await;
        let share = house.share(&ann, json!({ "album": album })).await;
        let embed = link(&share).replace("/s/", "/embed/");
        let wrong = ["/s/AAAAAAAAAAAAAAAAAAAAAA".to_owned(), "/embed/AAAAAAAAAAAAAAAAAAAAAA".to_owned()];
        for path in [link(&share).to_owned(), embed].into_iter().chain(wrong) {
            let page = house.get(&path).await;
            assert_eq!(page.header("x-robots-tag"), "noindex, nofollow", "{path}");
            assert_eq!(page.header("referrer-policy"), "no-referrer", "{path}");
            assert_eq!(page.header("cache-control"), "no-store", "{path}");
            let framed = if path.starts_with("/embed/") { "frame-ancestors *" } else { "" };
            assert_eq!(page.header("content-security-policy"), framed, "{path}: the layer around adds the strict one");
            let found = !path.ends_with("AAAA");
            assert_eq!(page.status == StatusCode::OK, found, "{path}");
            assert_eq!(page.text().contains("og:title"), found, "{path}");
            assert!(page.text().contains("the page"), "a link that leads nowhere is said by the page: {path}");
        }
        assert_eq!(house.get(&format!("{}/audio", link(&share))).await.status, StatusCode::NOT_FOUND, "not without downloads");
    }

    async fn oembed_knows_links_of_this_house_alone(world: World) {
        let public = accounts::Config { public_url: Some("https://music.example.org/".to_owned()), trust_proxy: false };
        let house = House::with(&world.ctx, public);
        let ann = house.member("ann", Role::Listener).await;
        let (album, _) = house.album("First & Last", None, 2).await;
        let share = house.share(&ann, json!({ "album": album })).await;
        let ours = format!("https://music.example.org{}", link(&share));
        let ask = |url: &str, more: &str| {
            let url: String = form_urlencoded::byte_serialize(url.as_bytes()).collect();
            format!("/api/v1/oembed?url={url}{more}")
        };
        let said = house.get(&ask(&ours, "&maxwidth=400&maxheight=1")).await;
        assert_eq!(said.status, StatusCode::OK, "{}", said.text());
        let said = said.json();
        assert_eq!((&said["version"], &said["type"], &said["title"]), (&json!("1.0"), &json!("rich"), &json!("First & Last")));
        assert_eq!((&said["width"], &said["height"], &said["author_name"]), (&json!(400), &json!(120), &json!("Ann Other")));
        let frame = format!("<iframe src=\"https://music.example.org{}\"", link(&share).replace("/s/", "/embed/"));
        assert!(said["html"].as_str().expect("a frame").starts_with(&frame), "{said}");
        let xml = house.get(&ask(&ours, "&format=xml")).await;
        assert_eq!(xml.header("content-type"), "text/xml; charset=utf-8");
        assert!(xml.text().contains("<title>First &amp; Last</title>") && xml.text().ends_with("</oembed>"), "{}", xml.text());
        assert_eq!(house.get(&ask(&ours, "&format=yaml")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(house.get("/api/v1/oembed").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let secret = link(&share);
        for foreign in [
            format!("https://evil.example{secret}"),
            format!("http://{HOST}{secret}"),
            format!("https://music.example.org@evil.example{secret}"),
            "https://music.example.org/s/AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            "https://music.example.org/albums/1".to_owned(),
            "http://127.0.0.1:22/".to_owned(),
            "file:///etc/passwd".to_owned(),
            String::new(),
        ] {
            assert_eq!(house.get(&ask(&foreign, "")).await.status, StatusCode::NOT_FOUND, "{foreign}");
        }
        assert!(house.get(link(&share)).await.text().contains("twitter:card\" content=\"summary\""), "no picture, no player");
    }
}
