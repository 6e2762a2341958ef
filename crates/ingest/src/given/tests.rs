//! Pictures that people give, honest and hostile ones.

use std::io::Write as _;

use axum::{Router, body::Body};
use catalog::{
    AlbumId,
    import::{self, Batch, Source, SourceFile, TrackImport, TrackTags},
    model::playlists::{Invitation, NewPlaylist, PlaylistDetail, PlaylistEdit, PlaylistId, PlaylistScope},
    picture, playlists, projections, service,
};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use kernel::{
    Ctx, Fault, PageQuery,
    http::{Role, Viewer},
    id::UserId,
    on_both_engines,
    testkit::World,
};
use tower::ServiceExt as _;

fn viewer(role: Role) -> Viewer {
    Viewer { id: UserId(5), handle: "somebody".to_owned(), role, session: None, within: None }
}

/// An album of one uploaded track.
async fn album(ctx: &Ctx) -> AlbumId {
    let (ids, now) = (ctx.ids().clone(), ctx.now());
    let made = ctx.db().write(move |tx| {
        let source = SourceFile {
            place: Source::File { path: "/m/1.flac".to_owned() },
            bytes: 1,
            stamp: 1,
            mime: "audio/flac".to_owned(),
            codec: "flac".to_owned(),
            bitrate_kbps: 900,
            sample_rate_hz: 44_100,
            channels: 2,
            duration_ms: 1_000,
        };
        let tags = TrackTags {
            title: "One".to_owned(),
            artists: vec!["Air".to_owned()],
            album: Some("Moon".to_owned()),
            ..TrackTags::default()
        };
        let new = TrackImport {
            existing: None,
            library: None,
            source: &source,
            tags: &tags,
            picture: None,
            folder: None,
        };
        import::upsert_track(tx, &mut Batch::new(&ids, now), &new)
    });
    let made: Result<_, Fault> = made.await;
    made.expect("it is made").album.expect("an album")
}

async fn send(ctx: &Ctx, role: Role, method: &str, path: &str, body: Vec<u8>) -> (StatusCode, String) {
    send_as(ctx, viewer(role), method, path, body).await
}

async fn send_as(ctx: &Ctx, viewer: Viewer, method: &str, path: &str, body: Vec<u8>) -> (StatusCode, String) {
    let (router, _): (Router, _) = super::routes(ctx.clone()).split_for_parts();
    let mut request = Request::builder().method(method).uri(path).body(Body::from(body)).expect("a request");
    request.extensions_mut().insert(viewer);
    let response = router.oneshot(request).await.expect("an answer");
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

fn id_of(path: &str) -> AlbumId {
    path.split('/').nth(4).and_then(|id| id.parse().ok()).expect("an album's path")
}

async fn cover(ctx: &Ctx, id: AlbumId) -> Option<(u32, u32, bool)> {
    let shown = service::album(ctx, &viewer(Role::Listener), id).await.expect("it is shown");
    shown.album.picture.map(|picture| (picture.width, picture.height, !picture.blur.is_empty()))
}

/// A PNG of one colour, written by hand: its header may say what it likes.
fn png(width: u32, height: u32) -> Vec<u8> {
    drawn(width, height, (width.min(64), height.min(64)))
}

/// The same, of which so many columns and rows are there.
fn drawn(width: u32, height: u32, (columns, rows): (u32, u32)) -> Vec<u8> {
    let mut raw = Vec::new();
    for _ in 0..rows {
        raw.push(0);
        raw.extend(std::iter::repeat_n(120_u8, 3 * columns as usize));
    }
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = Vec::new();
    head.extend(width.to_be_bytes());
    head.extend(height.to_be_bytes());
    head.extend([8, 2, 0, 0, 0]);
    chunk(&mut bytes, *b"IHDR", &head);
    chunk(&mut bytes, *b"IDAT", &stored(&raw));
    chunk(&mut bytes, *b"IEND", &[]);
    bytes
}

fn chunk(bytes: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    bytes.extend(u32::try_from(data.len()).expect("short").to_be_bytes());
    let mut checked = kind.to_vec();
    checked.extend(data);
    bytes.extend(&checked);
    let mut crc = u32::MAX;
    for byte in checked {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    bytes.extend((!crc).to_be_bytes());
}

/// zlib without compression.
fn stored(raw: &[u8]) -> Vec<u8> {
    let length = u16::try_from(raw.len()).expect("short");
    let mut bytes = vec![0x78, 0x01, 1];
    bytes.write_all(&length.to_le_bytes()).expect("memory");
    bytes.extend((!length).to_le_bytes());
    bytes.extend(raw);
    let (mut one, mut two) = (1_u32, 0_u32);
    for byte in raw {
        one = (one + u32::from(*byte)) % 65_521;
        two = (two + one) % 65_521;
    }
    bytes.extend((two << 16 | one).to_be_bytes());
    bytes
}

fn member(id: i64) -> Viewer {
    Viewer { id: UserId(id), ..viewer(Role::Listener) }
}

/// A playlist of member 5, and the path of its picture.
async fn playlist(ctx: &Ctx) -> (PlaylistId, String) {
    let new = NewPlaylist { name: "Mine".to_owned(), ..NewPlaylist::default() };
    let id = playlists::create(ctx, &member(5), &new).await.expect("it is made").playlist.id;
    (id, format!("/api/v1/playlists/{id}/picture"))
}

async fn shown(ctx: &Ctx, id: PlaylistId) -> PlaylistDetail {
    playlists::get(ctx, &member(5), id).await.expect("it is shown")
}

async fn publish(ctx: &Ctx, id: PlaylistId) {
    let edit = PlaylistEdit { public: Some(true), ..PlaylistEdit::default() };
    playlists::edit(ctx, &member(5), id, &edit).await.expect("it is public");
}

/// Makes accounts known, as their events do.
async fn introduce(ctx: &Ctx, members: &'static [i64]) {
    let now = ctx.now();
    let told = ctx.db().write(move |tx| {
        for id in members {
            let event = serde_json::json!({ "handle": format!("m{id}"), "name": "", "role": "listener" });
            tx.emit("accounts.user_added", *id, &event, now)?;
        }
        Ok::<_, Fault>(())
    });
    told.await.expect("emitted");
    kernel::outbox::catch_up(ctx, &projections()).await.expect("the events are applied");
}

on_both_engines! {
    async fn a_playlist_has_the_picture_that_it_is_given_no_larger_than_it_is_shown(world: World) {
        let ctx = &world.ctx;
        let (id, path) = playlist(ctx).await;
        let large = drawn(2_000, 10, (2_000, 10));
        let (status, body) = send(ctx, Role::Listener, "PUT", &path, large.clone()).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{body}");
        let given = shown(ctx, id).await;
        let kept = given.given_picture.expect("its picture");
        assert_eq!((kept.width, kept.height), (1_536, 8));
        assert_eq!(given.playlist.pictures, std::slice::from_ref(&kept));
        let (blob, mime) = picture::blob(ctx.db(), kept.id).await.expect("read").expect("its blob");
        assert_eq!(mime, "image/jpeg");
        let key = kernel::blob::BlobKey::new(blob).expect("a name");
        assert!(ctx.blobs().get(&key).await.expect("read").expect("bytes").starts_with(b"\xff\xd8\xff"));
        // The same again is the same picture; another takes its place.
        assert_eq!(send(ctx, Role::Listener, "PUT", &path, large).await.0, StatusCode::NO_CONTENT);
        assert_eq!(shown(ctx, id).await.given_picture.map(|one| one.id), Some(kept.id));
        assert_eq!(send(ctx, Role::Listener, "PUT", &path, png(30, 20)).await.0, StatusCode::NO_CONTENT);
        let other = shown(ctx, id).await.given_picture.expect("its picture");
        assert_eq!((other.width, other.height), (30, 20));
        let listed = playlists::list(ctx, &member(5), PlaylistScope::Mine, &PageQuery::default()).await;
        assert_eq!(listed.expect("listed").items[0].pictures[0].id, other.id);
        assert_eq!(send(ctx, Role::Listener, "DELETE", &path, Vec::new()).await.0, StatusCode::NO_CONTENT);
        let bare = shown(ctx, id).await;
        assert_eq!((bare.given_picture, bare.playlist.pictures), (None, Vec::new()));
    }

    async fn what_is_no_picture_is_refused_for_a_playlist_as_well(world: World) {
        let ctx = &world.ctx;
        let (id, path) = playlist(ctx).await;
        let mut cut = png(40, 20);
        cut.truncate(60);
        for (bytes, why) in [
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(), "none of"),
            (cut, "can't be read"),
            (png(60_000, 60_000), "pixels"),
            (b"BM\x1e\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0\x01\0\x01\0\x01\0\x18\0\0\0\xff\0".to_vec(), "image/bmp"),
        ] {
            let (status, body) = send(ctx, Role::Listener, "PUT", &path, bytes).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{why}: {body}");
            assert!(body.contains(why), "{why}: {body}");
        }
        assert_eq!(shown(ctx, id).await.given_picture, None);
        for _ in 0..service::GIVEN_MAX {
            send(ctx, Role::Listener, "PUT", &path, png(4, 4)).await;
        }
        let (status, body) = send(ctx, Role::Listener, "PUT", &path, png(4, 5)).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{body}");
    }

    async fn a_playlist_is_given_a_picture_by_its_owner_and_editors_and_to_others_it_is_not_there(world: World) {
        let ctx = &world.ctx;
        introduce(ctx, &[5, 6, 7]).await;
        let (id, path) = playlist(ctx).await;
        let absent = format!("/api/v1/playlists/{}/picture", PlaylistId(ctx.next_id()));
        let admin = Viewer { role: Role::Admin, ..member(7) };
        for who in [member(6), admin.clone()] {
            for (method, body) in [("PUT", png(4, 4)), ("PUT", b"none".to_vec()), ("DELETE", Vec::new())] {
                let there = send_as(ctx, who.clone(), method, &path, body.clone()).await;
                assert_eq!(there.0, StatusCode::NOT_FOUND, "{method}");
                assert_eq!(there, send_as(ctx, who.clone(), method, &absent, body).await, "{method}");
            }
        }
        let whom = Invitation { user: Some(UserId(6)), ..Invitation::default() };
        playlists::invite_editor(ctx, &member(5), id, &whom).await.expect("invited");
        publish(ctx, id).await;
        assert_eq!(send_as(ctx, member(6), "PUT", &path, png(4, 4)).await.0, StatusCode::NO_CONTENT);
        for (method, body) in [("PUT", png(5, 5)), ("DELETE", Vec::new())] {
            let (status, told) = send_as(ctx, admin.clone(), method, &path, body).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{method}");
            assert!(told.contains("not_owner"), "{told}");
        }
        let seen = playlists::get(ctx, &admin, id).await.expect("public").playlist.pictures;
        assert_eq!(seen.first().map(|picture| picture.width), Some(4));
        playlists::remove_editor(ctx, &member(5), id, UserId(6)).await.expect("ended");
        assert_eq!(send_as(ctx, member(6), "DELETE", &path, Vec::new()).await.0, StatusCode::FORBIDDEN);
        assert_eq!(shown(ctx, id).await.given_picture.map(|one| one.width), Some(4));
    }

    async fn a_picture_that_is_given_is_shown_until_it_is_taken_away(world: World) {
        let ctx = &world.ctx;
        let id = album(ctx).await;
        let path = format!("/api/v1/albums/{id}/picture");
        assert_eq!(cover(ctx, id).await, None);
        for _ in 0..2 {
            let (status, body) = send(ctx, Role::Moderator, "PUT", &path, png(40, 20)).await;
            assert_eq!(status, StatusCode::NO_CONTENT, "{body}");
            assert_eq!(cover(ctx, id).await, Some((40, 20, true)));
        }
        let artist = service::album(ctx, &viewer(Role::Listener), id).await.expect("shown").album.artists[0].id;
        let portrait = format!("/api/v1/artists/{artist}/picture");
        assert_eq!(send(ctx, Role::Moderator, "PUT", &portrait, png(30, 30)).await.0, StatusCode::FORBIDDEN);
        assert_eq!(send(ctx, Role::Admin, "PUT", &portrait, png(30, 30)).await.0, StatusCode::NO_CONTENT);
        let shown = service::artist(ctx, &viewer(Role::Listener), artist).await.expect("shown");
        assert_eq!(shown.artist.picture.expect("a picture").width, 30);
        assert_eq!(send(ctx, Role::Moderator, "DELETE", &path, Vec::new()).await.0, StatusCode::NO_CONTENT);
        assert_eq!(cover(ctx, id).await, None);
    }

    async fn an_account_gives_so_many_pictures_in_an_hour_and_then_waits(world: World) {
        let ctx = &world.ctx;
        let path = format!("/api/v1/albums/{}/picture", album(ctx).await);
        for _ in 0..service::GIVEN_MAX {
            assert_eq!(send(ctx, Role::Moderator, "PUT", &path, png(4, 4)).await.0, StatusCode::NO_CONTENT);
        }
        world.clock.advance(service::GIVEN_WITHIN / 2);
        let (status, body) = send(ctx, Role::Moderator, "PUT", &path, png(4, 5)).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{body}");
        assert!(body.contains("too_many_pictures"), "{body}");
        assert_eq!(cover(ctx, id_of(&path)).await.expect("the one before").1, 4);
        assert_eq!(send(ctx, Role::Moderator, "DELETE", &path, Vec::new()).await.0, StatusCode::NO_CONTENT);
        let other = Viewer { id: UserId(6), ..viewer(Role::Moderator) };
        service::may_give_picture(ctx, &other, service::Pictured::Album(id_of(&path))).await.expect("another may");
        world.clock.advance(service::GIVEN_WITHIN / 2);
        assert_eq!(send(ctx, Role::Moderator, "PUT", &path, png(4, 5)).await.0, StatusCode::NO_CONTENT);
    }

    async fn what_is_no_picture_is_refused_and_changes_nothing(world: World) {
        let ctx = &world.ctx;
        let id = album(ctx).await;
        let path = format!("/api/v1/albums/{id}/picture");
        let mut cut = png(40, 20);
        cut.truncate(60);
        for (bytes, why) in [
            (Vec::new(), "none of"),
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(), "none of"),
            (cut, "can't be read"),
            (png(60_000, 60_000), "pixels"),
            (b"BM\x1e\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0\x01\0\x01\0\x01\0\x18\0\0\0\xff\0".to_vec(), "image/bmp"),
        ] {
            let (status, body) = send(ctx, Role::Moderator, "PUT", &path, bytes).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{why}: {body}");
            assert!(body.contains(why), "{why}: {body}");
        }
        let large = vec![0; catalog::picture::BYTES_MAX + 1];
        assert_eq!(send(ctx, Role::Moderator, "PUT", &path, large).await.0, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(send(ctx, Role::Listener, "PUT", &path, png(4, 4)).await.0, StatusCode::FORBIDDEN);
        assert_eq!(send(ctx, Role::Listener, "DELETE", &path, Vec::new()).await.0, StatusCode::FORBIDDEN);
        let absent = "/api/v1/albums/1/picture";
        assert_eq!(send(ctx, Role::Moderator, "PUT", absent, png(4, 4)).await.0, StatusCode::NOT_FOUND);
        assert_eq!(cover(ctx, id).await, None);
    }
}
