//! As much of an HTTP client as measuring needs: one request on one connection of the loopback address.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use crate::Anything;

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_mins(1);

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Sends a request without a body and reads the whole answer. `token` is an API token, or empty.
pub(crate) fn ask(port: u16, method: &str, path: &str, token: &str) -> Result<Answer, Anything> {
    ask_with(port, method, path, token, "")
}

/// The same with a JSON body, unless it is empty.
pub(crate) fn ask_with(
    port: u16,
    method: &str,
    path: &str,
    token: &str,
    json: &str,
) -> Result<Answer, Anything> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    let allowed = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    let length = json.len();
    let kind = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
    let kind = if json.is_empty() && method != "POST" { "" } else { &kind };
    let ends = "Connection: close\r\n\r\n";
    // One write, so that the request is one packet.
    let whole = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{allowed}{kind}{ends}{json}");
    stream.write_all(whole.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    read(&bytes).ok_or_else(|| format!("{method} {path} was not answered in HTTP").into())
}

/// The JSON of a request that must succeed.
pub(crate) fn json(
    port: u16,
    method: &str,
    path: &str,
    token: &str,
    body: &str,
) -> Result<serde_json::Value, Anything> {
    let answer = ask_with(port, method, path, token, body)?;
    if !(200..300).contains(&answer.status) {
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        return Err(format!("{method} {path} was answered with {}: {said}", answer.status).into());
    }
    Ok(serde_json::from_slice(&answer.body)?)
}

fn read(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let mut body = bytes[end + 4..].to_vec();
    let header = |name: &str| {
        head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name))
    };
    if header("transfer-encoding").is_some_and(|(_, value)| value.eq_ignore_ascii_case("chunked")) {
        body = unchunked(&body)?;
    } else if let Some((_, length)) = header("content-length")
        && length.parse() != Ok(body.len())
    {
        return None;
    }
    Some(Answer { status, body })
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?.trim(), 16).ok()?;
        rest = &rest[end + 2..];
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..length)?);
        rest = rest.get(length + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_answers_are_read_and_cut_ones_refused() {
        let answer = read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").expect("whole");
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"ok"[..]));
        assert!(read(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok").is_none());
        let chunked = read(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
        assert_eq!(chunked.expect("whole").body, b"ok");
        assert!(read(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n").is_none());
    }
}
