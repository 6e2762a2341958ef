//! Another server on the internet, as tests need it: on loopback, doing byte by byte what a story says.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::fetch::{Fetcher, Names, Policy};

/// A request as it came to the foreign server.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `GET`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// By name in lower case.
    pub headers: BTreeMap<String, String>,
    /// What was sent along.
    pub body: Vec<u8>,
}

/// What the foreign server does next.
pub enum Step {
    /// Sends this.
    Bytes(Vec<u8>),
    /// Sends this again and again.
    Endless(Vec<u8>),
    /// Sends one byte of this, waits, sends the next.
    Drip(Vec<u8>, Duration),
    /// Says nothing and does not hang up either.
    Hang,
}

/// A proper answer of the foreign server.
pub fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<Step> {
    let mut text = format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n", body.as_ref().len());
    for (name, value) in headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    text.push_str("\r\n");
    vec![Step::Bytes([text.as_bytes(), body.as_ref()].concat())]
}

/// The foreign server. It ends when it is dropped.
pub struct Foreign {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Drop for Foreign {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Script = dyn Fn(&Asked) -> Vec<Step> + Send + Sync;

impl Foreign {
    /// A server that answers each request as `script` says, and then hangs up.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(script: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (script, seen): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
                tokio::spawn(async move { serve(stream, &*script, &seen).await });
            }
        });
        Self { address, asked, task }
    }

    /// The address of a path on it.
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(mut stream: TcpStream, script: &Script, seen: &Mutex<Vec<Asked>>) -> Option<()> {
    serve_one(&mut stream, |asked| {
        seen.lock().unwrap_or_else(PoisonError::into_inner).push(asked.clone());
        script(asked)
    })
    .await
}

/// Reads one request from any stream and answers it as `script` says; `None` when the other side hung up.
pub async fn serve_one<S>(stream: &mut S, script: impl FnOnce(&Asked) -> Vec<Step>) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let asked = read_request(stream).await?;
    for step in script(&asked) {
        match step {
            Step::Bytes(bytes) => stream.write_all(&bytes).await.ok()?,
            Step::Endless(bytes) => loop {
                stream.write_all(&bytes).await.ok()?;
            },
            Step::Drip(bytes, pause) => {
                for byte in bytes {
                    stream.write_all(&[byte]).await.ok()?;
                    stream.flush().await.ok()?;
                    wait_between(pause).await;
                }
            }
            Step::Hang => {
                let _ = stream.read(&mut [0; 16]).await;
            }
        }
    }
    stream.shutdown().await.ok()
}

/// Between two bytes of a drip: taking its time is what this server is for.
async fn wait_between(pause: Duration) {
    tokio::time::sleep(pause).await;
}

async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Asked> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Asked { method, path, headers, body })
}

/// Every name that ends in `.test` is this machine; others do not exist.
pub struct TestNames;

#[async_trait]
impl Names for TestNames {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        if name.rsplit('.').next() == Some("test") {
            Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])
        } else {
            Err(io::Error::other("no such name"))
        }
    }
}

/// One who may ask this machine and the public internet, for whom every name that ends in `.test` is this machine.
///
/// # Panics
/// When encryption can't be set up.
pub fn fetcher_on_loopback() -> Fetcher {
    let loopback = "127.0.0.0/8".parse().expect("it is a network");
    Fetcher::new(Policy::default().allowing(loopback).with_names(Arc::new(TestNames)))
        .expect("it can be made")
}
