//! The end of a scan: what was not met anywhere is hidden, what the library holds is counted, the job is done.

use std::time::Duration;

use catalog::{
    access,
    import::{self, Batch},
};
use kernel::{Fault, Time, db::Tx};

use super::{
    store::{self, KnownFile, State},
    write::{Scene, Written},
};
use crate::library::{self, Progress};

/// Files that are hidden in one transaction.
const FILES_AT_ONCE: u32 = 200;
/// When a file that may still have been written to is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(6);

/// Ends a scan that went through. `every` is the time until the next look, if there is to be one.
pub(super) async fn finish(
    scene: &Scene,
    written: &Written,
    progress: Progress,
    every: Option<Duration>,
) -> Result<(), Fault> {
    hide(scene, State::Missing).await?;
    let (library, now) = (scene.library, scene.ctx.now());
    // Also when nothing was written: an earlier try may have written everything and been killed before this.
    let counts = library::store::counts(scene.ctx.db(), library).await?;
    let due = match (written.fresh, every) {
        (true, every) => now.plus(every.unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN)),
        (false, Some(every)) => now.plus(every),
        (false, None) => Time(i64::MAX),
    };
    let scene = scene.clone();
    let db = scene.ctx.db().clone();
    db.write(move |tx| {
        scene.lease.guard(tx)?;
        store::clear_walk_problems(tx, library, scene.pass)?;
        let again = library::store::set_scanned(tx, library, progress, counts, now, due)?;
        scene.lease.complete(tx, now)?;
        if again {
            library::enqueue(tx, &scene.ctx, library)?;
        }
        tx.wake(library::TOPIC_LIBRARIES);
        Ok(())
    })
    .await
}

/// Hides everything of a library that was removed, and has every folder looked into when it comes back.
pub(super) async fn remove(scene: &Scene) -> Result<(), Fault> {
    let (scene, db) = (scene.clone(), scene.ctx.db().clone());
    let first = scene.clone();
    // First of all, since the library may come back before everything is hidden.
    db.write(move |tx| {
        first.lease.guard(tx)?;
        store::forget_folders(tx, first.library)
    })
    .await?;
    for state in [State::Shown, State::Broken, State::Missing] {
        hide(&scene, state).await?;
    }
    db.write(move |tx| {
        store::clear_walk_problems(tx, scene.library, scene.pass)?;
        access::forget(tx, scene.library, scene.ctx.now())?;
        scene.lease.complete(tx, scene.ctx.now())?;
        tx.wake(library::TOPIC_LIBRARIES);
        Ok(())
    })
    .await
}

/// Hides all files of a library in a state.
async fn hide(scene: &Scene, state: State) -> Result<(), Fault> {
    loop {
        let inner = scene.clone();
        let more = scene.ctx.db().write(move |tx| hide_some(tx, &inner, state)).await?;
        if !more {
            return Ok(());
        }
    }
}

fn hide_some(tx: &mut Tx<'_>, scene: &Scene, state: State) -> Result<bool, Fault> {
    scene.lease.guard(tx)?;
    let files = store::page_in_state(tx, scene.library, state, FILES_AT_ONCE)?;
    let mut batch = Batch::new(scene.ctx.ids(), scene.ctx.now());
    let tracks: Vec<_> = files.iter().filter_map(|file: &KnownFile| file.track).collect();
    import::hide_tracks(tx, &mut batch, &tracks)?;
    for file in &files {
        if let Some(video) = file.video {
            import::hide_video(tx, &mut batch, video)?;
        }
        store::set_state(tx, file.id, State::Gone)?;
        store::clear_problem(tx, file.id)?;
    }
    Ok(!files.is_empty())
}
