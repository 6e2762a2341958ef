//! The first run: whoever holds the link that the program printed becomes the first administrator.

use kernel::{Ctx, Fault, http::Role};

use super::{Accounts, secret_hash, session, session::SignedIn, users::Choice};
use crate::{
    Error,
    client::Client,
    store::{setup as store, users},
};

/// When there is no account yet: a fresh one-time token for the set-up link, `<address>/setup#token=<token>`. It holds
/// until it is used or until this is called again, which the program does at each start. `None` when the house is
/// set up.
pub async fn setup_link_token(ctx: &Ctx) -> Result<Option<String>, Fault> {
    let token = ctx.random().token();
    let (hash, now) = (secret_hash(&token), ctx.now());
    let made = ctx.db().write(move |tx| {
        if users::is_there_any_in(tx)? {
            return Ok::<_, Fault>(false);
        }
        store::put(tx, hash, now)?;
        Ok(true)
    });
    Ok(made.await?.then_some(token))
}

/// Whether nobody has an account yet.
pub(crate) async fn is_needed(ctx: &Ctx) -> Result<bool, Fault> {
    Ok(!users::is_there_any(ctx.db()).await?)
}

/// Makes the first administrator and signs it in. However many try at once, one succeeds. Only whoever has the token
/// is told what is wrong with the choice.
pub(crate) async fn set_up(
    accounts: &Accounts,
    client: &Client,
    token: &str,
    choice: Result<Choice, Error>,
) -> Result<SignedIn, Error> {
    let ctx = &accounts.ctx;
    if !is_needed(ctx).await? {
        return Err(Error::SetupDone);
    }
    let token_hash = secret_hash(token);
    // Looked at first so that only whoever has the token can make the machine hash.
    if !store::holds(ctx.db(), token_hash).await? {
        // Another may have taken it since the first look.
        return Err(if is_needed(ctx).await? { Error::SetupToken } else { Error::SetupDone });
    }
    let (user, password) = choice?.make(ctx, &accounts.passwords, Role::Admin).await?;
    let (session, token) = session::fresh(ctx, user.id, client);
    let entered = user.clone();
    ctx.db()
        .write(move |tx| {
            let won = store::take(tx, token_hash)?;
            // Whoever waited here for another to take the token sees that other's account now.
            if users::is_there_any_in(tx)? {
                return Err(Error::SetupDone);
            }
            if !won {
                return Err(Error::SetupToken);
            }
            super::users::enter(tx, &entered, &password)?;
            session::enter(tx, &session, None)?;
            Ok(())
        })
        .await?;
    Ok(SignedIn { user, token })
}
