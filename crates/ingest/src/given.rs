//! Pictures that people give to albums, artists and playlists over HTTP. Bytes are looked at as those of files are; the decoder
//! works under the catalogue's limits, off the async threads, and few are in memory at once.

use std::time::Duration;

use axum::extract::{Request, State};
use catalog::{
    AlbumId, ArtistId,
    model::playlists::PlaylistId,
    service::{self, Error, Pictured},
};
use http::StatusCode;
use kernel::{
    Ctx, Problem,
    http::{Path, Viewer, bytes},
};
use tokio::sync::Semaphore;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::pictures::{self, Looked};

/// Pictures that are taken in at once; with more on their way, those who come are told to try again.
const AT_ONCE_MAX: usize = 4;
/// How long the bytes of one may take to come.
const TIME_MAX: Duration = Duration::from_mins(2);
/// Seconds after which trying again makes sense.
const AGAIN_S: u64 = 5;
/// The types that people may give.
const TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "image/gif"];

/// The routes by which pictures are given.
pub fn routes(ctx: Ctx) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(give_album_picture, take_album_picture))
        .routes(routes!(give_artist_picture, take_artist_picture))
        .routes(routes!(give_playlist_picture, take_playlist_picture))
        .with_state(ctx)
}

/// Room for pictures on their way in.
struct Room(Semaphore);

async fn give(ctx: &Ctx, viewer: &Viewer, on: Pictured, request: Request) -> Result<StatusCode, Error> {
    service::may_give_picture(ctx, viewer, on).await?;
    let room = ctx.kept(|| Room(Semaphore::new(AT_ONCE_MAX)));
    let Ok(_place) = room.0.try_acquire() else {
        let busy = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too many pictures come at once");
        return Err(busy.detail("Try again in a moment.").retry_after(AGAIN_S).into());
    };
    let bytes = bytes(request, catalog::picture::BYTES_MAX, TIME_MAX, "a picture").await?;
    let looked = match on {
        Pictured::Album(_) | Pictured::Artist(_) => pictures::look(ctx, bytes, &TYPES).await?,
        Pictured::Playlist(_) => pictures::look_reduced(ctx, bytes, &TYPES).await?,
    };
    let kept = match looked {
        Looked::Kept(kept) => kept,
        Looked::Refused(why) => {
            return Err(Problem::invalid("picture", format!("This can't be taken: {why}.")).into());
        }
    };
    service::give_picture(ctx, viewer, on, Some(kept.given())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an album a cover, which goes before those of its files, also on its tracks; for moderators, administrators
/// and who uploaded all of it. The body is a JPEG, PNG, WebP or GIF, of which the first picture counts: at most
/// 25 MiB, 12,000 pixels along an edge and 50 million in all, and 60 pictures an hour from one account.
#[utoipa::path(put, path = "/api/v1/albums/{id}/picture", tag = "edits", params(("id" = AlbumId, Path)),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 408, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn give_album_picture(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<AlbumId>,
    request: Request,
) -> Result<StatusCode, Error> {
    give(&ctx, &viewer, Pictured::Album(id), request).await
}

/// Takes away the cover that somebody gave an album; that of its files returns.
#[utoipa::path(delete, path = "/api/v1/albums/{id}/picture", tag = "edits", params(("id" = AlbumId, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn take_album_picture(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<AlbumId>,
) -> Result<StatusCode, Error> {
    service::give_picture(&ctx, &viewer, Pictured::Album(id), None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an artist a picture, as an album; for administrators.
#[utoipa::path(put, path = "/api/v1/artists/{id}/picture", tag = "edits", params(("id" = ArtistId, Path)),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 408, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn give_artist_picture(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<ArtistId>,
    request: Request,
) -> Result<StatusCode, Error> {
    give(&ctx, &viewer, Pictured::Artist(id), request).await
}

/// Takes away the picture that somebody gave an artist.
#[utoipa::path(delete, path = "/api/v1/artists/{id}/picture", tag = "edits", params(("id" = ArtistId, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn take_artist_picture(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<ArtistId>,
) -> Result<StatusCode, Error> {
    service::give_picture(&ctx, &viewer, Pictured::Artist(id), None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a playlist a picture, as an album, in place of the covers of what is in it; for its owner and editors. What is
/// kept of it is a JPEG of at most 1,536 pixels along an edge.
#[utoipa::path(put, path = "/api/v1/playlists/{id}/picture", tag = "playlists", params(("id" = PlaylistId, Path)),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 408, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn give_playlist_picture(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<PlaylistId>,
    request: Request,
) -> Result<StatusCode, Error> {
    give(&ctx, &viewer, Pictured::Playlist(id), request).await
}

/// Takes away the picture that a playlist was given; the chosen cover, or those of what is in it, return.
#[utoipa::path(delete, path = "/api/v1/playlists/{id}/picture", tag = "playlists", params(("id" = PlaylistId, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn take_playlist_picture(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<PlaylistId>,
) -> Result<StatusCode, Error> {
    service::give_picture(&ctx, &viewer, Pictured::Playlist(id), None).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests;
