//! Who did what, and what is known of releases and recordings.

use kernel::{on_both_engines, testkit::World};
use serde_json::json;

use super::*;
use crate::import::{Advisory, CreditTag, Gains, RecordingTags, ReleaseTags, Role};

const GROUP: &str = "33333333-3333-4333-8333-333333333333";

/// A movement of a symphony, with those who made it.
fn movement(number: u32) -> TrackTags {
    TrackTags {
        number: Some(number),
        credits: vec![
            CreditTag {
                sort: Some("Beethoven, Ludwig van".to_owned()),
                ..credit(Role::Composer, "Beethoven")
            },
            credit(Role::Conductor, "Carlos Kleiber"),
            CreditTag { detail: Some("violin".to_owned()), ..credit(Role::Performer, "Ann") },
            CreditTag { detail: Some("viola".to_owned()), ..credit(Role::Performer, "Ann") },
        ],
        recording: RecordingTags {
            artists_shown: Some("Vienna & friends".to_owned()),
            work: Some("Symphony No. 5".to_owned()),
            movement: Some("Allegro".to_owned()),
            movement_number: Some(number),
            movement_total: Some(4),
            original: Some("1974-06".to_owned()),
            isrcs: strings(&["AAA", "BBB"]),
            advisory: Some(Advisory::Clean),
            bpm_hundredths: Some(10_850),
            medium: Some("CD".to_owned()),
            gains: Gains { track_cdb: Some(-650), r128_album_cdb: Some(120), ..Gains::default() },
            ..RecordingTags::default()
        },
        ..tags(&format!("Movement {number}"), "Vienna", "Fifth")
    }
}

async fn artist(ctx: &Ctx, name: &str) -> Value {
    let artists = get(ctx, "/api/v1/artists?limit=200").await;
    let found = artists["items"].as_array().expect("a list").iter().find(|one| one["name"] == name);
    let id = found.unwrap_or_else(|| panic!("{name} among {artists:#}"))["id"].as_str().expect("an id");
    get(ctx, &format!("/api/v1/artists/{id}")).await
}

async fn names(ctx: &Ctx) -> Vec<String> {
    each(&get(ctx, "/api/v1/artists?limit=200").await, "name").into_iter().map(str::to_owned).collect()
}

on_both_engines! {
    async fn who_only_composed_is_found_and_counted_as_a_composer(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![song("/m/5/1.flac", movement(1)), song("/m/5/2.flac", movement(2))]).await;
        assert_eq!(names(ctx).await, ["Ann", "Beethoven", "Carlos Kleiber", "Vienna"]);
        let performing = get(ctx, "/api/v1/artists?performing=true").await;
        assert_eq!(each(&performing, "name"), ["Vienna"], "the others are only credited");
        let beethoven = artist(ctx, "Beethoven").await;
        assert_eq!((&beethoven["track_count"], &beethoven["album_count"]), (&0.into(), &0.into()));
        assert_eq!(beethoven["roles"], json!([{"role": "composer", "track_count": 2, "album_count": 1}]));
        assert_eq!(beethoven["sort_name"], "Beethoven, Ludwig van");
        assert_eq!((each(&beethoven["albums"], "title").len(), each(&beethoven["credited_on"], "title")), (0, vec!["Fifth"]));
        assert_eq!(artist(ctx, "Ann").await["roles"][0]["track_count"], 2, "two instruments on a track are one track");
        let track = get(ctx, &format!("/api/v1/tracks/{}", made[0].track)).await;
        assert_eq!(each(&track["composers"], "name"), ["Beethoven"]);
        let credits: Vec<_> = track["credits"].as_array().expect("a list").iter()
            .map(|one| (one["role"].as_str().expect("a role"), one["name"].as_str().expect("a name"), one["detail"].clone()))
            .collect();
        assert_eq!(credits, [
            ("composer", "Beethoven", Value::Null),
            ("conductor", "Carlos Kleiber", Value::Null),
            ("performer", "Ann", "violin".into()),
            ("performer", "Ann", "viola".into()),
        ]);
        let album = get(ctx, &format!("/api/v1/albums/{}", made[0].album.expect("an album"))).await;
        assert_eq!(each(&album["credits"], "name"), ["Beethoven", "Carlos Kleiber", "Ann", "Ann"]);
        assert_eq!(each(&album["discs"][0]["tracks"][1]["composers"], "name"), ["Beethoven"]);
    }

    async fn a_recording_shows_what_its_tags_say(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/5/1.flac", movement(1))).await;
        let track = get(ctx, &format!("/api/v1/tracks/{}", made.track)).await;
        for (field, wanted) in [
            ("artist_shown", json!("Vienna & friends")),
            ("work", json!("Symphony No. 5")),
            ("movement", json!("Allegro")),
            ("movement_number", json!(1)),
            ("movement_total", json!(4)),
            ("original_date", json!("1974-06")),
            ("isrcs", json!(["AAA", "BBB"])),
            ("advisory", json!("clean")),
            ("bpm_hundredths", json!(10_850)),
            ("medium", json!("CD")),
            ("has_lyrics", json!(false)),
        ] {
            assert_eq!(track[field], wanted, "{field}");
        }
        assert_eq!((&track["gain"]["track_cdb"], &track["gain"]["r128_album_cdb"]), (&json!(-650), &json!(120)));
        let album = get(ctx, &format!("/api/v1/albums/{}", made.album.expect("an album"))).await;
        assert_eq!((&album["original_date"], &album["advisory"]), (&json!("1974-06"), &json!("clean")));
        assert_eq!(album["discs"][0]["medium"], "CD");
    }

    async fn editions_of_an_album_know_each_other(world: World) {
        let ctx = &world.ctx;
        let edition = |title: &str, date: &str, version: Option<&str>| TrackTags {
            date: Some(date.to_owned()),
            release: ReleaseTags {
                version: version.map(str::to_owned),
                types: strings(&["Album", "Live"]),
                labels: strings(&["Warp"]),
                catalogue_numbers: strings(&["WARP 1"]),
                barcode: Some("0123".to_owned()),
                group: Some(GROUP.to_owned()),
                date: Some(format!("{date}-05-01")),
                ..ReleaseTags::default()
            },
            ..tags(title, "Air", "Moon")
        };
        let made = take_in(ctx, vec![
            song("/m/1/1.flac", edition("A", "1999", None)),
            song("/m/2/1.flac", edition("A", "2009", Some("Deluxe"))),
        ]).await;
        let first = get(ctx, &format!("/api/v1/albums/{}", made[0].album.expect("an album"))).await;
        assert_eq!(first["released"], "1999-05-01", "the date of the edition counts");
        for (field, wanted) in [
            ("types", json!(["album", "live"])),
            ("labels", json!(["Warp"])),
            ("catalogue_numbers", json!(["WARP 1"])),
            ("barcode", json!("0123")),
            ("release_group", json!(GROUP)),
            ("version", Value::Null),
        ] {
            assert_eq!(first[field], wanted, "{field}");
        }
        assert_eq!(each(&first["editions"], "version"), ["Deluxe"]);
    }

    async fn tagging_anew_moves_credits_and_leaves_nobody_behind(world: World) {
        let ctx = &world.ctx;
        let first = take_in_one(ctx, song("/m/5/1.flac", movement(1))).await;
        let anew = TrackTags {
            credits: vec![credit(Role::Composer, "Bach"), credit(Role::Lyricist, "Ann")],
            ..movement(1)
        };
        take_in_one(ctx, Song { existing: Some(first.track), ..song("/m/5/1.flac", anew) }).await;
        assert_eq!(names(ctx).await, ["Ann", "Bach", "Vienna"]);
        assert_eq!(artist(ctx, "Ann").await["roles"], json!([{"role": "lyricist", "track_count": 1, "album_count": 1}]));
    }

    async fn who_is_named_by_hidden_tracks_alone_is_hidden_and_comes_back(world: World) {
        let ctx = &world.ctx;
        let first = take_in_one(ctx, song("/m/5/1.flac", movement(1))).await;
        hide(ctx, first.track).await;
        assert_eq!(names(ctx).await, [""; 0]);
        change(ctx, move |tx, batch| import::show_track(tx, batch, first.track)).await;
        assert_eq!(names(ctx).await.len(), 4);
    }

    async fn an_album_follows_the_first_track_that_is_tagged_anew(world: World) {
        let ctx = &world.ctx;
        let on = |title: &str, labels: &[&str], sort: Option<&str>| TrackTags {
            album_sort: sort.map(str::to_owned),
            release: ReleaseTags { labels: strings(labels), ..ReleaseTags::default() },
            ..tags(title, "Air", "Moon")
        };
        let made = take_in(ctx, vec![
            song("/m/1.flac", on("A", &[], None)),
            song("/m/2.flac", on("B", &["Warp"], None)),
            song("/m/3.flac", on("C", &["Other"], None)),
            song("/z/1.flac", tags("D", "Air", "Night")),
        ]).await;
        let path = format!("/api/v1/albums/{}", made[0].album.expect("an album"));
        assert_eq!(get(ctx, &path).await["labels"], json!(["Warp"]), "the first that says it");
        take_in_one(ctx, Song { existing: Some(made[0].track), ..song("/m/1.flac", on("A", &["Ninja"], Some("Zzz"))) }).await;
        assert_eq!(get(ctx, &path).await["labels"], json!(["Ninja"]));
        assert_eq!(each(&get(ctx, "/api/v1/albums").await, "title"), ["Night", "Moon"]);
    }
}
