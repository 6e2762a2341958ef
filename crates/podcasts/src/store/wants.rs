//! Who wants the bytes of an episode here, and the bytes.

use catalog::MediaId;
use kernel::{Fault, Time, db::Tx, id::UserId, params, sql};

use super::signed;
use crate::{EpisodeId, PodcastId, model::EpisodeState};

/// False when it was wanted already.
pub(crate) fn want(
    tx: &mut Tx<'_>,
    user: UserId,
    id: EpisodeId,
    feed: PodcastId,
    now: Time,
) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!(
            "INSERT INTO podcasts_want (user_id, episode_id, feed_id, wanted_us) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING"
        ),
        params![user, id, feed, now],
    )?;
    Ok(rows == 1)
}

pub(crate) fn unwant(tx: &mut Tx<'_>, user: UserId, id: EpisodeId) -> Result<bool, Fault> {
    let rows =
        tx.run(sql!("DELETE FROM podcasts_want WHERE user_id = $1 AND episode_id = $2"), params![user, id])?;
    Ok(rows == 1)
}

pub(crate) fn count_wanted(tx: &mut Tx<'_>, user: UserId) -> Result<u64, Fault> {
    let sql = sql!("SELECT COUNT(*) FROM podcasts_want WHERE user_id = $1");
    Ok(tx.one(sql, params![user], |row| row.get(0))?.unwrap_or(0))
}

/// Those who want the bytes of an episode.
pub(crate) fn wanting(tx: &mut Tx<'_>, id: EpisodeId) -> Result<Vec<UserId>, Fault> {
    tx.all(
        sql!("SELECT user_id FROM podcasts_want WHERE episode_id = $1 ORDER BY user_id LIMIT 1000"),
        params![id],
        |row| row.get(0),
    )
}

/// What somebody wants of a feed, the newest first.
pub(crate) fn wanted_of(tx: &mut Tx<'_>, user: UserId, feed: PodcastId) -> Result<Vec<EpisodeId>, Fault> {
    tx.all(
        sql!(
            "SELECT w.episode_id FROM podcasts_want w JOIN podcasts_episode e ON e.id = w.episode_id
             WHERE w.user_id = $1 AND w.feed_id = $2 ORDER BY e.published_us DESC, e.id DESC"
        ),
        params![user, feed],
        |row| Ok(EpisodeId(row.get(0)?)),
    )
}

pub(crate) fn is_wanted(tx: &mut Tx<'_>, id: EpisodeId) -> Result<bool, Fault> {
    let sql = sql!("SELECT 1 FROM podcasts_want WHERE episode_id = $1 LIMIT 1");
    Ok(tx.one(sql, params![id], |_| Ok(()))?.is_some())
}

/// An episode as the job that loads it needs it.
#[derive(Clone, Debug)]
pub(crate) struct LoadRow {
    pub(crate) enclosure: String,
    pub(crate) chapters: Option<String>,
    pub(crate) state: EpisodeState,
    pub(crate) media: Option<MediaId>,
    /// How often it was tried again by itself after it had failed.
    pub(crate) tries: u32,
}

/// Holds the episode until the transaction ends, so that nobody begins to want it between a look at who does and what
/// is done upon that: look at [`is_wanted`] after this.
pub(crate) fn load_row(tx: &mut Tx<'_>, id: EpisodeId) -> Result<Option<LoadRow>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT enclosure, chapters_address, state, media_id, tries FROM podcasts_episode WHERE id = $1",
            postgres: "SELECT enclosure, chapters_address, state, media_id, tries FROM podcasts_episode WHERE id = $1
                FOR UPDATE"
        ),
        params![id],
        |row| {
            let state: String = row.get(2)?;
            let state = EpisodeState::from_word(&state);
            Ok(LoadRow {
                enclosure: row.get(0)?,
                chapters: row.get(1)?,
                state,
                media: row.get(3)?,
                tries: row.get(4)?,
            })
        },
    )
}

pub(crate) fn set_state(
    tx: &mut Tx<'_>,
    id: EpisodeId,
    state: EpisodeState,
    problem: Option<&str>,
) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE podcasts_episode SET state = $2, problem = $3 WHERE id = $1"),
        params![id, state.word(), problem],
    )?;
    Ok(())
}

/// An episode that is waited for does not come; `retry` is when it is tried again by itself, if it is.
pub(crate) fn set_failed(
    tx: &mut Tx<'_>,
    id: EpisodeId,
    problem: &str,
    retry: Option<Time>,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE podcasts_episode SET state = 'failed', problem = $2, retry_us = $3, tries = tries + 1
             WHERE id = $1 AND state = 'waiting'"
        ),
        params![id, problem, retry],
    )?;
    Ok(())
}

/// Episodes in a state that nobody wants.
pub(crate) fn unwanted(tx: &mut Tx<'_>, state: EpisodeState, limit: u32) -> Result<Vec<EpisodeId>, Fault> {
    tx.all(
        sql!(
            "SELECT id FROM podcasts_episode WHERE state = $1
                AND NOT EXISTS (SELECT 1 FROM podcasts_want w WHERE w.episode_id = podcasts_episode.id)
             ORDER BY id LIMIT $2"
        ),
        params![state.word(), limit],
        |row| Ok(EpisodeId(row.get(0)?)),
    )
}

/// Episodes that are waited for.
pub(crate) fn waited_for(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<EpisodeId>, Fault> {
    tx.all(
        sql!("SELECT id FROM podcasts_episode WHERE state = 'waiting' ORDER BY id LIMIT $1"),
        params![limit],
        |row| Ok(EpisodeId(row.get(0)?)),
    )
}

/// Episodes that failed and are to be tried again by now.
pub(crate) fn to_retry(tx: &mut Tx<'_>, now: Time, limit: u32) -> Result<Vec<EpisodeId>, Fault> {
    tx.all(
        sql!(
            "SELECT id FROM podcasts_episode WHERE state = 'failed' AND retry_us <= $1
                AND EXISTS (SELECT 1 FROM podcasts_want w WHERE w.episode_id = podcasts_episode.id)
             ORDER BY id LIMIT $2"
        ),
        params![now, limit],
        |row| Ok(EpisodeId(row.get(0)?)),
    )
}

/// The bytes are here.
pub(crate) fn set_ready(
    tx: &mut Tx<'_>,
    id: EpisodeId,
    media: MediaId,
    duration_ms: u64,
    chapters: &str,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE podcasts_episode SET state = 'ready', problem = NULL, media_id = $2, measured_ms = $3,
                chapters = $4, retry_us = NULL, tries = 0 WHERE id = $1"
        ),
        params![id, media, signed(duration_ms), chapters],
    )?;
    Ok(())
}

/// These bytes are here no more.
pub(crate) fn forget_media(tx: &mut Tx<'_>, id: EpisodeId, media: MediaId) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE podcasts_episode SET media_id = NULL WHERE id = $1 AND media_id = $2"),
        params![id, media],
    )?;
    Ok(())
}
