//! What makes an artist, an album and a track the same one.

use kernel::{on_both_engines, testkit::World};

use super::*;
use crate::import::MusicBrainz;

const RELEASE_ONE: &str = "11111111-1111-4111-8111-111111111111";
const RELEASE_TWO: &str = "22222222-2222-4222-8222-222222222222";
const ARTIST_ONE: &str = "aaaaaaaa-1111-4111-8111-111111111111";
const ARTIST_TWO: &str = "bbbbbbbb-2222-4222-8222-222222222222";

fn of_release(mut tags: TrackTags, release: &str) -> TrackTags {
    tags.musicbrainz.release = Some(release.to_owned());
    tags
}

fn by_artist(mut tags: TrackTags, artist: &str) -> TrackTags {
    tags.musicbrainz = MusicBrainz {
        artists: strings(&[artist]),
        album_artists: strings(&[artist]),
        ..MusicBrainz::default()
    };
    tags
}

fn without_album_artist(mut tags: TrackTags) -> TrackTags {
    tags.album_artists = Vec::new();
    tags
}

on_both_engines! {
    async fn two_tracks_of_one_album_from_different_batches_meet(world: World) {
        let first = take_in_one(&world.ctx, song("/m/x/1.flac", tags("One", "Air", "Moon"))).await;
        let second = take_in_one(&world.ctx, song("/m/x/2.flac", tags("Two", "AIR", "moon "))).await;
        assert_eq!(first.album, second.album);
        assert_ne!(first.track, second.track);
        let artists = get(&world.ctx, "/api/v1/artists").await;
        assert_eq!(each(&artists, "name"), ["Air"]);
        assert_eq!(artists["items"][0]["track_count"], 2);
        assert_eq!(artists["items"][0]["album_count"], 1);
        let albums = get(&world.ctx, "/api/v1/albums").await;
        assert_eq!(albums["items"][0]["track_count"], 2);
        assert_eq!(albums["items"][0]["duration_ms"], 120_000);
    }

    async fn editions_are_told_apart_by_release_and_by_year(world: World) {
        let made = take_in(&world.ctx, vec![
            song("/m/1.flac", of_release(tags("A", "Air", "Moon"), RELEASE_ONE)),
            song("/m/2.flac", of_release(tags("B", "Air", "Moon"), RELEASE_TWO)),
            song("/m/3.flac", of_release(tags("C", "Air", "Moon (remaster)"), RELEASE_ONE)),
            song("/m/4.flac", tags("D", "Air", "Moon")),
            song("/m/5.flac", TrackTags { date: Some("2009-05".to_owned()), ..tags("E", "Air", "Moon") }),
        ]).await;
        let albums: std::collections::HashSet<_> = made.iter().map(|one| one.album).collect();
        assert_eq!(made[0].album, made[2].album);
        assert_eq!(albums.len(), 4);
    }

    async fn a_retagged_track_moves_and_leaves_nothing_empty_behind(world: World) {
        let ctx = &world.ctx;
        let first = take_in_one(ctx, song("/m/x/1.flac", tags("One", "Ari", "Mon"))).await;
        let retagged = Song { existing: Some(first.track), ..song("/m/x/1.flac", tags("Eins", "Air", "Moon")) };
        let moved = take_in_one(ctx, retagged).await;
        assert_eq!((moved.track, moved.media), (first.track, first.media));
        assert_ne!(moved.album, first.album);
        assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name"), ["Air"]);
        assert_eq!(each(&get(ctx, "/api/v1/albums").await, "title"), ["Moon"]);
        assert_eq!(each(&get(ctx, "/api/v1/tracks").await, "title"), ["Eins"]);
        let gone = format!("/api/v1/albums/{}", first.album.expect("an album"));
        assert_eq!(status_of(ctx, &gone).await, StatusCode::NOT_FOUND);
    }

    async fn what_others_still_use_stays_when_a_track_moves(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![
            song("/m/x/1.flac", tags("One", "Air", "Moon")),
            song("/m/x/2.flac", tags("Two", "Air", "Moon")),
        ]).await;
        let retagged = Song { existing: Some(made[0].track), ..song("/m/x/1.flac", tags("One", "Air", "Sun")) };
        take_in_one(ctx, retagged).await;
        assert_eq!(each(&get(ctx, "/api/v1/albums").await, "title"), ["Moon", "Sun"]);
        assert_eq!(get(ctx, "/api/v1/artists").await["items"][0]["album_count"], 2);
    }

    async fn a_moved_file_keeps_its_track_and_what_was_encoded(world: World) {
        let ctx = &world.ctx;
        let first = take_in_one(ctx, song("/m/x/1.flac", tags("One", "Air", "Moon"))).await;
        let before = crate::media::for_track(ctx, &listener(), first.track).await.expect("read");
        let moved = Song { existing: Some(first.track), ..song("/other/1.flac", tags("One", "Air", "Moon")) };
        assert_eq!(take_in_one(ctx, moved).await, first);
        let media = crate::media::for_track(ctx, &listener(), first.track).await.expect("read").expect("shown");
        assert_eq!(media.file.place, Source::File { path: "/other/1.flac".to_owned() });
        assert_eq!(media.generation, before.expect("shown").generation);

        let mut changed = song("/other/1.flac", tags("One", "Air", "Moon"));
        (changed.existing, changed.file.stamp) = (Some(first.track), 2);
        take_in_one(ctx, changed).await;
        let media = crate::media::for_track(ctx, &listener(), first.track).await.expect("read").expect("shown");
        assert_eq!(media.generation, 2, "other bytes begin another generation");
    }

    async fn a_folder_that_moves_takes_its_guessed_album_along(world: World) {
        let ctx = &world.ctx;
        let lone = |title| without_album_artist(tags(title, "Air", "Moon"));
        let made = take_in(ctx, vec![song("/m/x/1.flac", lone("A")), song("/m/x/2.flac", lone("B"))]).await;
        for (at, one) in made.iter().enumerate() {
            let path = format!("/m/renamed/{}.flac", at + 1);
            let moved = Song { existing: Some(one.track), ..song(&path, lone(["A", "B"][at])) };
            assert_eq!(take_in_one(ctx, moved).await.album, made[0].album);
        }
        // Another album of that title in another folder is another.
        let other = take_in_one(ctx, song("/m/else/1.flac", lone("C"))).await;
        assert_ne!(other.album, made[0].album);
    }

    async fn a_compilation_is_one_album_whatever_its_years_and_artists(world: World) {
        let ctx = &world.ctx;
        let on_it = |title: &str, artist: &str, year: &str| TrackTags {
            compilation: true,
            date: Some(year.to_owned()),
            ..without_album_artist(tags(title, artist, "Hits"))
        };
        let made = take_in(ctx, vec![
            song("/m/hits/1.flac", on_it("A", "Air", "1998")),
            song("/m/hits/2.flac", on_it("B", "Moby", "1999")),
        ]).await;
        assert_eq!(made[0].album, made[1].album);
        let albums = get(ctx, "/api/v1/albums").await;
        assert_eq!(each(&albums["items"][0]["artists"], "name"), ["Various Artists"]);
        let artists = get(ctx, "/api/v1/artists").await;
        assert_eq!(each(&artists, "name"), ["Air", "Moby", "Various Artists"]);
        let air = artists["items"][0]["id"].as_str().expect("an id");
        let air = get(ctx, &format!("/api/v1/artists/{air}")).await;
        assert_eq!(each(&air["albums"], "title"), ["Hits"], "an album with a track of theirs is shown");
        assert_eq!(air["album_count"], 1);
    }

    async fn an_album_whose_tracks_differ_becomes_one_of_various_artists(world: World) {
        let ctx = &world.ctx;
        let lone = |title, artist| without_album_artist(tags(title, artist, "Mix"));
        let first = take_in_one(ctx, song("/m/mix/1.flac", lone("A", "Air"))).await;
        let album = format!("/api/v1/albums/{}", first.album.expect("an album"));
        assert_eq!(each(&get(ctx, &album).await["artists"], "name"), ["Air"]);
        take_in_one(ctx, song("/m/mix/2.flac", lone("B", "Moby"))).await;
        take_in_one(ctx, song("/m/mix/3.flac", lone("C", "Air"))).await;
        let shown = get(ctx, &album).await;
        assert_eq!(each(&shown["artists"], "name"), ["Various Artists"]);
        assert_eq!(shown["track_count"], 3);
    }

    async fn an_artist_known_by_name_takes_the_first_identifier_and_keeps_it(world: World) {
        let ctx = &world.ctx;
        take_in(ctx, vec![
            song("/m/1.flac", tags("A", "Nirvana", "Bleach")),
            song("/m/2.flac", by_artist(tags("B", "Nirvana", "Nevermind"), ARTIST_ONE)),
            song("/m/3.flac", by_artist(tags("C", "Nirvana", "All of Us"), ARTIST_TWO)),
            song("/m/4.flac", by_artist(tags("D", "NIRVANA (US)", "In Utero"), ARTIST_ONE)),
            song("/m/5.flac", tags("E", "nirvana", "Incesticide")),
        ]).await;
        let artists = get(ctx, "/api/v1/artists").await;
        assert_eq!(each(&artists, "name"), ["Nirvana", "Nirvana"]);
        assert_eq!(artists["items"][0]["track_count"], 4);
        assert_eq!(artists["items"][1]["track_count"], 1);
    }

    async fn discs_keep_their_order_numbers_and_titles(world: World) {
        let ctx = &world.ctx;
        let on = |disc, number, title: &str, name: Option<&str>| {
            let tags = TrackTags {
                disc: Some(disc),
                number,
                disc_title: name.map(str::to_owned),
                ..tags(title, "Air", "Box")
            };
            song(&format!("/m/box/{disc}-{title}.flac"), tags)
        };
        let made = take_in(ctx, vec![
            on(2, Some(1), "c", Some("Live")),
            on(1, Some(2), "b", None),
            on(1, Some(1), "a", None),
            on(2, None, "intro", None),
        ]).await;
        let album = get(ctx, &format!("/api/v1/albums/{}", made[0].album.expect("an album"))).await;
        assert_eq!(album["discs"][0]["title"], Value::Null);
        assert_eq!(each(&album["discs"][0]["tracks"], "title"), ["a", "b"]);
        assert_eq!(album["discs"][1]["title"], "Live");
        assert_eq!(each(&album["discs"][1]["tracks"], "title"), ["intro", "c"]);
        assert_eq!(album["discs"][0]["tracks"][0]["album"]["title"], "Box");
        assert_eq!(album["year"], 1999);
    }

    async fn a_sort_name_from_a_tag_puts_artist_and_albums_in_their_place(world: World) {
        let ctx = &world.ctx;
        let sorted = TrackTags {
            artists_sort: strings(&["Aaa"]),
            album_artists_sort: strings(&["Aaa"]),
            ..tags("x", "Zulu", "One")
        };
        take_in(ctx, vec![
            song("/m/1.flac", tags("x", "Zulu", "Two")),
            song("/m/2.flac", tags("x", "Moby", "Play")),
        ]).await;
        assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name"), ["Moby", "Zulu"]);
        take_in_one(ctx, song("/m/3.flac", sorted)).await;
        assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name"), ["Zulu", "Moby"]);
        assert_eq!(each(&get(ctx, "/api/v1/albums?sort=artist").await, "title"), ["Two", "One", "Play"]);
    }

    async fn a_transaction_that_failed_leaves_nothing_and_may_run_again(world: World) {
        let ctx = &world.ctx;
        let source = file("/m/1.flac");
        let wanted = tags("One", "Air", "Moon");
        let (ids, now) = (ctx.ids().clone(), ctx.now());
        let failed = ctx.db().write(move |tx| {
            let new = TrackImport {
                existing: None, library: None, source: &source, tags: &wanted, picture: None, folder: None,
            };
            import::upsert_track(tx, &mut Batch::new(&ids, now), &new)?;
            Err::<(), _>(Fault::new("the caller changed its mind"))
        }).await;
        assert!(failed.is_err());
        assert_eq!(get(ctx, "/api/v1/home").await["counts"]["artists"], 0);
        take_in_one(ctx, song("/m/1.flac", tags("One", "Air", "Moon"))).await;
        assert_eq!(get(ctx, "/api/v1/home").await["counts"]["albums"], 1);
    }

    async fn two_writers_at_once_make_each_artist_and_album_once(world: World) {
        let ctx = &world.ctx;
        let writers = (0..4).map(|writer| {
            let ctx = ctx.clone();
            tokio::spawn(async move {
                for at in 0..10 {
                    let tags = tags(&format!("{writer}-{at}"), "Air", &format!("Album {at}"));
                    take_in_one(&ctx, song(&format!("/m/{writer}-{at}.flac"), tags)).await;
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.expect("no writer fails");
        }
        let counts = &get(ctx, "/api/v1/home").await["counts"];
        assert_eq!((&counts["artists"], &counts["albums"], &counts["tracks"]), (&1.into(), &10.into(), &40.into()));
    }
}
