//! What music apps sign in with: API keys, app passwords as they stand, and app passwords proven by a salted hash.
//!
//! The Subsonic protocol of old has clients send `md5(password + salt)`, which a server can only check when it knows
//! the password. So this works with app passwords of [`TokenKind::Subsonic`] alone. They are made by the house: a keyed
//! hash of the token's number, which can be made again and therefore is not kept. The account's own password is never
//! taken here, not even in the clear, since these requests carry what they bring in their address.

use std::{collections::HashMap, net::IpAddr};

use http::request::Parts;
use kernel::{
    Ctx, Fault, Time,
    db::Tx,
    http::{AppKey, Role, Viewer},
    id::UserId,
    sign::Signer,
};

use super::{guess, secret_hash, tokens, users, users::Choice};
use crate::{
    Config, Error,
    client::Client,
    model::{AppFolders, Handle, TokenId, TokenKind, User},
    passwords::Passwords,
    store::{members, tokens as store, tokens::Found, users as people},
};

/// The purpose of the keyed hash that an app password is made of.
const PURPOSE: &str = "accounts.app_password";
/// Letters that nobody mistakes for one another, 32 of them.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Letters of an app password, five bits each: 120 bits.
const LETTERS_COUNT: usize = 24;
/// Letters between two hyphens.
const GROUP: usize = 6;
/// Longest secret that is looked up.
const SECRET_BYTES_MAX: usize = 256;

/// Somebody whom a music app signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub viewer: Viewer,
    /// What the token that was used opens.
    pub kind: TokenKind,
    /// Which that was.
    pub key: AppKey,
    /// What the app is given as folders.
    pub folders: AppFolders,
    /// Since when it is given that, unless it always was.
    pub folders_since: Option<Time>,
}

impl From<Found> for Caller {
    fn from(found: Found) -> Self {
        let Found { viewer, token, kind, folders, folders_since, .. } = found;
        Self { viewer, kind, key: AppKey(Some(token.0)), folders, folders_since }
    }
}

/// What became of a salted proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It proves one of the app passwords.
    Holds(Caller),
    /// It proves none of those that there are.
    Wrong,
    /// There is no app password that could be proven; also for a handle that nobody has.
    NothingToProve,
}

/// The app password with this number.
pub(crate) fn app_password(signer: &Signer, id: TokenId) -> String {
    // The signature has 128 bits; hashing it once more spreads them over bytes to take letters from.
    let hash = blake3::hash(signer.sign(PURPOSE, &id.to_string()).as_bytes());
    let letters = hash.as_bytes().iter().take(LETTERS_COUNT).enumerate();
    letters.fold(String::with_capacity(LETTERS_COUNT + 3), |mut text, (place, byte)| {
        if place > 0 && place % GROUP == 0 {
            text.push('-');
        }
        text.push(char::from(LETTERS[usize::from(byte & 31)]));
        text
    })
}

/// Whom a token of either kind signs in, if it holds.
pub async fn by_token(ctx: &Ctx, token: &str) -> Result<Option<Caller>, Fault> {
    if token.is_empty() || token.len() > SECRET_BYTES_MAX {
        return Ok(None);
    }
    let Some(found) = store::by_token(ctx.db(), secret_hash(token)).await? else { return Ok(None) };
    tokens::note_use(ctx, &found).await;
    Ok(Some(found.into()))
}

/// Whom a salted proof signs in. `proves` says whether an app password fits it, in constant time; it is asked about
/// each of the account's app passwords until one does.
pub async fn by_proof(ctx: &Ctx, handle: &str, proves: impl Fn(&str) -> bool) -> Result<Proof, Fault> {
    let Ok(handle) = Handle::parse(handle) else { return Ok(Proof::NothingToProve) };
    let kind = TokenKind::Subsonic;
    let known = store::of_handle(ctx.db(), handle.as_str(), kind, tokens::TOKENS_MAX).await?;
    if known.is_empty() {
        return Ok(Proof::NothingToProve);
    }
    let found = known.into_iter().find(|found| proves(&app_password(ctx.signer(), found.token)));
    let Some(found) = found else { return Ok(Proof::Wrong) };
    tokens::note_use(ctx, &found).await;
    Ok(Proof::Holds(found.into()))
}

/// Counts a sign-in that failed against the address that tried. Says whether such are being slowed, in which case the
/// caller tells nothing about this one. What is right is taken nevertheless: it is too long to be guessed, and nobody is
/// to lock somebody else's phone out.
pub async fn note_failure(ctx: &Ctx, address: Option<IpAddr>) -> Result<bool, Fault> {
    guess::count_music_failure(ctx, address).await
}

/// Where a request came from, as far as `config` lets it be believed.
pub fn address(parts: &Parts, config: &Config) -> Option<IpAddr> {
    Client::of(parts, config).address
}

/// An account.
pub async fn user(ctx: &Ctx, id: UserId) -> Result<Option<User>, Fault> {
    people::by_id(ctx.db(), id).await
}

/// Whether an account is shut; one that is gone is not.
pub async fn is_shut(ctx: &Ctx, id: UserId) -> Result<bool, Fault> {
    Ok(members::one(ctx.db(), id).await?.is_some_and(|member| member.disabled_at.is_some()))
}

/// The same within a transaction, which holds the account: it stays as it is until that ends.
pub fn is_held_shut(tx: &mut Tx<'_>, id: UserId) -> Result<bool, Fault> {
    Ok(members::lock(tx, id)?.is_some_and(|member| member.disabled_at.is_some()))
}

/// An account by what it is called, capitals or not.
pub async fn user_by_handle(ctx: &Ctx, handle: &str) -> Result<Option<User>, Fault> {
    let Ok(handle) = Handle::parse(handle) else { return Ok(None) };
    Ok(people::by_handle(ctx.db(), &handle).await?.map(|(user, _)| user))
}

/// Accounts after `after`, the oldest first, at most `rows`.
pub async fn users_after(ctx: &Ctx, after: Option<UserId>, rows: u32) -> Result<Vec<User>, Fault> {
    people::list(ctx.db(), after, rows).await
}

/// What these accounts are called; those that are gone are left out.
pub async fn handles(ctx: &Ctx, ids: Vec<UserId>) -> Result<HashMap<UserId, String>, Fault> {
    Ok(people::handles(ctx.db(), &ids).await?.into_iter().collect())
}

/// Makes an account, as an administrator does. `passwords` is the line in which its password waits to be hashed.
pub async fn add_user(
    ctx: &Ctx,
    passwords: &Passwords,
    handle: &str,
    role: Role,
    password: String,
) -> Result<User, Error> {
    let choice = Choice::check(handle, "", password)?;
    users::add(ctx, passwords, choice, role).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_password_is_the_same_each_time_and_another_for_each_number_and_house() {
        let signer = Signer::with_key([1; 32]);
        let one = app_password(&signer, TokenId(1));
        assert_eq!(one, app_password(&signer, TokenId(1)));
        assert_ne!(one, app_password(&signer, TokenId(2)));
        assert_ne!(one, app_password(&Signer::with_key([2; 32]), TokenId(1)));
        assert_eq!(one.split('-').map(str::len).collect::<Vec<_>>(), [6, 6, 6, 6]);
        assert!(one.bytes().all(|letter| letter == b'-' || LETTERS.contains(&letter)), "{one}");
    }
}
