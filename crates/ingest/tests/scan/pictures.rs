//! Which picture stands for a song, and how often it is kept.

use std::fs;

use kernel::{blob::BlobKey, on_both_engines, testkit::World};

use crate::{
    house::House,
    making::{Song, png, put, song, write},
};

/// The width of the picture that a track is shown with.
async fn width(house: &House, title: &str) -> Option<u32> {
    house.track(title).await.picture.map(|picture| picture.width)
}

on_both_engines! {
    async fn the_picture_in_the_tags_comes_before_the_one_in_the_folder(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let own = Song { picture: Some(png(1, 50)), ..song("Own", "A", 1) };
        write(&music.path().join("a/1.mp3"), 1, &own);
        write(&music.path().join("a/2.mp3"), 2, &song("None", "A", 2));
        put(&music.path().join("a/front.png"), &png(2, 60));
        put(&music.path().join("a/Folder.PNG"), &png(3, 70));
        put(&music.path().join("a/booklet.png"), &png(4, 80));
        write(&music.path().join("b/CD 1/1.mp3"), 3, &song("On a disc", "B", 1));
        write(&music.path().join("b/Live/1.mp3"), 4, &song("Not on a disc", "C", 1));
        put(&music.path().join("b/cover.png"), &png(5, 90));
        let house = House::with(world, music).await;
        assert_eq!(width(&house, "Own").await, Some(50));
        assert_eq!(width(&house, "None").await, Some(70), "folder comes before front");
        assert_eq!(width(&house, "On a disc").await, Some(90), "a disc has its album's");
        assert_eq!(width(&house, "Not on a disc").await, None);
        house.ctx.shut_down().await;
    }

    async fn a_picture_that_is_put_into_a_folder_later_is_found(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        write(&music.path().join("a/1.mp3"), 1, &song("Song", "A", 1));
        let house = House::with(world, music).await;
        assert_eq!(width(&house, "Song").await, None);
        put(&house.path("a/folder.png"), &png(2, 60));
        house.scan_well().await;
        assert_eq!(width(&house, "Song").await, Some(60));
        put(&house.path("a/cover.png"), &png(3, 70));
        house.scan_well().await;
        assert_eq!(width(&house, "Song").await, Some(70));
        fs::remove_file(house.path("a/cover.png")).expect("it goes");
        house.scan_well().await;
        assert_eq!(width(&house, "Song").await, Some(60));
        house.ctx.shut_down().await;
    }

    async fn the_same_picture_is_kept_once(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let cover = png(7, 40);
        for number in 1..=8 {
            let song = Song { picture: Some(cover.clone()), ..song("Song", "A", number) };
            write(&music.path().join(format!("{}/{number}.flac", number % 2)), number, &song);
        }
        put(&music.path().join("0/cover.png"), &cover);
        let house = House::with(world, music).await;
        let ids: std::collections::BTreeSet<_> =
            house.tracks().await.into_iter().map(|track| track.picture.expect("a picture").id).collect();
        assert_eq!(ids.len(), 1);
        let folder = BlobKey::new("pictures").expect("a key");
        let blobs = house.ctx.blobs().list(&folder).await.expect("a list");
        assert_eq!(blobs.len(), 1, "{blobs:?}");
        assert_eq!(blobs[0].bytes, cover.len() as u64);
        house.ctx.shut_down().await;
    }

    async fn a_broken_picture_is_reported_and_the_song_is_there(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let bad = Song { picture: Some(b"\x89PNG\r\n\x1a\n and then nothing".to_vec()), ..song("Song", "A", 1) };
        write(&music.path().join("a/1.flac"), 1, &bad);
        let house = House::with(world, music).await;
        assert_eq!(width(&house, "Song").await, None);
        assert_eq!(house.codes().await, [("a/1.flac".to_owned(), "bad_picture".to_owned())]);
        house.ctx.shut_down().await;
    }
}
