//! What comes in from outside, in one place: database, blobs, bus, clock, randomness, other servers' answers, and the
//! wish to stop.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Clock, Fault, Time,
    blob::Blobs,
    bus::Bus,
    db::Db,
    fetch::{Fetcher, Policy},
    id::Ids,
    random::Random,
    sign::Signer,
};

/// The context that every service is given. Cheap to clone.
#[derive(Clone)]
pub struct Ctx {
    inner: Arc<Inner>,
    fetch: Fetcher,
}

struct Inner {
    db: Db,
    blobs: Arc<dyn Blobs>,
    bus: Arc<dyn Bus>,
    clock: Clock,
    random: Random,
    ids: Ids,
    signer: Signer,
    stop: CancellationToken,
    tasks: TaskTracker,
    kept: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Ctx {
    /// Puts the parts together; the signing key is read from the database, or made.
    pub async fn new(
        db: Db,
        blobs: Arc<dyn Blobs>,
        bus: Arc<dyn Bus>,
        clock: Clock,
        random: Random,
    ) -> Result<Self, Fault> {
        let ids = Ids::new(clock.clone(), &random);
        let signer = Signer::load(&db, &random, "sign").await?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let kept = Mutex::default();
        let fetch = Fetcher::new(Policy::default())?;
        Ok(Self {
            fetch,
            inner: Arc::new(Inner { db, blobs, bus, clock, random, ids, signer, stop, tasks, kept }),
        })
    }

    /// With another say about which servers may be asked than the public internet on the usual ports.
    #[must_use]
    pub fn with_fetch(mut self, fetch: Fetcher) -> Self {
        self.fetch = fetch;
        self
    }

    /// The one who asks other servers.
    pub fn fetch(&self) -> &Fetcher {
        &self.fetch
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.inner.db
    }

    /// The objects.
    pub fn blobs(&self) -> &Arc<dyn Blobs> {
        &self.inner.blobs
    }

    /// The wake-up bus.
    pub fn bus(&self) -> &Arc<dyn Bus> {
        &self.inner.bus
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Now.
    pub fn now(&self) -> Time {
        self.inner.clock.now()
    }

    /// Randomness.
    pub fn random(&self) -> &Random {
        &self.inner.random
    }

    /// The next identifier.
    pub fn next_id(&self) -> i64 {
        self.inner.ids.next()
    }

    /// The maker of identifiers, for a transaction that makes several.
    pub fn ids(&self) -> &Ids {
        &self.inner.ids
    }

    /// The signer of expiring paths.
    pub fn signer(&self) -> &Signer {
        &self.inner.signer
    }

    /// What a domain keeps in memory beside the database, one of each type: made when it is first asked for, gone
    /// with the context. It must be no more than can be lost, and must bound itself.
    ///
    /// # Panics
    /// Never: under a type's key lies only what is of that type.
    pub fn kept<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut kept = self.inner.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let one = kept.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(make()));
        Arc::downcast(Arc::clone(one)).expect("what lies under a type's key is of that type")
    }

    /// Cancelled when the program is to stop: take nothing new, finish or hand back what is held.
    pub fn stop(&self) -> &CancellationToken {
        &self.inner.stop
    }

    /// Runs a long-lived task that stopping waits for.
    pub fn spawn<F>(&self, task: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.inner.tasks.spawn(task)
    }

    /// Asks everything to stop, waits for the tasks, then closes the database.
    pub async fn shut_down(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        self.inner.db.close().await;
    }
}
