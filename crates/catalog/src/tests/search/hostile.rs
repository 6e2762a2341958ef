//! Queries that mean no good.

use super::*;

on_both_engines! {
    async fn hostile_queries_are_answered_or_refused_and_nothing_breaks(world: World) {
        let ctx = &world.ctx;
        songs(ctx, &[("!!!", "!!!", "Louden Up"), ("100% of 'x' _a_", "Air", "Moon"), ("❤", "Air", "Moon")]).await;
        let long = "a".repeat(200);
        for query in [
            "", "   ", "\0", "\0\0air\0", "'", "''; DROP TABLE catalog_track; --", "%", "_", "\u{fffd}", "\u{202e}air",
            "\u{301}\u{301}\u{301}", "*", "\"", "\\", "a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d",
            "漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢", long.as_str(), "\u{10ffff}",
        ] {
            let found = ask_for(ctx, query).await;
            assert!(found["tracks"].is_array(), "{query:?}: {found}");
        }
        for empty in ["", "   ", "\0", "\u{301}", "%"] {
            assert!(names(ctx, empty).await.is_empty(), "{empty:?}");
        }
        assert_eq!(tracks(ctx, "!!!").await, ["!!!"]);
        assert_eq!(artists(ctx, " !!! ").await, ["!!!"]);
        assert_eq!(tracks(ctx, "❤").await, ["❤"]);
        assert_eq!(tracks(ctx, "\0air\0 100").await, ["100% of 'x' _a_"]);
        // A surrogate is no character in UTF-8.
        let (status, _) = ask(ctx, Some(listener()), "GET", "/api/v1/search?q=%ED%A0%80", None).await;
        assert!(status == StatusCode::OK || status.is_client_error(), "{status}");
    }

    async fn what_is_too_much_or_unknown_is_refused_and_says_why(world: World) {
        let ctx = &world.ctx;
        let words = (0..10_000).map(|at| format!("w{at}")).collect::<Vec<_>>().join("+");
        let long = "é".repeat(201);
        for (path, field) in [
            (format!("q={words}"), "q"), (format!("q={}", escaped(&long)), "q"), ("q=a&kinds=song".to_owned(), "kinds"),
            ("q=a&kinds=".to_owned(), "kinds"), ("q=a&kinds=artist,,".to_owned(), "kinds"),
        ] {
            let (status, problem) = ask(ctx, Some(listener()), "GET", &format!("/api/v1/search?{path}"), None).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
            assert!(problem["errors"].to_string().contains(field), "{problem}");
        }
        let (status, _) = ask(ctx, Some(listener()), "GET", "/api/v1/search", None).await;
        assert!(status.is_client_error());
        let (status, _) = ask(ctx, None, "GET", "/api/v1/search?q=a", None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }

    async fn kinds_and_limit_bound_what_is_given(world: World) {
        let ctx = &world.ctx;
        let given: Vec<String> = (0..130).map(|at| format!("Song {at:03}")).collect();
        let given: Vec<(&str, &str, &str)> = given.iter().map(|title| (title.as_str(), "Song", "Song")).collect();
        songs(ctx, &given).await;
        for (path, counts) in [
            ("q=song", [1, 1, 10]), ("q=song&limit=3", [1, 1, 3]), ("q=song&limit=0", [1, 1, 1]),
            ("q=song&limit=100000", [1, 1, 100]), ("q=song&kinds=track", [0, 0, 10]), ("q=song&kinds=album,artist", [1, 1, 0]),
        ] {
            let found = get(ctx, &format!("/api/v1/search?{path}")).await;
            let counted = ["artists", "albums", "tracks"].map(|kind| found[kind].as_array().expect("a list").len());
            assert_eq!(counted, counts, "{path}");
        }
    }

    async fn titles_of_absurd_length_are_indexed_and_found(world: World) {
        let ctx = &world.ctx;
        let (long, many) = ("x".repeat(5000), "word ".repeat(5000));
        let han = "漢字".repeat(2000);
        songs(ctx, &[(&long, "A", "B"), (&many, "C", "D"), (&han, "E", "F")]).await;
        assert_eq!(tracks(ctx, &"x".repeat(150)).await.len(), 1);
        assert_eq!(tracks(ctx, "word").await.len(), 1);
        assert_eq!(tracks(ctx, "漢字漢").await.len(), 1);
    }
}
