//! A line to the server on which every byte is ours to send or to keep back.

use std::{net::SocketAddr, time::Duration};

use kernel::Problem;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// Longest wait for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// A connection.
pub struct Line {
    stream: TcpStream,
}

/// What the server said.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn find(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn header(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| panic!("no header {name} in {self:?}"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The problem, which every answer to a bad request must be.
    pub fn problem(&self) -> Problem {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem: Problem = serde_json::from_slice(&self.body).expect("a problem");
        assert_eq!(problem.status, self.status);
        assert!(problem.detail.as_deref().is_some_and(|detail| !detail.is_empty()), "{problem:?}");
        problem
    }

    /// Asserts a problem's status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        let problem = self.problem();
        assert_eq!((self.status, problem.code.as_str()), (status, code), "{}", self.text());
    }
}

impl Line {
    pub async fn open(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap() }
    }

    /// Sends a request's head; `bytes` is what it announces, chunked when `None`.
    pub async fn head(&mut self, method: &str, path: &str, headers: &[(&str, &str)], bytes: Option<usize>) {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        match bytes {
            Some(bytes) => head.extend(["Content-Length: ", &bytes.to_string(), "\r\n\r\n"]),
            None => head += "Transfer-Encoding: chunked\r\n\r\n",
        }
        self.stream.write_all(head.as_bytes()).await.unwrap();
    }

    /// Sends the head of one of Ann's `PATCH` requests.
    pub async fn patch_head(&mut self, path: &str, offset: u64, bytes: usize, more: &[(&str, &str)]) {
        let offset = offset.to_string();
        let mut headers = vec![
            ("test-user", super::ANN),
            ("tus-resumable", "1.0.0"),
            ("content-type", "application/offset+octet-stream"),
            ("upload-offset", offset.as_str()),
        ];
        headers.extend(more);
        self.head("PATCH", path, &headers, Some(bytes)).await;
    }

    /// Sends bytes; the server may have closed already, which shows when the answer is read.
    pub async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// Sends bytes one by one, as a slow but living line does.
    pub async fn within_seconds(&mut self, seconds: u32, bytes: &[u8]) {
        let pause = Duration::from_secs(u64::from(seconds)) / u32::try_from(bytes.len()).unwrap();
        for byte in bytes {
            self.send(std::slice::from_ref(byte)).await;
            tokio::time::sleep(pause).await;
        }
    }

    /// Sends one piece of a chunked body.
    pub async fn send_chunk(&mut self, bytes: &[u8]) {
        self.send(format!("{:x}\r\n", bytes.len()).as_bytes()).await;
        self.send(bytes).await;
        self.send(b"\r\n").await;
    }

    /// Cuts the line without a word, as a lost network does at the latest when it is back.
    pub fn cut(self) {
        self.stream.set_zero_linger().unwrap();
    }

    pub async fn answer(&mut self, method: &str) -> Answer {
        timeout(ANSWER_MAX, self.read_answer(method)).await.expect("an answer in time")
    }

    async fn read_answer(&mut self, method: &str) -> Answer {
        let mut raw = Vec::new();
        let head_end = loop {
            if let Some(at) = raw.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            let mut buffer = [0; 4096];
            let count = self.stream.read(&mut buffer).await.expect("an answer");
            assert!(count > 0, "the server closed without an answer");
            raw.extend_from_slice(&buffer[..count]);
        };
        let head = String::from_utf8(raw[..head_end].to_vec()).unwrap();
        let mut body = raw[head_end + 4..].to_vec();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.map_or(0, |(_, value)| value.parse().unwrap());
        while method != "HEAD" && body.len() < length {
            let mut buffer = [0; 4096];
            let count = self.stream.read(&mut buffer).await.expect("a body");
            assert!(count > 0, "the server closed in the middle of an answer");
            body.extend_from_slice(&buffer[..count]);
        }
        Answer { status, headers, body }
    }
}
