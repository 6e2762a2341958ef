//! Whether the program lives, and whether it is ready to take traffic.

use std::time::Duration;

use axum::{extract::State, response::IntoResponse};
use http::StatusCode;
use kernel::{Ctx, Problem};

/// How long the database may take to answer before traffic had better go elsewhere.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// Answers as long as the process can answer at all.
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// Answers 200 when requests can be served: not stopping, and the database answers.
pub(crate) async fn ready(State(ctx): State<Ctx>) -> impl IntoResponse {
    if ctx.stop().is_cancelled() {
        return Err(not_ready("stopping"));
    }
    match tokio::time::timeout(ANSWER_MAX, ctx.db().answers()).await {
        Ok(Ok(())) => Ok("ready\n"),
        Ok(Err(fault)) => {
            tracing::warn!("not ready: {fault}");
            Err(not_ready("the database does not answer"))
        }
        Err(_) => Err(not_ready("the database is slow")),
    }
}

fn not_ready(why: &str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", "Not ready").detail(why).retry_after(2)
}
