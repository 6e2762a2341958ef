//! Accounts.

use accounts::{model::User, music};
use kernel::http::Role;

use crate::{
    call::{Call, Reply},
    error::Error,
    ids::FOLDER,
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
    Reply::element("user", shape(&user))
}

/// All accounts, for administrators.
pub(super) async fn get_users(call: &Call) -> Result<Reply, Error> {
    call.require_admin()?;
    let mut users: Vec<User> = Vec::new();
    loop {
        let last = users.last().map(|user| user.id);
        let step = music::users_after(call.ctx(), last, STEP).await?;
        let is_last = step.len() < STEP as usize;
        users.extend(step);
        if is_last || users.len() >= USERS_MAX {
            users.truncate(USERS_MAX);
            return Reply::element("users", Element::new().list("user", users.iter().map(shape)));
        }
    }
}

/// What an account may do, as far as this server tells it apart.
fn shape(user: &User) -> Element {
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
        .with("podcastRole", false)
        .with("streamRole", true)
        .with("jukeboxRole", false)
        .with("shareRole", true)
        .with("videoConversionRole", false)
        .with("folder", vec![FOLDER])
}

/// Makes an account, for administrators. Its role is the greatest that the flags ask for; everybody may stream.
pub(super) async fn create_user(call: &Call) -> Result<Reply, Error> {
    call.require_admin()?;
    let params = &call.params;
    let name = params.required("username")?;
    let password = params.required("password")?;
    if params.flag("streamRole")? == Some(false) {
        return Err(Error::refused(
            "Everybody who has an account here may stream; streamRole can't be false.",
        ));
    }
    let role = if params.flag("adminRole")? == Some(true) {
        Role::Admin
    } else if params.flag("uploadRole")? == Some(true) {
        Role::Creator
    } else {
        Role::Listener
    };
    call.check_folder()?;
    let password = crate::sign_in::decoded(password);
    music::add_user(call.ctx(), &call.app.passwords, name, role, password).await?;
    Ok(Reply::Done)
}

/// Accounts are changed in the page.
pub(super) fn update_user(call: &Call) -> Result<Reply, Error> {
    call.require_admin()?;
    Err(super::not_yet())
}

/// Accounts can't be removed yet.
pub(super) fn delete_user(call: &Call) -> Result<Reply, Error> {
    call.require_admin()?;
    Err(super::not_yet())
}

/// A password is changed where the current one is asked for, which this API does not do: whoever finds an app's token
/// is not to take the account over.
pub(super) fn change_password(_: &Call) -> Result<Reply, Error> {
    Err(Error::forbidden(
        "Passwords are changed in the settings of the page, where the current one is asked for.",
    ))
}
