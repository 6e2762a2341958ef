//! Genres and moods: what has them, how much, and lists of it from any place.

use kernel::{PageQuery, on_both_engines, testkit::World};

use super::*;
use crate::{GenreId, model::GenreKind, service};

fn of(title: &str, album: &str, genres: &[&str], moods: &[&str]) -> TrackTags {
    TrackTags { genres: strings(genres), moods: strings(moods), ..tags(title, "Air", album) }
}

/// Names with their counts of albums and tracks.
async fn counted(ctx: &Ctx, kind: &str) -> Vec<(String, u64, u64)> {
    let genres = get(ctx, &format!("/api/v1/genres?kind={kind}")).await;
    let genres = genres["items"].as_array().expect("a list").iter().map(|one| {
        let count = |field: &str| one[field].as_u64().expect("a count");
        (one["name"].as_str().expect("a name").to_owned(), count("album_count"), count("track_count"))
    });
    genres.collect()
}

fn counts(all: &[(&str, u64, u64)]) -> Vec<(String, u64, u64)> {
    all.iter().map(|(name, albums, tracks)| ((*name).to_owned(), *albums, *tracks)).collect()
}

async fn id(ctx: &Ctx, name: &str) -> GenreId {
    service::genre_named(ctx, &listener(), GenreKind::Genre, name)
        .await
        .expect("read")
        .expect("it is there")
        .id
}

on_both_engines! {
    async fn several_genres_and_moods_are_each_a_list_of_their_own(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![
            song("/m/1/1.flac", of("A", "Moon", &["Rock", "Jazz"], &["Calm"])),
            song("/m/1/2.flac", of("B", "Moon", &["rock"], &[])),
            song("/m/2/1.flac", of("C", "Sun", &["Jazz"], &["Rock"])),
        ]).await;
        assert_eq!(counted(ctx, "genre").await, counts(&[("Jazz", 2, 2), ("Rock", 1, 2)]));
        assert_eq!(counted(ctx, "mood").await, counts(&[("Calm", 1, 1), ("Rock", 1, 1)]));
        let track = get(ctx, &format!("/api/v1/tracks/{}", made[0].track)).await;
        assert_eq!((each(&track["genres"], "name"), each(&track["moods"], "name")), (vec!["Rock", "Jazz"], vec!["Calm"]));
        let album = get(ctx, &format!("/api/v1/albums/{}", made[0].album.expect("an album"))).await;
        assert_eq!((each(&album["genres"], "name"), each(&album["moods"], "name")), (vec!["Jazz", "Rock"], vec!["Calm"]));
        let jazz = id(ctx, "JAZZ").await;
        assert_eq!(each(&get(ctx, &format!("/api/v1/genres/{jazz}/albums")).await, "title"), ["Moon", "Sun"]);
        assert_eq!(each(&get(ctx, &format!("/api/v1/genres/{jazz}/tracks")).await, "title"), ["A", "C"]);
        assert_eq!(get(ctx, &format!("/api/v1/genres/{jazz}")).await["kind"], "genre");
        assert_eq!(service::every_genre(ctx, &listener(), GenreKind::Mood).await.expect("read").len(), 2);
    }

    async fn tagging_anew_and_hiding_leave_no_empty_genre(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![
            song("/m/1/1.flac", of("A", "Moon", &["Rock", "Jazz"], &[])),
            song("/m/1/2.flac", of("B", "Moon", &["Rock"], &[])),
        ]).await;
        let jazz = id(ctx, "Jazz").await;
        let anew = song("/m/1/1.flac", of("A", "Moon", &["Folk", "Rock"], &[]));
        take_in_one(ctx, Song { existing: Some(made[0].track), ..anew }).await;
        assert_eq!(counted(ctx, "genre").await, counts(&[("Folk", 1, 1), ("Rock", 1, 2)]));
        for path in ["", "/albums", "/tracks"] {
            assert_eq!(status_of(ctx, &format!("/api/v1/genres/{jazz}{path}")).await, StatusCode::NOT_FOUND);
        }
        hide(ctx, made[0].track).await;
        assert_eq!(counted(ctx, "genre").await, counts(&[("Rock", 1, 1)]));
        let album = get(ctx, &format!("/api/v1/albums/{}", made[0].album.expect("an album"))).await;
        assert_eq!(each(&album["genres"], "name"), ["Rock"]);
        hide(ctx, made[1].track).await;
        assert_eq!(counted(ctx, "genre").await, []);
        for track in [made[0].track, made[1].track] {
            change(ctx, move |tx, batch| import::show_track(tx, batch, track)).await;
        }
        assert_eq!(counted(ctx, "genre").await, counts(&[("Folk", 1, 1), ("Rock", 1, 2)]));
        // A track that comes back by being read again counts as well.
        hide(ctx, made[0].track).await;
        let again = song("/m/1/1.flac", of("A", "Moon", &["Folk", "Rock"], &[]));
        take_in_one(ctx, Song { existing: Some(made[0].track), ..again }).await;
        assert_eq!(counted(ctx, "genre").await, counts(&[("Folk", 1, 1), ("Rock", 1, 2)]));
        // And one that moves to another album takes its genres along.
        let moved = song("/m/2/1.flac", of("A", "Sun", &["Folk", "Rock"], &[]));
        take_in_one(ctx, Song { existing: Some(made[0].track), ..moved }).await;
        assert_eq!(counted(ctx, "genre").await, counts(&[("Folk", 1, 1), ("Rock", 2, 2)]));
        let folk = id(ctx, "Folk").await;
        assert_eq!(each(&get(ctx, &format!("/api/v1/genres/{folk}/albums")).await, "title"), ["Sun"]);
    }

    async fn a_gathering_batch_writes_the_same_as_one_that_does_not(world: World) {
        let ctx = &world.ctx;
        let songs: Vec<Song> = (0..50).map(|at| {
            song(&format!("/m/{at}.flac"), of(&format!("Song {at:02}"), &format!("Album {:02}", at / 10), &["Rock", "Jazz"], &[]))
        }).collect();
        let (ids, now) = (ctx.ids().clone(), ctx.now());
        ctx.db().write(move |tx| {
            let mut batch = Batch::gathering(&ids, now);
            let mut last = None;
            for song in &songs {
                let new = TrackImport {
                    existing: None,
                    library: None,
                    source: &song.file,
                    tags: &song.tags,
                    picture: None,
                    folder: song.folder.as_deref(),
                };
                last = Some(import::upsert_track(tx, &mut batch, &new)?);
            }
            // A change of what is still gathered finds it.
            let last = last.expect("a song").track;
            import::hide_track(tx, &mut batch, last)?;
            batch.finish(tx)
        }).await.expect("written");
        assert_eq!(counted(ctx, "genre").await, counts(&[("Jazz", 5, 49), ("Rock", 5, 49)]));
        assert_eq!(get(ctx, "/api/v1/artists").await["items"][0]["track_count"], 49);
    }

    async fn lists_of_a_genre_show_everything_once_from_any_place(world: World) {
        let ctx = &world.ctx;
        let songs = (0..30).map(|at| {
            let genres: &[&str] = if at % 3 == 0 { &["Rock"] } else { &["Rock", "Dub"] };
            song(&format!("/m/{at}/1.flac"), of(&format!("Song {}", at % 7), &format!("Album {:02}", (at * 7) % 30), genres, &[]))
        });
        take_in(ctx, songs.collect()).await;
        let dub = id(ctx, "Dub").await;
        for list in ["albums", "tracks"] {
            let path = format!("/api/v1/genres/{dub}/{list}?limit=7");
            let paged = super::paging::follow(ctx, &path, async |_| ()).await;
            assert_eq!(paged, each(&get(ctx, &path.replace("=7", "=200")).await, "id"), "{list}");
            assert_eq!(paged.len(), 20, "{list}");
        }
        let all = service::albums_of_genre_at(ctx, &listener(), dub, 0, 100).await.expect("read");
        let titles: Vec<_> = all.iter().map(|album| album.title.clone()).collect();
        assert!(titles.is_sorted() && titles.len() == 20, "{titles:?}");
        let some = service::albums_of_genre_at(ctx, &listener(), dub, 15, 3).await.expect("read");
        assert_eq!(some, all[15..18]);
        assert_eq!(service::albums_of_genre_at(ctx, &listener(), dub, 20, 3).await.expect("read"), []);
        let tracks = service::tracks_of_genre_at(ctx, &listener(), dub, 18, 10).await.expect("read");
        let keyed = service::tracks_of_genre(ctx, &listener(), dub, &PageQuery::default()).await.expect("read").items;
        assert_eq!(tracks, keyed[18..]);
    }

    async fn albums_are_found_by_years_in_either_direction(world: World) {
        let ctx = &world.ctx;
        let dates = ["1989", "1990", "1990-07", "1994-01-02", "1999-12-31", "2000", ""];
        let songs = dates.iter().map(|date| {
            let date = (!date.is_empty()).then(|| (*date).to_owned());
            let title = format!("Of {}", date.as_deref().unwrap_or("nowhen"));
            song(&format!("/m/{title}.flac"), TrackTags { date, ..tags("x", "Air", &title) })
        });
        take_in(ctx, songs.collect()).await;
        let titles = async |path: &str| each(&get(ctx, path).await, "title").join(", ");
        let forth = "Of 1990, Of 1990-07, Of 1994-01-02, Of 1999-12-31";
        assert_eq!(titles("/api/v1/albums?from_year=1990&to_year=1999").await, forth);
        assert_eq!(
            titles("/api/v1/albums?from_year=1999&to_year=1990").await,
            "Of 1999-12-31, Of 1994-01-02, Of 1990-07, Of 1990"
        );
        assert_eq!(titles("/api/v1/albums?from_year=2000").await, "Of 2000");
        assert_eq!(titles("/api/v1/albums?to_year=1989").await, "Of 1989");
        for years in ["from_year=1990&to_year=1999", "from_year=1999&to_year=1990"] {
            let path = format!("/api/v1/albums?limit=1&{years}");
            let paged = super::paging::follow(ctx, &path, async |_| ()).await;
            assert_eq!(paged, each(&get(ctx, &path.replace("limit=1", "limit=9")).await, "id"), "{years}");
        }
        for wrong in ["from_year=0", "from_year=1990&to_year=10000", "from_year=x", "to_year=-1"] {
            assert_eq!(status_of(ctx, &format!("/api/v1/albums?{wrong}")).await, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
    }
}

#[tokio::test]
async fn a_bad_question_about_genres_is_a_problem() {
    let world = World::new(kernel::db::Engine::Sqlite).await;
    let ctx = &world.ctx;
    for path in ["genres?kind=colour", "genres?after=%00", "genres?limit=x"] {
        let status = status_of(ctx, &format!("/api/v1/{path}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
    for path in ["genres/x", "genres/7", "genres/7/albums", "genres/7/tracks", "tracks/7/lyrics"] {
        assert_eq!(status_of(ctx, &format!("/api/v1/{path}")).await, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["genres", "genres/7", "genres/7/albums", "genres/7/tracks", "tracks/7/lyrics"] {
        let (status, _) = ask(ctx, None, "GET", &format!("/api/v1/{path}"), None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
    }
}
