//! Episodes and how far somebody has heard them.

use catalog::MediaId;
use kernel::{
    Fault, Time,
    db::{Row, Tx},
    id::UserId,
    params, sql,
};

use super::signed;
use crate::{
    EpisodeId, PodcastId,
    feed::Item,
    model::{Episode, EpisodeProgress, EpisodeState},
};

/// The columns that an [`Episode`] is read from: the episode `e`, the viewer's progress `p` and wish `w`. Whoever has
/// not asked for the bytes is not told that they are here.
macro_rules! episode_columns {
    () => {
        "e.id, e.feed_id, e.title, e.published_us,
         CASE WHEN w.user_id IS NULL THEN e.duration_ms ELSE COALESCE(e.measured_ms, e.duration_ms) END, e.season, e.number, e.explicit, e.enclosure_bytes,
         CASE WHEN w.user_id IS NULL THEN 'remote' ELSE e.state END,
         CASE WHEN w.user_id IS NULL THEN NULL ELSE e.problem END,
         COALESCE(p.position_ms, 0), COALESCE(p.played, FALSE)"
    };
}

/// The viewer's subscription to the feed, progress and wish, beside the episode.
macro_rules! seen_by_viewer {
    () => {
        " FROM podcasts_subscription s JOIN podcasts_episode e ON e.feed_id = s.feed_id
         LEFT JOIN podcasts_progress p ON p.user_id = s.user_id AND p.episode_id = e.id
         LEFT JOIN podcasts_want w ON w.user_id = s.user_id AND w.episode_id = e.id "
    };
}

fn episode(row: &Row<'_>) -> Result<Episode, Fault> {
    let state: String = row.get(9)?;
    Ok(Episode {
        id: EpisodeId(row.get(0)?),
        podcast_id: PodcastId(row.get(1)?),
        title: row.get(2)?,
        published_at: row.get(3)?,
        duration_ms: row.get(4)?,
        season: row.get(5)?,
        number: row.get(6)?,
        explicit: row.get(7)?,
        bytes: row.get(8)?,
        state: EpisodeState::from_word(&state),
        problem: row.get(10)?,
        position_ms: row.get(11)?,
        played: row.get(12)?,
    })
}

/// The episodes of a podcast before `key`, the newest first.
pub(crate) fn episodes(
    tx: &mut Tx<'_>,
    user: UserId,
    feed: PodcastId,
    key: (i64, i64),
    limit: u32,
) -> Result<Vec<Episode>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT ",
            episode_columns!(),
            seen_by_viewer!(),
            "WHERE s.user_id = $1 AND s.feed_id = $4 AND e.feed_id = $4 AND (e.published_us, e.id) < ($2, $3)
             ORDER BY e.published_us DESC, e.id DESC LIMIT $5"
        )),
        params![user, key.0, key.1, feed, limit],
        episode,
    )
}

/// An episode and what only its page, or a dialect, shows: notes, page, transcript, chapters, bytes.
#[derive(Clone, Debug)]
pub(crate) struct FullEpisode {
    pub(crate) episode: Episode,
    pub(crate) notes: String,
    pub(crate) link: Option<String>,
    pub(crate) transcript: Option<String>,
    pub(crate) chapters: String,
    pub(crate) media: Option<MediaId>,
    /// When the viewer's progress changed last.
    pub(crate) changed: Option<Time>,
}

/// The columns that a [`FullEpisode`] is read from, of the same tables. Thousands of episodes are listed at once, and
/// each may have long notes and hundreds of chapters: lists come without its page, transcript and chapters, and with
/// the begin of its notes.
macro_rules! listed_columns {
    () => {
        concat!(
            episode_columns!(),
            ", CASE WHEN LENGTH(e.notes) > 500 THEN SUBSTR(e.notes, 1, 499) || '…' ELSE e.notes END,
              CAST(NULL AS TEXT), CAST(NULL AS TEXT), '[]', e.media_id, p.changed_us"
        )
    };
}

/// The same without notes.
macro_rules! noteless_columns {
    () => {
        concat!(
            episode_columns!(),
            ", '', CAST(NULL AS TEXT), CAST(NULL AS TEXT), '[]', e.media_id, p.changed_us"
        )
    };
}

/// The columns that a whole [`FullEpisode`] is read from.
macro_rules! full_columns {
    () => {
        concat!(
            episode_columns!(),
            ", e.notes, e.link, e.transcript_address,
              CASE WHEN w.user_id IS NULL THEN '[]' ELSE e.chapters END, e.media_id, p.changed_us"
        )
    };
}

fn full(row: &Row<'_>) -> Result<FullEpisode, Fault> {
    Ok(FullEpisode {
        episode: episode(row)?,
        notes: row.get(13)?,
        link: row.get(14)?,
        transcript: row.get(15)?,
        chapters: row.get(16)?,
        media: row.get(17)?,
        changed: row.get(18)?,
    })
}

pub(crate) fn episode_of(tx: &mut Tx<'_>, user: UserId, id: EpisodeId) -> Result<Option<FullEpisode>, Fault> {
    tx.one(
        sql!(concat!("SELECT ", full_columns!(), seen_by_viewer!(), "WHERE s.user_id = $1 AND e.id = $2")),
        params![user, id],
        full,
    )
}

/// The newest episodes of one podcast, as lists have them.
pub(crate) fn full_episodes(
    tx: &mut Tx<'_>,
    user: UserId,
    feed: PodcastId,
    limit: u32,
) -> Result<Vec<FullEpisode>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT ",
            listed_columns!(),
            seen_by_viewer!(),
            "WHERE s.user_id = $1 AND s.feed_id = $2 AND e.feed_id = $2
             ORDER BY e.published_us DESC, e.id DESC LIMIT $3"
        )),
        params![user, feed, limit],
        full,
    )
}

/// The newest episodes of all podcasts, as lists have them. Of each podcast no more are looked at than could be among them.
pub(crate) fn newest_episodes(tx: &mut Tx<'_>, user: UserId, count: u32) -> Result<Vec<FullEpisode>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT ",
            listed_columns!(),
            seen_by_viewer!(),
            "WHERE s.user_id = $1 AND e.published_us >= COALESCE(
                (SELECT x.published_us FROM podcasts_episode x WHERE x.feed_id = s.feed_id
                 ORDER BY x.published_us DESC, x.id DESC LIMIT 1 OFFSET $2), -9223372036854775807)
             ORDER BY e.published_us DESC, e.id DESC LIMIT $2"
        )),
        params![user, count],
        full,
    )
}

/// Episodes that the viewer has begun and is not done with, by their numbers after `after`, without notes.
pub(crate) fn begun_episodes(
    tx: &mut Tx<'_>,
    user: UserId,
    after: EpisodeId,
    limit: u32,
) -> Result<Vec<FullEpisode>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT ",
            noteless_columns!(),
            " FROM podcasts_progress p JOIN podcasts_episode e ON e.id = p.episode_id
             JOIN podcasts_subscription s ON s.user_id = p.user_id AND s.feed_id = e.feed_id
             LEFT JOIN podcasts_want w ON w.user_id = p.user_id AND w.episode_id = p.episode_id
             WHERE p.user_id = $1 AND p.episode_id > $2 AND p.position_ms > 0 AND NOT p.played
             ORDER BY p.episode_id LIMIT $3"
        )),
        params![user, after, limit],
        full,
    )
}

/// Enters an episode or renews what its feed says; what is done with it stays. One that failed is tried again soon when
/// its file is another.
pub(crate) fn put_episode(
    tx: &mut Tx<'_>,
    id: EpisodeId,
    feed: PodcastId,
    key: &str,
    item: &Item,
    (found, published): (Time, i64),
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO podcasts_episode (id, feed_id, guid_hash, title, notes, link, published_us, found_us,
                duration_ms, season, number, explicit, enclosure, enclosure_bytes, chapters_address,
                transcript_address, chapters, state)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, '[]', 'remote')
             ON CONFLICT (feed_id, guid_hash) DO UPDATE SET title = excluded.title, notes = excluded.notes,
                link = excluded.link, duration_ms = excluded.duration_ms, season = excluded.season, number = excluded.number,
                explicit = excluded.explicit, enclosure = excluded.enclosure,
                enclosure_bytes = excluded.enclosure_bytes, chapters_address = excluded.chapters_address,
                transcript_address = excluded.transcript_address,
                tries = CASE WHEN podcasts_episode.enclosure = excluded.enclosure THEN podcasts_episode.tries ELSE 0 END,
                retry_us = CASE WHEN podcasts_episode.enclosure = excluded.enclosure
                    THEN podcasts_episode.retry_us ELSE 0 END"
        ),
        params![
            id,
            feed,
            key,
            &item.title,
            &item.notes,
            item.link.as_deref(),
            published,
            found,
            signed(item.duration_ms),
            item.season,
            item.number,
            item.explicit,
            &item.enclosure,
            signed(item.enclosure_bytes),
            item.chapters.as_deref(),
            item.transcript.as_deref()
        ],
    )?;
    Ok(())
}

pub(crate) fn has_episodes(tx: &mut Tx<'_>, feed: PodcastId) -> Result<bool, Fault> {
    let sql = sql!("SELECT 1 FROM podcasts_episode WHERE feed_id = $1 LIMIT 1");
    Ok(tx.one(sql, params![feed], |_| Ok(()))?.is_some())
}

/// Whether bytes of a feed's episodes are still here.
pub(crate) fn has_media(tx: &mut Tx<'_>, feed: PodcastId) -> Result<bool, Fault> {
    let sql = sql!("SELECT 1 FROM podcasts_episode WHERE feed_id = $1 AND media_id IS NOT NULL LIMIT 1");
    Ok(tx.one(sql, params![feed], |_| Ok(()))?.is_some())
}

/// The newest episodes of a feed that were found at `now`.
pub(crate) fn found_at(
    tx: &mut Tx<'_>,
    feed: PodcastId,
    now: Time,
    limit: u32,
) -> Result<Vec<EpisodeId>, Fault> {
    tx.all(
        sql!(
            "SELECT id FROM podcasts_episode WHERE feed_id = $1 AND found_us = $2
             ORDER BY published_us DESC, id DESC LIMIT $3"
        ),
        params![feed, now, limit],
        |row| Ok(EpisodeId(row.get(0)?)),
    )
}

/// Forgets what a feed no longer needs: beyond its newest `keep`, what nobody has begun or wants.
pub(crate) fn prune(tx: &mut Tx<'_>, feed: PodcastId, keep: u32) -> Result<(), Fault> {
    tx.run(
        sql!(
            "DELETE FROM podcasts_episode WHERE feed_id = $1 AND media_id IS NULL AND state = 'remote'
                AND id NOT IN (SELECT id FROM podcasts_episode WHERE feed_id = $1
                    ORDER BY published_us DESC, id DESC LIMIT $2)
                AND NOT EXISTS (SELECT 1 FROM podcasts_progress p WHERE p.episode_id = podcasts_episode.id)
                AND NOT EXISTS (SELECT 1 FROM podcasts_want w WHERE w.episode_id = podcasts_episode.id)"
        ),
        params![feed, keep],
    )?;
    Ok(())
}

/// Notes what was heard at `heard`, unless something later is known.
pub(crate) fn put_progress(
    tx: &mut Tx<'_>,
    user: UserId,
    id: EpisodeId,
    progress: EpisodeProgress,
    heard: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO podcasts_progress (user_id, episode_id, position_ms, played, changed_us)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (user_id, episode_id) DO UPDATE SET position_ms = excluded.position_ms,
                played = excluded.played, changed_us = excluded.changed_us
             WHERE podcasts_progress.changed_us <= excluded.changed_us"
        ),
        params![user, id, signed(progress.position_ms), progress.played, heard],
    )?;
    Ok(())
}
