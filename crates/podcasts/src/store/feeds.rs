//! Feeds and who subscribes to them.

use catalog::PictureId;
use kernel::{
    Fault, Time,
    db::{Row, Tx},
    fetch::Validators,
    id::UserId,
    params, sql,
};

use crate::{PodcastId, feed::Feed, model::PodcastSettings};

/// A subscription with its feed.
#[derive(Clone, Debug)]
pub(crate) struct PodcastRow {
    pub(crate) id: PodcastId,
    pub(crate) address: String,
    pub(crate) title: String,
    pub(crate) author: String,
    pub(crate) description: String,
    pub(crate) link: Option<String>,
    pub(crate) explicit: bool,
    pub(crate) picture: Option<PictureId>,
    pub(crate) checked: Option<Time>,
    pub(crate) problem: Option<String>,
    pub(crate) settings: PodcastSettings,
    pub(crate) new_count: u32,
}

/// The columns that a [`PodcastRow`] is read from: of the feed `f` and the subscription `s`.
macro_rules! podcast_columns {
    () => {
        "f.id, f.address, f.title, f.author, f.description, f.link, f.explicit, f.picture_id, f.checked_us, f.problem,
         s.keep, s.fetch_new, s.speed_percent,
         (SELECT COUNT(*) FROM (SELECT 1 FROM podcasts_episode e WHERE e.feed_id = s.feed_id
            AND e.found_us > s.created_us AND NOT EXISTS (SELECT 1 FROM podcasts_progress p
                WHERE p.user_id = s.user_id AND p.episode_id = e.id) LIMIT 99) fresh)"
    };
}

fn podcast(row: &Row<'_>) -> Result<PodcastRow, Fault> {
    Ok(PodcastRow {
        id: PodcastId(row.get(0)?),
        address: row.get(1)?,
        title: row.get(2)?,
        author: row.get(3)?,
        description: row.get(4)?,
        link: row.get(5)?,
        explicit: row.get(6)?,
        picture: row.get(7)?,
        checked: row.get(8)?,
        problem: row.get(9)?,
        settings: PodcastSettings {
            keep: row.get(10)?,
            fetch_new: row.get(11)?,
            speed_percent: row.get(12)?,
        },
        new_count: row.get(13)?,
    })
}

pub(crate) fn podcasts(
    tx: &mut Tx<'_>,
    user: UserId,
    after: PodcastId,
    limit: u32,
) -> Result<Vec<PodcastRow>, Fault> {
    tx.all(
        sql!(
            concat!(
                "SELECT ",
                podcast_columns!(),
                " FROM podcasts_subscription s JOIN podcasts_feed f ON f.id = s.feed_id
             WHERE s.user_id = $1 AND s.feed_id > $2 ORDER BY s.feed_id LIMIT $3"
            ),
            scan = "of new episodes, of which at most 99 are counted"
        ),
        params![user, after, limit],
        podcast,
    )
}

pub(crate) fn podcast_of(tx: &mut Tx<'_>, user: UserId, id: PodcastId) -> Result<Option<PodcastRow>, Fault> {
    tx.one(
        sql!(
            concat!(
                "SELECT ",
                podcast_columns!(),
                " FROM podcasts_subscription s JOIN podcasts_feed f ON f.id = s.feed_id
             WHERE s.user_id = $1 AND s.feed_id = $2"
            ),
            scan = "of new episodes, of which at most 99 are counted"
        ),
        params![user, id],
        podcast,
    )
}

/// Holds an account's row until the transaction ends; false when the account is gone.
pub(crate) fn hold_account(tx: &mut Tx<'_>, user: UserId) -> Result<bool, Fault> {
    tx.run(
        sql!(
            "INSERT INTO podcasts_account (user_id, gone) VALUES ($1, FALSE)
             ON CONFLICT (user_id) DO UPDATE SET user_id = excluded.user_id"
        ),
        params![user],
    )?;
    let sql = sql!("SELECT 1 FROM podcasts_account WHERE user_id = $1 AND NOT gone");
    Ok(tx.one(sql, params![user], |_| Ok(()))?.is_some())
}

/// Notes that an account is gone, once those who hold its row have let go.
pub(crate) fn mark_gone(tx: &mut Tx<'_>, user: UserId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO podcasts_account (user_id, gone) VALUES ($1, TRUE)
             ON CONFLICT (user_id) DO UPDATE SET gone = TRUE"
        ),
        params![user],
    )?;
    Ok(())
}

pub(crate) fn count_subscriptions(tx: &mut Tx<'_>, user: UserId) -> Result<u64, Fault> {
    let count = tx.one(
        sql!("SELECT COUNT(*) FROM podcasts_subscription WHERE user_id = $1"),
        params![user],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// False when it was there already.
pub(crate) fn subscribe(
    tx: &mut Tx<'_>,
    user: UserId,
    feed: PodcastId,
    settings: PodcastSettings,
    now: Time,
) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!(
            "INSERT INTO podcasts_subscription (user_id, feed_id, created_us, keep, fetch_new, speed_percent)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
        ),
        params![user, feed, now, settings.keep, settings.fetch_new, settings.speed_percent],
    )?;
    Ok(rows == 1)
}

pub(crate) fn set_settings(
    tx: &mut Tx<'_>,
    user: UserId,
    feed: PodcastId,
    settings: PodcastSettings,
) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!(
            "UPDATE podcasts_subscription SET keep = $3, fetch_new = $4, speed_percent = $5
             WHERE user_id = $1 AND feed_id = $2"
        ),
        params![user, feed, settings.keep, settings.fetch_new, settings.speed_percent],
    )?;
    Ok(rows == 1)
}

/// The feeds to which somebody subscribes, by number.
pub(crate) fn feeds_of(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<PodcastId>, Fault> {
    let sql = sql!("SELECT feed_id FROM podcasts_subscription WHERE user_id = $1 ORDER BY feed_id");
    tx.all(sql, params![user], |row| Ok(PodcastId(row.get(0)?)))
}

/// Forgets how far somebody has heard what.
pub(crate) fn forget_progress(tx: &mut Tx<'_>, user: UserId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM podcasts_progress WHERE user_id = $1"), params![user])?;
    Ok(())
}

pub(crate) fn unsubscribe(tx: &mut Tx<'_>, user: UserId, feed: PodcastId) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!("DELETE FROM podcasts_subscription WHERE user_id = $1 AND feed_id = $2"),
        params![user, feed],
    )?;
    Ok(rows == 1)
}

/// Holds a subscription until the transaction ends, so that it does not end while something is done on its strength;
/// false when there is none.
pub(crate) fn lock_subscription(tx: &mut Tx<'_>, user: UserId, feed: PodcastId) -> Result<bool, Fault> {
    let held = tx.one(
        sql!(
            sqlite: "SELECT 1 FROM podcasts_subscription WHERE user_id = $1 AND feed_id = $2",
            postgres: "SELECT 1 FROM podcasts_subscription WHERE user_id = $1 AND feed_id = $2 FOR UPDATE"
        ),
        params![user, feed],
        |_| Ok(()),
    )?;
    Ok(held.is_some())
}

/// Holds a feed until the transaction ends; false when there is none. Who subscribes holds it before, and who removes it
/// looks after this whether anybody subscribes: in the other order each would not see the other.
pub(crate) fn hold_feed(tx: &mut Tx<'_>, id: PodcastId) -> Result<bool, Fault> {
    let held = tx.one(
        sql!(
            sqlite: "SELECT 1 FROM podcasts_feed WHERE id = $1",
            postgres: "SELECT 1 FROM podcasts_feed WHERE id = $1 FOR UPDATE"
        ),
        params![id],
        |_| Ok(()),
    )?;
    Ok(held.is_some())
}

pub(crate) fn has_subscribers(tx: &mut Tx<'_>, feed: PodcastId) -> Result<bool, Fault> {
    let sql = sql!("SELECT 1 FROM podcasts_subscription WHERE feed_id = $1 LIMIT 1");
    Ok(tx.one(sql, params![feed], |_| Ok(()))?.is_some())
}

/// Those who subscribe to a feed.
pub(crate) fn subscribers(tx: &mut Tx<'_>, feed: PodcastId) -> Result<Vec<UserId>, Fault> {
    tx.all(
        sql!("SELECT user_id FROM podcasts_subscription WHERE feed_id = $1 ORDER BY user_id LIMIT 1000"),
        params![feed],
        |row| row.get(0),
    )
}

/// Those who want new episodes by themselves.
pub(crate) fn eager(tx: &mut Tx<'_>, feed: PodcastId) -> Result<Vec<UserId>, Fault> {
    tx.all(
        sql!("SELECT user_id FROM podcasts_subscription WHERE feed_id = $1 AND fetch_new ORDER BY user_id LIMIT 1000"),
        params![feed],
        |row| row.get(0),
    )
}

pub(crate) fn feed_at(tx: &mut Tx<'_>, address: &str) -> Result<Option<PodcastId>, Fault> {
    tx.one(sql!("SELECT id FROM podcasts_feed WHERE address = $1"), params![address], |row| {
        Ok(PodcastId(row.get(0)?))
    })
}

/// Enters a feed that was not read yet; false when it is there.
pub(crate) fn insert_feed(
    tx: &mut Tx<'_>,
    id: PodcastId,
    address: &str,
    title: &str,
    now: Time,
) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!(
            "INSERT INTO podcasts_feed (id, address, title, author, description, explicit, next_us, failures)
             VALUES ($1, $2, $3, '', '', FALSE, $4, 0) ON CONFLICT DO NOTHING"
        ),
        params![id, address, title, now],
    )?;
    Ok(rows == 1)
}

/// A feed as a job needs it.
#[derive(Clone, Debug)]
pub(crate) struct FeedRow {
    pub(crate) address: String,
    pub(crate) image: Option<String>,
    pub(crate) picture: Option<PictureId>,
    pub(crate) validators: Validators,
    pub(crate) checked: Option<Time>,
    pub(crate) failures: u32,
    /// What its bytes are known again by; absent until they were read.
    pub(crate) body_hash: Option<String>,
    /// When its cover was last asked for.
    pub(crate) cover: Option<Time>,
}

pub(crate) fn feed(tx: &mut Tx<'_>, id: PodcastId) -> Result<Option<FeedRow>, Fault> {
    tx.one(
        sql!(
            "SELECT address, image_address, picture_id, etag, last_modified, checked_us, failures,
                body_hash, cover_us FROM podcasts_feed WHERE id = $1"
        ),
        params![id],
        |row| {
            Ok(FeedRow {
                address: row.get(0)?,
                image: row.get(1)?,
                picture: row.get(2)?,
                validators: Validators { etag: row.get(3)?, last_modified: row.get(4)? },
                checked: row.get(5)?,
                failures: row.get(6)?,
                body_hash: row.get(7)?,
                cover: row.get(8)?,
            })
        },
    )
}

pub(crate) fn set_feed(tx: &mut Tx<'_>, id: PodcastId, feed: &Feed, body_hash: &str) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE podcasts_feed SET title = $2, author = $3, description = $4, link = $5, language = $6,
                explicit = $7, body_hash = $8 WHERE id = $1"
        ),
        params![
            id,
            &feed.title,
            &feed.author,
            &feed.description,
            feed.link.as_deref(),
            feed.language.as_deref(),
            feed.explicit,
            body_hash
        ],
    )?;
    Ok(())
}

pub(crate) fn set_picture(
    tx: &mut Tx<'_>,
    id: PodcastId,
    image: Option<&str>,
    picture: Option<PictureId>,
) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE podcasts_feed SET image_address = $2, picture_id = $3 WHERE id = $1"),
        params![id, image, picture],
    )?;
    Ok(())
}

/// Whether a feed has this cover.
pub(crate) fn names_picture(tx: &mut Tx<'_>, picture: PictureId) -> Result<bool, Fault> {
    let sql = sql!(
        "SELECT 1 FROM podcasts_feed WHERE picture_id = $1 LIMIT 1",
        scan =
            "asked once a day, of pictures that nothing in the catalogue names: mostly of these few covers"
    );
    Ok(tx.one(sql, params![picture], |_| Ok(()))?.is_some())
}

/// Notes that a feed was read, and when it is read again.
pub(crate) fn set_read(
    tx: &mut Tx<'_>,
    id: PodcastId,
    validators: &Validators,
    now: Time,
    next: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE podcasts_feed SET etag = $2, last_modified = $3, checked_us = $4, next_us = $5, failures = 0,
                problem = NULL WHERE id = $1"
        ),
        params![id, validators.etag.as_deref(), validators.last_modified.as_deref(), now, next],
    )?;
    Ok(())
}

/// Notes that a feed could not be read.
pub(crate) fn set_failing(
    tx: &mut Tx<'_>,
    id: PodcastId,
    problem: &str,
    now: Time,
    next: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE podcasts_feed SET checked_us = $3, next_us = $4, failures = failures + 1, problem = $2
             WHERE id = $1"
        ),
        params![id, problem, now, next],
    )?;
    Ok(())
}

/// Asks a feed at another time, without a word about it.
pub(crate) fn put_off(tx: &mut Tx<'_>, id: PodcastId, next: Time) -> Result<(), Fault> {
    tx.run(sql!("UPDATE podcasts_feed SET next_us = $2 WHERE id = $1"), params![id, next])?;
    Ok(())
}

/// Notes when a feed's cover was asked for.
pub(crate) fn set_cover_asked(tx: &mut Tx<'_>, id: PodcastId, asked: Time) -> Result<(), Fault> {
    tx.run(sql!("UPDATE podcasts_feed SET cover_us = $2 WHERE id = $1"), params![id, asked])?;
    Ok(())
}

/// The feed moved for good; nothing changes when another has that address.
pub(crate) fn move_feed(tx: &mut Tx<'_>, id: PodcastId, address: &str) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE podcasts_feed SET address = $2
             WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM podcasts_feed o WHERE o.address = $2)"
        ),
        params![id, address],
    )?;
    Ok(())
}

pub(crate) fn due_feeds(tx: &mut Tx<'_>, now: Time, limit: u32) -> Result<Vec<PodcastId>, Fault> {
    tx.all(
        sql!(
            "SELECT id FROM podcasts_feed WHERE next_us <= $1
                AND EXISTS (SELECT 1 FROM podcasts_subscription s WHERE s.feed_id = podcasts_feed.id)
             ORDER BY next_us, id LIMIT $2"
        ),
        params![now, limit],
        |row| Ok(PodcastId(row.get(0)?)),
    )
}

/// Feeds that are due, to which nobody subscribes, and of which no bytes are here.
pub(crate) fn abandoned_feeds(tx: &mut Tx<'_>, now: Time, limit: u32) -> Result<Vec<PodcastId>, Fault> {
    tx.all(
        sql!(
            "SELECT id FROM podcasts_feed WHERE next_us <= $1
                AND NOT EXISTS (SELECT 1 FROM podcasts_subscription s WHERE s.feed_id = podcasts_feed.id)
                AND NOT EXISTS (SELECT 1 FROM podcasts_episode e
                    WHERE e.feed_id = podcasts_feed.id AND e.media_id IS NOT NULL)
             ORDER BY next_us, id LIMIT $2"
        ),
        params![now, limit],
        |row| Ok(PodcastId(row.get(0)?)),
    )
}

pub(crate) fn delete_feed(tx: &mut Tx<'_>, id: PodcastId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "DELETE FROM podcasts_progress
             WHERE episode_id IN (SELECT id FROM podcasts_episode WHERE feed_id = $1)"
        ),
        params![id],
    )?;
    tx.run(sql!("DELETE FROM podcasts_episode WHERE feed_id = $1"), params![id])?;
    tx.run(sql!("DELETE FROM podcasts_feed WHERE id = $1"), params![id])?;
    Ok(())
}
