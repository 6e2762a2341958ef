//! The peers of the scan: the tag library in a bare loop, and a bare walk.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use lofty::{
    config::{GlobalOptions, ParseOptions, ParsingMode, apply_global_options},
    file::{AudioFile as _, TaggedFileExt as _},
    probe::Probe,
    tag::ItemKey,
};

use crate::Anything;

/// Reads the same tags, properties and embedded pictures that the scan takes, and nothing more, in `threads` threads.
pub(crate) fn read_tags(files: &[PathBuf], threads: usize) -> Result<Duration, Anything> {
    let begun = Instant::now();
    let share = files.len().div_ceil(threads.max(1));
    let outcome: Result<usize, Anything> = thread::scope(|scope| {
        let readers: Vec<_> = files.chunks(share).map(|files| scope.spawn(|| read_all(files))).collect();
        readers.into_iter().try_fold(0, |sum, reader| {
            Ok(sum + reader.join().map_err(|_| "a reader of the bare loop broke off")??)
        })
    });
    let took = begun.elapsed();
    // Every made file has a title, or what was measured was not reading.
    if outcome? == files.len() { Ok(took) } else { Err("the bare loop did not find every title".into()) }
}

fn read_all(files: &[PathBuf]) -> Result<usize, Anything> {
    // As the scan sets it: what it does not use is not read.
    apply_global_options(
        GlobalOptions::new().use_custom_resolvers(false).preserve_format_specific_items(false),
    );
    let mut titles = 0;
    let mut bytes = 0;
    for file in files {
        let options = ParseOptions::new().parsing_mode(ParsingMode::Relaxed);
        let read = Probe::open(file)?.options(options).guess_file_type()?.read()?;
        let Some(tag) = read.primary_tag().or_else(|| read.first_tag()) else { continue };
        let keys = [
            ItemKey::TrackTitle,
            ItemKey::TrackArtist,
            ItemKey::AlbumArtist,
            ItemKey::AlbumTitle,
            ItemKey::TrackNumber,
            ItemKey::DiscNumber,
            ItemKey::RecordingDate,
            ItemKey::Genre,
        ];
        let texts: Vec<Option<String>> =
            keys.iter().map(|key| tag.get_string(*key).map(str::to_owned)).collect();
        titles += usize::from(texts[0].is_some());
        bytes += tag.pictures().first().map_or(0, |picture| picture.data().to_vec().len());
        bytes += usize::try_from(read.properties().duration().as_millis()).unwrap_or(0);
    }
    std::hint::black_box(bytes);
    Ok(titles)
}

/// Lists every folder and asks for the size and time of every entry, in one thread; how many files there are.
pub(crate) fn walk(place: &Path) -> io::Result<(u64, Duration)> {
    let begun = Instant::now();
    let (mut files, mut folders) = (0, vec![place.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.metadata()?.is_dir() {
                folders.push(entry.path());
            } else {
                files += 1;
            }
        }
    }
    Ok((files, begun.elapsed()))
}
