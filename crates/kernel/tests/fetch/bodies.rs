//! What is sent, what comes back, and how large that may be.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use http::{HeaderValue, header};
use kernel::{
    fetch::{Ask, FetchError, Limits},
    testkit::foreign::{Foreign, Step, answer, fetcher_on_loopback},
};

use crate::{assert_fails, get};

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).expect("memory takes it");
    packer.finish().expect("memory takes it")
}

#[tokio::test]
async fn an_answer_is_read_with_its_status_headers_and_address() {
    let server = Foreign::start(|asked| match asked.path.as_str() {
        "/feed?a=1" => answer(301, &[("location", "http://moved.test:PORT/new")], ""),
        _ => answer(200, &[("Content-Type", "Text/XML; charset=utf-8"), ("etag", "\"v1\"")], "<rss/>"),
    })
    .await;
    let answer = fetcher_on_loopback().send(&get(&server.at("/new#part"))).await.unwrap();
    assert_eq!(answer.content_type().as_deref(), Some("text/xml"));
    assert_eq!(answer.validators().etag.as_deref(), Some("\"v1\""));
    assert_eq!(answer.moved_to, None);
    assert_eq!(answer.read().await.unwrap(), "<rss/>");
    let asked = &server.asked()[0];
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/new"));
    assert_eq!(asked.headers["host"], server.address.to_string());
    assert!(asked.headers["user-agent"].starts_with("Odeon/"));
    assert!(!asked.headers.contains_key("cookie") && !asked.headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_move_for_good_is_told_and_a_detour_is_not() {
    let server = Foreign::start(|asked| match asked.path.as_str() {
        "/old" => answer(301, &[("location", "/newer")], ""),
        "/newer" => answer(308, &[("location", "/newest")], ""),
        "/newest" => answer(302, &[("location", "/today")], ""),
        _ => answer(200, &[], "here"),
    })
    .await;
    let moved = fetcher_on_loopback().send(&get(&server.at("/old"))).await.unwrap();
    assert_eq!(moved.moved_to.unwrap().as_str(), server.at("/newest"));
    assert_eq!(moved.address.as_str(), server.at("/today"));
}

#[tokio::test]
async fn what_proves_who_asks_stays_with_its_origin() {
    let other = Foreign::start(|_| answer(200, &[], "other")).await;
    let elsewhere = other.at("/else");
    let server = Foreign::start(move |asked| match asked.path.as_str() {
        "/here" => answer(302, &[("location", "/there")], ""),
        "/away" => answer(302, &[("location", &elsewhere), ("set-cookie", "a=b")], ""),
        _ => answer(200, &[("set-cookie", "a=b")], "there"),
    })
    .await;
    let fetcher = fetcher_on_loopback();
    for path in ["/here", "/away"] {
        fetcher.send(&get(&server.at(path)).authorized("Token abc").unwrap()).await.unwrap();
    }
    let with_key = |asked: &kernel::testkit::foreign::Asked| asked.headers.contains_key("authorization");
    assert!(server.asked().iter().all(with_key), "the origin gets it, also after a redirect");
    assert!(!other.asked().iter().any(with_key), "another origin does not");
    assert!(!other.asked().iter().any(|asked| asked.headers.contains_key("cookie")));
}

#[tokio::test]
async fn what_is_sent_arrives_and_is_not_sent_on() {
    let server = Foreign::start(|asked| match asked.path.as_str() {
        "/moved" => answer(307, &[("location", "/other")], ""),
        _ => answer(401, &[], "{\"error\":\"who?\"}"),
    })
    .await;
    let fetcher = fetcher_on_loopback();
    let ask = Ask::post(&server.at("/submit"), "application/json", "{}").unwrap();
    let refused = fetcher.send(&ask).await.unwrap();
    assert_eq!(refused.status, 401);
    assert_eq!(refused.read().await.unwrap(), "{\"error\":\"who?\"}", "what a failure says can be read");
    assert_fails!(fetcher.read(&ask).await, FetchError::Status(_, None));
    let ask = Ask::post(&server.at("/moved"), "application/json", "{}").unwrap();
    assert_eq!(fetcher.send(&ask).await.unwrap().status, 307);
    assert_eq!(server.asked()[0].body, b"{}");
    assert!(server.asked().iter().all(|asked| asked.path != "/other"));
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let server = Foreign::start(|asked| {
        let known = asked.headers.get("if-none-match").is_some_and(|etag| etag == "\"v1\"");
        if known { answer(304, &[], "") } else { answer(200, &[("etag", "\"v1\"")], "feed") }
    })
    .await;
    let fetcher = fetcher_on_loopback();
    let first = fetcher.send(&get(&server.at("/"))).await.unwrap();
    let again = get(&server.at("/")).unless_unchanged(&first.validators());
    assert!(fetcher.send(&again).await.unwrap().good().unwrap().is_unchanged());
}

#[tokio::test]
async fn when_to_come_again_is_told() {
    let server = Foreign::start(|_| answer(429, &[("retry-after", "120")], "")).await;
    let answer = fetcher_on_loopback().send(&get(&server.at("/"))).await.unwrap();
    assert_fails!(answer.good(), FetchError::Status(_, Some(120)));
}

#[tokio::test]
async fn a_body_larger_than_the_limit_is_refused_whether_it_says_so_or_not() {
    let server = Foreign::start(|asked| match asked.path.as_str() {
        "/honest" => {
            vec![Step::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n".to_vec()), Step::Hang]
        }
        "/chunked" => vec![
            Step::Bytes(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec()),
            Step::Endless([b"1000\r\n".to_vec(), vec![b'a'; 4096], b"\r\n".to_vec()].concat()),
        ],
        _ => vec![Step::Bytes(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()), Step::Endless(vec![b'a'; 65536])],
    })
    .await;
    let fetcher = fetcher_on_loopback();
    for path in ["/honest", "/chunked", "/endless"] {
        assert_fails!(fetcher.read(&get(&server.at(path))).await, FetchError::TooLarge(2_097_152));
    }
}

#[tokio::test]
async fn a_packed_answer_is_unpacked_and_a_bomb_is_not() {
    let (feed, bomb) = (packed(b"<rss/>"), packed(&vec![0; 64 << 20]));
    assert!(bomb.len() < 100_000, "it looks harmless");
    let server = Foreign::start(move |asked| match asked.path.as_str() {
        "/feed" => answer(200, &[("content-encoding", "gzip")], &feed),
        "/bomb" => answer(200, &[("content-encoding", "gzip")], &bomb),
        "/torn" => answer(200, &[("content-encoding", "gzip")], &feed[..feed.len() / 2]),
        _ => answer(200, &[("content-encoding", "br")], "x"),
    })
    .await;
    let fetcher = fetcher_on_loopback();
    assert_eq!(fetcher.read(&get(&server.at("/feed"))).await.unwrap(), "<rss/>");
    assert_fails!(fetcher.read(&get(&server.at("/bomb"))).await, FetchError::TooLarge(_));
    assert_fails!(fetcher.read(&get(&server.at("/torn"))).await, FetchError::NotReachable(_));
    assert_fails!(fetcher.read(&get(&server.at("/unasked"))).await, FetchError::NotReachable(_));
}

#[tokio::test]
async fn a_head_without_measure_is_refused() {
    let server = Foreign::start(|asked| {
        let start = Step::Bytes(b"HTTP/1.1 200 OK\r\n".to_vec());
        match asked.path.as_str() {
            "/long" => vec![start, Step::Bytes(b"x: ".to_vec()), Step::Endless(vec![b'a'; 65536])],
            "/many" => vec![start, Step::Endless(b"x: y\r\n".to_vec())],
            "/early" => vec![Step::Endless(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())],
            _ => vec![Step::Bytes(b"220 mail.example ESMTP\r\n".to_vec())],
        }
    })
    .await;
    let fetcher = fetcher_on_loopback();
    for path in ["/long", "/many"] {
        assert_fails!(fetcher.send(&get(&server.at(path))).await, FetchError::TooLarge(65536));
    }
    assert_fails!(fetcher.send(&get(&server.at("/early"))).await, FetchError::TooSlow);
    assert_fails!(fetcher.send(&get(&server.at("/mail"))).await, FetchError::NotReachable(_));
}

#[tokio::test]
async fn a_header_can_not_be_slipped_in_through_an_address() {
    let server = Foreign::start(|_| answer(200, &[], "")).await;
    let ask = get(&server.at("/a\r\nx-evil: 1\r\n\r\nb?c=\r\nd")).limits(Limits::SMALL);
    let ask = ask.header(header::ACCEPT, HeaderValue::from_static("text/xml"));
    fetcher_on_loopback().send(&ask).await.unwrap();
    let asked = &server.asked()[0];
    assert!(!asked.headers.contains_key("x-evil"), "{asked:?}");
    assert_eq!(asked.headers["accept"], "text/xml");
}
