//! Which names the scan looks at. The name is only a first sieve, so that a rescan need not open anything; what a
//! file is, its content decides.

/// What a name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Sound whose tags the tag library reads; what it can't is asked of ffprobe.
    Sound,
    /// Sound or pictures that only ffprobe reads.
    Probed,
    /// A picture that may stand for its folder.
    Picture,
    /// Lyrics, if a track of the same name lies beside them.
    Lyrics,
}

/// Endings whose tags the tag library reads.
const SOUND: &[&str] = &[
    "aac", "afc", "aif", "aifc", "aiff", "ape", "flac", "m4a", "m4b", "m4p", "m4r", "mp1", "mp2", "mp3",
    "mp+", "mpc", "mpp", "oga", "ogg", "opus", "spx", "wav", "wave", "wv",
];

/// Endings of sound and films that ffprobe is asked about.
const PROBED: &[&str] = &[
    // sound
    "aa3", "ac3", "amr", "au", "caf", "dff", "dsf", "dts", "dtshd", "eac3", "mka", "mlp", "oma", "ra", "shn",
    "snd", "tak", "thd", "tta", "voc", "w64", "wma", // films
    "3g2", "3gp", "asf", "avi", "divx", "dv", "f4v", "flv", "ivf", "m2ts", "m2v", "m4v", "mkv", "mov", "mp4",
    "mpe", "mpeg", "mpg", "mts", "mxf", "nut", "ogm", "ogv", "qt", "rm", "rmvb", "ts", "vob", "webm", "wmv",
];

/// Endings of pictures, the likelier first.
const PICTURE: &[&str] = &["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"];

/// Endings of lyrics.
const LYRICS: &[&str] = &["lrc", "ttml", "txt"];

/// Names of the picture that stands for a folder, the better first.
const COVER: &[&str] = &["cover", "folder", "front", "album", "albumart"];

/// Folders that systems make for themselves; nobody's music is in them.
const SYSTEM_FOLDERS: &[&str] =
    &["@eadir", "#recycle", "$recycle.bin", "lost+found", "system volume information"];

/// What a file of this name is to the scan; `None` when it is passed over.
pub(super) fn of_name(name: &[u8]) -> Option<Kind> {
    if name.starts_with(b".") {
        return None;
    }
    let ending = ending_lower(name)?;
    let is_in = |list: &[&str]| list.contains(&ending.as_str());
    match () {
        () if is_in(SOUND) => Some(Kind::Sound),
        () if is_in(PROBED) => Some(Kind::Probed),
        () if is_in(PICTURE) => Some(Kind::Picture),
        () if is_in(LYRICS) => Some(Kind::Lyrics),
        () => None,
    }
}

/// The ending in small letters, if it is text.
pub(super) fn ending_lower(name: &[u8]) -> Option<String> {
    Some(std::str::from_utf8(ending(name)?).ok()?.to_ascii_lowercase())
}

fn ending(name: &[u8]) -> Option<&[u8]> {
    let dot = name.iter().rposition(|byte| *byte == b'.')?;
    name.get(dot + 1..)
}

/// The name without its ending, as text, for a file that has no title.
pub(super) fn stem(name: &[u8]) -> String {
    String::from_utf8_lossy(stem_bytes(name)).into_owned()
}

/// The name without its ending.
pub(super) fn stem_bytes(name: &[u8]) -> &[u8] {
    let end = name.iter().rposition(|byte| *byte == b'.').filter(|dot| *dot > 0).unwrap_or(name.len());
    &name[..end]
}

/// Whether folders of this name are passed over: hidden ones, and those of systems.
pub(super) fn is_passed_over(name: &[u8]) -> bool {
    name.starts_with(b".")
        || std::str::from_utf8(name)
            .is_ok_and(|name| SYSTEM_FOLDERS.contains(&name.to_ascii_lowercase().as_str()))
}

/// How well a picture of this name stands for its folder; smaller is better, `None` not at all.
pub(super) fn cover_rank(name: &[u8]) -> Option<usize> {
    let name = std::str::from_utf8(name).ok()?.to_ascii_lowercase();
    let (stem, ending) = name.rsplit_once('.')?;
    let ending = PICTURE.iter().position(|known| *known == ending)?;
    Some(COVER.iter().position(|known| *known == stem)? * PICTURE.len() + ending)
}

/// Whether a folder of this name is one disc of the album that the folder above it holds.
pub(super) fn is_disc(name: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(name) else { return false };
    let name = name.to_ascii_lowercase();
    let rest =
        ["cd", "disc", "disk", "dvd", "side", "vinyl", "lp"].iter().find_map(|word| name.strip_prefix(word));
    // "CD1", "Disc 2 - Live", "Side A", but not "Discovery" and not "CDs".
    rest.is_some_and(|rest| {
        let number = rest.trim_start_matches([' ', '-', '_', '.', '#']);
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        (1..=2).contains(&digits) || (digits == 0 && number.len() == 1 && number.len() < rest.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_sieved_by_its_ending_alone() {
        assert_eq!(of_name(b"a.FLAC"), Some(Kind::Sound));
        assert_eq!(of_name(b"caf\xe9.mp3"), Some(Kind::Sound));
        assert_eq!(of_name(b"two\nlines.Mkv"), Some(Kind::Probed));
        assert_eq!(of_name(b"x.jpg"), Some(Kind::Picture));
        assert_eq!(of_name(b"x.LRC"), Some(Kind::Lyrics));
        for passed_over in [&b"notes.doc"[..], b"mp3", b".mp3", b"._a.mp3", b"a.", b"", b"a.mp3 "] {
            assert_eq!(of_name(passed_over), None, "{passed_over:?}");
        }
    }

    #[test]
    fn the_picture_of_a_folder_is_cover_before_folder_before_front() {
        let rank = |name: &str| cover_rank(name.as_bytes());
        assert!(rank("Cover.jpg") < rank("cover.png"));
        assert!(rank("cover.png") < rank("folder.jpg"));
        assert!(rank("FOLDER.JPG") < rank("front.jpg"));
        assert!(rank("front.jpg").is_some());
        assert_eq!(rank("booklet.jpg"), None);
    }

    #[test]
    fn discs_are_told_from_albums() {
        for disc in ["CD1", "cd 2", "Disc 10", "Disk_3", "Side A", "Disc 2 - Live", "LP1"] {
            assert!(is_disc(disc.as_bytes()), "{disc}");
        }
        for album in ["Discovery", "CDs", "Sidewalks", "1999", "Disc", "cd 1999"] {
            assert!(!is_disc(album.as_bytes()), "{album}");
        }
    }

    #[test]
    fn a_file_without_title_is_called_by_its_name() {
        assert_eq!(stem(b"01 Song.name.mp3"), "01 Song.name");
        assert_eq!(stem(b".mp3"), ".mp3");
    }
}
