//! What sharing decides: who may share what, and what becomes of a share.

mod archive;
pub(crate) mod preview;
mod shown;
mod visit;

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use accounts::{
    passwords::{PASSWORD_BYTES_MAX, Passwords},
    visitors,
};
use catalog::model::Track;
use delivery::Direct;
use kernel::{
    Ctx, Fault, Page, PageQuery, Problem, Time,
    http::{Role, Viewer},
    id::UserId,
};
use tokio::sync::Semaphore;

use crate::{
    Error, ShareId,
    model::{NewShare, Share, ShareEdit, ShareOwner, SharedKind, What},
    store::{self, Change, ShareRow},
};
pub use shown::TRACKS_SHOWN_MAX;
pub(crate) use visit::{LINK_CHARS, Visitor};

/// Shares of one account.
pub const SHARES_MAX: u64 = 500;
/// Tracks of a share of tracks.
pub const TRACKS_MAX: usize = 500;
/// Longest description.
pub const DESCRIPTION_CHARS_MAX: usize = 1_000;
/// The furthest end of a link that has one.
pub const LIFETIME_MAX: Duration = Duration::from_hours(24 * 3653);
/// Shortest password of a link.
pub const PASSWORD_BYTES_MIN: usize = 6;

/// Visitors for whom it is looked at once what a share holds.
const LOOKS_AT_ONCE: usize = 8;
/// Visitors who may wait for that.
const LOOKS_WAITING_MAX: usize = 128;

/// The purpose of the keyed hash that is a link's secret.
const LINK: &str = "sharing.link";

/// Sharing. Cheap to clone.
#[derive(Clone)]
pub struct Sharing {
    inner: Arc<Inner>,
}

struct Inner {
    ctx: Ctx,
    direct: Direct,
    config: accounts::Config,
    /// A line of its own, so that visitors who guess keep no member from signing in.
    passwords: Passwords,
    looks: Semaphore,
    line: Semaphore,
}

impl Sharing {
    /// Sharing in a house.
    pub fn new(ctx: Ctx, direct: Direct, config: accounts::Config) -> Self {
        let inner = Inner {
            ctx,
            direct,
            config,
            passwords: Passwords::default(),
            looks: Semaphore::new(LOOKS_AT_ONCE),
            line: Semaphore::new(LOOKS_AT_ONCE + LOOKS_WAITING_MAX),
        };
        Self { inner: Arc::new(inner) }
    }

    fn ctx(&self) -> &Ctx {
        &self.inner.ctx
    }

    /// How the program is reached.
    pub(crate) fn config(&self) -> &accounts::Config {
        &self.inner.config
    }

    /// Shares something that the viewer sees whole at this moment.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the viewer does not see all of it; 409 `full`; 422 when something can't be taken.
    pub async fn create(&self, viewer: &Viewer, new: NewShare) -> Result<Share, Error> {
        let what = chosen(&new)?;
        let description = description(&new.description)?;
        let expires = new.expires_at.map(|end| self.end(end)).transpose()?;
        let title = shown::title(self.ctx(), viewer, &what).await?;
        let password = match new.password {
            Some(password) => Some(self.hashed(password).await?),
            None => None,
        };
        let id = ShareId(self.ctx().next_id());
        let row = ShareRow {
            id,
            owner: viewer.id,
            kind: what.kind(),
            item: what.item(),
            title,
            description,
            password,
            password_number: 1,
            downloads: new.downloads,
            created: self.ctx().now(),
            expires,
            visits: 0,
            plays: 0,
            visited: None,
        };
        let (hash, kept) = (visit::hash(&self.secret(id)), row.clone());
        let written = self.ctx().db().write(move |tx| {
            if !store::lock_owner(tx, kept.owner)? {
                return Err(Error::NotFound);
            }
            if store::count_of(tx, kept.owner)? >= SHARES_MAX {
                let detail = format!("You have {SHARES_MAX} links, the most that there may be; revoke one.");
                return Err(Error::full(detail));
            }
            Ok::<_, Error>(store::insert(tx, &kept, &what, hash)?)
        });
        written.await?;
        self.shape_one(viewer, row).await
    }

    /// The viewer's own shares, the newest first.
    pub async fn list(&self, viewer: &Viewer, query: &PageQuery) -> Result<Page<Share>, Error> {
        let (limit, before) = (query.limit(), query.key::<i64>()?.unwrap_or(i64::MAX));
        let rows = store::of_owner(self.ctx().db(), viewer.id, before, limit + 1).await?;
        self.page(viewer, rows, limit).await
    }

    /// Everybody's shares, the newest first, for administrators: without the links of others.
    pub async fn list_all(&self, viewer: &Viewer, query: &PageQuery) -> Result<Page<Share>, Error> {
        viewer.require(Role::Admin)?;
        let (limit, before) = (query.limit(), query.key::<i64>()?.unwrap_or(i64::MAX));
        let rows = store::all(self.ctx().db(), before, limit + 1).await?;
        self.page(viewer, rows, limit).await
    }

    async fn page(&self, viewer: &Viewer, rows: Vec<ShareRow>, limit: u32) -> Result<Page<Share>, Error> {
        let Page { items, next } = Page::cut(rows, limit, |row| row.id.0);
        let mut names: HashMap<UserId, String> = HashMap::new();
        for row in &items {
            if let Entry::Vacant(unknown) = names.entry(row.owner) {
                unknown.insert(self.name_of(row.owner).await?);
            }
        }
        let shape = |row: ShareRow| {
            let name = names.get(&row.owner).cloned().unwrap_or_default();
            self.shape(viewer, row, name)
        };
        Ok(Page { items: items.into_iter().map(shape).collect(), next })
    }

    async fn name_of(&self, owner: UserId) -> Result<String, Fault> {
        Ok(visitors::member(self.ctx(), owner).await?.map(|(_, name)| name).unwrap_or_default())
    }

    async fn shape_one(&self, viewer: &Viewer, row: ShareRow) -> Result<Share, Error> {
        let name = self.name_of(row.owner).await?;
        Ok(self.shape(viewer, row, name))
    }

    fn shape(&self, viewer: &Viewer, row: ShareRow, owner_name: String) -> Share {
        Share {
            id: row.id,
            kind: row.kind,
            item: (row.kind != SharedKind::Tracks).then(|| row.item.to_string()),
            title: row.title,
            description: row.description,
            link: (row.owner == viewer.id).then(|| format!("/s/{}", self.secret(row.id))),
            owner: ShareOwner { id: row.owner, name: owner_name },
            has_password: row.password.is_some(),
            downloads: row.downloads,
            created_at: row.created,
            expires_at: row.expires,
            expired: row.expires.is_some_and(|end| end <= self.ctx().now()),
            visits: row.visits,
            plays: row.plays,
            visited_at: row.visited,
        }
    }

    /// One share, of the viewer's own; of anybody's for administrators.
    pub async fn get(&self, viewer: &Viewer, id: ShareId) -> Result<Share, Error> {
        let row = self.row_for(viewer, id).await?;
        self.shape_one(viewer, row).await
    }

    async fn row_for(&self, viewer: &Viewer, id: ShareId) -> Result<ShareRow, Error> {
        let row = store::one(self.ctx().db(), id).await?.ok_or(Error::NotFound)?;
        if row.owner != viewer.id && viewer.role < Role::Admin {
            return Err(Error::NotFound);
        }
        Ok(row)
    }

    /// Changes a share of the viewer's own.
    pub async fn edit(&self, viewer: &Viewer, id: ShareId, edit: ShareEdit) -> Result<Share, Error> {
        let row = self.row_for(viewer, id).await?;
        if row.owner != viewer.id {
            return Err(Problem::forbidden("Only its owner may change it; you may revoke it.").into());
        }
        let password = match edit.password {
            Some(Some(password)) => (true, Some(self.hashed(password).await?)),
            Some(None) => (true, None),
            None => (false, None),
        };
        let change = Change {
            description: edit.description.as_deref().map(description).transpose()?,
            expires: match edit.expires_at {
                Some(Some(end)) => (true, Some(self.end(end)?)),
                Some(None) => (true, None),
                None => (false, None),
            },
            password,
            downloads: edit.downloads,
        };
        let owner = viewer.id;
        let changed = self.ctx().db().write(move |tx| store::update(tx, id, owner, &change));
        let changed: Result<bool, Fault> = changed.await;
        if !changed? {
            return Err(Error::NotFound);
        }
        self.get(viewer, id).await
    }

    /// Revokes a share: of the viewer's own, or of anybody's for administrators. The link leads nowhere from now on; what
    /// was granted to a visitor meanwhile ends within an hour or so.
    pub async fn revoke(&self, viewer: &Viewer, id: ShareId) -> Result<(), Error> {
        let owner = (viewer.role < Role::Admin).then_some(viewer.id);
        let gone: Result<bool, Fault> = self.ctx().db().write(move |tx| store::delete(tx, id, owner)).await;
        if gone? { Ok(()) } else { Err(Error::NotFound) }
    }

    /// What a share of the viewer's own holds now, as the viewer sees it; empty when nothing of it is left to see. At most
    /// [`TRACKS_SHOWN_MAX`].
    pub async fn tracks(&self, viewer: &Viewer, id: ShareId) -> Result<Vec<Track>, Error> {
        let row = self.row_for(viewer, id).await?;
        let found = shown::look(self.ctx(), viewer, &self.what(&row).await?).await?;
        Ok(found.map(|shown| shown.tracks).unwrap_or_default())
    }

    async fn what(&self, row: &ShareRow) -> Result<What, Fault> {
        Ok(match row.kind {
            SharedKind::Tracks => What::Tracks(store::tracks(self.ctx().db(), row.id).await?),
            SharedKind::Album => What::Album(catalog::AlbumId(row.item)),
            SharedKind::Playlist => What::Playlist(catalog::model::playlists::PlaylistId(row.item)),
            SharedKind::Artist => What::Artist(catalog::ArtistId(row.item)),
            SharedKind::Video => What::Video(catalog::VideoId(row.item)),
        })
    }

    /// The secret of a link: 128 bits that only the house can make. Its owner can have it again, and the table of shares
    /// does not hold it.
    fn secret(&self, id: ShareId) -> String {
        self.ctx().signer().sign(LINK, &id.to_string())
    }

    fn end(&self, end: Time) -> Result<Time, Error> {
        let now = self.ctx().now();
        if end <= now {
            return Err(Error::invalid(
                "expires_at",
                "The link would have ended already; take a later time.",
            ));
        }
        if end > now.plus(LIFETIME_MAX) {
            return Err(Error::invalid("expires_at", "A link ends at most ten years from now, or never."));
        }
        Ok(end)
    }

    async fn hashed(&self, password: String) -> Result<String, Error> {
        let bytes = password.len();
        if !(PASSWORD_BYTES_MIN..=PASSWORD_BYTES_MAX).contains(&bytes) {
            let text =
                format!("The password of a link has {PASSWORD_BYTES_MIN} to {PASSWORD_BYTES_MAX} bytes.");
            return Err(Error::invalid("password", text));
        }
        Ok(self.inner.passwords.hash(self.ctx().random(), password).await?)
    }
}

/// The one thing that a request names.
fn chosen(new: &NewShare) -> Result<What, Error> {
    let mut named: Vec<What> = Vec::new();
    if !new.tracks.is_empty() {
        named.push(What::Tracks(new.tracks.clone()));
    }
    named.extend(new.album.map(What::Album));
    named.extend(new.playlist.map(What::Playlist));
    named.extend(new.artist.map(What::Artist));
    named.extend(new.video.map(What::Video));
    if new.tracks.len() > TRACKS_MAX {
        let text = format!(
            "At most {TRACKS_MAX} tracks are shared at once; make a playlist of them and share that."
        );
        return Err(Error::invalid("tracks", text));
    }
    match (named.pop(), named.is_empty()) {
        (Some(what), true) => Ok(what),
        _ => Err(Error::invalid(
            "tracks",
            "Name one thing to share: tracks, an album, a playlist, an artist or a video.",
        )),
    }
}

/// Several paragraphs for keeping, without what could disturb the text around them.
fn description(given: &str) -> Result<String, Error> {
    let count = given.chars().count();
    if count > DESCRIPTION_CHARS_MAX {
        let text =
            format!("The description has {count} characters; at most {DESCRIPTION_CHARS_MAX} are taken.");
        return Err(Error::invalid("description", text));
    }
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept = given.chars().filter(|&c| c == '\n' || !(c.is_control() || turns(c)));
    Ok(kept.collect::<String>().trim().to_owned())
}
