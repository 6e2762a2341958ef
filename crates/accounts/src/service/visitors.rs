//! What a domain needs that lets people in who have no account: who answers for them, and the slowing of their guesses.

use std::net::IpAddr;

use http::HeaderMap;
use kernel::{Ctx, Fault, http::Viewer, id::UserId};

use super::guess;
use crate::{Config, Error, client, guesses, store::members};

/// What an account may see and do now, for something that is done in its name while it is not signed in. `None` when
/// there is no such account (any more), or it is shut.
pub async fn member(ctx: &Ctx, id: UserId) -> Result<Option<(Viewer, String)>, Fault> {
    let found = members::one(ctx.db(), id).await?.filter(|user| user.disabled_at.is_none());
    Ok(found.map(|user| {
        let viewer = Viewer { id, handle: user.handle, role: user.role, session: None, within: None };
        (viewer, user.name)
    }))
}

/// A visitor's guess that was counted before it is checked. Dropped, it stays counted.
#[derive(Clone, Debug)]
pub struct Guess(guess::Guess);

impl Guess {
    /// Counts a guess at the password of `what`, a name that only its domain gives, from `address`.
    ///
    /// # Errors
    /// [`Error::TooManyGuesses`] when none is taken now.
    pub async fn count(ctx: &Ctx, what: &str, address: Option<IpAddr>) -> Result<Self, Error> {
        guess::Guess::count_visitor(ctx, what, address).await.map(Self)
    }

    /// The guess was right.
    pub async fn was_right(self, ctx: &Ctx) -> Result<(), Fault> {
        ctx.db().write(move |tx| self.0.was_right(tx)).await
    }

    /// The guess was not checked at all.
    pub async fn was_not_checked(self, ctx: &Ctx) -> Result<(), Fault> {
        self.0.was_not_checked(ctx).await
    }
}

/// What counts as one address: all of an IPv6 /64, which one household or server owns whole.
pub fn network(address: Option<IpAddr>) -> String {
    guesses::network(address)
}

/// Where a request reached us, as `https://name:port` without a slash at the end: the public address if the operator said
/// one, else what the request asked for. `None` when it names no host.
pub fn origin(headers: &HeaderMap, config: &Config) -> Option<String> {
    client::origin(headers, config)
}
