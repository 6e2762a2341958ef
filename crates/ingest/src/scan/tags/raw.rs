//! What the tag library's common terms leave out: fields that only one format has, or that only programs write.

use catalog::import::{LYRIC_LINES_MAX, LyricLine, LyricWord, LyricsSource, LyricsTag};
use lofty::{
    aac::AacFile,
    ape::{ApeFile, ApeTag},
    config::ParseOptions,
    error::FileParseError,
    file::{AudioFile, FileType, TaggedFile},
    flac::FlacFile,
    id3::v2::{Frame, Id3v2Tag, SyncTextContentType, SynchronizedTextFrame, TimestampFormat},
    iff::{aiff::AiffFile, wav::WavFile},
    mp4::{AtomData, AtomIdent, Ilst, Mp4Codec, Mp4File},
    mpeg::MpegFile,
    musepack::MpcFile,
    ogg::{OpusFile, SpeexFile, VorbisFile, tag::VorbisComments},
    probe::Probe,
    wavpack::WavPackFile,
};

use super::super::{lyrics, window::Window};

/// Fields that are kept, in capitals.
const WANTED: &[&str] = &[
    "ALBUMVERSION",
    "ARRANGER",
    "COMPOSERSORT",
    "EAN",
    "EDITION",
    "EXPLICIT",
    "ITUNESADVISORY",
    "LABEL",
    "LABELNO",
    "LYRICS",
    "MUSICBRAINZ_ALBUMTYPE",
    "ORIGINALDATE",
    "ORIGINALYEAR",
    "PERFORMER",
    "R128_ALBUM_GAIN",
    "R128_TRACK_GAIN",
    "RELEASETYPE",
    "SYNCEDLYRICS",
    "UNSYNCEDLYRICS",
    "UPC",
    "VERSION",
    "WRITER",
];
/// Such a field with an instrument after it.
const PERFORMER: &str = "PERFORMER:";
/// Fields that are kept of one file.
const FIELDS_MAX: usize = 256;

/// Fields beside the common ones.
#[derive(Debug, Default)]
pub(super) struct Raw {
    /// Name in capitals, value.
    fields: Vec<(String, String)>,
    /// What somebody did, or plays, and who.
    pub(super) people: Vec<(String, String)>,
    /// Synced lyrics in a form of their own.
    pub(super) synced: Vec<LyricsTag>,
}

impl Raw {
    /// All values of a field.
    pub(super) fn all<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.fields.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first value of the first of these fields that is there.
    pub(super) fn first(&self, names: &[&'static str]) -> Option<&str> {
        names.iter().find_map(|name| self.all(name).find(|value| !value.trim().is_empty()))
    }

    fn field(&mut self, name: &str, value: &str) {
        if self.fields.len() + self.people.len() >= FIELDS_MAX || value.len() > lyrics::BYTES_MAX {
            return;
        }
        if let Some(wanted) = WANTED.iter().find(|wanted| wanted.eq_ignore_ascii_case(name)) {
            self.fields.push(((*wanted).to_owned(), value.to_owned()));
        } else if let (Some(start), Some(part)) = (name.get(..PERFORMER.len()), name.get(PERFORMER.len()..))
            && start.eq_ignore_ascii_case(PERFORMER)
        {
            self.people.push((part.to_owned(), value.to_owned()));
        }
    }

    fn of_vorbis(&mut self, tag: &VorbisComments) {
        for (name, value) in tag.items() {
            self.field(name, value);
        }
    }

    fn of_id3(&mut self, tag: Option<&Id3v2Tag>) {
        for frame in tag.into_iter().flatten() {
            match frame {
                Frame::UserText(text) => {
                    for value in text.content.split('\0') {
                        self.field(&text.description, value);
                    }
                }
                Frame::KeyValue(pairs) => {
                    let pairs = pairs.key_value_pairs.iter();
                    let pairs = pairs.map(|(part, name)| (part.to_string(), name.to_string()));
                    self.people.extend(pairs.take(FIELDS_MAX));
                }
                Frame::Binary(bytes)
                    if bytes.id().as_str() == "SYLT" && bytes.data.len() <= lyrics::BYTES_MAX =>
                {
                    let read = SynchronizedTextFrame::parse(&bytes.data, bytes.flags());
                    self.synced.extend(read.ok().and_then(synced));
                }
                _ => {}
            }
        }
    }

    fn of_ape(&mut self, tag: Option<&ApeTag>) {
        for item in tag.into_iter().flatten() {
            for value in item.text_values().into_iter().flatten() {
                self.field(item.key(), value);
            }
        }
    }

    fn of_mp4(&mut self, tag: Option<&Ilst>) {
        for atom in tag.into_iter().flatten() {
            for data in atom.data() {
                match (atom.ident(), data) {
                    (AtomIdent::Freeform { name, .. }, AtomData::UTF8(text) | AtomData::UTF16(text)) => {
                        self.field(name, text);
                    }
                    (AtomIdent::Fourcc(name), AtomData::SignedInteger(_) | AtomData::UnsignedInteger(_)) => {
                        let number = match data {
                            AtomData::SignedInteger(number) => i64::from(*number),
                            AtomData::UnsignedInteger(number) => i64::from(*number),
                            _ => continue,
                        };
                        let name = match name {
                            b"tmpo" => "tmpo",
                            b"\xa9mvi" => "mvi",
                            b"\xa9mvc" => "mvc",
                            _ => continue,
                        };
                        self.fields.push((name.to_owned(), number.to_string()));
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Reads a file as what it is, and says of an MP4 what is in it.
pub(super) fn read(
    probe: Probe<&mut Window<'_>>,
    kind: FileType,
    options: ParseOptions,
) -> Result<(TaggedFile, Raw, Option<Mp4Codec>), FileParseError> {
    let mut raw = Raw::default();
    let mut codec = None;
    if !matches!(
        kind,
        FileType::Aac
            | FileType::Aiff
            | FileType::Ape
            | FileType::Flac
            | FileType::Mpeg
            | FileType::Opus
            | FileType::Vorbis
            | FileType::Wav
            | FileType::Mp4
            | FileType::Mpc
            | FileType::Speex
            | FileType::WavPack
    ) {
        return Ok((probe.set_file_type(kind).read()?, raw, None));
    }
    let reader = probe.into_inner();
    macro_rules! of {
        ($file:ty, $raw:ident, |$read:ident| $tag:expr) => {{
            let $read = <$file>::read_from(reader, options)?;
            raw.$raw($tag);
            TaggedFile::from($read)
        }};
    }
    let file = match kind {
        FileType::Aac => of!(AacFile, of_id3, |file| file.id3v2()),
        FileType::Aiff => of!(AiffFile, of_id3, |file| file.id3v2()),
        FileType::Wav => of!(WavFile, of_id3, |file| file.id3v2()),
        FileType::Mpeg => of!(MpegFile, of_id3, |file| file.id3v2()),
        FileType::Ape => of!(ApeFile, of_ape, |file| file.ape()),
        FileType::Mpc => of!(MpcFile, of_ape, |file| file.ape()),
        FileType::WavPack => of!(WavPackFile, of_ape, |file| file.ape()),
        FileType::Opus => of!(OpusFile, of_vorbis, |file| file.vorbis_comments()),
        FileType::Vorbis => of!(VorbisFile, of_vorbis, |file| file.vorbis_comments()),
        FileType::Speex => of!(SpeexFile, of_vorbis, |file| file.vorbis_comments()),
        FileType::Flac => {
            let file = FlacFile::read_from(reader, options)?;
            if let Some(tag) = file.vorbis_comments() {
                raw.of_vorbis(tag);
            }
            TaggedFile::from(file)
        }
        _ => {
            let file = Mp4File::read_from(reader, options)?;
            codec = file.properties().codec();
            raw.of_mp4(file.ilst());
            TaggedFile::from(file)
        }
    };
    Ok((file, raw, codec))
}

/// The lyrics in a frame of ID3: pieces of text with times, of which those that begin with a line's end begin a line.
/// Without any, each is a line.
fn synced(frame: SynchronizedTextFrame<'_>) -> Option<LyricsTag> {
    let meant = matches!(
        frame.content_type,
        SyncTextContentType::Lyrics | SyncTextContentType::TextTranscription | SyncTextContentType::Other
    );
    if !meant || frame.timestamp_format != TimestampFormat::MS {
        return None;
    }
    let in_pieces = frame.content.iter().any(|(_, text)| text.contains('\n'));
    let mut lines: Vec<LyricLine> = Vec::new();
    for (ms, piece) in frame.content {
        let text = piece.trim_matches(['\n', '\r']);
        if lines.is_empty() || !in_pieces || piece.starts_with(['\n', '\r']) {
            if lines.len() == LYRIC_LINES_MAX {
                break;
            }
            lines.push(LyricLine { start_ms: Some(ms), ..LyricLine::default() });
        }
        if let Some(line) = lines.last_mut() {
            line.text.push_str(text);
            if in_pieces {
                line.words.push(LyricWord { start_ms: ms, end_ms: None, text: text.to_owned() });
            }
        }
    }
    let language = String::from_utf8_lossy(&frame.language).into_owned();
    (!lines.is_empty()).then_some(LyricsTag { language: Some(language), source: LyricsSource::Tag, lines })
}

#[cfg(test)]
mod tests {
    use lofty::TextEncoding;

    use super::*;

    fn frame(content: &[(u32, &str)]) -> SynchronizedTextFrame<'static> {
        let content = content.iter().map(|(ms, text)| (*ms, (*text).to_owned())).collect();
        SynchronizedTextFrame::new(
            TextEncoding::UTF8,
            *b"deu",
            TimestampFormat::MS,
            SyncTextContentType::Lyrics,
            None,
            content,
        )
    }

    #[test]
    fn pieces_of_id3_lyrics_become_lines_of_words() {
        let read = synced(frame(&[(1_000, "Al"), (1_500, "le"), (2_000, "\nmeine"), (2_500, " Entchen")]));
        let read = read.expect("lyrics");
        assert_eq!(read.language.as_deref(), Some("deu"));
        let lines: Vec<_> =
            read.lines.iter().map(|line| (line.start_ms, line.text.as_str(), line.words.len())).collect();
        assert_eq!(lines, [(Some(1_000), "Alle", 2), (Some(2_000), "meine Entchen", 2)]);
        let whole = synced(frame(&[(1_000, "One"), (2_000, "Two")])).expect("lyrics");
        assert_eq!(whole.lines.len(), 2);
        assert!(whole.lines[0].words.is_empty());
        assert_eq!(synced(frame(&[])), None);
    }
}
