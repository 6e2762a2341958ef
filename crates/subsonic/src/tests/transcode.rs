//! Songs made into others while they are heard: by the wish of a stream, and by what an app says that it can play.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use catalog::{
    LibraryId,
    access::{self, Access},
};
use ingest::{
    media::{Engine, Launcher, Tools},
    transcode::{TranscodeConfig, WAIT_MAX},
};
use kernel::{on_both_engines, testkit::World};

use super::*;

/// One with so many places, of which so many for each listener.
pub(super) fn transcoder(at_once: usize, each: usize) -> Transcoder {
    // The test program has a main of its own, so the sandbox is an example of ingest's beside it.
    let tests = std::env::current_exe().expect("a test knows its own file");
    let sandbox = tests.parent().and_then(Path::parent).expect("target/…/deps").join("examples/sandbox");
    let tools = Tools::find().expect("ffmpeg is installed (apt install ffmpeg)");
    let engine = Engine::new(tools, Launcher::other_program(sandbox));
    let scratch = PathBuf::from("/nonexistent/copies-of-objects");
    Transcoder::new(engine, TranscodeConfig { at_once, each, ..TranscodeConfig::new(scratch) })
}

/// Runs ffmpeg outside the sandbox, on the test's own media; what it writes to standard output.
fn ffmpeg(args: &str, file: &Path, more: &[&str]) -> Vec<u8> {
    #[expect(clippy::disallowed_methods, reason = "the test's own media, not the engine's")]
    let mut command = std::process::Command::new("ffmpeg");
    let start = ["-hide_banner", "-nostdin", "-loglevel", "error", "-y"];
    let output = command.args(start).args(args.split_whitespace()).arg(file).args(more).output();
    let output = output.expect("ffmpeg starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A file that is there, as the scan would enter it.
fn scanned(path: &Path) -> SourceFile {
    let bytes = std::fs::metadata(path).expect("the file").len();
    SourceFile { bytes, ..file(path.to_str().expect("text")) }
}

/// A lossless song of eight seconds, each with a tone of its own: 400, 500, … 1100 Hz.
pub(super) async fn tones(house: &House, world: &World) -> TrackId {
    let path = world.folder.path().join("tones.flac");
    let tones = "-f lavfi -i aevalsrc=exprs='0.5*sin(2*PI*(400+100*floor(t))*t)':s=44100:d=8 -ac 2";
    ffmpeg(tones, &path, &[]);
    let source = SourceFile { duration_ms: 8_000, ..scanned(&path) };
    house.song(source, tags("Ann", "Tones")).await.track
}

/// How long something plays, in milliseconds, and the tone of its first half second.
pub(super) fn heard(world: &World, bytes: &[u8]) -> (usize, f64) {
    let path = world.folder.path().join("heard");
    std::fs::write(&path, bytes).expect("written");
    let samples = ffmpeg("-i", &path, &["-ac", "1", "-ar", "48000", "-f", "f32le", "pipe:1"]);
    let samples: Vec<f32> =
        samples.as_chunks::<4>().0.iter().map(|sample| f32::from_le_bytes(*sample)).collect();
    let part = &samples[4_800..24_000];
    let rises = part.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
    #[expect(clippy::cast_precision_loss, reason = "it is small")]
    let hertz = rises as f64 * 2.5;
    (samples.len() / 48, hertz)
}

pub(super) fn about(heard: (usize, f64), ms: usize, hertz: f64) {
    assert!(
        heard.0.abs_diff(ms) <= 50 && (heard.1 - hertz).abs() <= 10.0,
        "{heard:?}, not {ms} ms of {hertz} Hz"
    );
}

fn post(path: &str, body: &Value) -> Request<Body> {
    let request = Request::post(path).header("content-type", "application/json");
    request.body(Body::from(body.to_string())).expect("a request")
}

/// An app that plays nothing but this, and has this made.
pub(super) fn app(container: &str, codec: &str) -> Value {
    let made =
        json!({ "container": container, "audioCodec": codec, "protocol": "http", "maxAudioChannels": 2 });
    json!({ "name": "x", "platform": "y", "maxTranscodingAudioBitrate": 96_000, "transcodingProfiles": [made] })
}

on_both_engines! {
    async fn a_stream_comes_in_the_wished_format_from_the_wished_place(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let track = tones(&house, &world).await;
        for (more, mime, offset_ms) in [
            ("maxBitRate=96", "audio/mpeg", 0),
            ("format=mp3&timeOffset=2", "audio/mpeg", 2_000),
            ("format=aac&maxBitRate=128&timeOffset=5.1", "audio/aac", 5_100),
            ("format=opus", "audio/ogg", 0),
            ("timeOffset=3", "audio/flac", 3_000),
        ] {
            let answer = house.get(&path(&key, "stream.view", &format!("id=tr-{track}&{more}"))).await;
            assert_eq!(answer.status, StatusCode::OK, "{more}: {}", answer.text());
            assert_eq!(answer.header(&header::CONTENT_TYPE), mime, "{more}");
            let ranges = if mime == "audio/mpeg" { "bytes" } else { "none" };
            assert_eq!(answer.header(&header::ACCEPT_RANGES), ranges, "{more}");
            assert_eq!(answer.headers.get(header::CONTENT_LENGTH), None, "{more}");
            let left_ms = 8_000 - offset_ms;
            assert_eq!(answer.headers["x-content-duration"], format!("{}.{:03}", left_ms / 1000, left_ms % 1000));
            #[expect(clippy::cast_precision_loss, reason = "it is small")]
            about(heard(&world, &answer.bytes), left_ms, 400.0 + (offset_ms / 1000 * 100) as f64);
        }
        // A form asks for the same.
        let asked = form("stream", &format!("apiKey={key}&v=1.16.1&c=x&id=tr-{track}&format=mp3&timeOffset=6"));
        about(heard(&world, &house.send(asked).await.bytes), 2_000, 1000.0);
        for (wrong, code) in [("timeOffset=8", 0), ("timeOffset=-1", 0), ("maxBitRate=x", 0), ("timeOffset=9999999999", 0)] {
            assert_eq!(house.refused(&key, "stream", &format!("id=tr-{track}&{wrong}")).await, code, "{wrong}");
        }
    }

    async fn a_stream_has_parts_where_its_length_can_be_foretold(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let track = tones(&house, &world).await;
        let address = path(&key, "stream", &format!("id=tr-{track}&format=mp3&maxBitRate=128"));
        let ask = async |address: &str, headers: &[(&str, &str)]| {
            let request = headers.iter().fold(Request::get(address), |request, (name, value)| request.header(*name, *value));
            house.send(request.body(Body::empty()).expect("a request")).await
        };
        // As players of iOS ask: two bytes first, then all, then from the middle.
        let two = ask(&address, &[("range", "bytes=0-1")]).await;
        assert_eq!((two.status, two.bytes.len(), two.header(&header::CONTENT_LENGTH)), (StatusCode::PARTIAL_CONTENT, 2, "2"));
        let length: usize = two.header(&header::CONTENT_RANGE).strip_prefix("bytes 0-1/").expect("a range").parse().expect("a number");
        let whole = ask(&address, &[("range", "bytes=0-")]).await;
        assert_eq!((whole.status, whole.bytes.len()), (StatusCode::PARTIAL_CONTENT, length));
        about(heard(&world, &whole.bytes), 8_000, 400.0);
        let middle = ask(&address, &[("range", "bytes=70000-"), ("if-range", whole.header(&header::ETAG))]).await;
        assert_eq!(middle.header(&header::CONTENT_RANGE), format!("bytes 70000-{}/{length}", length - 1));
        assert!(middle.bytes == whole.bytes[70_000..]);
        assert!(ask(&address, &[("range", "bytes=-100")]).await.bytes == whole.bytes[length - 100..]);
        let other = ask(&address, &[("range", "bytes=70000-"), ("if-range", "\"another\"")]).await;
        assert_eq!((other.status, other.headers.get(header::CONTENT_LENGTH)), (StatusCode::OK, None));
        assert!(whole.bytes.starts_with(&other.bytes), "without a wish it has no more than there is");
        let unreadable = Request::get(&address).header("range", "bytes=70000-").header("if-range", &b"\"\xe9\""[..]);
        let unreadable = house.send(unreadable.body(Body::empty()).expect("a request")).await;
        assert_eq!(unreadable.status, StatusCode::OK, "what can't be read names no state");
        let none = ask(&address, &[("range", &format!("bytes={length}-"))]).await;
        assert_eq!((none.status, none.header(&header::CONTENT_RANGE)), (StatusCode::RANGE_NOT_SATISFIABLE, format!("bytes */{length}").as_str()));
        // What has no rate has no length that could be foretold.
        let opus = ask(&address.replace("format=mp3", "format=opus"), &[("range", "bytes=0-1")]).await;
        assert_eq!((opus.status, opus.headers.get(header::CONTENT_RANGE)), (StatusCode::OK, None));
        about(heard(&world, &opus.bytes), 8_000, 400.0);
    }

    async fn a_stream_says_its_length_when_that_is_wished(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let track = tones(&house, &world).await;
        let address = path(&key, "stream", &format!("id=tr-{track}&format=mp3&maxBitRate=128"));
        let with_length = format!("{address}&estimateContentLength=true");
        let whole = house.get(&with_length).await;
        assert_eq!((whole.status, whole.header(&header::CONTENT_LENGTH)), (StatusCode::OK, whole.bytes.len().to_string().as_str()));
        about(heard(&world, &whole.bytes), 8_000, 400.0);
        for (address, length) in [(&address, None), (&with_length, whole.headers.get(header::CONTENT_LENGTH))] {
            let head = house.send(Request::head(address).body(Body::empty()).expect("a request")).await;
            assert_eq!((head.status, head.bytes.len()), (StatusCode::OK, 0));
            assert_eq!(head.header(&header::CONTENT_TYPE), "audio/mpeg");
            assert_eq!(head.headers.get(header::CONTENT_LENGTH), length, "{address}");
        }
        let opus = house.get(&with_length.replace("format=mp3", "format=opus")).await;
        assert_eq!(opus.headers.get(header::CONTENT_LENGTH), None, "it can't be foretold");
    }

    async fn what_is_decided_for_an_app_is_what_it_gets(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let track = tones(&house, &world).await;
        let more = format!("mediaId=tr-{track}&mediaType=song");
        for (container, codec, mime) in [("mp3", "mp3", "audio/mpeg"), ("ogg", "opus", "audio/ogg"), ("adts", "aac", "audio/aac")] {
            let asked = post(&path(&key, "getTranscodeDecision", &more), &app(container, codec));
            let decision = house.send(asked).await.json()["subsonic-response"]["transcodeDecision"].clone();
            assert_eq!((&decision["canDirectPlay"], &decision["canTranscode"]), (&json!(false), &json!(true)), "{decision}");
            let stream = &decision["transcodeStream"];
            assert_eq!((&stream["codec"], &stream["audioBitrate"]), (&json!(codec), &json!(96_000)));
            let params = decision["transcodeParams"].as_str().expect("text");
            assert!(params.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'), "{params} needs no escape");
            let address = path(&key, "getTranscodeStream", &format!("{more}&offset=4&transcodeParams={params}"));
            let answer = house.get(&address).await;
            assert_eq!((answer.status, answer.header(&header::CONTENT_TYPE)), (StatusCode::OK, mime));
            about(heard(&world, &answer.bytes), 4_000, 800.0);
        }
        let none = house.send(post(&path(&key, "getTranscodeDecision", &more), &app("mp4", "ac3"))).await.json();
        assert_eq!(none["subsonic-response"]["transcodeDecision"]["canTranscode"], false);
        // Refusals of this method have a status of HTTP as well, and say the rest as ever.
        for (query, status, code) in [
            (more.clone(), 400, 10),
            (format!("{more}&transcodeParams=x"), 400, 0),
            (format!("{more}&transcodeParams=mp3.9999.44100.2.0"), 400, 0),
            (format!("{more}&transcodeParams=mp3.128.44100.2.0&offset=x"), 400, 0),
            (format!("{more}&transcodeParams=mp3.128.44100.2.0&offset=8"), 400, 0),
            ("mediaId=tr-1&mediaType=song&transcodeParams=mp3.128.44100.2.0".to_owned(), 404, 70),
            ("mediaId=tr-1&mediaType=song&transcodeParams=x".to_owned(), 404, 70),
            ("mediaId=tr-1&mediaType=film&transcodeParams=x".to_owned(), 400, 0),
        ] {
            let answer = house.get(&path(&key, "getTranscodeStream", &query)).await;
            let told = answer.json()["subsonic-response"]["error"]["code"].clone();
            assert_eq!((answer.status.as_u16(), told), (status, json!(code)), "{query}");
        }
        let stranger = house.get(&path("odeon_wrong", "getTranscodeStream", &more)).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    }

    async fn who_may_not_see_a_song_has_nothing_made_of_it(world: World) {
        let house = House::new(&world.ctx);
        let (ann, bob) = (house.member("ann", Role::Admin).await, house.member("bob", Role::Listener).await);
        let path_of = world.folder.path().join("hidden.flac");
        ffmpeg("-f lavfi -i sine=f=400:r=44100:d=8 -ac 2", &path_of, &[]);
        let source = SourceFile { duration_ms: 8_000, ..scanned(&path_of) };
        let closed = LibraryId(7);
        let track = house.change(move |tx, batch| {
            let access = Access { everybody: false, members: Vec::new() };
            access::enter(tx, closed, Some(&access), kernel::testkit::START).map_err(|error| Fault::new(format!("{error:?}")))?;
            let tags = tags("Ann", "Hidden");
            let new = TrackImport { existing: None, library: Some(closed), source: &source, tags: &tags, picture: None, folder: Some("h") };
            upsert_track(tx, batch, &new)
        }).await.track;
        let params = "mediaType=song&transcodeParams=mp3.128.44100.2.0";
        for (method, query) in [
            ("stream", "id=ID&format=mp3".to_owned()),
            ("stream", "id=ID&timeOffset=5".to_owned()),
            ("stream", "id=ID&timeOffset=500".to_owned()),
            ("stream", "id=ID&maxBitRate=64&estimateContentLength=true".to_owned()),
            ("getTranscodeStream", format!("mediaId=ID&{params}")),
            ("getTranscodeStream", format!("mediaId=ID&offset=500&{params}")),
        ] {
            let ask = async |key: &str, id: &str| house.get(&path(key, method, &query.replace("ID", id))).await;
            let (hidden, absent) = (ask(&bob, &format!("tr-{track}")).await, ask(&bob, "tr-1").await);
            assert_eq!((hidden.status, hidden.bytes, hidden.headers), (absent.status, absent.bytes, absent.headers), "{method} {query}");
            let head = Request::head(path(&bob, method, &query.replace("ID", &format!("tr-{track}")))).body(Body::empty());
            assert_eq!(house.send(head.expect("a request")).await.status, absent.status);
            if !query.contains("500") {
                assert!(ask(&ann, &format!("tr-{track}")).await.header(&header::CONTENT_TYPE).starts_with("audio/"), "{query}");
            }
        }
        let decide = async |id: &str| {
            house.send(post(&path(&bob, "getTranscodeDecision", &format!("mediaId={id}&mediaType=song")), &app("mp3", "mp3"))).await
        };
        let (hidden, absent) = (decide(&format!("tr-{track}")).await, decide("tr-1").await);
        assert_eq!(hidden.bytes, absent.bytes);
    }

    async fn one_stream_more_than_there_is_room_for_is_told_to_come_again(world: World) {
        let house = House::with(&world.ctx, transcoder(2, 1));
        let (ann, bob) = (house.member("ann", Role::Listener).await, house.member("bob", Role::Listener).await);
        let eve = house.member("eve", Role::Listener).await;
        let wav = world.folder.path().join("long.wav");
        ffmpeg("-f lavfi -i anoisesrc=r=8000:d=3000 -ac 1 -c:a pcm_u8", &wav, &[]);
        let source = SourceFile { mime: "audio/wav".to_owned(), codec: "pcm_u8".to_owned(), duration_ms: 3_000_000, ..scanned(&wav) };
        let track = house.song(source, tags("Ann", "Noise")).await.track;
        let query = format!("id=tr-{track}&format=flac");
        let begin = async |key: &str| {
            let mut request = Request::get(path(key, "stream", &query)).body(Body::empty()).expect("a request");
            house.from(ADDRESS, &mut request);
            house.app.clone().oneshot(request).await.expect("the router answers")
        };
        let (first, second) = (begin(&ann).await, begin(&bob).await);
        assert_eq!((first.status(), second.status()), (StatusCode::OK, StatusCode::OK));
        let clock = world.ctx.clock().clone();
        let turned = tokio::spawn(async move {
            loop {
                clock.advance(WAIT_MAX / 10);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        for (who, status) in [(&ann, StatusCode::TOO_MANY_REQUESTS), (&eve, StatusCode::SERVICE_UNAVAILABLE)] {
            let answer = house.get(&path(who, "stream", &query)).await;
            assert_eq!((answer.status, answer.header(&header::RETRY_AFTER)), (status, "10"));
            assert_eq!(answer.json()["subsonic-response"]["error"]["code"], 0);
        }
        turned.abort();
        // The file as it is needs no place, and neither does the head of an answer.
        assert_eq!(house.get(&path(&eve, "stream", &format!("id=tr-{track}"))).await.status, StatusCode::OK);
        let head = Request::head(path(&eve, "stream", &query)).body(Body::empty()).expect("a request");
        assert_eq!(house.send(head).await.status, StatusCode::OK);
        drop(first);
        assert_eq!(begin(&eve).await.status(), StatusCode::OK, "whoever goes makes room");
        drop(second);
    }

    async fn of_a_file_that_was_replaced_nothing_is_foretold(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let track = tones(&house, &world).await;
        ffmpeg("-f lavfi -i sine=f=600:r=44100:d=4 -ac 2", &world.folder.path().join("tones.flac"), &[]);
        let address = path(&key, "stream", &format!("id=tr-{track}&format=mp3&estimateContentLength=true"));
        let request = Request::get(&address).header("range", "bytes=0-").body(Body::empty());
        let other = house.send(request.expect("a request")).await;
        assert_eq!((other.status, other.header(&header::ACCEPT_RANGES)), (StatusCode::OK, "none"));
        assert_eq!((other.headers.get(header::CONTENT_LENGTH), other.headers.get("x-content-duration")), (None, None));
        about(heard(&world, &other.bytes), 4_000, 600.0);
        assert_eq!(house.refused(&key, "stream", &format!("id=tr-{track}&format=mp3&timeOffset=5")).await, 0);
    }

    async fn a_house_that_makes_none_gives_the_files_as_they_are(world: World) {
        let house = House::with(&world.ctx, transcoder(0, 0));
        let key = house.member("ann", Role::Listener).await;
        let track = tones(&house, &world).await;
        let answer = house.get(&path(&key, "stream", &format!("id=tr-{track}&format=mp3&maxBitRate=64"))).await;
        assert_eq!(answer.header(&header::CONTENT_TYPE), "audio/flac");
        let more = format!("mediaId=tr-{track}&mediaType=song");
        let decision = house.send(post(&path(&key, "getTranscodeDecision", &more), &app("mp3", "mp3"))).await.json();
        assert_eq!(decision["subsonic-response"]["transcodeDecision"]["canTranscode"], false);
        let stream = path(&key, "getTranscodeStream", &format!("{more}&transcodeParams=mp3.128.44100.2.0"));
        assert_eq!(house.get(&stream).await.status, StatusCode::BAD_REQUEST);
        let head = house.send(Request::head(stream).body(Body::empty()).expect("a request")).await;
        assert_eq!(head.status, StatusCode::BAD_REQUEST);
        // Who can't be given a song from its middle must not be told so.
        let told = house.get("/rest/getOpenSubsonicExtensions?f=json").await.json();
        let told = told["subsonic-response"]["openSubsonicExtensions"].clone();
        let told = each(&told, "name");
        assert!(!told.contains(&"transcodeOffset") && told.contains(&"transcoding"), "{told:?}");
    }

    async fn what_is_really_a_playlist_is_refused_in_the_envelope(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        tones(&house, &world).await;
        let path_of = world.folder.path().join("song.flac");
        let list = format!("ffconcat version 1.0\nfile {}\n", world.folder.path().join("tones.flac").display());
        std::fs::write(&path_of, list).expect("written");
        let track = house.song(file(path_of.to_str().expect("text")), tags("Bob", "List")).await.track;
        let answer = house.call(&key, "stream", &format!("id=tr-{track}&format=mp3")).await;
        let message = answer["error"]["message"].as_str().expect("text");
        assert!(message.contains("playlist") && !message.contains('/'), "{message}");
        std::fs::remove_file(path_of).expect("removed");
        assert_eq!(house.refused(&key, "stream", &format!("id=tr-{track}&format=mp3")).await, 70);
        assert_eq!(house.refused(&key, "stream", &format!("id=tr-{track}")).await, 70, "as the file itself");
    }
}
