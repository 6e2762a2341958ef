//! The routes under `/api/v1/scrobbling`.

use axum::extract::State;
use http::StatusCode;
use kernel::{
    Page, PageQuery, Problem,
    http::{Json, Path, Query, Viewer},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Error, Scrobbling,
    model::{
        Connection, FailedListen, FavouritesSwitch, ImportStart, LastfmLink, ListenBrainzAccount, Overview,
        Service,
    },
};

/// The routes of scrobbling.
pub fn routes(scrobbling: Scrobbling) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(show_scrobbling))
        .routes(routes!(connect_listenbrainz, disconnect_listenbrainz))
        .routes(routes!(link_lastfm, finish_lastfm, disconnect_lastfm))
        .routes(routes!(start_scrobble_import, stop_scrobble_import))
        .routes(routes!(switch_scrobbled_favourites))
        .routes(routes!(take_over_favourites))
        .routes(routes!(retry_scrobbles))
        .routes(routes!(list_failed_listens, forget_failed_listens))
        .with_state(scrobbling)
}

/// The viewer's accounts at services that keep what was heard, and how telling them goes. Nobody else sees them.
#[utoipa::path(get, path = "/api/v1/scrobbling", tag = "scrobbling",
    responses((status = 200, body = Overview), (status = 401, body = Problem)))]
async fn show_scrobbling(
    State(scrobbling): State<Scrobbling>,
    viewer: Viewer,
) -> Result<Json<Overview>, Error> {
    scrobbling.overview(&viewer).await.map(Json)
}

/// Connects the viewer to an account at `ListenBrainz`, or at a server that speaks like it. From then on each play that
/// is counted is told there. A new token for the same account goes on with what waits; another account takes its place.
#[utoipa::path(put, path = "/api/v1/scrobbling/listenbrainz", tag = "scrobbling", request_body = ListenBrainzAccount,
    responses((status = 200, body = Connection), (status = 401, body = Problem), (status = 422, body = Problem),
        (status = 429, description = "Three are being asked already.", body = Problem),
        (status = 503, description = "The house asks for too much at once, or the service wants to be left alone.",
            body = Problem)))]
async fn connect_listenbrainz(
    State(scrobbling): State<Scrobbling>,
    viewer: Viewer,
    Json(account): Json<ListenBrainzAccount>,
) -> Result<Json<Connection>, Error> {
    scrobbling.connect_listenbrainz(&viewer, account).await.map(Json)
}

/// Ends the connection to `ListenBrainz`. What waited is forgotten; what was sent stays there.
#[utoipa::path(delete, path = "/api/v1/scrobbling/listenbrainz", tag = "scrobbling",
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn disconnect_listenbrainz(
    State(scrobbling): State<Scrobbling>,
    viewer: Viewer,
) -> Result<StatusCode, Error> {
    scrobbling.disconnect(&viewer, Service::ListenBrainz).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins to connect the viewer to an account at Last.fm: gives the page at which to allow it. 404 when the operator has
/// not set this house up with Last.fm.
#[utoipa::path(post, path = "/api/v1/scrobbling/lastfm", tag = "scrobbling",
    responses((status = 200, body = LastfmLink), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem),
        (status = 429, description = "Three are being asked already.", body = Problem),
        (status = 503, description = "The house asks for too much at once, or the service wants to be left alone.",
            body = Problem)))]
async fn link_lastfm(
    State(scrobbling): State<Scrobbling>,
    viewer: Viewer,
) -> Result<Json<LastfmLink>, Error> {
    scrobbling.link_lastfm(&viewer).await.map(Json)
}

/// Connects the viewer to the account at Last.fm at which it was allowed. 409 with the code `not_allowed_yet` until it
/// was.
#[utoipa::path(put, path = "/api/v1/scrobbling/lastfm", tag = "scrobbling",
    responses((status = 200, body = Connection), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem),
        (status = 429, description = "Three are being asked already.", body = Problem),
        (status = 503, description = "The house asks for too much at once, or the service wants to be left alone.",
            body = Problem)))]
async fn finish_lastfm(
    State(scrobbling): State<Scrobbling>,
    viewer: Viewer,
) -> Result<Json<Connection>, Error> {
    scrobbling.finish_lastfm(&viewer).await.map(Json)
}

/// Ends the connection to Last.fm. What waited is forgotten; what was sent stays there.
#[utoipa::path(delete, path = "/api/v1/scrobbling/lastfm", tag = "scrobbling",
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn disconnect_lastfm(
    State(scrobbling): State<Scrobbling>,
    viewer: Viewer,
) -> Result<StatusCode, Error> {
    scrobbling.disconnect(&viewer, Service::Lastfm).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes over what the viewer's account at `ListenBrainz` has noted: each listen of a song that is here is counted as a
/// play, once, and is told nowhere else. It goes on for as long as the account is connected.
#[utoipa::path(put, path = "/api/v1/scrobbling/listenbrainz/import", tag = "scrobbling", request_body = ImportStart,
    responses((status = 202), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn start_scrobble_import(
    State(scrobbling): State<Scrobbling>,
    viewer: Viewer,
    Json(start): Json<ImportStart>,
) -> Result<StatusCode, Error> {
    scrobbling.start_import(&viewer, start).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Takes nothing over any more. What was counted stays.
#[utoipa::path(delete, path = "/api/v1/scrobbling/listenbrainz/import", tag = "scrobbling",
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn stop_scrobble_import(
    State(scrobbling): State<Scrobbling>,
    viewer: Viewer,
) -> Result<StatusCode, Error> {
    scrobbling.stop_import(&viewer).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells a service the viewer's favourites from now on, or no more. `ListenBrainz` is told recordings by their
/// `MusicBrainz` numbers, so songs whose tags name none are left out; Last.fm is told artist and title.
#[utoipa::path(put, path = "/api/v1/scrobbling/{service}/favourites", tag = "scrobbling",
    request_body = FavouritesSwitch, params(("service" = Service, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn switch_scrobbled_favourites(
    State(scrobbling): State<Scrobbling>,
    viewer: Viewer,
    Path(service): Path<Service>,
    Json(switch): Json<FavouritesSwitch>,
) -> Result<StatusCode, Error> {
    scrobbling.switch_favourites(&viewer, service, switch).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes over what the viewer's account at `ListenBrainz` loves: songs that are here become favourites, and none ceases to
/// be one. It is done once for each time it is asked for.
#[utoipa::path(post, path = "/api/v1/scrobbling/listenbrainz/favourites/import", tag = "scrobbling",
    responses((status = 202), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn take_over_favourites(
    State(scrobbling): State<Scrobbling>,
    viewer: Viewer,
) -> Result<StatusCode, Error> {
    scrobbling.take_over_favourites(&viewer).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Tries now what waits for a service, and once more what it refused.
#[utoipa::path(post, path = "/api/v1/scrobbling/{service}/retry", tag = "scrobbling",
    params(("service" = Service, Path)),
    responses((status = 202), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn retry_scrobbles(
    State(scrobbling): State<Scrobbling>,
    viewer: Viewer,
    Path(service): Path<Service>,
) -> Result<StatusCode, Error> {
    scrobbling.retry(&viewer, service).await?;
    Ok(StatusCode::ACCEPTED)
}

/// The listens that a service will not take, each with the reason, the last played first.
#[utoipa::path(get, path = "/api/v1/scrobbling/{service}/failed", tag = "scrobbling",
    params(("service" = Service, Path), PageQuery),
    responses((status = 200, body = Page<FailedListen>), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn list_failed_listens(
    State(scrobbling): State<Scrobbling>,
    viewer: Viewer,
    Path(service): Path<Service>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<FailedListen>>, Error> {
    scrobbling.failed(&viewer, service, &query).await.map(Json)
}

/// Forgets the listens that a service will not take.
#[utoipa::path(delete, path = "/api/v1/scrobbling/{service}/failed", tag = "scrobbling",
    params(("service" = Service, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn forget_failed_listens(
    State(scrobbling): State<Scrobbling>,
    viewer: Viewer,
    Path(service): Path<Service>,
) -> Result<StatusCode, Error> {
    scrobbling.forget_failed(&viewer, service).await?;
    Ok(StatusCode::NO_CONTENT)
}
