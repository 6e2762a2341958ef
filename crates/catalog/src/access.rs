//! Who may see which library.
//!
//! A library is open to every member or restricted to chosen ones; administrators see all, since who names the
//! folders could read them anyway. Each library has a bit, which whatever lies in it bears as its scope, so that a
//! right is given and withdrawn without touching a single track. Rights are asked of the database and remembered for
//! [`REMEMBERED`]; a change is heard of on the bus at once and holds within that time on every node.
//!
//! Whoever may see nothing of a library is told nothing of it. An album lies in one library, so that nothing of it
//! comes from another; an artist may be in several, and is shown as far as the viewer's libraries have it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use kernel::{
    Ctx, Fault, Problem, Time,
    bus::Listener,
    db::Tx,
    http::{Role, Viewer},
    id::UserId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    LibraryId,
    model::TOPIC_CATALOG,
    service::Error,
    store::{
        access::{self as store, Seen},
        playlists::editors,
        search::note_rights,
    },
};

/// Libraries that can be restricted, one to a bit; further ones are open to everybody.
pub const RESTRICTED_MAX: usize = 62;
/// Members to whom one library may be restricted.
pub const MEMBERS_MAX: usize = 1_000;
/// Libraries for which one member may be named.
pub const LIBRARIES_MAX: usize = 200;
/// How long rights are remembered that nobody says have changed.
pub const REMEMBERED: Duration = Duration::from_secs(2);

/// The house's own: uploads, and libraries that have no bit of their own. Every member sees it.
pub(crate) const HOUSE: i64 = 1;
/// The bit of a library that is gone waits this long, so that nobody still holds it for a right.
const FREED_WAITS: Duration = Duration::from_mins(10);
/// Accounts whose rights are remembered; when it is reached, all are forgotten.
const ACCOUNTS_MAX: usize = 10_000;

/// Topic that is published when somebody's rights changed.
const TOPIC_ACCESS: &str = "access";

/// Who may see a library.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LibraryAccess)]
pub struct Access {
    /// Every member of the house.
    pub everybody: bool,
    /// If not everybody: these accounts, and administrators. At most 1,000; kept for later while it is everybody.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub members: Vec<UserId>,
}

impl Access {
    /// Open to every member.
    pub fn everybody() -> Self {
        Self { everybody: true, members: Vec::new() }
    }
}

/// Rights as this process remembers them.
struct Known {
    heard: Listener,
    /// Counts the changes that were heard of.
    changes: u64,
    accounts: HashMap<UserId, (Time, Vec<Seen>)>,
}

impl Known {
    fn listen(&mut self) -> u64 {
        if self.heard.has_heard(TOPIC_ACCESS) {
            self.changes += 1;
            self.accounts.clear();
        }
        self.changes
    }
}

/// All libraries, and which of them this account sees if it is no administrator's.
async fn libraries_of(ctx: &Ctx, user: UserId) -> Result<Vec<Seen>, Fault> {
    let known =
        ctx.kept(|| Mutex::new(Known { heard: ctx.bus().subscribe(), changes: 0, accounts: HashMap::new() }));
    let lock = || known.lock().unwrap_or_else(PoisonError::into_inner);
    let now = ctx.now();
    let before = {
        let mut known = lock();
        let changes = known.listen();
        // A clock that was turned back tells no age.
        let fresh = |at: Time| at <= now && now.since(at) < REMEMBERED;
        if let Some((_, libraries)) = known.accounts.get(&user).filter(|(at, _)| fresh(*at)) {
            return Ok(libraries.clone());
        }
        changes
    };
    let libraries = store::seen_by(ctx.db(), user).await?;
    let mut known = lock();
    // What was read before a change is not kept beyond it.
    if known.listen() == before {
        if known.accounts.len() >= ACCOUNTS_MAX {
            known.accounts.clear();
        }
        known.accounts.insert(user, (now, libraries.clone()));
    }
    Ok(libraries)
}

/// What a viewer may see, a bit for each library: what [`Tx::see`] takes. Of a viewer who asks about one library only
/// that one.
pub async fn scope_of(ctx: &Ctx, viewer: &Viewer) -> Result<i64, Fault> {
    let libraries = libraries_of(ctx, viewer.id).await?;
    let all = viewer.role >= Role::Admin;
    let seen = libraries.iter().filter(|one| one.sees || all);
    Ok(match viewer.within {
        None => seen.fold(HOUSE, |scope, one| scope | one.bit),
        // One without a bit of its own can't be told from the others of its kind.
        Some(id) => seen.filter(|one| one.library.0 == id && one.bit != HOUSE).map(|one| one.bit).sum(),
    })
}

/// The libraries that a viewer may see, in order.
pub async fn libraries(ctx: &Ctx, viewer: &Viewer) -> Result<Vec<LibraryId>, Fault> {
    let libraries = libraries_of(ctx, viewer.id).await?;
    let all = viewer.role >= Role::Admin;
    let mut seen: Vec<LibraryId> =
        libraries.iter().filter(|one| one.sees || all).map(|one| one.library).collect();
    seen.sort_unstable();
    Ok(seen)
}

/// Enters a new library, or one that comes back, with who may see it. Unless that is said, a new one is open to everybody
/// and one that comes back is as it was.
///
/// # Errors
/// [`Error::Invalid`] when it can't be restricted since [`RESTRICTED_MAX`] others are, when there are too many members,
/// and for an account that is none.
pub fn enter(tx: &mut Tx<'_>, library: LibraryId, access: Option<&Access>, now: Time) -> Result<(), Error> {
    store::lock(tx)?;
    let bit = match store::bit_borne(tx, library)? {
        // What is still shown of it bears this bit.
        Some(bit) => bit,
        None => free_bit(tx, now)?.unwrap_or(HOUSE),
    };
    let open = match access {
        Some(access) => access.everybody,
        None => store::was_open(tx, library)?.unwrap_or(true),
    };
    if bit == HOUSE && !open {
        return Err(no_bit_left().into());
    }
    store::put(tx, library, bit, open)?;
    match access {
        Some(access) => set_members(tx, library, access)?,
        None => tell(tx)?,
    }
    Ok(())
}

/// Enters a library that is older than rights, as open as it was. One that is known, or was removed, stays as it is.
pub fn ensure(tx: &mut Tx<'_>, library: LibraryId, now: Time) -> Result<(), Error> {
    if store::is_known(tx, library)? {
        return Ok(());
    }
    enter(tx, library, Some(&Access::everybody()), now)
}

fn no_bit_left() -> Problem {
    let detail = format!(
        "At most {RESTRICTED_MAX} libraries can be restricted. Open it to everybody, or remove one that is not needed."
    );
    Problem::new(http::StatusCode::CONFLICT, "full", "This library can't be restricted").detail(detail)
}

/// A bit that no library has, or none has had for a while.
fn free_bit(tx: &mut Tx<'_>, now: Time) -> Result<Option<i64>, Fault> {
    let given = store::bits(tx)?;
    let mut bits = (1..=RESTRICTED_MAX).map(|place| 1_i64 << place);
    if let Some(bit) = bits.find(|bit| given.iter().all(|(_, other, _)| other != bit)) {
        return Ok(Some(bit));
    }
    let waited = |freed: &Time| *freed <= now && now.since(*freed) >= FREED_WAITS;
    let freed = given.iter().filter(|(_, bit, freed)| *bit != HOUSE && freed.as_ref().is_some_and(waited));
    let Some((old, bit, _)) = freed.min_by_key(|(_, _, freed)| *freed) else { return Ok(None) };
    // Who might see that one stays known, should it come back.
    store::take_bit(tx, *old, HOUSE)?;
    Ok(Some(*bit))
}

fn set_members(tx: &mut Tx<'_>, library: LibraryId, access: &Access) -> Result<(), Error> {
    if access.members.len() > MEMBERS_MAX {
        let message = format!("A library is restricted to at most {MEMBERS_MAX} members.");
        return Err(Problem::invalid("members", message).into());
    }
    store::delete_members(tx, library)?;
    for &member in &access.members {
        if !editors::is_account(tx, member)? {
            return Err(Problem::invalid("members", format!("There is no account {member}.")).into());
        }
        store::insert_member(tx, library, member)?;
    }
    tell(tx)?;
    Ok(())
}

/// Has everybody look anew at what is shown: this process at once, pages when they hear of it, apps that ask whether
/// anything changed.
fn tell(tx: &mut Tx<'_>) -> Result<(), Fault> {
    note_rights(tx)?;
    tx.wake(TOPIC_ACCESS);
    tx.wake(TOPIC_CATALOG);
    Ok(())
}

/// Says anew who may see a library; it holds at once here, and within [`REMEMBERED`] on every node.
///
/// # Errors
/// [`Error::NotFound`] when there is no such library, and as [`enter`].
pub fn set(tx: &mut Tx<'_>, library: LibraryId, access: &Access) -> Result<(), Error> {
    store::lock(tx)?;
    let bit = store::bit(tx, library)?.ok_or(Error::NotFound)?;
    if bit == HOUSE && !access.everybody {
        return Err(no_bit_left().into());
    }
    store::set_open(tx, library, access.everybody)?;
    set_members(tx, library, access)
}

/// Who may see a library; `None` when there is none.
pub fn get(tx: &mut Tx<'_>, library: LibraryId) -> Result<Option<Access>, Fault> {
    let Some(everybody) = store::is_open(tx, library)? else { return Ok(None) };
    Ok(Some(Access { everybody, members: store::members(tx, library)? }))
}

/// Who may see each library.
pub async fn all(ctx: &Ctx) -> Result<HashMap<LibraryId, Access>, Fault> {
    let found = ctx.db().read(|tx| Ok::<_, Fault>((store::every(tx)?, store::every_member(tx)?)));
    let (libraries, members) = found.await?;
    let open = |(id, everybody)| (id, Access { everybody, members: Vec::new() });
    let mut all: HashMap<LibraryId, Access> = libraries.into_iter().map(open).collect();
    for (library, member) in members {
        if let Some(access) = all.get_mut(&library) {
            access.members.push(member);
        }
    }
    Ok(all)
}

/// The libraries to which somebody was chosen by name, also those that are open to everybody for now.
pub fn named(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<LibraryId>, Fault> {
    store::named(tx, user)
}

/// Chooses somebody for these libraries and no others; those that are open to everybody are seen nevertheless. Whether
/// there is such an account is the caller's to know.
///
/// # Errors
/// [`Error::Invalid`] when one of the libraries is not there, or has [`MEMBERS_MAX`] members already.
pub fn set_named(tx: &mut Tx<'_>, user: UserId, libraries: &[LibraryId]) -> Result<(), Error> {
    if libraries.len() > LIBRARIES_MAX {
        let message = format!("A house has at most {LIBRARIES_MAX} libraries.");
        return Err(Problem::invalid("libraries", message).into());
    }
    store::lock(tx)?;
    store::delete_named(tx, user)?;
    for &library in libraries {
        if store::bit(tx, library)?.is_none() {
            return Err(Problem::invalid("libraries", format!("There is no library {library}.")).into());
        }
        if store::count_members(tx, library)? >= MEMBERS_MAX as u64 {
            let message =
                format!("The library {library} has {MEMBERS_MAX} members, the most that there may be.");
            return Err(Problem::invalid("libraries", message).into());
        }
        store::insert_member(tx, library, user)?;
    }
    tell(tx)?;
    Ok(())
}

/// The libraries that a viewer may see and that can be told apart, each with a number from 1 to [`RESTRICTED_MAX`] that
/// it keeps as long as it is there.
pub async fn places(ctx: &Ctx, viewer: &Viewer) -> Result<Vec<(LibraryId, u32)>, Fault> {
    let libraries = libraries_of(ctx, viewer.id).await?;
    let all = viewer.role >= Role::Admin;
    let seen = libraries.iter().filter(|one| (one.sees || all) && one.bit != HOUSE);
    Ok(seen.map(|one| (one.library, one.bit.trailing_zeros())).collect())
}

/// All libraries that can be told apart, each with its number as in [`places`].
pub async fn numbers(ctx: &Ctx) -> Result<Vec<(LibraryId, u32)>, Fault> {
    let bits = ctx.db().read(store::bits).await?.into_iter();
    let there = bits.filter(|(_, bit, freed)| *bit != HOUSE && freed.is_none());
    Ok(there.map(|(library, bit, _)| (library, bit.trailing_zeros())).collect())
}

/// Shuts a library that is being removed: nobody sees what is still shown of it.
pub fn shut(tx: &mut Tx<'_>, library: LibraryId) -> Result<(), Fault> {
    store::shut(tx, library)?;
    tell(tx)
}

/// Gives the bit of a library back of which nothing is shown any more. Who might see it stays known.
pub fn forget(tx: &mut Tx<'_>, library: LibraryId, now: Time) -> Result<(), Fault> {
    store::free(tx, library, now)?;
    tx.wake(TOPIC_ACCESS);
    Ok(())
}

/// The scope of what lies in a library; `None` for what lies in none. A library that is not known has none, so that
/// nobody sees what lies in it.
pub(crate) fn scope_in(tx: &mut Tx<'_>, library: Option<LibraryId>) -> Result<i64, Fault> {
    match library {
        None => Ok(HOUSE),
        Some(library) => Ok(store::bit(tx, library)?.unwrap_or(0)),
    }
}
