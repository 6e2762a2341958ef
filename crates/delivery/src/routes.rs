//! The routes: parse, call, shape.

mod grant;
mod media;
mod picture;

use std::sync::Arc;

use axum::routing::any;
use kernel::Ctx;
use utoipa_axum::router::OpenApiRouter;

use crate::{model::Config, service::Delivery};

/// Delivery's routes in two parts: the grants, which need to know who asks, and everything under `/media/` and
/// `/pictures/`, which signatures allow. Merge the second after the layers that find out who asks, since what they
/// do, such as looking for a session, is lost on it.
pub fn parts(ctx: Ctx, config: Config) -> (OpenApiRouter, axum::Router) {
    let delivery = Arc::new(Delivery::new(ctx, config));
    let bytes = axum::Router::new()
        .route("/media/{*path}", any(media::media))
        .route("/pictures/{*path}", any(picture::picture))
        .with_state(Arc::clone(&delivery));
    (grant::routes().with_state(delivery), bytes)
}
