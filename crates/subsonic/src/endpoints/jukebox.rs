//! The jukebox: the caller's own device that plays the queue, steered by an app.

use catalog::service::listener::{self, Jukebox, JukeboxOrder};

use super::listener::tracks;
use crate::{
    call::{Call, Reply},
    error::Error,
    facts,
    tree::Element,
};

/// The highest volume that devices know; the API's is 1.
const VOLUME_MAX: u32 = 100;

pub(super) async fn jukebox_control(call: &Call) -> Result<Reply, Error> {
    let action = call.params.required("action")?;
    let jukebox = listener::control_jukebox(call.ctx(), call.viewer(), &order(call, action)?).await?;
    let status = status(&jukebox);
    if action != "get" {
        return Reply::element("jukeboxStatus", status);
    }
    let items = listener::queue_tracks(call.ctx(), call.viewer()).await?;
    let songs: Vec<_> = items.iter().map(|item| &item.track).collect();
    Reply::element("jukeboxPlaylist", status.list("entry", facts::songs(call, &songs).await?))
}

fn order(call: &Call, action: &str) -> Result<JukeboxOrder, Error> {
    Ok(match action {
        "get" | "status" => JukeboxOrder::Look,
        "set" => JukeboxOrder::Set(tracks(call)?),
        "add" => {
            call.params.required("id")?;
            JukeboxOrder::Add(tracks(call)?)
        }
        "clear" => JukeboxOrder::Clear,
        "remove" => JukeboxOrder::Remove(place(call)?),
        "shuffle" => JukeboxOrder::Shuffle,
        "start" => JukeboxOrder::Start,
        "stop" => JukeboxOrder::Stop,
        "skip" => {
            let seconds = call.params.number("offset", 0, u32::MAX)?;
            JukeboxOrder::Skip { place: place(call)?, position_ms: u64::from(seconds) * 1000 }
        }
        "setGain" => JukeboxOrder::Volume(volume(call.params.required("gain")?)?),
        _ => {
            return Err(Error::refused(
                "action must be get, status, set, start, stop, skip, add, clear, remove, shuffle or setGain.",
            ));
        }
    })
}

fn place(call: &Call) -> Result<u32, Error> {
    call.params.required("index")?;
    call.params.number("index", 0, u32::MAX)
}

/// A gain from 0 to 1 as a volume.
fn volume(text: &str) -> Result<u32, Error> {
    let gain: f64 = text.parse().unwrap_or(f64::NAN);
    if !(0.0..=1.0).contains(&gain) {
        return Err(Error::refused("gain must be a number from 0 to 1."));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 100")]
    Ok((gain * f64::from(VOLUME_MAX)).round() as u32)
}

fn status(jukebox: &Jukebox) -> Element {
    Element::new()
        .with("currentIndex", jukebox.place.map_or(-1, i64::from))
        .with("playing", jukebox.playing)
        .with("gain", f64::from(jukebox.volume) / f64::from(VOLUME_MAX))
        .with("position", jukebox.position_ms / 1000)
}
