//! Connections: accepted, limited, served, and let go of gracefully.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use kernel::Ctx;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tower::ServiceExt as _;

/// Connections at once; further ones wait in the system's queue.
const CONNECTIONS_MAX: usize = 8192;
/// How long a client may take to send the head of a request; also how long an idle connection is kept.
const HEAD_MAX: Duration = Duration::from_secs(30);
/// Largest head of a request, and most that is read ahead of a connection.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// How long running requests may take to end when the program stops.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// Serves `router` until the program stops; running requests are then let end.
pub(crate) async fn serve(ctx: &Ctx, listener: TcpListener, router: Router) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let open = tokio_util::task::TaskTracker::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ctx.stop().cancelled() => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of files, most likely: going on at once would only burn the processor.
                tracing::warn!(%error, "a connection can't be accepted");
                ctx.clock().sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (ctx, router) = (ctx.clone(), router.clone());
        open.spawn(async move {
            serve_one(&ctx, stream, address, router).await;
            drop(place);
        });
    }
    drop(listener);
    open.close();
    if tokio::time::timeout(DRAIN_MAX, open.wait()).await.is_err() {
        tracing::warn!(connections = open.len(), "some requests did not end in time and are cut off");
    }
}

async fn serve_one(ctx: &Ctx, stream: TcpStream, address: SocketAddr, router: Router) {
    // Answers are written whole; waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(address));
        router.clone().oneshot(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = ctx.stop().cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}
