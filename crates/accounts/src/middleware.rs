//! Who asks: the layer that puts a [`Viewer`], and what let that one in, into every request that brings a session or an
//! app token that holds.

use std::pin::Pin;

use axum::{
    extract::{Request, State},
    middleware::{FromFnLayer, Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use kernel::{
    Ctx, Problem,
    http::{AppKey, Viewer},
};

use crate::{
    Config,
    client::{Client, check_origin},
    service::{credential::Credential, session, tokens},
};

/// For whom a page was made.
const MADE_FOR: &str = "x-odeon-user";

/// What the layer needs to know.
#[derive(Clone)]
pub struct Gate {
    ctx: Ctx,
    config: Config,
}

/// The layer that [`viewer`] makes.
pub type ViewerLayer = FromFnLayer<Pass, Gate, (State<Gate>, Request)>;
/// The function inside the layer.
pub type Pass = fn(State<Gate>, Request, Next) -> Answer;
/// What the function answers in time.
pub type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Makes the layer. It goes around everything that has a [`Viewer`] as a parameter.
///
/// A request with `Authorization: Bearer …` is judged by that alone, any other by its cookie. One that brings neither,
/// or one that does not hold, goes on without a viewer, and whatever needs one answers 401. One that would change
/// something in the name of a cookie is answered 403 `csrf` unless it came from our own page. Each lookup is one
/// indexed SELECT, so that an ended session stops working at once on every node.
///
/// A page that was made for one account says so in the header `X-Odeon-User`. When another tab has signed in somebody
/// else meanwhile, its cookie is not taken from that page: what one listener plays must not count for another.
pub fn viewer(ctx: Ctx, config: Config) -> ViewerLayer {
    from_fn_with_state(Gate { ctx, config }, pass as Pass)
}

fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Answer {
    Box::pin(async move {
        match admit(&gate, request).await {
            Ok(request) => next.run(request).await,
            Err(problem) => problem.into_response(),
        }
    })
}

async fn admit(gate: &Gate, request: Request) -> Result<Request, Problem> {
    let (mut parts, body) = request.into_parts();
    let found = match bearer(&parts.headers) {
        Some(token) => tokens::look_up(&gate.ctx, token).await?.map(|(viewer, token)| {
            parts.extensions.insert(AppKey(Some(token.0)));
            viewer
        }),
        None => match Client::of(&parts, &gate.config).cookie(&parts.headers) {
            Some(token) => session::look_up(&gate.ctx, token).await?,
            None => None,
        },
    };
    if let Some(viewer) = found {
        if viewer.session.is_some() {
            check_origin(&parts, &gate.config, true)?;
        }
        if viewer.session.is_none() || !is_for_another(&parts.headers, &viewer) {
            let brought = match viewer.session {
                None => bearer(&parts.headers),
                Some(_) => Client::of(&parts, &gate.config).cookie(&parts.headers),
            };
            let credential = Credential::new(brought.unwrap_or_default(), &viewer);
            parts.extensions.insert(credential);
            parts.extensions.insert::<Viewer>(viewer);
        }
    }
    Ok(Request::from_parts(parts, body))
}

/// Whether the page that asks was made for somebody else.
fn is_for_another(headers: &HeaderMap, viewer: &Viewer) -> bool {
    headers.get(MADE_FOR).is_some_and(|id| id.as_bytes() != viewer.id.to_string().as_bytes())
}

/// The token of an `Authorization: Bearer …`; empty when it can't be one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
