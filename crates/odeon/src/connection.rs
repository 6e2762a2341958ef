//! Connections: accepted, limited, served, and let go of gracefully.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use kernel::Ctx;
use rustix::{
    net::sockopt::set_tcp_user_timeout,
    process::{Resource, getrlimit, setrlimit},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tower::ServiceExt as _;

/// Connections at once, where the system grants that many open files; further ones wait in the system's queue.
const CONNECTIONS_MAX: u64 = 8192;
/// Open files that connections leave to the database, to scans, uploads and encodes.
const FILES_LEFT: u64 = 256;
/// Open files that a connection may need: itself and what is being sent.
const FILES_EACH: u64 = 2;
/// How long a client may leave unread what was sent to it before its connection is ended. A player that was paused
/// for longer asks again from where it was.
const UNREAD_MAX: Duration = Duration::from_mins(2);
/// How long a client may take to send the head of a request; also how long an idle connection is kept.
const HEAD_MAX: Duration = Duration::from_secs(30);
/// Largest head of a request, and most that is read ahead of a connection.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// How long running requests may take to end when the program stops.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// Serves `router` until the program stops; running requests are then let end.
pub(crate) async fn serve(ctx: &Ctx, listener: TcpListener, router: Router) {
    let places = Arc::new(Semaphore::new(places(raise_file_limit())));
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
            serve_one(&ctx, stream, address, router, UNREAD_MAX).await;
            drop(place);
        });
    }
    drop(listener);
    open.close();
    if tokio::time::timeout(DRAIN_MAX, open.wait()).await.is_err() {
        tracing::warn!(connections = open.len(), "some requests did not end in time and are cut off");
    }
}

/// Has the system grant as many open files as it may, and says how many that is. Many systems begin with 1,024, which
/// a few idle clients would use up, and then no database, upload or encode could open anything either.
fn raise_file_limit() -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    let begun = limit.current;
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the number of open files can't be raised");
        limit.current = begun;
    }
    // None: there is no limit.
    limit.current.unwrap_or(u64::MAX)
}

/// How many connections are taken at once when so many files may be open.
fn places(files: u64) -> usize {
    let room = files.saturating_sub(FILES_LEFT) / FILES_EACH;
    usize::try_from(room.clamp(1, CONNECTIONS_MAX)).unwrap_or(1)
}

async fn serve_one(ctx: &Ctx, stream: TcpStream, address: SocketAddr, router: Router, unread_max: Duration) {
    // The system itself ends a connection whose other end takes nothing; a writer would wait for ever.
    let unread_ms = u32::try_from(unread_max.as_millis()).unwrap_or(u32::MAX);
    if let Err(error) = set_tcp_user_timeout(&stream, unread_ms) {
        tracing::debug!(%error, "a connection can't be kept from standing still");
    }
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

#[cfg(test)]
mod tests {
    use kernel::testkit::World;
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[test]
    fn connections_leave_files_to_everybody_else() {
        for (files, connections) in [(0, 1), (1024, 384), (20_000, 8192), (u64::MAX, 8192)] {
            assert_eq!(places(files), connections, "{files}");
        }
        assert_eq!(raise_file_limit(), getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX));
    }

    #[tokio::test]
    async fn a_client_that_reads_nothing_of_its_answer_is_let_go() {
        let world = World::new(kernel::db::Engine::Sqlite).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut client = TcpStream::connect(address).await.expect("a connection");
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
        let (stream, peer) = listener.accept().await.expect("accepted");
        // More than the system keeps for two ends of a connection.
        let router = Router::new().fallback(|| async { vec![0u8; 64 << 20] });
        let served = serve_one(&world.ctx, stream, peer, router, Duration::from_secs(1));
        tokio::time::timeout(Duration::from_mins(1), served).await.expect("it ends");
        drop(client);
    }
}
