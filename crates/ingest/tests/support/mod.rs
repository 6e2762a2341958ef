//! A house with a door: the routes on a loopback socket, and a client that can cut the line.

#![allow(dead_code, reason = "each test program uses its own part of this")]

mod http;
mod small_disk;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use axum::{extract::Request, middleware::Next, response::Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ingest::upload::{Floor, Upload, UploadConfig, Uploads};
use kernel::{
    Ctx, Page,
    http::{Role, Viewer},
    id::UserId,
    testkit::World,
};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use http::{Answer, Line};
pub use small_disk::SmallDisk;

/// Somebody who uploads.
pub const ANN: &str = "1:creator";
/// Somebody else who uploads.
pub const BOB: &str = "2:creator";
/// Somebody who only listens.
pub const LEO: &str = "3:listener";

/// A running house.
pub struct House {
    pub ctx: Ctx,
    pub address: SocketAddr,
    pub folder: PathBuf,
    pub service: Uploads,
    _door: DropGuard,
}

/// Where the uploads of a world are staged.
pub fn config(world: &World) -> UploadConfig {
    UploadConfig { floor: Floor::Bytes(0), ..UploadConfig::new(world.folder.path().join("uploads")) }
}

/// Stands in for accounts' middleware, which puts the viewer there.
async fn with_viewer(mut request: Request, next: Next) -> Response {
    let user = request.headers().get("test-user").and_then(|value| value.to_str().ok()).map(str::to_owned);
    if let Some((id, role)) = user.as_deref().and_then(|user| user.split_once(':')) {
        let (id, role): (i64, Role) = (id.parse().unwrap(), role.parse().unwrap());
        let viewer =
            Viewer { id: UserId(id), handle: format!("user{id}"), role, session: None, within: None };
        request.extensions_mut().insert(viewer);
    }
    next.run(request).await
}

impl House {
    pub async fn open(world: &World) -> Self {
        Self::with(world.ctx.clone(), config(world)).await
    }

    pub async fn with(ctx: Ctx, config: UploadConfig) -> Self {
        let folder = config.folder.clone();
        let uploads = Uploads::new(ctx.clone(), config);
        uploads.sweep_at_start().await.expect("the staging folder is swept");
        let (routes, _) = uploads.routes().split_for_parts();
        let routes = routes.layer(axum::middleware::from_fn(with_viewer));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let closed = CancellationToken::new();
        let closing = closed.clone();
        tokio::spawn(async move {
            let serving = axum::serve(listener, routes);
            tokio::select! {
                result = serving => result.unwrap(),
                () = closing.cancelled() => {}
            }
        });
        Self { ctx, address, folder, service: uploads, _door: closed.drop_guard() }
    }

    /// One request on a line of its own.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut line = self.line().await;
        line.head(method, path, headers, Some(body.len())).await;
        line.send(body).await;
        line.answer(method).await
    }

    pub async fn line(&self) -> Line {
        Line::open(self.address).await
    }

    /// Creates an upload for Ann and gives its path.
    pub async fn create(&self, bytes: usize) -> String {
        self.create_named(bytes, "film.mp4").await
    }

    pub async fn create_named(&self, bytes: usize, name: &str) -> String {
        let answer = self.try_create(bytes, name.as_bytes()).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.header("location").to_owned()
    }

    pub async fn try_create(&self, bytes: usize, name: &[u8]) -> Answer {
        let metadata = format!("filename {}", STANDARD.encode(name));
        let length = bytes.to_string();
        let headers = [
            ("test-user", ANN),
            ("tus-resumable", "1.0.0"),
            ("upload-length", length.as_str()),
            ("upload-metadata", metadata.as_str()),
        ];
        self.ask("POST", "/api/v1/uploads", &headers, b"").await
    }

    pub async fn patch(&self, path: &str, offset: u64, bytes: &[u8]) -> Answer {
        self.patch_with(path, offset, bytes, &[]).await
    }

    pub async fn patch_with(&self, path: &str, offset: u64, bytes: &[u8], more: &[(&str, &str)]) -> Answer {
        let mut line = self.line().await;
        line.patch_head(path, offset, bytes.len(), more).await;
        line.send(bytes).await;
        line.answer("PATCH").await
    }

    pub async fn head(&self, path: &str) -> Answer {
        self.ask("HEAD", path, &[("test-user", ANN), ("tus-resumable", "1.0.0")], b"").await
    }

    /// Where an upload stands.
    pub async fn offset(&self, path: &str) -> u64 {
        let answer = self.head(path).await;
        assert_eq!(answer.status, 200, "{path}");
        answer.header("upload-offset").parse().unwrap()
    }

    /// Ann's uploads.
    pub async fn uploads(&self) -> Vec<Upload> {
        let answer = self.ask("GET", "/api/v1/me/uploads", &[("test-user", ANN)], b"").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page: Page<Upload> = serde_json::from_slice(&answer.body).unwrap();
        page.items
    }

    pub async fn upload(&self, path: &str) -> Upload {
        let id = path.rsplit('/').next().unwrap();
        let found = self.uploads().await.into_iter().find(|upload| upload.id.to_string() == id);
        found.expect("the upload is listed")
    }

    /// What lies in the staging file of an upload.
    pub fn staged(&self, path: &str) -> Option<Vec<u8>> {
        std::fs::read(self.folder.join(path.rsplit('/').next().unwrap())).ok()
    }

    pub fn staged_names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// Bytes that look like nothing and are the same each time.
pub fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut noise: Vec<u8> = Vec::with_capacity(bytes + 8);
    while noise.len() < bytes {
        noise.extend(next());
    }
    noise.truncate(bytes);
    noise
}

/// Waits for a condition, at most a minute of real time: encoders are slow on a busy machine.
pub async fn within_a_minute<F, R>(what: &str, mut condition: F)
where
    F: FnMut() -> R,
    R: Future<Output = bool>,
{
    for _ in 0..1200 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited a minute in vain until {what}");
}

/// A media engine for tests that need none.
pub fn no_engine() -> ingest::media::Engine {
    let nothing = PathBuf::from("/nonexistent");
    let tools = ingest::media::Tools { ffmpeg: nothing.clone(), ffprobe: nothing.clone() };
    ingest::media::Engine::new(tools, ingest::media::Launcher::other_program(nothing))
}
