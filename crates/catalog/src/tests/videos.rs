//! Videos: who changes them, and what a scan leaves alone.

use kernel::{
    jobs::{self, JobState},
    on_both_engines,
    testkit::World,
};
use serde_json::json;

use super::*;
use crate::{
    VideoId,
    import::{ImportedVideo, VideoImport},
    media::{self, AfterFailure, ENCODE_JOB},
};

const OWNER: i64 = 7;

async fn take_in_video(
    ctx: &Ctx,
    existing: Option<VideoId>,
    owner: Option<UserId>,
    title: &'static str,
) -> ImportedVideo {
    change(ctx, move |tx, batch| {
        let source = SourceFile { place: Source::Blob { key: "uploads/1".to_owned() }, ..file("") };
        let new = VideoImport {
            existing,
            library: None,
            owner,
            title,
            source: &source,
            width: 1920,
            height: 1080,
            picture: None,
        };
        import::upsert_video(tx, batch, &new)
    })
    .await
}

fn path(video: VideoId) -> String {
    format!("/api/v1/videos/{video}")
}

async fn patch(ctx: &Ctx, who: Viewer, video: VideoId, body: Value) -> (StatusCode, Value) {
    ask(ctx, Some(who), "PATCH", &path(video), Some(body)).await
}

async fn delete(ctx: &Ctx, who: Viewer, video: VideoId) -> StatusCode {
    ask(ctx, Some(who), "DELETE", &path(video), None).await.0
}

on_both_engines! {
    async fn the_owner_and_an_admin_change_a_video_and_nobody_else_does(world: World) {
        let ctx = &world.ctx;
        let video = take_in_video(ctx, None, Some(UserId(OWNER)), "film.mkv").await.video;
        let (status, shown) =
            patch(ctx, viewer(OWNER, Role::Creator), video, json!({ "title": " My\nFilm " })).await;
        assert_eq!((status, &shown["title"]), (StatusCode::OK, &"My Film".into()));
        let (status, shown) =
            patch(ctx, viewer(2, Role::Admin), video, json!({ "description": "a\r\nb\u{0}" })).await;
        assert_eq!((status, &shown["description"]), (StatusCode::OK, &"a\nb".into()));
        assert_eq!(shown["title"], "My Film", "what is absent stays");
        for role in [Role::Listener, Role::Creator, Role::Moderator] {
            let (status, problem) = patch(ctx, viewer(3, role), video, json!({ "title": "Mine" })).await;
            assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &"not_owner".into()));
            assert_eq!(delete(ctx, viewer(3, role), video).await, StatusCode::FORBIDDEN);
        }
        assert_eq!(get(ctx, &path(video)).await["title"], "My Film");
    }

    async fn a_bad_edit_names_the_field_and_changes_nothing(world: World) {
        let ctx = &world.ctx;
        let video = take_in_video(ctx, None, Some(UserId(OWNER)), "film.mkv").await.video;
        let edits = [
            ("title", json!({ "title": " \u{0}", "description": "x" })),
            ("title", json!({ "title": "x".repeat(301) })),
            ("description", json!({ "description": "x".repeat(10_001) })),
        ];
        for (field, edit) in edits {
            let (status, problem) = patch(ctx, viewer(OWNER, Role::Creator), video, edit).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(problem["errors"][0]["field"], field);
        }
        let (status, _) = patch(ctx, viewer(OWNER, Role::Creator), video, json!({ "owner": 3 })).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let shown = get(ctx, &path(video)).await;
        assert_eq!((&shown["title"], &shown["description"]), (&"film.mkv".into(), &"".into()));
    }

    async fn a_deleted_video_is_gone_for_everybody_and_no_scan_brings_it_back(world: World) {
        let ctx = &world.ctx;
        let made = take_in_video(ctx, None, Some(UserId(OWNER)), "film.mkv").await;
        let (inner, media) = (ctx.clone(), made.media);
        change(ctx, move |tx, _| media::request_encode(tx, &inner, media, 100, AfterFailure::Leave)).await;
        let owner = viewer(OWNER, Role::Creator);
        assert_eq!(delete(ctx, owner.clone(), made.video).await, StatusCode::NO_CONTENT);
        assert_eq!(delete(ctx, owner.clone(), made.video).await, StatusCode::NOT_FOUND);
        let job = jobs::view_by_key(ctx.db(), ENCODE_JOB, media.to_string()).await.expect("read").expect("a job");
        assert_eq!(job.state, JobState::Failed, "its encoding ends");
        take_in_video(ctx, Some(made.video), None, "film.mkv").await;
        change(ctx, move |tx, batch| import::show_video(tx, batch, made.video)).await;
        for who in [owner, viewer(2, Role::Admin)] {
            let (status, _) = ask(ctx, Some(who.clone()), "GET", &path(made.video), None).await;
            assert_eq!(status, StatusCode::NOT_FOUND);
            assert_eq!(patch(ctx, who, made.video, json!({ "title": "x" })).await.0, StatusCode::NOT_FOUND);
        }
        assert!(media::for_video(ctx, &listener(), made.video).await.expect("read").is_none());
        assert_eq!(get(ctx, "/api/v1/home").await["counts"]["videos"], 0);
        assert!(get(ctx, "/api/v1/videos").await["items"].as_array().expect("a list").is_empty());
    }

    async fn a_video_whose_file_went_comes_back_with_it(world: World) {
        let ctx = &world.ctx;
        let made = take_in_video(ctx, None, None, "film.mkv").await;
        for _ in 0..2 {
            change(ctx, move |tx, batch| import::hide_video(tx, batch, made.video)).await;
            assert_eq!(status_of(ctx, &path(made.video)).await, StatusCode::NOT_FOUND);
        }
        assert_eq!(take_in_video(ctx, Some(made.video), None, "renamed.mkv").await, made);
        assert_eq!(get(ctx, &path(made.video)).await["title"], "renamed.mkv");
        assert_eq!(delete(ctx, listener(), made.video).await, StatusCode::FORBIDDEN, "nobody owns it");
    }

    async fn a_title_that_a_person_wrote_survives_a_scan(world: World) {
        let ctx = &world.ctx;
        let video = take_in_video(ctx, None, Some(UserId(OWNER)), "film.mkv").await.video;
        patch(ctx, viewer(OWNER, Role::Creator), video, json!({ "title": "My Film" })).await;
        take_in_video(ctx, Some(video), None, "film (copy).mkv").await;
        let shown = get(ctx, &path(video)).await;
        assert_eq!((&shown["title"], &shown["owner"]["id"]), (&"My Film".into(), &"7".into()));
        assert_eq!((&shown["state"], &shown["progress"]), (&"waiting".into(), &json!(0.0)));
    }

    async fn videos_are_listed_newest_first_page_by_page(world: World) {
        let ctx = &world.ctx;
        for title in ["a", "b", "c", "d", "e"] {
            take_in_video(ctx, None, None, title).await;
        }
        let first = get(ctx, "/api/v1/videos?limit=2").await;
        assert_eq!(each(&first, "title"), ["e", "d"]);
        take_in_video(ctx, None, None, "f").await;
        let next = first["next"].as_str().expect("more");
        let second = get(ctx, &format!("/api/v1/videos?limit=9&after={next}")).await;
        assert_eq!(each(&second, "title"), ["c", "b", "a"]);
        assert!(second["next"].is_null());
    }

    async fn a_video_shows_its_rungs_and_text_tracks(world: World) {
        let ctx = &world.ctx;
        let made = take_in_video(ctx, None, None, "film.mkv").await;
        let media = made.media;
        let generation = change(ctx, move |tx, _| media::begin_encode(tx, media)).await.expect("it begins");
        let ids = ctx.ids().clone();
        change(ctx, move |tx, _| {
            let new = media::NewRendition {
                name: "v720".to_owned(), kind: media::RenditionKind::Video, codecs: "avc1.64001f".to_owned(),
                width: 720, height: 1280, frame_rate: (25, 1), channels: 0, sample_rate_hz: 0, language: None,
                timescale: 1000, init_key: "media/1/init".to_owned(), init_bytes: 1,
            };
            let rung = media::add_rendition(tx, crate::RenditionId(ids.next()), media, generation, &new)?;
            let segment = media::Segment {
                number: 0, start_ticks: 0, duration_ticks: 4000, bytes: 500_000, blob_key: "media/1/0".to_owned(),
            };
            media::add_segment(tx, media, generation, rung.expect("entered"), &segment)?;
            let caption = media::NewCaption {
                language: "de".to_owned(), label: "Deutsch".to_owned(), blob_key: "media/1/de.vtt".to_owned(),
            };
            media::add_caption(tx, crate::CaptionId(ids.next()), media, generation, &caption)
        }).await;
        let shown = get(ctx, &path(made.video)).await;
        assert_eq!(shown["state"], "encoding");
        let rung = &shown["renditions"][0];
        assert_eq!((&rung["name"], &rung["bitrate_kbps"], &rung["state"]), (&"720p".into(), &1000.into(), &"growing".into()));
        let url = shown["captions"][0]["url"].as_str().expect("a path");
        let token = url.split('/').nth(2).expect("a token");
        assert!(ctx.signer().allows(media::GRANT, &media.to_string(), token, ctx.now()));
        assert!(url.ends_with(&format!("/{media}/captions/{}.vtt", shown["captions"][0]["id"].as_str().expect("an id"))));
    }
}
