//! Made libraries: albums of ten tracks in folders of their own, tagged by the tag library itself.

use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use lofty::{
    config::{ParseOptions, WriteOptions},
    file::TaggedFileExt as _,
    picture::{MimeType, Picture, PictureType},
    probe::Probe,
    tag::{ItemKey, Tag, TagExt as _},
};

use crate::{
    Anything, machine,
    sound::{self, FORMATS, Format},
};

/// Tracks of an album.
const TRACKS_OF_ALBUM: usize = 10;
/// Albums of an artist.
const ALBUMS_OF_ARTIST: usize = 3;
/// Different pictures that are drawn; each album's is one of them with its number behind it.
const PICTURES: usize = 32;

/// What kind of library is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// All formats; every album has a picture of its own, in its folder and in the tags of its FLAC and MP3 files.
    Usual,
    /// Small Opus and MP3 files, and pictures that many albums share: quick to make, as large as one likes.
    Small,
}

/// Makes `count` tracks below `place` and gives their paths.
pub(crate) fn make(place: &Path, count: usize, kind: Kind) -> Result<Vec<PathBuf>, Anything> {
    fs::create_dir_all(place)?;
    let formats: Vec<&Format> = FORMATS
        .iter()
        .filter(|format| kind == Kind::Usual || ["mp3", "opus"].contains(&format.ending))
        .collect();
    let mut sounds = Vec::new();
    for format in &formats {
        let bytes = sound::make(format, place)?;
        let probe = Probe::new(Cursor::new(&bytes)).options(ParseOptions::new()).guess_file_type()?;
        let tag = probe.read()?.primary_tag_type();
        sounds.push((format.ending, bytes, tag));
    }
    let pictures = pictures(place)?;
    let mut files = Vec::with_capacity(count);
    for number in 0..count {
        let (album, on_album) = (number / TRACKS_OF_ALBUM, number % TRACKS_OF_ALBUM);
        let folder = place.join(format!("Artist {}/Album {album}", album / ALBUMS_OF_ARTIST));
        let mut picture = pictures[album % pictures.len()].clone();
        if kind == Kind::Usual {
            picture.extend(album.to_le_bytes());
        }
        if on_album == 0 {
            fs::create_dir_all(&folder)?;
            write(&folder.join("cover.jpg"), &picture)?;
        }
        let (ending, sound, tag) = &sounds[album % sounds.len()];
        let mut tag = Tag::new(*tag);
        describe(&mut tag, number);
        if kind == Kind::Usual && ["flac", "mp3"].contains(ending) {
            let picture = Picture::unchecked(picture).mime_type(MimeType::Jpeg);
            tag.push_picture(picture.pic_type(PictureType::CoverFront).build());
        }
        let mut bytes = sound.clone();
        sound::mark(&mut bytes, ending, number as u64).ok_or("the sound of a made file was not found")?;
        let mut file = Cursor::new(bytes);
        tag.save_to(&mut file, WriteOptions::default())?;
        let path = folder.join(format!("{:02} Song {number}.{ending}", on_album + 1));
        write(&path, file.get_ref())?;
        files.push(path);
    }
    Ok(files)
}

/// A file that was last changed an hour ago: a scan looks twice at what may still be written.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Anything> {
    fs::write(path, bytes)?;
    let hour_ago = now() - Duration::from_hours(1);
    fs::File::options().append(true).open(path)?.set_modified(hour_ago)?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the times of made files are no product's times")]
fn now() -> SystemTime {
    SystemTime::now()
}

fn describe(tag: &mut Tag, number: usize) {
    let album = number / TRACKS_OF_ALBUM;
    let artist = album / ALBUMS_OF_ARTIST;
    tag.insert_text(ItemKey::TrackTitle, format!("Song number {number}"));
    tag.insert_text(ItemKey::TrackArtist, format!("Artist {artist}"));
    tag.insert_text(ItemKey::AlbumArtist, format!("Artist {artist}"));
    tag.insert_text(ItemKey::AlbumTitle, format!("Album {album}"));
    tag.insert_text(ItemKey::TrackNumber, (number % TRACKS_OF_ALBUM + 1).to_string());
    tag.insert_text(ItemKey::DiscNumber, "1".to_owned());
    tag.insert_text(ItemKey::RecordingDate, (1960 + album % 60).to_string());
    tag.insert_text(ItemKey::Genre, ["Rock", "Jazz", "Folk", "Dub"][album % 4].to_owned());
}

/// JPEG pictures of 300 × 300 pixels, drawn by one ffmpeg.
pub(crate) fn pictures(place: &Path) -> Result<Vec<Vec<u8>>, Anything> {
    let source = format!("testsrc2=size=300x300:rate=1:duration={PICTURES},hue=h=t*11");
    machine::ffmpeg(&["-f", "lavfi", "-i", &source, "-q:v", "5"], &place.join("picture-%02d.jpg"))?;
    let mut pictures = Vec::new();
    for number in 1..=PICTURES {
        let file = place.join(format!("picture-{number:02}.jpg"));
        pictures.push(fs::read(&file)?);
        fs::remove_file(file)?;
    }
    Ok(pictures)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_made_file_is_read_back_with_its_own_title() {
        let place = tempfile::tempdir().expect("a folder");
        let files = make(place.path(), 60, Kind::Usual).expect("made");
        let titles: HashSet<String> = files
            .iter()
            .map(|file| {
                let read = Probe::open(file).expect("opens").read().expect("is read");
                let tag = read.primary_tag().expect("is tagged");
                tag.get_string(ItemKey::TrackTitle).expect("has a title").to_owned()
            })
            .collect();
        let endings: HashSet<_> = files.iter().filter_map(|file| file.extension()).collect();
        assert_eq!((titles.len(), endings.len()), (60, 6));
    }
}
