//! M3U8, the list of paths that every player reads: taken in and given out.

use std::{collections::HashMap, fmt::Write as _};

use kernel::{
    Ctx, Fault, Problem,
    db::Tx,
    http::{Role, Viewer},
};

use super::{ENTRIES_MAX, NAME_CHARS_MAX, create, entries, seen};
use crate::{
    TrackId, fold,
    media::Source,
    model::{
        Track,
        playlists::{MissingLine, NewPlaylist, PlaylistId, PlaylistImported},
    },
    service::Error,
    store::paths::{self as store, Candidate},
    visibility,
};

/// Largest list that is taken in.
pub const IMPORT_BYTES_MAX: usize = 1024 * 1024;
/// Lines that are looked up in one go.
const LINES_AT_ONCE: usize = 100;
/// Lines without a track that are named in the answer.
const MISSING_SHOWN_MAX: usize = 200;
/// Characters of such a line that are shown.
const MISSING_CHARS_MAX: usize = 300;
/// Folders and name at the end of a path that are compared: artist, album, disc, file. No more, so that nobody learns
/// by trying how the server's folders are called.
const PARTS_COMPARED_MAX: usize = 4;
/// How far two lengths of one recording may be apart, in seconds.
const SECONDS_APART_MAX: u64 = 3;
/// Places at which `Artist - Title` may be taken apart.
const SPLITS_MAX: usize = 4;
/// Longest part of a made path.
const PART_CHARS_MAX: usize = 120;

/// A line that names something to play.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Line {
    number: u32,
    path: String,
    /// What `#EXTINF` said.
    said: Option<String>,
    seconds: Option<u64>,
}

/// Takes a list in as a new playlist of the viewer's, with the tracks that are found by path, else by artist and title.
///
/// 422 when it is no such list, has too many lines, or none of its tracks is here; then nothing is made.
pub async fn import_m3u(
    ctx: &Ctx,
    viewer: &Viewer,
    name: Option<&str>,
    text: &str,
) -> Result<PlaylistImported, Error> {
    let (said_name, lines) = parse(text);
    if lines.is_empty() || lines.len() > ENTRIES_MAX {
        let message =
            format!("Send an M3U8 list with 1 to {ENTRIES_MAX} paths, one a line; this has {}.", lines.len());
        return Err(Problem::invalid("body", message).into());
    }
    let mut tracks = Vec::new();
    let mut missing = Vec::new();
    for chunk in lines.chunks(LINES_AT_ONCE) {
        let asked = chunk.to_vec();
        let found = visibility::read(ctx, viewer, move |tx| {
            asked.iter().map(|line| find(tx, line)).collect::<Result<Vec<_>, _>>()
        });
        let found: Vec<Result<TrackId, &'static str>> = found.await.map_err(Error::Fault)?;
        for (line, found) in chunk.iter().zip(found) {
            match found {
                Ok(track) => tracks.push(track),
                Err(why) => missing.push((line, why)),
            }
        }
    }
    if tracks.is_empty() {
        let message = format!("None of its {} tracks is in this house; no playlist was made.", lines.len());
        return Err(Problem::invalid("body", message).into());
    }
    let (found, gone) = (tracks.len() as u64, missing.len() as u64);
    let named = name.or(said_name.as_deref()).map(fold::clean).filter(|name| !name.is_empty());
    let named = named.unwrap_or_else(|| "Imported playlist".to_owned());
    let new =
        NewPlaylist { name: named.chars().take(NAME_CHARS_MAX).collect(), tracks, ..NewPlaylist::default() };
    let made = create(ctx, viewer, &new).await?;
    let shown = missing.into_iter().take(MISSING_SHOWN_MAX);
    Ok(PlaylistImported {
        playlist: made.playlist,
        found,
        missing: gone,
        missing_lines: shown.map(|(line, why)| missing_line(line, why)).collect(),
    })
}

fn missing_line(line: &Line, why: &str) -> MissingLine {
    let text = line.said.as_ref().unwrap_or(&line.path);
    MissingLine {
        line: line.number,
        text: fold::clean(text).chars().take(MISSING_CHARS_MAX).collect(),
        why: why.to_owned(),
    }
}

/// The name that a list gives itself, and its lines.
fn parse(text: &str) -> (Option<String>, Vec<Line>) {
    let (mut name, mut lines) = (None, Vec::new());
    let mut next = Line::default();
    for (number, line) in (1_u32..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let line = line.trim();
        if let Some(said) = line.strip_prefix("#PLAYLIST:") {
            name = Some(said.trim().to_owned());
        } else if let Some(info) = line.strip_prefix("#EXTINF:") {
            let (length, said) = info.split_once(',').unwrap_or((info, ""));
            let length = length.split([' ', '.']).next().unwrap_or_default();
            next.seconds = length.parse().ok().filter(|&seconds: &u64| seconds > 0);
            next.said = Some(said.trim().to_owned()).filter(|said| !said.is_empty());
        } else if !line.is_empty() && !line.starts_with('#') {
            lines.push(Line { number, path: plain_path(line), ..std::mem::take(&mut next) });
        }
    }
    (name, lines)
}

/// A path with slashes; what is written as an address is read as such.
fn plain_path(line: &str) -> String {
    let Some(address) = line.strip_prefix("file://") else { return line.replace('\\', "/") };
    let mut bytes = Vec::with_capacity(address.len());
    let mut rest = address.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = match rest {
            [b'%', high, low, ..] => hex(*high).zip(hex(*low)),
            _ => None,
        };
        if let Some((high, low)) = code {
            bytes.push(high << 4 | low);
            rest = &rest[3..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The track that a line means, or why there is none.
fn find(tx: &mut Tx<'_>, line: &Line) -> Result<Result<TrackId, &'static str>, Fault> {
    let file = line.path.rsplit('/').next().unwrap_or_default();
    let alike = if file.is_empty() { Vec::new() } else { store::by_file_name(tx, file)? };
    let (agreeing, near) = nearest(&line.path, &alike);
    // A name like `01.flac` alone says little when the list also says what it is.
    let telling = agreeing > 1 || !line.path.contains('/') || line.said.is_none();
    if let ([one], true) = (&near[..], telling) {
        return Ok(Ok(*one));
    }
    let titled = by_title(tx, line)?;
    let both = titled.iter().find(|track| near.contains(track));
    Ok(match (both.or(titled.first().filter(|_| near.len() < 2 || !telling)), telling && near.len() > 1) {
        (Some(track), _) => Ok(*track),
        (None, true) => Err("ambiguous"),
        (None, false) => Err("unknown"),
    })
}

/// Of files that have the same name those whose folders agree furthest, and in how many parts they do.
fn nearest(path: &str, alike: &[Candidate]) -> (usize, Vec<TrackId>) {
    let agreeing = |other: &str| {
        let pairs = path.rsplit('/').zip(other.rsplit('/')).take(PARTS_COMPARED_MAX);
        pairs.take_while(|(a, b)| a == b).count()
    };
    let best = alike.iter().map(|one| agreeing(&one.path)).max().unwrap_or(0);
    (best, alike.iter().filter(|one| agreeing(&one.path) == best).map(|one| one.track).collect())
}

/// The tracks that `#EXTINF` may mean, the likeliest first; none when several different ones may be meant.
fn by_title(tx: &mut Tx<'_>, line: &Line) -> Result<Vec<TrackId>, Fault> {
    let Some(said) = &line.said else { return Ok(Vec::new()) };
    for (at, _) in said.match_indices(" - ").take(SPLITS_MAX) {
        let (artist, title) = (&said[..at], &said[at + 3..]);
        let mut found = titled(tx, title)?;
        let tracks: Vec<TrackId> = found.iter().map(|one| one.track).collect();
        let mut artists = HashMap::<TrackId, Vec<String>>::new();
        for (track, name) in store::artists(tx, &tracks)? {
            artists.entry(track).or_default().push(name);
        }
        let wanted = fold::loose(artist);
        found.retain(|one| {
            let names = artists.get(&one.track).map(Vec::as_slice).unwrap_or_default();
            names.iter().any(|name| fold::loose(name) == wanted) || fold::loose(&names.join(", ")) == wanted
        });
        // The same song on several albums: the one that is as long as the list says.
        found.sort_by_key(|one| (!is_as_long(line, one.duration_ms), one.track));
        if !found.is_empty() {
            return Ok(found.into_iter().map(|one| one.track).collect());
        }
    }
    // Without an artist a title alone must be the only one of its kind.
    let mut found = titled(tx, said)?;
    found.retain(|one| line.seconds.is_none() || is_as_long(line, one.duration_ms));
    Ok(if found.len() == 1 { vec![found[0].track] } else { Vec::new() })
}

fn titled(tx: &mut Tx<'_>, title: &str) -> Result<Vec<store::Titled>, Fault> {
    let title = fold::clean(title);
    if title.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = store::by_title(tx, &fold::sort_key(&title))?;
    found.retain(|one| fold::loose(&one.title) == fold::loose(&title));
    Ok(found)
}

fn is_as_long(line: &Line, duration_ms: u64) -> bool {
    line.seconds.is_some_and(|seconds| seconds.abs_diff(duration_ms / 1000) <= SECONDS_APART_MAX)
}

/// A playlist as M3U8, and its name. Paths are made of artist, album and title; with `files` those of the server's
/// files, for administrators only (403).
pub async fn export_m3u(
    ctx: &Ctx,
    viewer: &Viewer,
    playlist: PlaylistId,
    files: bool,
) -> Result<(String, String), Error> {
    let row = seen(ctx, viewer, playlist).await?;
    if files {
        viewer.require(Role::Admin)?;
    }
    let tracks = entries::tracks(ctx, viewer, playlist).await?;
    let places = if files { places(ctx, viewer, &tracks).await? } else { HashMap::new() };
    let mut text = format!("#EXTM3U\n#PLAYLIST:{}\n", row.name);
    for (_, track) in &tracks {
        let artists: Vec<&str> = track.artists.iter().map(|artist| artist.name.as_str()).collect();
        let seconds = (track.duration_ms + 500) / 1000;
        let path = places.get(&track.id).cloned().unwrap_or_else(|| made_path(track));
        // Writing to a text can't fail.
        let _ = writeln!(text, "#EXTINF:{seconds},{} - {}\n{path}", artists.join(", "), track.title);
    }
    Ok((row.name, text))
}

async fn places<E>(
    ctx: &Ctx,
    viewer: &Viewer,
    tracks: &[(E, Track)],
) -> Result<HashMap<TrackId, String>, Error> {
    let ids: Vec<TrackId> = tracks.iter().map(|(_, track)| track.id).collect();
    let found =
        visibility::read(ctx, viewer, move |tx| store::files(tx, &ids)).await.map_err(Error::Fault)?;
    let text = |path: String| Source::File { path }.path()?.into_os_string().into_string().ok();
    let one_line = |path: &String| !path.contains(['\n', '\r']);
    let found = found.into_iter().filter_map(|(track, path)| Some((track, text(path).filter(one_line)?)));
    Ok(found.collect())
}

/// `Artist/Album/1-01 Title.flac`.
fn made_path(track: &Track) -> String {
    let artist = track.artists.first().map_or("Unknown Artist", |artist| artist.name.as_str());
    let album = track.album.as_ref().map_or("Singles", |album| album.title.as_str());
    let number = match (track.disc, track.number) {
        (_, None) => String::new(),
        (1, Some(number)) => format!("{number:02} "),
        (disc, Some(number)) => format!("{disc}-{number:02} "),
    };
    let ending = match track.codec.as_str() {
        "aac" | "alac" => "m4a",
        "vorbis" => "ogg",
        "flac" | "mp3" | "opus" | "wav" => &track.codec,
        _ => "audio",
    };
    format!("{}/{}/{}.{ending}", part(artist), part(album), part(&format!("{number}{}", track.title)))
}

/// A part of a path that every file system takes.
fn part(name: &str) -> String {
    let plain = name.chars().map(|c| if c.is_control() || r#"/\:*?"<>|"#.contains(c) { '_' } else { c });
    let short: String = plain.take(PART_CHARS_MAX).collect();
    let trimmed = short.trim_matches([' ', '.', '#']);
    if trimmed.is_empty() { "_".to_owned() } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_with_its_marks_and_in_any_system_s_spelling() {
        let text = "\u{feff}#EXTM3U\r\n#PLAYLIST: Road \r\n#EXTINF:245.7 tvg=1,Air - Moon\r\nC:\\Music\\Air\\Moon.flac\r\n\r\n# hm\nfile:///m/caf%C3%A9%2.mp3\n";
        let (name, lines) = parse(text);
        assert_eq!(name.as_deref(), Some("Road"));
        let first = Line {
            number: 4,
            path: "C:/Music/Air/Moon.flac".to_owned(),
            said: Some("Air - Moon".to_owned()),
            seconds: Some(245),
        };
        assert_eq!(lines[0], first);
        assert_eq!((lines[1].number, lines[1].path.as_str()), (7, "/m/café%2.mp3"));
        assert_eq!((lines[1].said.as_ref(), lines[1].seconds), (None, None), "a mark is of one line");
    }

    #[test]
    fn a_made_path_has_three_parts_whatever_the_names_hold() {
        assert_eq!(part("AC/DC"), "AC_DC");
        assert_eq!(part("../.."), "_");
        assert_eq!(part("#1"), "1");
        assert_eq!(part(&"x".repeat(500)).len(), PART_CHARS_MAX);
    }
}
