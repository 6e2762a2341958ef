//! Files that were known before folders were kept are put into theirs, once, without reading them; and the top folder
//! is called as the library is now.

use catalog::import::{self, Batch, Place};
use kernel::Fault;

use super::{
    store::{self, PlacedFile},
    write::Scene,
};

/// Files of one transaction.
const FILES: u32 = 1_000;

/// Puts every known file of the library into its folder, unless that was done. A scan that breaks off begins again.
pub(super) async fn place_known(scene: &Scene) -> Result<(), Fault> {
    let mut after = 0;
    loop {
        let scene = scene.clone();
        let db = scene.ctx.db().clone();
        let placed = db.write(move |tx| {
            scene.lease.guard(tx)?;
            import::name_library(tx, scene.library, &scene.library_name)?;
            if import::is_placed(tx, scene.library)? {
                return Ok::<_, Fault>(None);
            }
            let files = store::files_to_place(tx, scene.library, after, FILES)?;
            let mut batch = Batch::gathering(scene.ctx.ids(), scene.ctx.now());
            for file in &files {
                let PlacedFile { folder, name, .. } = file;
                let place = Place {
                    library: scene.library,
                    library_name: &scene.library_name,
                    folder,
                    name,
                    known: false,
                };
                if let Some(track) = file.track {
                    import::place_track(tx, &mut batch, track, &place)?;
                }
                if let Some(video) = file.video {
                    import::place_video(tx, &mut batch, video, &place)?;
                }
            }
            batch.finish(tx)?;
            let last = files.last().map(|file| file.id);
            if last.is_none() {
                import::set_placed(tx, scene.library)?;
            }
            Ok(last)
        });
        match placed.await? {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}
