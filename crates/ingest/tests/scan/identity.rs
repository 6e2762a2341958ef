//! A track is the same track after its file was tagged anew, renamed, moved, encoded anew, or away for a while.

use std::fs;

use kernel::{
    on_both_engines,
    testkit::{World, eventually},
};
use lofty::tag::ItemKey;

use crate::{
    house::House,
    making::{FORMATS, Song, age, png, put, song, sound, tag, write},
};

/// A library with one song of each usual format, `<ending>/song.<ending>`, titled by its ending.
async fn of_every_format(world: World) -> House {
    let music = tempfile::tempdir().expect("a folder");
    for (tone, ending) in (1u32..).zip(FORMATS) {
        write(&music.path().join(format!("{ending}/song.{ending}")), tone, &song(ending, ending, 1));
    }
    House::with(world, music).await
}

on_both_engines! {
    async fn a_file_that_is_tagged_anew_in_its_place_keeps_its_track(world: World) {
        let house = of_every_format(world).await;
        let before = house.tracks().await;
        for ending in FORMATS {
            let title = format!("{ending} anew");
            tag(&house.path(format!("{ending}/song.{ending}")), &song(&title, "Another album", 3));
        }
        house.scan_well().await;
        for track in before {
            let after = house.track(&format!("{} anew", track.title)).await;
            assert_eq!(after.id, track.id, "{after:?}");
            assert_eq!(after.album.map(|album| album.title).as_deref(), Some("Another album"));
        }
        // No tag names the album's artist, so each folder has its own; the old ones are empty and gone.
        let albums: Vec<_> = house.albums().await.into_iter().map(|album| album.title).collect();
        assert_eq!(albums, vec!["Another album"; FORMATS.len()]);
        house.ctx.shut_down().await;
    }

    async fn a_file_that_is_renamed_or_moved_keeps_its_track(world: World) {
        let house = of_every_format(world).await;
        let before = house.tracks().await;
        fs::create_dir(house.path("aa first")).expect("a folder");
        for ending in FORMATS {
            // Into a folder that the walk meets before the old one, and for some after it.
            let place = if ending < "n" { "aa first" } else { "zz last" };
            fs::create_dir_all(house.path(place)).expect("a folder");
            let to = house.path(format!("{place}/renamed {ending}.{ending}"));
            fs::rename(house.path(format!("{ending}/song.{ending}")), to).expect("it moves");
        }
        house.scan_well().await;
        assert_eq!(house.tracks().await, before, "only the places are others");
        // A copy to another drive has another inode but the same time.
        let (from, to) = (house.path("aa first/renamed flac.flac"), house.path("other.flac"));
        let time = fs::metadata(&from).and_then(|meta| meta.modified()).expect("a time");
        fs::copy(&from, &to).expect("it copies");
        crate::making::set_time(&to, time);
        fs::remove_file(&from).expect("it goes");
        house.scan_well().await;
        assert_eq!(house.tracks().await, before);
        house.ctx.shut_down().await;
    }

    async fn a_file_that_is_moved_and_tagged_anew_keeps_its_track(world: World) {
        let house = of_every_format(world).await;
        let before = house.tracks().await;
        for ending in FORMATS {
            let to = house.path(format!("moved {ending}.{ending}"));
            // Written anew elsewhere: another inode, time, size and name.
            fs::copy(house.path(format!("{ending}/song.{ending}")), &to).expect("it copies");
            fs::remove_dir_all(house.path(ending)).expect("it goes");
            let title = format!("{ending} moved");
            let picture = Some(png(0x10, 200));
            tag(&to, &Song { picture, ..song(&title, "Moved", 1) });
        }
        house.scan_well().await;
        for track in before {
            let after = house.track(&format!("{} moved", track.title)).await;
            assert_eq!(after.id, track.id, "{after:?}");
        }
        assert_eq!(house.tracks().await.len(), FORMATS.len());
        house.ctx.shut_down().await;
    }

    async fn a_whole_library_that_moves_into_another_keeps_every_track(world: World) {
        let house = of_every_format(world).await;
        let before = house.tracks().await;
        let other = tempfile::tempdir().expect("a folder");
        for ending in FORMATS {
            fs::rename(house.path(ending), other.path().join(ending)).expect("it moves");
        }
        fs::write(house.path("left behind"), "so that the folder is not empty").expect("it is written");
        let added = ingest::library::add_library(&house.ctx, house.world.folder.path(), other.path(), None).await;
        let second = crate::house::wait_until_settled(&house.ctx, &added.expect("it is added")).await;
        assert_eq!(second.tracks, 6, "{second:?}");
        // An album lies in one library, so theirs are others now; what people did with those follows.
        let ids = |tracks: Vec<catalog::model::Track>| tracks.into_iter().map(|track| track.id).collect::<Vec<_>>();
        let before = ids(before);
        assert_eq!(ids(house.tracks().await), before);
        let first = house.scan_well().await;
        assert_eq!((first.tracks, first.files), (0, 0));
        assert_eq!(ids(house.tracks().await), before, "the library that lost them hides none");
        house.ctx.shut_down().await;
    }

    async fn a_file_that_was_away_comes_back_with_its_history(world: World) {
        let house = of_every_format(world).await;
        let before = house.tracks().await;
        let elsewhere = tempfile::tempdir().expect("a folder");
        for ending in FORMATS {
            fs::rename(house.path(ending), elsewhere.path().join(ending)).expect("it moves");
        }
        fs::write(house.path("left behind"), "x").expect("it is written");
        house.scan_well().await;
        assert_eq!(house.tracks().await, [], "what is not there is not shown");
        assert_eq!(house.albums().await, []);
        for (number, ending) in FORMATS.iter().enumerate() {
            // Some to where they were, the others elsewhere.
            let to = if number % 2 == 0 { house.path(ending) } else { house.path(format!("new {ending}")) };
            fs::rename(elsewhere.path().join(ending), to).expect("it moves");
        }
        house.scan_well().await;
        assert_eq!(house.tracks().await, before);
        house.ctx.shut_down().await;
    }

    async fn a_piece_that_is_encoded_anew_elsewhere_keeps_its_track(world: World) {
        let house = House::open(world).await;
        let ids = vec![
            (ItemKey::MusicBrainzRecordingId, "f59c5520-5f46-4d2c-b2c4-822eabf53419".to_owned()),
            (ItemKey::MusicBrainzReleaseId, "89ad4ac3-39f7-470e-963a-56509c546377".to_owned()),
        ];
        write(&house.path("a/known.mp3"), 1, &Song { more: ids.clone(), ..song("Known", "Album", 1) });
        write(&house.path("a/tagged.mp3"), 2, &song("Tagged", "Album", 2));
        house.scan_well().await;
        let before = house.tracks().await;
        fs::remove_dir_all(house.path("a")).expect("it goes");
        write(&house.path("b/1.flac"), 1, &Song { more: ids, ..song("Known by its number", "Album", 1) });
        write(&house.path("b/2.flac"), 2, &song("Tagged", "Album", 2));
        house.scan_well().await;
        assert_eq!(house.track("Known by its number").await.id, before[0].id);
        assert_eq!(house.track("Tagged").await.id, before[1].id);
        assert_eq!(house.tracks().await.len(), 2);
        house.ctx.shut_down().await;
    }

    async fn copies_are_tracks_of_their_own(world: World) {
        let house = House::open(world).await;
        write(&house.path("one.flac"), 1, &song("Twin", "Album", 1));
        house.scan_well().await;
        let first = house.track("Twin").await;
        let time = fs::metadata(house.path("one.flac")).and_then(|meta| meta.modified()).expect("a time");
        fs::copy(house.path("one.flac"), house.path("two.flac")).expect("it copies");
        crate::making::set_time(&house.path("two.flac"), time);
        fs::hard_link(house.path("one.flac"), house.path("three.flac")).expect("it links");
        house.scan_well().await;
        let tracks = house.tracks().await;
        assert_eq!(tracks.len(), 3);
        assert_eq!(tracks.iter().filter(|track| track.id == first.id).count(), 1);
        // When the first goes, the copies stay what they are.
        let copies: Vec<_> = tracks.iter().map(|track| track.id).filter(|id| *id != first.id).collect();
        fs::remove_file(house.path("one.flac")).expect("it goes");
        house.scan_well().await;
        let mut left: Vec<_> = house.tracks().await.iter().map(|track| track.id).collect();
        left.sort();
        let mut copies = copies;
        copies.sort();
        assert_eq!(left, copies);
        house.ctx.shut_down().await;
    }

    async fn two_files_that_swap_names_swap_tracks(world: World) {
        let house = House::open(world).await;
        write(&house.path("a.mp3"), 1, &song("First", "Album", 1));
        write(&house.path("b.mp3"), 2, &song("Second", "Album", 2));
        house.scan_well().await;
        let before = house.tracks().await;
        fs::rename(house.path("a.mp3"), house.path("c.mp3")).expect("it moves");
        fs::rename(house.path("b.mp3"), house.path("a.mp3")).expect("it moves");
        fs::rename(house.path("c.mp3"), house.path("b.mp3")).expect("it moves");
        house.scan_well().await;
        assert_eq!(house.tracks().await, before);
        house.ctx.shut_down().await;
    }

    async fn another_piece_in_the_same_place_is_another_track(world: World) {
        let house = House::open(world).await;
        write(&house.path("track01.mp3"), 1, &song("Old", "Mixtape", 1));
        house.scan_well().await;
        let old = house.track("Old").await;
        write(&house.path("track01.mp3"), 2, &song("New", "Other tape", 1));
        house.scan_well().await;
        assert_ne!(house.track("New").await.id, old.id);
        assert_eq!(house.titles().await, ["New"]);
        // The better encoding of the same piece is the same track.
        let new = house.track("New").await;
        put(&house.path("track01.mp3"), &sound("mp3", 3));
        tag(&house.path("track01.mp3"), &song("New", "Other tape", 1));
        house.scan_well().await;
        assert_eq!(house.track("New").await.id, new.id);
        house.ctx.shut_down().await;
    }

    async fn what_was_encoded_of_a_file_outlives_a_move_and_not_new_bytes(world: World) {
        let house = House::open(world).await;
        write(&house.path("a.flac"), 1, &song("Song", "Album", 1));
        house.scan_well().await;
        let track = house.track("Song").await;
        let listener = crate::house::viewer(kernel::http::Role::Listener);
        let media = || async {
            catalog::media::for_track(&house.ctx, &listener, track.id).await.expect("a read").expect("a media")
        };
        let first = media().await;
        fs::rename(house.path("a.flac"), house.path("b.flac")).expect("it moves");
        house.scan_well().await;
        let moved = media().await;
        assert_eq!(moved.file.place.path(), Some(house.path("b.flac").canonicalize().expect("a path")));
        assert_eq!((moved.id, moved.generation), (first.id, first.generation));
        tag(&house.path("b.flac"), &song("Song", "Album", 7));
        house.scan_well().await;
        let tagged = media().await;
        assert_eq!(tagged.id, first.id);
        assert_ne!(tagged.generation, first.generation, "the bytes are others now");
        house.ctx.shut_down().await;
    }

    async fn a_removed_library_hides_its_tracks_and_brings_them_back(world: World) {
        let house = of_every_format(world).await;
        let before = house.tracks().await;
        ingest::library::remove_library(&house.ctx, house.library.id).await.expect("it is removed");
        eventually("everything is hidden", || async { house.tracks().await.is_empty() }).await;
        assert!(ingest::library::libraries(&house.ctx).await.expect("a list").is_empty());
        let data = house.world.folder.path();
        let again = ingest::library::add_library(&house.ctx, data, house.music.path(), None).await.expect("added");
        assert_eq!(again.id, house.library.id, "the same folder is the same library");
        house.wait_until_settled().await;
        assert_eq!(house.tracks().await, before);
        age(&house.path("flac/song.flac"));
        house.ctx.shut_down().await;
    }
}
