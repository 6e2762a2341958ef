//! How far the scan of the libraries is.

use catalog::access;
use ingest::library::{self, Library, LibraryState};

use crate::{
    call::{Call, Reply},
    error::Error,
    tree::Element,
};

pub(super) async fn get_scan_status(call: &Call) -> Result<Reply, Error> {
    // How much others have is nobody's business.
    let seen = access::libraries(call.ctx(), call.viewer()).await?;
    let mut libraries = library::libraries(call.ctx()).await?;
    libraries.retain(|library| seen.contains(&library.id));
    Reply::element("scanStatus", status(&libraries))
}

/// Has every library scanned; for administrators.
pub(super) async fn start_scan(call: &Call) -> Result<Reply, Error> {
    call.require_admin()?;
    for library in library::libraries(call.ctx()).await? {
        library::request_scan(call.ctx(), library.id).await?;
    }
    get_scan_status(call).await
}

/// The files that a running scan has met, or that the last one found.
fn status(libraries: &[Library]) -> Element {
    let scanning = libraries.iter().any(|library| library.state == LibraryState::Scanning);
    let count: i64 = libraries
        .iter()
        .map(|library| library.progress.map_or(library.files, |progress| progress.seen))
        .sum();
    Element::new().with("scanning", scanning).with("count", count)
}
