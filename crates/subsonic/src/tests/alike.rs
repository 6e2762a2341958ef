//! What sounds alike, and what is played most.

use catalog::import::hide_track;
use kernel::{on_both_engines, testkit::World};

use super::{facts::hear_as, *};

/// A sound in this direction, out of a circle of 360.
fn toward(degrees: f64) -> [i8; 48] {
    let mut vector = [0; 48];
    #[expect(clippy::cast_possible_truncation, reason = "between -100 and 100")]
    let parts = [(100.0 * degrees.to_radians().cos()) as i8, (100.0 * degrees.to_radians().sin()) as i8];
    vector[..2].copy_from_slice(&parts);
    vector
}

/// A song of an artist of its own that sounds like this.
async fn sounding(house: &House, artist: &str, degrees: f64) -> Imported {
    let tags = TrackTags {
        title: format!("Song of {artist}"),
        genres: vec!["Folk".to_owned()],
        ..tags(artist, artist)
    };
    let made = house.song(file(&format!("/m/{artist}.flac")), tags).await;
    hear_as(house, made, -14.0, toward(degrees)).await;
    made
}

async fn artist_of(house: &House, key: &str, track: TrackId) -> String {
    let song = house.good(key, "getSong", &format!("id=tr-{track}"), "song").await;
    song["artistId"].as_str().expect("an id").to_owned()
}

fn titles(matches: &Value) -> Vec<&str> {
    let each = matches.as_array().expect("a list").iter();
    each.map(|one| one["entry"]["artist"].as_str().expect("a name")).collect()
}

on_both_engines! {
    async fn what_sounds_alike_comes_in_the_order_of_its_likeness(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let ann = sounding(&house, "Ann", 0.0).await;
        let (bob, carl) = (sounding(&house, "Bob", 20.0).await, sounding(&house, "Carl", 60.0).await);
        let dora = sounding(&house, "Dora", 180.0).await;
        let id = format!("id=tr-{}", ann.track);
        let found = house.good(&key, "getSonicSimilarTracks", &id, "sonicMatch").await;
        assert_eq!(titles(&found), ["Bob", "Carl", "Dora"]);
        let likeness: Vec<f64> = found.as_array().expect("a list").iter().map(|one| one["similarity"].as_f64().expect("a number")).collect();
        assert!((likeness[0] - 0.97).abs() < 0.01 && (likeness[1] - 0.75).abs() < 0.01 && likeness[2] < 0.01, "{likeness:?}");
        let few = house.good(&key, "getSonicSimilarTracks", &format!("{id}&count=1"), "sonicMatch").await;
        assert_eq!(titles(&few), ["Bob"]);
        let xml = house.get(&format!("/rest/getSonicSimilarTracks?apiKey={key}&v=1.16.1&c=x&{id}&count=1")).await.text();
        assert!(xml.contains("<sonicMatch similarity=\"0.969") && xml.contains("<entry "), "{xml}");
        let way = house.good(&key, "findSonicPath", &format!("startSongId=tr-{}&endSongId=tr-{}&count=3", ann.track, carl.track), "sonicMatch").await;
        assert_eq!(titles(&way), ["Ann", "Bob", "Carl"]);
        assert_eq!(way[0]["similarity"], 1.0);
        let song = house.good(&key, "getSimilarSongs", &format!("{id}&count=2"), "similarSongs").await;
        assert_eq!(each(&song["song"], "artist"), ["Bob", "Carl"]);
        let of_artist = format!("id={}&count=2", artist_of(&house, &key, ann.track).await);
        for (method, name) in [("getArtistInfo", "artistInfo"), ("getArtistInfo2", "artistInfo2")] {
            let info = house.good(&key, method, &of_artist, name).await;
            assert_eq!(each(&info["similarArtist"], "name"), ["Bob", "Carl"], "{method}");
        }
        let mix = house.good(&key, "getSimilarSongs2", &of_artist, "similarSongs2").await;
        assert_eq!(mix["song"].as_array().map(Vec::len), Some(2));
        // What is hidden is in nobody's list and no seed; what comes later is found.
        house.change(move |tx, batch| hide_track(tx, batch, bob.track)).await;
        let found = house.good(&key, "getSonicSimilarTracks", &id, "sonicMatch").await;
        assert_eq!(titles(&found), ["Carl", "Dora"]);
        assert_eq!(house.refused(&key, "getSonicSimilarTracks", &format!("id=tr-{}", bob.track)).await, 70);
        sounding(&house, "Emil", 10.0).await;
        world.clock.advance(std::time::Duration::from_secs(3_700));
        let found = house.good(&key, "getSonicSimilarTracks", &format!("id=tr-{}", dora.track), "sonicMatch").await;
        assert_eq!(titles(&found), ["Carl", "Emil", "Ann"]);
    }

    async fn what_was_not_measured_has_no_likes_but_songs_of_its_genre(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let tracks = house.album("Ann", "One").await;
        let id = format!("id=tr-{}", tracks[0]);
        assert_eq!(house.good(&key, "getSonicSimilarTracks", &id, "sonicMatch").await, json!([]));
        let mix = house.good(&key, "getSimilarSongs", &id, "similarSongs").await;
        let mut names = each(&mix["song"], "title");
        names.sort_unstable();
        assert_eq!(names, ["One 2", "One 3"]);
        let way = format!("startSongId=tr-{}&endSongId=tr-{}", tracks[0], tracks[1]);
        assert_eq!(house.refused(&key, "findSonicPath", &way).await, 0);
        for method in ["getSimilarSongs", "getSimilarSongs2", "getSonicSimilarTracks"] {
            assert_eq!(house.refused(&key, method, "").await, 10, "{method}");
            for absent in ["tr-1", "al-1", "ar-1", "vi-1", "1", "x"] {
                assert_eq!(house.refused(&key, method, &format!("id={absent}")).await, 70, "{method} {absent}");
            }
        }
        assert_eq!(house.refused(&key, "findSonicPath", &format!("startSongId=tr-{}&endSongId=tr-1", tracks[0])).await, 70);
        assert_eq!(house.refused(&key, "findSonicPath", &format!("startSongId=tr-{}", tracks[0])).await, 10);
    }

    async fn top_songs_are_those_that_the_whole_house_plays(world: World) {
        let house = House::new(&world.ctx);
        let (ann, bob) = (house.member("ann", Role::Listener).await, house.member("bob", Role::Listener).await);
        let tracks = house.album("The Band", "One").await;
        let artist = artist_of(&house, &ann, tracks[0]).await;
        let top = |count: u32| format!("id={artist}&count={count}");
        assert_eq!(house.good(&ann, "getTopSongs", &top(9), "topSongs").await["song"], json!([]), "nobody played any");
        for (key, track, time) in [(&ann, 2, 1_000), (&ann, 2, 2_000), (&bob, 1, 1_000), (&bob, 1, 2_000), (&ann, 1, 3_000), (&bob, 0, 5_000)] {
            house.good(key, "scrobble", &format!("id=tr-{}&time={time}", tracks[track]), "").await;
        }
        let found = house.good(&ann, "getTopSongs", &top(2), "topSongs").await;
        assert_eq!(each(&found["song"], "title"), ["One 2", "One 3"]);
        catalog::search::catch_up(&world.ctx).await.expect("the index follows");
        let named = house.good(&bob, "getTopSongs", "artist=the%20band", "topSongs").await;
        assert_eq!(each(&named["song"], "title"), ["One 2", "One 3", "One 1"]);
        assert_eq!(house.good(&bob, "getTopSongs", "artist=nobody", "topSongs").await["song"], json!([]));
        assert_eq!(house.refused(&bob, "getTopSongs", "").await, 10);
        assert_eq!(house.refused(&bob, "getTopSongs", "id=ar-1").await, 70);
    }
}
