//! Lyrics: plain as of old, and by lines and words.

use catalog::{
    TrackId,
    model::{LyricLine, LyricWord, Lyrics, Track},
    search::{self, QUERY_CHARS_MAX, Slice, Wanted},
    service,
};

use crate::{
    call::{Call, Reply},
    error::Error,
    ids::ItemId,
    tree::Element,
};

/// Matches among which a song of this name is looked for.
const MATCHES_MAX: u32 = 50;
/// What is said of lyrics whose language nobody knows (ISO 639).
const LANGUAGE_UNKNOWN: &str = "und";

/// The lyrics of a song that is named and not numbered, as plain text; none when no such song has any.
pub(super) async fn get_lyrics(call: &Call) -> Result<Reply, Error> {
    let artist = call.params.filled("artist").unwrap_or_default().trim();
    let title = call.params.filled("title").unwrap_or_default().trim();
    let Some(track) = named(call, artist, title).await? else {
        return Reply::element("lyrics", Element::new().with("value", ""));
    };
    let lyrics = service::lyrics(call.ctx(), call.viewer(), track.id).await?;
    let lines = lyrics.first().map(|first| first.lines.as_slice()).unwrap_or_default();
    let text: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    let names: Vec<&str> = track.artists.iter().map(|artist| artist.name.as_str()).collect();
    let element = Element::new()
        .text("artist", &names.join(", "))
        .with("title", track.title.as_str())
        .with("value", text.join("\n"));
    Reply::element("lyrics", element)
}

/// The best match that has this title, this artist if one is named, and lyrics.
async fn named(call: &Call, artist: &str, title: &str) -> Result<Option<Track>, Error> {
    if title.is_empty() {
        return Ok(None);
    }
    let typed: String = format!("{title} {artist}").chars().take(QUERY_CHARS_MAX).collect();
    let wanted = Wanted { tracks: Slice { offset: 0, limit: MATCHES_MAX }, ..Wanted::default() };
    let found = search::search(call.ctx(), call.viewer(), typed.trim(), &wanted).await?;
    let same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
    let is_it = |track: &Track| {
        let shown = track.artist_shown.as_deref().unwrap_or_default();
        let mut names = track.artists.iter().map(|artist| artist.name.as_str()).chain([shown]);
        track.has_lyrics
            && same(&track.title, title)
            && (artist.is_empty() || names.any(|name| same(name, artist)))
    };
    Ok(found.tracks.into_iter().find(is_it))
}

/// All lyrics of a song; with the times of words for those who ask for enhanced ones.
pub(super) async fn get_lyrics_by_song_id(call: &Call) -> Result<Reply, Error> {
    let ItemId::Track(id) = ItemId::parse(call.params.required("id")?)? else { return Err(Error::absent()) };
    let enhanced = call.params.flag("enhanced")? == Some(true);
    let (track, all) = of_track(call, id).await?;
    let each = all.iter().map(|lyrics| structured(&track, lyrics, enhanced));
    Reply::element("lyricsList", Element::new().list("structuredLyrics", each))
}

async fn of_track(call: &Call, id: TrackId) -> Result<(Track, Vec<Lyrics>), Error> {
    let track = service::track(call.ctx(), call.viewer(), id).await?.track;
    let lyrics = service::lyrics(call.ctx(), call.viewer(), id).await?;
    Ok((track, lyrics))
}

/// Lyrics in one language. All are of the kind `main`: what is a translation of what is not known here.
fn structured(track: &Track, lyrics: &Lyrics, enhanced: bool) -> Element {
    let artists: Vec<&str> = track.artists.iter().map(|artist| artist.name.as_str()).collect();
    let element = Element::new()
        .text("displayArtist", track.artist_shown.as_deref().unwrap_or(&artists.join(", ")))
        .with("displayTitle", track.title.as_str())
        .with("lang", lyrics.language.as_deref().unwrap_or(LANGUAGE_UNKNOWN))
        .with("synced", lyrics.synced)
        .list("line", lyrics.lines.iter().map(line));
    if !enhanced {
        return element;
    }
    let element = element.with("kind", "main");
    let cues: Vec<Element> =
        (0_u64..).zip(&lyrics.lines).filter_map(|(at, line)| cue_line(at, line)).collect();
    if lyrics.synced && !cues.is_empty() { element.list("cueLine", cues) } else { element }
}

fn line(line: &LyricLine) -> Element {
    Element::new().maybe("start", line.start_ms).with("value", line.text.as_str())
}

/// A line whose words have times. Its text is that of its words, of which each says where in it its bytes are.
fn cue_line(index: u64, line: &LyricLine) -> Option<Element> {
    let said = |word: &&LyricWord| !word.text.is_empty();
    let text: String = line.words.iter().map(|word| word.text.as_str()).collect();
    let mut begin = 0;
    let cues: Vec<Element> = line
        .words
        .iter()
        .filter(said)
        .map(|word| {
            let end = begin + word.text.len();
            let cue = Element::new()
                .with("start", word.start_ms)
                .maybe("end", word.end_ms)
                .with("byteStart", begin)
                .with("byteEnd", end - 1)
                .with("value", word.text.as_str());
            begin = end;
            cue
        })
        .collect();
    if cues.is_empty() {
        return None;
    }
    let element = Element::new()
        .with("index", index)
        .maybe("start", line.start_ms)
        .maybe("end", line.end_ms)
        .with("value", text)
        .list("cue", cues);
    Some(element)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_bytes_of_words_are_counted_in_the_line_that_they_make() {
        let word = |start_ms, text: &str| LyricWord { start_ms, end_ms: None, text: text.to_owned() };
        let words = vec![word(0, "Él "), word(300, ""), word(500, "日"), word(900, "本")];
        let line = LyricLine { start_ms: Some(0), end_ms: None, text: "Él 日本".to_owned(), words };
        let cues = Value::from(cue_line(4, &line).expect("words"));
        assert_eq!((&cues["index"], &cues["value"]), (&json!(4), &json!("Él 日本")));
        let bytes = cues["value"].as_str().expect("text").as_bytes();
        for cue in cues["cue"].as_array().expect("a list") {
            let at = |name: &str| usize::try_from(cue[name].as_u64().expect("a number")).expect("small");
            assert_eq!(
                &bytes[at("byteStart")..=at("byteEnd")],
                cue["value"].as_str().expect("text").as_bytes()
            );
        }
        assert_eq!(cues["cue"].as_array().map(Vec::len), Some(3), "what says nothing has no bytes");
        assert!(cue_line(0, &LyricLine { words: Vec::new(), ..line }).is_none());
    }
}
