//! Albums in one run: granted as a whole to who sees all of it, with the range of the track that was asked for.

use std::{sync::Arc, time::Duration};

use catalog::{
    MediaId, TrackId,
    import::{Batch, TrackImport, TrackTags, hide_track, upsert_track},
    media::{self, ENCODE_JOB, RUN_JOB},
};
use http::StatusCode;
use kernel::{
    Fault, jobs,
    testkit::{World, eventually},
};
use serde_json::Value;

use super::{House, ann, blob_source};

/// Enters an album of FLAC files of twelve seconds.
async fn album(house: &House, tracks: u32) -> Vec<(TrackId, MediaId)> {
    let (ids, now) = (house.ctx.ids().clone(), house.ctx.now());
    let added = house.ctx.db().write(move |tx| {
        let mut batch = Batch::new(&ids, now);
        let mut added = Vec::new();
        for number in 1..=tracks {
            let source = blob_source(&format!("originals/{number}/a.flac"), "audio/flac", "flac");
            let tags = TrackTags {
                title: format!("Part {number}"),
                artists: vec!["Air".to_owned()],
                album: Some("Moon".to_owned()),
                album_artists: vec!["Air".to_owned()],
                number: Some(number),
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
            let made = upsert_track(tx, &mut batch, &new)?;
            added.push((made.track, made.media));
        }
        Ok::<_, Fault>(added)
    });
    added.await.expect("is entered")
}

async fn ask(house: &House, track: TrackId, wish: &str) -> Value {
    let (status, grant) = house.grant(&format!("/api/v1/tracks/{track}/grant?{wish}")).await;
    assert_eq!(status, StatusCode::OK, "{grant}");
    grant
}

fn run_of(grant: &Value) -> MediaId {
    MediaId(grant["run"]["media_id"].as_str().expect("a run").parse().expect("a number"))
}

/// Begins the encode of a run at 44,100 Hz, with what is known of its ends.
async fn begin(house: &House, run: MediaId, ends: &'static [(usize, u64)]) -> i64 {
    let begun = house.ctx.db().write(move |tx| {
        let generation = media::begin_run(tx, run)?.expect("it is current").generation;
        assert!(media::set_run_rate(tx, run, generation, 44_100)?);
        assert!(media::set_run_ends(tx, run, generation, ends)?);
        Ok::<_, Fault>(generation)
    });
    begun.await.expect("it begins")
}

async fn is_queued(house: &House, kind: &'static str, media: MediaId) -> bool {
    jobs::view_by_key(house.ctx.db(), kind, media.to_string()).await.expect("works").is_some()
}

kernel::on_both_engines! {
    async fn a_run_is_granted_with_the_range_of_the_track(world: World) {
        let house = House::new(&world.ctx);
        let tracks = album(&house, 3).await;
        let (second, its_media) = tracks[1];
        for wish in ["quality=high", "quality=high&run=never", "quality=low&run=use", "run=make", "quality=original&run=make"] {
            assert!(ask(&house, second, wish).await["run"].is_null(), "{wish}");
        }
        let grant = ask(&house, second, "quality=high&run=make").await;
        let run = run_of(&grant);
        assert_eq!((&grant["run"]["state"], &grant["run"]["hls"]), (&"waiting".into(), &Value::Null));
        assert!(is_queued(&house, RUN_JOB, run).await);
        assert!(is_queued(&house, ENCODE_JOB, its_media).await, "nobody waits for the encoder to come so far");

        let generation = begin(&house, run, &[(0, 264_600)]).await;
        house.add_rung(run, generation, "opus-64", 1).await;
        let far = ask(&house, second, "quality=high&run=use").await;
        assert!(far["run"]["hls"].is_null(), "it has not come to the second track");
        house.add_rung(run, generation, "opus-128", 3).await;
        assert!(ask(&house, second, "quality=high&run=use").await["run"]["hls"].is_null(), "not every rung has");
        house.complete(run, generation).await;

        let grant = ask(&house, second, "quality=high&run=use").await;
        let found = &grant["run"];
        assert_eq!((&found["rate_hz"], &found["start_sample"], &found["end_sample"]), (&44_100.into(), &264_600.into(), &Value::Null));
        assert_eq!(found["state"], "ready");
        let master = house.get(found["hls"].as_str().expect("it plays")).await;
        assert_eq!(master.status, StatusCode::OK);
        assert!(master.text().contains("opus-64.m3u8"));
        let first = ask(&house, tracks[0].0, "quality=low&run=use").await;
        assert_eq!((&first["run"]["start_sample"], &first["run"]["end_sample"]), (&0.into(), &264_600.into()));
        assert_eq!(first["state"], "none");
        assert!(!is_queued(&house, ENCODE_JOB, tracks[0].1).await, "what the run has is not encoded once more");
        // A grant of the run opens the run and nothing else.
        let base = found["hls"].as_str().expect("a path").strip_suffix("master.m3u8").expect("ours").to_owned();
        house.get(&format!("{base}original")).await.assert_absent();
        let swapped = base.replace(&format!("/{run}/"), &format!("/{its_media}/"));
        house.get(&format!("{swapped}master.m3u8")).await.assert_absent();
    }

    async fn the_first_track_waits_for_its_run_and_is_not_encoded_by_itself(world: World) {
        let house = Arc::new(House::new(&world.ctx));
        let tracks = album(&house, 2).await;
        let (first, its_media) = tracks[0];
        let asker = tokio::spawn({
            let house = Arc::clone(&house);
            async move { ask(&house, first, "quality=high&run=make&wait_ms=5000").await }
        });
        let viewer = ann();
        eventually("there is a run", || async {
            media::find_run(&house.ctx, &viewer, first).await.expect("works").is_some()
        }).await;
        let run = media::find_run(&house.ctx, &viewer, first).await.expect("works").expect("a run").media.id;
        let generation = begin(&house, run, &[]).await;
        house.add_rung(run, generation, "opus-64", 1).await;
        eventually("it was answered", || async {
            world.clock.advance(Duration::from_millis(10));
            asker.is_finished()
        }).await;
        let grant = asker.await.expect("no panic");
        assert_eq!((&grant["run"]["state"], &grant["run"]["start_sample"]), (&"encoding".into(), &0.into()));
        assert_eq!(house.get(grant["run"]["hls"].as_str().expect("it plays")).await.status, StatusCode::OK);
        assert!(!is_queued(&house, ENCODE_JOB, its_media).await);
    }

    async fn where_there_is_no_run_the_track_is_encoded_by_itself(world: World) {
        let house = House::new(&world.ctx);
        let tracks = album(&house, 2).await;
        let (first, its_media) = tracks[0];
        let run = run_of(&ask(&house, first, "quality=high&run=make").await);
        // It waits behind others: the track does not.
        let again = ask(&house, first, "quality=high&run=make").await;
        assert_eq!((&again["run"]["state"], &again["state"]), (&"waiting".into(), &"waiting".into()));
        assert!(is_queued(&house, ENCODE_JOB, its_media).await);
        let problem = media::Problem { code: "undecodable".to_owned(), text: "It is broken.".to_owned() };
        house.ctx.db().write(move |tx| media::fail_encode(tx, run, &problem)).await.expect("works");
        let grant = ask(&house, first, "quality=high&run=make").await;
        assert!(grant["run"].is_null(), "and it is not tried again for the same files");
        assert_eq!(grant["state"], "waiting");
        // The album is one track less: none.
        let (ids, now, second) = (house.ctx.ids().clone(), house.ctx.now(), tracks[1].0);
        house.ctx.db().write(move |tx| hide_track(tx, &mut Batch::new(&ids, now), second)).await.expect("works");
        assert!(ask(&house, first, "quality=high&run=make").await["run"].is_null());
    }

    async fn what_is_asked_for_is_known_to_be_wanted(world: World) {
        let house = House::new(&world.ctx);
        let tracks = album(&house, 2).await;
        let (first, its_media) = tracks[0];
        ask(&house, first, "quality=high").await;
        let run = run_of(&ask(&house, first, "quality=high&run=make").await);
        world.clock.advance(Duration::from_mins(5));
        ask(&house, first, "quality=auto").await;
        let asked = async |media| house.ctx.db().read(move |tx| media::get(tx, media)).await.expect("works").expect("there").asked;
        let then = asked(its_media).await;
        assert!(house.ctx.now().since(then) >= Duration::from_mins(5), "the file plays: what is encoded is not wanted");
        ask(&house, first, "quality=high&run=use").await;
        assert_eq!((asked(its_media).await, asked(run).await), (house.ctx.now(), house.ctx.now()));
    }
}
