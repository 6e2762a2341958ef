//! What one transaction has met so far.

use std::collections::{BTreeSet, HashMap, HashSet};

use kernel::{Fault, Time, db::Tx, id::Ids};

use super::{
    edits::Overlay,
    facts::CleanRelease,
    folders::{self, Placing},
    pending::Pending,
};
use crate::{AlbumId, ArtistId, GenreId, LibraryId, PictureId, access, fold};

/// Entries of one sort that are remembered at once; when it is reached, all are forgotten and looked up again.
pub(super) const REMEMBERED_MAX: usize = 10_000;

/// The memory of one run of one transaction; see the [module](crate::import).
pub struct Batch {
    pub(super) ids: Ids,
    pub(super) now: Time,
    artists: HashMap<Vec<u8>, KnownArtist>,
    albums: HashMap<Vec<u8>, KnownAlbum>,
    pictures: HashMap<[u8; 32], PictureId>,
    genres: HashMap<Vec<u8>, GenreId>,
    album_genres: HashSet<(AlbumId, GenreId)>,
    pub(super) pending: Pending,
    pub(super) placing: Placing,
    gathers: bool,
    scopes: HashMap<Option<LibraryId>, i64>,
    eyes: Option<i64>,
}

/// An artist as this transaction knows it.
#[derive(Clone, Debug)]
pub(crate) struct KnownArtist {
    pub(crate) id: ArtistId,
    pub(crate) sort_key: Vec<u8>,
    pub(crate) sort_given: bool,
    pub(crate) hidden: bool,
    pub(crate) scope: i64,
}

/// An album as this transaction knows it.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a row has these")]
pub(crate) struct KnownAlbum {
    pub(crate) id: AlbumId,
    pub(crate) title: String,
    pub(crate) released: Option<String>,
    pub(crate) artists_guessed: bool,
    /// Read when it is first needed.
    pub(crate) artists: Option<Vec<ArtistId>>,
    pub(crate) picture: Option<PictureId>,
    pub(crate) added: Time,
    pub(crate) hidden: bool,
    pub(crate) scope: i64,
    /// What its tags say of it as a release.
    pub(crate) facts: CleanRelease,
    /// This transaction has put the facts of a track that was tagged anew in the place of the old ones.
    pub(crate) renewed: bool,
    pub(crate) compilation: bool,
    /// How often it was edited.
    pub(crate) edits: i64,
    /// What somebody wrote over it; the rest of this is what the files say.
    pub(crate) overlay: Option<Box<Overlay>>,
}

impl KnownAlbum {
    /// What puts it in its place among titles.
    pub(crate) fn sort_key(&self) -> Vec<u8> {
        fold::sort_key(self.facts.sort_title.as_ref().unwrap_or(&self.title))
    }
}

impl Batch {
    /// An empty memory. `ids` makes new identifiers, `now` is when everything in this transaction happens.
    pub fn new(ids: &Ids, now: Time) -> Self {
        Self {
            ids: ids.clone(),
            now,
            artists: HashMap::new(),
            albums: HashMap::new(),
            pictures: HashMap::new(),
            genres: HashMap::new(),
            album_genres: HashSet::new(),
            pending: Pending::default(),
            placing: Placing::default(),
            gathers: false,
            scopes: HashMap::new(),
            eyes: None,
        }
    }

    /// The same, but rows that only say what belongs to what are written many at a time: whoever makes one calls
    /// [`Batch::finish`] at the end of the transaction.
    pub fn gathering(ids: &Ids, now: Time) -> Self {
        Self { gathers: true, ..Self::new(ids, now) }
    }

    /// The same for somebody who sees these libraries alone: names that he writes mean nobody else.
    #[must_use]
    pub(crate) fn seeing(self, scope: i64) -> Self {
        Self { eyes: Some(scope), ..self }
    }

    pub(super) fn eyes(&self) -> Option<i64> {
        self.eyes
    }

    /// Does something as one who sees these libraries alone, unless it is known already who does it.
    pub(super) fn with_eyes<T>(
        &mut self,
        eyes: Option<i64>,
        run: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let before = self.eyes;
        self.eyes = before.or(eyes);
        let done = run(self);
        self.eyes = before;
        done
    }

    /// Writes what was gathered.
    pub fn finish(&mut self, tx: &mut Tx<'_>) -> Result<(), Fault> {
        self.pending.write(tx)?;
        folders::finish(tx, self)
    }

    /// Writes what was gathered, unless it may wait for more.
    pub(super) fn write_soon(&mut self, tx: &mut Tx<'_>) -> Result<(), Fault> {
        if self.gathers && !self.pending.is_full() { Ok(()) } else { self.pending.write(tx) }
    }

    /// The scope of what lies in a library, or in none.
    pub(super) fn scope_in(&mut self, tx: &mut Tx<'_>, library: Option<LibraryId>) -> Result<i64, Fault> {
        if let Some(scope) = self.scopes.get(&library) {
            return Ok(*scope);
        }
        let scope = access::scope_in(tx, library)?;
        self.scopes.insert(library, scope);
        Ok(scope)
    }

    pub(super) fn genre(&self, key: &[u8]) -> Option<GenreId> {
        self.genres.get(key).copied()
    }

    pub(super) fn keep_genre(&mut self, key: Vec<u8>, id: GenreId) {
        keep(&mut self.genres, key, id);
    }

    /// Whether an album has a genre as far as this transaction has written it; says yes from now on.
    pub(super) fn album_has(&mut self, album: AlbumId, genre: GenreId) -> bool {
        if self.album_genres.len() >= REMEMBERED_MAX {
            self.album_genres.clear();
        }
        !self.album_genres.insert((album, genre))
    }

    pub(super) fn artist(&self, key: &[u8]) -> Option<&KnownArtist> {
        self.artists.get(key)
    }

    pub(super) fn keep_artist(&mut self, key: Vec<u8>, artist: KnownArtist) {
        keep(&mut self.artists, key, artist);
    }

    pub(super) fn album(&self, key: &[u8]) -> Option<&KnownAlbum> {
        self.albums.get(key)
    }

    pub(super) fn keep_album(&mut self, key: Vec<u8>, album: KnownAlbum) {
        keep(&mut self.albums, key, album);
    }

    pub(super) fn picture(&self, hash: &[u8; 32]) -> Option<PictureId> {
        self.pictures.get(hash).copied()
    }

    pub(super) fn keep_picture(&mut self, hash: [u8; 32], id: PictureId) {
        keep(&mut self.pictures, hash, id);
    }

    /// Forgets what a settling may have removed, hidden or shown.
    pub(super) fn forget(
        &mut self,
        albums: &BTreeSet<AlbumId>,
        artists: &BTreeSet<ArtistId>,
        genres: &BTreeSet<GenreId>,
    ) {
        if !genres.is_empty() {
            self.genres.retain(|_, genre| !genres.contains(genre));
        }
        if !albums.is_empty() {
            self.album_genres.retain(|(album, _)| !albums.contains(album));
            self.albums.retain(|_, album| !albums.contains(&album.id));
        }
        if !artists.is_empty() {
            self.artists.retain(|_, artist| !artists.contains(&artist.id));
        }
    }
}

fn keep<K: std::hash::Hash + Eq, V>(map: &mut HashMap<K, V>, key: K, value: V) {
    if map.len() >= REMEMBERED_MAX {
        map.clear();
    }
    map.insert(key, value);
}
