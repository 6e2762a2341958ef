//! For tests only: made worlds on both engines, with a clock that is turned by hand.

pub mod foreign;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    Clock, Ctx, Time,
    blob::{Blobs, LocalBlobs},
    bus::LocalBus,
    db::{Db, Engine, Location},
    random::Random,
};

/// The variable that names the `PostgreSQL` server; `cargo xtask test` starts one and sets it.
pub const POSTGRES_VARIABLE: &str = "ODEON_TEST_POSTGRES";
/// The variable that names the S3 bucket; `cargo xtask test` starts a server and sets it.
pub const S3_VARIABLE: &str = "ODEON_TEST_S3";

/// When every made world begins: 2026-01-01.
pub const START: Time = Time(1_767_225_600_000_000);

/// Whether what this line of a plan of `SQLite` reads is made by the statement itself; what that reads has lines of its
/// own.
pub fn is_made(plan: &[String], line: &str) -> bool {
    let name = line.strip_prefix("SCAN ");
    plan.iter().any(|other| other.strip_prefix("CO-ROUTINE ").is_some_and(|made| name == Some(made)))
}

/// An empty house: a database of its own, a folder of its own, a clock that stands.
pub struct World {
    /// The context to give to services.
    pub ctx: Ctx,
    /// The clock, to be advanced.
    pub clock: Clock,
    /// A folder that vanishes with the world.
    pub folder: TempDir,
    /// Where the database is, to open it once more.
    pub location: Location,
    /// What tells the identifiers of the contexts apart that were opened here.
    nodes: Mutex<BTreeSet<i64>>,
}

impl World {
    /// A world on one engine.
    ///
    /// # Panics
    /// When the engine can't be had; a test that needs it then fails and says what to do.
    pub async fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let location = match engine {
            Engine::Sqlite => Location::Sqlite(folder.path().join("odeon.db")),
            Engine::Postgres => Location::Postgres(fresh_schema().await),
        };
        let clock = Clock::manual(START);
        let ctx = open(&location, &folder, clock.clone()).await;
        let nodes = Mutex::new(BTreeSet::from([node(&ctx)]));
        Self { ctx, clock, folder, location, nodes }
    }

    /// The same house after a restart: what the first context held in memory is forgotten. A second has passed, as
    /// every restart takes time.
    pub async fn reopened(&self) -> Ctx {
        self.clock.advance(Duration::from_secs(1));
        loop {
            let ctx = open(&self.location, &self.folder, self.clock.clone()).await;
            // Two that live at once and drew the same number may make the same identifier while the clock stands.
            if self.nodes.lock().unwrap_or_else(PoisonError::into_inner).insert(node(&ctx)) {
                return ctx;
            }
        }
    }
}

/// The part of its identifiers that tells a context from others.
fn node(ctx: &Ctx) -> i64 {
    ctx.next_id() & 0x3ff
}

async fn open(location: &Location, folder: &TempDir, clock: Clock) -> Ctx {
    let bus = Arc::new(LocalBus::default());
    let db = Db::open(location, bus.clone()).await.expect("the database opens");
    let blobs: Arc<dyn Blobs> = Arc::new(LocalBlobs::open(&folder.path().join("blobs")).expect("blobs open"));
    Ctx::new(db, blobs, bus, clock, Random::System).await.expect("the context is made")
}

/// Makes an empty schema on the test server and gives a URL that leads there.
async fn fresh_schema() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let url = std::env::var(POSTGRES_VARIABLE).unwrap_or_else(|_| {
        panic!("{POSTGRES_VARIABLE} names no PostgreSQL server; run the tests with `cargo xtask test`")
    });
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("t_{}_{number}_{:x}", std::process::id(), Random::System.below(u64::MAX));
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .expect("the test PostgreSQL server answers");
    let driver = tokio::spawn(connection);
    client.batch_execute(&format!("CREATE SCHEMA {name}")).await.expect("a schema can be made");
    drop(client);
    let _ = driver.await;
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}options=-csearch_path%3D{name}")
}

/// Waits until `condition` holds, at most ten seconds of real time.
///
/// # Panics
/// When it does not hold in time, naming `what` was waited for.
pub async fn eventually<F, R>(what: &str, mut condition: F)
where
    F: FnMut() -> R,
    R: Future<Output = bool>,
{
    for _ in 0..1000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited ten seconds in vain until {what}");
}

/// Makes a test for each engine out of one that takes a [`World`].
#[macro_export]
macro_rules! on_both_engines {
    ($(async fn $name:ident($world:ident: World) $body:block)*) => { $(
        mod $name {
            #[allow(unused_imports, reason = "which of the names a story needs is its own matter")]
            use super::*;
            async fn story($world: World) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                story($crate::testkit::World::new($crate::db::Engine::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                story($crate::testkit::World::new($crate::db::Engine::Postgres).await).await;
            }
        }
    )* };
}
