//! Who is sending bytes to which upload: one request at a time, and a dead one gives way.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use kernel::id::UserId;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::model::{Error, UploadId};

/// A request that has brought nothing for so long gives way to another.
const QUIET: Duration = Duration::from_millis(400);
/// How long another request waits for a live one before it is told that the upload is locked.
const PATIENCE: Duration = Duration::from_millis(1200);
/// How long one that was asked to give way may take to save what came.
const GIVE_WAY_MAX: Duration = Duration::from_secs(10);

/// The requests that are sending bytes.
#[derive(Debug)]
pub(super) struct Holders {
    sending: Mutex<HashMap<UploadId, Arc<Holder>>>,
    sending_max: usize,
    per_user_max: usize,
    begun: Instant,
}

#[derive(Debug)]
struct Holder {
    /// When bytes last came or were saved, in milliseconds since `Holders::begun`.
    heard_ms: AtomicU64,
    give_way: CancellationToken,
    released: CancellationToken,
    /// Whose bytes come; `None` for one that only keeps senders away.
    sender: Option<UserId>,
}

/// The right to send bytes to one upload; ends when dropped.
pub(super) struct Hold {
    holders: Arc<Holders>,
    id: UploadId,
    holder: Arc<Holder>,
}

impl Holders {
    pub(super) fn new(sending_max: usize, per_user_max: usize) -> Arc<Self> {
        Arc::new(Self { sending: Mutex::default(), sending_max, per_user_max, begun: Instant::now() })
    }

    fn sending(&self) -> MutexGuard<'_, HashMap<UploadId, Arc<Holder>>> {
        self.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn quiet_for(&self, holder: &Holder) -> Duration {
        Duration::from_millis(self.now_ms().saturating_sub(holder.heard_ms.load(Ordering::Relaxed)))
    }

    /// The holder that is there, or a new one. Only those who send are counted, so that whoever cancels an upload never
    /// finds the line full.
    fn enter(
        self: &Arc<Self>,
        id: UploadId,
        sender: Option<UserId>,
    ) -> Result<Result<Hold, Arc<Holder>>, Error> {
        let mut sending = self.sending();
        if let Some(holder) = sending.get(&id) {
            return Ok(Err(Arc::clone(holder)));
        }
        let senders = || sending.values().filter_map(|holder| holder.sender);
        if let Some(sender) = sender
            && (senders().count() >= self.sending_max
                || senders().filter(|other| *other == sender).count() >= self.per_user_max)
        {
            return Err(Error::Busy);
        }
        let holder = Arc::new(Holder {
            heard_ms: AtomicU64::new(self.now_ms()),
            give_way: CancellationToken::new(),
            released: CancellationToken::new(),
            sender,
        });
        sending.insert(id, Arc::clone(&holder));
        Ok(Ok(Hold { holders: Arc::clone(self), id, holder }))
    }

    /// Takes the upload for this request, to send bytes when a `sender` is named. One that has gone quiet is made to save what came and give way; with
    /// `at_once` a live one too. Otherwise a live one keeps it.
    pub(super) async fn take(
        self: &Arc<Self>,
        id: UploadId,
        sender: Option<UserId>,
        at_once: bool,
    ) -> Result<Hold, Error> {
        let begun = Instant::now();
        loop {
            let holder = match self.enter(id, sender)? {
                Ok(hold) => return Ok(hold),
                Err(holder) => holder,
            };
            if at_once {
                holder.give_way.cancel();
            }
            if !self.wait(&holder, begun).await {
                return Err(Error::Locked);
            }
        }
    }

    /// Lets a request that has gone quiet save what came, so that the offset that is asked for is the last one.
    pub(super) async fn settle(&self, id: UploadId) {
        let holder = self.sending().get(&id).cloned();
        if let Some(holder) = holder {
            self.wait(&holder, Instant::now()).await;
        }
    }

    /// Waits until a holder has released, making it give way when it is quiet; false when it is alive and stays.
    async fn wait(&self, holder: &Holder, begun: Instant) -> bool {
        loop {
            let quiet = self.quiet_for(holder);
            if quiet >= QUIET {
                holder.give_way.cancel();
            }
            let asked = holder.give_way.is_cancelled();
            let (pause, most) =
                if asked { (GIVE_WAY_MAX, GIVE_WAY_MAX) } else { (QUIET.saturating_sub(quiet), PATIENCE) };
            if begun.elapsed() >= most {
                return false;
            }
            tokio::select! {
                () = holder.released.cancelled() => return true,
                () = tokio::time::sleep(pause.min(most)) => {}
            }
        }
    }
}

/// While it lives the request saves what came, and is not quiet however long its disk and the database take.
pub(super) struct Saving {
    holders: Arc<Holders>,
    holder: Arc<Holder>,
}

impl Drop for Saving {
    fn drop(&mut self) {
        self.holder.heard_ms.store(self.holders.now_ms(), Ordering::Relaxed);
    }
}

impl Hold {
    /// Bytes came, and are being saved.
    pub(super) fn saving(&self) -> Saving {
        // Later than now, so that no time is counted.
        self.holder.heard_ms.store(u64::MAX, Ordering::Relaxed);
        Saving { holders: Arc::clone(&self.holders), holder: Arc::clone(&self.holder) }
    }

    /// Cancelled when another request wants the upload.
    pub(super) fn give_way(&self) -> &CancellationToken {
        &self.holder.give_way
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.holders.sending().remove(&self.id);
        self.holder.released.cancel();
    }
}
