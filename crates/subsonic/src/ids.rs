//! Identifiers as strings that say what they are of: `tr-1`, `al-2`, `ar-3`, `vi-4`, `pl-5`, `pc-6` for a podcast,
//! `pe-7` for an episode, `fo-8` for a folder on the drive.

use std::fmt;

use catalog::{AlbumId, ArtistId, FolderId, PictureId, TrackId, VideoId, model::playlists::PlaylistId};
use podcasts::{EpisodeId, PodcastId};

use crate::{error::Error, folders};

/// The music folder of everything that the caller may see; those of libraries have the numbers after it.
pub(crate) const FOLDER: u32 = 1;
/// Longest identifier that is looked at.
const CHARS_MAX: usize = 64;

/// Something by its identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ItemId {
    /// A music folder.
    Folder(u32),
    Track(TrackId),
    Album(AlbumId),
    Artist(ArtistId),
    Video(VideoId),
    Playlist(PlaylistId),
    Podcast(PodcastId),
    Episode(EpisodeId),
    /// A folder on the drive.
    Directory(FolderId),
}

impl ItemId {
    /// Reads an identifier; what is none of ours is answered like what is not there.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        Self::read(text).ok_or_else(Error::absent)
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() > CHARS_MAX {
            return None;
        }
        if let Some(folder) = folders::read(text) {
            return Some(Self::Folder(folder));
        }
        let (kind, number) = text.split_once('-')?;
        let number = number_of(number)?;
        Some(match kind {
            "tr" => Self::Track(TrackId(number)),
            "al" => Self::Album(AlbumId(number)),
            "ar" => Self::Artist(ArtistId(number)),
            "vi" => Self::Video(VideoId(number)),
            "pl" => Self::Playlist(PlaylistId(number)),
            "pc" => Self::Podcast(PodcastId(number)),
            "pe" => Self::Episode(EpisodeId(number)),
            "fo" => Self::Directory(FolderId(number)),
            _ => return None,
        })
    }

    /// Reads the identifier of a picture: that of what it is a picture of, with or without which picture that is.
    pub(crate) fn parse_cover(text: &str) -> Result<Self, Error> {
        Self::parse(text.split_once('_').map_or(text, |(of, _)| of))
    }

    /// The identifier of its picture. It changes with the picture, so that apps may keep what they have for ever.
    pub(crate) fn cover(self, picture: PictureId) -> String {
        format!("{self}_{:x}", picture.0)
    }
}

/// The number of something that has no place in [`ItemId`], behind what says of which kind it is.
pub(crate) fn number_after(prefix: &str, text: &str) -> Result<i64, Error> {
    let number = text.strip_prefix(prefix).filter(|number| number.len() <= CHARS_MAX).and_then(number_of);
    number.ok_or_else(Error::absent)
}

/// A number in the one way in which we write it, so that a thing has one identifier.
fn number_of(text: &str) -> Option<i64> {
    let well_written = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if well_written { text.parse().ok() } else { None }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(number) => write!(f, "{number}"),
            Self::Track(id) => write!(f, "tr-{id}"),
            Self::Album(id) => write!(f, "al-{id}"),
            Self::Artist(id) => write!(f, "ar-{id}"),
            Self::Video(id) => write!(f, "vi-{id}"),
            Self::Playlist(id) => write!(f, "pl-{id}"),
            Self::Podcast(id) => write!(f, "pc-{id}"),
            Self::Episode(id) => write!(f, "pe-{id}"),
            Self::Directory(id) => write!(f, "fo-{id}"),
        }
    }
}

macro_rules! item_from {
    ($($of:ident: $id:ty),*) => { $(
        impl From<$id> for ItemId {
            fn from(id: $id) -> Self {
                Self::$of(id)
            }
        }
    )* };
}
item_from!(
    Track: TrackId, Album: AlbumId, Artist: ArtistId, Video: VideoId, Playlist: PlaylistId, Podcast: PodcastId,
    Episode: EpisodeId, Directory: FolderId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_leads_back_to_what_it_is_of() {
        for id in [
            ItemId::Folder(FOLDER),
            ItemId::Folder(63),
            ItemId::Track(TrackId(1)),
            ItemId::Album(AlbumId(i64::MAX)),
            ItemId::Artist(ArtistId(3)),
            ItemId::Video(VideoId(4)),
            ItemId::Playlist(PlaylistId(5)),
            ItemId::Podcast(PodcastId(6)),
            ItemId::Episode(EpisodeId(7)),
            ItemId::Directory(FolderId(8)),
        ] {
            assert_eq!(ItemId::read(&id.to_string()), Some(id));
        }
        let cover = ItemId::Album(AlbumId(7)).cover(PictureId(255));
        assert_eq!(cover, "al-7_ff");
        assert_eq!(ItemId::parse_cover(&cover).expect("ours"), ItemId::Album(AlbumId(7)));
        assert_eq!(ItemId::parse_cover("vi-4").expect("ours"), ItemId::Video(VideoId(4)));
    }

    #[test]
    fn what_is_none_of_ours_is_absent_and_no_panic() {
        for text in [
            "",
            "-",
            "tr",
            "tr-",
            "tr-0",
            "tr-01",
            "tr--1",
            "tr-+1",
            "tr- 1",
            "tr-1 ",
            "TR-1",
            "xx-1",
            "0",
            "02",
            "+2",
            "99999999999",
            "é-1",
            "tr-٣",
            "tr-9223372036854775808",
            "al-1/../../2",
        ] {
            assert_eq!(ItemId::read(text), None, "{text}");
            assert!(ItemId::parse_cover(text).is_err(), "{text}");
        }
        assert_eq!(ItemId::read(&format!("tr-{}", "1".repeat(100_000))), None);
    }
}
