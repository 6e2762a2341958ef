//! The bytes of an archive, made while they are sent: no sooner than the line takes them, and nothing on the disk.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use axum::body::Body;
use bytes::Bytes;
use crc32fast::Hasher;
use futures_util::{StreamExt as _, stream};
use kernel::{Fault, blob::ByteStream};

use super::{
    layout::{Layout, Piece},
    places::Place,
    source::Found,
};
use crate::service::Delivery;

/// Checksums that are remembered.
const SUMS_MAX: usize = 20_000;

/// Checksums of files by their state, so that whoever goes on after a break need not wait until all is read again.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    known: Mutex<HashMap<String, u32>>,
}

impl Sums {
    fn get(&self, state: &str) -> Option<u32> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(state).copied()
    }

    fn put(&self, state: &str, sum: u32) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SUMS_MAX {
            // It only costs reading them again.
            known.clear();
        }
        known.insert(state.to_owned(), sum);
    }

    fn forget(&self, state: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(state);
    }
}

/// What is sent.
pub(super) struct Plan {
    pub layout: Layout,
    /// The files, as many as the layout has and in its order.
    pub found: Vec<Found>,
}

/// A file that is just being sent.
struct Open {
    number: usize,
    pieces: ByteStream,
    /// The checksum of what was sent, if that was from the beginning.
    sum: Option<Hasher>,
}

struct Sending {
    delivery: Arc<Delivery>,
    plan: Arc<Plan>,
    at: u64,
    end: u64,
    open: Option<Open>,
    _place: Place,
}

/// These bytes of an archive as a body. When a file is not what it was it breaks off, which the client sees, since it was
/// told a length.
pub(super) fn body(delivery: Arc<Delivery>, plan: Arc<Plan>, range: Range<u64>, place: Place) -> Body {
    let sending = Sending { delivery, plan, at: range.start, end: range.end, open: None, _place: place };
    Body::from_stream(stream::try_unfold(sending, |mut sending| async move {
        let next = sending.next().await;
        if let Err(fault) = &next {
            // Nobody else tells the operator: to the client it looks like a line that was cut.
            tracing::warn!(%fault, "an archive breaks off");
        }
        Ok::<_, Fault>(next?.map(|bytes| (bytes, sending)))
    }))
}

impl Sending {
    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        while self.at < self.end {
            let (piece, whole) = self.plan.layout.piece_at(self.at);
            let bytes = match piece {
                Piece::Data(number) => self.data(number, &whole).await?,
                Piece::Head(number) => {
                    let sum = self.plan.sum(&self.delivery, number).await?;
                    self.cut(self.plan.layout.head(number, sum), &whole)
                }
                Piece::Tail => {
                    let sums = self.plan.sums(&self.delivery).await?;
                    self.cut(self.plan.layout.tail(&sums), &whole)
                }
            };
            if !bytes.is_empty() {
                self.at += bytes.len() as u64;
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// What is wanted of a piece that is in memory.
    fn cut(&self, bytes: Vec<u8>, whole: &Range<u64>) -> Bytes {
        let place = |at: u64| usize::try_from(at - whole.start).unwrap_or(bytes.len()).min(bytes.len());
        let part = place(self.at)..place(self.end.min(whole.end));
        Bytes::from(bytes).slice(part)
    }

    /// The next bytes of a file.
    async fn data(&mut self, number: usize, whole: &Range<u64>) -> Result<Bytes, Fault> {
        let end = self.end.min(whole.end);
        let (plan, delivery) = (Arc::clone(&self.plan), Arc::clone(&self.delivery));
        let found = &plan.found[number];
        if self.open.as_ref().is_none_or(|open| open.number != number) {
            let part = self.at - whole.start..end - whole.start;
            let sum = (part.start == 0).then(Hasher::new);
            let pieces = found.read(delivery.ctx.blobs(), part).await?;
            self.open = Some(Open { number, pieces, sum });
        }
        let Some(open) = &mut self.open else { return Ok(Bytes::new()) };
        let bytes = open.pieces.next().await.transpose()?.ok_or_else(too_short)?;
        let after = self.at + bytes.len() as u64;
        if after > end {
            return Err(Fault::new("a file gave more than it has"));
        }
        if let Some(sum) = &mut open.sum {
            sum.update(&bytes);
            // Said before the last piece is given, so that the archive is not whole when a file in it is not.
            if after == whole.end && sum.clone().finalize() != plan.sum(&delivery, number).await? {
                delivery.archives.sums.forget(&found.state);
                return Err(Fault::new("a file changed without a sign while it was packed"));
            }
        }
        Ok(bytes)
    }
}

impl Plan {
    /// The checksum of a file, for which it is read once.
    async fn sum(&self, delivery: &Delivery, number: usize) -> Result<u32, Fault> {
        let (found, known) = (&self.found[number], &delivery.archives.sums);
        if let Some(sum) = known.get(&found.state) {
            return Ok(sum);
        }
        let mut pieces = found.read(delivery.ctx.blobs(), 0..found.bytes).await?;
        let (mut sum, mut read) = (Hasher::new(), 0);
        while let Some(bytes) = pieces.next().await.transpose()? {
            read += bytes.len() as u64;
            sum.update(&bytes);
        }
        if read != found.bytes {
            return Err(too_short());
        }
        let sum = sum.finalize();
        known.put(&found.state, sum);
        Ok(sum)
    }

    async fn sums(&self, delivery: &Delivery) -> Result<Vec<u32>, Fault> {
        let mut sums = Vec::with_capacity(self.found.len());
        for number in 0..self.found.len() {
            sums.push(self.sum(delivery, number).await?);
        }
        Ok(sums)
    }
}

fn too_short() -> Fault {
    Fault::new("a file gave less than it has")
}
