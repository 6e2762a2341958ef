//! What listeners did outlives whatever happens to the files, the drives, the scans and the clock: plays, favourites,
//! ratings, bookmarks and playlists stay with the tracks that they were meant for.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use catalog::{
    TrackId,
    model::{
        ItemId, NewPlay,
        listener::{BookmarkKind, NewBookmark},
        playlists::{NewPlaylist, PlaylistId},
    },
    service::{self, listener, playlists},
};
use ingest::library::{self, Library, LibraryState};
use kernel::{
    Ctx, PageQuery, Time,
    db::Engine,
    http::{Role, Viewer},
    jobs::Runner,
    on_both_engines,
    testkit::{START, World, eventually},
};

use crate::{
    house::{House, all, settings, start_worker, viewer, wait_until_settled},
    making::{age, run, set_time, song, tag, write},
    small_disk::SmallDisk,
};

const SONGS: u32 = 12;

/// What one listener did with the songs of a house.
struct Lived {
    playlist: PlaylistId,
    /// The songs of the playlist in their order, which is not that of the house.
    order: Vec<TrackId>,
}

/// The songs with what was done with them: title, number, favourite, rating, plays.
type Told = Vec<(String, TrackId, bool, Option<u8>, u64)>;

fn ann() -> Viewer {
    viewer(Role::Listener)
}

async fn told(ctx: &Ctx) -> Told {
    let tracks: Vec<catalog::model::Track> = all(ctx, "/api/v1/tracks").await;
    let told = tracks.into_iter().map(|track| {
        (track.title, track.id, track.mark.favourite_at.is_some(), track.mark.rating, track.mark.plays)
    });
    told.collect()
}

impl Lived {
    /// Plays, marks, bookmarks and lists every song of the house in a way of its own.
    async fn through(ctx: &Ctx) -> Self {
        let ann = ann();
        let mut order: Vec<TrackId> = told(ctx).await.into_iter().map(|(_, id, ..)| id).collect();
        for (number, id) in (0_u32..).zip(&order) {
            for _ in 0..=number % 3 {
                let play = NewPlay { track_id: *id, played_at: None, id: None, client: None };
                service::record_play(ctx, &ann, &play).await.expect("it is counted");
            }
            service::set_favourite(ctx, &ann, ItemId::Track(*id), number % 2 == 0).await.expect("marked");
            let rating = Some(i64::from(number % 5 + 1));
            service::set_rating(ctx, &ann, ItemId::Track(*id), rating).await.expect("rated");
            let bookmark = NewBookmark { position_ms: u64::from(number) + 1, comment: String::new() };
            listener::put_bookmark(ctx, &ann, BookmarkKind::Track, id.0, &bookmark).await.expect("put");
        }
        order.reverse();
        let new = NewPlaylist {
            name: "All, backwards".to_owned(),
            description: String::new(),
            public: false,
            tracks: order.clone(),
            rules: None,
        };
        let playlist = playlists::create(ctx, &ann, &new).await.expect("made").playlist.id;
        Self { playlist, order }
    }

    /// Fails unless playlist and bookmarks are of these songs, and of no others.
    async fn assert_kept(&self, ctx: &Ctx, songs: &[TrackId]) {
        let ann = ann();
        let listed = playlists::tracks(ctx, &ann, self.playlist).await.expect("a playlist");
        let listed: Vec<TrackId> = listed.into_iter().map(|(_, track)| track.id).collect();
        let wanted: Vec<TrackId> = self.order.iter().copied().filter(|id| songs.contains(id)).collect();
        assert_eq!(listed, wanted, "the playlist keeps its songs and their order");
        let query = PageQuery { after: None, limit: Some(200) };
        let page = listener::list_bookmarks(ctx, &ann, &query).await.expect("bookmarks").items;
        let mut found: Vec<(TrackId, u64)> =
            page.into_iter().filter_map(|one| Some((one.track?.id, one.position_ms))).collect();
        found.sort_unstable();
        let backwards = self.order.iter().rev().copied().zip(1_u64..);
        let mut wanted: Vec<_> = backwards.filter(|(id, _)| songs.contains(id)).collect();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "bookmarks stay where they were put");
    }

    /// Fails unless everything is as it was.
    async fn assert_all_kept(&self, ctx: &Ctx, before: &Told) {
        assert_eq!(&told(ctx).await, before);
        self.assert_kept(ctx, &self.order).await;
    }
}

fn title(number: u32) -> String {
    format!("Song {number:02}")
}

/// A folder for each song.
fn fill(root: &Path) {
    for number in 0..SONGS {
        let path = root.join(format!("{number:02}/song.flac"));
        write(&path, number, &song(&title(number), &format!("Album {number}"), 1));
    }
}

async fn lived_in(world: World) -> (House, Lived, Told) {
    let music = tempfile::tempdir().expect("a folder");
    fill(music.path());
    let house = House::with(world, music).await;
    let lived = Lived::through(&house.ctx).await;
    let before = told(&house.ctx).await;
    assert_eq!(before.len(), SONGS as usize);
    lived.assert_all_kept(&house.ctx, &before).await;
    (house, lived, before)
}

/// Has every file that is where it was read again, by a time that it did not have.
fn touch(root: &Path, round: u64) {
    for number in 0..SONGS {
        let path = root.join(format!("{number:02}/song.flac"));
        if path.exists() {
            set_time(&path, SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_100 + round));
        }
    }
}

/// Waits for the first thing that a scan commits.
async fn first_commit(heard: &mut kernel::bus::Listener) {
    let next = heard.wait_for(catalog::model::TOPIC_CATALOG);
    tokio::time::timeout(Duration::from_secs(20), next).await.expect("the scan goes on");
}

/// Waits for it, but not for long: a scan may have nothing to commit.
async fn within_a_moment(heard: &mut kernel::bus::Listener) {
    let _ =
        tokio::time::timeout(Duration::from_millis(40), heard.wait_for(catalog::model::TOPIC_CATALOG)).await;
}

async fn start_another_worker(ctx: &Ctx, name: &str) {
    let small = std::num::NonZeroUsize::new(2).expect("two");
    let settings = ingest::scan::Settings { batch_files: small, ..settings() };
    let runner = Runner::new(name).handler(ingest::scan::scan_handler(settings));
    runner.start(ctx).await.expect("the worker starts");
}

/// Turns time on, slower than a lease runs out, until a library is not being scanned.
async fn settled_as_time_passes(world: &World, library: &Library) -> Library {
    eventually("the scan ends", || async {
        world.clock.advance(Duration::from_secs(2));
        library::library(&world.ctx, library.id).await.expect("it is there").state != LibraryState::Scanning
    })
    .await;
    library::library(&world.ctx, library.id).await.expect("it is there")
}

on_both_engines! {
    async fn it_outlives_moves_names_tags_copies_and_absence_all_at_once(world: World) {
        let (house, lived, before) = lived_in(world).await;
        let at = |number: u32| house.path(format!("{number:02}/song.flac"));
        fs::create_dir(house.path("moved")).expect("a folder");
        fs::rename(at(0), house.path("moved/song.flac")).expect("it moves");
        fs::rename(at(1), house.path("01/another name.flac")).expect("it is renamed");
        tag(&at(2), &song("Song 02 anew", "Another album", 9));
        fs::copy(at(3), house.path("03/a copy.flac")).expect("it is copied");
        age(&house.path("03/a copy.flac"));
        let away = tempfile::tempdir().expect("a folder");
        fs::rename(house.path("04"), away.path().join("04")).expect("it goes away");
        // Moved, renamed and tagged anew at once.
        fs::rename(at(5), house.path("moved/five.flac")).expect("it moves");
        tag(&house.path("moved/five.flac"), &song("Song 05 anew", "Album 5", 2));
        house.scan_well().await;
        let known: Vec<TrackId> = before.iter().map(|(_, id, ..)| *id).collect();
        let after = told(&house.ctx).await;
        let copies: Vec<_> = after.iter().filter(|(_, id, ..)| !known.contains(id)).collect();
        assert_eq!(copies.len(), 1, "{after:?}");
        assert_eq!((copies[0].2, copies[0].3, copies[0].4), (false, None, 0), "nobody did anything with the copy");
        for (title, id, favourite, rating, plays) in &before {
            let found = after.iter().find(|(_, now, ..)| now == id);
            if title == "Song 04" {
                assert_eq!(found, None, "what is away is not shown");
                continue;
            }
            let found = found.unwrap_or_else(|| panic!("{title} is gone: {after:?}"));
            assert_eq!((found.2, found.3, found.4), (*favourite, *rating, *plays), "{title}");
            assert!(found.0.starts_with(title.as_str()));
        }
        let here: Vec<TrackId> = known.iter().copied().filter(|id| *id != before[4].1).collect();
        lived.assert_kept(&house.ctx, &here).await;
        fs::rename(away.path().join("04"), house.path("back again")).expect("it comes back");
        tag(&at(2), &song(&title(2), "Album 2", 1));
        tag(&house.path("moved/five.flac"), &song(&title(5), "Album 5", 1));
        fs::remove_file(house.path("03/a copy.flac")).expect("the copy goes");
        house.scan_well().await;
        lived.assert_all_kept(&house.ctx, &before).await;
        house.ctx.shut_down().await;
    }

    async fn a_drive_that_goes_in_the_middle_of_a_scan_takes_nothing_along(world: World) {
        let (house, lived, before) = lived_in(world).await;
        let root = house.music.path().to_owned();
        let away = tempfile::tempdir().expect("a folder");
        for round in 0..6 {
            touch(&root, round);
            let mut heard = house.ctx.bus().subscribe();
            library::request_scan(&house.ctx, house.library.id).await.expect("a scan is asked for");
            // At another point of the scan each time.
            if round % 2 == 0 {
                first_commit(&mut heard).await;
            } else {
                tokio::task::yield_now().await;
            }
            // As a drive does: the names are gone, and an empty folder is where it hung.
            fs::rename(&root, away.path().join("drive")).expect("it goes");
            fs::create_dir(&root).expect("the folder in which it hung");
            house.wait_until_settled().await;
            lived.assert_all_kept(&house.ctx, &before).await;
            let without = house.scan().await;
            assert_eq!(without.state, LibraryState::Failed, "{without:?}");
            lived.assert_all_kept(&house.ctx, &before).await;
            fs::remove_dir(&root).expect("it is empty");
            fs::rename(away.path().join("drive"), &root).expect("it is back");
            house.scan_well().await;
            lived.assert_all_kept(&house.ctx, &before).await;
            assert_eq!(house.codes().await, []);
        }
        house.ctx.shut_down().await;
    }

    async fn files_that_can_not_be_read_for_a_while_take_nothing_along(world: World) {
        let (house, lived, before) = lived_in(world).await;
        touch(house.music.path(), 0);
        // What a failing drive gives back in the place of songs: nothing, their beginning, something else.
        let whole: Vec<Vec<u8>> = (0..3)
            .map(|number| fs::read(house.path(format!("{number:02}/song.flac"))).expect("it reads"))
            .collect();
        for (number, bytes) in [(0, Vec::new()), (1, whole[1][..60].to_vec()), (2, vec![0; 5000])] {
            fs::write(house.path(format!("{number:02}/song.flac")), bytes).expect("it is written");
            age(&house.path(format!("{number:02}/song.flac")));
        }
        house.scan_well().await;
        assert_eq!(house.codes().await.len(), 3, "{:?}", house.codes().await);
        let left: Vec<TrackId> = before[3..].iter().map(|(_, id, ..)| *id).collect();
        assert_eq!(told(&house.ctx).await, before[3..]);
        lived.assert_kept(&house.ctx, &left).await;
        for (number, bytes) in whole.iter().enumerate() {
            fs::write(house.path(format!("{number:02}/song.flac")), bytes).expect("it is written");
            set_time(&house.path(format!("{number:02}/song.flac")), SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_300));
        }
        house.scan_well().await;
        lived.assert_all_kept(&house.ctx, &before).await;
        house.ctx.shut_down().await;
    }

    async fn a_copy_elsewhere_does_not_inherit_from_a_drive_that_is_away(world: World) {
        let (house, lived, before) = lived_in(world).await;
        let root = house.music.path().to_owned();
        let (away, copies) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        for number in 0..3 {
            // The same bytes and times, and once the same name.
            let to = copies.path().join(format!("{number}/song.flac"));
            fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
            fs::copy(root.join(format!("{number:02}/song.flac")), &to).expect("it is copied");
            age(&to);
        }
        fs::rename(&root, away.path().join("drive")).expect("it goes");
        fs::create_dir(&root).expect("the folder in which it hung");
        let data = house.world.folder.path();
        let second = library::add_library(&house.ctx, data, copies.path(), None).await.expect("it is added");
        assert_eq!(wait_until_settled(&house.ctx, &second).await.tracks, 3);
        fs::remove_dir(&root).expect("it is empty");
        fs::rename(away.path().join("drive"), &root).expect("it is back");
        house.scan_well().await;
        let known: Vec<TrackId> = before.iter().map(|(_, id, ..)| *id).collect();
        let (own, copied): (Told, Told) =
            told(&house.ctx).await.into_iter().partition(|(_, id, ..)| known.contains(id));
        assert_eq!(own, before);
        assert_eq!(copied.len(), 3);
        assert!(copied.iter().all(|(_, _, favourite, rating, plays)| !favourite && rating.is_none() && *plays == 0));
        assert_eq!(library::library(&house.ctx, house.library.id).await.expect("it is there").tracks, i64::from(SONGS), "they are still of the first library");
        lived.assert_kept(&house.ctx, &known).await;
        house.ctx.shut_down().await;
    }

    async fn two_workers_that_are_asked_again_and_again_take_everything_in_once(world: World) {
        let (house, lived, before) = lived_in(world).await;
        let other = house.world.reopened().await;
        start_another_worker(&other, "another").await;
        for round in 0..4_u32 {
            let asked = (0..8).map(|_| async {
                library::request_scan(&house.ctx, house.library.id).await.expect("asked for");
                library::request_scan(&other, house.library.id).await.expect("asked for");
            });
            for one in asked {
                one.await;
            }
            fs::rename(house.path(format!("{round:02}")), house.path(format!("moved {round}"))).expect("it moves");
            house.wait_until_settled().await;
        }
        house.scan_well().await;
        lived.assert_all_kept(&house.ctx, &before).await;
        assert_eq!(library::library(&house.ctx, house.library.id).await.expect("it is there").files, i64::from(SONGS));
        other.shut_down().await;
        house.ctx.shut_down().await;
    }

    async fn a_clock_that_jumps_by_days_during_a_scan_costs_nothing(world: World) {
        let (house, lived, before) = lived_in(world).await;
        let other = house.world.reopened().await;
        start_another_worker(&other, "another").await;
        let jumps: [fn(Time) -> Time; 4] = [
            |now| now.plus(Duration::from_hours(10 * 24)),
            |now| Time(now.0 - 20 * 24 * 3_600_000_000),
            |now| now.plus(Duration::from_hours(400 * 24)),
            |_| START,
        ];
        for (round, jump) in (0_u64..).zip(jumps) {
            touch(house.music.path(), round);
            // One is of the future, whatever the clock says, and one of before there were clocks.
            for (name, seconds) in [("00", 4_000_000_000 + round), ("01", round)] {
                let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
                set_time(&house.path(format!("{name}/song.flac")), time);
            }
            fs::rename(house.path(format!("{:02}", 2 + round)), house.path(format!("moved {round}"))).expect("it moves");
            let mut heard = house.ctx.bus().subscribe();
            library::request_scan(&house.ctx, house.library.id).await.expect("a scan is asked for");
            if round % 2 == 0 {
                within_a_moment(&mut heard).await;
            }
            house.world.clock.turn(jump(house.world.clock.now()));
            let settled = settled_as_time_passes(&house.world, &house.library).await;
            assert_eq!((settled.state, settled.problem), (LibraryState::Idle, None), "round {round}");
            library::request_scan(&house.ctx, house.library.id).await.expect("a scan is asked for");
            let settled = settled_as_time_passes(&house.world, &house.library).await;
            assert_eq!((settled.state, settled.files), (LibraryState::Idle, i64::from(SONGS)), "round {round}");
            lived.assert_all_kept(&house.ctx, &before).await;
        }
        other.shut_down().await;
        house.ctx.shut_down().await;
    }
}

/// Two libraries that are one folder, which the kernel shows in two places, are scanned at once while things move in
/// it: each keeps its own tracks, and those what was done with them.
async fn two_libraries_of_one_folder_keep_theirs(engine: Engine) {
    let world = World::new(engine).await;
    let place = tempfile::tempdir().expect("a folder");
    let (one, two) = (place.path().join("one"), place.path().join("two"));
    fs::create_dir(&one).expect("a folder");
    fs::create_dir(&two).expect("a folder");
    fill(&one);
    run("mount", &["--bind", one.to_str().expect("text"), two.to_str().expect("text")]);
    let ctx = world.ctx.clone();
    start_worker(&ctx).await;
    start_another_worker(&ctx, "another").await;
    let data = world.folder.path();
    let first = library::add_library(&ctx, data, &one, None).await.expect("it is added");
    let second = library::add_library(&ctx, data, &two, None).await.expect("it is added");
    wait_until_settled(&ctx, &first).await;
    wait_until_settled(&ctx, &second).await;
    let lived = Lived::through(&ctx).await;
    let before = told(&ctx).await;
    assert_eq!(before.len(), 2 * SONGS as usize);
    let of = async |track: TrackId| {
        let media = catalog::media::for_track(&ctx, &ann(), track).await.expect("a read").expect("a media");
        media.file.place.path().expect("a path").starts_with(one.canonicalize().expect("a path"))
    };
    let mut homes = Vec::new();
    for (_, id, ..) in &before {
        homes.push(of(*id).await);
    }
    for round in 0..4 {
        for number in 0..SONGS {
            let name =
                |round: u32| if round == 0 { format!("{number:02}") } else { format!("{number:02} {round}") };
            fs::rename(one.join(name(round)), one.join(name(round + 1))).expect("it moves");
        }
        library::request_scan(&ctx, first.id).await.expect("asked for");
        library::request_scan(&ctx, second.id).await.expect("asked for");
        assert_eq!(wait_until_settled(&ctx, &first).await.state, LibraryState::Idle);
        assert_eq!(wait_until_settled(&ctx, &second).await.state, LibraryState::Idle);
        lived.assert_all_kept(&ctx, &before).await;
        for ((_, id, ..), home) in before.iter().zip(&homes) {
            assert_eq!(of(*id).await, *home, "a track stays in its library");
        }
    }
    ctx.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_libraries_of_one_folder_keep_theirs_on_sqlite() {
    if SmallDisk::enter("survival::two_libraries_of_one_folder_keep_theirs_on_sqlite", 64).is_some() {
        two_libraries_of_one_folder_keep_theirs(Engine::Sqlite).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_libraries_of_one_folder_keep_theirs_on_postgres() {
    if SmallDisk::enter("survival::two_libraries_of_one_folder_keep_theirs_on_postgres", 64).is_some() {
        two_libraries_of_one_folder_keep_theirs(Engine::Postgres).await;
    }
}
