//! What plays now is told while it plays, and only then.

use catalog::model::{PlayReport, PlayState};
use kernel::{http::AppKey, on_both_engines};

use super::*;
use crate::jobs::note_playing;

async fn report(house: &House, listener: &Viewer, track: TrackId, state: PlayState) {
    let report = PlayReport { track_id: track, state, position_ms: 0, rate: 1.0, client: None };
    catalog::service::report_playing(&house.ctx, listener, AppKey::default(), &report).await.expect("taken");
    note_playing(&house.ctx, listener.id).await.expect("noted");
}

fn playing(server: &Foreign) -> Vec<String> {
    sent(server)
        .into_iter()
        .filter(|(kind, _)| kind == "playing_now")
        .flat_map(|(_, titles)| titles)
        .collect()
}

/// Waits until this is what was told. The bus is rung again and again, since a worker that begins to wait just as the
/// clock is turned by hand would wait for the next turn.
async fn told(house: &House, server: &Foreign, titles: &[&str]) {
    eventually("it is told", || async {
        house.ctx.bus().publish(kernel::jobs::TOPIC_JOBS);
        playing(server) == titles
    })
    .await;
}

async fn member(house: &House) -> Viewer {
    let user =
        accounts::add_user(&house.ctx, "ann", "Ann", Role::Listener, "correct horse battery".to_owned());
    let id = user.await.expect("added").id;
    Viewer { id, ..ann() }
}

on_both_engines! {
    async fn what_plays_is_told_once_and_leaping_is_not(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|_| taken()).await;
        let ann = member(&house).await;
        let tracks = [house.track("One", "Air").await, house.track("Two", "Air").await, house.track("Three", "Air").await];
        house.scrobbling.connect_listenbrainz(&ann, account(&server, "good")).await.expect("connected");
        house.work().await;
        report(&house, &ann, tracks[0], PlayState::Playing).await;
        house.world.clock.advance(Duration::from_secs(2));
        told(&house, &server, &["One"]).await;
        let body = submissions(&server).pop().expect("sent");
        assert!(body["payload"][0].get("listened_at").is_none(), "it has no time of its own");
        // Told again by the player, and leapt over: within ten seconds nothing is said.
        report(&house, &ann, tracks[0], PlayState::Playing).await;
        report(&house, &ann, tracks[1], PlayState::Playing).await;
        report(&house, &ann, tracks[2], PlayState::Playing).await;
        house.world.clock.advance(Duration::from_secs(5));
        assert_eq!(playing(&server), ["One"]);
        house.world.clock.advance(Duration::from_secs(6));
        told(&house, &server, &["One", "Three"]).await;
        report(&house, &ann, tracks[2], PlayState::Playing).await;
        house.world.clock.advance(Duration::from_secs(11));
        report(&house, &ann, tracks[1], PlayState::Playing).await;
        house.world.clock.advance(Duration::from_secs(11));
        told(&house, &server, &["One", "Three", "Two"]).await;
        assert!(sent(&server).iter().all(|(kind, _)| kind == "playing_now"), "nothing counts as heard by that");
    }

    async fn what_has_stopped_or_stands_is_not_told_afterwards(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|_| taken()).await;
        let ann = member(&house).await;
        let (one, two) = (house.track("One", "Air").await, house.track("Two", "Air").await);
        house.scrobbling.connect_listenbrainz(&ann, account(&server, "good")).await.expect("connected");
        report(&house, &ann, one, PlayState::Playing).await;
        report(&house, &ann, one, PlayState::Stopped).await;
        house.world.clock.advance(Duration::from_secs(2));
        house.work().await;
        report(&house, &ann, two, PlayState::Paused).await;
        house.world.clock.advance(Duration::from_secs(11));
        report(&house, &ann, two, PlayState::Playing).await;
        house.world.clock.advance(Duration::from_secs(11));
        told(&house, &server, &["Two"]).await;
        // The worker was away until after the song's end.
        let done = || async {
            house.ctx.bus().publish(kernel::jobs::TOPIC_JOBS);
            let counts = kernel::jobs::counts(house.ctx.db()).await.expect("read");
            let open = |state: &str| state == "ready" || state == "running";
            !counts.iter().any(|(kind, state, _)| kind == crate::jobs::PLAYING_JOB && open(state))
        };
        eventually("the job has ended", done).await;
        report(&house, &ann, one, PlayState::Playing).await;
        house.world.clock.advance(Duration::from_mins(30));
        eventually("the job has ended", done).await;
        assert_eq!(playing(&server), ["Two"]);
    }
}
