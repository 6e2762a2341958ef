//! tus 1.0: creation, bytes, where an upload stands, termination.

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use kernel::{
    Problem,
    http::{Path, Viewer},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    checksum::{ALGORITHMS, Checksum},
    headers::{self, VERSION},
    model::{Error, Row, UploadId, UploadState},
    service::Uploads,
};

/// The protocol's routes. Every answer bears its version, those that report an error too.
pub(super) fn routes(uploads: Uploads) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(describe_uploads, create_upload))
        .routes(routes!(show_upload, append_to_upload, terminate_upload, override_upload))
        .layer(axum::middleware::from_fn(with_version))
        .with_state(uploads)
}

async fn with_version(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(headers::TUS_RESUMABLE, HeaderValue::from_static(VERSION));
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if response.status() == StatusCode::PRECONDITION_FAILED {
        response.headers_mut().insert(headers::TUS_VERSION, HeaderValue::from_static(VERSION));
    }
    response
}

/// Puts the headers that say where an upload stands.
fn put_stand(into: &mut HeaderMap, row: &Row) {
    into.insert(headers::UPLOAD_OFFSET, HeaderValue::from(row.upload.received_bytes));
    let expires = row.upload.expires_at.filter(|_| row.upload.state == UploadState::Receiving);
    if let Some(date) = expires.and_then(headers::http_date) {
        into.insert(headers::UPLOAD_EXPIRES, date);
    }
}

fn announced(headers: &HeaderMap) -> Result<Option<u64>, Error> {
    headers::number(headers, &header::CONTENT_LENGTH, "Content-Length")
}

/// What of tus is built.
#[utoipa::path(
    options, path = "/api/v1/uploads", operation_id = "describe_uploads", tag = "uploads",
    responses((status = 204, description = "Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm")),
)]
async fn describe_uploads(State(uploads): State<Uploads>) -> Response {
    let pairs: [(HeaderName, HeaderValue); 4] = [
        (headers::TUS_VERSION, HeaderValue::from_static(VERSION)),
        (headers::TUS_EXTENSION, HeaderValue::from_static(headers::EXTENSIONS)),
        (headers::TUS_MAX_SIZE, HeaderValue::from(uploads.config.bytes_max)),
        (headers::TUS_CHECKSUM_ALGORITHM, HeaderValue::from_static(ALGORITHMS)),
    ];
    (StatusCode::NO_CONTENT, HeaderMap::from_iter(pairs)).into_response()
}

/// Create an upload (tus 1.0), with its first bytes if the body holds some.
#[utoipa::path(
    post, path = "/api/v1/uploads", operation_id = "create_upload", tag = "uploads",
    params(
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Length" = u64, Header, description = "The size of the file in bytes"),
        ("Upload-Metadata" = Option<String>, Header, description = "filename and filetype, each in base64"),
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses(
        (status = 201, description = "Location names the upload; Upload-Offset says how many of the bytes were kept"),
        (status = 400, body = Problem), (status = 403, body = Problem), (status = 412, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem),
        (status = 507, body = Problem),
    ),
)]
async fn create_upload(
    State(uploads): State<Uploads>,
    viewer: Viewer,
    request: Request,
) -> Result<Response, Error> {
    let (parts, body) = request.into_parts();
    headers::check_version(&parts.headers)?;
    if parts.headers.contains_key(headers::UPLOAD_DEFER_LENGTH) {
        let message = "The length of the file must be known; creation-defer-length is not built.".to_owned();
        return Err(Error::Header { name: "Upload-Defer-Length", message });
    }
    let bytes = headers::number_needed(&parts.headers, &headers::UPLOAD_LENGTH, "Upload-Length")?;
    let metadata = headers::metadata(&parts.headers)?;
    let checksum = Checksum::read(&parts.headers)?;
    let announced = announced(&parts.headers)?;
    let sends = headers::has_bytes(&parts.headers) && announced != Some(0);
    if sends && announced.is_some_and(|announced| announced > bytes) {
        return Err(Error::TooLong { bytes });
    }
    if !sends && announced.is_some_and(|announced| announced > 0) {
        return Err(Error::MediaType);
    }
    let mut row = uploads.create(&viewer, bytes, metadata).await?;
    let id = row.upload.id;
    if sends {
        // The upload exists now and the answer must say so; how far it came says the offset.
        match uploads.append(&viewer, id, 0, announced, checksum, body).await {
            Ok(after) => row = after,
            Err(error) => {
                tracing::debug!(upload.id = %id, "the first bytes of an upload were not all kept: {error:?}");
                row = uploads.stand(&viewer, id).await?;
            }
        }
    }
    let mut answer = StatusCode::CREATED.into_response();
    put_stand(answer.headers_mut(), &row);
    let location = HeaderValue::from_str(&format!("/api/v1/uploads/{id}"));
    answer.headers_mut().extend(location.ok().map(|location| (header::LOCATION, location)));
    Ok(answer)
}

/// Ask where an upload stands (tus 1.0).
#[utoipa::path(
    head, path = "/api/v1/uploads/{id}", operation_id = "show_upload", tag = "uploads",
    params(("id" = UploadId, Path), ("Tus-Resumable" = String, Header, description = "1.0.0")),
    responses(
        (status = 200, description = "Upload-Offset, Upload-Length, Upload-Metadata, Upload-Expires"),
        (status = 404, description = "There is none, or it is somebody else's"),
        (status = 412, description = "Another version of the protocol, or none, was named"),
        (status = 410, description = "It has expired or failed"),
    ),
)]
async fn show_upload(
    State(uploads): State<Uploads>,
    viewer: Viewer,
    Path(id): Path<UploadId>,
    asked: HeaderMap,
) -> Result<Response, Error> {
    headers::check_version(&asked)?;
    let row = uploads.stand(&viewer, id).await?;
    let mut answer = StatusCode::OK.into_response();
    put_stand(answer.headers_mut(), &row);
    answer.headers_mut().insert(headers::UPLOAD_LENGTH, HeaderValue::from(row.upload.bytes));
    if let Some(metadata) = HeaderValue::from_str(&row.metadata).ok().filter(|value| !value.is_empty()) {
        answer.headers_mut().insert(headers::UPLOAD_METADATA, metadata);
    }
    Ok(answer)
}

/// Send bytes of an upload (tus 1.0).
#[utoipa::path(
    patch, path = "/api/v1/uploads/{id}", operation_id = "append_to_upload", tag = "uploads",
    params(
        ("id" = UploadId, Path),
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Offset" = u64, Header, description = "Where the upload stands"),
        ("Upload-Checksum" = Option<String>, Header, description = "sha1 or sha256, a space, the digest in base64"),
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses(
        (status = 204, description = "Upload-Offset says where the upload stands now; all of it is durable"),
        (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 410, body = Problem), (status = 412, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem),
        (status = 423, body = Problem), (status = 460, body = Problem), (status = 507, body = Problem),
    ),
)]
async fn append_to_upload(
    State(uploads): State<Uploads>,
    viewer: Viewer,
    Path(id): Path<UploadId>,
    request: Request,
) -> Result<Response, Error> {
    let (parts, body) = request.into_parts();
    append(&uploads, &viewer, id, &parts.headers, body).await
}

async fn append(
    uploads: &Uploads,
    viewer: &Viewer,
    id: UploadId,
    asked: &HeaderMap,
    body: Body,
) -> Result<Response, Error> {
    headers::check_version(asked)?;
    if !headers::has_bytes(asked) {
        return Err(Error::MediaType);
    }
    let offset = headers::number_needed(asked, &headers::UPLOAD_OFFSET, "Upload-Offset")?;
    let checksum = Checksum::read(asked)?;
    let row = uploads.append(viewer, id, offset, announced(asked)?, checksum, body).await?;
    let mut answer = StatusCode::NO_CONTENT.into_response();
    put_stand(answer.headers_mut(), &row);
    Ok(answer)
}

/// End an upload and free its room (tus 1.0).
#[utoipa::path(
    delete, path = "/api/v1/uploads/{id}", operation_id = "terminate_upload", tag = "uploads",
    params(("id" = UploadId, Path), ("Tus-Resumable" = String, Header, description = "1.0.0")),
    responses((status = 204, description = "It is gone"), (status = 404, body = Problem),
        (status = 412, body = Problem)),
)]
async fn terminate_upload(
    State(uploads): State<Uploads>,
    viewer: Viewer,
    Path(id): Path<UploadId>,
    asked: HeaderMap,
) -> Result<StatusCode, Error> {
    headers::check_version(&asked)?;
    uploads.remove(&viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send bytes or end an upload where only POST gets through; `X-HTTP-Method-Override` says which.
#[utoipa::path(
    post, path = "/api/v1/uploads/{id}", operation_id = "override_upload", tag = "uploads",
    params(
        ("id" = UploadId, Path),
        ("X-HTTP-Method-Override" = String, Header, description = "PATCH, DELETE or HEAD"),
    ),
    responses(
        (status = 200, description = "As HEAD"), (status = 204, description = "As PATCH or DELETE"),
        (status = 404, body = Problem), (status = 405, body = Problem), (status = 412, body = Problem),
    ),
)]
async fn override_upload(
    uploads: State<Uploads>,
    viewer: Viewer,
    Path(id): Path<UploadId>,
    request: Request,
) -> Result<Response, Error> {
    let (parts, body) = request.into_parts();
    let meant = parts.headers.get(headers::METHOD_OVERRIDE).map(HeaderValue::as_bytes).unwrap_or_default();
    match Method::from_bytes(&meant.to_ascii_uppercase()) {
        Ok(Method::PATCH) => append(&uploads, &viewer, id, &parts.headers, body).await,
        Ok(Method::HEAD) => show_upload(uploads, viewer, Path(id), parts.headers).await,
        Ok(Method::DELETE) => {
            terminate_upload(uploads, viewer, Path(id), parts.headers).await.map(IntoResponse::into_response)
        }
        _ => Err(Error::Method),
    }
}
