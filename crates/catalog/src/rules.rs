//! The rules of smart playlists: as JSON here, made ready in `compile`, held against tracks in `evaluate`. All of it
//! is pure: what is known of a track comes in as [`Facts`], what the listener thinks of it as [`Mark`].

mod compile;
mod evaluate;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) use compile::{Compiled, Source};
pub(crate) use evaluate::{Facts, Mark, Picked, Sieve};

/// Most tests and groups of one smart playlist together.
pub const RULES_MAX: usize = 100;
/// How deep groups may lie in each other.
pub const DEPTH_MAX: usize = 5;
/// Most fields to sort by.
pub const SORTS_MAX: usize = 5;
/// Most tracks of a smart playlist; also what one without a limit holds.
pub const FOUND_MAX: u32 = 10_000;
/// Longest text that a rule compares with.
pub const VALUE_CHARS_MAX: usize = 200;

/// What a smart playlist holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Whether a track must fit all rules or any of them.
    #[serde(rename = "match")]
    pub matching: Match,
    /// Tests and groups of tests, at most 100 together, groups at most 5 deep. None lets every track in.
    pub rules: Vec<Rule>,
    /// The order, the first field first, at most 5; by album, disc and number unless said.
    #[serde(default)]
    pub sort: Vec<SortBy>,
    /// How much of what fits; at most 10,000 tracks unless said.
    #[serde(default)]
    pub limit: Option<Limit>,
    /// Which of what fits when there is more than the limit: the first by this; by the order unless said.
    #[serde(default)]
    pub limit_by: Option<SortBy>,
}

/// How several rules are taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Match {
    /// Every one must hold.
    All,
    /// One of them must hold.
    Any,
}

/// A test (`field`, `op`, `value`) or a group (`match`, `rules`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Of a group: whether all or any of its rules must hold.
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<Match>,
    /// Of a group: its rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub rules: Option<Vec<Rule>>,
    /// Of a test: what is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
    /// Of a test: how it is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<Op>,
    /// Of a test: with what. A text, a whole number, `true` or `false`, a date `YYYY-MM-DD` or with a time, a number of
    /// days for `in_last`, and a list of two for `between`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<serde_json::Value>,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The title.
    Title,
    /// Anybody who plays.
    Artist,
    /// The album's title.
    Album,
    /// Anybody whose album it is.
    AlbumArtist,
    /// Any of its genres.
    Genre,
    /// The year of its date.
    Year,
    /// When it came in.
    Added,
    /// How long it plays, in seconds.
    Duration,
    /// The codec of its file.
    Codec,
    /// Thousand bits a second of its file.
    Bitrate,
    /// Whether it is a favourite of who looks.
    Favourite,
    /// The rating by who looks, 0 to 5; 0 for none.
    Rating,
    /// How often who looks has played it.
    Plays,
    /// When who looks last played it.
    LastPlayed,
    /// The number of its disc.
    Disc,
    /// Its number on its disc.
    Number,
    /// The library that it lies in, by its number.
    Library,
    /// Only to sort by: chance, another one each day.
    Random,
}

/// How a rule compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// The same; of a date, on that day. Case and accents never count.
    Is,
    /// Not the same.
    IsNot,
    /// Has this in it.
    Contains,
    /// Has this nowhere in it.
    NotContains,
    /// Begins with this.
    Begins,
    /// Ends with this.
    Ends,
    /// More than this.
    Greater,
    /// Less than this.
    Less,
    /// From the first to the second, both included.
    Between,
    /// Within so many days before now.
    InLast,
    /// Never, or longer ago than so many days.
    NotInLast,
    /// Before this day or moment.
    Before,
    /// After this day or moment.
    After,
}

/// A field to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SortBy {
    /// Which.
    pub field: Field,
    /// The largest first.
    #[serde(default)]
    pub descending: bool,
}

/// How much of what fits: one of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// So many tracks, 1 to 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// As many tracks as play in so many minutes, 1 to 100,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
}

#[cfg(test)]
mod tests;
