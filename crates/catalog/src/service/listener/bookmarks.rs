//! Places in tracks and videos that a listener wants to come back to.

use std::collections::HashMap;

use kernel::{Ctx, Page, PageQuery, Problem, http::Viewer};

use super::position;
use crate::{
    TrackId, VideoId, fold,
    model::listener::{Bookmark, BookmarkKind, NewBookmark},
    service::{Error, fill, music},
    store::{
        listener::{
            self,
            bookmarks::{self as store, BookmarkRow},
        },
        read,
    },
    visibility,
};

/// Bookmarks of one account.
pub const BOOKMARKS_MAX: u64 = 1_000;
/// Longest comment.
const COMMENT_CHARS_MAX: usize = 1_000;

fn word(kind: BookmarkKind) -> &'static str {
    match kind {
        BookmarkKind::Track => "track",
        BookmarkKind::Video => "video",
    }
}

/// The viewer's bookmarks, the last changed first. Those in what is out of sight are left out.
pub async fn list_bookmarks(ctx: &Ctx, viewer: &Viewer, query: &PageQuery) -> Result<Page<Bookmark>, Error> {
    let limit = query.limit();
    let key = query.key::<(i64, i64)>()?.unwrap_or((i64::MAX, i64::MAX));
    let user = viewer.id;
    let rows = visibility::read(ctx, viewer, move |tx| store::page(tx, user, key, limit + 1))
        .await
        .map_err(Error::Fault)?;
    let Page { items, next } = Page::cut(rows, limit, |row| (row.changed.0, row.item));
    let of = |kind: &str| items.iter().filter(|row| row.kind == kind).map(|row| row.item).collect::<Vec<_>>();
    let tracks = music::tracks_by_id(ctx, viewer, of("track").into_iter().map(TrackId).collect()).await?;
    let films = fill::videos(ctx, viewer, of("video")).await?;
    let films: HashMap<VideoId, _> = films.into_iter().map(|video| (video.id, video)).collect();
    let bookmark = |row: BookmarkRow| {
        let is_track = row.kind == "track";
        Bookmark {
            position_ms: row.position_ms,
            track: is_track.then(|| tracks.get(&TrackId(row.item)).cloned()).flatten(),
            video: (!is_track).then(|| films.get(&VideoId(row.item)).cloned()).flatten(),
            comment: row.comment,
            created_at: row.created,
            changed_at: row.changed,
        }
    };
    Ok(Page { items: items.into_iter().map(bookmark).collect(), next })
}

/// Puts a bookmark, in place of the one in the same track or video.
///
/// 404 when the viewer does not see it, 409 `full` beyond [`BOOKMARKS_MAX`], 422 when something can't be taken.
pub async fn put_bookmark(
    ctx: &Ctx,
    viewer: &Viewer,
    kind: BookmarkKind,
    item: i64,
    new: &NewBookmark,
) -> Result<(), Error> {
    let count = new.comment.chars().count();
    if count > COMMENT_CHARS_MAX {
        let message = format!("The comment has {count} characters; at most {COMMENT_CHARS_MAX} are taken.");
        return Err(Problem::invalid("comment", message).into());
    }
    let row = BookmarkRow {
        kind: word(kind).to_owned(),
        item,
        position_ms: position(new.position_ms)?,
        comment: fold::clean_lines(&new.comment, COMMENT_CHARS_MAX),
        created: ctx.now(),
        changed: ctx.now(),
    };
    let user = viewer.id;
    visibility::write(ctx, viewer, move |tx| {
        let seen = match kind {
            BookmarkKind::Track => read::tracks::one(tx, TrackId(item))?.is_some(),
            BookmarkKind::Video => read::videos::one(tx, VideoId(item))?.is_some(),
        };
        if !seen {
            return Err(Error::NotFound);
        }
        listener::lock(tx, user)?;
        if store::count_others(tx, user, &row.kind, item)? >= BOOKMARKS_MAX {
            let detail =
                format!("You have {BOOKMARKS_MAX} bookmarks, the most that there may be; delete one.");
            let full = Problem::new(http::StatusCode::CONFLICT, "full", "There is no room for more");
            return Err(full.detail(detail).into());
        }
        store::put(tx, user, &row)?;
        Ok(())
    })
    .await
}

/// Removes a bookmark. 404 when there is none.
pub async fn delete_bookmark(ctx: &Ctx, viewer: &Viewer, kind: BookmarkKind, item: i64) -> Result<(), Error> {
    let user = viewer.id;
    let gone = visibility::write(ctx, viewer, move |tx| store::delete(tx, user, word(kind), item))
        .await
        .map_err(Error::Fault)?;
    if gone { Ok(()) } else { Err(Error::NotFound) }
}
