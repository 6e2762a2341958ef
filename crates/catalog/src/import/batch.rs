//! What one transaction has met so far.

use std::collections::{BTreeSet, HashMap};

use kernel::{Time, id::Ids};

use crate::{AlbumId, ArtistId, PictureId};

/// Entries of one sort that are remembered at once; when it is reached, all are forgotten and looked up again.
const REMEMBERED_MAX: usize = 10_000;

/// The memory of one run of one transaction; see the [module](crate::import).
pub struct Batch {
    pub(super) ids: Ids,
    pub(super) now: Time,
    artists: HashMap<Vec<u8>, KnownArtist>,
    albums: HashMap<Vec<u8>, KnownAlbum>,
    pictures: HashMap<[u8; 32], PictureId>,
}

/// An artist as this transaction knows it.
#[derive(Clone, Debug)]
pub(crate) struct KnownArtist {
    pub(crate) id: ArtistId,
    pub(crate) sort_key: Vec<u8>,
    pub(crate) sort_given: bool,
    pub(crate) hidden: bool,
}

/// An album as this transaction knows it.
#[derive(Clone, Debug)]
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
        }
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
    pub(super) fn forget(&mut self, albums: &BTreeSet<AlbumId>, artists: &BTreeSet<ArtistId>) {
        if !albums.is_empty() {
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
