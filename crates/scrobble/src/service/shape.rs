//! Connections as their listeners see them.

use kernel::{Fault, Time, db::Tx};

use crate::{
    jobs::{self, next_try},
    model::{Connection, FailedKind, Favourites, FavouritesImport, Import, TakeoverState},
    projection::{NAMELESS, QUEUE_MAX},
    remote::{lastfm, listenbrainz},
    store::{self, ConnectionRow, FailedRow, TakeoverRow, What},
};

/// What its listener can do about something that a service will not take.
pub(super) fn advice(row: &FailedRow) -> &'static str {
    match (row.kind, row.problem.as_str()) {
        (_, NAMELESS) => "Correct its tags, then try again.",
        (_, listenbrainz::TOO_OLD | lastfm::TOO_OLD) => {
            "It stays in your history here; forget it in this list."
        }
        (FailedKind::Listen, _) => {
            "Correct its tags if they are wrong and try again, or forget it: it stays in your history here."
        }
        _ => "Try again, or forget it: what is a favourite here does not change by that.",
    }
}

pub(super) fn shape(tx: &mut Tx<'_>, row: ConnectionRow, now: Time) -> Result<Connection, Fault> {
    let waiting = store::count_waiting(tx, row.id)?;
    let quiet_until = jobs::silence(tx, &row, now)?;
    let import = store::takeover_of(tx, row.id, What::Listens)?;
    let favourites = shape_favourites(tx, &row, (now, quiet_until))?;
    Ok(Connection {
        service: row.service,
        server: listenbrainz::host(&row.root),
        waiting,
        full: row.behind || waiting >= QUEUE_MAX,
        failed: store::count_failed_listens(tx, row.id)?,
        unlisted: row.unlisted,
        next_at: next_try(&row, now).map(|next| quiet_until.map_or(next, |until| until.max(next))),
        quiet_until,
        name: row.name,
        state: row.state,
        created_at: row.created,
        sent: row.sent,
        sent_at: row.sent_at,
        problem: row.problem,
        import: import.map(|import| shape_import(import, (now, quiet_until))),
        favourites,
    })
}

fn shape_favourites(
    tx: &mut Tx<'_>,
    row: &ConnectionRow,
    (now, quiet_until): (Time, Option<Time>),
) -> Result<Favourites, Fault> {
    let import = store::takeover_of(tx, row.id, What::Favourites)?.map(|import| {
        let (state, next_at) = state_of(&import, now, quiet_until);
        FavouritesImport {
            state,
            next_at,
            added: import.taken,
            known: import.known,
            unmatched: import.unmatched,
            finished_at: import.finished,
            problem: import.problem,
        }
    });
    Ok(Favourites {
        told: row.favours,
        waiting: store::count_favourites(tx, row.id)?,
        sent: row.favours_sent,
        failed: store::count_failed_favourites(tx, row.id)?,
        problem: row.favours_problem.clone(),
        import,
    })
}

fn shape_import(row: TakeoverRow, (now, quiet_until): (Time, Option<Time>)) -> Import {
    let moment = |seconds: i64| Time(seconds.saturating_mul(1_000_000));
    let (state, next_at) = state_of(&row, now, quiet_until);
    Import {
        state,
        next_at,
        since: (row.since_s > 0).then(|| moment(row.since_s)),
        counted: row.taken,
        known: row.known,
        unmatched: row.unmatched,
        at: row.before_s.map(moment),
        finished_at: row.finished,
        problem: row.problem,
    }
}

/// How taking over is, and when it goes on if it waits for a moment.
fn state_of(row: &TakeoverRow, now: Time, quiet_until: Option<Time>) -> (TakeoverState, Option<Time>) {
    let through = row.finished.is_some() && row.before_s.is_none();
    let next = match row.next {
        None if row.problem.is_some() => return (TakeoverState::Gone, None),
        None => return (TakeoverState::Done, None),
        Some(_) if through && row.problem.is_none() => return (TakeoverState::Done, None),
        Some(next) => next.max(quiet_until.unwrap_or(next)),
    };
    let begun = row.before_s.is_some() || row.read > 0;
    if next > now {
        (TakeoverState::Waiting, Some(next))
    } else if begun && row.problem.is_none() {
        (TakeoverState::Reading, None)
    } else {
        (TakeoverState::Waiting, None)
    }
}
