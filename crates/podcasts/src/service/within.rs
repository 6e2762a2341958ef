//! What is done within a transaction, by requests and by jobs alike.

use kernel::{
    Ctx, Fault, Time,
    db::Tx,
    id::UserId,
    jobs::{self, NewJob},
};

use super::{LOAD_ATTEMPTS_MAX, PRIORITY_AWAITED, PRIORITY_EAGER};
use crate::{EpisodeId, Error, PodcastId, jobs as work, model::EpisodeState, store};

/// How often a feed is looked for that others enter and remove meanwhile.
const FEED_TRIES: usize = 3;

/// Has whoever else would give this account more wait until the transaction ends, so that what it has can be counted.
///
/// # Errors
/// [`Error::NotFound`] when the account is gone.
pub(super) fn hold_account(tx: &mut Tx<'_>, user: UserId) -> Result<(), Error> {
    if store::hold_account(tx, user)? { Ok(()) } else { Err(Error::NotFound) }
}

/// The feed at an address, entered when it is new, and held: nobody removes it before there is a subscription.
pub(crate) fn feed_for(tx: &mut Tx<'_>, ctx: &Ctx, address: &str, title: &str) -> Result<PodcastId, Fault> {
    for _ in 0..FEED_TRIES {
        if let Some(id) = store::feed_at(tx, address)?
            && store::hold_feed(tx, id)?
        {
            return Ok(id);
        }
        let fresh = PodcastId(ctx.next_id());
        if store::insert_feed(tx, fresh, address, title, ctx.now())? {
            return Ok(fresh);
        }
    }
    Err(Fault::new("a feed was entered and removed again and again at the same time"))
}

pub(super) fn enqueue_refresh(tx: &mut Tx<'_>, ctx: &Ctx, id: PodcastId, priority: i64) -> Result<(), Fault> {
    jobs::enqueue(tx, ctx, &NewJob::new(work::REFRESH_JOB, &id)?.key(id).priority(priority).attempts_max(3))
}

/// Has a feed read again that somebody waits for. What was just read would only take the place of feeds that wait.
pub(super) fn refresh_unless_recent(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    id: PodcastId,
    checked: Option<Time>,
) -> Result<(), Fault> {
    if checked.is_some_and(|checked| ctx.now().since(checked) < work::PAUSE_MIN) {
        return Ok(());
    }
    enqueue_refresh(tx, ctx, id, PRIORITY_AWAITED)
}

/// Somebody wants the bytes of an episode here; has them brought when they are not.
pub(crate) fn want(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    user: UserId,
    id: EpisodeId,
    feed: PodcastId,
    priority: i64,
) -> Result<EpisodeState, Error> {
    let row = store::load_row(tx, id)?.ok_or(Error::NotFound)?;
    let fresh = store::want(tx, user, id, feed, ctx.now())?;
    // What failed is tried again by whoever asks anew; those who wait see why it failed first.
    if row.state == EpisodeState::Ready || (row.state == EpisodeState::Failed && !fresh) {
        return Ok(row.state);
    }
    Ok(load(tx, ctx, id, priority)?)
}

/// Has the bytes of an episode brought here.
pub(crate) fn load(tx: &mut Tx<'_>, ctx: &Ctx, id: EpisodeId, priority: i64) -> Result<EpisodeState, Fault> {
    store::set_state(tx, id, EpisodeState::Waiting, None)?;
    enqueue_load(tx, ctx, id, priority)?;
    Ok(EpisodeState::Waiting)
}

pub(crate) fn enqueue_load(tx: &mut Tx<'_>, ctx: &Ctx, id: EpisodeId, priority: i64) -> Result<(), Fault> {
    let job = NewJob::new(work::LOAD_JOB, &id)?.key(id).priority(priority).attempts_max(LOAD_ATTEMPTS_MAX);
    jobs::enqueue(tx, ctx, &job)
}

/// Somebody no longer wants the bytes of an episode. They go when nobody does.
pub(crate) fn let_go(tx: &mut Tx<'_>, ctx: &Ctx, user: UserId, id: EpisodeId) -> Result<(), Fault> {
    // Whether somebody else does is looked at when it runs: here two who let go at once would each see the other.
    if store::unwant(tx, user, id)? {
        jobs::enqueue(tx, ctx, &NewJob::new(work::DROP_JOB, &id)?.key(id).attempts_max(20))?;
    }
    Ok(())
}

/// Ends everything that somebody had here who has no account any more. What is under way is waited for, and what comes
/// later is refused.
pub(crate) fn leave(tx: &mut Tx<'_>, ctx: &Ctx, user: UserId) -> Result<(), Fault> {
    store::mark_gone(tx, user)?;
    for feed in store::feeds_of(tx, user)? {
        store::unsubscribe(tx, user, feed)?;
        keep_newest(tx, ctx, user, feed, 0)?;
        enqueue_refresh(tx, ctx, feed, PRIORITY_EAGER)?;
    }
    store::forget_progress(tx, user)
}

/// Lets go of all but the newest `keep` downloads that somebody has of a podcast.
pub(crate) fn keep_newest(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    user: UserId,
    feed: PodcastId,
    keep: u32,
) -> Result<(), Fault> {
    keep_newest_but(tx, ctx, user, feed, keep, None)
}

/// The same, but never of the one that was just asked for, however old it is.
pub(super) fn keep_newest_but(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    user: UserId,
    feed: PodcastId,
    keep: u32,
    but: Option<EpisodeId>,
) -> Result<(), Fault> {
    let wanted = store::wanted_of(tx, user, feed)?;
    let others: Vec<_> = wanted.iter().filter(|id| Some(**id) != but).collect();
    let keep = (keep as usize).saturating_sub(wanted.len() - others.len());
    for id in others.into_iter().skip(keep) {
        let_go(tx, ctx, user, *id)?;
    }
    Ok(())
}
