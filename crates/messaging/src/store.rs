//! All SQL of messaging.

use kernel::{
    Fault, Time,
    db::{Db, Tx},
    id::UserId,
    params, sql,
};

use crate::model::{ConversationId, Message};

/// Gives the next place of a conversation and its moment, and has others who want one wait until the transaction ends.
/// If it ends with nothing done, the place is given again. The moment is later than that of the message before, however
/// the clocks of several machines stand.
pub(crate) fn take_place(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    now: Time,
) -> Result<(i64, Time), Fault> {
    let now_ms = Time(now.0 - now.0.rem_euclid(1000));
    let place = tx.one(
        sql!(
            "UPDATE messaging_conversation SET last_sequence = last_sequence + 1,
                last_sent_us = CASE WHEN last_sent_us < CAST($2 AS BIGINT) THEN CAST($2 AS BIGINT) ELSE last_sent_us + 1000 END
             WHERE id = $1 RETURNING last_sequence, last_sent_us"
        ),
        params![conversation, now_ms],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    place.ok_or_else(|| Fault::new(format!("there is no conversation {conversation}")))
}

/// How many messages an account wrote after a moment and up to another, and when the first of them. Moments that a clock
/// has not reached yet are of one that was wrong, and don't count.
pub(crate) fn count_written(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    author: UserId,
    (since, until): (Time, Time),
) -> Result<(u64, Option<Time>), Fault> {
    let found = tx.one(
        sql!(
            "SELECT COUNT(*), MIN(written_us) FROM messaging_message
             WHERE author_id = $1 AND conversation_id = $2 AND written_us > $3 AND written_us <= $4"
        ),
        params![author, conversation, since, until],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(found.unwrap_or_default())
}

/// Holds an author's row until the transaction ends; false when the account is gone.
pub(crate) fn hold_author(tx: &mut Tx<'_>, author: UserId) -> Result<bool, Fault> {
    tx.run(
        sql!(
            "INSERT INTO messaging_author (user_id, gone) VALUES ($1, FALSE)
             ON CONFLICT (user_id) DO UPDATE SET user_id = excluded.user_id"
        ),
        params![author],
    )?;
    let sql = sql!("SELECT 1 FROM messaging_author WHERE user_id = $1 AND NOT gone");
    Ok(tx.one(sql, params![author], |_| Ok(()))?.is_some())
}

/// Adds a message that was written at a moment by the clock that is asked.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    message: &Message,
    written: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO messaging_message (conversation_id, sequence, author_id, sent_us, written_us, body)
             VALUES ($1, $2, $3, $4, $5, $6)"
        ),
        params![conversation, message.sequence, message.author, message.sent_at, written, &message.text],
    )?;
    Ok(())
}

/// What was said after a moment, the newest first. Its order by time is that of its places.
pub(crate) async fn after(
    db: &Db,
    conversation: ConversationId,
    since: Time,
    limit: u32,
) -> Result<Vec<Message>, Fault> {
    db.all(
        sql!(
            "SELECT sequence, author_id, sent_us, body FROM messaging_message
             WHERE conversation_id = $1 AND sent_us > $2 AND author_id IS NOT NULL
             ORDER BY sent_us DESC LIMIT $3"
        ),
        params![conversation, since, limit],
        |row| {
            Ok(Message {
                sequence: row.get(0)?,
                author: row.get(1)?,
                sent_at: row.get(2)?,
                text: row.get::<Option<String>>(3)?.unwrap_or_default(),
            })
        },
    )
    .await
}

/// Forgets the messages up to a place.
pub(crate) fn delete_up_to(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    sequence: i64,
) -> Result<(), Fault> {
    tx.run(
        sql!("DELETE FROM messaging_message WHERE conversation_id = $1 AND sequence <= $2"),
        params![conversation, sequence],
    )?;
    Ok(())
}

/// Forgets messages up to a moment, so many at a time; says how many.
pub(crate) fn sweep(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    until: Time,
    rows: u32,
) -> Result<u64, Fault> {
    tx.run(
        sql!(
            "DELETE FROM messaging_message WHERE conversation_id = $1 AND sequence IN
             (SELECT sequence FROM messaging_message WHERE conversation_id = $1 AND sent_us <= $2
              ORDER BY sent_us LIMIT $3)"
        ),
        params![conversation, until, rows],
    )
}

/// Takes an account's name and words off what it said; the places stay. What it is just writing is waited for, and
/// nothing is taken from it any more.
pub(crate) fn forget_author(tx: &mut Tx<'_>, author: UserId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO messaging_author (user_id, gone) VALUES ($1, TRUE)
             ON CONFLICT (user_id) DO UPDATE SET gone = TRUE"
        ),
        params![author],
    )?;
    tx.run(
        sql!("UPDATE messaging_message SET author_id = NULL, body = NULL WHERE author_id = $1"),
        params![author],
    )?;
    Ok(())
}

/// The places and words of everything that is kept, for tests.
#[cfg(test)]
pub(crate) async fn kept(db: &Db) -> Result<Vec<(i64, Option<String>)>, Fault> {
    db.all(
        sql!(
            "SELECT sequence, body FROM messaging_message ORDER BY sequence",
            scan = "a test looks at everything"
        ),
        params![],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .await
}
