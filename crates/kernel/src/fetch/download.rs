//! From another server into a file, going on where it broke off.

use std::path::{Path, PathBuf};

use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use tokio::{
    fs::{self, File, OpenOptions},
    io::AsyncWriteExt as _,
};
use url::Url;

use super::{Answer, Ask, FetchError, Fetcher, Limits, Validators, within};
use crate::Fault;

/// Times that one download asks again for the rest after the connection broke off.
const RESUMES_MAX: u8 = 5;

/// What came to lie in the file.
#[derive(Debug)]
pub struct Downloaded {
    /// Its size.
    pub bytes: u64,
    /// The media type that the server claims, without parameters.
    pub content_type: Option<String>,
    /// The address that answered, after redirects.
    pub address: Url,
}

/// What is kept beside an unfinished file: what it is the beginning of.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct Origin {
    address: String,
    validators: Validators,
}

impl Fetcher {
    /// Fetches into the file `to`, whose folder must be there.
    ///
    /// Breaks are mended by asking for the rest. What lies in the file from an earlier call for the same address is
    /// gone on with, if the server says that it still has the same; otherwise it begins anew. After an error the file
    /// stays for the next try; [`discard`] removes it with what is noted beside it.
    pub async fn download(&self, ask: Ask, to: &Path) -> Result<Downloaded, FetchError> {
        let ask = ask.unpacked();
        let deadline = tokio::time::Instant::now() + ask.limits.total;
        // Boxed, because what it holds on its way is large and jobs carry it about.
        within(deadline, Box::pin(self.download_with_breaks(&ask, to))).await
    }

    async fn download_with_breaks(&self, ask: &Ask, to: &Path) -> Result<Downloaded, FetchError> {
        let mut resumes = 0;
        loop {
            let before = length(to).await;
            let error = match self.download_once(ask, to).await {
                Ok(done) => {
                    let _ = fs::remove_file(beside(to)).await;
                    return Ok(done);
                }
                Err(error) => error,
            };
            let broke_off = matches!(error, FetchError::NotReachable(_) | FetchError::TooSlow);
            let went_on = length(to).await > before && read_origin(to).await.is_some();
            if !(broke_off && went_on && resumes < RESUMES_MAX) {
                return Err(error);
            }
            resumes += 1;
        }
    }

    async fn download_once(&self, ask: &Ask, to: &Path) -> Result<Downloaded, FetchError> {
        let have = length(to).await;
        let earlier = read_origin(to).await.filter(|origin| origin.address == ask.address().as_str());
        let asked = match &earlier {
            Some(origin) if have > 0 => ask.clone().rest(have, &origin.validators),
            _ => ask.clone(),
        };
        let mut answer = self.send(&asked).await?;
        if answer.status == StatusCode::RANGE_NOT_SATISFIABLE {
            // It became shorter than what we have, or we have all of it and can't know: all of it anew.
            drop(answer);
            answer = self.send(ask).await?;
        }
        let answer = answer.good()?;
        let goes_on = answer.status == StatusCode::PARTIAL_CONTENT;
        if goes_on && (earlier.is_none() || range_start(&answer) != Some(have)) {
            return Err(FetchError::NotReachable("it sends another part than was asked for".to_owned()));
        }
        let start = if goes_on { have } else { 0 };
        let origin = Origin { address: ask.address().as_str().to_owned(), validators: answer.validators() };
        let mut file = open(to, start, &origin).await?;
        let done = pour(answer, &mut file, start, ask.limits).await;
        // Also what came before a break counts, for the next try goes on from it.
        file.flush().await.map_err(Fault::from)?;
        done
    }
}

/// Removes an unfinished file and what is noted beside it.
pub async fn discard(file: &Path) {
    let _ = fs::remove_file(file).await;
    let _ = fs::remove_file(beside(file)).await;
}

async fn pour(
    mut answer: Answer,
    file: &mut File,
    start: u64,
    limits: Limits,
) -> Result<Downloaded, FetchError> {
    let mut bytes = start;
    while let Some(piece) = answer.next().await? {
        bytes += piece.len() as u64;
        if bytes > limits.body_bytes_max {
            return Err(FetchError::TooLarge(limits.body_bytes_max));
        }
        file.write_all(&piece).await.map_err(Fault::from)?;
    }
    Ok(Downloaded { bytes, content_type: answer.content_type(), address: answer.address })
}

/// Opens the file at `start`, without what lies behind it, and notes what it is the beginning of.
async fn open(to: &Path, start: u64, origin: &Origin) -> Result<File, Fault> {
    if start == 0 {
        let note =
            serde_json::to_vec(origin).map_err(|error| Fault::from_error("a note can't be made", error))?;
        // The old bytes go before the new note comes, so that it never speaks of them.
        File::create(to).await?;
        fs::write(beside(to), note).await?;
    }
    let file = OpenOptions::new().append(true).create(true).open(to).await?;
    file.set_len(start).await?;
    Ok(file)
}

/// The first byte that a partial answer says it holds.
fn range_start(answer: &Answer) -> Option<u64> {
    let range = answer.header(header::CONTENT_RANGE)?.strip_prefix("bytes ")?;
    range.split('-').next()?.trim().parse().ok()
}

async fn read_origin(to: &Path) -> Option<Origin> {
    serde_json::from_slice(&fs::read(beside(to)).await.ok()?).ok()
}

async fn length(to: &Path) -> u64 {
    fs::metadata(to).await.map_or(0, |file| file.len())
}

fn beside(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".from");
    name.into()
}
