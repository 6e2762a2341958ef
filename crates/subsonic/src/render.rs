//! The envelope, in the format that was asked for.

pub(crate) mod pack;
mod xml;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value};

use crate::{error::Error, params::Params, tree::Element};

/// The version of the API that is spoken.
pub(crate) const API_VERSION: &str = "1.16.1";
/// What kind of server this is.
const SERVER_TYPE: &str = "odeon";
/// Longest name of a JSONP callback.
const CALLBACK_CHARS_MAX: usize = 100;

/// In which format an answer is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Xml,
    Json,
    /// JSON as the parameter of a call of this function.
    Jsonp(String),
}

impl Format {
    /// What `f` asks for. What can't be read comes with the format in which to say so.
    pub(crate) fn of(params: &Params) -> Result<Self, (Self, Error)> {
        match params.filled("f") {
            None | Some("xml") => Ok(Self::Xml),
            Some("json") => Ok(Self::Json),
            Some("jsonp") => match params.filled("callback") {
                None => Err((Self::Json, Error::missing("callback"))),
                Some(name) if is_callback(name) => Ok(Self::Jsonp(name.to_owned())),
                Some(_) => Err((
                    Self::Json,
                    Error::refused("callback must be the name of a function, such as a.b_1."),
                )),
            },
            Some(other) => {
                let message = format!("f must be xml, json or jsonp, not {other:?}.");
                Err((Self::Xml, Error::refused(message)))
            }
        }
    }
}

/// Whether this is names joined by dots and nothing else: it becomes code in somebody's page.
fn is_callback(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '$';
    let name = |part: &str| part.starts_with(letter) && part.chars().all(|c| letter(c) || c.is_ascii_digit());
    text.len() <= CALLBACK_CHARS_MAX && text.split('.').all(name)
}

/// A good answer: the element of this name, or none.
pub(crate) fn good(format: &Format, content: Option<(&'static str, Value)>) -> Response {
    respond(format, "ok", content)
}

/// A refusal. Its HTTP status is 200, as the API has it, unless the error has another.
pub(crate) fn bad(format: &Format, error: &Error) -> Response {
    let element = Element::new().with("code", error.code as u16).with("message", error.message.as_str());
    let mut response = respond(format, "failed", Some(("error", element.into())));
    *response.status_mut() = error.status;
    if let Some(seconds) = error.again_s {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn respond(format: &Format, status: &str, content: Option<(&'static str, Value)>) -> Response {
    let mut root = Map::new();
    root.insert("status".to_owned(), status.into());
    root.insert("version".to_owned(), API_VERSION.into());
    root.insert("type".to_owned(), SERVER_TYPE.into());
    root.insert("serverVersion".to_owned(), env!("CARGO_PKG_VERSION").into());
    root.insert("openSubsonic".to_owned(), true.into());
    if let Some((name, content)) = content {
        root.insert(name.to_owned(), content);
    }
    let (content_type, text) = match format {
        Format::Xml => ("text/xml; charset=utf-8", xml::document(&root)),
        Format::Json => ("application/json", json_text(root)),
        Format::Jsonp(callback) => {
            // The comment keeps what follows from being taken for anything but a script.
            ("application/javascript; charset=utf-8", format!("/**/{callback}({});", json_text(root)))
        }
    };
    let mut response = (StatusCode::OK, text).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn json_text(root: Map<String, Value>) -> String {
    let mut whole = Map::new();
    whole.insert("subsonic-response".to_owned(), Value::Object(root));
    let text = Value::Object(whole).to_string();
    // In a script these two end a line, even within a text.
    if text.contains(['\u{2028}', '\u{2029}']) {
        return text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(query: &str) -> Result<Format, (Format, Error)> {
        Format::of(&Params::read(query, b"").expect("few"))
    }

    #[test]
    fn only_names_of_functions_become_callbacks() {
        for good in ["cb", "_", "$.x", "a.b_1.$c", "jQuery123_456"] {
            assert_eq!(
                format(&format!("f=jsonp&callback={good}")).expect("good"),
                Format::Jsonp(good.into())
            );
        }
        for bad in ["1a", "a..b", "a.", ".a", "a(b)", "alert(1)//", "a[0]", "a%20b", "%C3%A9", "a%0A"] {
            let (format, _) = format(&format!("f=jsonp&callback={bad}")).expect_err(bad);
            assert_eq!(format, Format::Json, "the refusal is not a script");
        }
        assert!(format(&format!("f=jsonp&callback={}", "a".repeat(101))).is_err());
        let (_, error) = format("f=jsonp").expect_err("no callback");
        assert_eq!(error.code as u16, 10);
    }

    #[test]
    fn xml_is_what_is_given_unless_something_else_is_asked_for() {
        assert_eq!(format("").expect("good"), Format::Xml);
        assert_eq!(format("f=").expect("good"), Format::Xml);
        assert_eq!(format("f=json").expect("good"), Format::Json);
        assert_eq!(format("f=yaml").expect_err("unknown").0, Format::Xml);
    }
}
