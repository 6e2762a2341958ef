//! Playlists: one's own, those that one may change, and public ones.

use catalog::{
    TrackId,
    model::{
        Track,
        playlists::{
            EntryId, NewPlaylist, Place, Playlist, PlaylistEdit, PlaylistId, PlaylistRole, PlaylistScope,
        },
    },
    service::playlists::{self, Figures},
};
use kernel::PageQuery;

use crate::{
    call::{Call, Reply},
    error::Error,
    facts,
    ids::ItemId,
    shape::seconds,
    tree::Element,
};

/// Most playlists of the list of all, which the API gives whole.
pub(crate) const PLAYLISTS_MAX: usize = 5_000;
/// Playlists of one step.
const STEP: u32 = 200;

pub(super) async fn get_playlists(call: &Call) -> Result<Reply, Error> {
    if let Some(name) = call.params.filled("username")
        && !name.trim().eq_ignore_ascii_case(&call.viewer().handle)
    {
        return Err(Error::forbidden("Everybody sees the own playlists, and of others' the public ones."));
    }
    let mut elements = Vec::new();
    let mut query = PageQuery { after: None, limit: Some(STEP) };
    loop {
        let page = playlists::list(call.ctx(), call.viewer(), PlaylistScope::All, &query).await?;
        let figures = playlists::figures(call.ctx(), call.viewer(), &page.items).await?;
        elements.extend(page.items.iter().filter_map(|playlist| {
            let Figures { track_count, duration_ms } = *figures.get(&playlist.id)?;
            Some(shape(call, playlist, track_count, duration_ms))
        }));
        query.after = page.next;
        if query.after.is_none() || elements.len() >= PLAYLISTS_MAX {
            elements.truncate(PLAYLISTS_MAX);
            return Reply::element("playlists", Element::new().list("playlist", elements));
        }
    }
}

fn shape(call: &Call, playlist: &Playlist, songs: u64, duration_ms: u64) -> Element {
    let is_own = playlist.owner.id == call.viewer().id;
    let owner = if is_own { &call.viewer().handle } else { &playlist.owner.name };
    let id = ItemId::from(playlist.id);
    Element::new()
        .with("id", id.to_string())
        .with("name", playlist.name.as_str())
        .text("comment", &playlist.description)
        .with("owner", owner.as_str())
        .with("public", playlist.public)
        .with("readonly", playlist.smart || playlist.role == PlaylistRole::Listener)
        .with("songCount", songs)
        .with("duration", seconds(duration_ms))
        .with("created", playlist.created_at.to_string())
        .with("changed", playlist.changed_at.to_string())
        .maybe("coverArt", playlist.pictures.first().map(|picture| id.cover(picture.id)))
}

pub(super) fn playlist_id(text: &str) -> Result<PlaylistId, Error> {
    match ItemId::parse(text)? {
        ItemId::Playlist(id) => Ok(id),
        _ => Err(Error::absent()),
    }
}

pub(super) async fn get_playlist(call: &Call) -> Result<Reply, Error> {
    show(call, playlist_id(call.params.required("id")?)?).await
}

async fn show(call: &Call, id: PlaylistId) -> Result<Reply, Error> {
    let found = playlists::get(call.ctx(), call.viewer(), id).await?;
    let entries = playlists::tracks(call.ctx(), call.viewer(), id).await?;
    let tracks: Vec<&Track> = entries.iter().map(|(_, track)| track).collect();
    let duration_ms = tracks.iter().map(|track| track.duration_ms).sum();
    let element = shape(call, &found.playlist, tracks.len() as u64, duration_ms);
    Reply::element("playlist", element.list("entry", facts::songs(call, &tracks).await?))
}

fn tracks(call: &Call, name: &str) -> Result<Vec<TrackId>, Error> {
    let each = call.params.all(name);
    each.map(|text| match ItemId::parse(text)? {
        ItemId::Track(id) => Ok(id),
        _ => Err(Error::absent()),
    })
    .collect()
}

/// Makes a playlist, or puts other songs into one that there is.
pub(super) async fn create_playlist(call: &Call) -> Result<Reply, Error> {
    let tracks = tracks(call, "songId")?;
    let name = call.params.filled("name");
    let Some(id) = call.params.filled("playlistId") else {
        let name = name.ok_or_else(|| Error::missing("name"))?.to_owned();
        let new = NewPlaylist { name, tracks, ..NewPlaylist::default() };
        let made = playlists::create(call.ctx(), call.viewer(), &new).await?;
        return show(call, made.playlist.id).await;
    };
    let id = playlist_id(id)?;
    playlists::replace_entries(call.ctx(), call.viewer(), id, tracks, None).await?;
    if let Some(name) = name {
        let edit = PlaylistEdit { name: Some(name.to_owned()), ..PlaylistEdit::default() };
        playlists::edit(call.ctx(), call.viewer(), id, &edit).await?;
    }
    show(call, id).await
}

/// Changes what is said of a playlist, removes songs by their places, and adds songs at the end, in this order.
pub(super) async fn update_playlist(call: &Call) -> Result<Reply, Error> {
    let params = &call.params;
    let id = playlist_id(params.required("playlistId")?)?;
    let added = tracks(call, "songIdToAdd")?;
    let gone = entries_at(call, id).await?;
    let edit = PlaylistEdit {
        name: params.filled("name").map(str::to_owned),
        description: params.first("comment").map(str::to_owned),
        public: params.flag("public")?,
        ..PlaylistEdit::default()
    };
    if edit != PlaylistEdit::default() {
        playlists::edit(call.ctx(), call.viewer(), id, &edit).await?;
    }
    if !gone.is_empty() {
        playlists::remove_entries(call.ctx(), call.viewer(), id, gone).await?;
    }
    if !added.is_empty() {
        playlists::add_entries(call.ctx(), call.viewer(), id, added, Place::End).await?;
    }
    Ok(Reply::Done)
}

/// The entries at the places that are to be emptied.
async fn entries_at(call: &Call, id: PlaylistId) -> Result<Vec<EntryId>, Error> {
    let places: Vec<&str> = call.params.all("songIndexToRemove").collect();
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let entries = playlists::tracks(call.ctx(), call.viewer(), id).await?;
    let mut gone = Vec::with_capacity(places.len());
    for text in places {
        let place = text.parse::<usize>().ok().and_then(|place| entries.get(place));
        let Some((entry, _)) = place else {
            let message = format!("There is no song at place {text:?}; they are counted from 0.");
            return Err(Error::refused(message));
        };
        gone.push(
            entry.ok_or_else(|| Error::forbidden("What is in a smart playlist is found by its rules."))?,
        );
    }
    Ok(gone)
}

pub(super) async fn delete_playlist(call: &Call) -> Result<Reply, Error> {
    let id = playlist_id(call.params.required("id")?)?;
    playlists::delete(call.ctx(), call.viewer(), id).await?;
    Ok(Reply::Done)
}
