//! Pictures that people give to albums, artists and playlists. They go before those of files until somebody takes them
//! away.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use kernel::{Ctx, Problem, Time, db::Tx, http::Viewer};
use serde::Serialize;

use super::{
    Error,
    edits::{may_change_album, may_change_artist},
    playlists,
};
use crate::{
    AlbumId, ArtistId, PictureId,
    import::{Batch, upsert_picture},
    model::{TOPIC_CATALOG, playlists::PlaylistId},
    picture::PictureFacts,
    store, visibility,
};

/// Pictures that one account gives within [`GIVEN_WITHIN`], those that were refused included.
pub const GIVEN_MAX: i64 = 60;
/// The time within which [`GIVEN_MAX`] holds.
pub const GIVEN_WITHIN: Duration = Duration::from_hours(1);

/// What can be given a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pictured {
    /// An album; whoever may correct it.
    Album(AlbumId),
    /// An artist; administrators.
    Artist(ArtistId),
    /// A playlist; its owner and editors.
    Playlist(PlaylistId),
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
        Pictured::Playlist(id) => playlists::check_pictured(tx, viewer, id),
    }
}

/// Whether the viewer may give this a picture; asked before its bytes are taken, and counted.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see it, [`Error::Invalid`] with 403 when he may not, and with 429 when he has
/// given [`GIVEN_MAX`] lately.
pub async fn may_give_picture(ctx: &Ctx, viewer: &Viewer, on: Pictured) -> Result<(), Error> {
    let (giver, now) = (viewer.clone(), ctx.now());
    visibility::write(ctx, viewer, move |tx| {
        check(tx, &giver, on)?;
        let before = Time(now.0.saturating_sub_unsigned(micros(GIVEN_WITHIN)));
        let (since, count) = store::pictures::count_given(tx, giver.id, now, before)?;
        if count <= GIVEN_MAX {
            return Ok(());
        }
        let wait = GIVEN_WITHIN.saturating_sub(now.since(since)).as_secs() + 1;
        let problem =
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_pictures", "Too many pictures in an hour");
        let detail = format!("One account gives at most {GIVEN_MAX} within an hour. Try again later.");
        Err(problem.detail(detail).retry_after(wait).into())
    })
    .await
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Gives this a picture, or takes away the one that somebody gave it.
///
/// # Errors
/// As [`may_give_picture`]; nothing is counted.
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
            // Only those hear of it who may know of the playlist.
            Pictured::Playlist(id) => return playlists::set_picture(tx, &giver, id, picture, now),
        }
        tx.wake(TOPIC_CATALOG);
        Ok(())
    })
    .await
}
