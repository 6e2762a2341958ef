//! How many tracks smart playlists hold and how long they play, for lists that name these of each.
//!
//! Only the rules can tell, and holding them against the library costs a walk through it. So several are held against it
//! in one walk, and what was found is kept in memory for a little while: for what the one who looks may see, which a
//! right that is given or withdrawn changes at once. What a playlist holds when it is opened is always found anew.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kernel::{Ctx, Time, http::Viewer, id::UserId};

use super::{rules_of, seen, smart};
use crate::{
    access,
    model::playlists::{Playlist, PlaylistId},
    rules::{Compiled, Source},
    service::Error,
};

/// How old figures get.
const FIGURES_HOLD: Duration = Duration::from_mins(5);
/// Accounts whose figures are kept; whoever comes with a further one takes the place of the one that asked longest ago.
const ACCOUNTS_MAX: usize = 64;
/// Figures of one account; when there are more, all of them are found anew.
const FIGURES_MAX: usize = 10_000;
/// Rules that are held against the library in one walk.
const TOGETHER_MAX: usize = 8;

/// What a playlist holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Tracks in it.
    pub track_count: u64,
    /// How long they play together.
    pub duration_ms: u64,
}

struct Found {
    /// Of the playlist, whose rules may be others since.
    changed: Time,
    at: Time,
    figures: Figures,
}

/// By the playlist and the libraries that its viewer saw.
type Own = HashMap<(PlaylistId, i64), Found>;
type Slot = Arc<tokio::sync::Mutex<Own>>;

/// The figures of many accounts. Each has a lock of its own: who asks twice at once has them found once, and nobody
/// waits for another's.
#[derive(Default)]
struct Kept {
    /// The one that asked last is the last.
    slots: Mutex<Vec<(UserId, Slot)>>,
}

impl Kept {
    fn slot(&self, user: UserId) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let known = slots.iter().position(|(one, _)| *one == user).map(|at| slots.remove(at).1);
        let slot = known.unwrap_or_default();
        if slots.len() >= ACCOUNTS_MAX {
            slots.remove(0);
        }
        slots.push((user, Arc::clone(&slot)));
        slot
    }
}

impl Found {
    fn serves(&self, playlist: &Playlist, now: Time) -> bool {
        // A clock that was turned back tells no age.
        self.changed == playlist.changed_at && self.at <= now && now.since(self.at) < FIGURES_HOLD
    }
}

/// What these playlists hold for the viewer, who was just shown them; of smart ones as it was at most five minutes ago.
/// One that has gone since is left out.
pub async fn figures(
    ctx: &Ctx,
    viewer: &Viewer,
    playlists: &[Playlist],
) -> Result<HashMap<PlaylistId, Figures>, Error> {
    let mut told = HashMap::with_capacity(playlists.len());
    for one in playlists {
        if let (Some(track_count), Some(duration_ms)) = (one.track_count, one.duration_ms) {
            told.insert(one.id, Figures { track_count, duration_ms });
        }
    }
    if playlists.iter().all(|one| !one.smart) {
        return Ok(told);
    }
    let scope = access::scope_of(ctx, viewer).await?;
    let slot = ctx.kept(Kept::default).slot(viewer.id);
    let mut own = slot.lock().await;
    let now = ctx.now();
    let mut due = Vec::new();
    for one in playlists.iter().filter(|one| one.smart) {
        match own.get(&(one.id, scope)).filter(|found| found.serves(one, now)) {
            Some(found) => {
                told.insert(one.id, found.figures);
            }
            None => due.push(one),
        }
    }
    if own.len() + due.len() > FIGURES_MAX {
        own.clear();
    }
    for (playlist, figures) in find(ctx, viewer, &due).await? {
        let changed = playlist.changed_at;
        own.insert((playlist.id, scope), Found { changed, at: now, figures });
        told.insert(playlist.id, figures);
    }
    Ok(told)
}

/// Holds the rules of these against the library, those that look at the same tracks in one walk.
async fn find<'a>(
    ctx: &Ctx,
    viewer: &Viewer,
    due: &[&'a Playlist],
) -> Result<Vec<(&'a Playlist, Figures)>, Error> {
    let mut groups: Vec<(Source, Vec<(&Playlist, Compiled)>)> = Vec::new();
    for &playlist in due {
        let rules = match seen(ctx, viewer, playlist.id).await {
            Ok(row) => rules_of(&row)?,
            Err(Error::NotFound) => None,
            Err(error) => return Err(error),
        };
        let Some(rules) = rules else { continue };
        let compiled = Compiled::new(&rules, ctx.now())?.unordered();
        let source = compiled.source();
        let open = groups.iter_mut().find(|(one, group)| *one == source && group.len() < TOGETHER_MAX);
        match open {
            Some((_, group)) => group.push((playlist, compiled)),
            None => groups.push((source, vec![(playlist, compiled)])),
        }
    }
    let mut found = Vec::with_capacity(due.len());
    for (_, group) in groups {
        let (playlists, rules): (Vec<&Playlist>, Vec<Compiled>) = group.into_iter().unzip();
        let picked = smart::evaluate_all(ctx, viewer, &rules).await?;
        found.extend(playlists.into_iter().zip(picked).map(|(playlist, (_, picked))| {
            let duration_ms = picked.iter().map(|picked| picked.duration_ms).sum();
            (playlist, Figures { track_count: picked.len() as u64, duration_ms })
        }));
    }
    Ok(found)
}
