//! The router: mounts what the domains answer and puts the common layers around it. It knows no path of theirs.

use axum::{Router, extract::Request, middleware::Next, response::Response, routing::get};
use ingest::{transcode::Transcoder, upload::Uploads};
use kernel::Ctx;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    config::Config,
    describe,
    events::{self, Streams},
    health, rights, web,
};

#[derive(OpenApi)]
#[openapi(info(
    title = "Odeon",
    description = "Music, films and the people around them. Identifiers are strings; times are RFC 3339 in UTC; \
        errors are problem details (RFC 9457). Sign in with a session cookie, and then send the header `X-Odeon: 1` \
        with everything that changes something, or send an app token as a bearer token."
))]
struct Document;

/// Everything that is answered, and its description.
pub(crate) fn routes(
    ctx: &Ctx,
    config: &Config,
    (uploads, transcoder): (&Uploads, &Transcoder),
) -> (Router, utoipa::openapi::OpenApi) {
    let accounts_config =
        accounts::Config { public_url: config.public_url.clone(), trust_proxy: config.trust_proxy };
    let delivery_config = delivery::Config { cache_bytes: config.cache_bytes, ..delivery::Config::default() };
    let (grants, bytes, direct) = delivery::parts_and_direct(ctx.clone(), delivery_config);
    let sharing = sharing::Sharing::new(ctx.clone(), direct.clone(), accounts_config.clone());
    let dialect = subsonic::Config { accounts: accounts_config.clone() };
    let (api, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .merge(accounts::routes(ctx.clone(), accounts_config.clone()))
        .merge(catalog::routes(ctx.clone()))
        .merge(ingest::library::routes(ctx.clone(), config.data.clone()))
        .merge(ingest::given::routes(ctx.clone()))
        .merge(uploads.routes())
        .merge(rights::routes(ctx.clone()))
        .merge(grants)
        .merge(sharing::routes(sharing.clone()))
        .merge(podcasts::routes(podcasts::Podcasts::new(ctx.clone(), direct.clone())))
        .merge(scrobble::routes(scrobble::Scrobbling::new(ctx.clone(), config.scrobble.clone())))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(events::follow_events))
                .with_state((ctx.clone(), Streams::default())),
        )
        .split_for_parts();
    describe::complete(&mut document);
    let text = document.to_json().unwrap_or_default();
    let router = api
        .layer(accounts::middleware::viewer(ctx.clone(), accounts_config))
        // Signatures allow these; looking for a session would be lost on them.
        .merge(bytes)
        .merge(sharing::pages(sharing.clone(), web::shell()))
        // Its requests bring their own sign-in, and a cookie means nothing to it.
        .merge(subsonic::routes(ctx.clone(), direct, sharing.clone(), transcoder.clone(), dialect))
        .route(
            "/api/openapi.json",
            get(move || async move { ([("content-type", "application/json")], text) }),
        )
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready).with_state(ctx.clone()))
        .fallback(web::page)
        .layer(axum::middleware::from_fn(secured));
    (router, document)
}

async fn secured(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    web::secure(response.headers_mut());
    response
}
