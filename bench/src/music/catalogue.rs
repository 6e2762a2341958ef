//! A made library: a fifth of a thousand artists for ten thousand tracks, albums of ten tracks, and names whose words
//! are as unevenly frequent as those of a language are.

use std::{collections::HashSet, fs, sync::Arc};

use catalog::{
    import::{self, Batch, Source, SourceFile, TrackImport, TrackTags},
    picture::PictureFacts,
};
use kernel::{
    Ctx, Fault,
    db::{Engine, Location},
    random::Random,
    testkit::World,
};

use crate::Anything;

/// Tracks of an album.
const TRACKS_OF_ALBUM: u32 = 10;
/// Tracks of an artist on average; few have many.
const TRACKS_OF_ARTIST: u32 = 50;
/// Different words.
const WORDS: usize = 200_000;
/// Albums that are entered in one transaction.
const ALBUMS_AT_ONCE: usize = 20;
/// Transactions at a time on `PostgreSQL`, each with artists of its own.
const WRITERS: u32 = 4;
const SYLLABLES: [&str; 48] = [
    "ka", "lo", "mi", "ta", "ne", "ro", "sha", "bel", "dor", "vi", "an", "es", "ing", "ton", "ra", "po",
    "que", "zen", "lu", "fi", "ster", "gra", "wo", "jun", "hy", "x", "the", "er", "on", "ri", "al", "mon",
    "cla", "der", "so", "be", "tri", "ver", "lin", "da", "cu", "ny", "el", "pro", "en", "ma", "ic", "o",
];

/// A library in a database of its own.
pub(super) struct Catalogue {
    pub(super) world: World,
    pub(super) engine: Engine,
    pub(super) tracks: u32,
    pub(super) names: Names,
}

impl Catalogue {
    /// Enters that many tracks, with the index of the search following as it does in a running house. The first albums
    /// get these covers.
    pub(super) async fn fill(
        engine: Engine,
        tracks: u32,
        covers: Arc<[PictureFacts]>,
    ) -> Result<Self, Anything> {
        let world = World::new(engine).await;
        catalog::search::start(&world.ctx, true);
        let names = Names::new();
        let albums: Vec<u32> = (0..tracks / TRACKS_OF_ALBUM).collect();
        let writers = if engine == Engine::Postgres { WRITERS } else { 1 };
        let tasks = (0..writers).map(|writer| {
            let artists = (tracks / TRACKS_OF_ARTIST).max(1);
            let mine = albums.iter().map(|album| names.album(*album, artists));
            let mine: Vec<Album> = mine.filter(|album| album.artist_number % writers == writer).collect();
            tokio::spawn(enter(world.ctx.clone(), mine, Arc::clone(&covers)))
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await??;
        }
        catalog::search::catch_up(&world.ctx).await?;
        // As a scan does that enters so many.
        world.ctx.db().analyze().await?;
        Ok(Self { world, engine, tracks, names })
    }

    /// The size of the database with all its indexes.
    pub(super) async fn database_bytes(&self) -> Result<u64, Anything> {
        match &self.world.location {
            Location::Sqlite(path) => Ok(fs::metadata(path)?.len()),
            Location::Postgres(url) => {
                let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
                let driver = tokio::spawn(connection);
                let row = client
                    .query_one(
                        "SELECT CAST(SUM(pg_total_relation_size(c.oid)) AS BIGINT) FROM pg_class c
                         WHERE c.relkind = 'r' AND c.relnamespace = CAST(current_schema() AS regnamespace)",
                        &[],
                    )
                    .await?;
                driver.abort();
                Ok(u64::try_from(row.get::<_, i64>(0))?)
            }
        }
    }

    /// Ends what runs in it.
    pub(super) async fn close(self) {
        self.world.ctx.shut_down().await;
    }
}

/// An album on its way in.
#[derive(Clone)]
pub(super) struct Album {
    pub(super) number: u32,
    pub(super) artist_number: u32,
    pub(super) artist: String,
    pub(super) title: String,
    pub(super) tracks: Vec<String>,
}

async fn enter(ctx: Ctx, albums: Vec<Album>, covers: Arc<[PictureFacts]>) -> Result<(), Fault> {
    for albums in albums.chunks(ALBUMS_AT_ONCE) {
        let (albums, ids, now, covers) = (albums.to_vec(), ctx.ids().clone(), ctx.now(), Arc::clone(&covers));
        let entered = ctx.db().write(move |tx| {
            let mut batch = Batch::new(&ids, now);
            albums.iter().try_for_each(|album| enter_album(tx, &mut batch, album, &covers))
        });
        entered.await?;
    }
    Ok(())
}

fn enter_album(
    tx: &mut kernel::db::Tx<'_>,
    batch: &mut Batch,
    album: &Album,
    covers: &[PictureFacts],
) -> Result<(), Fault> {
    let cover = covers.get(album.number as usize);
    let picture = cover.map(|facts| import::upsert_picture(tx, batch, facts)).transpose()?;
    let folder = format!("/music/{}/{}", album.artist_number, album.number);
    for (number, title) in (1..).zip(&album.tracks) {
        let source = SourceFile {
            place: Source::File { path: format!("{folder}/{number:02} {title}.flac") },
            bytes: 30_000_000,
            stamp: i64::from(number),
            mime: "audio/flac".to_owned(),
            codec: "flac".to_owned(),
            bitrate_kbps: 900,
            sample_rate_hz: 44_100,
            channels: 2,
            duration_ms: 200_000 + u64::from(number) * 1000,
        };
        let tags = TrackTags {
            title: title.clone(),
            artists: vec![album.artist.clone()],
            album: Some(album.title.clone()),
            album_artists: vec![album.artist.clone()],
            number: Some(number),
            date: Some((1960 + album.number % 60).to_string()),
            ..TrackTags::default()
        };
        let new = TrackImport {
            existing: None,
            library: None,
            source: &source,
            tags: &tags,
            picture,
            folder: Some(&folder),
        };
        import::upsert_track(tx, batch, &new)?;
    }
    Ok(())
}

/// Makes names: the same number has the same name in every run.
pub(super) struct Names {
    words: Vec<String>,
}

impl Names {
    fn new() -> Self {
        let random = Random::seeded(1);
        let (mut words, mut seen) = (Vec::with_capacity(WORDS), HashSet::new());
        while words.len() < WORDS {
            // The frequent words of a language are the short ones.
            let most = 2 + u64::from(words.len() > 100) + u64::from(words.len() > 5000);
            let count = 1 + random.below(most);
            let word: String = (0..count).map(|_| SYLLABLES[below(&random, SYLLABLES.len())]).collect();
            if seen.insert(word.clone()) {
                words.push(word);
            }
        }
        Self { words }
    }

    /// Words with the frequencies of Zipf's law: the second is half as frequent as the first, and so on.
    fn words(&self, random: &Random, most: u64) -> String {
        let count = 1 + random.below(most);
        let words = (0..count).map(|_| {
            let power = share(random);
            let place = f64::from(u32::try_from(WORDS).unwrap_or(u32::MAX)).powf(power);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is a place in the list"
            )]
            let place = (place as usize - 1).min(WORDS - 1);
            let mut word = self.words[place].clone();
            word[..1].make_ascii_uppercase();
            word
        });
        words.collect::<Vec<_>>().join(" ")
    }

    /// An album of one of so many artists, the first of whom have most.
    pub(super) fn album(&self, number: u32, artists: u32) -> Album {
        let random = Random::seeded(1_000_000 + u64::from(number));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is one of the artists"
        )]
        let artist_number = (f64::from(artists) * share(&random).powf(1.5)) as u32;
        Album {
            number,
            artist_number,
            artist: self.artist(artist_number),
            title: self.words(&random, 4),
            tracks: (0..TRACKS_OF_ALBUM).map(|_| self.words(&random, 5)).collect(),
        }
    }

    fn artist(&self, number: u32) -> String {
        self.words(&Random::seeded(u64::from(number) + 10), 3)
    }
}

impl Catalogue {
    /// One of its albums.
    pub(super) fn album(&self, number: u32) -> Album {
        self.names.album(number % (self.tracks / TRACKS_OF_ALBUM), (self.tracks / TRACKS_OF_ARTIST).max(1))
    }
}

/// A number from 0 up to 1.
fn share(random: &Random) -> f64 {
    f64::from(u32::try_from(random.below(1 << 32)).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

/// A place below `bound`.
pub(super) fn below(random: &Random, bound: usize) -> usize {
    usize::try_from(random.below(bound as u64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_every_run_and_frequent_words_are_frequent() {
        let names = Names::new();
        let titles: Vec<String> = (0..300).flat_map(|number| names.album(number, 100).tracks).collect();
        let again = Names::new();
        assert_eq!(titles[..10], again.album(0, 100).tracks);
        let words: Vec<&str> = titles.iter().flat_map(|title| title.split(' ')).collect();
        let different: HashSet<&str> = words.iter().copied().collect();
        assert!(different.len() > words.len() / 5 && different.len() < words.len() * 4 / 5);
    }
}
