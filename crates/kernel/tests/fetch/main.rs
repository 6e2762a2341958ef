//! Asking other servers: what is answered, what is refused, and what hostile servers get.

mod bodies;
mod downloads;
mod refused;
mod secure;
mod slow;

use std::time::Duration;

use kernel::fetch::{Ask, FetchError, Limits};

/// Limits in which a test has patience.
fn quick() -> Limits {
    Limits {
        total: Duration::from_secs(2),
        idle: Duration::from_millis(300),
        head: Duration::from_millis(600),
        ..Limits::SMALL
    }
}

fn get(address: &str) -> Ask {
    Ask::get(address).expect("it is an address").limits(quick())
}

/// Makes sure that an answer is this error.
macro_rules! assert_fails {
    ($result:expr, $pattern:pat) => {
        match $result {
            Err(error) => assert!(matches!(error, $pattern), "it fails otherwise: {error:?}"),
            Ok(_) => panic!("it is answered"),
        }
    };
}
use assert_fails;

#[test]
fn what_can_not_be_asked_is_told_in_words() {
    for address in [
        "",
        "feed",
        "ftp://a.example/",
        "file:///etc/passwd",
        "gopher://a.example/",
        "javascript:alert(1)",
        "https://",
        "http://ann:secret@a.example/",
        "http://ann@a.example/",
        "data:text/plain,x",
        &format!("https://a.example/{}", "a".repeat(3000)),
    ] {
        assert_fails!(Ask::get(address), FetchError::Address(_));
    }
}

#[test]
fn only_what_may_pass_by_itself_is_worth_another_try() {
    use http::StatusCode;
    assert!(FetchError::TooSlow.is_passing());
    assert!(FetchError::Status(StatusCode::BAD_GATEWAY, None).is_passing());
    assert!(FetchError::Status(StatusCode::TOO_MANY_REQUESTS, Some(7)).is_passing());
    assert!(!FetchError::Status(StatusCode::NOT_FOUND, None).is_passing());
    assert!(!FetchError::Refused.is_passing() && !FetchError::TooLarge(1).is_passing());
}
