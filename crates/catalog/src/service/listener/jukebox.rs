//! A listener's devices as one player that an app steers. The jukebox keeps nothing of its own: its list is the listener's
//! queue, and what sounds is the device that plays it. It is written in that device's name, so that it stays the jukebox.

use std::{cmp::Reverse, collections::HashMap};

use kernel::{Ctx, Problem, Time, db::Tx, http::Viewer, random::Random};

use super::{
    QUEUE_TRACKS_MAX, command_device,
    devices::{BLOCKED, alive},
    put_queue, queue, set_queue_position,
};
use crate::{
    TrackId,
    model::listener::{Command, Queue, QueueAnew, QueuePosition},
    service::Error,
    store::listener::{
        devices::{self, DeviceRow},
        queue as store,
    },
    visibility,
};

/// How often a queue is written that somebody else writes at the same time.
const TRIES: usize = 3;

/// What the jukebox is to do. Places count, from 0, what of the queue the viewer sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JukeboxOrder {
    /// Only say how it is.
    Look,
    /// Play this list from now on. What plays goes on if it is in it.
    Set(Vec<TrackId>),
    /// Play these as well, at the end.
    Add(Vec<TrackId>),
    /// Play nothing any more.
    Clear,
    /// Leave out what is at this place.
    Remove(u32),
    /// Mix what comes after what plays, which becomes the first.
    Shuffle,
    /// Play.
    Start,
    /// Stand still.
    Stop,
    /// Play what is at this place, from a time in it on.
    Skip {
        /// The place.
        place: u32,
        /// The time.
        position_ms: u64,
    },
    /// Be as loud as this, 0 to 100.
    Volume(u32),
}

/// How the jukebox is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jukebox {
    /// What the device that plays is called.
    pub device: String,
    /// The place of what plays or would play; `None` when nothing of the queue can be seen.
    pub place: Option<u32>,
    /// Whether it plays.
    pub playing: bool,
    /// How far it is now.
    pub position_ms: u64,
    /// How loud it is, 0 to 100.
    pub volume: u32,
}

/// Has the jukebox do something, and says how it is then: what it was told counts as done.
///
/// # Errors
/// [`Error::NotFound`] for a track that the viewer does not see; [`Error::Invalid`] with `no_device` when no device is
/// there, `empty_queue` when there is nothing to play, `needs_press` when it is to play and waits for a press there (which
/// then plays what was ordered), `stale` when others write the queue all the time, and as [`command_device`].
pub async fn control_jukebox(ctx: &Ctx, viewer: &Viewer, order: &JukeboxOrder) -> Result<Jukebox, Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        let mut scene = Scene::read(ctx, viewer, order).await?;
        let plan = scene.plan(order, ctx.random())?;
        match scene.carry_out(ctx, viewer, &plan).await {
            Ok(()) if plan.plays() && scene.device.state == BLOCKED => return Err(scene.needs_press()),
            Ok(()) => return Ok(scene.jukebox()),
            Err(Error::Invalid(problem)) if problem.code == "stale" && tries < TRIES => {}
            Err(error) => return Err(error),
        }
    }
}

fn no_device() -> Error {
    let detail = "No device of yours is there to play. Open Odeon in a browser on the device that is to play, sign in \
                  with your account, press Play there once, and leave the page open.";
    Problem::new(http::StatusCode::CONFLICT, "no_device", "There is no device to play").detail(detail).into()
}

fn check_count(count: usize) -> Result<(), Problem> {
    if count <= QUEUE_TRACKS_MAX {
        return Ok(());
    }
    let message = format!("A queue has at most {QUEUE_TRACKS_MAX} tracks; this would have {count}.");
    Err(Problem::invalid("tracks", message))
}

/// The queue, the device, and what can be seen of them, at one moment.
struct Scene {
    queue: Queue,
    device: DeviceRow,
    shown: HashMap<TrackId, u64>,
    now: Time,
}

/// Where the jukebox stands.
#[derive(Clone, Copy)]
struct Standing {
    /// Among what can be seen.
    place: usize,
    /// In the queue.
    index: usize,
    position_ms: u64,
}

/// What is to be written, and what the device is to be told.
#[derive(Default)]
struct Plan {
    list: Option<Vec<TrackId>>,
    stand: Option<(usize, u64)>,
    command: Option<Command>,
}

impl Scene {
    async fn read(ctx: &Ctx, viewer: &Viewer, order: &JukeboxOrder) -> Result<Self, Error> {
        let named = match order {
            JukeboxOrder::Set(tracks) | JukeboxOrder::Add(tracks) => tracks.clone(),
            _ => Vec::new(),
        };
        check_count(named.len())?;
        let (user, alive, now) = (viewer.id, alive(ctx), ctx.now());
        visibility::read(ctx, viewer, move |tx: &mut Tx<'_>| {
            let row = store::one(tx, user)?;
            let list = queue::ids(store::tracks(tx, user)?)?;
            let mut shown = store::shown(tx, &named)?;
            if named.iter().any(|track| !shown.contains_key(track)) {
                return Err(Error::NotFound);
            }
            shown.extend(store::shown(tx, &list)?);
            let queue = row.map_or_else(Queue::default, |row| Queue {
                tracks: list,
                current: row.current,
                position_ms: row.position_ms,
                changed_by: row.changed_by,
                version: row.version,
                changed_at: Some(row.changed),
            });
            let device = chosen(devices::of(tx, user, alive)?, &queue.changed_by).ok_or_else(no_device)?;
            Ok(Self { queue, device, shown, now })
        })
        .await
    }

    /// The places in the queue of what can be seen.
    fn places(&self) -> Vec<usize> {
        let tracks = self.queue.tracks.iter().enumerate();
        tracks.filter(|(_, track)| self.shown.contains_key(track)).map(|(index, _)| index).collect()
    }

    /// The place in the queue of a place among what can be seen.
    fn index(&self, place: u32) -> Result<usize, Problem> {
        let places = self.places();
        let found = places.get(place as usize).copied();
        found.ok_or_else(|| {
            Problem::invalid("index", format!("The queue has {} songs, counted from 0.", places.len()))
        })
    }

    /// Where it stands: as the device said, or as was written into the queue since.
    fn standing(&self) -> Option<Standing> {
        let places = self.places();
        let current = self.queue.current as usize;
        let is_news = self.queue.changed_at.is_none_or(|changed| self.device.seen > changed);
        let played = self.device.track.filter(|_| is_news);
        let same = |place: &usize| Some(self.queue.tracks[places[*place]]) == played;
        if let Some(place) =
            (0..places.len()).filter(same).min_by_key(|place| places[*place].abs_diff(current))
        {
            let position_ms = self.reckoned(places[place], self.device.position_ms, self.device.seen);
            return Some(Standing { place, index: places[place], position_ms });
        }
        let place = places.iter().position(|index| *index >= current).or(places.len().checked_sub(1))?;
        let index = places[place];
        let changed = self.queue.changed_at.unwrap_or(self.now);
        let position_ms =
            if index == current { self.reckoned(index, self.queue.position_ms, changed) } else { 0 };
        Some(Standing { place, index, position_ms })
    }

    /// Where it is by now that was there at a moment, within its length.
    fn reckoned(&self, index: usize, position_ms: u64, at: Time) -> u64 {
        let passed = if self.plays() { self.now.since(at).as_millis() } else { 0 };
        let reached = position_ms.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX));
        let length = self.shown.get(&self.queue.tracks[index]).copied().filter(|length| *length > 0);
        length.map_or(reached, |length| reached.min(length))
    }

    fn plays(&self) -> bool {
        self.device.state == "playing"
    }

    fn needs_press(&self) -> Error {
        let detail = format!(
            "“{}” waits: its browser lets no sound begin before somebody presses Play there once. Then it begins at once.",
            self.device.name
        );
        let problem = Problem::new(http::StatusCode::CONFLICT, "needs_press", "Play must be pressed there");
        problem.detail(detail).into()
    }

    fn jukebox(&self) -> Jukebox {
        let at = self.standing();
        Jukebox {
            device: self.device.name.clone(),
            place: at.and_then(|at| u32::try_from(at.place).ok()),
            playing: self.plays(),
            position_ms: at.map_or(0, |at| at.position_ms),
            volume: self.device.volume,
        }
    }

    fn plan(&self, order: &JukeboxOrder, random: &Random) -> Result<Plan, Problem> {
        let at = self.standing();
        let (index, position_ms) = at.map_or((0, 0), |at| (at.index, at.position_ms));
        let tell = |command| Ok(Plan { command: Some(command), ..Plan::default() });
        match order {
            JukeboxOrder::Look => Ok(Plan::default()),
            JukeboxOrder::Set(tracks) => {
                let played = at.map(|at| self.queue.tracks[at.index]);
                let same = tracks.iter().position(|track| Some(*track) == played);
                Ok(Plan::list(tracks.clone(), same.map_or((0, 0), |same| (same, position_ms))))
            }
            JukeboxOrder::Add(tracks) => {
                let all = [self.queue.tracks.as_slice(), tracks].concat();
                check_count(all.len())?;
                Ok(Plan::list(all, (index, position_ms)))
            }
            JukeboxOrder::Clear => Ok(Plan::list(Vec::new(), (0, 0))),
            JukeboxOrder::Remove(place) => {
                let gone = self.index(*place)?;
                let mut left = self.queue.tracks.clone();
                left.remove(gone);
                let stand = match gone.cmp(&index) {
                    std::cmp::Ordering::Less => (index - 1, position_ms),
                    std::cmp::Ordering::Equal => (index.min(left.len().saturating_sub(1)), 0),
                    std::cmp::Ordering::Greater => (index, position_ms),
                };
                Ok(Plan::list(left, stand))
            }
            JukeboxOrder::Shuffle => {
                let mut all = self.queue.tracks.clone();
                if !all.is_empty() {
                    all.swap(0, index);
                    mix(&mut all[1..], random);
                }
                Ok(Plan::list(all, (0, position_ms)))
            }
            JukeboxOrder::Start if at.is_none() => Err(empty()),
            JukeboxOrder::Start => Ok(Plan::place((index, position_ms), Command::Load { play: true })),
            JukeboxOrder::Stop => tell(Command::Pause),
            JukeboxOrder::Skip { place, position_ms } => {
                let index = self.index(*place)?;
                let told = u32::try_from(index).unwrap_or(u32::MAX);
                let jump = Command::Jump { index: told, position_ms: *position_ms };
                Ok(Plan::place((index, *position_ms), jump))
            }
            JukeboxOrder::Volume(volume) => tell(Command::Volume { volume: *volume }),
        }
    }

    /// Writes the queue in the device's name and tells it. From then on the scene is as the device was told.
    async fn carry_out(&mut self, ctx: &Ctx, viewer: &Viewer, plan: &Plan) -> Result<(), Error> {
        let version = self.queue.version;
        let changed_by = self.device.name.clone();
        if let Some((stand, position_ms)) = plan.stand {
            let current = u32::try_from(stand).unwrap_or(u32::MAX);
            if let Some(tracks) = plan.list.clone() {
                let new = QueueAnew { tracks, current, position_ms, changed_by, version };
                self.queue = put_queue(ctx, viewer, &new).await?;
            } else {
                let new = QueuePosition { current, position_ms, changed_by, version };
                set_queue_position(ctx, viewer, &new).await?;
                (self.queue.current, self.queue.position_ms) = (current, position_ms);
                self.queue.changed_at = Some(ctx.now());
            }
            self.now = ctx.now();
        }
        let Some(command) = plan.command else { return Ok(()) };
        let told = command_device(ctx, viewer, &self.device.device, command).await;
        told.map_err(|error| if matches!(error, Error::NotFound) { no_device() } else { error })?;
        let state = match command {
            Command::Pause => "paused",
            // It tries, and says so if it may.
            _ if plan.plays() && self.device.state == BLOCKED => return Ok(()),
            Command::Load { play: true } | Command::Jump { .. } => "playing",
            Command::Load { .. } if self.queue.tracks.is_empty() => "stopped",
            Command::Volume { volume } => {
                self.device.volume = volume;
                return Ok(());
            }
            _ => return Ok(()),
        };
        let at = self.standing();
        if let Some(at) = at.filter(|_| state == "paused") {
            (self.device.position_ms, self.queue.position_ms) = (at.position_ms, at.position_ms);
        }
        state.clone_into(&mut self.device.state);
        Ok(())
    }
}

impl Plan {
    /// A new list and where it stands.
    fn list(list: Vec<TrackId>, stand: (usize, u64)) -> Self {
        Self { list: Some(list), stand: Some(stand), command: Some(Command::Load { play: false }) }
    }

    /// Whether sound is to begin.
    fn plays(&self) -> bool {
        matches!(self.command, Some(Command::Load { play: true } | Command::Jump { .. }))
    }

    /// Another place in the list.
    fn place(stand: (usize, u64), command: Command) -> Self {
        Self { list: None, stand: Some(stand), command: Some(command) }
    }
}

fn empty() -> Problem {
    let problem = Problem::new(http::StatusCode::CONFLICT, "empty_queue", "There is nothing to play");
    problem.detail("The queue is empty. Add songs to it first.")
}

/// The device that plays; of several, or of none, the one that the queue was last written by, then one that could go on
/// at once. Their ids decide the rest, so that it is the same one each time.
fn chosen(there: Vec<DeviceRow>, written_by: &str) -> Option<DeviceRow> {
    there.into_iter().max_by_key(|device| {
        let is_writer = device.name == written_by;
        let could = matches!(device.state.as_str(), "paused" | BLOCKED);
        (device.state == "playing", is_writer, could, Reverse(device.device.clone()))
    })
}

/// Puts tracks into an order of chance.
fn mix(tracks: &mut [TrackId], random: &Random) {
    for last in (1..tracks.len()).rev() {
        let other = random.below(last as u64 + 1);
        tracks.swap(last, usize::try_from(other).unwrap_or(last));
    }
}
