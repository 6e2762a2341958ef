//! Rules made ready: checked once, with every wrong place named, and turned into what is quick to hold against a track.

use kernel::{Problem, Time};
use serde_json::Value;

use super::{
    DEPTH_MAX, FOUND_MAX, Field, Limit, Match, Op, RULES_MAX, Rule, Rules, SORTS_MAX, SortBy, VALUE_CHARS_MAX,
};
use crate::fold;

const DAY_US: i64 = 86_400_000_000;
/// Most days that `in_last` goes back.
const DAYS_MAX: i64 = 36_500;
/// Most minutes of a limit.
const MINUTES_MAX: u32 = 100_000;
/// The order of a playlist whose rules name none.
const SORT_DEFAULT: [Field; 4] = [Field::Album, Field::Disc, Field::Number, Field::Title];

/// Rules made ready at a moment.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    pub(super) root: Node,
    pub(super) sort: Vec<SortBy>,
    pub(super) limit_by: Vec<SortBy>,
    /// Most tracks.
    pub(super) count_max: usize,
    /// Most milliseconds.
    pub(super) ms_max: Option<u64>,
    /// What chance is drawn of: the day.
    pub(super) day: i64,
}

/// One rule made ready.
#[derive(Clone, Debug)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Test { field: Field, check: Check, negate: bool },
}

/// What a field is held against.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Check {
    Is(String),
    Contains(String),
    Begins(String),
    Ends(String),
    /// From and to, both included.
    Range(i64, i64),
    Flag(bool),
}

/// Which tracks need to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// All that are shown.
    All,
    /// Those that came in since then.
    AddedSince(Time),
    /// Those that the listener has marked or played.
    Marked,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Text,
    Number,
    Date,
    Flag,
}

fn sort_of(field: Field) -> Option<Sort> {
    Some(match field {
        Field::Title | Field::Artist | Field::Album | Field::AlbumArtist | Field::Genre | Field::Codec => {
            Sort::Text
        }
        Field::Year
        | Field::Duration
        | Field::Bitrate
        | Field::Rating
        | Field::Plays
        | Field::Disc
        | Field::Number
        | Field::Library => Sort::Number,
        Field::Added | Field::LastPlayed => Sort::Date,
        Field::Favourite => Sort::Flag,
        Field::Random => return None,
    })
}

impl Compiled {
    /// Checks rules and makes them ready; `now` is what days count back from.
    pub(crate) fn new(rules: &Rules, now: Time) -> Result<Self, Problem> {
        let mut count = 0;
        let nodes = nodes(&rules.rules, "rules", 1, &mut count, now)?;
        let root = joined(rules.matching, nodes);
        if rules.sort.len() > SORTS_MAX {
            return Err(Problem::invalid(
                "sort",
                format!("At most {SORTS_MAX} fields to sort by are taken; these are {}.", rules.sort.len()),
            ));
        }
        let sort = if rules.sort.is_empty() {
            SORT_DEFAULT.map(|field| SortBy { field, descending: false }).to_vec()
        } else {
            rules.sort.clone()
        };
        let limit_by = rules.limit_by.map_or_else(|| sort.clone(), |by| vec![by]);
        let (count_max, ms_max) = limits(rules.limit)?;
        Ok(Self { root, sort, limit_by, count_max, ms_max, day: now.0.div_euclid(DAY_US) })
    }

    /// The same for who does not mind in which order the tracks come.
    pub(crate) fn unordered(mut self) -> Self {
        self.sort.clear();
        self
    }

    /// Whether any rule or order needs a field.
    pub(crate) fn needs(&self, wanted: &[Field]) -> bool {
        let sorted = self.sort.iter().chain(&self.limit_by).any(|by| wanted.contains(&by.field));
        sorted || self.root.needs(wanted)
    }

    /// The smallest set of tracks that holds everything that fits.
    pub(crate) fn source(&self) -> Source {
        let Node::All(nodes) = &self.root else { return Source::All };
        let mut source = Source::All;
        for node in nodes {
            let Node::Test { field, check, negate: false } = node else { continue };
            match (field, check) {
                (Field::Rating | Field::Plays, Check::Range(from, _)) if *from > 0 => return Source::Marked,
                (Field::Favourite, Check::Flag(true)) | (Field::LastPlayed, Check::Range(..)) => {
                    return Source::Marked;
                }
                (Field::Added, Check::Range(from, _)) if *from > i64::MIN => {
                    source = Source::AddedSince(Time(*from));
                }
                _ => {}
            }
        }
        source
    }
}

impl Node {
    fn needs(&self, wanted: &[Field]) -> bool {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().any(|node| node.needs(wanted)),
            Self::Test { field, .. } => wanted.contains(field),
        }
    }
}

fn joined(matching: Match, nodes: Vec<Node>) -> Node {
    match matching {
        // Of no rules none can hold, but who has set none wants everything.
        Match::Any if !nodes.is_empty() => Node::Any(nodes),
        _ => Node::All(nodes),
    }
}

fn limits(limit: Option<Limit>) -> Result<(usize, Option<u64>), Problem> {
    let most = FOUND_MAX as usize;
    match limit {
        None => Ok((most, None)),
        Some(Limit { count: Some(count), minutes: None }) if (1..=FOUND_MAX).contains(&count) => {
            Ok((count as usize, None))
        }
        Some(Limit { count: None, minutes: Some(minutes) }) if (1..=MINUTES_MAX).contains(&minutes) => {
            Ok((most, Some(u64::from(minutes) * 60_000)))
        }
        Some(_) => Err(Problem::invalid(
            "limit",
            format!("Give either count, 1 to {FOUND_MAX}, or minutes, 1 to {MINUTES_MAX}."),
        )),
    }
}

fn nodes(
    rules: &[Rule],
    path: &str,
    depth: usize,
    count: &mut usize,
    now: Time,
) -> Result<Vec<Node>, Problem> {
    let each = rules.iter().enumerate().map(|(at, rule)| {
        *count += 1;
        if *count > RULES_MAX {
            let message = format!("A smart playlist has at most {RULES_MAX} rules and groups.");
            return Err(Problem::invalid("rules", message));
        }
        node(rule, &format!("{path}[{at}]"), depth, count, now)
    });
    each.collect()
}

fn node(rule: &Rule, path: &str, depth: usize, count: &mut usize, now: Time) -> Result<Node, Problem> {
    match rule {
        Rule { matching: Some(matching), rules: Some(rules), field: None, op: None, value: None } => {
            if depth >= DEPTH_MAX {
                let message = format!("Groups lie at most {DEPTH_MAX} deep in each other.");
                return Err(Problem::invalid(path, message));
            }
            let inner = nodes(rules, &format!("{path}.rules"), depth + 1, count, now)?;
            Ok(joined(*matching, inner))
        }
        Rule { matching: None, rules: None, field: Some(field), op: Some(op), value: Some(value) } => {
            test(*field, *op, value, path, now)
        }
        _ => Err(Problem::invalid(
            path,
            "A rule is a test with field, op and value, or a group with match and rules.",
        )),
    }
}

fn test(field: Field, op: Op, value: &Value, path: &str, now: Time) -> Result<Node, Problem> {
    let sort = sort_of(field)
        .ok_or_else(|| Problem::invalid(&format!("{path}.field"), "Chance is only to sort by."))?;
    let at = format!("{path}.value");
    let negate = matches!(op, Op::IsNot | Op::NotContains | Op::NotInLast);
    let check = match (sort, op) {
        (Sort::Text, Op::Is | Op::IsNot) => Check::Is(text(value, &at)?),
        (Sort::Text, Op::Contains | Op::NotContains) => Check::Contains(text(value, &at)?),
        (Sort::Text, Op::Begins) => Check::Begins(text(value, &at)?),
        (Sort::Text, Op::Ends) => Check::Ends(text(value, &at)?),
        (Sort::Number, Op::Is | Op::IsNot) => {
            let number = number(value, &at)?;
            Check::Range(number, number)
        }
        (Sort::Number, Op::Greater) => Check::Range(number(value, &at)?.saturating_add(1), i64::MAX),
        (Sort::Number, Op::Less) => Check::Range(i64::MIN, number(value, &at)?.saturating_sub(1)),
        (Sort::Number, Op::Between) => {
            let (from, to) = two(value, &at)?;
            Check::Range(number(from, &at)?, number(to, &at)?)
        }
        (Sort::Date, Op::InLast | Op::NotInLast) => Check::Range(days_back(value, &at, now)?, i64::MAX),
        (Sort::Date, Op::Is | Op::IsNot) => day(value, &at).map(|(from, to)| Check::Range(from, to))?,
        (Sort::Date, Op::Before | Op::Less) => Check::Range(i64::MIN, day(value, &at)?.0 - 1),
        (Sort::Date, Op::After | Op::Greater) => Check::Range(day(value, &at)?.1.saturating_add(1), i64::MAX),
        (Sort::Date, Op::Between) => {
            let (from, to) = two(value, &at)?;
            Check::Range(day(from, &at)?.0, day(to, &at)?.1)
        }
        (Sort::Flag, Op::Is | Op::IsNot) => Check::Flag(
            value.as_bool().ok_or_else(|| Problem::invalid(&at, "This is compared with true or false."))?,
        ),
        _ => {
            let message = "This field can't be compared so; take another op.";
            return Err(Problem::invalid(&format!("{path}.op"), message));
        }
    };
    Ok(Node::Test { field, check, negate })
}

fn text(value: &Value, at: &str) -> Result<String, Problem> {
    let text = value.as_str().ok_or_else(|| Problem::invalid(at, "This is compared with a text."))?;
    if text.chars().count() > VALUE_CHARS_MAX {
        return Err(Problem::invalid(at, format!("At most {VALUE_CHARS_MAX} characters are taken.")));
    }
    let folded = fold::loose(text);
    if folded.is_empty() {
        return Err(Problem::invalid(at, "Give a text to compare with."));
    }
    Ok(folded)
}

fn number(value: &Value, at: &str) -> Result<i64, Problem> {
    // Identifiers are strings in JSON, and editors keep what was typed as text.
    let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
    number.ok_or_else(|| Problem::invalid(at, "This is compared with a whole number."))
}

fn two<'a>(value: &'a Value, at: &str) -> Result<(&'a Value, &'a Value), Problem> {
    match value.as_array().map(Vec::as_slice) {
        Some([from, to]) => Ok((from, to)),
        _ => Err(Problem::invalid(at, "Give a list of two values: from and to.")),
    }
}

fn days_back(value: &Value, at: &str, now: Time) -> Result<i64, Problem> {
    let days = number(value, at)?;
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Problem::invalid(at, format!("Give a number of days, 1 to {DAYS_MAX}.")));
    }
    Ok(now.0 - days * DAY_US)
}

/// The first and the last microsecond of a day, or twice the same moment.
fn day(value: &Value, at: &str) -> Result<(i64, i64), Problem> {
    let bad = || Problem::invalid(at, "Give a date, YYYY-MM-DD, or a moment as RFC 3339 writes it.");
    let text = value.as_str().ok_or_else(bad)?;
    let parsed = |text: String| serde_json::from_value::<Time>(Value::String(text)).map_err(|_| bad());
    if text.len() == 10 {
        let from = parsed(format!("{text}T00:00:00Z"))?.0;
        return Ok((from, from + DAY_US - 1));
    }
    let moment = parsed(text.to_owned())?.0;
    Ok((moment, moment))
}
