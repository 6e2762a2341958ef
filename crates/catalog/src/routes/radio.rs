//! The routes of internet radio stations.

use axum::extract::State;
use http::StatusCode;
use kernel::{
    Ctx, Page, PageQuery, Problem,
    http::{Json, Path, Query, Viewer},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    model::radio::{NewRadioStation, RadioStation, RadioStationId},
    service::{Error, radio},
};

pub(super) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(list_radio_stations, add_radio_station)).routes(routes!(
        show_radio_station,
        edit_radio_station,
        delete_radio_station
    ))
}

/// Internet radio stations by name. Every member sees them.
#[utoipa::path(get, path = "/api/v1/radio-stations", tag = "radio", params(PageQuery),
    responses((status = 200, body = Page<RadioStation>), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn list_radio_stations(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<RadioStation>>, Error> {
    radio::list(&ctx, &viewer, &query).await.map(Json)
}

/// Enters a station, for administrators. There are at most 1,000. The stream is not asked for.
#[utoipa::path(post, path = "/api/v1/radio-stations", tag = "radio", request_body = NewRadioStation,
    responses((status = 201, body = RadioStation), (status = 401, body = Problem),
        (status = 403, description = "This is for administrators.", body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn add_radio_station(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Json(new): Json<NewRadioStation>,
) -> Result<(StatusCode, Json<RadioStation>), Error> {
    Ok((StatusCode::CREATED, Json(radio::create(&ctx, &viewer, new).await?)))
}

/// A station.
#[utoipa::path(get, path = "/api/v1/radio-stations/{id}", tag = "radio",
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 200, body = RadioStation), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn show_radio_station(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<RadioStationId>,
) -> Result<Json<RadioStation>, Error> {
    radio::get(&ctx, &viewer, id).await.map(Json)
}

/// Says anew what a station is, for administrators.
#[utoipa::path(put, path = "/api/v1/radio-stations/{id}", tag = "radio", request_body = NewRadioStation,
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 200, body = RadioStation), (status = 401, body = Problem),
        (status = 403, description = "This is for administrators.", body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn edit_radio_station(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<RadioStationId>,
    Json(new): Json<NewRadioStation>,
) -> Result<Json<RadioStation>, Error> {
    radio::update(&ctx, &viewer, id, new).await.map(Json)
}

/// Removes a station, for administrators.
#[utoipa::path(delete, path = "/api/v1/radio-stations/{id}", tag = "radio",
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 204), (status = 401, body = Problem),
        (status = 403, description = "This is for administrators.", body = Problem), (status = 404, body = Problem)))]
async fn delete_radio_station(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<RadioStationId>,
) -> Result<StatusCode, Error> {
    radio::delete(&ctx, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
