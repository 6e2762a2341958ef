//! Pictures that nothing names: which those are, and that one which is met again stays.

use std::time::Duration;

use kernel::{Time, on_both_engines, testkit::World};

use super::{hostile::png, *};
use crate::{
    PictureId,
    import::VideoImport,
    model::playlists::NewPlaylist,
    picture::{self, Standing},
    playlists,
    service::{self, Given, Pictured},
};

/// A picture of this width.
async fn enter(ctx: &Ctx, width: u32) -> PictureId {
    let facts = picture::facts(&png(width, 9)).expect("a picture").kept_at(ctx.now());
    change(ctx, move |tx, batch| import::upsert_picture(tx, batch, &facts)).await
}

async fn track_with(
    ctx: &Ctx,
    path: &'static str,
    album: &'static str,
    picture: Option<PictureId>,
) -> Imported {
    change(ctx, move |tx, batch| {
        let (source, tags) = (file(path), tags("One", "Air", album));
        let new = TrackImport {
            existing: None,
            library: None,
            source: &source,
            tags: &tags,
            picture,
            folder: None,
        };
        import::upsert_track(tx, batch, &new)
    })
    .await
}

fn admin() -> Viewer {
    Viewer { id: UserId(1), handle: "ann".to_owned(), role: Role::Admin, session: None, within: None }
}

async fn give(ctx: &Ctx, on: Pictured, picture: Option<PictureId>) {
    service::give_picture(ctx, &admin(), on, picture.map(Given::Known)).await.expect("it is given");
}

async fn standing(ctx: &Ctx, id: PictureId) -> Option<Standing> {
    let all = picture::standings(ctx.db(), PictureId(0), 200).await.expect("read");
    all.into_iter().find(|one| one.id == id)
}

async fn forget(ctx: &Ctx, id: PictureId, before: Time) -> Option<String> {
    change(ctx, move |tx, _| picture::forget(tx, id, before)).await
}

on_both_engines! {
    async fn whatever_names_a_picture_keeps_it(world: World) {
        let ctx = &world.ctx;
        let pictures = [enter(ctx, 10).await, enter(ctx, 11).await, enter(ctx, 12).await, enter(ctx, 13).await];
        let [of_track, of_album, of_artist, of_video] = pictures;
        let made = track_with(ctx, "/m/1.flac", "Moon", Some(of_track)).await;
        let album = made.album.expect("an album");
        give(ctx, Pictured::Album(album), Some(of_album)).await;
        let artist: crate::ArtistId = get(ctx, &format!("/api/v1/albums/{album}")).await["artists"][0]["id"]
            .as_str().expect("an artist").parse().expect("a number");
        give(ctx, Pictured::Artist(artist), Some(of_artist)).await;
        change(ctx, move |tx, batch| {
            let source = SourceFile { mime: "video/mp4".to_owned(), ..file("/m/film.mp4") };
            let new = VideoImport {
                existing: None, library: None, owner: None, title: "Film", source: &source, width: 8, height: 8,
                picture: Some(of_video),
            };
            import::upsert_video(tx, batch, &new)
        }).await;
        let unnamed = enter(ctx, 14).await;
        for id in pictures {
            change(ctx, move |tx, _| picture::loosen(tx, id, Time(5))).await;
            assert_eq!(standing(ctx, id).await, Some(Standing { id, named: true, loose: None }));
            assert_eq!(forget(ctx, id, Time(i64::MAX)).await, None);
        }
        assert_eq!(forget(ctx, unnamed, Time(i64::MAX)).await, None, "nobody has found it loose yet");
        change(ctx, move |tx, _| picture::loosen(tx, unnamed, Time(5))).await;
        change(ctx, move |tx, _| picture::loosen(tx, unnamed, Time(9))).await;
        assert_eq!(standing(ctx, unnamed).await.and_then(|one| one.loose), Some(Time(5)));
        assert_eq!(forget(ctx, unnamed, Time(4)).await, None);
        let (blob, _) = picture::blob(ctx.db(), unnamed).await.expect("read").expect("its blob");
        assert_eq!(forget(ctx, unnamed, Time(5)).await, Some(blob));
        assert_eq!(standing(ctx, unnamed).await, None);
        // Named anew after it was marked, it stays as well.
        give(ctx, Pictured::Artist(artist), None).await;
        change(ctx, move |tx, _| picture::loosen(tx, of_artist, Time(5))).await;
        give(ctx, Pictured::Artist(artist), Some(of_artist)).await;
        assert_eq!(forget(ctx, of_artist, Time(i64::MAX)).await, None);
    }

    async fn a_playlist_keeps_the_picture_that_it_was_given_and_no_other(world: World) {
        let ctx = &world.ctx;
        let (first, second) = (enter(ctx, 10).await, enter(ctx, 11).await);
        let new = NewPlaylist { name: "Mine".to_owned(), ..NewPlaylist::default() };
        let list = playlists::create(ctx, &admin(), &new).await.expect("made").playlist.id;
        let stands = async |id: PictureId| {
            change(ctx, move |tx, _| picture::loosen(tx, id, Time(5))).await;
            standing(ctx, id).await.map(|one| (one.named, one.loose.is_some()))
        };
        give(ctx, Pictured::Playlist(list), Some(first)).await;
        assert_eq!((stands(first).await, stands(second).await), (Some((true, false)), Some((false, true))));
        give(ctx, Pictured::Playlist(list), Some(second)).await;
        change(ctx, move |tx, _| picture::hold(tx, second)).await;
        assert_eq!((stands(first).await, stands(second).await), (Some((false, true)), Some((true, false))));
        assert_eq!(forget(ctx, second, Time(i64::MAX)).await, None);
        playlists::delete(ctx, &admin(), list).await.expect("it goes");
        assert_eq!(stands(second).await, Some((false, true)), "its picture goes after it");
        assert!(forget(ctx, second, Time(i64::MAX)).await.is_some());
    }

    async fn a_picture_that_is_met_again_is_not_about_to_go_and_one_that_is_gone_comes_again(world: World) {
        let ctx = &world.ctx;
        let id = enter(ctx, 10).await;
        let hash = picture::hash(&png(10, 9));
        let loosen = async || change(ctx, move |tx, _| picture::loosen(tx, id, Time(5))).await;
        loosen().await;
        assert_eq!(import::known_picture(ctx.db(), hash).await.expect("read"), Some(id));
        assert_eq!(forget(ctx, id, Time(i64::MAX)).await, None);
        loosen().await;
        assert_eq!(enter(ctx, 10).await, id);
        assert_eq!(forget(ctx, id, Time(i64::MAX)).await, None);
        loosen().await;
        let old = forget(ctx, id, Time(i64::MAX)).await.expect("it goes");
        assert_eq!(import::known_picture(ctx.db(), hash).await.expect("read"), None);
        assert!(!change(ctx, move |tx, _| picture::hold(tx, id)).await);
        world.clock.advance(Duration::from_millis(1));
        let again = enter(ctx, 10).await;
        let (new, _) = picture::blob(ctx.db(), again).await.expect("read").expect("its blob");
        assert_ne!((again, &new), (id, &old), "what deletes the old bytes leaves the new ones alone");
        assert_eq!(picture::kept_at(&new), Some(ctx.now()));
    }
}
