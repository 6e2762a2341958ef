//! The door for dialects: the same bytes without a signed path, and only for those who may have them.

use std::fs;

use catalog::import::{Batch, hide_track};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use kernel::{Fault, testkit::World};

use super::{House, ann, file_source};
use crate::{Asked, Config, Direct, Hls, Playable, parts_and_direct};

fn door(house: &House) -> Direct {
    parts_and_direct(house.ctx.clone(), Config::default()).2
}

async fn ask(
    door: &Direct,
    what: Playable,
    range: Option<&str>,
    name: Option<&str>,
) -> Option<(StatusCode, HeaderMap, Vec<u8>)> {
    let mut headers = HeaderMap::new();
    if let Some(range) = range {
        headers.insert(header::RANGE, HeaderValue::from_str(range).expect("a range"));
    }
    let asked = Asked { method: &Method::GET, headers: &headers };
    let response = door.file(&ann(), what, name, asked).await.expect("answers")?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("it comes whole").to_bytes().to_vec();
    Some((parts.status, parts.headers, body))
}

kernel::on_both_engines! {
    async fn a_file_of_any_kind_comes_with_ranges_and_goes_with_its_track(world: World) {
        let house = House::new(&world.ctx);
        let path = world.folder.path().join("a.ape");
        fs::write(&path, b"0123456789").expect("written");
        let (track, _) = house.add_track(file_source(&path, "audio/x-ape", "ape")).await;
        let (door, what) = (door(&house), Playable::Track(track));
        let (status, headers, body) = ask(&door, what, Some("bytes=2-4"), None).await.expect("it is there");
        assert_eq!((status, body.as_slice()), (StatusCode::PARTIAL_CONTENT, &b"234"[..]));
        assert_eq!(headers[header::CONTENT_TYPE], "audio/x-ape");
        assert_eq!(headers.get(header::CONTENT_DISPOSITION), None);
        let (_, headers, _) = ask(&door, what, None, Some("Où / \"x\"")).await.expect("it is there");
        let expected = "attachment; filename=\"O_ _ _x_.ape\"; filename*=UTF-8''O%C3%B9%20%2F%20%22x%22.ape";
        assert_eq!(headers[header::CONTENT_DISPOSITION], expected);
        let (ids, now) = (house.ctx.ids().clone(), house.ctx.now());
        let hidden = house.ctx.db().write(move |tx| hide_track(tx, &mut Batch::new(&ids, now), track));
        let hidden: Result<_, Fault> = hidden.await;
        hidden.expect("is hidden");
        assert!(ask(&door, what, None, None).await.is_none(), "a hidden track is absent");
    }

    async fn hls_begins_its_encoding_and_then_leads_to_granted_paths(world: World) {
        let house = House::new(&world.ctx);
        let path = world.folder.path().join("a.flac");
        let (track, media) = house.add_track(file_source(&path, "audio/flac", "flac")).await;
        let (door, headers) = (door(&house), HeaderMap::new());
        let asked = Asked { method: &Method::GET, headers: &headers };
        let viewer = ann();
        let hls = || door.hls(&viewer, Playable::Track(track), asked);
        assert!(matches!(hls().await.expect("answers"), Some(Hls::NotYet)));
        let generation = house.begin(media).await;
        house.add_rung(media, generation, "a128", 3).await;
        house.complete(media, generation).await;
        let Some(Hls::Playlist(response)) = hls().await.expect("answers") else { panic!("there is a playlist") };
        let text = response.into_body().collect().await.expect("it comes whole").to_bytes();
        let text = String::from_utf8(text.to_vec()).expect("text");
        let rung = text.lines().find(|line| !line.starts_with('#')).expect("a rung");
        let answer = house.get(rung).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.text().starts_with("#EXTM3U"));
    }
}
