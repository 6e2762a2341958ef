//! The room of the house: what is said there, and by whom.

use std::time::Duration;

use http::StatusCode;
use kernel::{Ctx, Problem, Time, http::Viewer};

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
/// [`Error::Invalid`]: 422 for a text that is empty or longer than [`TEXT_CHARS_MAX`], 429 `too_many_messages` with when
/// to try again beyond [`MESSAGES_AT_ONCE_MAX`].
pub async fn write(ctx: &Ctx, viewer: &Viewer, text: &str) -> Result<Message, Error> {
    let text = cleaned(text)?;
    let (author, now) = (viewer.id, ctx.now());
    let since = Time(now.0.saturating_sub(micros(RATE_WITHIN)));
    ctx.db()
        .write(move |tx| {
            // Whoever else writes waits here until this is committed: places are given and seen in one order.
            let (sequence, sent_at) = store::take_place(tx, HOUSE, now)?;
            let (count, first) = store::count_since(tx, HOUSE, author, since)?;
            if count >= MESSAGES_AT_ONCE_MAX {
                return Err(too_many(first.unwrap_or(now), now).into());
            }
            let message = Message { sequence, author, sent_at, text: text.clone() };
            store::insert(tx, HOUSE, &message)?;
            store::delete_up_to(tx, HOUSE, sequence - MESSAGES_KEPT_MAX)?;
            Ok(message)
        })
        .await
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
        0 => Err(Problem::invalid("message", "Write something.")),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_lines_and_loses_what_misleads() {
        assert_eq!(cleaned(" a\r\nb\tc\rd\u{0}\u{202e}\u{7} ").expect("taken"), "a\nb c\nd");
        assert_eq!(cleaned("שלום 👩‍👧").expect("taken"), "שלום 👩‍👧");
        assert_eq!(cleaned(&"é".repeat(TEXT_CHARS_MAX)).expect("taken").chars().count(), TEXT_CHARS_MAX);
        for bad in ["", " \n\t", "\u{202e}\u{0}", &"x".repeat(TEXT_CHARS_MAX + 1)] {
            assert_eq!(cleaned(bad).expect_err("refused").status, 422);
        }
    }
}
