//! What a request was let in by, for whatever goes on after it was answered.

use axum::extract::FromRequestParts;
use http::request::Parts;
use kernel::{
    Ctx, Fault, Problem,
    http::{Role, Viewer},
};

use super::secret_hash;
use crate::store::{sessions, tokens};

/// The session or app token that a request brought, known by its hash. The middleware puts it into the request beside the
/// [`Viewer`]: an answer that goes on for hours asks from time to time whether it still holds.
#[derive(Clone, Debug)]
pub struct Credential {
    hash: [u8; 32],
    is_session: bool,
    role: Role,
}

impl Credential {
    /// What let this viewer in.
    pub fn new(token: &str, viewer: &Viewer) -> Self {
        Self { hash: secret_hash(token), is_session: viewer.session.is_some(), role: viewer.role }
    }

    /// Whether it lets the same account in still, to do as much. Asking is no use of it.
    pub async fn holds(&self, ctx: &Ctx) -> Result<bool, Fault> {
        let role = if self.is_session {
            sessions::by_token(ctx.db(), self.hash, ctx.now()).await?.map(|found| found.viewer.role)
        } else {
            tokens::by_token(ctx.db(), self.hash).await?.map(|found| found.viewer.role)
        };
        Ok(role == Some(self.role))
    }
}

impl<S: Sync> FromRequestParts<S> for Credential {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::sign_in)
    }
}
