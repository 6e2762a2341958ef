//! Pictures that nothing names any more. They stay a while, since who takes a cover away may give it again, and since whoever
//! met a picture in the catalogue names it a moment later; then their rows go, and after them their bytes.
//!
//! Who looks a picture up by its bytes takes back that it is loose, so that it stays long enough to be named.

use kernel::{
    Fault, Time,
    db::{Db, Tx},
};

use crate::{PictureId, store::pictures};

/// How a picture stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub id: PictureId,
    /// Whether something in the catalogue names it, shown or not.
    pub named: bool,
    /// Since when it is known that nothing does.
    pub loose: Option<Time>,
}

/// Pictures behind one, by their numbers.
pub async fn standings(db: &Db, after: PictureId, limit: u32) -> Result<Vec<Standing>, Fault> {
    pictures::standings(db, after, limit).await
}

/// Writes down that nothing names a picture, unless something in the catalogue does.
pub fn loosen(tx: &mut Tx<'_>, id: PictureId, now: Time) -> Result<(), Fault> {
    pictures::loosen(tx, id, now)
}

/// Takes that back. `false` when there is no such picture any more.
pub fn hold(tx: &mut Tx<'_>, id: PictureId) -> Result<bool, Fault> {
    pictures::hold(tx, id)
}

/// Forgets a picture that was loose before a time and still is; its blob, whose bytes may go once this is committed.
pub fn forget(tx: &mut Tx<'_>, id: PictureId, before: Time) -> Result<Option<String>, Fault> {
    pictures::forget(tx, id, before)
}

/// The blob that holds the bytes of the picture for which this one is kept: itself, or of which it is a size. `None` when its
/// name is none of a picture's.
pub fn original_of(blob_key: &str) -> Option<String> {
    let (folder, name) = blob_key.strip_prefix("pictures/")?.split_once('/')?;
    let original = if folder.len() == 2 { name } else { folder };
    original.is_char_boundary(2).then(|| format!("pictures/{}/{original}", &original[..2]))
}

/// The folder of the sizes in which a picture is given out.
pub fn sizes_of(blob_key: &str) -> String {
    format!("pictures/{}", blob_key.rsplit('/').next().unwrap_or_default())
}

/// When the bytes in a blob were kept; `None` for those of old, whose names do not say it.
pub fn kept_at(blob_key: &str) -> Option<Time> {
    blob_key.rsplit_once('-')?.1.parse().ok().map(Time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_leads_to_its_picture() {
        for (key, original) in [
            ("pictures/ab/abcd-17", Some("pictures/ab/abcd-17")),
            ("pictures/abcd-17/384.jpg", Some("pictures/ab/abcd-17")),
            ("pictures/abcd/96.jpg", Some("pictures/ab/abcd")),
            ("pictures/ab", None),
            ("media/ab/abcd", None),
            ("pictures/a/b", None),
        ] {
            assert_eq!(original_of(key).as_deref(), original, "{key}");
        }
        assert_eq!(sizes_of("pictures/ab/abcd-17"), "pictures/abcd-17");
        assert_eq!(kept_at("pictures/ab/abcd-17"), Some(Time(17)));
        assert_eq!(kept_at("pictures/ab/abcd"), None);
    }
}
