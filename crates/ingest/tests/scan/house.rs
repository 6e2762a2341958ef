//! A house with one library, a worker that scans, and eyes to look at the catalogue through its routes.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

use axum::{Router, body::Body};
use catalog::model::{Album, AlbumDetail, Track, Video};
use http::{Request, StatusCode};
use ingest::{
    library::{self, FileProblem, Library, LibraryState},
    media::{Engine, Launcher, Tools},
    scan::{self, Settings},
};
use kernel::{
    Ctx, Page,
    http::{Role, Viewer},
    id::UserId,
    jobs::Runner,
    testkit::World,
};
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tower::ServiceExt as _;

pub(crate) struct House {
    pub(crate) ctx: Ctx,
    pub(crate) world: World,
    /// The folder that is the library.
    pub(crate) music: TempDir,
    pub(crate) library: Library,
}

/// An engine whose sandbox is the example beside the tests, since a test program has a main of its own.
pub(crate) fn engine() -> Engine {
    let tests = std::env::current_exe().expect("a test knows its own file");
    let sandbox = tests.parent().and_then(Path::parent).expect("target/…/deps").join("examples/sandbox");
    assert!(sandbox.is_file(), "build it first: cargo build -p ingest --examples");
    let tools = Tools::find().expect("ffmpeg is installed (apt install ffmpeg)");
    Engine::new(tools, Launcher::other_program(sandbox))
}

pub(crate) fn settings() -> Settings {
    Settings { readers: NonZeroUsize::new(2).expect("two"), ..Settings::new(engine(), None) }
}

/// Starts the worker that scans.
pub(crate) async fn start_worker(ctx: &Ctx) {
    let runner = Runner::new("worker").handler(scan::scan_handler(settings()));
    runner.start(ctx).await.expect("the worker starts");
}

pub(crate) fn viewer(role: Role) -> Viewer {
    Viewer { id: UserId(1), handle: "ann".to_owned(), role, session: None, within: None }
}

/// Asks one thing of some routes, as somebody or as nobody.
pub(crate) async fn ask(
    routes: Router,
    who: Option<Viewer>,
    method: &str,
    path: &str,
    body: Option<serde_json::Value>,
) -> (StatusCode, serde_json::Value) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(viewer) = who {
        request = request.extension(viewer);
    }
    let request = match body {
        Some(json) => request.header("content-type", "application/json").body(Body::from(json.to_string())),
        None => request.body(Body::empty()),
    };
    let answer = routes.oneshot(request.expect("a request")).await.expect("an answer");
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), 10 << 20).await.expect("a body");
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

impl House {
    /// A house whose library is still empty.
    pub(crate) async fn open(world: World) -> Self {
        let music = tempfile::tempdir().expect("a folder");
        Self::with(world, music).await
    }

    /// A house whose library is `music`, scanned once.
    pub(crate) async fn with(world: World, music: TempDir) -> Self {
        let ctx = world.ctx.clone();
        start_worker(&ctx).await;
        let added = library::add_library(&ctx, world.folder.path(), music.path(), None).await;
        let library = added.expect("the library is added");
        let house = Self { ctx, world, music, library };
        house.wait_until_settled().await;
        house
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.music.path().join(name)
    }

    /// Waits until the library is not being scanned.
    pub(crate) async fn wait_until_settled(&self) -> Library {
        wait_until_settled(&self.ctx, &self.library).await
    }

    /// Scans once more.
    pub(crate) async fn scan(&self) -> Library {
        library::request_scan(&self.ctx, self.library.id).await.expect("a scan is asked for");
        self.wait_until_settled().await
    }

    /// Scans, and fails the test unless that went well.
    pub(crate) async fn scan_well(&self) -> Library {
        let library = self.scan().await;
        assert_eq!((library.state, &library.problem), (LibraryState::Idle, &None));
        library
    }

    /// How many files the last scan had to read.
    pub(crate) async fn changed(&self) -> i64 {
        library::last_progress(&self.ctx, self.library.id).await.expect("it is there").changed
    }

    pub(crate) async fn problems(&self) -> Vec<FileProblem> {
        let query = kernel::PageQuery { after: None, limit: Some(200) };
        library::list_problems(&self.ctx, self.library.id, &query).await.expect("problems").items
    }

    /// Path and code of every problem, by path.
    pub(crate) async fn codes(&self) -> Vec<(String, String)> {
        let mut codes: Vec<_> =
            self.problems().await.into_iter().map(|problem| (problem.path, problem.code)).collect();
        codes.sort();
        codes
    }

    pub(crate) async fn tracks(&self) -> Vec<Track> {
        all(&self.ctx, "/api/v1/tracks").await
    }

    pub(crate) async fn titles(&self) -> Vec<String> {
        self.tracks().await.into_iter().map(|track| track.title).collect()
    }

    /// The only track with this title.
    pub(crate) async fn track(&self, title: &str) -> Track {
        let tracks = self.tracks().await;
        let found: Vec<_> = tracks.iter().filter(|track| track.title == title).collect();
        assert_eq!(found.len(), 1, "{title} among {tracks:#?}");
        found[0].clone()
    }

    pub(crate) async fn albums(&self) -> Vec<Album> {
        all(&self.ctx, "/api/v1/albums").await
    }

    pub(crate) async fn album(&self, id: catalog::AlbumId) -> AlbumDetail {
        let path = format!("/api/v1/albums/{id}");
        let (status, json) = ask(shown(&self.ctx), Some(viewer(Role::Listener)), "GET", &path, None).await;
        assert_eq!(status, StatusCode::OK, "{json}");
        serde_json::from_value(json).expect("an album")
    }

    pub(crate) async fn videos(&self) -> Vec<Video> {
        all(&self.ctx, "/api/v1/videos").await
    }
}

/// Waits until a library is not being scanned.
pub(crate) async fn wait_until_settled(ctx: &Ctx, library: &Library) -> Library {
    for _ in 0..3000 {
        let now = library::library(ctx, library.id).await.expect("the library is there");
        if now.state != LibraryState::Scanning {
            return now;
        }
        wait_a_moment().await;
    }
    panic!("the scan did not end within half a minute");
}

async fn wait_a_moment() {
    tokio::time::sleep(Duration::from_millis(10)).await;
}

fn shown(ctx: &Ctx) -> Router {
    catalog::routes(ctx.clone()).split_for_parts().0
}

/// Every row of a list, page by page.
pub(crate) async fn all<T: DeserializeOwned>(ctx: &Ctx, path: &str) -> Vec<T> {
    let mut rows = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let cursor = after.map(|after| format!("&after={after}")).unwrap_or_default();
        let page = format!("{path}?limit=200{cursor}");
        let (status, json) = ask(shown(ctx), Some(viewer(Role::Listener)), "GET", &page, None).await;
        assert_eq!(status, StatusCode::OK, "{json}");
        let page: Page<T> = serde_json::from_value(json).expect("a page");
        rows.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return rows,
        }
    }
}
