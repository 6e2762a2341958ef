//! Folders as they lie on the drive.

use catalog::{
    FolderId,
    service::dialect::{
        Pictured,
        folders::{Folder, Look},
    },
};

use super::marked;
use crate::{ids::ItemId, tree::Element};

/// A folder as a name in an index.
pub(crate) fn folder_name(id: FolderId, name: &str) -> Element {
    Element::new().with("id", ItemId::from(id).to_string()).with("name", name)
}

/// A folder in another.
pub(crate) fn folder(folder: &Folder, parent: &ItemId, path: Option<String>, look: &Look) -> Element {
    let element = Element::new()
        .with("id", ItemId::from(folder.id).to_string())
        .with("parent", parent.to_string())
        .with("isDir", true)
        .with("title", folder.name.as_str())
        .maybe("path", path)
        .maybe("coverArt", look.picture.map(|(of, picture)| item(of).cover(picture)));
    marked(element, &look.mark)
}

/// What a picture is of, by the identifier that apps know it by already.
fn item(of: Pictured) -> ItemId {
    match of {
        Pictured::Artist(id) => id.into(),
        Pictured::Album(id) => id.into(),
        Pictured::Track(id) => id.into(),
        Pictured::Video(id) => id.into(),
    }
}
