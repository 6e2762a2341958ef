//! Pictures that people give to albums and artists. They go before those of files until somebody takes them away.

use std::sync::Arc;

use kernel::{Ctx, db::Tx, http::Viewer};
use serde::Serialize;

use super::{
    Error,
    edits::{may_change_album, may_change_artist},
};
use crate::{
    AlbumId, ArtistId, PictureId,
    import::{Batch, upsert_picture},
    model::TOPIC_CATALOG,
    picture::PictureFacts,
    store, visibility,
};

/// What can be given a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pictured {
    /// An album; whoever may correct it.
    Album(AlbumId),
    /// An artist; administrators.
    Artist(ArtistId),
}

/// A picture whose bytes are durable.
#[derive(Clone, Debug)]
pub enum Given {
    /// The catalogue has it.
    Known(PictureId),
    /// Its row is still to be written.
    New(Arc<PictureFacts>),
}

fn check(tx: &mut Tx<'_>, viewer: &Viewer, on: Pictured) -> Result<(), Error> {
    match on {
        Pictured::Album(id) => may_change_album(tx, viewer, id).map(|_| ()),
        Pictured::Artist(id) => may_change_artist(tx, viewer, id).map(|_| ()),
    }
}

/// Whether the viewer may give this a picture; asked before its bytes are taken.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see it, [`Error::Invalid`] with 403 when he may not.
pub async fn may_give_picture(ctx: &Ctx, viewer: &Viewer, on: Pictured) -> Result<(), Error> {
    let giver = viewer.clone();
    visibility::write(ctx, viewer, move |tx| check(tx, &giver, on)).await
}

/// Gives this a picture, or takes away the one that somebody gave it.
///
/// # Errors
/// As [`may_give_picture`].
pub async fn give_picture(
    ctx: &Ctx,
    viewer: &Viewer,
    on: Pictured,
    picture: Option<Given>,
) -> Result<(), Error> {
    #[derive(Serialize)]
    struct Told {
        by: kernel::id::UserId,
        fields: [&'static str; 1],
    }
    let (giver, ids, now) = (viewer.clone(), ctx.ids().clone(), ctx.now());
    visibility::write(ctx, viewer, move |tx| {
        check(tx, &giver, on)?;
        let picture = match &picture {
            None => None,
            Some(Given::Known(id)) => Some(*id),
            Some(Given::New(facts)) => Some(upsert_picture(tx, &mut Batch::new(&ids, now), facts)?),
        };
        let told = Told { by: giver.id, fields: ["picture"] };
        match on {
            Pictured::Album(id) => {
                store::albums::set_given_picture(tx, id, picture)?;
                tx.emit("catalog.album_edited", id.0, &told, now)?;
            }
            Pictured::Artist(id) => {
                store::artists::set_given_picture(tx, id, picture)?;
                tx.emit("catalog.artist_edited", id.0, &told, now)?;
            }
        }
        tx.wake(TOPIC_CATALOG);
        Ok(())
    })
    .await
}
