//! Rows become what is shown.

use std::time::Duration;

use kernel::{Time, sign::Signer};

use crate::{
    ArtistId,
    media::MediaState,
    model::{
        Album, Artist, GenreRef, ItemKind, Mark, NamedRef, Owner, Picture, TitledRef, Track, Video,
        VideoState,
    },
    picture,
    store::read::{
        Credits, Names, PictureRow, albums::AlbumRow, artists::ArtistRow, facts::split, marks::Marks,
        tracks::TrackRow, videos::VideoRow,
    },
};

/// A picture's path holds until the end of a week that is at least this far away: it stays the same for days, so
/// that browsers and caches keep what they have.
const PICTURE_HOLDS: Duration = Duration::from_secs(WEEK_S.unsigned_abs());
const WEEK_S: i64 = 7 * 24 * 3600;

/// Signs paths at one moment.
#[derive(Clone)]
pub(super) struct Shaper {
    signer: Signer,
    until: Time,
    marks: Marks,
}

impl Shaper {
    pub(super) fn new(signer: &Signer, now: Time) -> Self {
        let weeks = now.plus(PICTURE_HOLDS).seconds().div_euclid(WEEK_S) + 1;
        Self { signer: signer.clone(), until: Time(weeks * WEEK_S * 1_000_000), marks: Marks::new() }
    }

    /// The same with the viewer's marks on what it shapes.
    pub(super) fn with_marks(self, marks: Marks) -> Self {
        Self { marks, ..self }
    }

    fn mark(&self, kind: ItemKind, id: i64) -> Mark {
        self.marks.get(&(kind, id)).copied().unwrap_or_default()
    }

    pub(super) fn picture(&self, row: PictureRow) -> Picture {
        let token = self.signer.grant(picture::GRANT, &row.id.to_string(), self.until);
        Picture {
            id: row.id,
            width: row.width,
            height: row.height,
            blur: row.blur,
            url: format!("/pictures/{}/{{size}}?t={token}", row.id),
        }
    }

    pub(super) fn artist(&self, row: ArtistRow) -> Artist {
        Artist {
            mark: self.mark(ItemKind::Artist, row.id.0),
            id: row.id,
            name: row.name,
            album_count: row.counts.albums,
            track_count: row.counts.tracks,
            picture: row.picture.map(|row| self.picture(row)),
        }
    }

    pub(super) fn album(&self, row: AlbumRow, credits: &Credits) -> Album {
        Album {
            mark: self.mark(ItemKind::Album, row.id.0),
            id: row.id,
            title: row.title,
            artists: names(&credits.artists, row.id.0),
            artist_shown: row.artist_shown,
            version: row.version,
            types: split(row.types),
            genres: genres(credits, row.id.0),
            year: row.released.as_deref().and_then(|date| date.get(..4)?.parse().ok()),
            released: row.released,
            track_count: row.track_count,
            duration_ms: row.duration_ms,
            picture: row.picture.map(|row| self.picture(row)),
            added_at: row.added,
        }
    }

    pub(super) fn track(&self, row: TrackRow, credits: &Credits) -> Track {
        let (loudness, version) = row.sound.unzip();
        Track {
            mark: self.mark(ItemKind::Track, row.id.0),
            id: row.id,
            title: row.title,
            number: row.number,
            disc: row.disc,
            artists: names(&credits.artists, row.id.0),
            artist_shown: row.artist_shown,
            composers: names(&credits.composers, row.id.0),
            genres: genres(credits, row.id.0),
            advisory: row.advisory,
            has_lyrics: row.has_lyrics,
            album: row.album.map(|(id, title)| TitledRef { id, title }),
            duration_ms: row.duration_ms,
            picture: row.picture.map(|row| self.picture(row)),
            codec: row.codec,
            bitrate_kbps: row.bitrate_kbps,
            sample_rate_hz: row.sample_rate_hz,
            channels: row.channels,
            playable: row.state != MediaState::Failed,
            problem: row.problem,
            loudness,
            waveform: version.map(|version| format!("/api/v1/tracks/{}/waveform?v={version}", row.id)),
        }
    }

    /// `progress` is that of the encoding while there is one.
    pub(super) fn video(&self, row: VideoRow, progress: f64) -> Video {
        let (state, progress) = match row.state {
            MediaState::None | MediaState::Waiting => (VideoState::Waiting, 0.0),
            MediaState::Encoding => (VideoState::Encoding, progress),
            MediaState::Ready => (VideoState::Ready, 1.0),
            MediaState::Failed => (VideoState::Failed, 0.0),
        };
        Video {
            mark: self.mark(ItemKind::Video, row.id.0),
            id: row.id,
            title: row.title,
            description: row.description,
            duration_ms: row.duration_ms,
            width: row.width,
            height: row.height,
            picture: row.picture.map(|row| self.picture(row)),
            added_at: row.added,
            owner: row.owner.map(|id| Owner { id, name: row.owner_name }),
            state,
            progress,
            problem: row.problem,
        }
    }
}

fn names(credited: &Names<ArtistId>, id: i64) -> Vec<NamedRef> {
    let named = credited.get(&id).map(Vec::as_slice).unwrap_or_default();
    named.iter().map(|(id, name)| NamedRef { id: *id, name: name.clone() }).collect()
}

fn genres(credits: &Credits, id: i64) -> Vec<GenreRef> {
    let named = credits.genres.get(&id).map(Vec::as_slice).unwrap_or_default();
    named.iter().map(|(id, name)| GenreRef { id: *id, name: name.clone() }).collect()
}
