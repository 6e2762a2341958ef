//! What shows only when a file is heard: that its sound ends before its header says so, as of a copy that broke off.
//!
//! It is taken in and plays as far as it goes, and its library says what is wrong with it. Only lossless files are
//! looked at, whose headers count every sample: the length of others may be an estimate, and that of uncompressed sound is
//! often written before anybody knew it.

use std::{os::unix::ffi::OsStrExt as _, path::Path};

use catalog::{LibraryId, media::Media, sound::Edges};
use kernel::{Ctx, Fault, db::Tx};

use super::{
    store::{self, ProblemOf},
    trouble::{CUT_OFF, Trouble},
};
use crate::{
    library::{self, TOPIC_LIBRARIES},
    media::is_lossless,
};

/// Less than this may be missing: some programs cut the end of the last frame, and write the length of before.
const MISSING_MS_MIN: u64 = 2_000;
/// And at least one part of so many.
const MISSING_PARTS: u64 = 100;

/// Where a file of a library lies.
struct Place {
    library: LibraryId,
    /// With zero bytes for slashes.
    folder: Vec<u8>,
    name: Vec<u8>,
}

/// Notes whether a file's sound, which was just decoded, is as long as its header says.
pub(crate) fn note(tx: &mut Tx<'_>, ctx: &Ctx, facts: &Media, edges: Edges) -> Result<(), Fault> {
    let Some(path) = facts.file.place.path().filter(|_| is_lossless(&facts.file.codec)) else {
        return Ok(());
    };
    let Some(place) = place(tx, &path)? else { return Ok(()) };
    let Some(file) = store::file_at(tx, place.library, &place.folder, &place.name)? else { return Ok(()) };
    match missing(facts, edges) {
        Some((there_ms, told_ms)) => {
            let of = ProblemOf {
                library: place.library,
                folder: &place.folder,
                name: &place.name,
                file: Some(file),
                pass: 0,
            };
            store::put_problem(tx, ctx.next_id(), of, &Trouble::cut_off(there_ms, told_ms), ctx.now())?;
        }
        None if store::problem_of_kind(tx, file, CUT_OFF)?.is_none() => return Ok(()),
        None => store::clear_problem_of_kind(tx, file, CUT_OFF)?,
    }
    library::store::count_problems(tx, place.library)?;
    tx.wake(TOPIC_LIBRARIES);
    Ok(())
}

/// How long the sound is and how long it should be, when much of it is missing.
fn missing(facts: &Media, edges: Edges) -> Option<(u64, u64)> {
    let there_ms = edges.samples.saturating_mul(1000) / u64::from(edges.sample_rate_hz.max(1));
    let told_ms = facts.file.duration_ms;
    let missing_ms = told_ms.saturating_sub(there_ms);
    (is_lossless(&facts.file.codec) && missing_ms >= MISSING_MS_MIN.max(told_ms / MISSING_PARTS))
        .then_some((there_ms, told_ms))
}

/// The library that a file lies in, the innermost if they lie in each other.
fn place(tx: &mut Tx<'_>, path: &Path) -> Result<Option<Place>, Fault> {
    let Some((folder, name)) = path.parent().zip(path.file_name()) else { return Ok(None) };
    let libraries = library::store::paths(tx)?.into_iter();
    let within = libraries.filter_map(|(library, root)| {
        let below = folder.strip_prefix(Path::new(std::ffi::OsStr::from_bytes(&root))).ok()?;
        Some((root.len(), library, below.to_owned()))
    });
    Ok(within.max_by_key(|(length, ..)| *length).map(|(_, library, below)| {
        let slashes = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
        let folder = below.as_os_str().as_bytes().iter().map(slashes).collect();
        Place { library, folder, name: name.as_bytes().to_vec() }
    }))
}

#[cfg(test)]
mod tests {
    use catalog::{
        MediaId,
        media::{MediaKind, MediaState, Source, SourceFile},
    };
    use kernel::Time;

    use super::*;

    fn media(codec: &str, duration_ms: u64) -> Media {
        let file = SourceFile {
            place: Source::file(Path::new("/m/a")),
            bytes: 1,
            stamp: 1,
            mime: "audio/flac".to_owned(),
            codec: codec.to_owned(),
            bitrate_kbps: 900,
            sample_rate_hz: 44_100,
            channels: 2,
            duration_ms,
        };
        Media {
            id: MediaId(1),
            kind: MediaKind::Audio,
            file,
            state: MediaState::None,
            problem: None,
            generation: 1,
            asked: Time(0),
        }
    }

    fn edges(ms: u64) -> Edges {
        Edges { sample_rate_hz: 44_100, samples: ms * 441 / 10, lead_samples: 0, tail_samples: 0 }
    }

    #[test]
    fn only_what_misses_much_of_a_length_that_is_exact_is_cut_off() {
        assert_eq!(missing(&media("flac", 180_000), edges(90_000)), Some((90_000, 180_000)));
        assert_eq!(missing(&media("alac", 180_000), edges(177_000)), Some((177_000, 180_000)));
        for (codec, told, there) in [
            ("flac", 180_000, 180_000),
            ("flac", 180_000, 178_500),
            ("flac", 180_000, 200_000),
            ("flac", 3_600_000, 3_570_000),
            ("mp3", 180_000, 90_000),
            ("aac", 180_000, 90_000),
            ("pcm", 180_000, 90_000),
        ] {
            assert_eq!(missing(&media(codec, told), edges(there)), None, "{codec} {told} {there}");
        }
    }
}
