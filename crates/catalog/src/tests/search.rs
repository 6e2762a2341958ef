//! What is found by what is typed.

mod changes;
mod hostile;

use kernel::{on_both_engines, testkit::World};

use super::*;
use crate::{
    import::VideoImport,
    search::{self, Liked, Slice, Wanted},
};

async fn caught_up(ctx: &Ctx) {
    search::catch_up(ctx).await.expect("the index follows");
}

/// Takes songs in that are given as title, artist and album.
async fn songs(ctx: &Ctx, given: &[(&str, &str, &str)]) -> Vec<Imported> {
    let songs = given.iter().enumerate().map(|(at, (title, artist, album))| {
        song(&format!("/m/{artist}/{album}/{at}.flac"), tags(title, artist, album))
    });
    let made = take_in(ctx, songs.collect()).await;
    caught_up(ctx).await;
    made
}

async fn film(ctx: &Ctx, title: &'static str) -> crate::VideoId {
    let made = change(ctx, move |tx, batch| {
        let source = file(&format!("/v/{title}.mkv"));
        let new = VideoImport {
            existing: None,
            library: None,
            owner: Some(UserId(7)),
            title,
            source: &source,
            width: 1920,
            height: 1080,
            picture: None,
        };
        import::upsert_video(tx, batch, &new)
    });
    made.await.video
}

/// A text as it stands in a path.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |escaped, byte| format!("{escaped}%{byte:02X}"))
}

async fn ask_for(ctx: &Ctx, query: &str) -> Value {
    get(ctx, &format!("/api/v1/search?limit=50&q={}", escaped(query))).await
}

/// The titles of the tracks that are found.
async fn tracks(ctx: &Ctx, query: &str) -> Vec<String> {
    strings(&each(&ask_for(ctx, query).await["tracks"], "title"))
}

async fn artists(ctx: &Ctx, query: &str) -> Vec<String> {
    strings(&each(&ask_for(ctx, query).await["artists"], "name"))
}

on_both_engines! {
    async fn everything_is_found_as_it_is_typed_and_shaped_as_elsewhere(world: World) {
        let ctx = &world.ctx;
        songs(ctx, &[("Yellow Submarine", "The Beatles", "Revolver")]).await;
        film(ctx, "Yellow Earth").await;
        caught_up(ctx).await;
        for typed in ["y", "ye", "yell", "yellow"] {
            let found = ask_for(ctx, typed).await;
            assert_eq!(found["tracks"][0], get(ctx, "/api/v1/tracks").await["items"][0], "{typed}");
            assert_eq!(found["videos"][0]["title"], "Yellow Earth", "{typed}");
        }
        let found = ask_for(ctx, "revol").await;
        assert_eq!(found["albums"][0], get(ctx, "/api/v1/albums").await["items"][0]);
        assert_eq!(ask_for(ctx, "beat").await["artists"][0], get(ctx, "/api/v1/artists").await["items"][0]);
        assert!(tracks(ctx, "low").await.is_empty(), "no word begins so");
        assert!(tracks(ctx, "yel submarine").await.is_empty(), "only the last word may be a beginning");
    }

    async fn a_typo_or_two_is_forgiven_and_no_more(world: World) {
        let ctx = &world.ctx;
        songs(ctx, &[("Nothing Else Matters", "Metallica", "Black"), ("Porcelain", "Moby", "Play")]).await;
        for typed in ["metalica", "metallcia", "mettalica", "metallicas", "etallica", "metalika", "meatl", "metla"] {
            assert_eq!(artists(ctx, typed).await, ["Metallica"], "{typed}");
        }
        for typed in ["moby", "mobi", "boby", "omby", "mobyy"] {
            assert_eq!(artists(ctx, typed).await, ["Moby"], "{typed}");
        }
        for typed in ["mxtxlxica", "mab", "mxbx", "xyz", "mybo"] {
            assert!(artists(ctx, typed).await.is_empty(), "{typed}");
        }
        assert_eq!(tracks(ctx, "notihng matetrs").await, ["Nothing Else Matters"]);
    }

    async fn accents_and_scripts_are_folded(world: World) {
        let ctx = &world.ctx;
        songs(ctx, &[
            ("Hoppípolla", "Sigur Rós", "Takk"), ("Jóga", "Björk", "Homogenic"), ("Группа крови", "Кино", "Кино"),
            ("Ёлка", "Чайф", "Дети гор"), ("Straßenjunge", "Møl", "Æon"), ("Ζορμπάς", "Μίκης", "Ταξίδι"),
            ("ＦＵＬＬ", "Wide", "Ⅳ"), ("봄날", "방탄소년단", "윙스"), ("Don’t Stop", "AC/DC", "Live"),
        ]).await;
        for (typed, title) in [
            ("hoppipolla", "Hoppípolla"), ("SIGUR ROS", "Hoppípolla"), ("bjork", "Jóga"), ("BJÖRK joga", "Jóga"),
            ("кино", "Группа крови"), ("КРОВИ", "Группа крови"), ("крвои", "Группа крови"), ("елка", "Ёлка"),
            ("чаиф", "Ёлка"), ("strassen", "Straßenjunge"), ("mol aeon", "Straßenjunge"), ("ζορμπας", "Ζορμπάς"),
            ("ΖΟΡΜΠΆΣ", "Ζορμπάς"), ("full", "ＦＵＬＬ"), ("wide iv", "ＦＵＬＬ"), ("방탄", "봄날"), ("방탄솧", "봄날"),
            ("보", "봄날"), ("acdc", "Don’t Stop"), ("ac/dc", "Don’t Stop"), ("dont", "Don’t Stop"),
            ("don't st", "Don’t Stop"),
        ] {
            assert_eq!(tracks(ctx, typed).await, [title], "{typed}");
        }
    }

    async fn chinese_and_japanese_are_found_by_any_part(world: World) {
        let ctx = &world.ctx;
        songs(ctx, &[
            ("First Love", "宇多田ヒカル", "First Love"), ("東京", "くるり", "さよなら"),
            ("千本桜", "初音ミク", "ボカロ"), ("京都の東", "渚ゆう子", "京都"),
        ]).await;
        for (typed, titles) in [
            ("宇多田ヒカル", vec!["First Love"]), ("宇多田", vec!["First Love"]), ("ヒカル", vec!["First Love"]),
            ("ひかる", vec!["First Love"]), ("ﾋｶﾙ", vec!["First Love"]), ("多", vec!["First Love"]),
            ("宇多田 love", vec!["First Love"]), ("東京", vec!["東京"]), ("京都", vec!["京都の東"]),
            ("初", vec!["千本桜"]), ("初音ミ", vec!["千本桜"]), ("初音ミク", vec!["千本桜"]), ("桜", vec!["千本桜"]),
            ("くるり", vec!["東京"]), ("クルリ", vec!["東京"]), ("初音カイト", vec![]), ("本千", vec![]),
        ] {
            assert_eq!(tracks(ctx, typed).await, titles, "{typed}");
        }
        let mut both = tracks(ctx, "東").await;
        both.sort();
        assert_eq!(both, ["京都の東", "東京"]);
    }

    async fn every_word_must_be_found_in_title_artist_or_album(world: World) {
        let ctx = &world.ctx;
        songs(ctx, &[
            ("One", "U2", "Achtung Baby"), ("One", "Metallica", "Justice"), ("Sad But True", "Metallica", "Black"),
        ]).await;
        let first = |found: &Value| found["tracks"][0]["artists"][0]["name"].as_str().map(str::to_owned);
        let found = ask_for(ctx, "metallica one").await;
        assert_eq!((found["tracks"].as_array().expect("a list").len(), first(&found)), (1, Some("Metallica".to_owned())));
        let found = ask_for(ctx, "achtung u2 on").await;
        assert_eq!((found["tracks"].as_array().expect("a list").len(), first(&found)), (1, Some("U2".to_owned())));
        assert!(tracks(ctx, "one black").await.is_empty());
        assert_eq!(each(&ask_for(ctx, "metallica justice").await["albums"], "title"), ["Justice"]);
        assert!(artists(ctx, "metallica justice").await.is_empty());
    }

    async fn whole_words_come_before_beginnings_before_typos_and_names_before_what_they_belong_to(world: World) {
        let ctx = &world.ctx;
        let made = songs(ctx, &[
            ("Live", "Nobody", "x"), ("Lovely Day", "Nobody", "x"), ("Song", "Love", "x"), ("Love Me Do", "Nobody", "x"),
            ("Love", "Nobody", "x"), ("Lover", "Nobody", "x"), ("Other", "Lovelace", "x"), ("All Love", "Nobody", "x"),
        ]).await;
        let order = ["Love", "Love Me Do", "All Love", "Song", "Lover", "Lovely Day", "Other", "Live"];
        assert_eq!(tracks(ctx, "love").await, order);
        // Among equal matches the more popular comes first; a better match stays before it.
        change(ctx, move |tx, _| {
            search::set_popularity(tx, Liked::Track(made[7].track), 10)?;
            search::set_popularity(tx, Liked::Track(made[0].track), 1000)
        }).await;
        caught_up(ctx).await;
        let order = ["Love", "All Love", "Love Me Do", "Song", "Lover", "Lovely Day", "Other", "Live"];
        assert_eq!(tracks(ctx, "love").await, order);
    }

    async fn pages_of_a_search_follow_each_other_without_gap(world: World) {
        let ctx = &world.ctx;
        let given: Vec<(String, String)> = (0..60).map(|at| (format!("Song {at:02}"), format!("Album {}", at / 10))).collect();
        let given: Vec<(&str, &str, &str)> = given.iter().map(|(title, album)| (title.as_str(), "Air", album.as_str())).collect();
        songs(ctx, &given).await;
        let (mut titles, viewer) = (Vec::new(), listener());
        for offset in (0..80).step_by(20) {
            let wanted = Wanted { tracks: Slice { offset, limit: 20 }, ..Wanted::default() };
            let found = search::search(ctx, &viewer, "song", &wanted).await.expect("found");
            assert!(found.artists.is_empty() && found.albums.is_empty() && found.videos.is_empty());
            titles.extend(found.tracks.into_iter().map(|track| track.title));
        }
        let all: Vec<String> = (0..60).map(|at| format!("Song {at:02}")).collect();
        assert_eq!(titles, all);
        let far = Wanted { tracks: Slice { offset: u32::MAX, limit: u32::MAX }, ..Wanted::default() };
        assert!(search::search(ctx, &viewer, "song", &far).await.expect("found").tracks.is_empty());
        let wide = Wanted { tracks: Slice { offset: 0, limit: u32::MAX }, ..Wanted::default() };
        assert_eq!(search::search(ctx, &viewer, "song", &wide).await.expect("found").tracks.len(), 60);
    }
}

/// The names of everything that is found, in order.
async fn names(ctx: &Ctx, query: &str) -> Vec<String> {
    let found = ask_for(ctx, query).await;
    let of = |kind: &str, field: &str| -> Vec<String> {
        let rows = found[kind].as_array().expect("a list").iter();
        rows.map(|row| format!("{kind} {} {} {}", row[field], row["artists"], row["album"]["title"]))
            .collect()
    };
    let without_numbers = |text: String| {
        let parts: Vec<&str> = text.split("\"id\":\"").collect();
        parts.iter().map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit())).collect()
    };
    let all = [of("artists", "name"), of("albums", "title"), of("tracks", "title"), of("videos", "title")];
    all.concat().into_iter().map(without_numbers).collect()
}

const PARTS: [&str; 24] = [
    "love",
    "Live",
    "lover",
    "Björk",
    "bjork",
    "Night",
    "nights",
    "Nihgt",
    "of",
    "the",
    "Sun",
    "東京",
    "東京都",
    "京",
    "Кино",
    "Ёлка",
    "Straße",
    "strasse",
    "AC/DC",
    "Don’t",
    "mañana",
    "manana",
    "R.E.M.",
    "꿈",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_engines_give_the_same_answers() {
    use kernel::{db::Engine, random::Random};
    let (one, other) = (World::new(Engine::Sqlite).await, World::new(Engine::Postgres).await);
    let random = Random::seeded(7);
    let part = || PARTS[usize::try_from(random.below(24)).expect("small")];
    let words = |most: u64| (0..=random.below(most)).map(|_| part()).collect::<Vec<_>>().join(" ");
    let songs: Vec<(String, String, String)> =
        (0..3000).map(|at| (words(4), words(2), format!("{} {}", words(2), at % 40))).collect();
    for world in [&one, &other] {
        for (batch, songs) in songs.chunks(200).enumerate() {
            let songs = songs.iter().enumerate().map(|(at, (title, artist, album))| {
                song(&format!("/m/{batch}/{at}.flac"), tags(title, artist, album))
            });
            take_in(&world.ctx, songs.collect()).await;
            caught_up(&world.ctx).await;
        }
    }
    let mut found = 0;
    for _ in 0..200 {
        let mut query: Vec<char> = words(3).chars().collect();
        query.truncate(1 + usize::try_from(random.below(20)).expect("small"));
        if query.len() > 4 && random.below(2) == 0 {
            query.swap(1, 2);
        }
        let query: String = query.into_iter().collect();
        let answer = names(&one.ctx, &query).await;
        assert_eq!(answer, names(&other.ctx, &query).await, "{query}");
        found += answer.len();
    }
    assert!(found > 5000, "the queries find something: {found}");
}
