//! Who edits in one library learns nothing of artists of another that is closed to him; and in one library a name means one.

use super::*;
use crate::{
    ArtistId, LibraryId, PictureId,
    access::{self, Access},
    import::MusicBrainz,
};

const NUMBER: &str = "cccccccc-3333-4333-8333-333333333333";

fn admin() -> Viewer {
    viewer(9, Role::Admin)
}

/// A moderator who sees the closed library, too.
fn insider() -> Viewer {
    viewer(8, Role::Moderator)
}

/// Takes a song of somebody into a library.
async fn take(ctx: &Ctx, library: i64, title: &'static str, tags: TrackTags) -> TrackId {
    put(ctx, library, None, title, tags).await
}

async fn put(
    ctx: &Ctx,
    library: i64,
    existing: Option<TrackId>,
    title: &'static str,
    tags: TrackTags,
) -> TrackId {
    let path = format!("/{library}/{title}/1.flac");
    let taken = change(ctx, move |tx, batch| {
        let (source, library) = (file(&path), LibraryId(library));
        let (tags, folder) = (&tags, Some("/folder"));
        import::upsert_track(
            tx,
            batch,
            &TrackImport { existing, library: Some(library), source: &source, tags, picture: None, folder },
        )
    });
    taken.await.track
}

/// Libraries 1 and 3 are open, 2 is closed but for the insider.
async fn libraries(ctx: &Ctx) {
    change(ctx, |tx, _| {
        let wrong = |error: crate::service::Error| Fault::new(format!("{error:?}"));
        for (library, everybody) in [(1, true), (2, false), (3, true)] {
            let access = Access { everybody, members: Vec::new() };
            access::enter(tx, LibraryId(library), Some(&access), kernel::testkit::START).map_err(wrong)?;
        }
        access::set_named(tx, insider().id, &[LibraryId(2)]).map_err(wrong)
    })
    .await;
}

async fn seen(ctx: &Ctx, who: Viewer, path: &str) -> Value {
    let (status, body) = ask(ctx, Some(who), "GET", path, None).await;
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    body
}

/// Who leads a track.
async fn lead(ctx: &Ctx, track: TrackId) -> String {
    let track = seen(ctx, admin(), &format!("/api/v1/tracks/{track}")).await;
    track["artists"][0]["id"].as_str().expect("an id").to_owned()
}

/// Somebody changes fields of a track.
async fn write(ctx: &Ctx, who: Viewer, track: TrackId, changes: Value) -> Value {
    let view = seen(ctx, who.clone(), &format!("/api/v1/tags/tracks?ids={track}")).await;
    let version = view["tracks"][0]["version"].clone();
    let body = json!({ "tracks": [{ "id": track, "version": version }], "changes": changes });
    let (status, answer) = call(ctx, who, "PATCH", "/api/v1/tags/tracks", body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

/// Somebody names who plays; who that is.
async fn name(ctx: &Ctx, who: Viewer, track: TrackId, artist: &str) -> String {
    write(ctx, who, track, json!({ "artists": [artist] })).await;
    lead(ctx, track).await
}

async fn merge(ctx: &Ctx, from: &str, to: &str) {
    let path = format!("/api/v1/tags/artists/{to}/merge");
    let (status, answer) = call(ctx, admin(), "POST", &path, json!({ "from": from })).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

/// A song of the closed library by Night Owl, of whom much is known.
async fn secret(ctx: &Ctx) -> TrackId {
    let sorts = strings(&["Owl, Night"]);
    let tags = TrackTags {
        artists_sort: sorts.clone(),
        album_artists_sort: sorts,
        ..tags("Secret", "Night Owl", "Secret")
    };
    let secret = take(ctx, 2, "Secret", tags).await;
    let of: ArtistId = lead(ctx, secret).await.parse().expect("a number");
    change(ctx, move |tx, _| crate::store::artists::set_given_picture(tx, of, Some(PictureId(5)))).await;
    secret
}

on_both_engines! {
    async fn an_artist_of_a_closed_library_is_as_if_he_were_not_there(world: World) {
        let ctx = &world.ctx;
        libraries(ctx).await;
        let owl = secret(ctx).await;
        let numbers = vec![NUMBER.to_owned()];
        let musicbrainz = MusicBrainz { artists: numbers.clone(), album_artists: numbers, ..MusicBrainz::default() };
        let mirror = take(ctx, 2, "Glass", TrackTags { musicbrainz, ..tags("Glass", "Mirror", "Glass") }).await;
        let (kept, gone) = (take(ctx, 2, "A", tags("A", "Kept", "A")).await, take(ctx, 2, "B", tags("B", "Gone", "B")).await);
        merge(ctx, &lead(ctx, gone).await, &lead(ctx, kept).await).await;
        let closed = [lead(ctx, owl).await, lead(ctx, mirror).await, lead(ctx, kept).await];
        let plain = take(ctx, 1, "One", tags("One", "Air", "One")).await;
        let two = take(ctx, 1, "Two", tags("Two", "Air", "Two")).await;
        let shape = |mut body: Value, name: &str| {
            body["id"] = Value::Null;
            body["name"] = Value::Null;
            body.to_string().replace(name, "NAME")
        };
        let mut before = None;
        // The first name means nobody anywhere.
        for named in ["NEVER WAS", "NIGHT OWL", "mirror", "Gone", "Kept"] {
            let id = name(ctx, moderator(), plain, named).await;
            assert!(!closed.contains(&id), "{named}");
            let shown = seen(ctx, moderator(), &format!("/api/v1/artists/{id}")).await;
            assert_eq!(shown["name"], named, "as it was written");
            let shown = shape(shown, named);
            assert_eq!(before.get_or_insert(shown.clone()), &shown, "{named}");
            for other in &closed {
                assert_eq!(status_of(ctx, &format!("/api/v1/artists/{other}")).await, StatusCode::NOT_FOUND, "{named}");
            }
            // Neither does it later, whoever reads which file again.
            put(ctx, 1, Some(plain), "One", tags("One", "Air", "One")).await;
            put(ctx, 2, Some(mirror), "Glass", tags("Glass", "Mirror", "Glass")).await;
            assert_eq!(lead(ctx, plain).await, id, "{named}");
            // Nor on an album, or among the credits.
            let credits = json!([{ "role": "composer", "name": named }]);
            write(ctx, moderator(), two, json!({ "credits": credits, "album": "Two", "album_artists": [named] })).await;
            let track = seen(ctx, moderator(), &format!("/api/v1/tracks/{two}")).await;
            assert_eq!(track["credits"][0]["artist_id"], json!(id), "{track}");
            let album = track["album"]["id"].as_str().expect("an album").to_owned();
            let album = seen(ctx, moderator(), &format!("/api/v1/albums/{album}")).await;
            assert_eq!(each(&album["artists"], "id"), [id.as_str()]);
        }
        assert_eq!([lead(ctx, owl).await, lead(ctx, mirror).await, lead(ctx, kept).await], closed, "nothing there is another");
    }

    async fn in_one_library_a_name_means_one_whoever_says_it(world: World) {
        let ctx = &world.ctx;
        libraries(ctx).await;
        let secret = secret(ctx).await;
        let owl = lead(ctx, secret).await;
        let (one, two) = (take(ctx, 1, "One", tags("One", "Air", "One")).await, take(ctx, 1, "Two", tags("Two", "Air", "Two")).await);
        let (three, four) = (take(ctx, 3, "Three", tags("Three", "Air", "Three")).await, take(ctx, 2, "Four", tags("Four", "Air", "Four")).await);
        let apart = name(ctx, moderator(), one, "Night Owl").await;
        assert_ne!(apart, owl);
        assert_eq!(name(ctx, moderator(), three, "night owl").await, apart, "he sees that one, in whichever library");
        assert_eq!(name(ctx, insider(), two, "Night Owl").await, apart, "here the name means this one");
        let file = take(ctx, 1, "File", tags("File", "Night Owl", "File")).await;
        assert_eq!(lead(ctx, file).await, apart, "also in files");
        assert_eq!(name(ctx, insider(), four, "Night Owl").await, owl, "and there the other");
        // An administrator sees both, and makes one of them if they are one.
        let list = seen(ctx, admin(), "/api/v1/artists").await;
        assert_eq!(each(&list, "name").iter().filter(|name| **name == "Night Owl").count(), 2);
        merge(ctx, &apart, &owl).await;
        put(ctx, 1, Some(one), "One", tags("One", "Air", "One")).await;
        let again = take(ctx, 1, "Again", tags("Again", "Night Owl", "Again")).await;
        for track in [one, two, three, four, again, secret] {
            assert_eq!(lead(ctx, track).await, owl);
        }
        assert_eq!(each(&get(ctx, "/api/v1/artists").await, "name").iter().filter(|name| **name == "Night Owl").count(), 1);
    }

    async fn who_was_made_for_an_edit_goes_with_it_and_moves_with_its_file(world: World) {
        let ctx = &world.ctx;
        libraries(ctx).await;
        let secret = secret(ctx).await;
        let owl = lead(ctx, secret).await;
        let (one, three) = (take(ctx, 1, "One", tags("One", "Air", "One")).await, take(ctx, 3, "Three", tags("Three", "Air", "Three")).await);
        let edit = write(ctx, moderator(), one, json!({ "artists": ["Night Owl"] })).await;
        let apart = lead(ctx, one).await;
        // The file lies in the other library now, of which nobody has heard the name yet.
        put(ctx, 3, Some(one), "One", tags("One", "Air", "One")).await;
        assert_eq!(lead(ctx, one).await, apart);
        put(ctx, 1, Some(one), "One", tags("One", "Air", "One")).await;
        assert_eq!(name(ctx, moderator(), three, "Night Owl").await, apart);
        assert_eq!(undo(ctx, &edit).await.0, StatusCode::OK);
        // The third library is closed, and so is whoever is there alone.
        change(ctx, |tx, _| {
            let access = Access { everybody: false, members: Vec::new() };
            access::set(tx, LibraryId(3), &access).map_err(|error| Fault::new(format!("{error:?}")))
        }).await;
        let other = name(ctx, moderator(), one, "Night Owl").await;
        assert!(other != apart && other != owl);
        assert_eq!((lead(ctx, three).await, lead(ctx, secret).await), (apart.clone(), owl.clone()));
        let edit = write(ctx, moderator(), one, json!({ "artists": null })).await;
        assert_eq!(status_of(ctx, &format!("/api/v1/artists/{other}")).await, StatusCode::NOT_FOUND);
        assert_eq!(undo(ctx, &edit).await.0, StatusCode::OK);
        let again = lead(ctx, one).await;
        assert!(again != apart && again != owl, "taking back shows nobody either");
    }
}
