//! Links for people without an account: one's own, as the page makes them. Passwords and downloads are set in the page.

use accounts::visitors;
use catalog::{TrackId, VideoId, model::Track, service};
use kernel::{PageQuery, Time};
use sharing::{
    ShareId,
    model::{NewShare, Share, ShareEdit, SharedKind},
    service::TRACKS_MAX,
};

use crate::{
    call::{Call, Reply},
    error::{Code, Error},
    facts,
    ids::{self, ItemId},
    tree::Element,
};

/// Links of one step.
const STEP: u32 = 200;
/// Songs that are told in one list of links, all together; links beyond are told without theirs.
pub(crate) const SONGS_TOLD_MAX: usize = 5_000;
/// What stands before the number of a link.
const PREFIX: &str = "sh-";

/// All of one's own, the newest first, which the API gives whole.
pub(super) async fn get_shares(call: &Call) -> Result<Reply, Error> {
    let mut elements = Vec::new();
    let mut told = 0;
    let mut query = PageQuery { after: None, limit: Some(STEP) };
    loop {
        let page = call.app.sharing.list(call.viewer(), &query).await?;
        for share in &page.items {
            let songs = if told < SONGS_TOLD_MAX { songs(call, share).await? } else { Vec::new() };
            told += songs.len();
            elements.push(shape(call, share)?.list("entry", songs));
        }
        query.after = page.next;
        if query.after.is_none() {
            return Reply::element("shares", Element::new().list("share", elements));
        }
    }
}

/// The songs or the video of a link, as far as its owner sees them now.
async fn songs(call: &Call, share: &Share) -> Result<Vec<Element>, Error> {
    if share.kind == SharedKind::Video {
        return film(call, share).await;
    }
    let tracks = call.app.sharing.tracks(call.viewer(), share.id).await?;
    facts::songs(call, &tracks.iter().collect::<Vec<&Track>>()).await
}

async fn film(call: &Call, share: &Share) -> Result<Vec<Element>, Error> {
    let Some(id) = share.item.as_ref().and_then(|item| item.parse::<VideoId>().ok()) else {
        return Ok(Vec::new());
    };
    match service::bare_video(call.ctx(), call.viewer(), id).await {
        Ok(found) => facts::videos(call, &[&found]).await,
        Err(catalog::Error::NotFound) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn shape(call: &Call, share: &Share) -> Result<Element, Error> {
    let link = share.link.as_deref().ok_or_else(Error::absent)?;
    let base = visitors::origin(&call.headers, &call.app.config).unwrap_or_default();
    Ok(Element::new()
        .with("id", format!("{PREFIX}{}", share.id))
        .with("url", format!("{base}{link}"))
        .text("description", &share.description)
        .with("username", call.viewer().handle.as_str())
        .with("created", share.created_at.to_string())
        .maybe("expires", share.expires_at.map(|at| at.to_string()))
        .maybe("lastVisited", share.visited_at.map(|at| at.to_string()))
        .with("visitCount", share.visits))
}

async fn reply(call: &Call, share: &Share) -> Result<Reply, Error> {
    let songs = songs(call, share).await?;
    let element = shape(call, share)?.list("entry", songs);
    Reply::element("shares", Element::new().list("share", std::iter::once(element)))
}

/// When the link is to end, if that is said: milliseconds since 1970, and 0 for never.
#[expect(clippy::option_option, reason = "absent, never and given are three things in a request")]
fn end(call: &Call) -> Result<Option<Option<Time>>, Error> {
    if call.params.filled("expires").is_none() {
        return Ok(None);
    }
    let end = call.params.moment("expires")?;
    Ok(Some((end != Time(0)).then_some(end)))
}

/// One album, artist, playlist or video is shared as it is and will be; several things, or songs, as the songs that they are now.
async fn chosen(call: &Call) -> Result<NewShare, Error> {
    let items = call.params.all("id").map(ItemId::parse).collect::<Result<Vec<_>, _>>()?;
    let new = NewShare::default();
    match items.as_slice() {
        [] => return Err(Error::missing("id")),
        [ItemId::Album(id)] => return Ok(NewShare { album: Some(*id), ..new }),
        [ItemId::Playlist(id)] => return Ok(NewShare { playlist: Some(*id), ..new }),
        [ItemId::Artist(id)] => return Ok(NewShare { artist: Some(*id), ..new }),
        [ItemId::Video(id)] => return Ok(NewShare { video: Some(*id), ..new }),
        _ => {}
    }
    let mut tracks: Vec<TrackId> = Vec::new();
    for item in items {
        match item {
            ItemId::Track(id) => tracks.push(id),
            ItemId::Album(id) => {
                let album = service::album(call.ctx(), call.viewer(), id).await?;
                tracks.extend(album.discs.into_iter().flat_map(|disc| disc.tracks).map(|track| track.id));
            }
            _ => {
                return Err(Error::refused(
                    "Share songs and albums together, or one artist, playlist or video alone.",
                ));
            }
        }
        if tracks.len() > TRACKS_MAX {
            return Err(Error::refused(format!("At most {TRACKS_MAX} songs are shared at once.")));
        }
    }
    Ok(NewShare { tracks, ..new })
}

pub(super) async fn create_share(call: &Call) -> Result<Reply, Error> {
    let description = call.params.first("description").unwrap_or_default().to_owned();
    let expires_at = end(call)?.flatten();
    let new = NewShare { description, expires_at, ..chosen(call).await? };
    let share = call.app.sharing.create(call.viewer(), new).await?;
    reply(call, &share).await
}

fn id(call: &Call) -> Result<ShareId, Error> {
    ids::number_after(PREFIX, call.params.required("id")?).map(ShareId)
}

pub(super) async fn update_share(call: &Call) -> Result<Reply, Error> {
    let edit = ShareEdit {
        description: call.params.first("description").map(str::to_owned),
        expires_at: end(call)?,
        ..ShareEdit::default()
    };
    call.app.sharing.edit(call.viewer(), id(call)?, edit).await?;
    Ok(Reply::Done)
}

/// Of one's own; others' are revoked in the page.
pub(super) async fn delete_share(call: &Call) -> Result<Reply, Error> {
    let id = id(call)?;
    let share = call.app.sharing.get(call.viewer(), id).await?;
    if share.owner.id != call.viewer().id {
        return Err(Error::new(Code::Forbidden, "Links of others are revoked in the settings of the page."));
    }
    call.app.sharing.revoke(call.viewer(), id).await?;
    Ok(Reply::Done)
}
