//! What is in the folders is in the catalogue.

use kernel::on_both_engines;
use kernel::testkit::World;
use lofty::tag::ItemKey;

use crate::{
    house::House,
    making::{FORMATS, Song, film, png, put, song, sound, write},
};

on_both_engines! {
    async fn music_of_every_usual_format_is_taken_in_with_tags_and_pictures(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let cover = png(0x20, 64);
        for (number, ending) in (1u32..).zip(FORMATS) {
            let title = format!("Song in {ending}");
            let mut song = Song { picture: Some(cover.clone()), ..song(&title, "All of them", number) };
            song.more.push((ItemKey::AlbumArtist, "Ann and friends".to_owned()));
            song.more.push((ItemKey::RecordingDate, "1999-04-01".to_owned()));
            song.more.push((ItemKey::DiscNumber, "2".to_owned()));
            write(&music.path().join(format!("All of them/{number}.{ending}")), number, &song);
        }
        let house = House::with(world, music).await;
        let library = house.wait_until_settled().await;
        assert_eq!((library.files, library.tracks, library.videos, library.broken), (6, 6, 0, 0), "{library:?}");
        let albums = house.albums().await;
        assert_eq!(albums.len(), 1, "{albums:#?}");
        assert_eq!((albums[0].title.as_str(), albums[0].track_count), ("All of them", 6));
        assert_eq!(albums[0].artists[0].name, "Ann and friends");
        assert_eq!((albums[0].year, albums[0].picture.as_ref().map(|picture| picture.width)), (Some(1999), Some(64)));
        let discs = house.album(albums[0].id).await.discs;
        assert_eq!(discs.len(), 1);
        for (track, ending) in discs[0].tracks.iter().zip(FORMATS) {
            assert_eq!(track.title, format!("Song in {ending}"));
            assert_eq!((track.disc, track.channels), (2, 1), "{track:?}");
            assert!((950..=1100).contains(&track.duration_ms), "{track:?}");
            assert!(track.sample_rate_hz >= 44_100 && track.bitrate_kbps > 0 && track.playable, "{track:?}");
            assert!(track.picture.is_some(), "{track:?}");
        }
        let codecs: Vec<_> = discs[0].tracks.iter().map(|track| track.codec.as_str()).collect();
        assert_eq!(codecs, ["flac", "mp3", "vorbis", "opus", "aac", "pcm"]);
        house.ctx.shut_down().await;
    }

    async fn films_and_sound_that_only_ffprobe_reads_are_taken_in(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        for ending in ["mp4", "mkv", "avi"] {
            put(&music.path().join(format!("films/one.{ending}")), &film(ending));
        }
        put(&music.path().join("odd/old song.wma"), &sound("wma", 1));
        put(&music.path().join("odd/boxed.mka"), &sound("mka", 2));
        let house = House::with(world, music).await;
        let library = house.wait_until_settled().await;
        assert_eq!((library.files, library.tracks, library.videos), (5, 2, 3), "{:?}", house.codes().await);
        assert_eq!(house.titles().await, ["boxed", "old song"]);
        let videos = house.videos().await;
        assert!(videos.iter().all(|video| (video.width, video.height) == (64, 48)), "{videos:#?}");
        assert!(videos.iter().all(|video| (900..=1300).contains(&video.duration_ms)), "{videos:#?}");
        assert_eq!(videos.iter().filter(|video| video.title == "A film").count(), 3, "{videos:#?}");
        house.ctx.shut_down().await;
    }

    async fn a_second_scan_of_an_unchanged_library_reads_nothing(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        for number in 1..=3 {
            write(&music.path().join(format!("a/{number}.mp3")), number, &song("Same", "A", number));
        }
        let house = House::with(world, music).await;
        let before = house.tracks().await;
        let library = house.scan_well().await;
        assert_eq!(library.progress, None);
        assert_eq!(house.changed().await, 0, "nothing was read");
        assert_eq!(house.tracks().await, before);
        write(&house.path("a/4.mp3"), 4, &song("New", "A", 4));
        house.scan_well().await;
        assert_eq!(house.changed().await, 1, "only the new one was read");
        assert_eq!(house.tracks().await.len(), 4);
        house.ctx.shut_down().await;
    }

    async fn several_names_in_one_tag_are_several_artists(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let mut one = song("Together", "Duets", 1);
        one.artist = "";
        one.more = vec![(ItemKey::TrackArtist, "Ann; Bob".to_owned())];
        write(&music.path().join("1.mp3"), 1, &one);
        let mut two = song("Apart", "Duets", 2);
        two.artist = "AC/DC";
        write(&music.path().join("2.flac"), 2, &two);
        let house = House::with(world, music).await;
        let names = |track: catalog::model::Track| -> Vec<String> {
            track.artists.into_iter().map(|artist| artist.name).collect()
        };
        assert_eq!(names(house.track("Together").await), ["Ann", "Bob"]);
        assert_eq!(names(house.track("Apart").await), ["AC/DC"]);
        house.ctx.shut_down().await;
    }

    async fn hidden_names_systems_folders_and_other_files_are_passed_over(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        for path in [".hidden/1.mp3", "@eaDir/2.mp3", "lost+found/3.mp3", "$RECYCLE.BIN/4.mp3", "._5.mp3"] {
            write(&music.path().join(path), 1, &song("Not meant", "X", 1));
        }
        put(&music.path().join("notes.txt"), b"words");
        put(&music.path().join("playlist.m3u"), b"#EXTM3U\n");
        write(&music.path().join("1.mp3"), 1, &song("Meant", "X", 1));
        let house = House::with(world, music).await;
        assert_eq!(house.titles().await, ["Meant"]);
        assert_eq!(house.codes().await, []);
        house.ctx.shut_down().await;
    }
}
