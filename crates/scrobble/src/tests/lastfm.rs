//! Last.fm: the way to an account, and what is told there.

use kernel::on_both_engines;

use super::*;
use crate::{jobs::note_playing, model::LastfmLink};

/// The fields of a call.
fn fields(asked: &Asked) -> std::collections::BTreeMap<String, String> {
    form_urlencoded::parse(&asked.body).into_owned().collect()
}

/// The calls of one method.
fn calls(server: &Foreign, method: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    server.asked().iter().map(fields).filter(|fields| fields["method"] == method).collect()
}

/// A Last.fm that opens a session once `mood` is 1, and refuses the artist `Nobody`.
async fn lastfm() -> (Foreign, Arc<AtomicU16>) {
    let mood = Arc::new(AtomicU16::new(0));
    let inner = Arc::clone(&mood);
    let server = Foreign::start(move |asked: &Asked| {
        let fields = fields(asked);
        let error = |code: u16| answer(200, &[], json!({ "error": code, "message": "Words." }).to_string());
        if fields["api_key"] != KEY || fields["api_sig"].len() != 32 {
            return error(13);
        }
        match (fields["method"].as_str(), inner.load(Ordering::SeqCst)) {
            ("auth.getToken", _) => answer(200, &[], json!({ "token": "tok" }).to_string()),
            ("auth.getSession", 0) => error(14),
            ("auth.getSession", _) => answer(
                200,
                &[],
                json!({ "session": { "name": "ann.fm", "key": "sess", "subscriber": 0 } }).to_string(),
            ),
            (_, 9) => error(9),
            (_, 11) => error(11),
            ("track.scrobble", _) if fields["sk"] == "sess" => {
                let one = |place: usize| {
                    let artist = fields.get(&format!("artist[{place}]"))?;
                    let code = if artist == "Nobody" { "1" } else { "0" };
                    Some(json!({ "ignoredMessage": { "code": code, "#text": "" } }))
                };
                let each: Vec<Value> = (0..50).map_while(one).collect();
                let each = if each.len() == 1 { each[0].clone() } else { Value::Array(each) };
                answer(200, &[], json!({ "scrobbles": { "scrobble": each } }).to_string())
            }
            ("track.love" | "track.unlove", _) if fields["sk"] == "sess" => answer(200, &[], "{}"),
            ("track.updateNowPlaying", _) => answer(200, &[], json!({ "nowplaying": {} }).to_string()),
            _ => error(9),
        }
    });
    (server.await, mood)
}

async fn shown(house: &House) -> Connection {
    house.scrobbling.overview(&ann()).await.expect("shown").lastfm.expect("connected")
}

async fn connected(house: &House, mood: &AtomicU16) {
    house.scrobbling.link_lastfm(&ann()).await.expect("a link");
    mood.store(1, Ordering::SeqCst);
    house.scrobbling.finish_lastfm(&ann()).await.expect("connected");
    house.settle().await;
}

on_both_engines! {
    async fn an_account_is_connected_once_its_owner_allows_it(world: World) {
        let (server, mood) = lastfm().await;
        let house = House::with_lastfm(world, &server);
        assert!(house.scrobbling.overview(&ann()).await.expect("shown").lastfm_available);
        let early = house.scrobbling.finish_lastfm(&ann()).await.expect_err("nothing was begun").problem();
        assert_eq!((early.status, early.code.as_str()), (409, "begin_again"));
        let LastfmLink { address } = house.scrobbling.link_lastfm(&ann()).await.expect("a link");
        assert_eq!(address, format!("{}?api_key={KEY}&token=tok", server.at("/api/auth/")));
        let waiting = house.scrobbling.finish_lastfm(&ann()).await.expect_err("not allowed").problem();
        assert_eq!((waiting.status, waiting.code.as_str()), (409, "not_allowed_yet"));
        mood.store(1, Ordering::SeqCst);
        assert_eq!(house.scrobbling.finish_lastfm(&viewer(2)).await.expect_err("not hers").problem().code, "begin_again");
        let connection = house.scrobbling.finish_lastfm(&ann()).await.expect("connected");
        assert_eq!((connection.name.as_str(), connection.service), ("ann.fm", Service::Lastfm));
        house.scrobbling.link_lastfm(&ann()).await.expect("a link");
        house.world.clock.advance(Duration::from_mins(61));
        assert_eq!(house.scrobbling.finish_lastfm(&ann()).await.expect_err("too late").problem().code, "begin_again");
        house.scrobbling.disconnect(&ann(), Service::Lastfm).await.expect("ended");
    }

    async fn plays_are_told_signed_and_what_is_ignored_there_fails(world: World) {
        let (server, mood) = lastfm().await;
        let house = House::with_lastfm(world, &server);
        let track = house.track("Moon", "Air").await;
        let nobody = house.track("Hum", "Nobody").await;
        connected(&house, &mood).await;
        mood.store(11, Ordering::SeqCst);
        house.play(track).await;
        house.play(nobody).await;
        house.settle().await;
        house.work().await;
        eventually("it says that the service is away", || async { shown(&house).await.problem.is_some() }).await;
        house.idle().await;
        mood.store(1, Ordering::SeqCst);
        house.world.clock.advance(Duration::from_hours(1));
        house.settle().await;
        eventually("it was sent", || async { shown(&house).await.sent == 1 }).await;
        let done = shown(&house).await;
        assert_eq!((done.waiting, done.failed), (0, 1));
        let call = calls(&server, "track.scrobble").pop().expect("told");
        let of = |name: &str| call.get(name).map(String::as_str);
        assert_eq!((of("artist[0]"), of("track[0]"), of("album[0]")), (Some("Air"), Some("Moon"), Some("Night")));
        assert_eq!((of("timestamp[0]"), of("duration[0]"), of("trackNumber[0]")), (Some(START.seconds().to_string().as_str()), Some("180"), Some("3")));
        assert_eq!(of("albumArtist[0]"), None, "it is the same as the artist");
    }

    async fn a_session_that_was_withdrawn_is_told_to_its_listener(world: World) {
        let (server, mood) = lastfm().await;
        let house = House::with_lastfm(world, &server);
        let track = house.track("Moon", "Air").await;
        connected(&house, &mood).await;
        mood.store(9, Ordering::SeqCst);
        house.play(track).await;
        house.work().await;
        house.idle().await;
        house.settle().await;
        eventually("it is refused", || async { shown(&house).await.state == State::Refused }).await;
        assert_eq!(shown(&house).await.waiting, 1);
        house.idle().await;
        connected(&house, &mood).await;
        eventually("what waited was sent", || async { shown(&house).await.sent == 1 }).await;
        note_playing(&house.ctx, ann().id).await.expect("noted");
    }
    async fn favourites_are_told_by_artist_and_title(world: World) {
        let (server, mood) = lastfm().await;
        let house = House::with_lastfm(world, &server);
        let track = house.track("Moon", "Air").await;
        house.work().await;
        connected(&house, &mood).await;
        for (favourite, method) in [(true, "track.love"), (false, "track.unlove")] {
            catalog::service::set_favourite(&house.ctx, &ann(), track, favourite).await.expect("marked");
            house.settle().await;
            eventually("it is told", || async { calls(&server, method).len() == 1 }).await;
            let call = calls(&server, method).pop().expect("told");
            assert_eq!((call["artist"].as_str(), call["track"].as_str(), call["sk"].as_str()), ("Air", "Moon", "sess"));
        }
        eventually("nothing waits", || async { shown(&house).await.favourites.waiting == 0 }).await;
        assert_eq!(shown(&house).await.favourites.sent, 2);
    }
}
