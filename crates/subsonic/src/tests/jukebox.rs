use std::time::Duration;

use catalog::{
    TrackId,
    import::hide_track,
    model::listener::{Command, DeviceReport, DeviceState},
    service::listener::{self, QUEUE_TRACKS_MAX},
};
use kernel::{http::Viewer, on_both_engines, testkit::World};

use super::*;

/// A device of somebody's, as the page is one.
pub(super) struct Device<'a> {
    house: &'a House,
    world: &'a World,
    viewer: Viewer,
    id: &'static str,
    name: &'static str,
}

impl<'a> Device<'a> {
    pub(super) async fn of(
        house: &'a House,
        world: &'a World,
        handle: &str,
        id: &'static str,
        name: &'static str,
    ) -> Self {
        let user = accounts::music::user_by_handle(&house.ctx, handle).await.expect("asked").expect("there");
        let viewer =
            Viewer { id: user.id, handle: user.handle, role: user.role, session: None, within: None };
        let device = Self { house, world, viewer, id, name };
        device.says(DeviceState::Stopped, None, 0).await;
        device
    }

    async fn says(&self, state: DeviceState, track: Option<TrackId>, position_ms: u64) {
        self.world.clock.advance(Duration::from_millis(10));
        let report = DeviceReport { name: self.name.to_owned(), state, track, position_ms, volume: 80 };
        listener::report_device(&self.house.ctx, &self.viewer, self.id, &report).await.expect("taken");
        self.world.clock.advance(Duration::from_millis(10));
    }

    /// What it was told since it was asked last.
    pub(super) async fn told(&self) -> Vec<Command> {
        let waiting = listener::take_commands(&self.house.ctx, &self.viewer, self.id).await.expect("taken");
        waiting.into_iter().map(|one| one.command).collect()
    }
}

impl House {
    async fn jukebox(&self, key: &str, more: &str) -> Value {
        self.good(key, "jukeboxControl", more, "jukeboxStatus").await
    }

    pub(super) async fn listed(&self, key: &str) -> Vec<String> {
        let list = self.good(key, "jukeboxControl", "action=get", "jukeboxPlaylist").await;
        each(&list["entry"], "id").into_iter().map(str::to_owned).collect()
    }
}

fn named(tracks: &[TrackId]) -> Vec<String> {
    tracks.iter().map(|track| format!("tr-{track}")).collect()
}

fn ids(tracks: &[TrackId]) -> String {
    named(tracks).iter().fold(String::new(), |ids, id| ids + "&id=" + id)
}

fn standing(status: &Value) -> (i64, bool, i64) {
    let number = |field: &str| status[field].as_i64().unwrap_or_else(|| panic!("{field} in {status}"));
    (number("currentIndex"), status["playing"].as_bool().expect("a flag"), number("position"))
}

const LOAD: Command = Command::Load { play: false };

on_both_engines! {
    async fn without_a_device_an_app_is_told_what_to_do(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let tracks = house.album("Ann Other", "First").await;
        let set = format!("action=set{}", ids(&tracks));
        for more in ["action=get", "action=status", "action=start", &set] {
            let answer = house.call(&ann, "jukeboxControl", more).await;
            assert_eq!(answer["error"]["code"], 0, "{answer}");
            let message = answer["error"]["message"].as_str().expect("a sentence");
            assert!(message.contains("Open Odeon in a browser"), "{message}");
        }
        assert_eq!(house.good(&ann, "getPlayQueue", "", "playQueue").await, Value::Null, "nothing was written");
        assert_eq!(house.good(&ann, "getUser", "username=ann", "user").await["jukeboxRole"], true);
    }

    async fn an_app_sets_songs_and_the_device_plays_them(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let tracks = house.album("Ann Other", "First").await;
        let laptop = Device::of(&house, &world, "ann", "page-1", "Laptop").await;
        assert_eq!(house.jukebox(&ann, "action=status").await, json!({ "currentIndex": -1, "playing": false, "gain": 0.8, "position": 0 }));
        assert_eq!(house.refused(&ann, "jukeboxControl", "action=start").await, 0, "there is nothing to play");
        assert_eq!(standing(&house.jukebox(&ann, &format!("action=set{}", ids(&tracks[..2]))).await), (0, false, 0));
        assert_eq!(laptop.told().await, [LOAD]);
        assert_eq!(standing(&house.jukebox(&ann, "action=start").await), (0, true, 0));
        assert_eq!(laptop.told().await, [Command::Load { play: true }]);
        laptop.says(DeviceState::Playing, Some(tracks[0]), 500).await;
        world.clock.advance(Duration::from_secs(3));
        assert_eq!(standing(&house.jukebox(&ann, "action=status").await), (0, true, 3), "it goes on by itself");
        assert_eq!(standing(&house.jukebox(&ann, "action=skip&index=1&offset=20").await), (1, true, 20));
        assert_eq!(laptop.told().await, [Command::Jump { index: 1, position_ms: 20_000 }]);
        laptop.says(DeviceState::Playing, Some(tracks[1]), 20_100).await;
        assert_eq!(house.jukebox(&ann, "action=setGain&gain=0.306").await["gain"], json!(0.31));
        assert_eq!(laptop.told().await, [Command::Volume { volume: 31 }]);
        assert_eq!(standing(&house.jukebox(&ann, "action=stop").await), (1, false, 20));
        assert_eq!(laptop.told().await, [Command::Pause]);
        laptop.says(DeviceState::Paused, Some(tracks[1]), 21_000).await;
        world.clock.advance(Duration::from_mins(1));
        let playlist = house.good(&ann, "jukeboxControl", "action=get", "jukeboxPlaylist").await;
        assert_eq!((standing(&playlist), &playlist["gain"]), ((1, false, 21), &json!(0.8)));
        assert_eq!(each(&playlist["entry"], "id"), named(&tracks[..2]));
        let queue = house.good(&ann, "getPlayQueue", "", "playQueue").await;
        assert_eq!((&queue["current"], &queue["changedBy"]), (&json!(named(&tracks)[1]), &json!("Laptop")));
        let xml = house.get(&format!("/rest/jukeboxControl?apiKey={ann}&v=1.16.1&c=x&action=status")).await.text();
        assert!(xml.contains("<jukeboxStatus ") && xml.contains("currentIndex=\"1\"") && xml.contains("gain=\"0.8\""), "{xml}");
    }

    async fn the_list_changes_around_what_plays(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let tracks = house.album("Ann Other", "First").await;
        let more = house.album("Bob", "Second").await;
        let laptop = Device::of(&house, &world, "ann", "page-1", "Laptop").await;
        house.jukebox(&ann, &format!("action=set{}", ids(&tracks))).await;
        house.jukebox(&ann, "action=skip&index=1").await;
        // It has gone on by itself, which nobody wrote down yet.
        laptop.says(DeviceState::Playing, Some(tracks[2]), 5_000).await;
        laptop.told().await;
        assert_eq!(standing(&house.jukebox(&ann, &format!("action=add{}", ids(&more))).await).0, 2);
        assert_eq!(house.listed(&ann).await, named(&[&tracks[..], &more].concat()));
        assert_eq!(standing(&house.jukebox(&ann, "action=remove&index=0").await).0, 1);
        assert_eq!(house.listed(&ann).await.len(), 5);
        let mixed = house.jukebox(&ann, "action=shuffle").await;
        assert_eq!(standing(&mixed), (0, true, 5), "what plays comes first and plays on");
        let list = house.listed(&ann).await;
        assert_eq!((&list[0], list.len()), (&named(&tracks)[2], 5));
        let mut sorted = list.clone();
        sorted.sort();
        let mut all = named(&[&tracks[1..], &more].concat());
        all.sort();
        assert_eq!(sorted, all, "none is lost");
        assert_eq!(laptop.told().await, [LOAD], "a list is taken once, however often it has changed");
        // A list without what plays begins at its first; one with it goes on in it.
        laptop.says(DeviceState::Playing, Some(tracks[2]), 6_000).await;
        let set = format!("action=set{}", ids(&[more[0], tracks[2]]));
        assert_eq!(standing(&house.jukebox(&ann, &set).await), (1, true, 6));
        assert_eq!(standing(&house.jukebox(&ann, "action=remove&index=1").await), (0, true, 0));
        assert_eq!(standing(&house.jukebox(&ann, "action=clear").await), (-1, false, 0));
        assert_eq!(house.listed(&ann).await, [""; 0]);
        house.jukebox(&ann, "action=shuffle").await;
    }

    async fn what_plays_is_the_jukebox_and_stays_it(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let tracks = house.album("Ann Other", "First").await;
        let desk = Device::of(&house, &world, "ann", "page-1", "Desk").await;
        let stereo = Device::of(&house, &world, "ann", "page-2", "Stereo").await;
        stereo.says(DeviceState::Playing, Some(tracks[0]), 0).await;
        house.jukebox(&ann, &format!("action=set{}", ids(&tracks))).await;
        stereo.says(DeviceState::Paused, Some(tracks[0]), 0).await;
        desk.says(DeviceState::Paused, Some(tracks[1]), 0).await;
        house.jukebox(&ann, "action=start").await;
        assert_eq!(stereo.told().await, [LOAD, Command::Load { play: true }]);
        assert_eq!(desk.told().await, []);
        desk.says(DeviceState::Playing, Some(tracks[1]), 0).await;
        house.jukebox(&ann, "action=stop").await;
        assert_eq!(desk.told().await, [Command::Pause], "what plays now is meant");
        world.clock.advance(listener::DEVICE_ALIVE);
        assert_eq!(house.refused(&ann, "jukeboxControl", "action=status").await, 0, "both fell silent");
    }

    async fn a_page_that_waits_for_a_press_says_so_to_the_app(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let tracks = house.album("Ann Other", "First").await;
        let laptop = Device::of(&house, &world, "ann", "page-1", "Laptop").await;
        house.jukebox(&ann, &format!("action=set{}", ids(&tracks))).await;
        house.jukebox(&ann, "action=start").await;
        laptop.says(DeviceState::Blocked, Some(tracks[0]), 0).await;
        laptop.told().await;
        world.clock.advance(Duration::from_secs(5));
        assert_eq!(standing(&house.jukebox(&ann, "action=status").await), (0, false, 0), "no second passes in silence");
        for (more, command) in [
            ("action=start", Command::Load { play: true }),
            ("action=skip&index=2&offset=7", Command::Jump { index: 2, position_ms: 7_000 }),
        ] {
            let answer = house.call(&ann, "jukeboxControl", more).await;
            let message = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{more}: {answer}"));
            assert!(message.contains("presses Play there") && message.contains("Laptop"), "{message}");
            assert_eq!(laptop.told().await, [command], "it tries all the same, and stands where it was sent");
        }
        assert_eq!(standing(&house.jukebox(&ann, "action=status").await), (2, false, 7));
        house.jukebox(&ann, &format!("action=add{}", ids(&tracks))).await;
        house.jukebox(&ann, "action=stop").await;
        assert_eq!(laptop.told().await, [LOAD, Command::Pause], "what makes no sound is done as ever");
        // Another page that merely stands there is not taken for it.
        let _desk = Device::of(&house, &world, "ann", "page-0", "Desk").await;
        laptop.says(DeviceState::Playing, Some(tracks[2]), 7_000).await;
        assert_eq!(standing(&house.jukebox(&ann, "action=start").await), (2, true, 7), "somebody pressed Play");
        assert_eq!(laptop.told().await, [Command::Load { play: true }]);
    }

    async fn a_jukebox_is_ones_own(world: World) {
        let house = House::new(&world.ctx);
        let (ann, eve) = (house.member("ann", Role::Listener).await, house.member("eve", Role::Admin).await);
        let tracks = house.album("Ann Other", "First").await;
        let laptop = Device::of(&house, &world, "ann", "page-1", "Laptop").await;
        for more in ["action=status", "action=stop", "action=clear", "action=setGain&gain=1"] {
            assert_eq!(house.refused(&eve, "jukeboxControl", more).await, 0, "{more}");
        }
        house.jukebox(&ann, &format!("action=set{}", ids(&tracks))).await;
        let own = Device::of(&house, &world, "eve", "page-1", "Laptop").await;
        assert_eq!(house.listed(&eve).await, [""; 0]);
        house.jukebox(&eve, "action=stop").await;
        assert_eq!((own.told().await, laptop.told().await), (vec![Command::Pause], vec![LOAD]));
        let phone = house.app_password(&ann).await;
        let path = format!("/rest/jukeboxControl?u=ann&p={phone}&v=1.16.1&c=x&f=json&action=status");
        assert_eq!(house.get(&path).await.json()["subsonic-response"]["status"], "ok");
    }

    async fn places_count_what_is_seen(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let tracks = house.album("Ann Other", "First").await;
        let laptop = Device::of(&house, &world, "ann", "page-1", "Laptop").await;
        house.jukebox(&ann, &format!("action=set{}", ids(&tracks))).await;
        let hidden = tracks[0];
        house.change(move |tx, batch| hide_track(tx, batch, hidden)).await;
        assert_eq!(house.listed(&ann).await, named(&tracks[1..]));
        laptop.told().await;
        assert_eq!(standing(&house.jukebox(&ann, "action=skip&index=1").await).0, 1);
        assert_eq!(laptop.told().await, [Command::Jump { index: 2, position_ms: 0 }], "the queue keeps hidden places");
        assert_eq!(house.refused(&ann, "jukeboxControl", "action=skip&index=2").await, 0);
        for gone in [hidden, TrackId(5)] {
            for action in ["set", "add"] {
                let more = format!("action={action}{}", ids(&[tracks[1], gone]));
                assert_eq!(house.refused(&ann, "jukeboxControl", &more).await, 70, "{more}");
            }
        }
        assert_eq!(house.listed(&ann).await, named(&tracks[1..]));
        house.jukebox(&ann, "action=remove&index=0").await;
        assert_eq!(house.listed(&ann).await, named(&tracks[2..]));
    }

    async fn what_makes_no_sense_is_refused_and_changes_nothing(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let tracks = house.album("Ann Other", "First").await;
        let laptop = Device::of(&house, &world, "ann", "page-1", "Laptop").await;
        house.jukebox(&ann, &format!("action=set{}", ids(&tracks))).await;
        laptop.told().await;
        for (more, code) in [
            ("", 10), ("action=", 0), ("action=explode", 0), ("action=add", 10), ("action=skip", 10), ("action=remove", 10),
            ("action=skip&index=3", 0), ("action=skip&index=-1", 0), ("action=remove&index=99999999999", 0),
            ("action=skip&index=0&offset=x", 0), ("action=setGain", 10), ("action=setGain&gain=1.01", 0),
            ("action=setGain&gain=NaN", 0), ("action=setGain&gain=-0.1", 0), ("action=add&id=al-1", 70), ("action=set&id=x", 70),
        ] {
            assert_eq!(house.refused(&ann, "jukeboxControl", more).await, code, "{more}");
        }
        assert_eq!((laptop.told().await, house.listed(&ann).await), (vec![], named(&tracks)));
    }

    async fn the_list_is_as_long_as_a_queue_may_be(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let track = house.album("Ann Other", "First").await[0];
        let _laptop = Device::of(&house, &world, "ann", "page-1", "Laptop").await;
        let send = async |action: &str, count: usize| {
            let body = format!("apiKey={ann}&v=1.16.1&c=x&f=json&action={action}{}", ids(&vec![track; count]));
            house.send(form("jukeboxControl", &body)).await.json()["subsonic-response"]["status"].clone()
        };
        assert_eq!(send("set", QUEUE_TRACKS_MAX + 1).await, "failed");
        assert_eq!(send("set", QUEUE_TRACKS_MAX).await, "ok");
        assert_eq!(send("add", 1).await, "failed");
        assert_eq!(standing(&house.jukebox(&ann, "action=skip&index=4999").await).0, 4_999);
    }

    async fn a_device_that_does_nothing_is_told_no_more(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let _laptop = Device::of(&house, &world, "ann", "page-1", "Laptop").await;
        for _ in 0..listener::COMMANDS_MAX {
            house.jukebox(&ann, "action=stop").await;
        }
        let answer = house.call(&ann, "jukeboxControl", "action=stop").await;
        assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains("32 commands wait")), "{answer}");
    }

    async fn two_apps_that_add_at_once_lose_nothing(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let tracks = house.album("Ann Other", "First").await;
        let _laptop = Device::of(&house, &world, "ann", "page-1", "Laptop").await;
        let add = |track: TrackId| {
            let path = path(&ann, "jukeboxControl", &format!("action=add&id=tr-{track}"));
            let app = house.app.clone();
            tokio::spawn(async move {
                let mut request = Request::get(path).body(Body::empty()).expect("a request");
                let from: SocketAddr = "192.0.2.7:40000".parse().expect("an address");
                request.extensions_mut().insert(ConnectInfo(from));
                app.oneshot(request).await.expect("the router answers")
            })
        };
        let both = [add(tracks[0]), add(tracks[1])];
        for one in both {
            one.await.expect("it ran");
        }
        let mut listed = house.listed(&ann).await;
        listed.sort();
        let mut all = named(&tracks[..2]);
        all.sort();
        assert_eq!(listed, all);
    }
}
