//! One file that came another way than by a scan, looked at with the scan's own eyes.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use catalog::{
    import::TrackTags,
    media::{Source, SourceFile},
};
use tokio_util::sync::CancellationToken;

use super::{
    kind, probed, sample, sniff,
    tags::{self, Sound, Tagged, Unread},
    trouble::Trouble,
    window::Window,
};
use crate::media::{Engine, MediaError, Probe};

/// What a file is.
#[derive(Debug)]
pub(crate) enum Looked {
    /// Music.
    Track {
        /// What its tags say; the title is never empty.
        tags: Box<TrackTags>,
        /// The embedded picture that stands for it.
        picture: Option<Vec<u8>>,
    },
    /// A film.
    Video {
        /// Its title, or its name.
        title: String,
        /// Pixels as they are shown.
        width: u32,
        /// Pixels as they are shown.
        height: u32,
    },
}

/// A file and what is known of it.
#[derive(Debug)]
pub(crate) struct Single {
    pub(crate) looked: Looked,
    pub(crate) probe: Probe,
    sound: Sound,
}

impl Single {
    /// The file as the catalogue keeps it.
    pub(crate) fn source(&self, place: Source, stamp: i64) -> SourceFile {
        SourceFile {
            place,
            bytes: self.probe.bytes,
            stamp,
            mime: self.sound.mime.clone().into_owned(),
            codec: self.sound.codec.clone().into_owned(),
            bitrate_kbps: self.sound.bitrate_kbps,
            sample_rate_hz: self.sound.sample_rate_hz,
            channels: self.sound.channels,
            duration_ms: self.sound.duration_ms,
        }
    }
}

/// Looks at the file at `path`, which its owner calls `name`. Nothing is believed that the sandbox has not read.
pub(crate) async fn look(
    engine: &Engine,
    path: &Path,
    name: &str,
    cancel: &CancellationToken,
) -> Result<Single, MediaError> {
    let title = kind::stem(name.as_bytes());
    let (file, called) = (path.to_owned(), title.clone());
    let sniffed = tokio::task::spawn_blocking(move || sniff_at(&file)).await;
    sniffed.unwrap_or_else(|_| Err(Trouble::panicked())).map_err(told)?;
    let probe = match engine.probe(path, cancel).await {
        Ok(probe) => probe,
        Err(error) => return Err(Trouble::of_media(&error).map_or(MediaError::Cancelled, told)),
    };
    if let Some(video) = &probe.video {
        let looked = Looked::Video {
            title: probed::title(&probe, &title),
            width: video.display_width,
            height: video.display_height,
        };
        return Ok(Single { looked, sound: probed::sound(&probe), probe });
    }
    let file = path.to_owned();
    let read = tokio::task::spawn_blocking(move || tags_at(&file, &called)).await;
    let tagged = match read.unwrap_or_else(|_| Err(Trouble::panicked())).map_err(told)? {
        Some(tagged) => tagged,
        None => Tagged {
            tags: probed::tags(&probe, &title),
            sound: probed::sound(&probe),
            picture: None,
            trouble: None,
        },
    };
    let looked = Looked::Track { tags: Box::new(tagged.tags), picture: tagged.picture };
    Ok(Single { looked, sound: tagged.sound, probe })
}

fn told(trouble: Trouble) -> MediaError {
    let (code, detail) = (trouble.code, trouble.reason);
    if trouble.passing {
        MediaError::Transient { code, detail }
    } else {
        MediaError::Refused { code, detail }
    }
}

/// What its first bytes and the lengths in it tell.
fn sniff_at(path: &Path) -> Result<(), Trouble> {
    let of_file = |error: std::io::Error| Trouble::of_file(&error);
    let file = super::read::open(path).map_err(of_file)?;
    let bytes = file.metadata().map_err(of_file)?.len();
    if bytes == 0 {
        return Err(Trouble::empty());
    }
    let mut window = Window::new(&file, bytes);
    let mut head = [0; sniff::BYTES];
    let count = window.read_at(0, &mut head).map_err(of_file)?;
    if let Some(trouble) = sniff::plainly_wrong(&head[..count]) {
        return Err(trouble);
    }
    if sample::sample(&mut window).map_err(of_file)?.truncated {
        return Err(Trouble::truncated());
    }
    Ok(())
}

/// What the tag library reads; `None` when it does not know the kind.
fn tags_at(path: &Path, title: &str) -> Result<Option<Tagged>, Trouble> {
    let of_file = |error: std::io::Error| Trouble::of_file(&error);
    let file = super::read::open(path).map_err(of_file)?;
    let bytes = file.metadata().map_err(of_file)?.len();
    let mut window = Window::new(&file, bytes);
    tags::prepare_thread();
    match catch_unwind(AssertUnwindSafe(|| tags::read(&mut window, title))) {
        Ok(Ok(tagged)) => Ok(Some(tagged)),
        Ok(Err(Unread::Unknown)) => Ok(None),
        Ok(Err(Unread::Bad(trouble))) => Err(trouble),
        Err(_) => Err(Trouble::panicked()),
    }
}
