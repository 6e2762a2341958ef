//! Counting guesses around the checking of a password.
//!
//! A guess that is taken costs a write, which waits for all others. Whether one is taken is asked before that, by a
//! read: who is over the limit and goes on keeps nobody from writing. What decides is still the count that is held.

use std::{net::IpAddr, time::Duration};

use kernel::{Ctx, Fault, Time, db::Tx};

use crate::{
    Error,
    guesses::{Count, Rule, keys, music_key, visitor_keys},
    store::guesses as store,
};

/// A guess that was counted before it is checked. Dropped, it stays counted.
#[derive(Clone, Debug)]
pub(crate) struct Guess {
    address: Counted,
    account: Counted,
}

#[derive(Clone, Debug)]
struct Counted {
    key: String,
    made: Count,
    /// Until when the pause before this guess had lasted.
    before: Time,
}

impl Guess {
    /// Counts a guess against `handle` and `address`, or says that none is taken now.
    pub(crate) async fn count(ctx: &Ctx, handle: &str, address: Option<IpAddr>) -> Result<Self, Error> {
        Self::count_under(ctx, keys(ctx.signer(), handle, address)).await
    }

    /// Counts a visitor's guess at the password of `what`, or says that none is taken now.
    pub(crate) async fn count_visitor(ctx: &Ctx, what: &str, address: Option<IpAddr>) -> Result<Self, Error> {
        Self::count_under(ctx, visitor_keys(ctx.signer(), what, address)).await
    }

    /// Counts a guess under two keys: of the first one is forgiven when it was right, of the second all.
    async fn count_under(ctx: &Ctx, keys: [(String, Rule); 2]) -> Result<Self, Error> {
        let now = ctx.now();
        let each = keys.iter().map(|(key, _)| key.clone()).collect();
        let wait = paused(ctx, each, now).await?;
        if wait > Duration::ZERO {
            return Err(Error::TooManyGuesses(wait));
        }
        ctx.db()
            .write(move |tx| {
                let mut wait = Duration::ZERO;
                let mut made = Vec::with_capacity(keys.len());
                for (key, rule) in &keys {
                    let count = store::lock(tx, key, now)?;
                    match rule.guess(count, now) {
                        Ok(counted) => made.push((key, count.until, counted)),
                        Err(pause) => wait = wait.max(pause),
                    }
                }
                if wait > Duration::ZERO {
                    return Err(Error::TooManyGuesses(wait));
                }
                for (key, _, counted) in &made {
                    store::put(tx, key, counted)?;
                }
                let mut made = made.into_iter().map(|(key, before, counted)| Counted {
                    key: key.clone(),
                    made: counted.count,
                    before,
                });
                match (made.next(), made.next()) {
                    (Some(address), Some(account)) => Ok(Self { address, account }),
                    _ => Err(Fault::new("a guess was not counted twice").into()),
                }
            })
            .await
    }

    /// The guess was right: the address has one less, and the account, whose owner this is, none.
    pub(crate) fn was_right(&self, tx: &mut Tx<'_>) -> Result<(), Fault> {
        self.address.take_back(tx)?;
        store::forget(tx, &self.account.key)?;
        Ok(())
    }

    /// The guess was not checked at all.
    pub(crate) async fn was_not_checked(self, ctx: &Ctx) -> Result<(), Fault> {
        ctx.db()
            .write(move |tx| {
                self.address.take_back(tx)?;
                self.account.take_back(tx)
            })
            .await?;
        Ok(())
    }
}

/// For how long no guess is taken under any of these keys, as far as was written.
async fn paused(ctx: &Ctx, keys: Vec<String>, now: Time) -> Result<Duration, Fault> {
    ctx.db()
        .read(move |tx| {
            let mut wait = Duration::ZERO;
            for key in &keys {
                let until = store::paused_until(tx, key)?.filter(|until| now < *until);
                wait = wait.max(until.map_or(Duration::ZERO, |until| until.since(now)));
            }
            Ok(wait)
        })
        .await
}

/// Counts a failed sign-in of a music app; says whether such are being slowed.
pub(crate) async fn count_music_failure(ctx: &Ctx, address: Option<IpAddr>) -> Result<bool, Fault> {
    let (key, rule) = music_key(ctx.signer(), address);
    let now = ctx.now();
    if paused(ctx, vec![key.clone()], now).await? > Duration::ZERO {
        return Ok(true);
    }
    ctx.db()
        .write(move |tx| {
            let count = store::lock(tx, &key, now)?;
            let Ok(counted) = rule.guess(count, now) else { return Ok(true) };
            store::put(tx, &key, &counted)?;
            Ok(false)
        })
        .await
}

impl Counted {
    fn take_back(&self, tx: &mut Tx<'_>) -> Result<u64, Fault> {
        store::take_back(tx, &self.key, self.made, self.before)
    }
}
