//! A client that we did not write, the crate `opensubsonic`, over a real socket: what it can't read is a fault of ours.

use catalog::model::listener::Command;
use kernel::{
    on_both_engines,
    testkit::{World, foreign::fetcher_on_loopback},
};
use opensubsonic::{
    Auth, Client, JukeboxAction, JukeboxOptions, Search3Options, StreamOptions,
    data::{ClientInfo, TranscodeMediaType},
};

use super::*;

impl House {
    /// Serves the house on a free port; its address.
    async fn served(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let app = self.app.clone().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }
}

on_both_engines! {
    async fn it_signs_in_in_all_three_ways(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let password = house.app_password(&key).await;
        let url = house.served().await;
        for auth in [Auth::api_key(&key), Auth::token("ann", &password), Auth::plain("ann", &password)] {
            let client = Client::new(&url, auth).expect("a client");
            client.ping().await.expect("it is let in");
        }
        let client = Client::new(&url, Auth::token("ann", PASSWORD)).expect("a client");
        client.ping().await.expect_err("the account's own password is not taken");
    }

    async fn it_reads_every_answer_about_what_there_is(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Admin).await;
        let tracks = house.album("Ann Other", "First").await;
        let source = SourceFile { mime: "video/mp4".to_owned(), codec: "h264".to_owned(), ..file("/films/a.mp4") };
        let film = house.film("A Film", source).await;
        let client = Client::new(&house.served().await, Auth::api_key(&key)).expect("a client");
        assert!(client.get_license().await.expect("it reads").valid);
        assert_eq!(client.token_info().await.expect("it reads").username, "ann");
        assert!(!client.get_open_subsonic_extensions().await.expect("it reads").is_empty());
        assert_eq!(client.get_music_folders().await.expect("it reads").len(), 1);
        let artists = client.get_artists(None).await.expect("it reads");
        let artist = client.get_artist(&artists.index[0].artist[0].id).await.expect("it reads");
        let album = client.get_album(&artist.album[0].id).await.expect("it reads");
        assert_eq!(album.song.len(), 3);
        let song = client.get_song(&format!("tr-{}", tracks[0])).await.expect("it reads");
        assert_eq!((song.title.as_str(), song.suffix.as_deref()), ("First 1", Some("flac")));
        client.get_indexes(None, None).await.expect("it reads");
        assert_eq!(client.get_music_directory(&album.id).await.expect("it reads").child.len(), 3);
        assert_eq!(client.get_videos().await.expect("it reads").len(), 1);
        client.get_video_info(&format!("vi-{film}")).await.expect("it reads");
        let wanted = Search3Options::new().song_count(2).song_offset(1);
        let found = client.search3("", &wanted).await.expect("it reads");
        assert_eq!(found.song.len(), 2);
        client.get_scan_status().await.expect("it reads");
        client.start_scan().await.expect("it reads");
        assert_eq!(client.get_user("ann").await.expect("it reads").username, "ann");
        assert_eq!(client.get_users().await.expect("it reads").len(), 1);
        client.get_song("tr-1").await.expect_err("there is none");
    }

    async fn it_shares_and_keeps_stations(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Admin).await;
        let tracks = house.album("Ann Other", "First").await;
        let url = house.served().await;
        let client = Client::new(&url, Auth::api_key(&key)).expect("a client");
        let ids = tracks.iter().map(|track| format!("tr-{track}")).collect::<Vec<_>>();
        let ids = ids.iter().map(String::as_str).collect::<Vec<_>>();
        let end = world.ctx.now().plus(std::time::Duration::from_hours(1)).0 / 1000;
        let made = client.create_share(&ids, Some("Listen"), Some(end)).await.expect("it reads");
        assert_eq!((made[0].entry.len(), made[0].visit_count, made[0].username.as_str()), (3, 0, "ann"));
        assert!(made[0].url.starts_with(&format!("{url}/s/")), "{}", made[0].url);
        client.update_share(&made[0].id, Some("Hear"), Some(0)).await.expect("it is changed");
        let now = client.get_shares().await.expect("it reads");
        assert_eq!((now[0].description.as_deref(), &now[0].expires), (Some("Hear"), &None));
        client.delete_share(&made[0].id).await.expect("it is gone");
        assert!(client.get_shares().await.expect("it reads").is_empty());
        client.create_internet_radio_station("http://radio.test/a", "Waves", Some("http://radio.test/")).await.expect("entered");
        let stations = client.get_internet_radio_stations().await.expect("it reads");
        assert_eq!(stations[0].home_page_url.as_deref(), Some("http://radio.test/"));
        client.update_internet_radio_station(&stations[0].id, "http://radio.test/b", "Tides", None).await.expect("changed");
        let stations = client.get_internet_radio_stations().await.expect("it reads");
        assert_eq!((stations[0].name.as_str(), stations[0].stream_url.as_str()), ("Tides", "http://radio.test/b"));
        client.delete_internet_radio_station(&stations[0].id).await.expect("gone");
        assert!(client.get_internet_radio_stations().await.expect("it reads").is_empty());
    }

    async fn it_chats(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let client = Client::new(&house.served().await, Auth::api_key(&key)).expect("a client");
        assert!(client.get_chat_messages(None).await.expect("it reads").is_empty());
        client.add_chat_message("Tea & cake?").await.expect("it is said");
        let said = client.get_chat_messages(None).await.expect("it reads");
        assert_eq!((said[0].username.as_str(), said[0].message.as_str()), ("ann", "Tea & cake?"));
        assert_eq!(said[0].time, world.ctx.now().0 / 1000);
        assert!(client.get_chat_messages(Some(said[0].time)).await.expect("it reads").is_empty());
        client.add_chat_message("").await.expect_err("nothing is no message");
    }

    async fn it_steers_the_jukebox(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let tracks = house.album("Ann Other", "First").await;
        let client = Client::new(&house.served().await, Auth::api_key(&key)).expect("a client");
        let plain = JukeboxOptions::new();
        let alone = client.jukebox_control(JukeboxAction::Status, &plain).await.expect_err("nothing is there to play");
        assert!(alone.to_string().contains("Open Odeon in a browser"), "{alone}");
        let laptop = super::jukebox::Device::of(&house, &world, "ann", "page-1", "Laptop").await;
        let songs = JukeboxOptions::new().ids(tracks.iter().map(|track| format!("tr-{track}")));
        for (action, options) in [
            (JukeboxAction::Set, songs.clone()),
            (JukeboxAction::Add, songs),
            (JukeboxAction::Remove, JukeboxOptions::new().index(5)),
            (JukeboxAction::Skip, JukeboxOptions::new().index(4).offset(7)),
            (JukeboxAction::SetGain, JukeboxOptions::new().gain(0.5)),
            (JukeboxAction::Stop, plain.clone()),
            (JukeboxAction::Get, plain.clone()),
        ] {
            // Version 0.6.1 looks for the loudness as `volume`, which the API calls `gain`; that is all that it misses.
            if let Err(error) = client.jukebox_control(action, &options).await {
                assert!(error.to_string().contains("missing field `volume`"), "{action:?}: {error}");
            }
        }
        let told = [
            Command::Load { play: false },
            Command::Jump { index: 4, position_ms: 7_000 },
            Command::Volume { volume: 50 },
            Command::Pause,
        ];
        assert_eq!(laptop.told().await, told, "it was understood");
        assert_eq!(house.listed(&key).await.len(), 5);
    }

    async fn it_has_a_song_made_into_what_it_plays(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let id = format!("tr-{}", super::transcode::tones(&house, &world).await);
        let client = Client::new(&house.served().await, Auth::api_key(&key)).expect("a client");
        let info: ClientInfo = serde_json::from_value(super::transcode::app("mp3", "mp3")).expect("it is understood");
        let decision = client.get_transcode_decision(&id, TranscodeMediaType::Song, &info).await.expect("it reads");
        assert!(decision.can_transcode && !decision.can_direct_play);
        let params = decision.transcode_params.expect("they are told");
        let made = client.get_transcode_stream(&id, TranscodeMediaType::Song, &params, Some(4)).await.expect("it reads");
        super::transcode::about(super::transcode::heard(&world, &made), 4_000, 800.0);
        let wish = StreamOptions::new().format("opus").max_bit_rate(96).time_offset(6);
        let made = client.stream(&id, &wish).await.expect("it reads");
        super::transcode::about(super::transcode::heard(&world, &made), 2_000, 1000.0);
        client.get_transcode_stream("tr-1", TranscodeMediaType::Song, &params, None).await.expect_err("there is none");
    }

    async fn it_follows_a_podcast(world: World) {
        let ctx = world.ctx.clone().with_fetch(fetcher_on_loopback());
        let house = House::new(&ctx);
        let key = house.member("ann", Role::Listener).await;
        let show = super::podcasts::show(3).await;
        let client = Client::new(&house.served().await, Auth::api_key(&key)).expect("a client");
        assert!(client.get_podcasts(None, None).await.expect("it reads").is_empty());
        client.create_podcast_channel(&show.at("/feed")).await.expect("it is a feed");
        let channels = client.get_podcasts(Some(true), None).await.expect("it reads");
        assert_eq!((channels.len(), channels[0].episode.len()), (1, 3));
        let channel = client.get_podcasts(Some(false), Some(&channels[0].id)).await.expect("it reads");
        assert!(channel[0].episode.is_empty());
        let newest = client.get_newest_podcasts(Some(2)).await.expect("it reads");
        assert_eq!(newest.len(), 2);
        let episode = client.get_podcast_episode(&newest[0].child.id).await.expect("it reads");
        assert_eq!((episode.child.title.as_str(), &episode.channel_id), ("Episode 2", &channels[0].id));
        client.refresh_podcasts().await.expect("it is asked");
        client.download_podcast_episode(&episode.child.id).await.expect("it is asked");
        client.delete_podcast_episode(&episode.child.id).await.expect("it is let go");
        client.delete_podcast_channel(&channels[0].id).await.expect("it ends");
        client.get_podcast_episode(&newest[0].child.id).await.expect_err("it is no longer there");
    }
}
