//! Chapters as they stand in a file of their own (JSON chapters of the podcast namespace).

use serde::Deserialize;

use super::plain;
use crate::model::EpisodeChapter;

/// Chapters of one episode; more are left out.
pub(crate) const CHAPTERS_MAX: usize = 500;
/// Letters of a chapter's name.
const TITLE_MAX: usize = 200;

#[derive(Deserialize)]
struct Document {
    chapters: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    start_time: f64,
    title: Option<String>,
    toc: Option<bool>,
}

/// The chapters in order; none when the document is something else.
pub(crate) fn read(bytes: &[u8]) -> Vec<EpisodeChapter> {
    let Ok(document) = serde_json::from_slice::<Document>(bytes) else { return Vec::new() };
    let shown = document.chapters.into_iter().filter(|entry| entry.toc != Some(false));
    in_order(shown.filter_map(|entry| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the bounds are checked first"
        )]
        let start_ms =
            (0.0..1e7).contains(&entry.start_time).then_some((entry.start_time * 1000.0) as u64)?;
        Some((start_ms, entry.title.unwrap_or_default()))
    }))
}

/// Chapters by their begin, with names that can be shown.
pub(crate) fn in_order(chapters: impl Iterator<Item = (u64, String)>) -> Vec<EpisodeChapter> {
    let mut chapters: Vec<_> = chapters
        .take(CHAPTERS_MAX)
        .map(|(start_ms, title)| EpisodeChapter { start_ms, title: plain::line(&title, TITLE_MAX) })
        .collect();
    chapters.sort_by_key(|chapter| chapter.start_ms);
    chapters
}
