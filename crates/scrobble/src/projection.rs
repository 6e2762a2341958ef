//! How plays come into the queue: in the one order of events, each once. Favourites come the same way, see `favourites`.
//!
//! A connection is opened by an event too, so the order itself says which plays came after it. Up to where a
//! connection's plays are queued stands in its row, in the same transaction, so that even when the history of plays is
//! derived again from the first event, nothing is queued twice. The history is also what a full queue goes on with.

use std::sync::Arc;

use catalog::{
    TrackId,
    service::listens::{self, FAVOURED, PLAYED, Played},
};
use kernel::{
    Fault, Time,
    db::Tx,
    id::UserId,
    outbox::{Event, Projection},
};
use serde::{Deserialize, Serialize};

use crate::{
    ConnectionId, favourites,
    model::{Service, State},
    remote::{Listen, listenbrainz},
    store::{self, ConnectionRow, HeardRow, NewListen},
};

/// The house is told that somebody connected an account; its subject is the listener.
pub(crate) const CONNECTED: &str = "scrobble.connected";
/// What accounts tell of an account that was changed, also shut or opened again; its subject is the account.
const USER_CHANGED: &str = "accounts.user_changed";
/// What accounts tell of an account that is no more; its subject is the account.
const USER_REMOVED: &str = "accounts.user_removed";
/// Topic that is published when something was queued.
pub(crate) const TOPIC_QUEUED: &str = "scrobble.queued";
/// Listens that wait for one connection. Plays beyond them wait in the history and follow in their order.
pub(crate) const QUEUE_MAX: u64 = if cfg!(test) { 10 } else { 10_000 };
/// Plays that are queued from the history at once.
const REFILL_MAX: u64 = if cfg!(test) { 4 } else { 500 };
/// What services ask for and some tags do not say.
pub(crate) const NAMELESS: &str = "Its tags name no artist or no title, without which no service takes it.";

/// The particulars of [`CONNECTED`].
#[derive(Serialize, Deserialize)]
pub(crate) struct Connected {
    pub(crate) connection: ConnectionId,
}

/// What is read of [`USER_CHANGED`]; it says more.
#[derive(Deserialize)]
struct UserChanged {
    #[serde(default)]
    disabled: bool,
}

/// The projections of scrobbling, for the program to run.
pub fn projections() -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(Heard)]
}

/// The plays that were counted, and from them the queues.
struct Heard;

impl Projection for Heard {
    fn name(&self) -> &'static str {
        "scrobble_heard"
    }

    fn apply(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), Fault> {
        match event.kind.as_str() {
            CONNECTED => store::open_queue(tx, event.payload::<Connected>()?.connection, event.seq),
            PLAYED => {
                let played: Played = event.payload()?;
                let row = HeardRow { seq: event.seq, track: TrackId(event.subject), at: Time(played.at_us) };
                store::put_heard(tx, played.user, row, played.foreign)?;
                if played.foreign { Ok(()) } else { queue(tx, played.user, row, event.at) }
            }
            FAVOURED => favourites::queue(tx, TrackId(event.subject), event.payload()?, event.seq),
            USER_CHANGED => hold(tx, UserId(event.subject), event.payload::<UserChanged>()?.disabled),
            USER_REMOVED => store::forget_listener(tx, UserId(event.subject)),
            _ => Ok(()),
        }
    }

    fn clear(&self, _: &mut Tx<'_>) -> Result<(), Fault> {
        // What is there is written over as the order comes to it. Were it gone until then, an import that runs meanwhile
        // would know none of it and count all of it once more.
        Ok(())
    }
}

/// Holds back what waits for somebody whose account is shut, and lets it go when it is open again.
fn hold(tx: &mut Tx<'_>, user: UserId, shut: bool) -> Result<(), Fault> {
    store::set_held(tx, user, shut)?;
    if !shut {
        tx.wake(TOPIC_QUEUED);
    }
    Ok(())
}

/// Queues a play for each of the listener's connections that were there before it.
fn queue(tx: &mut Tx<'_>, user: UserId, row: HeardRow, now: Time) -> Result<(), Fault> {
    for connection in store::hold_connections(tx, user)? {
        let before = connection.queued_seq.is_some_and(|queued| queued < row.seq);
        if !before || connection.behind {
            continue;
        }
        if store::count_waiting(tx, connection.id)? >= QUEUE_MAX {
            store::set_queued(tx, connection.id, connection.queued_seq.unwrap_or(row.seq), true)?;
            continue;
        }
        put(tx, &connection, row, now)?;
        store::set_queued(tx, connection.id, row.seq, false)?;
        if connection.state == State::Working {
            tx.wake(TOPIC_QUEUED);
        }
        wake(tx, user);
    }
    Ok(())
}

/// Queues what waits in the history as far as there is room. The connection is held.
pub(crate) fn refill(tx: &mut Tx<'_>, connection: &ConnectionRow, now: Time) -> Result<(), Fault> {
    let Some(queued) = connection.queued_seq.filter(|_| connection.behind) else { return Ok(()) };
    let room = QUEUE_MAX.saturating_sub(store::count_waiting(tx, connection.id)?).min(REFILL_MAX);
    if room == 0 {
        return Ok(());
    }
    let rows = store::heard_after(tx, connection.user, queued, room)?;
    for row in &rows {
        put(tx, connection, *row, now)?;
    }
    let last = rows.last().map_or(queued, |row| row.seq);
    store::set_queued(tx, connection.id, last, rows.len() as u64 == room)
}

fn put(tx: &mut Tx<'_>, connection: &ConnectionRow, row: HeardRow, now: Time) -> Result<(), Fault> {
    // A track that is no more has left nothing that could be told.
    let Some(facts) = listens::listen_facts(tx, row.track)? else { return Ok(()) };
    let listen = Listen { seq: row.seq, at_s: row.at.seconds(), facts };
    let unfit = unfit(connection, &listen);
    let new = NewListen { connection: connection.id, seq: row.seq, listened: row.at, facts: &listen.facts };
    store::insert_listen(tx, &new, unfit, now)?;
    if unfit.is_some() { store::prune_failed(tx, connection.id) } else { Ok(()) }
}

/// Why a listen can't be sent at all.
fn unfit(connection: &ConnectionRow, listen: &Listen) -> Option<&'static str> {
    let nameless = listen.facts.artist.is_empty() || listen.facts.title.is_empty();
    match connection.service {
        _ if nameless => Some(NAMELESS),
        Service::ListenBrainz => listenbrainz::unfit(listen),
        Service::Lastfm => None,
    }
}

/// Has what a service refused wait again, as the catalogue knows it now: who corrected tags because of that means it so.
/// The connection is held.
pub(crate) fn renew(tx: &mut Tx<'_>, connection: &ConnectionRow, now: Time) -> Result<(), Fault> {
    for row in store::failed_listens(tx, connection.id, i64::MAX, store::FAILED_MAX)? {
        let known = match store::heard_at(tx, connection.user, row.seq)? {
            Some(track) => listens::listen_facts(tx, track)?,
            None => None,
        };
        let at_s = row.listened.map_or(0, Time::seconds);
        let listen = Listen { seq: row.seq, at_s, facts: known.unwrap_or(row.facts) };
        store::renew_listen(tx, connection.id, &listen, unfit(connection, &listen), now)?;
    }
    store::renew_favourites(tx, connection.id)?;
    store::clear_favours_problem(tx, connection.id)
}

/// Says on the bus that what is shown to this listener of scrobbling changed.
pub(crate) fn wake(tx: &mut Tx<'_>, user: UserId) {
    tx.wake(&format!("scrobbling:{user}"));
}
