//! What the server is and can.

use serde_json::Value;

use crate::{
    call::{App, Call, Reply},
    error::Error,
    tree::Element,
};

/// The extension by which apps start a song in its middle, for which that is made.
const FROM_THE_MIDDLE: &str = "transcodeOffset";

/// The published extensions that are kept, with their versions.
const EXTENSIONS: &[(&str, &[u64])] = &[
    ("apiKeyAuthentication", &[1]),
    ("formPost", &[1]),
    ("getPodcastEpisode", &[1]),
    ("indexBasedQueue", &[1]),
    ("playbackReport", &[1]),
    ("songLyrics", &[1, 2]),
    ("sonicSimilarity", &[1]),
    ("topSongsByArtistId", &[1]),
    (FROM_THE_MIDDLE, &[1]),
    ("transcoding", &[1]),
];

#[expect(clippy::unnecessary_wraps, reason = "other methods can fail")]
pub(super) fn ping(_: &Call) -> Result<Reply, Error> {
    Ok(Reply::Done)
}

/// Odeon is free for everybody, so its license is good and never ends.
pub(super) fn get_license(_: &Call) -> Result<Reply, Error> {
    Reply::element("license", Element::new().with("valid", true))
}

pub(super) fn get_open_subsonic_extensions(app: &App) -> Reply {
    let kept = EXTENSIONS.iter().filter(|(name, _)| *name != FROM_THE_MIDDLE || app.transcoder.makes_any());
    let each = kept.map(|(name, versions)| {
        let element = Element::new().with("name", *name).with("versions", versions.to_vec());
        Value::from(element)
    });
    Reply::Element("openSubsonicExtensions", each.collect())
}

/// Whom the token that was brought signs in.
pub(super) fn token_info(call: &Call) -> Result<Reply, Error> {
    Reply::element("tokenInfo", Element::new().with("username", call.viewer().handle.as_str()))
}
