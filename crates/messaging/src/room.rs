//! The room of the house: what is said there, and by whom.

use std::time::Duration;

use http::StatusCode;
use kernel::{Ctx, Problem, Time, db::Tx, http::Viewer, id::UserId};

use crate::{
    Error,
    model::{HOUSE, Message},
    store,
};

/// Longest message.
pub const TEXT_CHARS_MAX: usize = 4_000;
/// Messages that one account may write within [`RATE_WITHIN`].
pub const MESSAGES_AT_ONCE_MAX: u64 = 20;
/// See [`MESSAGES_AT_ONCE_MAX`].
pub const RATE_WITHIN: Duration = Duration::from_mins(1);
/// Messages that are kept; those before them are forgotten.
pub const MESSAGES_KEPT_MAX: i64 = 10_000;
/// How long a message is kept and shown.
pub const KEPT_FOR: Duration = Duration::from_hours(365 * 24);

/// Says something in the room. When this has answered, it is committed, and stands where everybody finds it.
///
/// # Errors
/// [`Error::Invalid`]: 422 for a text in which nothing can be read or that is longer than [`TEXT_CHARS_MAX`], 429
/// `too_many_messages` with when to try again beyond [`MESSAGES_AT_ONCE_MAX`], 401 for an account that is gone meanwhile.
pub async fn write(ctx: &Ctx, viewer: &Viewer, text: &str) -> Result<Message, Error> {
    let text = cleaned(text)?;
    let (author, now) = (viewer.id, ctx.now());
    // Asked before as well: whoever floods the room has nobody wait for what is refused.
    ctx.db().read(move |tx| check_rate(tx, author, now)).await?;
    ctx.db()
        .write(move |tx| {
            // Whoever else writes waits here until this is committed: places are given and seen in one order.
            let (sequence, sent_at) = store::take_place(tx, HOUSE, now)?;
            if !store::hold_author(tx, author)? {
                return Err(Problem::sign_in().into());
            }
            check_rate(tx, author, now)?;
            let message = Message { sequence, author, sent_at, text: text.clone() };
            store::insert(tx, HOUSE, &message, now)?;
            store::delete_up_to(tx, HOUSE, sequence - MESSAGES_KEPT_MAX)?;
            Ok(message)
        })
        .await
}

fn check_rate(tx: &mut Tx<'_>, author: UserId, now: Time) -> Result<(), Error> {
    let since = Time(now.0.saturating_sub(micros(RATE_WITHIN)));
    match store::count_written(tx, HOUSE, author, (since, now))? {
        (count, first) if count >= MESSAGES_AT_ONCE_MAX => Err(too_many(first.unwrap_or(now), now).into()),
        _ => Ok(()),
    }
}

/// What was said in the room after a moment, the newest first, at most `limit`. Of accounts that are gone nothing is left.
///
/// # Errors
/// Only faults.
pub async fn read(ctx: &Ctx, _: &Viewer, since: Time, limit: u32) -> Result<Vec<Message>, Error> {
    let since = since.max(oldest(ctx));
    Ok(store::after(ctx.db(), HOUSE, since, limit).await?)
}

/// Messages of this moment and before it are not kept.
pub(crate) fn oldest(ctx: &Ctx) -> Time {
    Time(ctx.now().0.saturating_sub(micros(KEPT_FOR)))
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn too_many(first: Time, now: Time) -> Problem {
    let wait = first.plus(RATE_WITHIN).since(now).as_secs() + 1;
    let detail =
        format!("You wrote {MESSAGES_AT_ONCE_MAX} messages within a minute. Wait {wait} s, then go on.");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_messages", "That was a lot at once")
        .detail(detail)
        .retry_after(wait)
}

/// A text for keeping: lines are kept, other control characters and marks that turn the direction of what follows are not.
fn cleaned(text: &str) -> Result<String, Problem> {
    let lines = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n").replace('\t', " ");
    let kept: String = lines.chars().filter(|&c| c == '\n' || !(c.is_control() || misleads(c))).collect();
    let kept = kept.trim();
    match kept.chars().count() {
        _ if kept.chars().all(shows_nothing) => Err(Problem::invalid("message", "Write something.")),
        count if count > TEXT_CHARS_MAX => {
            let message = format!("This has {count} characters; a message has at most {TEXT_CHARS_MAX}.");
            Err(Problem::invalid("message", message))
        }
        _ => Ok(kept.to_owned()),
    }
}

fn misleads(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Characters that leave no mark by themselves, with which a message would look like nobody's words.
fn shows_nothing(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_lines_and_loses_what_misleads() {
        assert_eq!(cleaned(" a\r\nb\tc\rd\u{0}\u{202e}\u{7} ").expect("taken"), "a\nb c\nd");
        assert_eq!(cleaned("שלום 👩‍👧").expect("taken"), "שלום 👩‍👧");
        assert_eq!(cleaned(&"é".repeat(TEXT_CHARS_MAX)).expect("taken").chars().count(), TEXT_CHARS_MAX);
        for bad in [
            "",
            " \n\t",
            "\u{202e}\u{0}",
            "\u{200b}\u{3164} \u{2060}\n\u{ad}",
            "\u{e0041}\u{fe0f}",
            &"x".repeat(TEXT_CHARS_MAX + 1),
        ] {
            assert_eq!(cleaned(bad).expect_err("refused").status, 422);
        }
    }
}
