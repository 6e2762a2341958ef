//! Running the house's accounts: roles, shutting, removal, and the one-time links with which owners choose passwords.
//!
//! All of it is for administrators, which is asked here and not by who calls. Nobody but its owner ever learns a password: an administrator makes a link, and whoever holds it chooses. Of the
//! administrators who can come in one is always left.

use std::time::Duration;

use kernel::{
    Ctx, Page, PageQuery, Problem, Time,
    db::Tx,
    http::{Role, Viewer},
    id::UserId,
};
use serde::{Deserialize, Serialize};

use super::{
    Accounts, secret_hash, session,
    session::SignedIn,
    users::{self, Choice},
    wake,
};
use crate::{
    Error,
    client::Client,
    model::{Handle, LinkHolder, Member, NewLink, name},
    passwords::check_choice,
    store::{links, members as store, sessions, tokens, users as people},
};

/// How long a one-time link holds unless it is used.
pub(crate) const LINK_LIFE: Duration = Duration::from_hours(7 * 24);
/// Characters of a link's token.
const TOKEN_CHARS: usize = 43;

/// Kind of the event that an account was changed; its subject is the account.
pub const USER_CHANGED: &str = "accounts.user_changed";
/// Kind of the event that an account was removed; its subject is the account.
pub const USER_REMOVED: &str = "accounts.user_removed";

/// The particulars of [`USER_CHANGED`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserChanged {
    /// The handle.
    pub handle: String,
    /// The shown name.
    pub name: String,
    /// The role.
    pub role: Role,
    /// Whether the account is shut.
    pub disabled: bool,
}

/// The particulars of [`USER_REMOVED`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserRemoved {
    /// When.
    pub removed_at: Time,
}

/// What is to be changed of an account.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// How it is shown; empty for the same as the handle.
    pub name: Option<String>,
    /// What it may do.
    pub role: Option<Role>,
    /// Whether it is shut.
    pub disabled: Option<bool>,
}

/// Refuses everybody who does not run the house.
fn require(viewer: &Viewer) -> Result<(), Error> {
    viewer.require(Role::Admin).map_err(|problem| Error::Forbidden(Box::new(problem)))
}

/// The accounts, the oldest first.
pub(crate) async fn list(ctx: &Ctx, viewer: &Viewer, query: &PageQuery) -> Result<Page<Member>, Problem> {
    require(viewer)?;
    let (limit, now) = (query.limit(), ctx.now());
    let rows = store::list(ctx.db(), query.key()?, limit + 1).await?;
    Ok(Page::cut(rows, limit, |row| row.id).map(|member| as_of(member, now)))
}

/// Makes an account; one without a password waits for its owner, who chooses it by a link.
pub(crate) async fn add(
    accounts: &Accounts,
    viewer: &Viewer,
    (handle, name): (&str, &str),
    password: Option<String>,
    role: Role,
) -> Result<Member, Error> {
    require(viewer)?;
    let choice = match password {
        Some(password) => Choice::check(handle, name, password)?,
        None => Choice::without_password(handle, name)?,
    };
    let user = users::add(&accounts.ctx, &accounts.passwords, choice, role).await?;
    get(&accounts.ctx, user.id).await
}

/// One account.
async fn get(ctx: &Ctx, id: UserId) -> Result<Member, Error> {
    let found = store::one(ctx.db(), id).await?.ok_or(Error::NotFound)?;
    Ok(as_of(found, ctx.now()))
}

/// A link that has expired is none.
fn as_of(member: Member, now: Time) -> Member {
    Member { link_until: member.link_until.filter(|until| *until > now), ..member }
}

/// Refuses what would leave nobody to run the house.
fn keep_one_admin(admins: &[UserId], id: UserId) -> Result<(), Error> {
    if admins == [id] { Err(Error::LastAdmin) } else { Ok(()) }
}

/// Changes an account, as an administrator does. What it may do counts from the next request on; one that is shut is
/// signed out everywhere.
///
/// # Errors
/// [`Error::Forbidden`]; [`Error::LastAdmin`] when nobody would be left to run the house, [`Error::OwnAccount`] for shutting one's own.
pub async fn change(ctx: &Ctx, viewer: &Viewer, id: UserId, edit: Edit) -> Result<Member, Error> {
    require(viewer)?;
    let (now, by) = (ctx.now(), viewer.id);
    ctx.db()
        .write(move |tx| {
            let admins = store::lock_admins(tx)?;
            let old = store::lock(tx, id)?.ok_or(Error::NotFound)?;
            let handle = Handle::parse(&old.handle)?;
            let shown = edit.name.as_deref().map(|typed| name(typed, &handle)).transpose()?;
            let shown = shown.unwrap_or(old.name);
            let role = edit.role.unwrap_or(old.role);
            let disabled = edit.disabled.unwrap_or(old.disabled_at.is_some());
            if disabled && id == by {
                return Err(Error::OwnAccount);
            }
            if disabled || role < Role::Admin {
                keep_one_admin(&admins, id)?;
            }
            let since = disabled.then(|| old.disabled_at.unwrap_or(now));
            store::update(tx, id, &shown, role, since)?;
            if disabled {
                sessions::delete_all(tx, id)?;
                links::clear(tx, id)?;
            }
            let changed = UserChanged { handle: old.handle, name: shown, role, disabled };
            tx.emit(USER_CHANGED, id.0, &changed, now)?;
            wake(tx, id);
            Ok(())
        })
        .await?;
    get(ctx, id).await
}

/// Removes an account with its sessions, tokens and link; the other domains hear of it and remove what was its own.
///
/// # Errors
/// [`Error::Forbidden`], [`Error::LastAdmin`] and [`Error::OwnAccount`], as [`change`].
pub async fn remove(ctx: &Ctx, viewer: &Viewer, id: UserId) -> Result<(), Error> {
    require(viewer)?;
    let (now, by) = (ctx.now(), viewer.id);
    ctx.db()
        .write(move |tx| {
            let admins = store::lock_admins(tx)?;
            store::lock(tx, id)?.ok_or(Error::NotFound)?;
            if id == by {
                return Err(Error::OwnAccount);
            }
            keep_one_admin(&admins, id)?;
            sessions::delete_all(tx, id)?;
            tokens::delete_all(tx, id)?;
            links::clear(tx, id)?;
            store::delete(tx, id)?;
            tx.emit(USER_REMOVED, id.0, &UserRemoved { removed_at: now }, now)?;
            wake(tx, id);
            Ok(())
        })
        .await
}

/// Makes the one link with which an account's owner chooses a password; one that was made before holds no more.
pub(crate) async fn make_link(ctx: &Ctx, viewer: &Viewer, id: UserId) -> Result<NewLink, Error> {
    require(viewer)?;
    put_link(ctx, id).await
}

async fn put_link(ctx: &Ctx, id: UserId) -> Result<NewLink, Error> {
    let token = ctx.random().token();
    let (hash, expires) = (secret_hash(&token), ctx.now().plus(LINK_LIFE));
    ctx.db()
        .write(move |tx| {
            let member = store::lock(tx, id)?.ok_or(Error::NotFound)?;
            if member.disabled_at.is_some() {
                return Err(Error::Disabled);
            }
            links::put(tx, id, hash, expires)?;
            Ok(())
        })
        .await?;
    Ok(NewLink { token, expires_at: expires })
}

/// The same for the command line, by handle.
pub async fn link_for(ctx: &Ctx, handle: &str) -> Result<NewLink, Error> {
    let handle = Handle::parse(handle)?;
    let Some((user, _)) = people::by_handle(ctx.db(), &handle).await? else {
        return Err(Error::invalid("handle", format!("Nobody has the handle {}.", handle.as_str())));
    };
    put_link(ctx, user.id).await
}

/// Whose link this is.
async fn holder(ctx: &Ctx, token: &str) -> Result<(UserId, Time), Error> {
    if token.len() != TOKEN_CHARS {
        return Err(Error::Link);
    }
    links::holder(ctx.db(), secret_hash(token), ctx.now()).await?.ok_or(Error::Link)
}

/// What whoever holds a link is told before choosing a password.
pub(crate) async fn look_at_link(ctx: &Ctx, token: &str) -> Result<LinkHolder, Error> {
    let (id, expires_at) = holder(ctx, token).await?;
    let member = store::one(ctx.db(), id).await?.ok_or(Error::Link)?;
    Ok(LinkHolder { handle: member.handle, name: member.name, invited: member.invited, expires_at })
}

/// Takes the password that whoever holds a link chose, ends all sessions of the account and begins a new one. App tokens
/// stay. Of several who use a link at once one succeeds.
pub(crate) async fn use_link(
    accounts: &Accounts,
    client: &Client,
    token: &str,
    password: String,
) -> Result<SignedIn, Error> {
    let ctx = &accounts.ctx;
    // Looked at first so that only whoever has a link can make the machine hash.
    let (id, _) = holder(ctx, token).await?;
    let user = users::get(ctx, id).await.map_err(|_| Error::Link)?;
    check_choice("password", &password, &Handle::parse(&user.handle)?)?;
    let hash = accounts.passwords.hash(ctx.random(), password).await?;
    let (session, session_token) = session::fresh(ctx, id, client);
    let (token_hash, now) = (secret_hash(token), ctx.now());
    ctx.db()
        .write(move |tx| {
            if !links::take(tx, id, token_hash, now)? || !store::give_password(tx, id, &hash)? {
                return Err(Error::Link);
            }
            sessions::delete_all(tx, id)?;
            wake(tx, id);
            session::enter(tx, &session, None)?;
            Ok(())
        })
        .await?;
    Ok(SignedIn { user, token: session_token })
}

/// Whether an account is shut, within a transaction that holds it.
pub(crate) fn check_open(tx: &mut Tx<'_>, id: UserId) -> Result<(), Error> {
    if store::is_disabled(tx, id)? { Err(Error::Disabled) } else { Ok(()) }
}
