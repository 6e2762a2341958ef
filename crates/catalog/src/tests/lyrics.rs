//! Lyrics of tags and of files beside tracks.

use kernel::{on_both_engines, testkit::World};
use serde_json::json;

use super::*;
use crate::import::{LyricsSource, LyricsTag};

fn beside(text: &str) -> LyricsTag {
    LyricsTag { source: LyricsSource::Lrc, ..lyrics("de", &[(Some(1_000), text)]) }
}

async fn of(ctx: &Ctx, track: TrackId) -> Value {
    get(ctx, &format!("/api/v1/tracks/{track}/lyrics")).await
}

on_both_engines! {
    async fn lyrics_of_tags_and_files_stand_side_by_side(world: World) {
        let ctx = &world.ctx;
        let sung = TrackTags { lyrics: vec![lyrics("en", &[(None, "One"), (None, "")])], ..tags("A", "Air", "Moon") };
        let made = take_in_one(ctx, song("/m/1.flac", sung.clone())).await;
        assert_eq!(of(ctx, made.track).await, json!([
            {"language": "en", "synced": false, "source": "tag", "lines": [{"text": "One"}, {"text": ""}]}
        ]));
        assert_eq!(get(ctx, "/api/v1/tracks").await["items"][0]["has_lyrics"], true);
        let track = made.track;
        change(ctx, move |tx, batch| import::set_lyrics_beside(tx, batch, track, &[beside("Eins")])).await;
        change(ctx, move |tx, batch| import::set_lyrics_beside(tx, batch, track, &[beside("Zwei")])).await;
        let both = of(ctx, track).await;
        assert_eq!(each(&both, "source"), ["lrc", "tag"]);
        assert_eq!(both[0]["lines"], json!([{"start_ms": 1000, "text": "Zwei"}]));
        assert_eq!(both[0]["synced"], true);
        // Reading the file again says all that there is.
        let again = TrackTags { lyrics: vec![beside("Drei")], ..sung };
        take_in_one(ctx, Song { existing: Some(track), ..song("/m/1.flac", again) }).await;
        assert_eq!(of(ctx, track).await[0]["lines"][0]["text"], "Drei");
        assert_eq!(of(ctx, track).await.as_array().expect("a list").len(), 1);
        change(ctx, move |tx, batch| import::set_lyrics_beside(tx, batch, track, &[])).await;
        assert_eq!(of(ctx, track).await, json!([]));
        assert_eq!(get(ctx, "/api/v1/tracks").await["items"][0]["has_lyrics"], false);
    }

    async fn lyrics_of_a_hidden_track_are_not_there(world: World) {
        let ctx = &world.ctx;
        let sung = TrackTags { lyrics: vec![lyrics("en", &[(None, "One")])], ..tags("A", "Air", "Moon") };
        let made = take_in_one(ctx, song("/m/1.flac", sung)).await;
        hide(ctx, made.track).await;
        assert_eq!(status_of(ctx, &format!("/api/v1/tracks/{}/lyrics", made.track)).await, StatusCode::NOT_FOUND);
    }
}
