//! Accounts.

use accounts::{
    members::{self, Edit},
    model::User,
    music,
};
use catalog::{LibraryId, access};
use kernel::{http::Role, id::UserId};

use crate::{
    call::{Call, Reply},
    error::Error,
    folders::Rights,
    tree::Element,
};

/// Accounts of one step.
const STEP: u32 = 200;
/// Most accounts of the list of all, which the API gives whole.
pub(crate) const USERS_MAX: usize = 10_000;

/// One's own account; another's for administrators.
pub(super) async fn get_user(call: &Call) -> Result<Reply, Error> {
    let name = call.params.required("username")?;
    if !name.trim().eq_ignore_ascii_case(&call.viewer().handle) {
        call.require_admin()?;
    }
    let user = music::user_by_handle(call.ctx(), name).await?.ok_or_else(Error::absent)?;
    Reply::element("user", shape(&user, &Rights::read(call.ctx()).await?))
}

/// All accounts, for administrators.
pub(super) async fn get_users(call: &Call) -> Result<Reply, Error> {
    call.require_admin()?;
    let rights = Rights::read(call.ctx()).await?;
    let mut users: Vec<User> = Vec::new();
    loop {
        let last = users.last().map(|user| user.id);
        let step = music::users_after(call.ctx(), last, STEP).await?;
        let is_last = step.len() < STEP as usize;
        users.extend(step);
        if is_last || users.len() >= USERS_MAX {
            users.truncate(USERS_MAX);
            return Reply::element(
                "users",
                Element::new().list("user", users.iter().map(|user| shape(user, &rights))),
            );
        }
    }
}

/// What an account may do, as far as this server tells it apart.
fn shape(user: &User, rights: &Rights) -> Element {
    Element::new()
        .with("username", user.handle.as_str())
        .with("scrobblingEnabled", true)
        .with("adminRole", user.role >= Role::Admin)
        .with("settingsRole", true)
        .with("downloadRole", true)
        .with("uploadRole", user.role >= Role::Creator)
        .with("playlistRole", true)
        .with("coverArtRole", false)
        .with("commentRole", false)
        .with("podcastRole", true)
        .with("streamRole", true)
        .with("jukeboxRole", true)
        .with("shareRole", true)
        .with("videoConversionRole", false)
        .with("folder", rights.of(user))
}

/// Makes an account, for administrators. Its role is the greatest that the flags ask for; everybody may stream.
pub(super) async fn create_user(call: &Call) -> Result<Reply, Error> {
    call.require_admin()?;
    let params = &call.params;
    let name = params.required("username")?;
    let password = params.required("password")?;
    let role = role_wanted(call, Role::Listener)?;
    let libraries = libraries_wanted(call).await?;
    let password = crate::sign_in::decoded(password);
    let user = music::add_user(call.ctx(), &call.app.passwords, name, role, password).await?;
    choose(call, user.id, libraries).await
}

/// The role that the flags ask for, of somebody who has this one.
fn role_wanted(call: &Call, now: Role) -> Result<Role, Error> {
    let params = &call.params;
    if params.flag("streamRole")? == Some(false) {
        return Err(Error::refused(
            "Everybody who has an account here may stream; streamRole can't be false.",
        ));
    }
    Ok(match (params.flag("adminRole")?, params.flag("uploadRole")?) {
        (Some(true), _) => Role::Admin,
        (Some(false), upload) if now == Role::Admin => {
            if upload == Some(true) {
                Role::Creator
            } else {
                Role::Listener
            }
        }
        (_, Some(true)) if now < Role::Creator => Role::Creator,
        (_, Some(false)) if now == Role::Creator => Role::Listener,
        _ => now,
    })
}

/// The libraries of the folders that are named, if any are.
async fn libraries_wanted(call: &Call) -> Result<Option<Vec<LibraryId>>, Error> {
    let folders: Vec<&str> = call.params.all("musicFolderId").filter(|text| !text.is_empty()).collect();
    if folders.is_empty() {
        return Ok(None);
    }
    Rights::read(call.ctx()).await?.wanted(&folders).map(Some)
}

async fn choose(call: &Call, user: UserId, libraries: Option<Vec<LibraryId>>) -> Result<Reply, Error> {
    if let Some(libraries) = libraries {
        call.ctx().db().write(move |tx| access::set_named(tx, user, &libraries)).await?;
    }
    Ok(Reply::Done)
}

/// Changes what an account may do and see, for administrators. A password is not changed here.
pub(super) async fn update_user(call: &Call) -> Result<Reply, Error> {
    call.require_admin()?;
    let name = call.params.required("username")?;
    if call.params.filled("password").is_some() {
        return change_password(call);
    }
    let user = music::user_by_handle(call.ctx(), name).await?.ok_or_else(Error::absent)?;
    let role = role_wanted(call, user.role)?;
    let libraries = libraries_wanted(call).await?;
    if role != user.role {
        let edit = Edit { role: Some(role), ..Edit::default() };
        members::change(call.ctx(), call.viewer(), user.id, edit).await?;
    }
    choose(call, user.id, libraries).await
}

/// Removes an account, for administrators.
pub(super) async fn delete_user(call: &Call) -> Result<Reply, Error> {
    call.require_admin()?;
    let name = call.params.required("username")?;
    let user = music::user_by_handle(call.ctx(), name).await?.ok_or_else(Error::absent)?;
    members::remove(call.ctx(), call.viewer(), user.id).await?;
    Ok(Reply::Done)
}

/// A password is changed where the current one is asked for, which this API does not do: whoever finds an app's token
/// is not to take the account over.
pub(super) fn change_password(_: &Call) -> Result<Reply, Error> {
    Err(Error::forbidden(
        "Passwords are changed in the settings of the page, where the current one is asked for.",
    ))
}
