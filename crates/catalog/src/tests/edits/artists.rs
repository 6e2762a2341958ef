//! Artists who are renamed and merged: whom names and identifiers in files mean afterwards.

use super::*;
use crate::{ArtistId, PictureId, import::MusicBrainz};

pub(super) const UK: &str = "aaaaaaaa-1111-4111-8111-111111111111";
pub(super) const US: &str = "bbbbbbbb-2222-4222-8222-222222222222";

pub(super) fn admin() -> Viewer {
    viewer(9, Role::Admin)
}

/// A song by somebody, on an album of that somebody.
pub(super) fn by(title: &str, artist: &str, musicbrainz: Option<&str>) -> Song {
    let ids: Vec<String> = musicbrainz.into_iter().map(str::to_owned).collect();
    let musicbrainz = MusicBrainz { artists: ids.clone(), album_artists: ids, ..MusicBrainz::default() };
    song(&format!("/m/{title}/1.flac"), TrackTags { musicbrainz, ..tags(title, artist, title) })
}

pub(super) async fn take(ctx: &Ctx, title: &str, artist: &str, musicbrainz: Option<&str>) -> TrackId {
    take_in_one(ctx, by(title, artist, musicbrainz)).await.track
}

/// The numbers of the artists of a track.
pub(super) async fn of(ctx: &Ctx, track: TrackId) -> Vec<String> {
    let track = get(ctx, &format!("/api/v1/tracks/{track}")).await;
    each(&track["artists"], "id").into_iter().map(str::to_owned).collect()
}

pub(super) async fn lead(ctx: &Ctx, track: TrackId) -> String {
    of(ctx, track).await.remove(0)
}

pub(super) async fn rename(ctx: &Ctx, artist: &str, name: &str) -> (StatusCode, Value) {
    let path = format!("/api/v1/tags/artists/{artist}");
    let version = get(ctx, &path).await["version"].clone();
    call(ctx, admin(), "PATCH", &path, json!({ "version": version, "changes": { "name": name } })).await
}

async fn merge(ctx: &Ctx, from: &str, to: &str) {
    let path = format!("/api/v1/tags/artists/{to}/merge");
    let (status, answer) = call(ctx, admin(), "POST", &path, json!({ "from": from })).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

on_both_engines! {
    async fn a_name_that_was_merged_never_goes_before_an_identifier(world: World) {
        let ctx = &world.ctx;
        let british = take(ctx, "Pentecost Hotel", "Nirvana UK", Some(UK)).await;
        let plain = take(ctx, "Rainbow Chaser", "Nirvana", None).await;
        let uk = lead(ctx, british).await;
        merge(ctx, &lead(ctx, plain).await, &uk).await;
        assert_eq!(lead(ctx, plain).await, uk);
        let other = take(ctx, "Lithium", "Nirvana", Some(US)).await;
        assert_ne!(lead(ctx, other).await, uk, "files say that these are others");
        // What says none still means whom people said, also now that somebody else has the name.
        let again = Song { existing: Some(plain), ..by("Rainbow Chaser", "Nirvana", None) };
        take_in_one(ctx, again).await;
        assert_eq!(lead(ctx, plain).await, uk);
    }

    async fn a_merged_name_takes_the_first_identifier_where_nobody_has_one(world: World) {
        let ctx = &world.ctx;
        let (one, two) = (take(ctx, "One", "Air", None).await, take(ctx, "Two", "Airr", None).await);
        let air = lead(ctx, one).await;
        merge(ctx, &lead(ctx, two).await, &air).await;
        let numbered = take(ctx, "Three", "Airr", Some(UK)).await;
        let other = take(ctx, "Four", "Airr", Some(US)).await;
        assert_eq!(lead(ctx, numbered).await, air);
        assert_ne!(lead(ctx, other).await, air);
    }

    async fn merging_one_of_two_with_a_name_leaves_files_without_identifier_to_the_other(world: World) {
        let ctx = &world.ctx;
        let first = take(ctx, "One", "Nirvana", Some(UK)).await;
        let second = take(ctx, "Two", "Nirvana", Some(US)).await;
        let target = take(ctx, "Three", "Fecal Matter", None).await;
        merge(ctx, &lead(ctx, second).await, &lead(ctx, target).await).await;
        let plain = take(ctx, "Four", "Nirvana", None).await;
        assert_eq!(lead(ctx, plain).await, lead(ctx, first).await);
        let numbered = take(ctx, "Five", "Nirvana", Some(US)).await;
        assert_eq!(lead(ctx, numbered).await, lead(ctx, target).await);
    }

    async fn who_takes_another_in_gets_his_picture_and_is_credited_once(world: World) {
        let ctx = &world.ctx;
        let plays = |what: &str, name: &str| import::CreditTag {
            detail: Some(what.to_owned()),
            ..credit(import::Role::Performer, name)
        };
        let credits = vec![
            credit(import::Role::Composer, "Air"),
            credit(import::Role::Composer, "Airr"),
            credit(import::Role::Lyricist, "Airr"),
            plays("Drums", "Airr"),
            plays("Bass", "Air"),
        ];
        let made = take_in_one(ctx, song("/m/x/1.flac", TrackTags { credits, ..tags("One", "Air", "Moon") })).await.track;
        let other = take(ctx, "Two", "Airr", None).await;
        let (air, airr) = (lead(ctx, made).await, lead(ctx, other).await);
        let (picture, of): (PictureId, ArtistId) = (PictureId(5), airr.parse().expect("a number"));
        change(ctx, move |tx, _| crate::store::artists::set_given_picture(tx, of, Some(picture))).await;
        merge(ctx, &airr, &air).await;
        let credits = view(ctx, made).await["fields"]["credits"].clone();
        assert_eq!(credits, json!([
            { "role": "composer", "name": "Air" },
            { "role": "lyricist", "name": "Air" },
            { "role": "performer", "name": "Air", "detail": "Drums" },
            { "role": "performer", "name": "Air", "detail": "Bass" },
        ]));
        let of: ArtistId = air.parse().expect("a number");
        let seen = change(ctx, move |tx, _| {
            tx.see(-1);
            crate::store::artists::seen(tx, of)
        }).await;
        assert_eq!(seen.expect("it is there").1, Some(picture));
    }

    async fn a_name_that_was_taken_back_leads_nowhere(world: World) {
        let ctx = &world.ctx;
        let foo = take(ctx, "One", "Foo", None).await;
        let id = lead(ctx, foo).await;
        let (status, edit) = rename(ctx, &id, "Bar").await;
        assert_eq!(status, StatusCode::OK);
        let meant = take(ctx, "Two", "Bar", None).await;
        assert_eq!(lead(ctx, meant).await, id, "as long as it is the name");
        let path = format!("/api/v1/tags/edits/{}/undo", edit["edit"].as_str().expect("an edit"));
        assert_eq!(ask(ctx, Some(admin()), "POST", &path, None).await.0, StatusCode::OK);
        let bar = take(ctx, "Three", "Bar", None).await;
        assert_ne!(lead(ctx, bar).await, id);
        // A name that was only mistyped is not kept either.
        assert_eq!(rename(ctx, &id, "Bazz").await.0, StatusCode::OK);
        assert_eq!(rename(ctx, &id, "Baz").await.0, StatusCode::OK);
        let (typo, right) = (take(ctx, "Four", "Bazz", None).await, take(ctx, "Five", "Baz", None).await);
        assert_eq!((lead(ctx, right).await == id, lead(ctx, typo).await == id), (true, false));
    }

    async fn a_name_that_leads_to_one_is_not_given_to_another(world: World) {
        let ctx = &world.ctx;
        let (x, y) = (take(ctx, "One", "Xenia", None).await, take(ctx, "Two", "Yoko", None).await);
        let (z, numbered) = (take(ctx, "Three", "Zoe", None).await, take(ctx, "Four", "Zoe", Some(UK)).await);
        let yoko = lead(ctx, y).await;
        merge(ctx, &lead(ctx, x).await, &yoko).await;
        assert_eq!(lead(ctx, z).await, lead(ctx, numbered).await, "Zoe has a number now");
        let will = take(ctx, "Five", "Will", None).await;
        let (status, problem) = rename(ctx, &lead(ctx, will).await, "xenia").await;
        assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("taken")));
        assert!(problem["detail"].as_str().expect("text").contains("Yoko"), "{problem}");
        // One with an identifier may be called the same; files that say none still mean the other.
        assert_eq!(rename(ctx, &lead(ctx, z).await, "Xenia").await.0, StatusCode::OK);
        let plain = take(ctx, "Six", "Xenia", None).await;
        assert_eq!(lead(ctx, plain).await, yoko);
        // And calling him otherwise again takes nothing from the other.
        assert_eq!(rename(ctx, &lead(ctx, z).await, "Zoe").await.0, StatusCode::OK);
        let plain = take(ctx, "Seven", "Xenia", None).await;
        assert_eq!(lead(ctx, plain).await, yoko);
    }
}
