//! Credits, genres, releases, recordings and lyrics, from tags of the usual formats and from files beside them.

use std::fs;

use kernel::{on_both_engines, testkit::World};
use lofty::{
    TextEncoding,
    config::{ParseOptions, WriteOptions},
    file::AudioFile,
    id3::v2::{
        BinaryFrame, ExtendedTextFrame, Frame, FrameId, Id3v2Tag, KeyValueFrame, SyncTextContentType,
        SynchronizedTextFrame, TimestampFormat, UnsynchronizedTextFrame,
    },
    mpeg::MpegFile,
    ogg::tag::VorbisComments,
    tag::{ItemKey, TagExt},
};
use serde_json::{Value, json};

use crate::{
    house::House,
    making::{Song, age, put, song, sound, tag, write},
};

/// What a classical album says of itself, in the common terms.
const SAID: [(ItemKey, &str); 21] = [
    (ItemKey::Composer, "Beethoven"),
    (ItemKey::Conductor, "Kleiber"),
    (ItemKey::Lyricist, "Schiller"),
    (ItemKey::Genre, "Classical"),
    (ItemKey::Genre, "Symphony"),
    (ItemKey::Mood, "Grand"),
    (ItemKey::Work, "Symphony No. 9"),
    (ItemKey::Movement, "Presto"),
    (ItemKey::MovementNumber, "4"),
    (ItemKey::Isrc, "DEF057400001"),
    (ItemKey::Label, "DG"),
    (ItemKey::CatalogNumber, "447 400-2"),
    (ItemKey::Barcode, "028944740028"),
    (ItemKey::MusicBrainzReleaseType, "album"),
    (ItemKey::OriginalReleaseDate, "1974-06-01"),
    (ItemKey::RecordingDate, "1995-03-13"),
    (ItemKey::ReplayGainTrackGain, "-6.50 dB"),
    (ItemKey::ReplayGainTrackPeak, "0.988547"),
    (ItemKey::ReplayGainAlbumGain, "-5.1 dB"),
    (ItemKey::Comment, "From the tapes"),
    (ItemKey::AlbumTitleSortOrder, "Ninth"),
];

impl House {
    async fn json(&self, path: &str) -> Value {
        let viewer = crate::house::viewer(kernel::http::Role::Listener);
        let routes = catalog::routes(self.ctx.clone()).split_for_parts().0;
        let (status, json) = crate::house::ask(routes, Some(viewer), "GET", path, None).await;
        assert_eq!(status, http::StatusCode::OK, "{path}: {json}");
        json
    }

    async fn detail(&self, title: &str) -> Value {
        self.json(&format!("/api/v1/tracks/{}", self.track(title).await.id)).await
    }

    async fn lyrics(&self, title: &str) -> Value {
        self.json(&format!("/api/v1/tracks/{}/lyrics", self.track(title).await.id)).await
    }

    async fn artist_names(&self) -> Vec<String> {
        names(&self.json("/api/v1/artists?limit=200").await["items"])
    }
}

fn names(list: &Value) -> Vec<String> {
    let all = list.as_array().expect("a list").iter();
    all.map(|one| one["name"].as_str().expect("a name").to_owned()).collect()
}

/// Role, name and detail of each credit.
fn credits(of: &Value) -> Vec<(String, String, Option<String>)> {
    let text = |one: &Value, field: &str| one[field].as_str().map(str::to_owned);
    let all = of["credits"].as_array().expect("a list").iter();
    all.map(|one| {
        (text(one, "role").expect("a role"), text(one, "name").expect("a name"), text(one, "detail"))
    })
    .collect()
}

fn credit(role: &str, name: &str, detail: Option<&str>) -> (String, String, Option<String>) {
    (role.to_owned(), name.to_owned(), detail.map(str::to_owned))
}

on_both_engines! {
    async fn the_tags_of_every_usual_format_are_taken_in_whole(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let formats = ["flac", "mp3", "ogg", "opus", "m4a"];
        for (tone, ending) in (1u32..).zip(formats) {
            let mut song = song(ending, ending, 1);
            song.more = SAID.iter().map(|(key, text)| (*key, (*text).to_owned())).collect();
            // Which of both a format has differs.
            song.more.extend([(ItemKey::Bpm, "120".to_owned()), (ItemKey::IntegerBpm, "120".to_owned())]);
            song.more.push((ItemKey::UnsyncLyrics, "Freude, schöner\nGötterfunken".to_owned()));
            write(&music.path().join(format!("{ending}/song.{ending}")), tone, &song);
        }
        let house = House::with(world, music).await;
        for ending in formats {
            let track = house.detail(ending).await;
            let mut made = credits(&track);
            made.sort();
            assert_eq!(made, [
                credit("composer", "Beethoven", None),
                credit("conductor", "Kleiber", None),
                credit("lyricist", "Schiller", None),
            ], "{ending}: {track:#}");
            assert_eq!(names(&track["genres"]), ["Classical", "Symphony"], "{ending}");
            assert_eq!(names(&track["moods"]), ["Grand"], "{ending}");
            for (field, wanted) in [
                ("work", json!("Symphony No. 9")),
                ("movement", json!("Presto")),
                ("movement_number", json!(4)),
                ("isrcs", json!(["DEF057400001"])),
                ("original_date", json!("1974-06-01")),
                ("date", json!("1995-03-13")),
                ("bpm_hundredths", json!(12_000)),
                ("comment", json!("From the tapes")),
                ("has_lyrics", json!(true)),
            ] {
                assert_eq!(track[field], wanted, "{field} of {ending}");
            }
            let gain = &track["gain"];
            assert_eq!((&gain["track_cdb"], &gain["track_peak_millionths"], &gain["album_cdb"]),
                (&json!(-650), &json!(988_547), &json!(-510)), "{ending}");
            let lyrics = house.lyrics(ending).await;
            assert_eq!(lyrics[0]["lines"], json!([{"text": "Freude, schöner"}, {"text": "Götterfunken"}]), "{ending}");
            let album = house.json(&format!("/api/v1/albums/{}", track["album"]["id"].as_str().expect("an id"))).await;
            for (field, wanted) in [
                ("labels", json!(["DG"])),
                ("catalogue_numbers", json!(["447 400-2"])),
                ("barcode", json!("028944740028")),
                ("types", json!(["album"])),
                ("original_date", json!("1974-06-01")),
                ("sort_title", json!("Ninth")),
            ] {
                assert_eq!(album[field], wanted, "{field} of {ending}");
            }
        }
        assert_eq!(house.artist_names().await, ["Ann", "Beethoven", "Kleiber", "Schiller"]);
        let genres = house.json("/api/v1/genres").await;
        assert_eq!((&genres["items"][0]["album_count"], &genres["items"][0]["track_count"]), (&json!(5), &json!(5)));
        house.ctx.shut_down().await;
    }

    async fn people_and_lyrics_in_the_ways_of_id3_are_read(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let path = put(&music.path().join("song.mp3"), &sound("mp3", 1));
        write(&path, 1, &song("Song", "Album", 1));
        let mut file = fs::File::open(&path).expect("it opens");
        let mut mpeg = MpegFile::read_from(&mut file, ParseOptions::new()).expect("it reads");
        let mut id3: Id3v2Tag = mpeg.remove_id3v2().expect("tags");
        let pairs = |pairs: &[(&'static str, &'static str)]| -> Vec<(std::borrow::Cow<'static, str>, std::borrow::Cow<'static, str>)> {
            pairs.iter().map(|(part, name)| ((*part).into(), (*name).into())).collect()
        };
        let id = |name: &'static str| FrameId::Valid(name.into());
        let musicians = pairs(&[("guitar", "Bob"), ("lead vocals", "Cat")]);
        id3.insert(Frame::KeyValue(KeyValueFrame::new(id("TMCL"), TextEncoding::UTF8, musicians)));
        let involved = pairs(&[("producer", "Dan"), ("mix", "Eve"), ("DJ-mix", "Fay"), ("tea", "Gus")]);
        id3.insert(Frame::KeyValue(KeyValueFrame::new(id("TIPL"), TextEncoding::UTF8, involved)));
        let sung = SynchronizedTextFrame::new(
            TextEncoding::UTF8,
            *b"eng",
            TimestampFormat::MS,
            SyncTextContentType::Lyrics,
            None,
            vec![(500, "One".to_owned()), (700, "Two".to_owned())],
        );
        let sung = sung.as_bytes(WriteOptions::default()).expect("a frame");
        id3.insert(Frame::Binary(BinaryFrame::new(id("SYLT"), sung)));
        for (language, text) in [(*b"deu", "Eins"), (*b"fra", "Un")] {
            let frame = UnsynchronizedTextFrame::new(TextEncoding::UTF8, language, language_name(language), text);
            id3.insert(Frame::UnsynchronizedText(frame));
        }
        for (name, text) in [("ARTISTS", "Ann\0Bob"), ("VERSION", "Deluxe"), ("ITUNESADVISORY", "1")] {
            id3.insert(Frame::UserText(ExtendedTextFrame::new(TextEncoding::UTF8, name, text)));
        }
        id3.save_to_path(&path, WriteOptions::default()).expect("it is written");
        age(&path);
        let house = House::with(world, music).await;
        let track = house.detail("Song").await;
        let mut made = credits(&track);
        made.sort();
        assert_eq!(made, [
            credit("dj-mixer", "Fay", None),
            credit("mixer", "Eve", None),
            credit("performer", "Bob", Some("guitar")),
            credit("performer", "Cat", Some("lead vocals")),
            credit("performer", "Gus", Some("tea")),
            credit("producer", "Dan", None),
        ]);
        assert_eq!(names(&track["artists"]), ["Ann", "Bob"]);
        assert_eq!((&track["artist_shown"], &track["advisory"]), (&json!("Ann"), &json!("explicit")));
        let album = house.json(&format!("/api/v1/albums/{}", track["album"]["id"].as_str().expect("an id"))).await;
        assert_eq!((&album["version"], &album["advisory"]), (&json!("Deluxe"), &json!("explicit")));
        let lyrics = house.lyrics("Song").await;
        let languages: Vec<_> = lyrics.as_array().expect("a list").iter().map(|one| one["language"].clone()).collect();
        assert_eq!(languages, [json!("eng"), json!("deu"), json!("fra")], "{lyrics:#}");
        assert_eq!(lyrics[0]["lines"], json!([{"start_ms": 500, "text": "One"}, {"start_ms": 700, "text": "Two"}]));
        house.ctx.shut_down().await;
    }

    async fn fields_that_only_vorbis_has_are_read(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        for (tone, ending) in [(1, "flac"), (2, "opus")] {
            let path = put(&music.path().join(format!("{ending}.{ending}")), &sound(ending, tone));
            let mut tag = VorbisComments::default();
            for (key, text) in [
                ("TITLE", ending),
                ("ARTIST", "Ann feat. Bob"),
                ("ARTISTS", "Ann"),
                ("ARTISTS", "Bob"),
                ("ALBUM", "Album"),
                ("PERFORMER", "Cat (cello)"),
                ("PERFORMER", "Dan"),
                ("COMPOSER", "Ludwig van Beethoven"),
                ("COMPOSERSORT", "Beethoven, Ludwig van"),
                ("MUSICBRAINZ_ALBUMTYPE", "album; live"),
                ("EDITION", "2011 remaster"),
                ("R128_TRACK_GAIN", "-1280"),
                ("LYRICS", "[00:01.50]Timed\n[00:03.00]lines"),
            ] {
                tag.push(key.to_owned(), text.to_owned());
            }
            tag.save_to_path(&path, WriteOptions::default()).expect("it is written");
            age(&path);
        }
        let house = House::with(world, music).await;
        for ending in ["flac", "opus"] {
            let track = house.detail(ending).await;
            assert_eq!(track["artist_shown"], "Ann feat. Bob", "{ending}");
            assert_eq!(credits(&track), [
                credit("composer", "Ludwig van Beethoven", None),
                credit("performer", "Cat", Some("cello")),
                credit("performer", "Dan", None),
            ], "{ending}");
            assert_eq!(track["gain"]["r128_track_cdb"], -500, "{ending}");
            let lyrics = house.lyrics(ending).await;
            assert_eq!((&lyrics[0]["synced"], &lyrics[0]["lines"][0]["start_ms"]), (&json!(true), &json!(1_500)), "{ending}");
            let album = house.json(&format!("/api/v1/albums/{}", track["album"]["id"].as_str().expect("an id"))).await;
            assert_eq!((&album["types"], &album["version"]), (&json!(["album", "live"]), &json!("2011 remaster")));
        }
        let artists = house.json("/api/v1/artists").await;
        assert_eq!(names(&artists["items"]), ["Ann", "Ludwig van Beethoven", "Bob", "Cat", "Dan"], "sorted by sort names");
        house.ctx.shut_down().await;
    }

    async fn tagging_anew_moves_credits_and_genres(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let said = |composer: &str, genre: &str| Song {
            more: vec![(ItemKey::Composer, composer.to_owned()), (ItemKey::Genre, genre.to_owned())],
            ..song("Song", "Album", 1)
        };
        let path = write(&music.path().join("song.flac"), 1, &said("Bach", "Baroque"));
        let house = House::with(world, music).await;
        let before = house.track("Song").await.id;
        tag(&house.path("song.flac"), &said("Glass", "Minimal"));
        house.scan_well().await;
        let track = house.detail("Song").await;
        assert_eq!(track["id"], before.to_string());
        assert_eq!(names(&track["composers"]), ["Glass"]);
        assert_eq!(house.artist_names().await, ["Ann", "Glass"]);
        assert_eq!(names(&house.json("/api/v1/genres").await["items"]), ["Minimal"]);
        fs::remove_file(path).expect("it goes");
        write(&house.path("other.mp3"), 2, &song("Other", "Other", 1));
        house.scan_well().await;
        assert_eq!(house.artist_names().await, ["Ann"], "who is named by what is gone is not shown");
        assert_eq!(names(&house.json("/api/v1/genres").await["items"]), [""; 0]);
        house.ctx.shut_down().await;
    }

    async fn lyrics_beside_a_track_are_taken_in_and_followed(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let path = write(&music.path().join("a/01 Song.flac"), 1, &song("Song", "Album", 1));
        write(&music.path().join("a/02 Other.flac"), 2, &song("Other", "Album", 2));
        put(&music.path().join("a/01 Song.lrc"), b"[offset:+500]\n[00:01.50][00:03.50]<00:01.50>La <00:02.00>la");
        put(&music.path().join("a/01 Song.de.txt"), "Grüße".as_bytes());
        put(&music.path().join("a/notes.txt"), b"of no song");
        let house = House::with(world, music).await;
        let lyrics = house.lyrics("Song").await;
        assert_eq!(lyrics[0]["lines"], json!([
            {"start_ms": 1000, "text": "La la", "words": [
                {"start_ms": 1000, "end_ms": 1500, "text": "La "}, {"start_ms": 1500, "text": "la"}]},
            {"start_ms": 3000, "text": "La la", "words": [
                {"start_ms": 3000, "end_ms": 3500, "text": "La "}, {"start_ms": 3500, "text": "la"}]},
        ]));
        assert_eq!((&lyrics[1]["language"], &lyrics[1]["source"]), (&json!("de"), &json!("txt")));
        assert_eq!(house.lyrics("Other").await, json!([]));
        let before = house.track("Song").await;
        // The music itself is ruined in a way that nobody sees who does not read it: it is not read again.
        let meta = fs::metadata(&path).expect("it is there");
        let ruined = vec![0; usize::try_from(meta.len()).expect("small")];
        fs::write(&path, ruined).expect("it is written");
        crate::making::set_time(&path, meta.modified().expect("a time"));
        put(&house.path("a/01 Song.lrc"), b"[00:09.00]New words");
        house.scan_well().await;
        assert_eq!(house.changed().await, 1, "nothing but the lyrics of one track was read");
        assert_eq!(house.lyrics("Song").await[0]["lines"], json!([{"start_ms": 9000, "text": "New words"}]));
        assert_eq!(house.track("Song").await, before, "the track is the same");
        fs::remove_file(house.path("a/01 Song.lrc")).expect("it goes");
        fs::remove_file(house.path("a/01 Song.de.txt")).expect("it goes");
        house.scan_well().await;
        assert_eq!(house.lyrics("Song").await, json!([]));
        house.scan_well().await;
        assert_eq!(house.changed().await, 0);
        assert_eq!(house.codes().await, []);
        house.ctx.shut_down().await;
    }

    async fn lyrics_that_can_not_be_read_are_reported_until_they_can(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        write(&music.path().join("song.flac"), 1, &song("Song", "Album", 1));
        put(&music.path().join("song.ttml"), b"<!DOCTYPE tt [<!ENTITY a \"b\">]><tt><body><p>&a;</p></body></tt>");
        put(&music.path().join("song.lrc"), &vec![b'a'; 600 * 1024]);
        put(&music.path().join("song.txt"), b"Plain words");
        let house = House::with(world, music).await;
        let wrong = |name: &str| (name.to_owned(), "lyrics_unreadable".to_owned());
        assert_eq!(house.codes().await, [wrong("song.lrc"), wrong("song.ttml")]);
        assert_eq!(house.lyrics("Song").await[0]["lines"][0]["text"], "Plain words");
        put(&house.path("song.ttml"), b"<tt xml:lang=\"fr\"><body><div><p begin=\"1s\" end=\"2s\">Salut</p></div></body></tt>");
        house.scan_well().await;
        assert_eq!(house.codes().await, [wrong("song.lrc")]);
        let lyrics = house.lyrics("Song").await;
        assert_eq!((&lyrics[0]["language"], &lyrics[0]["lines"]),
            (&json!("fr"), &json!([{"start_ms": 1000, "end_ms": 2000, "text": "Salut"}])));
        // Reading the music again forgets what is not so any more.
        fs::remove_file(house.path("song.lrc")).expect("it goes");
        tag(&house.path("song.flac"), &song("Song", "Album", 2));
        house.scan_well().await;
        assert_eq!(house.codes().await, []);
        house.ctx.shut_down().await;
    }
}

/// Each text of a tag needs a description of its own.
fn language_name(language: [u8; 3]) -> String {
    String::from_utf8(language.to_vec()).expect("letters")
}
