//! Signing in and what comes of it.

use std::time::Duration;

use kernel::{Ctx, Fault, Page, PageQuery, Problem, Time, db::Tx, http::Viewer, id::UserId};

use super::{Accounts, guess::Guess, members, secret_hash, wake};
use crate::{
    Error,
    client::Client,
    model::{Handle, Session, SessionId, User},
    passwords::check_choice,
    store::{links, sessions, users},
};

/// Days that a session holds, used or not.
pub(crate) const SESSION_DAYS_MAX: u64 = 365;
/// How long a session holds, used or not.
const SESSION_LIFE: Duration = Duration::from_secs(SESSION_DAYS_MAX * 24 * 3600);
/// How long a session holds unused.
const SESSION_IDLE: Duration = Duration::from_hours(720);
/// How often it is noted that a session or an app token is used.
pub(crate) const SEEN_EVERY: Duration = Duration::from_mins(5);
/// Sessions of one account; one more ends the one that was seen least lately.
pub(crate) const SESSIONS_MAX: u32 = 100;
/// Characters of a session token.
const TOKEN_CHARS: usize = 43;

/// A session that was just made, with the token that only its browser is told.
pub(crate) struct SignedIn {
    pub(crate) user: User,
    pub(crate) token: String,
}

/// A session to be entered, and its token.
pub(crate) fn fresh(ctx: &Ctx, user: UserId, client: &Client) -> (sessions::NewSession, String) {
    let token = ctx.random().token();
    let now = ctx.now();
    let session = sessions::NewSession {
        id: SessionId(ctx.next_id()),
        user,
        token_hash: secret_hash(&token),
        agent: client.agent.clone(),
        now,
        expires: expiry(now, now),
    };
    (session, token)
}

fn expiry(created: Time, seen: Time) -> Time {
    seen.plus(SESSION_IDLE).min(created.plus(SESSION_LIFE))
}

/// Enters a session, ending the one that its browser had and those beyond the limit.
pub(crate) fn enter(
    tx: &mut Tx<'_>,
    session: &sessions::NewSession,
    replaced: Option<&Viewer>,
) -> Result<(), Fault> {
    if let Some((user, id)) = replaced.and_then(|viewer| Some((viewer.id, viewer.session?)))
        && sessions::delete(tx, user, SessionId(id))?
    {
        wake(tx, user);
    }
    sessions::insert(tx, session)?;
    if sessions::delete_beyond(tx, session.user, SESSIONS_MAX)? > 0 {
        wake(tx, session.user);
    }
    Ok(())
}

/// Signs in with a password. An unknown handle takes the same way through, and as long, as a known one.
pub(crate) async fn sign_in(
    accounts: &Accounts,
    client: &Client,
    handle: &str,
    password: String,
    replaced: Option<Viewer>,
) -> Result<SignedIn, Error> {
    let ctx = &accounts.ctx;
    let guess = Guess::count(ctx, handle, client.address).await?;
    let found = match Handle::parse(handle) {
        Ok(handle) => users::by_handle(ctx.db(), &handle).await?,
        Err(_) => None,
    };
    // Who was invited and has not come has no password that could be right.
    let hash = found.as_ref().map(|(_, hash)| hash.clone()).filter(|hash| !hash.is_empty());
    if !check(accounts, &guess, hash, password).await? {
        return Err(Error::Credentials);
    }
    let (user, hash) = found.ok_or(Error::Credentials)?;
    let (session, token) = fresh(ctx, user.id, client);
    ctx.db()
        .write(move |tx| {
            // The password may have been changed while this one was checked.
            if users::lock_password(tx, session.user)?.as_ref() != Some(&hash) {
                return Err(Error::Credentials);
            }
            // Told only to whoever knows the password.
            members::check_open(tx, session.user)?;
            enter(tx, &session, replaced.as_ref())?;
            guess.was_right(tx)?;
            Ok(())
        })
        .await?;
    Ok(SignedIn { user, token })
}

/// Checks a password whose guess was counted; the count is taken back when the check could not be made.
async fn check(
    accounts: &Accounts,
    guess: &Guess,
    hash: Option<String>,
    password: String,
) -> Result<bool, Error> {
    match accounts.passwords.verify(hash, password).await {
        Err(Error::Busy) => {
            guess.clone().was_not_checked(&accounts.ctx).await?;
            Err(Error::Busy)
        }
        other => other,
    }
}

/// Changes the viewer's password, ends all other sessions, and has no one-time link hold any more: whoever was given one
/// before must not undo the choice.
pub(crate) async fn change_password(
    accounts: &Accounts,
    client: &Client,
    viewer: Viewer,
    current: String,
    new: String,
) -> Result<(), Error> {
    let ctx = &accounts.ctx;
    let handle = Handle::parse(&viewer.handle)?;
    check_choice("new", &new, &handle)?;
    let guess = Guess::count(ctx, handle.as_str(), client.address).await?;
    let before = users::password(ctx.db(), viewer.id).await?.ok_or(Error::NotFound)?;
    let known = Some(before.clone()).filter(|hash| !hash.is_empty());
    if !check(accounts, &guess, known, current).await? {
        return Err(Error::CurrentPassword);
    }
    let hash = match accounts.passwords.hash(ctx.random(), new).await {
        Err(Error::Busy) => {
            guess.was_not_checked(ctx).await?;
            return Err(Error::Busy);
        }
        other => other?,
    };
    ctx.db()
        .write(move |tx| {
            if !users::set_password(tx, viewer.id, &before, &hash)? {
                return Err(Error::CurrentPassword);
            }
            sessions::delete_others(tx, viewer.id, viewer.session.map(SessionId))?;
            links::clear(tx, viewer.id)?;
            wake(tx, viewer.id);
            guess.was_right(tx)?;
            Ok(())
        })
        .await
}

/// Whom a session token signs in, if it holds.
pub(crate) async fn look_up(ctx: &Ctx, token: &str) -> Result<Option<Viewer>, Fault> {
    if token.len() != TOKEN_CHARS {
        return Ok(None);
    }
    let now = ctx.now();
    let Some(found) = sessions::by_token(ctx.db(), secret_hash(token), now).await? else { return Ok(None) };
    if now.since(found.seen) >= SEEN_EVERY {
        let (session, expires) = (found.session, expiry(found.created, now));
        let noted = ctx.db().write(move |tx| sessions::touch(tx, session, now, expires)).await;
        // Whoever is signed in stays so when nothing can be written, as on a full disk.
        if let Err(fault) = noted {
            tracing::warn!("that a session is used can't be noted: {fault}");
        }
    }
    Ok(Some(found.viewer))
}

/// The viewer's sessions, the newest first.
pub(crate) async fn list(ctx: &Ctx, viewer: &Viewer, query: &PageQuery) -> Result<Page<Session>, Problem> {
    let limit = query.limit();
    let mut rows = sessions::list(ctx.db(), viewer.id, query.key()?, limit + 1, ctx.now()).await?;
    for row in &mut rows {
        row.current = viewer.session == Some(row.id.0);
    }
    Ok(Page::cut(rows, limit, |row| row.id))
}

/// Ends one of somebody's sessions.
pub(crate) async fn end(ctx: &Ctx, user: UserId, id: SessionId) -> Result<(), Error> {
    ctx.db()
        .write(move |tx| {
            if !sessions::delete(tx, user, id)? {
                return Err(Error::NotFound);
            }
            wake(tx, user);
            Ok(())
        })
        .await
}
