//! What goes into a file, and on where it broke off.

use kernel::{
    fetch::{Ask, FetchError, Limits, discard},
    testkit::foreign::{Asked, Foreign, Step, answer, fetcher_on_loopback},
};

use crate::{assert_fails, quick};

const WHOLE: &[u8] = b"an episode that is longer than what comes at once";

fn ask(address: &str, bytes_max: u64) -> Ask {
    Ask::get(address)
        .expect("it is an address")
        .limits(Limits { redirects_max: 10, ..quick() }.bytes(bytes_max))
}

/// The part of the whole that was asked for, if what the client has is of this state.
fn part(asked: &Asked, etag: &str) -> (u16, String, &'static [u8]) {
    let range = asked.headers.get("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
    let same = asked.headers.get("if-range").is_some_and(|known| known == etag);
    match range.and_then(|start| start.parse::<usize>().ok()).filter(|_| same) {
        Some(start) => (206, format!("bytes {start}-{}/{}", WHOLE.len() - 1, WHOLE.len()), &WHOLE[start..]),
        None => (200, String::new(), WHOLE),
    }
}

/// A server that breaks off after some bytes of each answer.
async fn breaking(after: usize, etag: &'static str) -> Foreign {
    Foreign::start(move |asked| {
        let (status, range, bytes) = part(asked, etag);
        let head = format!(
            "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\netag: {etag}\r\ncontent-range: {range}\r\n\r\n",
            bytes.len()
        );
        vec![Step::Bytes([head.as_bytes(), &bytes[..after.min(bytes.len())]].concat())]
    })
    .await
}

#[tokio::test]
async fn a_download_lies_in_its_file_whole() {
    let server = Foreign::start(|_| answer(200, &[("content-type", "audio/mpeg")], WHOLE)).await;
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("one");
    let done = fetcher_on_loopback().download(ask(&server.at("/"), 100), &to).await.unwrap();
    assert_eq!((done.bytes, done.content_type.as_deref()), (WHOLE.len() as u64, Some("audio/mpeg")));
    assert_eq!(std::fs::read(&to).unwrap(), WHOLE);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    assert_eq!(server.asked()[0].headers["accept-encoding"], "identity");
}

#[tokio::test]
async fn a_download_that_breaks_off_goes_on_from_there() {
    let server = breaking(20, "\"v1\"").await;
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("one");
    fetcher_on_loopback().download(ask(&server.at("/"), 100), &to).await.unwrap();
    assert_eq!(std::fs::read(&to).unwrap(), WHOLE);
    let ranges: Vec<_> = server.asked().iter().map(|asked| asked.headers.get("range").cloned()).collect();
    assert_eq!(ranges, [None, Some("bytes=20-".to_owned()), Some("bytes=40-".to_owned())]);
}

#[tokio::test]
async fn a_later_call_goes_on_and_one_for_another_state_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("one");
    let fetcher = fetcher_on_loopback();
    let server = breaking(5, "\"v1\"").await;
    assert_fails!(fetcher.download(ask(&server.at("/"), 100), &to).await, FetchError::NotReachable(_));
    let have = std::fs::metadata(&to).unwrap().len();
    assert_eq!(have, 30, "six tries of five bytes");
    fetcher.download(ask(&server.at("/"), 100), &to).await.unwrap();
    assert_eq!(std::fs::read(&to).unwrap(), WHOLE);
    let asked = server.asked();
    assert_eq!(asked[6].headers["range"], "bytes=30-");

    // The same address, and something else behind it.
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("two");
    std::fs::write(&to, "an episode that nobody wants any more, longer than the one to come, really")
        .unwrap();
    let note = format!("{{\"address\":\"{}\",\"validators\":{{\"etag\":\"\\\"v0\\\"\"}}}}", server.at("/"));
    std::fs::write(folder.path().join("two.from"), note).unwrap();
    let server_too = breaking(100, "\"v1\"").await;
    fetcher.download(ask(&server_too.at("/"), 100), &to).await.unwrap();
    assert_eq!(std::fs::read(&to).unwrap(), WHOLE);
    discard(&to).await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_download_that_lies_about_its_size_ends_at_the_limit() {
    let server = Foreign::start(|asked| match asked.path.as_str() {
        "/honest" => {
            vec![Step::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n".to_vec()), Step::Hang]
        }
        _ => vec![Step::Bytes(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()), Step::Endless(vec![b'a'; 7])],
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    for path in ["/honest", "/endless"] {
        let to = folder.path().join("one");
        let answer = fetcher_on_loopback().download(ask(&server.at(path), 100), &to).await;
        assert_fails!(answer, FetchError::TooLarge(100));
        assert!(std::fs::metadata(&to).map_or(0, |file| file.len()) <= 100);
    }
}

#[tokio::test]
async fn another_part_than_was_asked_for_is_not_put_together() {
    let server = Foreign::start(|asked| {
        if asked.headers.contains_key("range") {
            answer(206, &[("content-range", "bytes 3-9/10"), ("etag", "\"v1\"")], "3456789")
        } else {
            vec![Step::Bytes(b"HTTP/1.1 200 OK\r\netag: \"v1\"\r\ncontent-length: 10\r\n\r\n01234".to_vec())]
        }
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("one");
    let answer = fetcher_on_loopback().download(ask(&server.at("/"), 100), &to).await;
    assert_fails!(answer, FetchError::NotReachable(_));
    assert_eq!(std::fs::read(&to).unwrap(), b"01234");
}
