//! All of a share, an album or a playlist as one archive, each file as it came.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use accounts::visitors;
use axum::response::Response;
use catalog::{
    AlbumId, TrackId,
    media::{self, SourceFile},
    model::{Track, playlists::PlaylistId},
};
use delivery::{Archive, Asked, Packed, PackedFolder, Packer};
use kernel::{Fault, http::Viewer};

use super::{
    Sharing,
    shown::{self, Shown, TRACKS_SHOWN_MAX},
    visit::Open,
};
use crate::{Error, model::What};

impl Sharing {
    /// All of an album that the viewer sees.
    ///
    /// # Errors
    /// [`Error::NotFound`]; 409 `incomplete` when a file is not there, `too_much` for more than go into one archive; 429
    /// and 503 when as many are under way as may.
    pub async fn album_archive(
        &self,
        viewer: &Viewer,
        album: AlbumId,
        asked: Asked<'_>,
    ) -> Result<Response, Error> {
        self.archive(viewer, &What::Album(album), &Packer::Member(viewer.id), asked).await
    }

    /// All of a playlist that the viewer sees, as far as its tracks are seen.
    ///
    /// # Errors
    /// As for an album.
    pub async fn playlist_archive(
        &self,
        viewer: &Viewer,
        playlist: PlaylistId,
        asked: Asked<'_>,
    ) -> Result<Response, Error> {
        self.archive(viewer, &What::Playlist(playlist), &Packer::Member(viewer.id), asked).await
    }

    /// All that a link leads to, where visitors may keep it.
    pub(crate) async fn shared_archive(
        &self,
        secret: &str,
        pass: Option<&str>,
        address: Option<IpAddr>,
        asked: Asked<'_>,
    ) -> Result<Response, Error> {
        let open = self.open(secret).await?;
        if !self.is_let_in(&open.row, pass) {
            // Where nothing is left there is no password to ask for.
            self.look(&open).await?;
            return Err(Error::locked());
        }
        if !open.row.downloads {
            return Err(Error::NotFound);
        }
        let _turn = self.turn().await?;
        let what = self.what(&open.row).await?;
        self.archive(&open.sharer, &what, &Packer::Visitor(visitors::network(address)), asked).await
    }

    async fn archive(
        &self,
        viewer: &Viewer,
        what: &What,
        packer: &Packer,
        asked: Asked<'_>,
    ) -> Result<Response, Error> {
        let shown = shown::look(self.ctx(), viewer, what).await?.ok_or(Error::NotFound)?;
        if shown.more {
            return Err(Error::too_much(TRACKS_SHOWN_MAX));
        }
        let files = self.files(viewer, &shown).await?;
        let archive = pack(what, &shown, &files);
        if archive.is_empty() {
            return Err(Error::NotFound);
        }
        Ok(self.inner.direct.archive(archive, packer, asked).await?)
    }

    async fn files(&self, viewer: &Viewer, shown: &Shown) -> Result<HashMap<TrackId, SourceFile>, Fault> {
        let tracks = shown.tracks.iter().map(|track| track.id).collect();
        media::for_tracks(self.ctx(), viewer, tracks).await
    }

    /// How many bytes the archive of a share has, if there is one.
    pub(super) async fn archive_bytes(&self, open: &Open, shown: &Shown) -> Result<Option<u64>, Fault> {
        if !open.row.downloads || shown.more {
            return Ok(None);
        }
        let what = self.what(&open.row).await?;
        let archive = pack(&what, shown, &self.files(&open.sharer, shown).await?);
        Ok((!archive.is_empty()).then(|| archive.bytes()))
    }
}

/// Names the files of what is shown. A track that stands there twice is packed once; one that went meanwhile, never.
fn pack(what: &What, shown: &Shown, files: &HashMap<TrackId, SourceFile>) -> Archive {
    let mut seen = HashSet::new();
    let tracks = shown.tracks.iter().filter(|track| files.contains_key(&track.id) && seen.insert(track.id));
    let tracks: Vec<&Track> = tracks.collect();
    let packed = |(name, track): (String, &Track)| Some(Packed { name, file: files.get(&track.id)?.clone() });
    let folder = |name: Option<String>, named: Vec<(String, &Track)>| PackedFolder {
        name,
        files: named.into_iter().filter_map(packed).collect(),
    };
    let folders = match what {
        What::Album(_) => vec![folder(None, by_disc(&tracks, &shown.by))],
        What::Artist(_) => {
            let albums = tracks.chunk_by(|one, next| album_of(one) == album_of(next));
            let album = |tracks: &[&Track]| {
                let title = tracks[0].album.as_ref().map(|album| album.title.clone());
                folder(title, by_disc(tracks, &shown.title))
            };
            albums.map(album).collect()
        }
        What::Tracks(_) | What::Playlist(_) => vec![folder(None, in_order(&tracks))],
        // It is one file already.
        What::Video(_) => Vec::new(),
    };
    let title =
        if shown.by.is_empty() { shown.title.clone() } else { format!("{} - {}", shown.by, shown.title) };
    Archive::new(&title, folders)
}

fn album_of(track: &Track) -> Option<AlbumId> {
    track.album.as_ref().map(|album| album.id)
}

/// By their numbers on their discs, so that folders list them in their order; by their places where one has no number.
fn by_disc<'a>(tracks: &[&'a Track], by: &str) -> Vec<(String, &'a Track)> {
    let discs: HashSet<u32> = tracks.iter().map(|track| track.disc).collect();
    let numbered = tracks.iter().all(|track| track.number.is_some());
    let name = |(place, track): (usize, &&'a Track)| {
        let number = match track.number.filter(|_| numbered) {
            Some(number) if discs.len() > 1 => format!("{}-{number:02}", track.disc),
            Some(number) => format!("{number:02}"),
            None => at_place(place, tracks.len()),
        };
        let artists = shown::artists_of(track);
        let title = if artists.is_empty() || artists == by {
            format!("{number} {}", track.title)
        } else {
            format!("{number} {artists} - {}", track.title)
        };
        (title, *track)
    };
    tracks.iter().enumerate().map(name).collect()
}

/// By their places.
fn in_order<'a>(tracks: &[&'a Track]) -> Vec<(String, &'a Track)> {
    let name = |(place, track): (usize, &&'a Track)| {
        let (number, artists) = (at_place(place, tracks.len()), shown::artists_of(track));
        if artists.is_empty() {
            return (format!("{number} {}", track.title), *track);
        }
        (format!("{number} {artists} - {}", track.title), *track)
    };
    tracks.iter().enumerate().map(name).collect()
}

/// A place, from 1, with as many digits as the last one.
fn at_place(place: usize, count: usize) -> String {
    let digits = count.to_string().len().max(2);
    format!("{:0digits$}", place + 1)
}
