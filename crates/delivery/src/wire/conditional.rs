//! Conditional requests (RFC 9110, section 13): which of them the answer must obey, in the standard's order.

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, Method, header};

use super::range::{self, Wanted};

/// What identifies one state of a representation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validators<'a> {
    /// A strong tag, with its quotes.
    pub etag: &'a str,
    /// When it last changed, in seconds since 1970, where that is known.
    pub modified_s: Option<u64>,
}

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// 200 with everything.
    Whole,
    /// 206 with these bytes.
    Part(std::ops::Range<u64>),
    /// 304: the client has it.
    NotModified,
    /// 412: the client wanted another state.
    Failed,
    /// 416: none of the bytes asked for are there.
    Beyond,
}

/// Decides what to answer a GET or HEAD for a representation of `length` bytes.
pub(crate) fn plan(method: &Method, headers: &HeaderMap, validators: Validators<'_>, length: u64) -> Plan {
    if let Some(tags) = text(headers, &header::IF_MATCH) {
        if !lists(&tags, validators.etag, Comparison::Strong) {
            return Plan::Failed;
        }
    } else if let (Some(since), Some(modified)) =
        (date(headers, &header::IF_UNMODIFIED_SINCE), validators.modified_s)
        && modified > since
    {
        return Plan::Failed;
    }
    if let Some(tags) = text(headers, &header::IF_NONE_MATCH) {
        if lists(&tags, validators.etag, Comparison::Weak) {
            return Plan::NotModified;
        }
    } else if let (Some(since), Some(modified)) =
        (date(headers, &header::IF_MODIFIED_SINCE), validators.modified_s)
        && modified <= since
    {
        return Plan::NotModified;
    }
    // Only GET has ranges.
    if method != Method::GET || !range_holds(headers, validators) {
        return Plan::Whole;
    }
    match text(headers, &header::RANGE).map(|value| range::wanted(&value, length)) {
        Some(Wanted::Part(part)) => Plan::Part(part),
        Some(Wanted::Beyond) => Plan::Beyond,
        Some(Wanted::Whole) | None => Plan::Whole,
    }
}

/// Whether `If-Range`, if there is one, names this state, so that the part fits what the client has.
fn range_holds(headers: &HeaderMap, validators: Validators<'_>) -> bool {
    let Some(value) = headers.get(header::IF_RANGE) else { return true };
    let Ok(value) = value.to_str() else { return false };
    if value.starts_with('"') {
        return value == validators.etag;
    }
    // A weak tag parses as no date, so it never holds, as the standard asks.
    seconds(value).is_some_and(|seconds| Some(seconds) == validators.modified_s)
}

#[derive(Clone, Copy, PartialEq)]
enum Comparison {
    Strong,
    Weak,
}

/// Whether a list of tags names `etag`, which is strong.
fn lists(tags: &str, etag: &str, comparison: Comparison) -> bool {
    // Our tags hold no comma, so cutting at commas can't make a foreign tag look like ours.
    tags.split(',').map(str::trim).any(|tag| {
        let bare = if comparison == Comparison::Weak { tag.strip_prefix("W/").unwrap_or(tag) } else { tag };
        bare == "*" || bare == etag
    })
}

/// All values of a header as one list.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let first = values.next()?.to_owned();
    Some(values.fold(first, |list, value| list + "," + value))
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    seconds(headers.get(name)?.to_str().ok()?)
}

fn seconds(text: &str) -> Option<u64> {
    let time = httpdate::parse_http_date(text).ok()?;
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

/// Seconds since 1970 as a header says them.
pub(crate) fn http_date(seconds: u64) -> String {
    // The format ends with the year 9999.
    let seconds = seconds.min(253_402_300_799);
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const NOW: u64 = 1_767_225_600;

    fn ask(headers: &[(HeaderName, &str)]) -> Plan {
        ask_by(&Method::GET, headers)
    }

    fn ask_by(method: &Method, headers: &[(HeaderName, &str)]) -> Plan {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.clone(), HeaderValue::from_str(value).expect("a header"));
        }
        plan(method, &map, Validators { etag: "\"a\"", modified_s: Some(NOW) }, 100)
    }

    #[test]
    fn a_client_that_has_this_state_is_told_so() {
        for tags in ["\"a\"", "W/\"a\"", "*", "\"x\", \"a\"", "\"x\",W/\"a\""] {
            assert_eq!(ask(&[(header::IF_NONE_MATCH, tags)]), Plan::NotModified, "{tags}");
        }
        for tags in ["\"b\"", "a", "\"A\"", ""] {
            assert_eq!(ask(&[(header::IF_NONE_MATCH, tags)]), Plan::Whole, "{tags}");
        }
        let two = [(header::IF_NONE_MATCH, "\"x\""), (header::IF_NONE_MATCH, "\"a\"")];
        assert_eq!(ask(&two), Plan::NotModified, "two headers are one list");
    }

    #[test]
    fn dates_count_only_where_no_tag_is_given() {
        let (now, before) = (http_date(NOW), http_date(NOW - 1));
        assert_eq!(ask(&[(header::IF_MODIFIED_SINCE, &now)]), Plan::NotModified);
        assert_eq!(ask(&[(header::IF_MODIFIED_SINCE, &before)]), Plan::Whole);
        assert_eq!(ask(&[(header::IF_MODIFIED_SINCE, "yesterday")]), Plan::Whole);
        assert_eq!(ask(&[(header::IF_NONE_MATCH, "\"b\""), (header::IF_MODIFIED_SINCE, &now)]), Plan::Whole);
        assert_eq!(ask(&[(header::IF_UNMODIFIED_SINCE, &before)]), Plan::Failed);
        assert_eq!(ask(&[(header::IF_UNMODIFIED_SINCE, &now)]), Plan::Whole);
        assert_eq!(ask(&[(header::IF_MATCH, "\"a\""), (header::IF_UNMODIFIED_SINCE, &before)]), Plan::Whole);
    }

    #[test]
    fn a_client_that_wants_another_state_is_refused() {
        assert_eq!(ask(&[(header::IF_MATCH, "\"b\"")]), Plan::Failed);
        assert_eq!(ask(&[(header::IF_MATCH, "W/\"a\"")]), Plan::Failed, "weak tags never match strongly");
        assert_eq!(ask(&[(header::IF_MATCH, "*")]), Plan::Whole);
    }

    #[test]
    fn a_part_is_given_only_of_the_state_that_the_client_has() {
        let range = (header::RANGE, "bytes=10-19");
        let now = http_date(NOW);
        assert_eq!(ask(std::slice::from_ref(&range)), Plan::Part(10..20));
        assert_eq!(ask(&[range.clone(), (header::IF_RANGE, "\"a\"")]), Plan::Part(10..20));
        assert_eq!(ask(&[range.clone(), (header::IF_RANGE, "\"b\"")]), Plan::Whole);
        assert_eq!(ask(&[range.clone(), (header::IF_RANGE, "W/\"a\"")]), Plan::Whole);
        assert_eq!(ask(&[range.clone(), (header::IF_RANGE, &now)]), Plan::Part(10..20));
        assert_eq!(ask(&[range.clone(), (header::IF_RANGE, &http_date(NOW - 1))]), Plan::Whole);
        assert_eq!(ask(&[range.clone(), (header::IF_RANGE, &http_date(NOW + 1))]), Plan::Whole);
        assert_eq!(ask(&[range.clone(), (header::IF_NONE_MATCH, "\"a\"")]), Plan::NotModified);
        assert_eq!(ask(&[(header::RANGE, "bytes=100-")]), Plan::Beyond);
        assert_eq!(ask(&[(header::RANGE, "bytes=100-"), (header::IF_RANGE, "\"b\"")]), Plan::Whole);
        assert_eq!(ask_by(&Method::HEAD, std::slice::from_ref(&range)), Plan::Whole);
    }
}
