//! What plays now is told as it plays, never afterwards: the job looks at what plays when it runs.

use std::{collections::HashMap, time::Duration};

use accounts::music;
use async_trait::async_trait;
use catalog::{
    TrackId,
    model::{NowPlaying, PlayState, TOPIC_PLAYING},
    service::listens::{self, ListenFacts},
};
use kernel::{
    Ctx, Fault, Time,
    bus::Heard,
    http::Viewer,
    id::UserId,
    jobs::{self, Handler, JobError, Lease, NewJob},
};

use super::{PLAYING_JOB, PRIORITY, is_shut, obey, send::token_refused, silence};
use crate::{
    Config,
    model::State,
    projection::wake,
    remote::{Door, Secret, Sent, Wait, Whom},
    store::{self, ConnectionRow},
};

/// Between two tellings of one listener; who leaps through songs is told of when the leaping ends.
const EVERY: Duration = Duration::from_secs(10);
/// Listeners whose players are remembered; when it is reached, all are forgotten.
const REMEMBERED_MAX: usize = 10_000;
/// Players report each leap and pause; one job for all reports within this time will do.
const GATHER: Duration = Duration::from_secs(1);

/// Makes a job when a player of somebody who is connected says that it plays, until the program stops. It runs in every
/// process that answers requests, since there the reports come in; a report that is missed is not made up for.
pub async fn follow_players(ctx: Ctx) {
    let mut heard = ctx.bus().subscribe();
    let mut lately: HashMap<UserId, Time> = HashMap::new();
    loop {
        let next = tokio::select! {
            next = heard.next() => next,
            () = ctx.stop().cancelled() => return,
        };
        let topic = match next {
            Some(Heard::Topic(topic)) => topic,
            Some(Heard::Missed) => continue,
            None => return,
        };
        let Some(user) = listener_of(&topic) else { continue };
        let now = ctx.now();
        let gathered = lately.get(&user).is_some_and(|last| *last <= now && now.since(*last) < GATHER);
        if gathered {
            continue;
        }
        if lately.len() >= REMEMBERED_MAX {
            lately.clear();
        }
        lately.insert(user, now);
        if let Err(fault) = note(&ctx, user).await {
            tracing::warn!("what plays now can't be told: {fault}");
        }
    }
}

fn listener_of(topic: &str) -> Option<UserId> {
    let (name, user) = topic.split_once(':')?;
    (name == TOPIC_PLAYING).then(|| user.parse().ok().map(UserId)).flatten()
}

/// Makes the job, not sooner than the last telling allows.
pub(crate) async fn note(ctx: &Ctx, user: UserId) -> Result<(), Fault> {
    let all = ctx.db().read(move |tx| store::connections(tx, user)).await?;
    let working = all.iter().filter(|one| one.state == State::Working);
    let Some(allowed) = working.map(|one| one.playing_at.map_or(Time(0), |at| at.plus(EVERY))).min() else {
        return Ok(());
    };
    let (inner, now) = (ctx.clone(), ctx.now());
    // A clock that was turned back must not silence anybody for longer than the pause itself; and the report is given a
    // moment, so that a song that is leapt over is never told.
    let run_at = allowed.clamp(now.plus(GATHER), now.plus(EVERY));
    // Not by the account alone: a report that comes while the job before still speaks to a service is for the next.
    let key = format!("{user}:{}", run_at.seconds());
    let job = NewJob::new(PLAYING_JOB, &user)?.key(key).priority(PRIORITY).attempts_max(1).run_at(run_at);
    ctx.db().write(move |tx| jobs::enqueue(tx, &inner, &job)).await
}

/// Tells what plays now.
pub(super) struct Playing {
    pub(super) config: Config,
}

#[async_trait]
impl Handler for Playing {
    fn kind(&self) -> &'static str {
        PLAYING_JOB
    }

    fn at_once(&self) -> usize {
        2
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let user: UserId = lease.payload()?;
        if is_shut(ctx, user).await? {
            return Ok(());
        }
        let Some(viewer) = viewer(ctx, user).await? else { return Ok(()) };
        let playing = catalog::service::now_playing(ctx, &viewer).await;
        let playing = playing.map_err(|error| Fault::new(format!("what plays can't be read: {error:?}")))?;
        let Some(now) = playing.into_iter().find(|one| one.state == PlayState::Playing) else {
            return Ok(());
        };
        let Some(due) = begin(ctx, lease, user, &now).await? else { return Ok(()) };
        for connection in due.connections {
            let id = connection.id;
            let Some(secret) = ctx.db().read(move |tx| store::secret(tx, id)).await? else { continue };
            let door = Door::of(&connection, secret.clone(), &self.config);
            let told = tokio::select! {
                told = door.playing(ctx.fetch(), &due.facts) => told?,
                () = lease.cancelled().cancelled() => return Ok(()),
            };
            settle(ctx, lease, (connection, secret), told).await?;
        }
        Ok(())
    }
}

/// Somebody as a viewer, for what happens by itself; `None` when the account is gone.
pub(crate) async fn viewer(ctx: &Ctx, user: UserId) -> Result<Option<Viewer>, Fault> {
    let found = music::user(ctx, user).await?;
    Ok(found.map(|user| Viewer {
        id: user.id,
        handle: user.handle,
        role: user.role,
        session: None,
        within: None,
    }))
}

/// What is to be told to whom.
struct Due {
    facts: ListenFacts,
    connections: Vec<ConnectionRow>,
}

/// Notes for each connection what it is told, before it is told: at most once, rather than again and again.
async fn begin(ctx: &Ctx, lease: &Lease, user: UserId, playing: &NowPlaying) -> Result<Option<Due>, Fault> {
    let (lease, now) = (lease.clone(), ctx.now());
    let track: TrackId = playing.track.id;
    let mark = format!("{track}:{}", playing.since.0);
    let begun = ctx.db().write(move |tx| {
        let held = store::hold_connections(tx, user)?;
        lease.guard(tx)?;
        let facts = listens::listen_facts(tx, track)?;
        let Some(facts) = facts.filter(|facts| !facts.artist.is_empty() && !facts.title.is_empty()) else {
            return Ok(None);
        };
        let mut connections = Vec::new();
        for one in held {
            let due = one.state == State::Working && one.playing.as_deref() != Some(mark.as_str());
            // Who wants to be left alone is not told of it afterwards either: by then it is over.
            if due && silence(tx, &one, now)?.is_none() {
                store::set_playing(tx, one.id, &mark, now)?;
                connections.push(one);
            }
        }
        Ok::<_, Fault>((!connections.is_empty()).then_some(Due { facts, connections }))
    });
    begun.await
}

/// Notes what a service wants after it was told; what it was told itself is not tried again.
async fn settle(
    ctx: &Ctx,
    lease: &Lease,
    (connection, secret): (ConnectionRow, Secret),
    told: Sent,
) -> Result<(), Fault> {
    let wait = match told {
        Sent::Taken { pause, .. } if pause.is_zero() => return Ok(()),
        Sent::Taken { pause, .. } => Some(Wait { whom: Whom::Account, long: pause }),
        Sent::Later { why, after } => {
            tracing::debug!("what plays now was not taken: {why}");
            after
        }
        Sent::Token(_) => return withdrawn(ctx, lease, (connection, secret)).await,
        Sent::Refused(_) | Sent::Never => return Ok(()),
    };
    let (lease, now) = (lease.clone(), ctx.now());
    let noted = ctx.db().write(move |tx| {
        lease.guard(tx)?;
        obey(tx, &connection, wait, now)
    });
    noted.await
}

/// Notes that a token is taken no more, unless its listener has connected anew meanwhile.
async fn withdrawn(
    ctx: &Ctx,
    lease: &Lease,
    (connection, secret): (ConnectionRow, Secret),
) -> Result<(), Fault> {
    let (lease, now, id) = (lease.clone(), ctx.now(), connection.id);
    let noted = ctx.db().write(move |tx| {
        let held = store::hold_connection(tx, id)?;
        lease.guard(tx)?;
        if held.is_none() || store::secret(tx, id)?.is_some_and(|now| now != secret) {
            return Ok(());
        }
        store::set_failing(tx, id, (State::Refused, &token_refused(connection.service)), now, now)?;
        wake(tx, connection.user);
        Ok(())
    });
    noted.await
}
