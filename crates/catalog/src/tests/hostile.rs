//! Bytes and tags that mean harm.

use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};
use kernel::{on_both_engines, testkit::World};

use super::*;
use crate::picture::{self, EDGE_MAX, Refused};

/// A picture of one colour.
pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    let pixels: Vec<u8> = [200, 100, 50].repeat((width * height) as usize);
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(&pixels, width, height, ExtendedColorType::Rgb8)
        .expect("a picture is written");
    bytes
}

/// A PNG whose header claims a size that its few bytes do not have.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png(1, 1);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    // The header's checksum, so that the claim is believed.
    let mut crc = u32::MAX;
    for byte in &bytes[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    bytes[29..33].copy_from_slice(&(!crc).to_be_bytes());
    bytes
}

#[test]
fn a_picture_gives_its_facts_and_a_tiny_blur() {
    let facts = picture::facts(&png(64, 32)).expect("a picture");
    assert_eq!((facts.width, facts.height, facts.mime), (64, 32, "image/png"));
    assert!(facts.blur.starts_with("data:image/png;base64,"));
    assert!(facts.blur.len() < 400, "{}", facts.blur.len());
    assert!(kernel::blob::BlobKey::new(facts.blob_key).is_some());
}

#[test]
fn a_picture_is_given_in_the_size_asked_for_and_never_enlarged() {
    let bytes = png(1000, 500);
    for (asked, width, height) in [(96, 96, 48), (384, 384, 192), (1536, 1000, 500), (0, 1, 1)] {
        let jpeg = picture::sized(&bytes, asked).expect("a picture");
        let facts = picture::facts(&jpeg).expect("a picture again");
        assert_eq!((facts.width, facts.height, facts.mime), (width, height, "image/jpeg"), "{asked}");
    }
}

#[test]
fn what_unfolds_too_large_is_refused_before_it_unfolds() {
    for (width, height) in [(EDGE_MAX + 1, 1), (1, EDGE_MAX + 1), (u32::MAX / 2, 7), (EDGE_MAX, EDGE_MAX)] {
        assert_eq!(picture::facts(&claiming(width, height)), Err(Refused::TooManyPixels), "{width}x{height}");
    }
    assert_eq!(picture::facts(&vec![0; picture::BYTES_MAX + 1]), Err(Refused::TooManyBytes));
}

#[test]
fn bytes_that_are_no_picture_are_refused_with_a_reason() {
    let whole = png(64, 64);
    let svg: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>";
    let mut cases: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"hello".to_vec(),
        svg.to_vec(),
        b"\xff\xd8\xff".to_vec(),
        b"GIF89a".to_vec(),
        b"RIFF\xff\xff\xff\xffWEBPVP8 ".to_vec(),
        b"II*\0\xff\xff\xff\xff".to_vec(),
        whole[..whole.len() / 2].to_vec(),
    ];
    // A bit turned anywhere must never be a panic; whether it is still a picture does not matter.
    for at in 0..whole.len() {
        let mut turned = whole.clone();
        turned[at] ^= 0x10;
        let _ = picture::facts(&turned);
    }
    for bytes in cases.drain(..) {
        let refused = picture::facts(&bytes);
        assert!(matches!(&refused, Err(Refused::Unreadable(why)) if !why.is_empty()), "{refused:?}");
        assert!(picture::sized(&bytes, 96).is_err());
    }
}

on_both_engines! {
    async fn absurd_tags_become_a_track_that_can_be_shown(world: World) {
        let ctx = &world.ctx;
        let long = "\u{1F600}e\u{301}".repeat(50_000);
        let absurd = TrackTags {
            title: format!("\0{long}"),
            artists: (0..500).map(|at| format!("{at}\0{long}")).collect(),
            album: Some(long.clone()),
            album_artists: vec![long.clone(), "\u{0}".to_owned()],
            disc: Some(u32::MAX),
            disc_title: Some("'; DROP TABLE catalog_track; --".to_owned()),
            number: Some(0),
            date: Some("99999999999-99".to_owned()),
            genres: vec![long.clone(); 100],
            compilation: true,
            title_sort: Some("\u{202e}".to_owned()),
            album_sort: Some(String::new()),
            artists_sort: vec![long.clone()],
            album_artists_sort: Vec::new(),
            musicbrainz: import::MusicBrainz {
                recording: Some(long.clone()),
                release: Some("\0".to_owned()),
                artists: vec![long.clone(); 500],
                album_artists: Vec::new(),
            },
            moods: vec!["'\";".to_owned(), String::new()],
            credits: (0..500).map(|at| credit(import::Role::Performer, &format!("{at}\0\u{202e}x"))).collect(),
            release: import::ReleaseTags {
                artists_shown: Some(long.clone()),
                date: Some("never".to_owned()),
                types: vec![long.clone(); 100],
                labels: vec!["a\nb".to_owned()],
                barcode: Some("\0".to_owned()),
                group: Some(long.clone()),
                ..import::ReleaseTags::default()
            },
            recording: import::RecordingTags {
                comment: Some(long.clone()),
                original: Some("0000".to_owned()),
                movement_number: Some(u32::MAX),
                bpm_hundredths: Some(u32::MAX),
                ..import::RecordingTags::default()
            },
            lyrics: (0..50).map(|at| lyrics(&format!("l{at}"), &[(Some(at), &long), (None, "\0")])).collect(),
        };
        let path = format!("/m/{}\n/x.flac", "y".repeat(255));
        let made = take_in_one(ctx, song(&path, absurd.clone())).await;
        let again = Song { existing: Some(made.track), ..song(&path, absurd) };
        assert_eq!(take_in_one(ctx, again).await, made, "taken in again it is the same");
        let track = get(ctx, &format!("/api/v1/tracks/{}", made.track)).await;
        assert_eq!(track["artists"].as_array().expect("a list").len(), 32);
        assert_eq!(track["title"].as_str().expect("text").chars().count(), 1000);
        assert_eq!(track["credits"].as_array().expect("a list").len(), import::CREDITS_MAX);
        assert_eq!(track["comment"].as_str().expect("text").chars().count(), 2000);
        for field in ["original_date", "movement_number", "bpm_hundredths"] {
            assert_eq!(track[field], Value::Null, "{field}");
        }
        let words = get(ctx, &format!("/api/v1/tracks/{}/lyrics", made.track)).await;
        assert_eq!(words.as_array().expect("a list").len(), import::LYRICS_MAX);
        assert_eq!((&track["disc"], &track["number"]), (&1.into(), &Value::Null));
        let album = get(ctx, &format!("/api/v1/albums/{}", made.album.expect("an album"))).await;
        assert_eq!(album["discs"][0]["title"], "'; DROP TABLE catalog_track; --");
        assert_eq!(album["released"], Value::Null);
        assert_eq!((&album["labels"], &album["release_group"]), (&serde_json::json!(["a b"]), &Value::Null));
    }

    async fn a_file_without_any_tag_is_a_track_without_album(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/x.flac", TrackTags::default())).await;
        let track = get(ctx, &format!("/api/v1/tracks/{}", made.track)).await;
        assert_eq!((&track["title"], &track["album"]), (&"Untitled".into(), &Value::Null));
        assert_eq!(each(&track["artists"], "name"), ["Unknown Artist"]);
        assert_eq!(get(ctx, "/api/v1/home").await["counts"]["albums"], 0);
    }
}
