//! What people write into fields is looked at: too long, empty where something must stand, no date.

use kernel::Problem;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Change, Fields, words};
use crate::{
    fold,
    import::{CREDITS_MAX, TEXTS_MAX},
    model::{AlbumFields, ArtistFields, CreditEdit, DiscTitle, TrackFields},
};

/// Longest comment.
const COMMENT_CHARS_MAX: usize = 2_000;
/// Longest lyrics.
pub(crate) const LYRICS_CHARS_MAX: usize = 50_000;
/// Highest number of a disc or track.
const NUMBER_MAX: u32 = 9_999;

/// Fields that can be looked at.
pub(crate) trait Checked: Serialize + DeserializeOwned {
    /// Cleans everything, or says what can't be taken.
    fn check(&mut self) -> Result<(), Problem>;
}

/// What is asked for, cleaned.
///
/// # Errors
/// A problem that names the field that can't be taken.
pub(crate) fn change<F: Checked>(asked: &Fields) -> Result<Change, Problem> {
    let back: Vec<String> =
        asked.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name.clone()).collect();
    let mut fields: F = serde_json::from_value(Value::Object(asked.clone()))
        .map_err(|error| Problem::invalid("changes", error.to_string()))?;
    fields.check()?;
    let set = super::by_name(&fields).map_err(|fault| Problem::invalid("changes", fault.to_string()))?;
    Ok(Change { set, back })
}

fn text(field: &str, given: &mut Option<String>) -> Result<(), Problem> {
    if let Some(text) = given {
        one(field, text)?;
    }
    Ok(())
}

fn one(field: &str, text: &mut String) -> Result<(), Problem> {
    bounded(field, text, fold::TEXT_CHARS_MAX)?;
    *text = fold::clean(text);
    Ok(())
}

fn bounded(field: &str, text: &str, chars_max: usize) -> Result<(), Problem> {
    let count = text.chars().count();
    if count > chars_max {
        let message = format!("This has {count} characters; at most {chars_max} are taken.");
        return Err(Problem::invalid(field, message));
    }
    Ok(())
}

fn needed(field: &str, given: Option<&String>) -> Result<(), Problem> {
    if given.is_some_and(String::is_empty) {
        return Err(Problem::invalid(field, "Something must stand here."));
    }
    Ok(())
}

/// A list of names: cleaned, empty ones left out, the same once.
fn texts(field: &str, given: &mut Option<Vec<String>>) -> Result<(), Problem> {
    let Some(all) = given else { return Ok(()) };
    if all.len() > TEXTS_MAX {
        let message = format!("These are {}; at most {TEXTS_MAX} are taken.", all.len());
        return Err(Problem::invalid(field, message));
    }
    let mut kept: Vec<String> = Vec::with_capacity(all.len());
    for mut text in all.drain(..) {
        one(field, &mut text)?;
        if !text.is_empty() && !kept.iter().any(|known| fold::same(known) == fold::same(&text)) {
            kept.push(text);
        }
    }
    *all = kept;
    Ok(())
}

fn some(field: &str, given: Option<&Vec<String>>) -> Result<(), Problem> {
    if given.is_some_and(Vec::is_empty) {
        return Err(Problem::invalid(field, "At least one name must stand here."));
    }
    Ok(())
}

fn date(field: &str, given: &mut Option<String>) -> Result<(), Problem> {
    let Some(text) = given else { return Ok(()) };
    bounded(field, text, 10)?;
    *text = match fold::clean(text) {
        empty if empty.is_empty() => empty,
        other => match fold::date(&other).filter(|date| *date == other) {
            Some(date) => date,
            None => return Err(Problem::invalid(field, "Write a date as 1999, 1999-05 or 1999-05-21.")),
        },
    };
    Ok(())
}

fn number(field: &str, given: Option<u32>, least: u32) -> Result<(), Problem> {
    if given.is_some_and(|number| !(least..=NUMBER_MAX).contains(&number)) {
        return Err(Problem::invalid(field, format!("Take a number from {least} to {NUMBER_MAX}.")));
    }
    Ok(())
}

fn credits(given: &mut Option<Vec<CreditEdit>>) -> Result<(), Problem> {
    let Some(all) = given else { return Ok(()) };
    if all.len() > CREDITS_MAX {
        let message = format!("These are {}; at most {CREDITS_MAX} are taken.", all.len());
        return Err(Problem::invalid("credits", message));
    }
    let mut kept: Vec<CreditEdit> = Vec::with_capacity(all.len());
    for mut credit in all.drain(..) {
        one("credits", &mut credit.name)?;
        text("credits", &mut credit.detail)?;
        credit.detail = credit.detail.filter(|detail| !detail.is_empty());
        if !credit.name.is_empty() && !kept.contains(&credit) {
            kept.push(credit);
        }
    }
    *all = kept;
    Ok(())
}

impl Checked for TrackFields {
    fn check(&mut self) -> Result<(), Problem> {
        text("title", &mut self.title)?;
        needed("title", self.title.as_ref())?;
        text("sort_title", &mut self.sort_title)?;
        text("subtitle", &mut self.subtitle)?;
        texts("artists", &mut self.artists)?;
        some("artists", self.artists.as_ref())?;
        text("album", &mut self.album)?;
        texts("album_artists", &mut self.album_artists)?;
        number("disc", self.disc, 1)?;
        text("disc_title", &mut self.disc_title)?;
        number("number", self.number, 0)?;
        date("date", &mut self.date)?;
        date("original_date", &mut self.original_date)?;
        texts("genres", &mut self.genres)?;
        texts("moods", &mut self.moods)?;
        credits(&mut self.credits)?;
        text("work", &mut self.work)?;
        text("movement", &mut self.movement)?;
        number("movement_number", self.movement_number, 0)?;
        if let Some(comment) = &mut self.comment {
            bounded("comment", comment, COMMENT_CHARS_MAX)?;
            *comment = fold::clean_lines(comment, COMMENT_CHARS_MAX);
        }
        if let Some(lyrics) = &mut self.lyrics {
            bounded("lyrics", lyrics, LYRICS_CHARS_MAX)?;
            *lyrics = words::text(&words::lines(lyrics));
        }
        Ok(())
    }
}

impl Checked for AlbumFields {
    fn check(&mut self) -> Result<(), Problem> {
        text("title", &mut self.title)?;
        needed("title", self.title.as_ref())?;
        text("sort_title", &mut self.sort_title)?;
        texts("artists", &mut self.artists)?;
        some("artists", self.artists.as_ref())?;
        date("released", &mut self.released)?;
        date("original_date", &mut self.original_date)?;
        text("version", &mut self.version)?;
        texts("labels", &mut self.labels)?;
        texts("catalogue_numbers", &mut self.catalogue_numbers)?;
        texts("types", &mut self.types)?;
        for kind in self.types.iter_mut().flatten() {
            *kind = kind.to_lowercase();
        }
        text("barcode", &mut self.barcode)
    }
}

impl Checked for ArtistFields {
    fn check(&mut self) -> Result<(), Problem> {
        text("name", &mut self.name)?;
        needed("name", self.name.as_ref())?;
        text("sort_name", &mut self.sort_name)
    }
}

/// Names of discs, cleaned.
pub(crate) fn discs(given: &[DiscTitle]) -> Result<Vec<DiscTitle>, Problem> {
    const DISCS_MAX: usize = 100;
    if given.len() > DISCS_MAX {
        return Err(Problem::invalid("discs", format!("At most {DISCS_MAX} discs are named at once.")));
    }
    let mut discs = given.to_vec();
    for disc in &mut discs {
        number("discs", Some(disc.disc), 1)?;
        one("discs", &mut disc.title)?;
    }
    Ok(discs)
}

/// Genres of all tracks of an album, cleaned.
pub(crate) fn genres(given: Option<&Vec<String>>) -> Result<Option<Vec<String>>, Problem> {
    let mut genres = given.cloned();
    texts("genres", &mut genres)?;
    Ok(genres)
}
