//! What apps are told of songs, albums and artists besides their names, and lyrics and genres.

use catalog::{
    import::{
        Advisory, CreditTag, Gains, LyricLine, LyricWord, LyricsSource, LyricsTag, MusicBrainz,
        RecordingTags, ReleaseTags, Role as Did,
    },
    sound::{self, Blocks, Decibels, Edges, Loudness, Sound, Waveform, energy},
};
use kernel::{on_both_engines, testkit::World};

use super::*;

const MBID: &str = "f0f7e1a5-6d5a-4c1e-9c50-000000000001";

fn word(start_ms: u32, text: &str) -> LyricWord {
    LyricWord { start_ms, end_ms: None, text: text.to_owned() }
}

fn lyrics() -> Vec<LyricsTag> {
    let synced = LyricsTag {
        language: Some("eng".to_owned()),
        source: LyricsSource::Lrc,
        lines: vec![
            LyricLine {
                start_ms: Some(500),
                end_ms: None,
                text: "Él sings".to_owned(),
                words: vec![word(500, "Él "), word(900, "sings")],
            },
            LyricLine { start_ms: Some(2_000), end_ms: None, text: "again".to_owned(), words: Vec::new() },
        ],
    };
    let plain = LyricsTag {
        language: None,
        source: LyricsSource::Tag,
        lines: vec![LyricLine { text: "plain".to_owned(), ..LyricLine::default() }],
    };
    vec![synced, plain]
}

/// Everything that tags can say.
fn full(title: &str, number: u32) -> TrackTags {
    let did = |role, name: &str, detail: Option<&str>| CreditTag {
        role,
        name: name.to_owned(),
        detail: detail.map(str::to_owned),
        sort: None,
        musicbrainz: None,
    };
    TrackTags {
        title: title.to_owned(),
        number: Some(number),
        disc_title: Some("The Night".to_owned()),
        genres: vec!["Rock".to_owned(), "Jazz".to_owned()],
        moods: vec!["Calm".to_owned()],
        title_sort: Some("Sorted".to_owned()),
        artists_sort: vec!["Other, Ann".to_owned()],
        musicbrainz: MusicBrainz { recording: Some(MBID.to_owned()), ..MusicBrainz::default() },
        credits: vec![
            did(Did::Composer, "Clara", None),
            did(Did::Performer, "Pete", Some("drums")),
            did(Did::DjMixer, "Dan", None),
        ],
        release: ReleaseTags {
            version: Some("Remastered".to_owned()),
            types: vec!["album".to_owned(), "live".to_owned()],
            labels: vec!["A Label".to_owned()],
            ..ReleaseTags::default()
        },
        recording: RecordingTags {
            artists_shown: Some("Ann feat. Bob".to_owned()),
            original: Some("1971-02".to_owned()),
            comment: Some("two\nlines".to_owned()),
            isrcs: vec!["DEA123456789".to_owned()],
            work: Some("A Work".to_owned()),
            movement: Some("Allegro".to_owned()),
            movement_number: Some(2),
            movement_total: Some(4),
            advisory: Some(Advisory::Explicit),
            bpm_hundredths: Some(12_050),
            gains: Gains { track_cdb: Some(-650), album_cdb: Some(-700), ..Gains::default() },
            ..RecordingTags::default()
        },
        lyrics: lyrics(),
        compilation: true,
        ..tags("Ann", "One")
    }
}

/// Hears a song as being this loud all the time.
async fn hear(house: &House, made: Imported, lufs: f64) {
    hear_as(house, made, lufs, [1; 48]).await;
}

/// Hears a song as being this loud and like this.
pub(super) async fn hear_as(house: &House, made: Imported, lufs: f64, vector: [i8; 48]) {
    let mut blocks = Blocks::default();
    (0..97).for_each(|_| blocks.add(energy(lufs)));
    let sound = Sound {
        edges: Edges { sample_rate_hz: 44_100, samples: 441_000, lead_samples: 0, tail_samples: 0 },
        loudness: Loudness { lufs: Decibels::of(lufs), peak_db: Decibels::of(-6.0) },
        range_lu: None,
        blocks,
        waveform: Waveform { peaks: vec![1; 800], means: vec![1; 800] },
        vector: vector.to_vec(),
    };
    let heard = house.change(move |tx, _| {
        let (source, _) = sound::begin(tx, made.media)?.expect("it is due");
        sound::put(tx, &source, &sound)
    });
    assert!(heard.await);
}

on_both_engines! {
    async fn apps_are_told_everything_that_the_tags_say(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let made = house.song(file("/m/1.flac"), full("A Song", 1)).await;
        let song = house.good(&key, "getSong", &format!("id=tr-{}", made.track), "song").await;
        let facts = json!({
            "displayArtist": "Ann feat. Bob", "artist": "Ann feat. Bob", "sortName": "Sorted", "bpm": 121,
            "comment": "two\nlines", "isrc": ["DEA123456789"], "moods": ["Calm"], "explicitStatus": "explicit",
            "musicBrainzId": MBID, "displayComposer": "Clara", "works": [{ "name": "A Work" }],
            "movements": [{ "name": "Allegro", "number": 2, "count": 4 }], "genre": "Rock",
            "replayGain": { "trackGain": -6.5, "albumGain": -7.0 },
        });
        for (name, fact) in facts.as_object().expect("facts") {
            assert_eq!(&song[name], fact, "{name}");
        }
        let contributors = song["contributors"].as_array().expect("a list");
        let who: Vec<_> = contributors.iter().map(|one| {
            (one["role"].as_str(), one["subRole"].as_str(), one["artist"]["name"].as_str().expect("a name"))
        }).collect();
        assert!(who.contains(&(Some("composer"), None, "Clara")), "{who:?}");
        assert!(who.contains(&(Some("performer"), Some("drums"), "Pete")), "{who:?}");
        assert!(who.contains(&(Some("djmixer"), None, "Dan")), "{who:?}");
        let album_id = song["albumId"].as_str().expect("an id");
        let album = house.good(&key, "getAlbum", &format!("id={album_id}"), "album").await;
        let facts = json!({
            "version": "Remastered", "releaseTypes": ["album", "live"], "recordLabels": [{ "name": "A Label" }],
            "moods": ["Calm"], "isCompilation": true, "explicitStatus": "explicit", "mediaType": "album",
            "originalReleaseDate": { "year": 1971, "month": 2 }, "genres": [{ "name": "Jazz" }, { "name": "Rock" }],
            "discTitles": [{ "disc": 1, "title": "The Night" }],
        });
        for (name, fact) in facts.as_object().expect("facts") {
            assert_eq!(&album[name], fact, "{name}");
        }
        // Lists say the same as the one.
        let listed = house.good(&key, "getAlbumList2", "type=newest", "albumList2").await["album"][0].clone();
        for (name, fact) in listed.as_object().expect("facts") {
            assert_eq!(&album[name], fact, "{name}");
        }
        let artists = house.good(&key, "getArtists", "", "artists").await;
        let ann = &artists["index"].as_array().expect("a list").iter().find(|one| one["name"] == "O").expect("by sort name")["artist"][0];
        assert_eq!((&ann["sortName"], &ann["roles"]), (&json!("Other, Ann"), &json!(["albumartist", "artist"])));
        let drummer = contributors.iter().find(|one| one["subRole"] == "drums").expect("there")["artist"]["id"].clone();
        let drummer = house.good(&key, "getArtist", &format!("id={}", drummer.as_str().expect("an id")), "artist").await;
        assert_eq!(drummer["roles"], json!(["performer"]));
    }

    async fn what_was_measured_levels_before_what_was_tagged(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let (one, two) = (house.song(file("/m/1.flac"), full("One", 1)).await, house.song(file("/m/2.flac"), full("Two", 2)).await);
        hear(&house, one, -14.0).await;
        let song = house.good(&key, "getSong", &format!("id=tr-{}", one.track), "song").await;
        let gain = json!({ "trackGain": -4.0, "trackPeak": 0.501_187, "albumGain": -7.0 });
        assert_eq!(song["replayGain"], gain, "the album as tagged until all of it was heard");
        hear(&house, two, -14.0).await;
        let found = house.good(&key, "search3", "query=", "searchResult3").await;
        for song in found["song"].as_array().expect("songs") {
            let gain = &song["replayGain"];
            assert_eq!((&gain["trackGain"], &gain["albumPeak"]), (&json!(-4.0), &json!(0.501_187)));
            let album = gain["albumGain"].as_f64().expect("a number");
            assert!((album + 4.0).abs() <= 0.05, "{album}");
        }
    }

    async fn lyrics_come_by_lines_and_for_who_asks_by_words(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let id = format!("id=tr-{}", house.song(file("/m/1.flac"), full("A Song", 1)).await.track);
        let list = house.good(&key, "getLyricsBySongId", &id, "lyricsList").await["structuredLyrics"].clone();
        let synced = json!({
            "displayArtist": "Ann feat. Bob", "displayTitle": "A Song", "lang": "eng", "synced": true,
            "line": [{ "start": 500, "value": "Él sings" }, { "start": 2000, "value": "again" }],
        });
        assert_eq!(list[0], synced);
        assert_eq!((&list[1]["lang"], &list[1]["line"]), (&json!("und"), &json!([{ "value": "plain" }])));
        let list = house.good(&key, "getLyricsBySongId", &format!("{id}&enhanced=true"), "lyricsList").await;
        let cues = json!([{ "index": 0, "start": 500, "value": "Él sings", "cue": [
            { "start": 500, "value": "Él ", "byteStart": 0, "byteEnd": 3 },
            { "start": 900, "value": "sings", "byteStart": 4, "byteEnd": 8 },
        ]}]);
        assert_eq!(list["structuredLyrics"][0]["cueLine"], cues);
        assert_eq!(list["structuredLyrics"][0]["kind"], "main");
        assert_eq!(list["structuredLyrics"][1].get("cueLine"), None);
        catalog::search::catch_up(&world.ctx).await.expect("the index follows");
        let plain = house.good(&key, "getLyrics", "artist=ann&title=a%20song", "lyrics").await;
        assert_eq!(plain, json!({ "artist": "Ann", "title": "A Song", "value": "Él sings\nagain" }));
        for none in ["artist=bob&title=a%20song", "title=b", "", "artist=ann"] {
            assert_eq!(house.good(&key, "getLyrics", none, "lyrics").await, json!({ "value": "" }), "{none}");
        }
        let xml = house.get(&format!("/rest/getLyrics?apiKey={key}&v=1.16.1&c=x&artist=ann&title=a%20song")).await.text();
        assert!(xml.contains("<lyrics artist=\"Ann\" title=\"A Song\">Él sings\nagain</lyrics>"), "{xml}");
        assert_eq!(house.refused(&key, "getLyricsBySongId", "id=tr-1").await, 70);
        assert_eq!(house.refused(&key, "getLyricsBySongId", "").await, 10);
    }

    async fn genres_lead_to_albums_songs_and_draws(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        house.album("Ann", "One").await;
        let tags = TrackTags { genres: vec!["Folk & Co".to_owned()], date: Some("2001".to_owned()), ..tags("Bob", "Two") };
        house.song(file("/m/bob.flac"), tags).await;
        let genres = house.good(&key, "getGenres", "", "genres").await["genre"].clone();
        assert_eq!(genres, json!([
            { "value": "Folk & Co", "songCount": 1, "albumCount": 1 },
            { "value": "Jazz", "songCount": 3, "albumCount": 1 },
            { "value": "Rock", "songCount": 3, "albumCount": 1 },
        ]));
        for (genre, albums, songs) in [("rock", vec!["One"], 3), ("Folk%20%26%20Co", vec!["Two"], 1), ("none", vec![], 0)] {
            let list = house.good(&key, "getAlbumList2", &format!("type=byGenre&genre={genre}"), "albumList2").await;
            assert_eq!(each(&list["album"], "name"), albums, "{genre}");
            for (method, name) in [("getSongsByGenre", "songsByGenre"), ("getRandomSongs", "randomSongs")] {
                let list = house.good(&key, method, &format!("genre={genre}"), name).await;
                assert_eq!(list["song"].as_array().map(Vec::len), Some(songs), "{method} {genre}");
            }
        }
        let rest = house.good(&key, "getSongsByGenre", "genre=Rock&count=2&offset=2", "songsByGenre").await;
        assert_eq!(each(&rest["song"], "title"), ["One 3"]);
        for (years, count) in [("fromYear=1999&toYear=1999", 2), ("fromYear=2000", 0)] {
            let drawn = house.good(&key, "getRandomSongs", &format!("size=2&genre=jazz&{years}"), "randomSongs").await;
            assert_eq!(drawn["song"].as_array().map(Vec::len), Some(count), "{years}");
        }
        for method in ["getSongsByGenre", "getAlbumList2"] {
            assert_eq!(house.refused(&key, method, "type=byGenre").await, 10, "{method}");
        }
    }

    async fn who_has_the_latest_artists_is_told_so(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        house.album("Ann", "One").await;
        catalog::search::catch_up(&world.ctx).await.expect("the index follows");
        let first = house.good(&key, "getIndexes", "", "indexes").await;
        let at = first["lastModified"].as_u64().expect("a number");
        assert_eq!(each(&first["index"], "name"), ["A"]);
        let again = house.good(&key, "getIndexes", &format!("ifModifiedSince={at}"), "indexes").await;
        assert_eq!((&again["index"], &again["lastModified"]), (&json!([]), &json!(at)));
        assert_eq!(house.refused(&key, "getIndexes", &format!("ifModifiedSince={at}&musicFolderId=9")).await, 70);
        house.album("Bob", "Two").await;
        catalog::search::catch_up(&world.ctx).await.expect("the index follows");
        let news = house.good(&key, "getIndexes", &format!("ifModifiedSince={at}"), "indexes").await;
        assert_eq!(each(&news["index"], "name"), ["A", "B"], "also when the clock stands still");
        assert_eq!(house.refused(&key, "getIndexes", "ifModifiedSince=x").await, 0);
    }

    async fn the_search_of_old_knows_what_is_newer(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        house.album("Ann", "One").await;
        let between = world.ctx.now().0 / 1000 + 500;
        world.clock.advance(std::time::Duration::from_secs(1));
        house.album("Ann", "Two").await;
        catalog::search::catch_up(&world.ctx).await.expect("the index follows");
        let found = house.good(&key, "search", &format!("any=ann&newerThan={between}&count=2&offset=1"), "searchResult").await;
        assert_eq!(each(&found["match"], "album"), ["Two", "Two"]);
        assert_eq!(house.refused(&key, "search", "any=ann&newerThan=x").await, 0);
    }
}
