//! What the tag library finds in a file, in the catalogue's terms.

mod facts;
mod raw;

use std::{borrow::Cow, error::Error as _, io::Seek as _};

use catalog::import::TrackTags;
use lofty::{
    config::{GlobalOptions, ParseOptions, ParsingMode, apply_global_options},
    error::{AllocationError, FileParseError},
    file::{AudioFile, FileType, TaggedFile, TaggedFileExt},
    mp4::Mp4Codec,
    picture::PictureType,
    probe::Probe,
    tag::Tag,
};

use self::facts::Reading;
use super::{trouble::Trouble, window::Window};

/// Largest single item of a tag that is read at all; a file with a larger one has none of its tags read.
const ITEM_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Largest embedded picture that is taken; the file is taken without a larger one.
pub(super) const PICTURE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest text that is handed on; a longer one is cut, and that is reported.
const TEXT_BYTES_MAX: usize = 4096;

/// The sound of a file as the catalogue keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sound {
    pub(super) mime: Cow<'static, str>,
    pub(super) codec: Cow<'static, str>,
    pub(super) bitrate_kbps: u32,
    pub(super) sample_rate_hz: u32,
    pub(super) channels: u32,
    pub(super) duration_ms: u64,
}

/// What a file says of itself.
#[derive(Debug)]
pub(super) struct Tagged {
    pub(super) tags: TrackTags,
    pub(super) sound: Sound,
    /// The embedded picture that stands for it.
    pub(super) picture: Option<Vec<u8>>,
    /// Something in the tags was cut or left out.
    pub(super) trouble: Option<Trouble>,
}

/// Why the tag library gave nothing.
#[derive(Debug)]
pub(super) enum Unread {
    /// It does not know what this is, or finds no sound in it: somebody else may.
    Unknown,
    /// It knows, and can't.
    Bad(Trouble),
}

/// Prepares this thread for reading tags.
pub(super) fn prepare_thread() {
    apply_global_options(
        GlobalOptions::new()
            .use_custom_resolvers(false)
            .preserve_format_specific_items(false)
            .allocation_limit(ITEM_BYTES_MAX),
    );
}

/// Reads the tags of a file. `title` is what it is called when they have none.
pub(super) fn read(window: &mut Window<'_>, title: &str) -> Result<Tagged, Unread> {
    let options = ParseOptions::new().parsing_mode(ParsingMode::Relaxed);
    window.rewind().map_err(|error| Unread::Bad(Trouble::of_file(&error)))?;
    let probe = Probe::new(&mut *window).options(options).guess_file_type();
    let probe = probe.map_err(|error| Unread::Bad(Trouble::of_file(&error)))?;
    let Some(kind) = probe.file_type() else { return Err(Unread::Unknown) };
    let (file, raw, mp4) = raw::read(probe, kind, options).map_err(|error| unread(window, &error))?;
    let sound = sound(&file, mp4, window.size());
    if sound.duration_ms == 0 && sound.sample_rate_hz == 0 {
        return Err(Unread::Unknown);
    }
    let mut cut = Cut::default();
    let tag = file.primary_tag().or_else(|| file.first_tag());
    let tags = tag.map(|tag| Reading { tag, raw: &raw, cut: &mut cut }.track(title));
    let picture = picture(&file, &mut cut);
    let tags = tags.unwrap_or_else(|| TrackTags { title: title.to_owned(), ..TrackTags::default() });
    Ok(Tagged { tags, sound, picture, trouble: cut.0.map(|what| Trouble::tag_cut(&what)) })
}

fn unread(window: &Window<'_>, error: &FileParseError) -> Unread {
    if window.is_spent() {
        return Unread::Bad(Trouble::too_slow());
    }
    let mut source = error.source();
    while let Some(inner) = source {
        if matches!(inner.downcast_ref(), Some(AllocationError::LimitExceeded)) {
            return Unread::Bad(Trouble::tag_too_large());
        }
        if let Some(error) = inner.downcast_ref::<std::io::Error>()
            && error.kind() != std::io::ErrorKind::UnexpectedEof
            && error.raw_os_error().is_some()
        {
            return Unread::Bad(Trouble::of_file(error));
        }
        source = inner.source();
    }
    Unread::Unknown
}

fn sound(file: &TaggedFile, mp4: Option<Mp4Codec>, bytes: u64) -> Sound {
    let properties = file.properties();
    let (mime, codec) = match (file.file_type(), mp4) {
        (FileType::Flac, _) => ("audio/flac", "flac"),
        (FileType::Mpeg, _) => ("audio/mpeg", "mp3"),
        (FileType::Aac, _) => ("audio/aac", "aac"),
        (FileType::Vorbis, _) => ("audio/ogg; codecs=\"vorbis\"", "vorbis"),
        (FileType::Opus, _) => ("audio/ogg; codecs=\"opus\"", "opus"),
        (FileType::Speex, _) => ("audio/ogg; codecs=\"speex\"", "speex"),
        (FileType::Mp4, Some(Mp4Codec::ALAC)) => ("audio/mp4; codecs=\"alac\"", "alac"),
        (FileType::Mp4, Some(Mp4Codec::FLAC)) => ("audio/mp4; codecs=\"flac\"", "flac"),
        (FileType::Mp4, Some(Mp4Codec::MP3)) => ("audio/mp4; codecs=\"mp3\"", "mp3"),
        (FileType::Mp4, _) => ("audio/mp4; codecs=\"mp4a.40.2\"", "aac"),
        (FileType::Wav, _) => ("audio/wav", "pcm"),
        (FileType::Aiff, _) => ("audio/aiff", "pcm"),
        (FileType::Ape, _) => ("audio/x-ape", "ape"),
        (FileType::Mpc, _) => ("audio/x-musepack", "musepack"),
        (FileType::WavPack, _) => ("audio/x-wavpack", "wavpack"),
        _ => ("application/octet-stream", "unknown"),
    };
    let duration_ms = u64::try_from(properties.duration().as_millis()).unwrap_or(u64::MAX);
    let average = || u32::try_from((bytes * 8).checked_div(duration_ms).unwrap_or(0)).unwrap_or(0);
    Sound {
        mime: mime.into(),
        codec: codec.into(),
        bitrate_kbps: properties.audio_bitrate().filter(|rate| *rate > 0).unwrap_or_else(average),
        sample_rate_hz: properties.sample_rate().unwrap_or(0),
        channels: properties.channels().unwrap_or(0).into(),
        duration_ms,
    }
}

/// What was cut, the first of it.
#[derive(Default)]
struct Cut(Option<String>);

impl Cut {
    fn note(&mut self, what: impl FnOnce() -> String) {
        if self.0.is_none() {
            self.0 = Some(what());
        }
    }
}

/// The embedded picture that stands for the file: the front cover, or else the first that is no file icon.
fn picture(file: &TaggedFile, cut: &mut Cut) -> Option<Vec<u8>> {
    let rank = |kind| match kind {
        PictureType::CoverFront => 0,
        PictureType::Other => 1,
        PictureType::Icon | PictureType::OtherIcon => 3,
        _ => 2,
    };
    let pictures = file.tags().iter().flat_map(Tag::pictures).filter(|picture| !picture.data().is_empty());
    let best =
        pictures.min_by_key(|picture| rank(picture.pic_type())).filter(|best| rank(best.pic_type()) < 3)?;
    let bytes = best.data().len();
    if bytes > PICTURE_BYTES_MAX {
        cut.note(|| {
            format!("The picture in its tags has {bytes} bytes, at most {PICTURE_BYTES_MAX} are taken.")
        });
        return None;
    }
    Some(best.data().to_vec())
}
