//! Rows that only say what belongs to what, gathered so that one statement writes those of many new tracks.

use kernel::{Fault, db::Tx};

use super::facts::Role;
use crate::{
    AlbumId, ArtistId, GenreId, TrackId,
    store::{credits, genres, tracks},
};

/// Rows that are gathered before they are written.
const ROWS_MAX: usize = 4_000;

/// Rows to be written, each list ready to be taken apart by the database.
#[derive(Default)]
pub(super) struct Pending {
    /// Track, position, artist.
    artists: Vec<(TrackId, usize, ArtistId)>,
    /// Track, position, artist, role, detail.
    credits: Vec<(TrackId, usize, ArtistId, Role, Option<String>)>,
    /// Track, position, genre.
    genres: Vec<(TrackId, usize, GenreId)>,
    /// Album, genre.
    album_genres: Vec<(AlbumId, GenreId)>,
}

impl Pending {
    pub(super) fn artists(&mut self, track: TrackId, artists: &[ArtistId]) {
        self.artists.extend(artists.iter().enumerate().map(|(at, artist)| (track, at, *artist)));
    }

    pub(super) fn credits(&mut self, track: TrackId, credits: &[(ArtistId, Role, Option<String>)]) {
        let rows = credits.iter().enumerate();
        self.credits
            .extend(rows.map(|(at, (artist, role, detail))| (track, at, *artist, *role, detail.clone())));
    }

    pub(super) fn genres(&mut self, track: TrackId, genres: &[GenreId]) {
        self.genres.extend(genres.iter().enumerate().map(|(at, genre)| (track, at, *genre)));
    }

    pub(super) fn album_genre(&mut self, album: AlbumId, genre: GenreId) {
        self.album_genres.push((album, genre));
    }

    pub(super) fn is_full(&self) -> bool {
        self.artists.len() + self.credits.len() + self.genres.len() + self.album_genres.len() >= ROWS_MAX
    }

    /// Writes everything, with no statement for what is empty.
    pub(super) fn write(&mut self, tx: &mut Tx<'_>) -> Result<(), Fault> {
        if !self.artists.is_empty() {
            tracks::insert_artists(tx, &std::mem::take(&mut self.artists))?;
        }
        if !self.credits.is_empty() {
            credits::insert(tx, &std::mem::take(&mut self.credits))?;
        }
        if !self.genres.is_empty() {
            genres::insert_of_tracks(tx, &std::mem::take(&mut self.genres))?;
        }
        if !self.album_genres.is_empty() {
            genres::insert_of_albums(tx, &std::mem::take(&mut self.album_genres))?;
        }
        Ok(())
    }
}
