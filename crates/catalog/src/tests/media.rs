//! The index of media, and who may write into it.

use kernel::{
    jobs::{self, JobState},
    on_both_engines,
    testkit::World,
};

use super::*;
use crate::{
    CaptionId, MediaId, RenditionId,
    media::{
        self, AfterFailure, ENCODE_JOB, MediaIndex, MediaState, NewCaption, NewRendition, Problem,
        RenditionKind, Segment,
    },
};

fn rung(name: &str, height: u32) -> NewRendition {
    NewRendition {
        name: name.to_owned(),
        kind: if height == 0 { RenditionKind::Audio } else { RenditionKind::Video },
        codecs: "avc1.64001f".to_owned(),
        width: height * 16 / 9,
        height,
        frame_rate: (25, 1),
        channels: 0,
        sample_rate_hz: 0,
        language: None,
        timescale: 1000,
        init_key: format!("media/x/{name}/init.mp4"),
        init_bytes: 700,
    }
}

fn segment(number: u32, bytes: u64) -> Segment {
    Segment {
        number,
        start_ticks: u64::from(number) * 4000,
        duration_ticks: 4000,
        bytes,
        blob_key: format!("media/x/{number}-{bytes}.m4s"),
    }
}

async fn request(ctx: &Ctx, media: MediaId, failed: AfterFailure) -> Option<MediaState> {
    let inner = ctx.clone();
    change(ctx, move |tx, _| media::request_encode(tx, &inner, media, 100, failed)).await
}

async fn begin(ctx: &Ctx, media: MediaId) -> Option<i64> {
    change(ctx, move |tx, _| media::begin_encode(tx, media)).await
}

async fn add_rung(ctx: &Ctx, media: MediaId, generation: i64, new: NewRendition) -> Option<RenditionId> {
    let id = RenditionId(ctx.next_id());
    change(ctx, move |tx, _| media::add_rendition(tx, id, media, generation, &new)).await
}

async fn add(ctx: &Ctx, media: MediaId, generation: i64, rung: RenditionId, segment: Segment) -> bool {
    change(ctx, move |tx, _| media::add_segment(tx, media, generation, rung, &segment)).await
}

async fn complete(ctx: &Ctx, media: MediaId, generation: i64) -> bool {
    change(ctx, move |tx, _| media::complete_encode(tx, media, generation)).await
}

async fn index(ctx: &Ctx, media: MediaId) -> MediaIndex {
    media::index(ctx.db(), media).await.expect("read").expect("a media")
}

async fn a_media(ctx: &Ctx) -> MediaId {
    take_in_one(ctx, song("/m/1.flac", tags("One", "Air", "Moon"))).await.media
}

on_both_engines! {
    async fn an_encoding_grows_in_the_index_and_ends_with_true_bandwidths(world: World) {
        let ctx = &world.ctx;
        let media = a_media(ctx).await;
        assert_eq!(request(ctx, media, AfterFailure::Leave).await, Some(MediaState::Waiting));
        assert_eq!(request(ctx, media, AfterFailure::Leave).await, Some(MediaState::Waiting));
        let job = jobs::view_by_key(ctx.db(), ENCODE_JOB, media.to_string()).await.expect("read").expect("a job");
        assert_eq!(job.state, JobState::Ready);

        let generation = begin(ctx, media).await.expect("it begins");
        let high = add_rung(ctx, media, generation, rung("v720", 720)).await.expect("entered");
        let low = add_rung(ctx, media, generation, rung("v360", 360)).await.expect("entered");
        let sound = add_rung(ctx, media, generation, rung("a128", 0)).await.expect("entered");
        assert_eq!(add_rung(ctx, media, generation, rung("v720", 720)).await, Some(high), "entered once");
        for (number, bytes) in [(0, 1000), (1, 3000), (2, 2000)] {
            assert!(add(ctx, media, generation, high, segment(number, bytes)).await);
        }
        assert!(add(ctx, media, generation, high, segment(1, 3000)).await, "again is no error");
        let growing = index(ctx, media).await;
        assert_eq!(growing.media.state, MediaState::Encoding);
        let names: Vec<&str> = growing.renditions.iter().map(|rung| rung.name.as_str()).collect();
        assert_eq!(names, ["v720", "v360", "a128"]);
        let first = &growing.renditions[0];
        assert_eq!(first.segments.iter().map(|one| one.number).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!((first.bandwidth.peak_bps, first.bandwidth.average_bps), (6000, 4000));
        assert!(!first.complete);

        assert!(add(ctx, media, generation, low, segment(0, 10)).await);
        assert!(add(ctx, media, generation, sound, segment(0, 10)).await);
        let caption = NewCaption {
            language: "en".to_owned(), label: "English".to_owned(), blob_key: "media/x/en.vtt".to_owned(),
        };
        for _ in 0..2 {
            let (id, caption) = (CaptionId(ctx.next_id()), caption.clone());
            change(ctx, move |tx, _| media::add_caption(tx, id, media, generation, &caption)).await.expect("entered");
        }
        assert!(complete(ctx, media, generation).await);
        let whole = index(ctx, media).await;
        assert_eq!(whole.media.state, MediaState::Ready);
        assert!(whole.renditions.iter().all(|rung| rung.complete));
        assert_eq!(whole.renditions[0].bandwidth, first.bandwidth);
        assert_eq!(whole.captions.len(), 1);
        assert_eq!(media::blob_keys(ctx.db(), media).await.expect("read").len(), 8);
        assert_eq!(request(ctx, media, AfterFailure::TryAgain).await, Some(MediaState::Ready));
        assert_eq!(begin(ctx, media).await, None, "what is ready is not begun again");
    }

    async fn a_late_worker_writes_nothing_after_another_began(world: World) {
        let ctx = &world.ctx;
        let media = a_media(ctx).await;
        let late = begin(ctx, media).await.expect("it begins");
        let old = add_rung(ctx, media, late, rung("v720", 720)).await.expect("entered");
        assert!(add(ctx, media, late, old, segment(0, 1)).await);
        let generation = begin(ctx, media).await.expect("it begins again");
        assert!(index(ctx, media).await.renditions.is_empty(), "an earlier try leaves nothing");
        assert!(!add(ctx, media, late, old, segment(1, 1)).await);
        assert_eq!(add_rung(ctx, media, late, rung("v360", 360)).await, None);
        assert!(!complete(ctx, media, late).await);
        assert!(complete(ctx, media, generation).await);
        assert!(!complete(ctx, media, generation).await, "once is enough");
    }

    async fn a_replaced_source_throws_away_what_was_encoded_of_the_old_one(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/1.flac", tags("One", "Air", "Moon"))).await;
        let generation = begin(ctx, made.media).await.expect("it begins");
        let rung = add_rung(ctx, made.media, generation, rung("a128", 0)).await.expect("entered");
        let mut other = song("/m/1.flac", tags("One", "Air", "Moon"));
        (other.existing, other.file.bytes) = (Some(made.track), 2_000);
        take_in_one(ctx, other).await;
        assert!(!add(ctx, made.media, generation, rung, segment(0, 1)).await);
        let index = index(ctx, made.media).await;
        assert_eq!((index.media.state, index.renditions.len()), (MediaState::None, 0));
    }

    async fn a_failed_encoding_says_why_and_is_tried_again_only_when_a_person_asks(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/1.flac", tags("One", "Air", "Moon"))).await;
        let media = made.media;
        let generation = begin(ctx, media).await.expect("it begins");
        add_rung(ctx, media, generation, rung("a128", 0)).await.expect("entered");
        let problem = Problem { code: "broken".to_owned(), text: "It ends in the middle.".to_owned() };
        let told = problem.clone();
        change(ctx, move |tx, _| media::fail_encode(tx, media, &told)).await;
        let failed = index(ctx, media).await;
        assert_eq!((failed.media.state, failed.media.problem), (MediaState::Failed, Some(problem)));
        assert!(failed.renditions.is_empty());
        let track = get(ctx, &format!("/api/v1/tracks/{}", made.track)).await;
        assert_eq!(track["playable"], false);
        assert_eq!(track["problem"], "It ends in the middle.");
        assert_eq!(request(ctx, media, AfterFailure::Leave).await, Some(MediaState::Failed));
        assert_eq!(request(ctx, media, AfterFailure::TryAgain).await, Some(MediaState::Waiting));
        assert!(index(ctx, media).await.media.problem.is_none());
    }

    async fn what_is_unknown_is_answered_as_such(world: World) {
        let ctx = &world.ctx;
        let nobody = MediaId(404);
        assert_eq!(request(ctx, nobody, AfterFailure::Leave).await, None);
        assert_eq!(begin(ctx, nobody).await, None);
        assert!(media::index(ctx.db(), nobody).await.expect("read").is_none());
        assert!(media::blob_keys(ctx.db(), nobody).await.expect("read").is_empty());
        assert!(!media::is_source(ctx.db(), "uploads/1").await.expect("read"));
    }
}
