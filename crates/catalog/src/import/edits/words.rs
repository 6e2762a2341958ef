//! Lyrics as people write them: a text of lines, synced when each begins with its time.

use kernel::{Fault, db::Tx};

use crate::{
    TrackId,
    import::{Batch, LyricLine, LyricsSource, LyricsTag},
    store::lyrics,
};

/// Lines of a text; with times when every line that says something begins with one.
pub(crate) fn lines(text: &str) -> Vec<LyricLine> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let each: Vec<&str> = text.trim_matches('\n').lines().collect();
    let timed: Vec<_> = each.iter().map(|line| timed(line)).collect();
    let said = each.iter().zip(&timed).filter(|(line, _)| !line.trim().is_empty());
    let synced = said.clone().count() > 0 && said.clone().all(|(_, timed)| timed.is_some());
    let lines = if synced {
        let synced = timed.into_iter().flatten();
        synced
            .map(|(start, text)| LyricLine {
                start_ms: Some(start),
                text: text.to_owned(),
                ..LyricLine::default()
            })
            .collect()
    } else {
        each.iter().map(|line| LyricLine { text: (*line).to_owned(), ..LyricLine::default() }).collect()
    };
    let tag = LyricsTag { language: None, source: LyricsSource::Edit, lines };
    tag.cleaned().map(|tag| tag.lines).unwrap_or_default()
}

/// The time in front of a line, `[mm:ss]`, `[mm:ss.xx]` or `[mm:ss.xxx]`, and the rest.
fn timed(line: &str) -> Option<(u32, &str)> {
    let (time, text) = line.trim_start().strip_prefix('[')?.split_once(']')?;
    let (minutes, rest) = time.split_once(':')?;
    let (seconds, part) = rest.split_once('.').unwrap_or((rest, ""));
    let digits =
        |text: &str, most: usize| text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    if minutes.is_empty()
        || seconds.is_empty()
        || !(digits(minutes, 3) && digits(seconds, 2) && digits(part, 3))
    {
        return None;
    }
    let (minutes, seconds): (u32, u32) = (minutes.parse().ok()?, seconds.parse().ok()?);
    let part: u32 = format!("{part:0<3}").parse().ok()?;
    Some((minutes * 60_000 + seconds * 1000 + part, text))
}

/// The text that people edit.
pub(crate) fn text(lines: &[LyricLine]) -> String {
    let each = lines.iter().map(|line| match line.start_ms {
        Some(ms) => format!("[{:02}:{:02}.{:03}]{}", ms / 60_000, ms / 1000 % 60, ms % 1000, line.text),
        None => line.text.clone(),
    });
    each.collect::<Vec<_>>().join("\n")
}

/// Writes what somebody wrote as a track's lyrics over those of its files, or takes that away.
pub(super) fn put(
    tx: &mut Tx<'_>,
    batch: &Batch,
    track: TrackId,
    written: Option<&str>,
) -> Result<(), Fault> {
    lyrics::delete_edited(tx, track)?;
    let Some(written) = written else { return Ok(()) };
    let lines = lines(written);
    if lines.is_empty() {
        return lyrics::insert_none(tx, batch.ids.next(), track);
    }
    let tag = LyricsTag { language: None, source: LyricsSource::Edit, lines };
    crate::import::lyrics::insert(tx, batch, track, &[tag])
}

/// What a track's files say, for people to edit; `None` when they say nothing.
pub(crate) fn of_files(tx: &mut Tx<'_>, track: TrackId) -> Result<Option<String>, Fault> {
    let rows = lyrics::every_of_track(tx, track)?;
    let first = rows.into_iter().find(|(_, _, source, _)| *source != LyricsSource::Edit);
    let Some((_, _, _, lines)) = first else { return Ok(None) };
    Ok(Some(text(&super::read::<Vec<LyricLine>>(&lines)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lyrics_are_synced_when_every_line_has_a_time() {
        let synced = lines("[00:01.50]One\n\n[01:02]Two\n");
        assert_eq!(synced.iter().map(|line| line.start_ms).collect::<Vec<_>>(), [Some(1500), Some(62_000)]);
        assert_eq!(text(&synced), "[00:01.500]One\n[01:02.000]Two");
        assert_eq!(lines(&text(&synced)), synced);
        let plain = lines("[00:01.50]One\nTwo");
        assert_eq!(text(&plain), "[00:01.50]One\nTwo");
        assert!(plain.iter().all(|line| line.start_ms.is_none()));
        assert!(lines(" \n\n").is_empty());
        assert_eq!(lines("[99999999999:00]x")[0].start_ms, None);
    }
}
