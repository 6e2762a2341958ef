//! The house: the data folder, its lock, and the context that everything else is given.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
    sync::Arc,
};

use kernel::{
    Clock, Ctx, Fault,
    blob::{Blobs, LocalBlobs, S3Blobs},
    bus::{Bus, LocalBus},
    db::{Db, Location},
    fetch::Fetcher,
    random::Random,
};

use crate::config::Config;

/// Makes the data folder, readable by its owner alone.
pub(crate) fn make_data_folder(data: &Path) -> Result<(), String> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(data);
    made.map_err(|error| {
        format!("the data folder {} can't be made: {error}; name another with --data", data.display())
    })
}

/// The one server of a data folder holds its lock until it ends, however it ends.
pub(crate) fn lock_data_folder(data: &Path) -> Result<File, String> {
    let path = data.join(".lock");
    let file = File::create(&path).map_err(|error| {
        format!(
            "the data folder {} can't be written to: {error}; give it to this user or name another",
            data.display()
        )
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(format!(
            "another Odeon already serves the data folder {}; stop it or name another",
            data.display()
        )),
        Err(TryLockError::Error(error)) => Err(format!("{} can't be locked: {error}", path.display())),
    }
}

/// Opens the house. `serving` is true for the one process that holds the lock: it clears away what an earlier life
/// left unfinished.
pub(crate) async fn open(config: &Config, serving: bool) -> Result<Ctx, Fault> {
    let bus: Arc<dyn Bus> = Arc::new(LocalBus::default());
    let db = Db::open(&config.database, Arc::clone(&bus)).await?;
    let blobs = open_blobs(config, serving)?;
    let ctx = Ctx::new(db, blobs, bus, Clock::System, Random::System).await?;
    Ok(ctx.with_fetch(Fetcher::new(config.fetch.clone())?))
}

fn open_blobs(config: &Config, serving: bool) -> Result<Arc<dyn Blobs>, Fault> {
    if let Some(url) = &config.objects {
        return Ok(Arc::new(S3Blobs::open(url)?));
    }
    let local = LocalBlobs::open(&config.data.join("blobs"))?;
    if serving {
        let cleared = local.clear_unfinished()?;
        if cleared > 0 {
            tracing::info!(files = cleared, "cleared away what was unfinished");
        }
    }
    Ok(Arc::new(local))
}

/// Names this process among those that share the database; the same after a restart.
pub(crate) fn worker_name(config: &Config) -> String {
    let host = fs::read_to_string("/etc/hostname").unwrap_or_default();
    let place = match &config.database {
        Location::Sqlite(_) => String::new(),
        Location::Postgres(_) => config.data.display().to_string(),
    };
    format!("{}:{place}", host.trim())
}
