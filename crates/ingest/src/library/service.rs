//! What is decided about libraries.

use std::{
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    time::Duration,
};

use catalog::{
    LibraryId,
    access::{self, Access},
};
use kernel::{
    Ctx, Fault, Page, PageQuery, Problem, Time,
    db::Tx,
    jobs::{self, NewJob},
};

use super::{
    Error, FileProblem, LIBRARIES_MAX, Library, NAME_CHARS_MAX, Progress, TOPIC_LIBRARIES, folders, path,
    store,
};
use crate::scan;

/// How often a scan is tried before the library is shown as failed. A try that is killed goes on where the one before
/// it was, so many are worth it.
const SCAN_TRIES_MAX: u32 = 30;
/// How far the clocks of machines may be apart; a scan that ended later than this was told the time by one that is wrong.
const CLOCK_SKEW_MAX: Duration = Duration::from_mins(2);

/// Makes the folder at `path` a library and has it scanned. `data` is the program's own folder, which can't be one.
///
/// The folder is kept by its real path, with links resolved. A folder that is a library already, or is in one, or
/// has one in it, is refused. A new one is open to every member; one that was removed comes back with everything it had,
/// for those who might see it before.
pub async fn add_library(ctx: &Ctx, data: &Path, path: &Path, name: Option<&str>) -> Result<Library, Error> {
    add_library_for(ctx, data, path, name, None).await
}

/// The same; with `who`, for those alone. 409 when it can't be restricted, 422 when a member is no account.
pub async fn add_library_for(
    ctx: &Ctx,
    data: &Path,
    path: &Path,
    name: Option<&str>,
    who: Option<Access>,
) -> Result<Library, Error> {
    let real = checked_folder(path.to_owned(), data.to_owned()).await?;
    let name = checked_name(name, &real)?;
    let (bytes, inner, id) = (real.as_os_str().as_bytes().to_vec(), ctx.clone(), LibraryId(ctx.next_id()));
    let id = ctx
        .db()
        .write(move |tx| {
            let others = store::paths(tx)?;
            check_room(&others, &bytes)?;
            let id = store::put(tx, id, &bytes, &name, inner.now())?;
            // In the same transaction, so that nothing of it is ever seen by anybody else.
            access::enter(tx, id, who.as_ref(), inner.now())?;
            // A removal that is still under way is overtaken.
            jobs::cancel(tx, scan::JOB, &id.to_string(), inner.now())?;
            enqueue(tx, &inner, id)?;
            Ok::<_, Error>(id)
        })
        .await?;
    library(ctx, id).await
}

/// For the command line, which names the same folders at each start: as [`add_library`], but a folder that is a
/// library already is merely scanned again. That also holds for one that is not there now, such as a disk that is not
/// mounted: the scan says so, and everything else goes on.
pub async fn ensure_library(ctx: &Ctx, data: &Path, path: &Path) -> Result<Library, Error> {
    let known = ctx.db().read(store::paths).await?;
    let find = |path: &Path| {
        let bytes = path.as_os_str().as_bytes();
        known.iter().find(|(_, known)| known == bytes).map(|(id, _)| *id)
    };
    let checked = checked_folder(path.to_owned(), data.to_owned()).await;
    match (find(checked.as_deref().unwrap_or(path)), checked) {
        (Some(id), Ok(_) | Err(Error::Path(_))) => request_scan(ctx, id).await,
        (None, Ok(real)) => add_library(ctx, data, &real, None).await,
        (_, Err(error)) => Err(error),
    }
}

/// All libraries.
pub async fn libraries(ctx: &Ctx) -> Result<Vec<Library>, Error> {
    let mut access = access::all(ctx).await?;
    let mut all = store::all(ctx.db()).await?;
    for library in &mut all {
        library.access = access.remove(&library.id).unwrap_or_default();
    }
    Ok(all)
}

/// One library.
pub async fn library(ctx: &Ctx, id: LibraryId) -> Result<Library, Error> {
    let mut library = store::one(ctx.db(), id).await?.ok_or(Error::NotFound)?;
    let known = ctx.db().read(move |tx| access::get(tx, id)).await?;
    library.access = known.unwrap_or_default();
    Ok(library)
}

/// Says who may see a library. It holds from now on here, and within [`access::REMEMBERED`] on every node.
///
/// 409 when it can't be restricted since too many are, 422 for too many members and for one who has no account.
pub async fn set_access(ctx: &Ctx, id: LibraryId, who: Access) -> Result<Library, Error> {
    library(ctx, id).await?;
    let change = move |tx: &mut Tx<'_>| Ok::<_, Error>(access::set(tx, id, &who)?);
    ctx.db().write(change).await?;
    library(ctx, id).await
}

/// What the running scan has done so far, or the last one in all.
pub async fn last_progress(ctx: &Ctx, id: LibraryId) -> Result<Progress, Error> {
    store::progress(ctx.db(), id).await?.ok_or(Error::NotFound)
}

/// Takes a library out of the list. What it held is hidden soon after; nothing is erased.
pub async fn remove_library(ctx: &Ctx, id: LibraryId) -> Result<(), Error> {
    let inner = ctx.clone();
    ctx.db()
        .write(move |tx| {
            // The job before the library, as a scan locks them: the other way round each could wait for the other. The
            // scan's worker loses its lease; the next job finds the library removed and hides what it held.
            jobs::cancel(tx, scan::JOB, &id.to_string(), inner.now())?;
            enqueue(tx, &inner, id)?;
            if !store::remove(tx, id)? {
                return Err(Error::NotFound);
            }
            // At once, while what it holds is hidden step by step.
            Ok(access::shut(tx, id)?)
        })
        .await
}

/// Has a library scanned; while a scan runs, it is followed by another.
pub async fn request_scan(ctx: &Ctx, id: LibraryId) -> Result<Library, Error> {
    let inner = ctx.clone();
    ctx.db().write(move |tx| ask_scan(tx, &inner, id)).await?;
    library(ctx, id).await
}

/// A page of what is wrong in a library.
pub async fn list_problems(
    ctx: &Ctx,
    id: LibraryId,
    query: &PageQuery,
) -> Result<Page<FileProblem>, Problem> {
    library(ctx, id).await.map_err(|error| error.problem())?;
    let limit = query.limit();
    let rows = store::problems(ctx.db(), id, query.key::<i64>()?, limit + 1).await?;
    Ok(Page::cut(rows, limit, |row| row.id))
}

/// The folders below one, for the chooser.
pub(super) async fn list_folders(at: String) -> Result<folders::FolderList, Error> {
    blocking(move || folders::list(&at)).await
}

/// Asks for a scan. First the job and then the library, as a scan locks them.
fn ask_scan(tx: &mut Tx<'_>, ctx: &Ctx, id: LibraryId) -> Result<(), Error> {
    enqueue(tx, ctx, id)?;
    if store::ask_scan(tx, id)? { Ok(()) } else { Err(Error::NotFound) }
}

/// Queues the scan of a library; a job that is queued already is the same job.
pub(crate) fn enqueue(tx: &mut Tx<'_>, ctx: &Ctx, id: LibraryId) -> Result<(), Fault> {
    let job = NewJob::new(scan::JOB, &scan::Request { library: id })?.key(id).attempts_max(SCAN_TRIES_MAX);
    jobs::enqueue(tx, ctx, &job)?;
    tx.wake(TOPIC_LIBRARIES);
    Ok(())
}

/// Queues the scans that are due, and says when the next will be.
pub(crate) async fn enqueue_due(ctx: &Ctx) -> Result<Option<Time>, Fault> {
    for id in store::due(ctx.db(), ctx.now(), ctx.now().plus(CLOCK_SKEW_MAX)).await? {
        let inner = ctx.clone();
        match ctx.db().write(move |tx| ask_scan(tx, &inner, id)).await {
            // It was removed a moment ago.
            Ok(()) | Err(Error::NotFound) => {}
            Err(Error::Fault(fault)) => return Err(fault),
            Err(other) => return Err(Fault::new(other.to_string())),
        }
    }
    store::next_due(ctx.db()).await
}

async fn checked_folder(path: PathBuf, data: PathBuf) -> Result<PathBuf, Error> {
    blocking(move || {
        if !path.is_absolute() {
            let shown = path::show(path.as_os_str().as_bytes());
            return Err(Error::Path(format!("{shown} is not a whole path. Begin with a slash.")));
        }
        let real = path.canonicalize().map_err(|error| folders::refused(&path, &error))?;
        // Reads the first entry only: enough to know that it is a folder and may be read.
        std::fs::read_dir(&real).map_err(|error| folders::refused(&path, &error))?;
        if path::is_of_the_kernel(&real) {
            let shown = path::show(real.as_os_str().as_bytes());
            return Err(Error::Path(format!(
                "{shown} belongs to the operating system, which shows its own state there and no media. Choose the \
                 folder that holds your music and films."
            )));
        }
        let data = data.canonicalize().unwrap_or(data);
        let overlap = match (real.starts_with(&data), data.starts_with(&real)) {
            (false, false) => return Ok(real),
            (true, _) => "is inside the folder in which this server keeps its own data",
            (false, true) => "has the folder in it in which this server keeps its own data",
        };
        let shown = path::show(path.as_os_str().as_bytes());
        Err(Error::Path(format!(
            "{shown} {overlap}. Choose the folder that holds only your music and films."
        )))
    })
    .await
}

fn checked_name(name: Option<&str>, folder: &Path) -> Result<String, Error> {
    let given = name.map(str::trim).filter(|name| !name.is_empty());
    let name = match given {
        Some(name) if name.chars().count() > NAME_CHARS_MAX => {
            return Err(Error::Name(format!("A name has at most {NAME_CHARS_MAX} characters.")));
        }
        Some(name) if name.chars().any(char::is_control) => {
            return Err(Error::Name("A name has no control characters.".to_owned()));
        }
        Some(name) => name.to_owned(),
        None => {
            let last = folder.file_name().unwrap_or(folder.as_os_str());
            path::show(last.as_bytes()).chars().take(NAME_CHARS_MAX).collect()
        }
    };
    Ok(name)
}

/// Refuses a folder that shares files with a library, and one library too many.
fn check_room(others: &[(LibraryId, Vec<u8>)], bytes: &[u8]) -> Result<(), Error> {
    let folder = Path::new(std::ffi::OsStr::from_bytes(bytes));
    for (_, other) in others {
        let shown = path::show(other);
        let other = Path::new(std::ffi::OsStr::from_bytes(other));
        let why = match (folder.starts_with(other), other.starts_with(folder)) {
            (false, false) => continue,
            (true, true) => format!("{shown} is a library already."),
            (true, false) => {
                format!("It is inside the library {shown}, which is scanned with all that is in it.")
            }
            (false, true) => {
                format!("The library {shown} is inside it. Remove that one first; nothing is lost by that.")
            }
        };
        return Err(Error::Path(why));
    }
    if others.len() >= LIBRARIES_MAX {
        return Err(Error::Path(format!(
            "There are {LIBRARIES_MAX} libraries, which is the most. Add a folder that has several of them in it."
        )));
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let result = tokio::task::spawn_blocking(run).await;
    result.unwrap_or_else(|error| Err(Fault::from_error("looking at a folder broke off", error).into()))
}
