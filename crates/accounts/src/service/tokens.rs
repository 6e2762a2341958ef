//! App tokens: what programs sign in with instead of a password.

use kernel::{Ctx, Fault, Page, PageQuery, Problem, http::Viewer, id::UserId};

use super::{music, secret_hash, session::SEEN_EVERY, wake};
use crate::{
    Error,
    model::{AppFolders, Handle, NewToken, Token, TokenId, TokenKind, label},
    store::{tokens as store, users},
};

/// What every app token begins with, so that people and scanners for leaked secrets know one when they see it.
const PREFIX: &str = "odeon_";
/// App tokens of one account.
pub(crate) const TOKENS_MAX: u32 = 50;

/// Makes an app token.
pub(crate) async fn add(
    ctx: &Ctx,
    user: UserId,
    typed_label: &str,
    (kind, folders): (TokenKind, AppFolders),
) -> Result<NewToken, Error> {
    let id = TokenId(ctx.next_id());
    let secret = match kind {
        TokenKind::Api => format!("{PREFIX}{}", ctx.random().token()),
        TokenKind::Subsonic => music::app_password(ctx.signer(), id),
    };
    let hash = secret_hash(&secret);
    let label = label(typed_label)?;
    let token = Token { id, label, kind, folders, created_at: ctx.now(), used_at: None };
    let entered = token.clone();
    ctx.db()
        .write(move |tx| {
            // Locked, so that two at once do not both find room for the last one.
            users::lock_password(tx, user)?;
            if store::count(tx, user)? >= TOKENS_MAX {
                return Err(Error::TooManyTokens);
            }
            store::insert(tx, user, &entered, hash)?;
            Ok(())
        })
        .await?;
    Ok(NewToken { id, label: token.label, kind, folders, created_at: token.created_at, token: secret })
}

/// Makes an app token for the account with this handle, from the command line. The answer is the token, to be sent
/// as `Authorization: Bearer <token>`; it can't be shown again.
pub async fn add_token(ctx: &Ctx, handle: &str, label: &str) -> Result<String, Error> {
    let handle = Handle::parse(handle)?;
    let Some((user, _)) = users::by_handle(ctx.db(), &handle).await? else {
        return Err(Error::invalid("handle", format!("Nobody has the handle {}.", handle.as_str())));
    };
    Ok(add(ctx, user.id, label, (TokenKind::Api, AppFolders::Tags)).await?.token)
}

/// Whom an app token signs in to the API, if it holds, and which it is. One that was made for music apps alone does not.
pub(crate) async fn look_up(ctx: &Ctx, token: &str) -> Result<Option<(Viewer, TokenId)>, Fault> {
    if !token.starts_with(PREFIX) {
        return Ok(None);
    }
    let found = store::by_token(ctx.db(), secret_hash(token)).await?;
    let Some(found) = found.filter(|found| found.kind == TokenKind::Api) else { return Ok(None) };
    note_use(ctx, &found).await;
    Ok(Some((found.viewer, found.token)))
}

/// Notes that an app token was used, unless that was noted a moment ago.
pub(super) async fn note_use(ctx: &Ctx, found: &store::Found) {
    let (now, token) = (ctx.now(), found.token);
    if found.used.is_none_or(|used| now.since(used) >= SEEN_EVERY) {
        let noted = ctx.db().write(move |tx| store::touch(tx, token, now)).await;
        // A program goes on working when nothing can be written, as on a full disk.
        if let Err(fault) = noted {
            tracing::warn!("that an app token is used can't be noted: {fault}");
        }
    }
}

/// The viewer's app tokens, the newest first.
pub(crate) async fn list(ctx: &Ctx, viewer: &Viewer, query: &PageQuery) -> Result<Page<Token>, Problem> {
    let limit = query.limit();
    let rows = store::list(ctx.db(), viewer.id, query.key()?, limit + 1).await?;
    Ok(Page::cut(rows, limit, |row| row.id))
}

/// Says anew what music apps that sign in with one of somebody's app tokens are given as folders.
pub(crate) async fn set_folders(
    ctx: &Ctx,
    user: UserId,
    id: TokenId,
    folders: AppFolders,
) -> Result<Token, Error> {
    let now = ctx.now();
    ctx.db()
        .write(move |tx| {
            store::set_folders(tx, user, id, folders, now)?;
            store::one(tx, user, id)?.ok_or(Error::NotFound)
        })
        .await
}

/// Revokes one of somebody's app tokens.
pub(crate) async fn revoke(ctx: &Ctx, user: UserId, id: TokenId) -> Result<(), Error> {
    ctx.db()
        .write(move |tx| {
            if !store::delete(tx, user, id)? {
                return Err(Error::NotFound);
            }
            wake(tx, user);
            Ok(())
        })
        .await
}
