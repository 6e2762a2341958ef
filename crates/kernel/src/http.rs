//! The HTTP vocabulary that every domain's routes share: who asks, JSON in and out, problems.

use std::{fmt, str::FromStr, time::Duration};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use crate::{Problem, id::UserId};

/// Largest JSON body that is read.
pub const JSON_BYTES_MAX: usize = 256 * 1024;
/// How long a body may take to come, so that nobody holds a connection by never ending one.
const JSON_TIME_MAX: Duration = Duration::from_secs(30);

/// What somebody may do; each role may also do what the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Listens, watches, takes part.
    Listener,
    /// Also uploads and publishes.
    Creator,
    /// Also decides on reports.
    Moderator,
    /// Also runs the house.
    Admin,
}

impl Role {
    /// The word for it in the API and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::Creator => "creator",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Listener, Self::Creator, Self::Moderator, Self::Admin]
            .into_iter()
            .find(|role| role.word() == word)
            .ok_or_else(|| format!("{word:?} is no role; take listener, creator, moderator or admin"))
    }
}

/// Who asks. Put into the request by accounts' middleware, read by everybody, so that no domain imports accounts
/// merely to learn who asks. As an extractor it answers 401 when nobody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The account.
    pub id: UserId,
    /// Its handle.
    pub handle: String,
    /// What it may do.
    pub role: Role,
    /// The session that the request came with; `None` when it came with an app token.
    pub session: Option<i64>,
    /// The one part of the house that the request is about, if it is about one.
    pub within: Option<i64>,
}

impl Viewer {
    /// A problem unless the viewer may do what `role` may.
    pub fn require(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role {
            return Ok(());
        }
        Err(Problem::forbidden(format!("This needs the role {role}; yours is {}.", self.role)))
    }
}

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::sign_in)
    }
}

/// The app key that a request came with, by its number; `None` for one that came with a session. It tells an app on one
/// device from the same on another, and proves nothing: that is what [`Viewer`] is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppKey(pub Option<i64>);

impl<S: Sync> FromRequestParts<S> for AppKey {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or_default())
    }
}

/// A JSON body, or a JSON answer. A body that can't be taken is answered with a problem that says where.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", "This takes JSON")
                .detail("Send the header Content-Type: application/json."));
        }
        let bytes = body(request, JSON_BYTES_MAX, "JSON").await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The JSON can't be taken")
                .detail(error.to_string())
        })
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                let headers =
                    [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
                (headers, body).into_response()
            }
            Err(error) => {
                Problem::fault(&crate::Fault::from_error("an answer can't be written", error)).into_response()
            }
        }
    }
}

/// A body of text in UTF-8, of whatever type, at most `BYTES_MAX` bytes.
#[derive(Clone, Debug)]
pub struct Text<const BYTES_MAX: usize>(pub String);

impl<S: Send + Sync, const BYTES_MAX: usize> FromRequest<S> for Text<BYTES_MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = body(request, BYTES_MAX, "text").await?;
        let text = String::from_utf8(bytes.into());
        text.map(Self).map_err(|_| Problem::invalid("body", "Send text in UTF-8."))
    }
}

async fn body(request: Request, bytes_max: usize, what: &str) -> Result<Bytes, Problem> {
    bytes(request, bytes_max, JSON_TIME_MAX, what).await
}

/// A whole body of whatever type, of limited size and within limited time; `what` is named when there is more of it.
///
/// # Errors
/// A problem with 408 when it is late, with 413 when it is too large.
pub async fn bytes(
    request: Request,
    bytes_max: usize,
    time_max: Duration,
    what: &str,
) -> Result<Bytes, Problem> {
    let body = axum::body::to_bytes(request.into_body(), bytes_max);
    let body = tokio::time::timeout(time_max, body).await.map_err(|_| {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "The body did not come in time")
            .detail(format!("Send the whole of it within {} seconds.", time_max.as_secs()))
    })?;
    body.map_err(|_| {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large or broke off")
            .detail(format!("At most {bytes_max} bytes of {what} are taken here."))
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// A path parameter; one that can't be read is answered as if nothing were there.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|_| Problem::not_found())
    }
}

/// Query parameters; ones that can't be read are answered with a problem.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|query| Self(query.0)).map_err(|error| Problem::invalid("query", error.body_text()))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use futures_util::stream;

    use super::*;

    async fn taken(body: Body) -> Result<Json<serde_json::Value>, Problem> {
        let request = Request::builder().header(header::CONTENT_TYPE, "application/json").body(body);
        Json::from_request(request.expect("a request"), &()).await
    }

    /// On the paused clock of the test that uses it.
    async fn wait_a_second() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let silent = Body::from_stream(stream::pending::<Result<Bytes, axum::Error>>());
        let Err(problem) = taken(silent).await else { panic!("it is given up") };
        assert_eq!((problem.status, problem.code.as_str()), (408, "too_slow"));
        // A byte now and then is no better.
        let drops = stream::unfold((), |()| async {
            wait_a_second().await;
            Some((Ok::<_, axum::Error>(Bytes::from_static(b" ")), ()))
        });
        let Err(problem) = taken(Body::from_stream(drops)).await else { panic!("it is given up") };
        assert_eq!(problem.status, 408);
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_refused() {
        let Err(problem) = taken(Body::from(vec![b' '; JSON_BYTES_MAX + 1])).await else {
            panic!("it is refused")
        };
        assert_eq!((problem.status, problem.code.as_str()), (413, "too_large"));
    }
}
