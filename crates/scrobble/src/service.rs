//! What listeners do with their accounts elsewhere.

mod shape;

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use kernel::{
    Ctx, Fault, Page, PageQuery, Problem, Time,
    db::Tx,
    fetch::FetchError,
    http::Viewer,
    id::UserId,
    seats::{Seat, Seats},
};

use self::shape::{advice, shape};
use crate::{
    Config, ConnectionId, Error, Lastfm, favourites, jobs,
    model::{
        Connection, FailedListen, FavouritesSwitch, ImportStart, LastfmLink, ListenBrainzAccount, ListenId,
        Overview, Service, State,
    },
    projection::{CONNECTED, Connected, TOPIC_QUEUED, renew, wake},
    remote::{Secret, WAIT_MAX, lastfm, listenbrainz},
    store::{self, Account, ConnectionRow, TakeoverRow, What},
};

/// Longest token that is taken.
const TOKEN_CHARS_MAX: usize = 256;
/// How long somebody may take to allow this house at Last.fm.
const ALLOWING_MAX: Duration = Duration::from_hours(1);

/// Services that one account has asked at the same moment to connect to them, while it waits.
const CONNECTING_MAX: usize = 3;

/// Scrobbling, for routes. Cheap to clone.
#[derive(Clone)]
pub struct Scrobbling {
    ctx: Ctx,
    config: Config,
    connecting: Arc<Connecting>,
}

/// The services that each account just has asked.
struct Connecting(Seats);

impl Scrobbling {
    /// Scrobbling of this house.
    pub fn new(ctx: Ctx, config: Config) -> Self {
        let connecting = ctx.kept(|| Connecting(Seats::new(CONNECTING_MAX)));
        Self { ctx, config, connecting }
    }

    /// Counts somebody who has a service asked: each that does not answer holds a place of all that the house asks.
    pub(crate) fn begin_connecting(&self, user: UserId) -> Result<Seat, Error> {
        self.connecting.0.take(user).ok_or_else(|| {
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many", "Too many at once");
            problem.detail("Wait until the service that you just asked has answered.").retry_after(10).into()
        })
    }

    /// The viewer's accounts elsewhere.
    pub async fn overview(&self, viewer: &Viewer) -> Result<Overview, Error> {
        let (user, now) = (viewer.id, self.ctx.now());
        let shown = self.ctx.db().read(move |tx| {
            let rows = store::connections(tx, user)?;
            rows.into_iter().map(|row| shape(tx, row, now)).collect::<Result<Vec<_>, Fault>>()
        });
        let (mut listenbrainz, mut lastfm) = (None, None);
        for connection in shown.await.map_err(Error::Fault)? {
            match connection.service {
                Service::ListenBrainz => listenbrainz = Some(connection),
                Service::Lastfm => lastfm = Some(connection),
            }
        }
        Ok(Overview { listenbrainz, lastfm_available: self.config.lastfm.is_some(), lastfm })
    }

    /// Connects the viewer to an account at `ListenBrainz`, or gives the connection that is there a new token.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a token that the server does not accept and for a server that can't be asked.
    pub async fn connect_listenbrainz(
        &self,
        viewer: &Viewer,
        account: ListenBrainzAccount,
    ) -> Result<Connection, Error> {
        let token = token(&account.token)?;
        let server = account.server.as_deref().map(str::trim).filter(|server| !server.is_empty());
        let root = server.map_or(Ok(listenbrainz::ROOT.to_owned()), listenbrainz::root);
        let root = root.map_err(|error| unasked("server", error))?;
        let _one = self.begin_connecting(viewer.id)?;
        self.may_ask(&root).await?;
        let asked = listenbrainz::ListenBrainz { root, token: token.clone() };
        let field = if server.is_some() { "server" } else { "token" };
        let found = asked.validate(self.ctx.fetch()).await.map_err(|error| unasked(field, error))?;
        let Some(account) = found else {
            let words =
                "This token is not accepted there. Copy it once more from the settings of your account.";
            return Err(Problem::invalid("token", words).into());
        };
        self.connect(viewer, Service::ListenBrainz, account, token).await
    }

    /// Begins to connect the viewer to an account at Last.fm: gives the page at which to allow it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the operator has not set it up; [`Error::Invalid`] when Last.fm can't be asked.
    pub async fn link_lastfm(&self, viewer: &Viewer) -> Result<LastfmLink, Error> {
        let program = self.lastfm()?;
        let _one = self.begin_connecting(viewer.id)?;
        self.may_ask(&program.root).await?;
        let asked = lastfm::token(program, self.ctx.fetch()).await.map_err(|error| away(&error))?;
        let token = asked.map_err(|words| not_now(&words))?;
        let address = lastfm::page(program, &token);
        let (user, expires) = (viewer.id, self.ctx.now().plus(ALLOWING_MAX));
        let kept =
            self.ctx.db().write(move |tx| store::put_pending(tx, user, Service::Lastfm, &token, expires));
        kept.await.map_err(Error::Fault)?;
        Ok(LastfmLink { address })
    }

    /// Connects the viewer to the account at Last.fm that was allowed.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it was not allowed yet, when that was begun too long ago, and when Last.fm can't be asked.
    pub async fn finish_lastfm(&self, viewer: &Viewer) -> Result<Connection, Error> {
        let program = self.lastfm()?;
        let _one = self.begin_connecting(viewer.id)?;
        self.may_ask(&program.root).await?;
        let (user, now) = (viewer.id, self.ctx.now());
        let pending = self.ctx.db().read(move |tx| store::pending(tx, user, Service::Lastfm, now)).await;
        let Some(token) = pending.map_err(Error::Fault)? else { return Err(begin_again()) };
        let asked = lastfm::session(program, self.ctx.fetch(), &token).await.map_err(|error| away(&error))?;
        match asked {
            lastfm::Session::Open(name, session) => {
                let account = Account { root: program.root.clone(), name, batches: true };
                self.connect(viewer, Service::Lastfm, account, session).await
            }
            lastfm::Session::NotYet => Err(Error::not_yet(
                "not_allowed_yet",
                "Last.fm has not heard your yes yet",
                "Allow this house on the page of Last.fm, then finish here.",
            )),
            lastfm::Session::Expired => Err(begin_again()),
            lastfm::Session::Failed(words) => Err(not_now(&words)),
        }
    }

    /// Refuses while a server wants to be left alone by the whole house.
    async fn may_ask(&self, root: &str) -> Result<(), Error> {
        let (root, now) = (root.to_owned(), self.ctx.now());
        let quiet = self.ctx.db().read(move |tx| store::silence_of(tx, (&root, ""), now, now.plus(WAIT_MAX)));
        let Some(until) = quiet.await.map_err(Error::Fault)? else { return Ok(()) };
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "quiet", "The service asked for a pause");
        let words = "It wants to be left alone by this house for now. Try again when that is over.";
        Err(problem.detail(words).retry_after(until.since(now).as_secs() + 1).into())
    }

    fn lastfm(&self) -> Result<&Lastfm, Error> {
        self.config.lastfm.as_ref().ok_or(Error::NotFound)
    }

    /// Enters a connection. The same account again goes on with its queue; another begins with an empty one.
    async fn connect(
        &self,
        viewer: &Viewer,
        service: Service,
        account: Account,
        secret: Secret,
    ) -> Result<Connection, Error> {
        let (user, now, ctx) = (viewer.id, self.ctx.now(), self.ctx.clone());
        let connected = self.ctx.db().write(move |tx| {
            store::hold_connections(tx, user)?;
            store::delete_pending(tx, user, service)?;
            let before = store::connection_of(tx, user, service)?;
            let id = match before {
                Some(row) if row.root == account.root && row.name == account.name => {
                    store::mend_connection(tx, row.id, now)?;
                    store::mend_takeovers(tx, row.id, now)?;
                    row.id
                }
                before => {
                    if let Some(row) = before {
                        store::delete_connection(tx, row.id)?;
                    }
                    let id = ConnectionId(ctx.next_id());
                    store::insert_connection(tx, id, user, service, &account, now)?;
                    tx.emit(CONNECTED, user.0, &Connected { connection: id }, now)?;
                    id
                }
            };
            store::put_secret(tx, id, &secret)?;
            jobs::enqueue_send(tx, &ctx, id)?;
            wake(tx, user);
            let row = store::connection_of(tx, user, service)?;
            let row = row.ok_or_else(|| Fault::new("a connection is gone that was just entered"))?;
            shape(tx, row, now)
        });
        connected.await.map_err(Error::Fault)
    }

    /// Ends a connection. What waited is forgotten; what was sent stays there.
    pub async fn disconnect(&self, viewer: &Viewer, service: Service) -> Result<(), Error> {
        self.change(viewer, service, |tx, _, row| store::delete_connection(tx, row.id)).await
    }

    /// Tries now what waits, and once more what was refused, also what is taken over. A pause for which the service asked is
    /// kept.
    pub async fn retry(&self, viewer: &Viewer, service: Service) -> Result<(), Error> {
        let now = self.ctx.now();
        self.change(viewer, service, move |tx, ctx, row| {
            renew(tx, row, now)?;
            if row.state != State::Refused {
                store::mend_connection(tx, row.id, now)?;
                store::mend_takeovers(tx, row.id, now)?;
                jobs::enqueue_send(tx, ctx, row.id)?;
                tx.wake(TOPIC_QUEUED);
            }
            Ok(())
        })
        .await
    }

    /// What the service will not take, the last played first.
    pub async fn failed(
        &self,
        viewer: &Viewer,
        service: Service,
        query: &PageQuery,
    ) -> Result<Page<FailedListen>, Error> {
        let (user, limit) = (viewer.id, query.limit());
        let before = query.key::<i64>()?.unwrap_or(i64::MAX);
        let rows = self.ctx.db().read(move |tx| {
            let row = store::connection_of(tx, user, service)?.ok_or(Error::NotFound)?;
            Ok::<_, Error>(store::failed(tx, row.id, before, limit + 1)?)
        });
        let page = Page::cut(rows.await?, limit, |row| row.seq);
        Ok(page.map(|row| FailedListen {
            id: ListenId(row.seq),
            kind: row.kind,
            advice: advice(&row).to_owned(),
            title: row.facts.title,
            artist: row.facts.artist,
            listened_at: row.listened,
            problem: row.problem,
        }))
    }

    /// Forgets what the service will not take.
    pub async fn forget_failed(&self, viewer: &Viewer, service: Service) -> Result<(), Error> {
        self.change(viewer, service, |tx, _, row| {
            store::delete_failed(tx, row.id)?;
            store::clear_favours_problem(tx, row.id)
        })
        .await
    }

    /// Takes over what the viewer's account at `ListenBrainz` has noted, from now on and for as long as it is connected.
    /// Asked for once more, it begins anew; what was counted stays counted, once.
    pub async fn start_import(&self, viewer: &Viewer, start: ImportStart) -> Result<(), Error> {
        let since_s = start.since.map_or(0, Time::seconds).max(0);
        self.take_over(viewer, What::Listens, since_s).await
    }

    /// Takes nothing over any more. What was counted stays.
    pub async fn stop_import(&self, viewer: &Viewer) -> Result<(), Error> {
        self.change(viewer, Service::ListenBrainz, |tx, _, row| {
            store::delete_takeover(tx, row.id, What::Listens)
        })
        .await
    }

    /// Tells the viewer's favourites there from now on, or no more.
    pub async fn switch_favourites(
        &self,
        viewer: &Viewer,
        service: Service,
        switch: FavouritesSwitch,
    ) -> Result<(), Error> {
        self.change(viewer, service, move |tx, _, row| favourites::switch(tx, row, switch.told)).await
    }

    /// Takes over what the viewer's account at `ListenBrainz` loves now. Asked for once more, it begins anew.
    pub async fn take_over_favourites(&self, viewer: &Viewer) -> Result<(), Error> {
        self.take_over(viewer, What::Favourites, 0).await
    }

    /// Begins to take over, from the newest on.
    async fn take_over(&self, viewer: &Viewer, what: What, since_s: i64) -> Result<(), Error> {
        let next = Some(self.ctx.now());
        self.change(viewer, Service::ListenBrainz, move |tx, ctx, row| {
            let begun = TakeoverRow { since_s, next, ..TakeoverRow::default() };
            store::put_takeover(tx, row.id, what, &begun)?;
            jobs::enqueue_takeover(tx, ctx, row.id, what)
        })
        .await
    }

    /// Changes one of the viewer's connections, held meanwhile.
    async fn change(
        &self,
        viewer: &Viewer,
        service: Service,
        change: impl Fn(&mut Tx<'_>, &Ctx, &ConnectionRow) -> Result<(), Fault> + Send + 'static,
    ) -> Result<(), Error> {
        let (user, ctx): (UserId, Ctx) = (viewer.id, self.ctx.clone());
        let changed = self.ctx.db().write(move |tx| {
            let held = store::hold_connections(tx, user)?;
            let row = held.into_iter().find(|row| row.service == service).ok_or(Error::NotFound)?;
            change(tx, &ctx, &row)?;
            wake(tx, user);
            Ok(())
        });
        changed.await
    }
}

fn token(typed: &str) -> Result<Secret, Problem> {
    let token = typed.trim();
    let fits = !token.is_empty()
        && token.chars().count() <= TOKEN_CHARS_MAX
        && token.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits {
        let words = format!("A token is one word of at most {TOKEN_CHARS_MAX} plain letters and digits.");
        return Err(Problem::invalid("token", words));
    }
    Ok(Secret::new(token.to_owned()))
}

fn unasked(field: &str, error: FetchError) -> Error {
    match error {
        FetchError::Fault(fault) => Error::Fault(fault),
        error @ FetchError::Busy => busy(&error),
        error => Problem::invalid(field, error.to_string()).into(),
    }
}

fn away(error: &FetchError) -> Error {
    match error {
        FetchError::Busy => busy(error),
        error => not_now(&error.to_string()),
    }
}

fn busy(error: &FetchError) -> Error {
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too much at once");
    problem.detail(error.to_string()).retry_after(30).into()
}

fn not_now(words: &str) -> Error {
    Error::not_yet("lastfm_away", "Last.fm can't be asked now", words)
}

fn begin_again() -> Error {
    Error::not_yet(
        "begin_again",
        "This took too long",
        "Begin to connect once more, and allow it within an hour.",
    )
}
