//! Artists who were merged are taken apart again, with everything that the merge changed and nothing that came since.

use super::{
    artists::{UK, US, admin, by, lead, of, rename, take},
    *,
};
use crate::{ArtistId, PictureId, store};

/// Has one take another in; what undoes it.
async fn merge(ctx: &Ctx, from: &str, to: &str) -> Value {
    let path = format!("/api/v1/tags/artists/{to}/merge");
    let (status, answer) = call(ctx, admin(), "POST", &path, json!({ "from": from })).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

async fn part(ctx: &Ctx, merged: &Value) -> (StatusCode, Value) {
    let path = format!("/api/v1/tags/edits/{}/undo", merged["edit"].as_str().expect("an edit"));
    ask(ctx, Some(admin()), "POST", &path, None).await
}

async fn favour(ctx: &Ctx, who: i64, artist: &str) {
    let path = format!("/api/v1/artists/{artist}/favourite");
    let (status, told) = ask(ctx, Some(viewer(who, Role::Listener)), "PUT", &path, None).await;
    assert_eq!(status, StatusCode::OK, "{told}");
}

async fn rate(ctx: &Ctx, who: i64, artist: &str, rating: u8) {
    let path = format!("/api/v1/artists/{artist}/rating");
    let listener = viewer(who, Role::Listener);
    let (status, told) = call(ctx, listener, "PUT", &path, json!({ "rating": rating })).await;
    assert_eq!(status, StatusCode::OK, "{told}");
}

async fn play(ctx: &Ctx, who: i64, track: TrackId) {
    let listener = viewer(who, Role::Listener);
    let (status, told) = call(ctx, listener, "POST", "/api/v1/plays", json!({ "track_id": track })).await;
    assert!(status.is_success(), "{told}");
}

fn number(artist: &str) -> ArtistId {
    artist.parse().expect("a number")
}

/// Everything that anybody sees of these artists and tracks.
async fn all_of(ctx: &Ctx, artists: &[&str], tracks: &[TrackId]) -> Vec<Value> {
    let mut all = Vec::new();
    for who in [1, 2, 3] {
        let see =
            async |path: String| ask(ctx, Some(viewer(who, Role::Listener)), "GET", &path, None).await.1;
        all.push(see("/api/v1/artists".to_owned()).await);
        all.push(see("/api/v1/albums?sort=artist".to_owned()).await);
        for artist in artists {
            all.push(see(format!("/api/v1/artists/{artist}")).await);
        }
        for track in tracks {
            all.push(see(format!("/api/v1/tracks/{track}")).await);
        }
    }
    for track in tracks {
        all.push(view(ctx, *track).await["fields"].clone());
    }
    all
}

async fn given(ctx: &Ctx, artist: &str) -> Option<PictureId> {
    let id = number(artist);
    let seen = change(ctx, move |tx, _| {
        tx.see(-1);
        store::artists::seen(tx, id)
    });
    seen.await.expect("it is there").1
}

fn duet(title: &str, artists: &[&str]) -> Song {
    let both = strings(artists);
    song(
        &format!("/m/{title}/1.flac"),
        TrackTags { artists: both.clone(), album_artists: both, ..tags(title, "", title) },
    )
}

on_both_engines! {
    async fn everything_is_as_it_was_before_the_merge(world: World) {
        let ctx = &world.ctx;
        let plays = |what: &str, name: &str| CreditTag { detail: Some(what.to_owned()), ..credit(import::Role::Performer, name) };
        let credits = vec![
            credit(import::Role::Composer, "Air"), credit(import::Role::Composer, "Airr"),
            credit(import::Role::Lyricist, "Airr"), plays("Drums", "Airr"), plays("Bass", "Air"),
        ];
        let written = take_in_one(ctx, song("/m/x/1.flac", TrackTags { credits, ..tags("One", "Air", "Moon") })).await.track;
        let other = take(ctx, "Two", "Airr", None).await;
        let first = take_in_one(ctx, duet("Three", &["Airr", "Beck", "Air"])).await.track;
        let last = take_in_one(ctx, duet("Four", &["Air", "Airr"])).await.track;
        let (air, airr) = (lead(ctx, written).await, lead(ctx, other).await);
        let (picture, id) = (PictureId(5), number(&airr));
        change(ctx, move |tx, _| store::artists::set_given_picture(tx, id, Some(picture))).await;
        assert_eq!(rename(ctx, &airr, "Airr Duo").await.0, StatusCode::OK);
        // One likes the one, one the other, one both, each in another way.
        favour(ctx, 1, &airr).await;
        rate(ctx, 1, &airr, 4).await;
        favour(ctx, 2, &air).await;
        favour(ctx, 3, &air).await;
        favour(ctx, 3, &airr).await;
        rate(ctx, 3, &airr, 2).await;
        play(ctx, 3, written).await;
        world.clock.advance(std::time::Duration::from_mins(1));
        play(ctx, 3, other).await;
        let tracks = [written, other, first, last];
        let before = all_of(ctx, &[&air, &airr], &tracks).await;
        let merged = merge(ctx, &airr, &air).await;
        assert_eq!(of(ctx, first).await.len(), 2, "once on what both were on");
        assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name"), ["Air", "Beck"]);
        let (status, back) = part(ctx, &merged).await;
        assert_eq!(status, StatusCode::OK, "{back}");
        for (now, before) in all_of(ctx, &[&air, &airr], &tracks).await.iter().zip(&before) {
            assert_eq!(now, before);
        }
        assert_eq!((given(ctx, &airr).await, given(ctx, &air).await), (Some(picture), None));
        // Files mean them as they did, also by the name that somebody gave.
        for (title, name, meant) in [("Five", "Airr", &airr), ("Six", "Airr Duo", &airr), ("Seven", "Air", &air)] {
            let track = take(ctx, title, name, None).await;
            assert_eq!(&lead(ctx, track).await, meant, "{name}");
        }
        let filed = get(ctx, &format!("/api/v1/tags/artists/{airr}")).await["filed"]["name"].clone();
        assert_eq!(filed, "Airr");
        assert_eq!(part(ctx, &merged).await, part(ctx, &merged).await, "and it stays taken back");
        assert_eq!(part(ctx, &merged).await.1["detail"], "Somebody took it back already.");
    }

    async fn what_was_done_since_the_merge_stays(world: World) {
        let ctx = &world.ctx;
        let one = take(ctx, "One", "Air", None).await;
        let (two, three) = (take(ctx, "Two", "Airr", None).await, take(ctx, "Three", "Airr", None).await);
        let (air, airr) = (lead(ctx, one).await, lead(ctx, two).await);
        play(ctx, 1, two).await;
        let merged = merge(ctx, &airr, &air).await;
        // A file is tagged anew, another is read again, a track comes, and somebody likes who is left.
        rescan(ctx, three, by("Three", "Beck", None)).await;
        rescan(ctx, two, by("Two", "Airr", None)).await;
        let late = take(ctx, "Late", "Airr", None).await;
        favour(ctx, 1, &air).await;
        play(ctx, 1, one).await;
        let picture = PictureId(7);
        let id = number(&air);
        change(ctx, move |tx, _| store::artists::set_given_picture(tx, id, Some(picture))).await;
        assert_eq!(part(ctx, &merged).await.0, StatusCode::OK);
        assert_eq!((lead(ctx, one).await, lead(ctx, two).await), (air.clone(), airr.clone()));
        let beck = lead(ctx, three).await;
        assert!(beck != air && beck != airr);
        assert_eq!(lead(ctx, late).await, air, "nobody noted whom that file meant");
        assert_eq!(given(ctx, &air).await, Some(picture));
        let mark = async |artist: &str| {
            let path = format!("/api/v1/artists/{artist}");
            ask(ctx, Some(viewer(1, Role::Listener)), "GET", &path, None).await.1["mark"].clone()
        };
        assert_eq!((&mark(&air).await["favourite"], &mark(&air).await["plays"]), (&json!(true), &json!(1)));
        assert_eq!((&mark(&airr).await["favourite"], &mark(&airr).await["plays"]), (&json!(false), &json!(1)));
    }

    async fn merges_and_edits_after_them_are_taken_back_the_last_first(world: World) {
        let ctx = &world.ctx;
        let tracks = [take(ctx, "One", "Air", None).await, take(ctx, "Two", "Airr", Some(UK)).await, take(ctx, "Three", "Aer", Some(US)).await];
        let mut artists = Vec::new();
        for track in tracks {
            artists.push(lead(ctx, track).await);
        }
        let first = merge(ctx, &artists[1], &artists[0]).await;
        let second = merge(ctx, &artists[2], &artists[0]).await;
        let (status, third) = rename(ctx, &artists[0], "AIR (FR)").await;
        assert_eq!(status, StatusCode::OK);
        for merged in [&first, &second] {
            let (status, problem) = part(ctx, merged).await;
            assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("not_last")), "{problem}");
        }
        for (back, alone) in [(&third, &[][..]), (&second, &[2][..]), (&first, &[2, 1][..])] {
            assert_eq!(part(ctx, back).await.0, StatusCode::OK);
            for (at, track) in tracks.into_iter().enumerate() {
                let own = at == 0 || alone.contains(&at);
                assert_eq!(lead(ctx, track).await, artists[if own { at } else { 0 }], "{at} of {alone:?}");
            }
        }
        let again = take(ctx, "Four", "Whoever", Some(UK)).await;
        assert_eq!(lead(ctx, again).await, artists[1], "the identifier leads where it did");
    }

    async fn a_merge_is_taken_back_by_administrators_while_it_is_remembered(world: World) {
        let ctx = &world.ctx;
        let (one, two) = (take(ctx, "One", "Air", None).await, take(ctx, "Two", "Airr", None).await);
        let (air, airr) = (lead(ctx, one).await, lead(ctx, two).await);
        favour(ctx, 1, &airr).await;
        let merged = merge(ctx, &airr, &air).await;
        assert_eq!(undo(ctx, &merged).await.0, StatusCode::FORBIDDEN, "a moderator edits no artists");
        let edit: i64 = merged["edit"].as_str().and_then(|edit| edit.parse().ok()).expect("a number");
        let noted = async || change(ctx, move |tx, _| store::merged::of(tx, edit)).await.is_some();
        assert!(noted().await);
        for at in 0..20 {
            assert_eq!(rename(ctx, &air, &format!("Air {at}")).await.0, StatusCode::OK);
        }
        assert!(!noted().await, "the notes go with the edit");
        assert_eq!(part(ctx, &merged).await.0, StatusCode::NOT_FOUND);
        assert_eq!(lead(ctx, two).await, air);
    }

    async fn one_of_whom_nothing_is_left_does_not_come_back(world: World) {
        let ctx = &world.ctx;
        let (one, two) = (take(ctx, "One", "Air", None).await, take(ctx, "Two", "Airr", None).await);
        let (air, airr) = (lead(ctx, one).await, lead(ctx, two).await);
        let merged = merge(ctx, &airr, &air).await;
        rescan(ctx, two, by("Two", "Beck", None)).await;
        assert_eq!(part(ctx, &merged).await.0, StatusCode::OK);
        assert_eq!(status_of(ctx, &format!("/api/v1/artists/{airr}")).await, StatusCode::NOT_FOUND);
        assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name"), ["Air", "Beck"]);
    }
}
