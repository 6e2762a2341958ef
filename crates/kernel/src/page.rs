//! Paging by key: a page ends with an opaque cursor that names the last row's key, never a number of rows to skip.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _},
};
use utoipa::{IntoParams, ToSchema};

use crate::Problem;

/// Rows of a page when the client does not say.
const LIMIT_DEFAULT: u32 = 60;
/// Most rows of a page; a client that asks for more gets this many.
const LIMIT_MAX: u32 = 200;
/// Longest cursor that is looked at.
const CURSOR_CHARS_MAX: usize = 2048;

/// One page of a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to give as `after` for the next page; absent on the last.
    pub next: Option<String>,
}

/// Which page is asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The cursor that the page before ended with.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200; 60 unless said. Who asks for more gets 200.
    #[serde(default, deserialize_with = "rows_wanted")]
    #[param(value_type = Option<u64>, minimum = 0)]
    pub limit: Option<u32>,
}

/// Reads how many rows are wanted, however many that are; for queries that have a limit besides other fields.
pub fn rows_wanted<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let wanted = Option::<i64>::deserialize(from)?;
    let rows = |rows: i64| match u32::try_from(rows) {
        Ok(rows) => Ok(rows),
        Err(_) if rows > 0 => Ok(u32::MAX),
        Err(_) => Err(D::Error::custom("fewer rows than none can't be given")),
    };
    wanted.map(rows).transpose()
}

impl PageQuery {
    /// How many rows to give.
    pub fn limit(&self) -> u32 {
        self.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX)
    }

    /// The key after which to go on; `None` on the first page, a problem when the cursor is not one of ours.
    pub fn key<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        let Some(cursor) = &self.after else { return Ok(None) };
        let bad =
            || Problem::invalid("after", "This cursor is not one that this list gave; start without one.");
        if cursor.len() > CURSOR_CHARS_MAX {
            return Err(bad());
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad())?;
        serde_json::from_slice(&bytes).map(Some).map_err(|_| bad())
    }
}

impl<T> Page<T> {
    /// Makes a page of rows that were fetched with one more than `limit`, which tells whether there is a next page.
    pub fn cut<K: Serialize>(mut rows: Vec<T>, limit: u32, key: impl Fn(&T) -> K) -> Self {
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let last = if more { rows.last() } else { None };
        let next = last
            .and_then(|row| serde_json::to_vec(&key(row)).ok())
            .map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        Self { items: rows, next }
    }

    /// The same page with every row made into something else.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(make).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_the_key_it_was_made_of() {
        let page = Page::cut(vec![("a", 1), ("b", 2), ("c", 3)], 2, |row| (row.0.to_owned(), row.1));
        assert_eq!(page.items.len(), 2);
        let query = PageQuery { after: page.next, limit: None };
        assert_eq!(query.key::<(String, i32)>().expect("ours"), Some(("b".to_owned(), 2)));
    }

    #[test]
    fn whoever_asks_for_too_many_rows_gets_the_most_there_are() {
        let read = |text| serde_json::from_str::<PageQuery>(text);
        assert_eq!(read(r#"{"limit": 9223372036854775807}"#).expect("a number").limit(), LIMIT_MAX);
        assert_eq!(read("{}").expect("nothing said").limit(), LIMIT_DEFAULT);
        assert!(read(r#"{"limit": -1}"#).is_err());
    }

    #[test]
    fn a_made_up_cursor_is_a_problem_and_not_a_panic() {
        for after in ["", "é", "AAAA", "bnVsbA"] {
            let query = PageQuery { after: Some(after.to_owned()), limit: Some(0) };
            assert!(query.key::<(String, i64)>().is_err(), "{after}");
            assert_eq!(query.limit(), 1);
        }
    }
}
