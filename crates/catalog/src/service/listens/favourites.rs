//! Favourites as services keep them that know a recording by its `MusicBrainz` number, whatever it is called.

use kernel::{Fault, Time, db::Tx, id::UserId};

use crate::{
    fold,
    model::ItemKind,
    service::marks::wake,
    store::{listens as store, marks, read},
};

/// What became of a favourite that was noted elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Favour {
    /// A track is a favourite now.
    Made,
    /// A track of it was one already.
    Known,
    /// The listener sees no track of it.
    Absent,
}

/// Whether any track of a recording is a listener's favourite: one on two albums is two tracks, and stays loved until
/// neither of them is. One that is out of sight for now counts, for its mark was not taken away.
pub fn is_favoured(tx: &mut Tx<'_>, user: UserId, recording: &str) -> Result<bool, Fault> {
    marks::is_recording_favourite(tx, user, recording)
}

/// Makes a recording that was loved elsewhere a favourite since then, in a transaction that sees what the listener sees:
/// the track of it that came into the house first, unless another is one already. The house is not told, so that it does
/// not go back to where it came from.
pub fn favour_recording(
    tx: &mut Tx<'_>,
    user: UserId,
    recording: &str,
    since: Time,
) -> Result<Favour, Fault> {
    let Some(recording) = fold::musicbrainz(recording) else { return Ok(Favour::Absent) };
    let found = store::by_recording(tx, &recording)?;
    let ids = found.iter().map(|one| one.track.0);
    if read::marks::of(tx, user, ItemKind::Track, ids)?.values().any(|mark| mark.favourite) {
        return Ok(Favour::Known);
    }
    let Some(first) = found.first() else { return Ok(Favour::Absent) };
    if !marks::hold(tx, first.track.into())? {
        return Ok(Favour::Absent);
    }
    marks::set_favourite(tx, user, first.track.into(), since)?;
    wake(tx, user);
    Ok(Favour::Made)
}
