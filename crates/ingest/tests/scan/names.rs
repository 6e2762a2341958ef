//! Names are bytes: none of them breaks a scan or is lost.

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use kernel::{on_both_engines, testkit::World};

use crate::{
    house::House,
    making::{put, song, sound, write},
};

fn named(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

on_both_engines! {
    async fn no_name_breaks_a_scan_or_is_lost(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let longest = [&vec![b'n'; 251][..], b".mp3"].concat();
        let names: Vec<Vec<u8>> = vec![
            b"two\nlines.mp3".to_vec(),
            b"caf\xe9 \xff.mp3".to_vec(),
            longest.clone(),
            "\u{202e}3pm.mp3".as_bytes().to_vec(),
            b"back\\slash \"quoted\" 'x'; DROP TABLE.mp3".to_vec(),
            b"%s$1?&#.mp3".to_vec(),
        ];
        for (tone, name) in (1u32..).zip(&names) {
            put(&music.path().join(named(name)), &sound("mp3", tone));
        }
        let folder = music.path().join(named(b"fold\xff\ner"));
        write(&folder.join("in it.mp3"), 9, &song("In it", "A", 1));
        put(&folder.join(named(b"bad\x01\xfe.mp3")), b"no sound at all");
        let house = House::with(world, music).await;
        assert_eq!(house.tracks().await.len(), names.len() + 1, "{:?}", house.titles().await);
        assert_eq!(house.codes().await, [("fold\\xff\\x0aer/bad\\x01\\xfe.mp3".to_owned(), "not_media".to_owned())]);
        let before = house.tracks().await;
        house.scan_well().await;
        assert_eq!(house.tracks().await, before);
        // Each leads back to its file.
        let listener = crate::house::viewer(kernel::http::Role::Listener);
        for track in before {
            let media = catalog::media::for_track(&house.ctx, &listener, track.id).await.expect("a read");
            let path = media.expect("a media").file.place.path().expect("a file");
            assert!(path.is_file(), "{}", path.display());
        }
        // And is known again after a move.
        fs::rename(house.path(named(&longest)), house.path(named(b"\xf0\x28.mp3"))).expect("it moves");
        let ids = |tracks: Vec<catalog::model::Track>| -> std::collections::BTreeSet<_> {
            tracks.into_iter().map(|track| track.id).collect()
        };
        let before = ids(house.tracks().await);
        house.scan_well().await;
        assert_eq!(ids(house.tracks().await), before);
        house.ctx.shut_down().await;
    }

    async fn a_path_longer_than_can_be_kept_is_reported(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let mut deep = music.path().to_owned();
        for _ in 0..7 {
            deep.push("d".repeat(255));
        }
        write(&deep.join("deep.mp3"), 1, &song("Deep", "A", 1));
        let too_deep = deep.join("e".repeat(255));
        write(&too_deep.join("lost.mp3"), 2, &song("Too deep", "A", 2));
        let house = House::with(world, music).await;
        assert_eq!(house.titles().await, ["Deep"]);
        let codes = house.codes().await;
        assert_eq!(codes.len(), 1);
        assert_eq!(codes[0].1, "path_too_long");
        fs::rename(too_deep, house.path("up")).expect("it moves");
        house.scan_well().await;
        assert_eq!(house.tracks().await.len(), 2);
        assert_eq!(house.codes().await, []);
        house.ctx.shut_down().await;
    }

    async fn a_library_may_have_a_name_that_is_no_text(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let root = music.path().join(named(b"m\xfcsik"));
        write(&root.join("1.mp3"), 1, &song("Song", "A", 1));
        let house = House::open(world).await;
        let data = house.world.folder.path();
        let added = ingest::library::add_library(&house.ctx, data, &root, None).await.expect("it is added");
        assert_eq!(added.name, "m\\xfcsik");
        assert_eq!(ingest::library::path::read(&added.path), root.canonicalize().expect("a path"));
        crate::house::wait_until_settled(&house.ctx, &added).await;
        assert_eq!(house.titles().await, ["Song"]);
        assert!(Path::new(&root).exists());
        house.ctx.shut_down().await;
    }
}
