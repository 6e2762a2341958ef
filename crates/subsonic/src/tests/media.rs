use std::{fs, io::Cursor};

use catalog::import::upsert_picture;
use image::{ImageFormat, RgbImage};
use kernel::{blob::BlobKey, on_both_engines, testkit::World};

use super::*;

/// A song in a real file.
async fn real_song(house: &House, world: &World) -> (TrackId, Vec<u8>) {
    let bytes: Vec<u8> = (0..5_000_u32).flat_map(u32::to_le_bytes).collect();
    let path = world.folder.path().join("song.flac");
    fs::write(&path, &bytes).expect("written");
    let source = file(path.to_str().expect("text"));
    let tags = TrackTags { title: "A/Song".to_owned(), ..tags("Ann", "One") };
    (house.song(source, tags).await.track, bytes)
}

on_both_engines! {
    async fn a_song_is_streamed_in_parts_and_kept_under_its_title(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let (track, bytes) = real_song(&house, &world).await;
        let id = format!("id=tr-{track}");
        for more in [
            id.clone(),
            format!("{id}&format=raw&maxBitRate=64&timeOffset=5"),
            format!("{id}&maxBitRate=900&format=flac&timeOffset=0&estimateContentLength=true"),
        ] {
            let whole = house.get(&path(&key, "stream.view", &more)).await;
            assert!(whole.bytes == bytes, "{more}");
            assert_eq!(whole.header(&header::CONTENT_TYPE), "audio/flac");
            assert_eq!(whole.header(&header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
        }
        let part = Request::get(path(&key, "stream", &id)).header("range", "bytes=10-19").body(Body::empty());
        let part = house.send(part.expect("a request")).await;
        assert_eq!((part.status, part.bytes.as_slice()), (StatusCode::PARTIAL_CONTENT, &bytes[10..20]));
        let tag = part.header(&header::ETAG).to_owned();
        let again = Request::get(path(&key, "stream", &id)).header("if-none-match", tag).body(Body::empty());
        assert_eq!(house.send(again.expect("a request")).await.status, StatusCode::NOT_MODIFIED);
        let head = Request::head(path(&key, "stream", &id)).body(Body::empty());
        let head = house.send(head.expect("a request")).await;
        assert_eq!((head.header(&header::CONTENT_LENGTH), head.bytes.len()), ("20000", 0));
        let kept = house.get(&path(&key, "download", &id)).await;
        assert!(kept.bytes == bytes);
        assert_eq!(kept.header(&header::CONTENT_DISPOSITION), "attachment; filename=\"A_Song.flac\"; filename*=UTF-8''A%2FSong.flac");
        // All of an album or a playlist comes in one archive.
        let song = house.good(&key, "getSong", &id, "song").await;
        let list = house.good(&key, "createPlaylist", &format!("name=Mine&songId={}", song["id"].as_str().expect("an id")), "playlist").await;
        for whole in [&song["albumId"], &list["id"]] {
            let archive = house.get(&path(&key, "download", &format!("id={}", whole.as_str().expect("an id")))).await;
            assert_eq!((archive.status, archive.header(&header::CONTENT_TYPE)), (StatusCode::OK, "application/zip"), "{whole}");
            assert!(archive.bytes.windows(bytes.len()).any(|part| part == bytes), "the file is in it as it came");
        }
        assert_eq!(house.refused(&key, "download", "id=al-5").await, 70);
        // A form may ask for it too.
        let asked = form("stream", &format!("apiKey={key}&v=1.16.1&c=x&{id}"));
        assert!(house.send(asked).await.bytes == bytes);
    }

    async fn a_playlist_is_there_when_something_is_encoded(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let (track, _) = real_song(&house, &world).await;
        let id = format!("id=tr-{track}");
        assert_eq!(house.refused(&key, "hls.m3u8", &id).await, 0, "it is being encoded");
        let jobs = kernel::jobs::counts(world.ctx.db()).await.expect("answers");
        assert!(format!("{jobs:?}").contains("encode"), "{jobs:?}");
    }

    async fn covers_come_in_sizes_and_once_for_an_album(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let mut png = Cursor::new(Vec::new());
        RgbImage::from_pixel(400, 400, image::Rgb([200, 30, 90])).write_to(&mut png, ImageFormat::Png).expect("a picture");
        let png = png.into_inner();
        let facts = catalog::picture::facts(&png).expect("a good picture");
        let blob = BlobKey::new(facts.blob_key.as_str()).expect("a good name");
        world.ctx.blobs().put(&blob, png.into()).await.expect("is kept");
        let source = file("/m/a.flac");
        let track = house.change(move |tx, batch| {
            let picture = upsert_picture(tx, batch, &facts)?;
            let tags = tags("Ann", "One");
            let new = TrackImport { existing: None, library: None, source: &source, tags: &tags, picture: Some(picture), folder: Some("m") };
            upsert_track(tx, batch, &new)
        }).await.track;
        let song = house.good(&key, "getSong", &format!("id=tr-{track}"), "song").await;
        let album = house.good(&key, "getAlbum", &format!("id={}", song["albumId"].as_str().expect("an id")), "album").await;
        assert_eq!(song["coverArt"], album["coverArt"], "apps fetch it once");
        let artist = house.good(&key, "getArtist", &format!("id={}", song["artistId"].as_str().expect("an id")), "artist").await;
        for id in [&album["coverArt"], &artist["coverArt"], &album["id"], &song["id"], &artist["id"]] {
            for (size, edge) in [("", 400), ("&size=90", 96), ("&size=300", 384), ("&size=100000000", 400)] {
                let cover = house.get(&path(&key, "getCoverArt", &format!("id={}{size}", id.as_str().expect("an id")))).await;
                assert_eq!(cover.header(&header::CONTENT_TYPE), "image/jpeg", "{id} {}", cover.text());
                let picture = image::load_from_memory(&cover.bytes).expect("a picture");
                assert_eq!(picture.width(), edge, "{id} {size}");
            }
        }
        for (method, of, name) in [("getArtistInfo", "artistId", "artistInfo"), ("getArtistInfo2", "artistId", "artistInfo2"),
            ("getAlbumInfo", "albumId", "albumInfo"), ("getAlbumInfo2", "id", "albumInfo")] {
            let request = Request::get(path(&key, method, &format!("id={}", song[of].as_str().expect("an id"))));
            let request = request.header("host", "odeon.example:8420").body(Body::empty()).expect("a request");
            let info = house.send(request).await.json()["subsonic-response"][name].clone();
            let url = info["mediumImageUrl"].as_str().expect("an address");
            let below = url.strip_prefix("http://odeon.example:8420").expect("where the app asked");
            assert_eq!(house.get(below).await.header(&header::CONTENT_TYPE), "image/jpeg", "{url}");
        }
        for method in ["getArtistInfo", "getArtistInfo2", "getAlbumInfo", "getAlbumInfo2"] {
            assert_eq!(house.refused(&key, method, "id=ar-1").await, 70, "{method}");
            assert_eq!(house.refused(&key, method, "").await, 10, "{method}");
        }
        assert_eq!(house.refused(&key, "getCoverArt", &format!("id={}&size=x", album["id"].as_str().expect("an id"))).await, 0);
    }

    async fn nobody_has_an_avatar(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        assert_eq!(house.refused(&key, "getAvatar", "username=ann").await, 70);
        assert_eq!(house.refused(&key, "getAvatar", "").await, 10);
    }

    async fn whether_a_song_plays_as_it_is_is_decided_by_what_the_app_says(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let (track, _) = real_song(&house, &world).await;
        let more = format!("mediaId=tr-{track}&mediaType=song");
        for (codec, plays) in [("flac", true), ("mp3", false)] {
            let body = json!({
                "name": "x", "platform": "y",
                "directPlayProfiles": [{ "containers": [codec], "audioCodecs": [codec], "protocols": ["http"] }],
            });
            let request = Request::post(path(&key, "getTranscodeDecision", &more))
                .header("content-type", "application/json").body(Body::from(body.to_string()));
            let answer = house.send(request.expect("a request")).await.json();
            let decision = &answer["subsonic-response"]["transcodeDecision"];
            assert_eq!((&decision["canDirectPlay"], &decision["canTranscode"]), (&json!(plays), &json!(false)));
            assert_eq!(decision["sourceStream"]["audioBitrate"], 900_000);
        }
        assert_eq!(house.refused(&key, "getTranscodeDecision", &more).await, 10, "no body");
        assert_eq!(house.refused(&key, "getTranscodeDecision", "mediaId=tr-1&mediaType=film").await, 0);
    }
}
