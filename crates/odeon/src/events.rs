//! Server-sent events: they say what to fetch again, never what it is, so a lost one costs a refresh and no truth.

use std::{collections::BTreeSet, convert::Infallible, time::Duration};

use accounts::Credential;
use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use http::StatusCode;
use kernel::{
    Ctx, Problem, Time,
    bus::{Heard, Listener},
    http::{Role, Viewer},
    seats::{Seat, Seats},
};

/// Open streams of one account: a few devices with a few tabs each.
const STREAMS_PER_ACCOUNT_MAX: usize = 24;
/// How long several changes of one topic are gathered into one event.
const GATHER: Duration = Duration::from_millis(300);
/// How often it is asked whether what opened a stream still holds. Who is signed out is told so by the bus at once, but a
/// message on it may be lost.
const ASK_EVERY: Duration = Duration::from_mins(2);
/// How often a quiet stream is kept alive.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// The topics that a page may be told of.
const TOPICS: [&str; 10] = [
    "uploads",
    "libraries",
    "catalog",
    "marks",
    "playlists",
    "podcasts",
    "queue",
    "devices",
    "commands",
    "scrobbling",
];

/// The streams that are open, of each account.
#[derive(Clone)]
pub(crate) struct Streams(Seats);

impl Default for Streams {
    fn default() -> Self {
        Self(Seats::new(STREAMS_PER_ACCOUNT_MAX))
    }
}

/// Tells the page what to fetch again: `event: change`, `data: {"topic":"uploads"|"libraries"|"catalog"|"marks"|
/// "playlists"|"podcasts"|"queue"|"devices"|"commands"|"scrobbling"}`. Of marks, podcasts, queue, devices and their
/// commands, and scrobbling only the account whose they are is told.
#[utoipa::path(get, path = "/api/v1/events", tag = "events",
    responses((status = 200, description = "A stream of changes", content_type = "text/event-stream"),
              (status = 401, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn follow_events(
    State((ctx, streams)): State<(Ctx, Streams)>,
    viewer: Viewer,
    credential: Credential,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let seat = streams.0.take(viewer.id).ok_or_else(|| {
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_streams", "Too many open pages")
            .detail("Close some of the other tabs and devices that have this page open.")
            .retry_after(30)
    })?;
    let heard = ctx.bus().subscribe();
    let follower = Follower {
        asked: ctx.now(),
        ctx,
        viewer,
        credential,
        heard,
        waiting: BTreeSet::new(),
        doubtful: false,
        over: false,
        _seat: seat,
    };
    let stream = stream::unfold(follower, |mut follower| async move {
        let topic = follower.next().await?;
        let event = Event::default().event("change").data(format!("{{\"topic\":\"{topic}\"}}"));
        Some((Ok(event), follower))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

struct Follower {
    ctx: Ctx,
    viewer: Viewer,
    /// What the stream was opened with, and when it was asked last whether it holds.
    credential: Credential,
    asked: Time,
    heard: Listener,
    waiting: BTreeSet<&'static str>,
    /// Something was missed; it may have been that the account is shut.
    doubtful: bool,
    /// What the account may do has changed: the page comes back and is asked anew who it is.
    over: bool,
    _seat: Seat,
}

impl Follower {
    /// The next topic to tell; `None` when the program stops, so that the page comes back to another node, and when the
    /// viewer may hear no more.
    async fn next(&mut self) -> Option<&'static str> {
        let stop = self.ctx.stop().clone();
        loop {
            let since = self.ctx.now().since(self.asked);
            if self.over || ((self.doubtful || since >= ASK_EVERY) && !self.still_holds().await) {
                return None;
            }
            if let Some(topic) = self.waiting.pop_first() {
                return Some(topic);
            }
            let rest = ASK_EVERY.saturating_sub(self.ctx.now().since(self.asked));
            let heard = tokio::select! {
                heard = self.heard.next() => heard?,
                () = self.ctx.clock().sleep(rest) => continue,
                () = stop.cancelled() => return None,
            };
            self.note(&heard);
            if !self.over && !self.waiting.is_empty() {
                self.gather().await;
            }
        }
    }

    /// Whether what opened the stream still holds. Who can't be asked about is told nothing more and comes back.
    async fn still_holds(&mut self) -> bool {
        (self.asked, self.doubtful) = (self.ctx.now(), false);
        self.credential.holds(&self.ctx).await.unwrap_or_else(|fault| {
            tracing::warn!("whether somebody is still signed in can't be asked: {fault}");
            false
        })
    }

    async fn gather(&mut self) {
        let end = tokio::time::Instant::now() + GATHER;
        while let Ok(Some(heard)) = tokio::time::timeout_at(end, self.heard.next()).await {
            self.note(&heard);
        }
    }

    fn note(&mut self, heard: &Heard) {
        match heard {
            Heard::Missed => {
                self.doubtful = true;
                let may_hear: Vec<_> = TOPICS.into_iter().filter(|topic| self.may_hear(topic)).collect();
                self.waiting.extend(may_hear);
            }
            Heard::Topic(topic) => {
                let (name, whose) = topic.split_once(':').unwrap_or((topic, ""));
                self.over |= name == "account" && whose == self.viewer.id.to_string();
                let known = TOPICS.into_iter().find(|known| *known == name);
                let own = whose.is_empty() || whose == self.viewer.id.to_string();
                let heard = known.filter(|topic| own && self.may_hear(topic));
                self.waiting.extend(heard);
            }
        }
    }

    fn may_hear(&self, topic: &str) -> bool {
        topic != "libraries" || self.viewer.role == Role::Admin
    }
}

#[cfg(test)]
mod tests;
