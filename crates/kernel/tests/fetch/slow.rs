//! Servers that take their time.

use std::time::Duration;

use kernel::{
    fetch::{FetchError, Limits},
    testkit::foreign::{Foreign, Step, fetcher_on_loopback},
};

use crate::{assert_fails, get, quick};

#[tokio::test]
async fn a_server_that_says_nothing_is_left() {
    let server = Foreign::start(|asked| match asked.path.as_str() {
        "/head" => vec![Step::Hang],
        _ => vec![Step::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab".to_vec()), Step::Hang],
    })
    .await;
    let fetcher = fetcher_on_loopback();
    for path in ["/head", "/body"] {
        assert_fails!(fetcher.read(&get(&server.at(path))).await, FetchError::TooSlow);
    }
}

#[tokio::test]
async fn a_drip_that_never_pauses_ends_with_the_whole_time() {
    let server = Foreign::start(|_| {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 500000\r\n\r\n".to_vec();
        vec![Step::Bytes(head), Step::Drip(vec![b'a'; 500_000], Duration::from_millis(20))]
    })
    .await;
    let limits = Limits { total: Duration::from_millis(800), ..quick() };
    let answer = fetcher_on_loopback().read(&get(&server.at("/")).limits(limits)).await;
    assert_fails!(answer, FetchError::TooSlow);
}

#[tokio::test]
async fn a_drip_of_redirects_shares_one_time() {
    let server = Foreign::start(|_| {
        let head = b"HTTP/1.1 302 Found\r\nlocation: /on\r\ncontent-length: 0\r\n\r\n".to_vec();
        vec![Step::Drip(head, Duration::from_millis(8))]
    })
    .await;
    let limits = Limits { total: Duration::from_millis(900), ..quick() };
    let answer = fetcher_on_loopback().send(&get(&server.at("/")).limits(limits)).await;
    assert_fails!(answer, FetchError::TooSlow);
}
