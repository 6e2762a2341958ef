//! The routes: parse, call, shape.

mod grant;
pub(crate) mod media;
pub(crate) mod picture;

use std::sync::Arc;

use axum::routing::any;
use kernel::Ctx;
use utoipa_axum::router::OpenApiRouter;

use crate::{direct::Direct, model::Config, service::Delivery};

/// Delivery's routes in two parts: the grants, which need to know who asks, and everything under `/media/` and
/// `/pictures/`, which signatures allow. Merge the second after the layers that find out who asks, since what they
/// do, such as looking for a session, is lost on it.
pub fn parts(ctx: Ctx, config: Config) -> (OpenApiRouter, axum::Router) {
    let (grants, bytes, _) = parts_and_direct(ctx, config);
    (grants, bytes)
}

/// As [`parts`], with the door for dialects, which shares memory and limits with them.
pub fn parts_and_direct(ctx: Ctx, config: Config) -> (OpenApiRouter, axum::Router, Direct) {
    let delivery = Arc::new(Delivery::new(ctx, config));
    let bytes = axum::Router::new()
        .route("/media/{*path}", any(media::media))
        .route("/pictures/{*path}", any(picture::picture))
        .with_state(Arc::clone(&delivery));
    let direct = Direct::new(Arc::clone(&delivery));
    (grant::routes().with_state(delivery), bytes, direct)
}
