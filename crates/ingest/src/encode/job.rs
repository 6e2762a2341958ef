//! One try of one encode, from the source to the last row.

use std::path::Path;

use bytes::Bytes;
use catalog::{
    MediaId,
    import::Batch,
    media::{self, Media, MediaKind, NewCaption, Source},
};
use kernel::{
    Ctx, Fault,
    jobs::{JobError, Lease},
};

use super::{Encoder, fault_outcome, outcome, room, source, sweep, writer::Writer};
use crate::{
    media::{EncodeEvent, MediaError, Plan, Probe, SubtitleTrack, plan_music, plan_video},
    pictures, upload,
};

/// Text tracks of a file that are taken.
const CAPTIONS_MAX: usize = 32;

pub(super) async fn run(
    encoder: &Encoder,
    ctx: &Ctx,
    lease: &Lease,
    media: MediaId,
    scratch: &Path,
) -> Result<(), JobError> {
    room::wait(encoder, ctx, lease, media, 1).await?;
    let Some((facts, generation)) = begin(ctx, lease, media).await? else { return Ok(()) };
    let made = make(encoder, ctx, lease, &facts, generation, scratch).await;
    if made.is_err() {
        // Who lost the media to another try takes his blobs along; a fault here leaves them to the next sweep.
        if let Err(fault) = sweep::passed_generation(ctx, media, generation).await {
            tracing::warn!(media.id = %media, "blobs of a lost try stay for now: {fault}");
        }
    }
    made
}

/// Clears what an earlier try left and gives this one its number; `None` when there is nothing to do.
async fn begin(ctx: &Ctx, lease: &Lease, media: MediaId) -> Result<Option<(Media, i64)>, JobError> {
    let (held, now) = (lease.clone(), ctx.now());
    let begun = ctx.db().write(move |tx| {
        held.guard(tx)?;
        let Some(generation) = media::begin_encode(tx, media)? else { return Ok(None) };
        upload::encode_goes_on(tx, media, 0.0, now)?;
        Ok(media::get(tx, media)?.map(|facts| (facts, generation)))
    });
    begun.await.map_err(|fault: Fault| fault_outcome(&fault, lease))
}

async fn make(
    encoder: &Encoder,
    ctx: &Ctx,
    lease: &Lease,
    facts: &Media,
    generation: i64,
    scratch: &Path,
) -> Result<(), JobError> {
    let folder = tokio::fs::create_dir_all(scratch).await.map_err(Fault::from);
    folder.map_err(|fault| fault_outcome(&fault, lease))?;
    let path = source::local(encoder, ctx, lease, facts, scratch).await?;
    let cancel = lease.cancelled();
    let told = |error: MediaError| outcome(&error, lease);
    // Somebody may be waiting for music, and what must be known of it the scan has seen.
    let known = if facts.kind == MediaKind::Audio { Probe::known(&facts.file) } else { None };
    let probe = match known {
        Some(probe) => probe,
        None => encoder.engine.probe(&path, cancel).await.map_err(told)?,
    };
    let plan = plan(&probe, facts.kind, &encoder.config.preset).map_err(told)?;
    let mut writer = Writer::new(encoder, ctx, lease, (facts.id, generation), &plan);
    if facts.kind == MediaKind::Video {
        poster(encoder, ctx, lease, facts, &path, &probe).await?;
        captions(&writer, encoder, &path, &probe).await?;
    }
    let begun = encoder.engine.encode(&path, &probe, &plan, scratch, cancel).await;
    let mut encoding = begun.map_err(told)?;
    while let Some(event) = encoding.next().await {
        match event {
            EncodeEvent::Init(init) => writer.begin(init).await?,
            EncodeEvent::Segment(segment) => writer.segment(segment).await?,
            EncodeEvent::Progress(fraction) => writer.progress(fraction).await?,
        }
    }
    encoding.finish().await.map_err(told)?;
    writer.complete().await
}

fn plan(probe: &Probe, kind: MediaKind, preset: &str) -> Result<Plan, MediaError> {
    let plan = match kind {
        MediaKind::Video => plan_video(probe, preset),
        MediaKind::Audio => plan_music(probe),
    };
    plan.ok_or_else(|| MediaError::Refused {
        code: "nothing_to_encode",
        detail: "The file holds no picture or sound that can be encoded.".to_owned(),
    })
}

/// The poster of a film that lies in a library; an uploaded one was given its poster when it was accepted.
async fn poster(
    encoder: &Encoder,
    ctx: &Ctx,
    lease: &Lease,
    facts: &Media,
    path: &Path,
    probe: &Probe,
) -> Result<(), JobError> {
    if !matches!(facts.file.place, Source::File { .. }) {
        return Ok(());
    }
    let jpeg = match encoder.engine.poster(path, probe, lease.cancelled()).await {
        Ok(jpeg) => jpeg,
        Err(MediaError::Cancelled) => return Err(JobError::HandBack),
        // A film without a poster is still a film.
        Err(error) => {
            tracing::warn!(media.id = %facts.id, "no poster: {error}");
            return Ok(());
        }
    };
    let kept = pictures::keep(ctx, jpeg).await.map_err(|fault| fault_outcome(&fault, lease))?;
    let Some(picture) = kept else { return Ok(()) };
    let (ids, held, now, media) = (ctx.ids().clone(), lease.clone(), ctx.now(), facts.id);
    let set = ctx.db().write(move |tx| {
        held.guard(tx)?;
        let id = picture.enter(tx, &mut Batch::new(&ids, now))?;
        media::set_poster(tx, media, id)
    });
    set.await.map_err(|fault| fault_outcome(&fault, lease))
}

async fn captions(
    writer: &Writer<'_>,
    encoder: &Encoder,
    path: &Path,
    probe: &Probe,
) -> Result<(), JobError> {
    let tracks = probe.subtitles.iter().filter(|track| track.text).take(CAPTIONS_MAX);
    for (number, track) in tracks.enumerate() {
        let text: Bytes = match encoder.engine.captions(path, track, writer.lease.cancelled()).await {
            Ok(text) => text,
            Err(MediaError::Cancelled) => return Err(JobError::HandBack),
            Err(error) => {
                tracing::warn!(media.id = %writer.media, number, "a text track is left out: {error}");
                continue;
            }
        };
        let blob_key = writer.put(&format!("captions/{number}"), text, "vtt").await?;
        let language = track.language.clone().unwrap_or_else(|| "und".to_owned());
        writer.caption(NewCaption { language, label: label(track, number), blob_key }).await?;
    }
    Ok(())
}

fn label(track: &SubtitleTrack, number: usize) -> String {
    let named = track.title.clone().or_else(|| track.language.clone());
    named.unwrap_or_else(|| format!("Subtitles {}", number + 1))
}
