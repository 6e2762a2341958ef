//! What the list of uploads says of encodes; the encoder calls this in its own transactions.

use catalog::{MediaId, media};
use kernel::{
    Fault, Time,
    db::Tx,
    outbox::{Event, Projection},
};

use super::{
    model::{UploadProblem, UploadState},
    service::topic,
    store,
};

fn wake(tx: &mut Tx<'_>, owners: Vec<kernel::id::UserId>) {
    for owner in owners {
        tx.wake(&topic(owner));
    }
}

/// An encode is so far, 0 to 1.
pub(crate) fn encode_goes_on(tx: &mut Tx<'_>, media: MediaId, fraction: f64, now: Time) -> Result<(), Fault> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000 first")]
    let thousandths = (fraction.clamp(0.0, 1.0) * 1000.0) as u32;
    let owners = store::set_encode_progress(tx, media, UploadState::Encoding, thousandths, now)?;
    wake(tx, owners);
    Ok(())
}

/// An encode is done.
pub(crate) fn encode_done(tx: &mut Tx<'_>, media: MediaId, now: Time) -> Result<(), Fault> {
    let owners = store::set_encode_progress(tx, media, UploadState::Ready, 1000, now)?;
    wake(tx, owners);
    Ok(())
}

/// An encode has failed for good.
pub(crate) fn encode_failed(
    tx: &mut Tx<'_>,
    media: MediaId,
    problem: &media::Problem,
    now: Time,
) -> Result<(), Fault> {
    let problem = UploadProblem { code: problem.code.clone(), detail: problem.text.clone() };
    let owners = store::set_encode_failed(tx, media, &problem, now)?;
    wake(tx, owners);
    Ok(())
}

/// An encode waits because the disk is nearly full, or does so no longer.
pub(crate) fn encode_waits_for_room(
    tx: &mut Tx<'_>,
    media: MediaId,
    waits: bool,
    now: Time,
) -> Result<(), Fault> {
    let problem = waits.then(|| UploadProblem {
        code: "no_space".to_owned(),
        detail: "The server's disk is nearly full. The encode goes on when the operator has made room."
            .to_owned(),
    });
    let owners = store::set_encode_note(tx, media, problem.as_ref(), now)?;
    wake(tx, owners);
    Ok(())
}

/// Hears that a video was taken out of sight: an upload that was still becoming it is over.
pub(super) struct Withdrawn(pub(super) kernel::Ctx);

impl Projection for Withdrawn {
    fn name(&self) -> &'static str {
        "ingest.uploads_withdrawn"
    }

    fn apply(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), Fault> {
        if event.kind != "catalog.video_hidden" {
            return Ok(());
        }
        for (id, owner, media) in store::delete_encoding_of_video(tx, catalog::VideoId(event.subject))? {
            if let Some(media) = media {
                super::service::stop_encode(tx, &self.0, id, media)?;
            }
            tx.wake(&topic(owner));
        }
        Ok(())
    }

    fn clear(&self, _tx: &mut Tx<'_>) -> Result<(), Fault> {
        // Nothing is derived: hearing an event again finds nothing left to do.
        Ok(())
    }
}
