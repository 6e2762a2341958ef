//! Plays, each counted once.

use std::time::Duration;

use kernel::{Ctx, Fault, Problem, Time, db::Tx, http::Viewer, id::UserId};
use serde::{Deserialize, Serialize};

use super::{
    Error,
    marks::{mark_of, wake},
};
use crate::{
    TrackId, fold,
    model::{Counted, ItemId, NewPlay},
    store::{marks, tracks},
    visibility,
};

/// What the house is told of a counted play; its subject is the track, its particulars are [`Played`].
pub const PLAYED: &str = "catalog.played";
/// Longest name that a client gives a play.
const ID_CHARS_MAX: usize = 128;
/// Longest name of a client.
const CLIENT_CHARS_MAX: usize = 64;
/// A client that says neither when it was nor which play it is, and says the same again within this time, is
/// repeating itself.
const REPEATED_WITHIN: Duration = Duration::from_secs(10);

/// The particulars of [`PLAYED`]; its subject is the track.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Played {
    /// Who played it.
    pub user: UserId,
    /// When.
    pub at_us: i64,
    /// With which program, as far as it says.
    pub client: String,
    /// Whether it was noted elsewhere and only taken over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
}

/// Counts a play of a track for the viewer: for the track, its album and its artists, and tells the house, all in one
/// transaction.
///
/// A play that is told again is counted once. Which plays are the same: those with the client's own name for them and
/// the same track; without a name, those of the same track in the same second; and when not even the time is said,
/// those of the same track within ten seconds. A time ahead of the house's clock counts as now.
///
/// # Errors
/// [`Error::NotFound`] when the viewer sees no such track; [`Error::Invalid`] for a name that is too long or a time
/// before 1970.
pub async fn record_play(ctx: &Ctx, viewer: &Viewer, play: &NewPlay) -> Result<Counted, Error> {
    let (user, now, track) = (viewer.id, ctx.now(), play.track_id);
    let client = client(play.client.as_deref())?;
    let id = play.id.as_deref().map(name).transpose()?;
    let told = play.played_at.map(time).transpose()?;
    let vague = id.is_none() && told.is_none();
    let at = told.unwrap_or(now).min(now);
    let key = key(track, id, told.unwrap_or(now));
    let played = Played { user, at_us: at.0, client, foreign: false };
    visibility::write(ctx, viewer, move |tx| {
        if !marks::hold(tx, track.into())? {
            return Err(Error::NotFound);
        }
        let before = mark_of(tx, user, track.into())?;
        let repeated = |played: Time| now.since(played) < REPEATED_WITHIN && played <= now;
        if (vague && before.played_at.is_some_and(repeated)) || !count(tx, track, &key, &played, now)? {
            return Ok(Counted { counted: false, mark: before });
        }
        Ok(Counted { counted: true, mark: mark_of(tx, user, track.into())? })
    })
    .await
}

/// Counts a play under its key for the track, its album and its artists, and tells the house; false when it was counted
/// before.
pub(super) fn count(
    tx: &mut Tx<'_>,
    track: TrackId,
    key: &[u8],
    played: &Played,
    now: Time,
) -> Result<bool, Fault> {
    let (user, at) = (played.user, Time(played.at_us));
    if !marks::insert_play(tx, user, key)? {
        return Ok(false);
    }
    let mut concerned: Vec<ItemId> = vec![track.into()];
    concerned.extend(marks::album_of(tx, track)?.map(ItemId::from));
    concerned.extend(tracks::artists(tx, track)?.into_iter().map(ItemId::from));
    concerned.sort_unstable();
    concerned.dedup();
    for id in concerned {
        marks::add_play(tx, user, id, at)?;
    }
    tx.emit(PLAYED, track.0, played, now)?;
    wake(tx, user);
    Ok(true)
}

/// What is the same for two plays that are one.
pub(super) fn key(track: TrackId, id: Option<&str>, at: Time) -> Vec<u8> {
    let (kind, which) = match id {
        Some(id) => ("id", id.to_owned()),
        None => ("at", at.seconds().to_string()),
    };
    let text = format!("{track}\0{kind}\0{which}");
    blake3::hash(text.as_bytes()).as_bytes()[..16].to_vec()
}

fn name(id: &str) -> Result<&str, Problem> {
    match id.chars().count() {
        1..=ID_CHARS_MAX => Ok(id),
        count => Err(Problem::invalid(
            "id",
            format!("The name of a play has 1 to {ID_CHARS_MAX} characters, not {count}; or leave it out."),
        )),
    }
}

/// The name of a client, cleaned; empty when it gives none.
pub(super) fn client(given: Option<&str>) -> Result<String, Problem> {
    let name = fold::clean(given.unwrap_or_default());
    if name.chars().count() > CLIENT_CHARS_MAX {
        let words = format!("The name of a client has at most {CLIENT_CHARS_MAX} characters.");
        return Err(Problem::invalid("client", words));
    }
    Ok(name)
}

fn time(at: Time) -> Result<Time, Problem> {
    if at < Time(0) {
        return Err(Problem::invalid("played_at", "Give a time after 1970, or leave it out for now."));
    }
    Ok(at)
}
