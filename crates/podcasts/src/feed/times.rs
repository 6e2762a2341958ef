//! Moments and lengths as feeds write them.

/// Longest episode, milliseconds.
const DURATION_MS_MAX: u64 = 7 * 24 * 3_600_000;

/// A moment in microseconds since 1970, as RSS (RFC 2822) or Atom (RFC 3339) writes it.
pub(super) fn moment(text: &str) -> Option<i64> {
    let text = text.trim();
    let parser = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true);
    let stamp = parser.parse_timestamp(text).ok().or_else(|| text.parse::<jiff::Timestamp>().ok())?;
    Some(stamp.as_microsecond()).filter(|moment| *moment > 0)
}

/// A length in milliseconds: seconds, or minutes and hours before them with colons between.
pub(super) fn duration(text: &str) -> u64 {
    let parts: Option<Vec<f64>> = text.trim().split(':').map(|part| part.trim().parse().ok()).collect();
    let Some(parts) = parts.filter(|parts| (1..=3).contains(&parts.len())) else { return 0 };
    let seconds = parts.iter().fold(0.0, |sum, part| sum * 60.0 + part);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is out of bounds becomes 0"
    )]
    let ms = if seconds.is_finite() && seconds > 0.0 { (seconds * 1000.0) as u64 } else { 0 };
    if ms > DURATION_MS_MAX { 0 } else { ms }
}
