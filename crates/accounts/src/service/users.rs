//! Accounts and their making.

use kernel::{Ctx, Time, db::Tx, http::Role, id::UserId};
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    model::{Handle, User, name},
    passwords::{Passwords, check_choice},
    store::{setup, users as store},
};

/// Kind of the event that an account was made; its subject is the account.
pub const USER_ADDED: &str = "accounts.user_added";

/// The particulars of [`USER_ADDED`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserAdded {
    /// The handle.
    pub handle: String,
    /// The shown name.
    pub name: String,
    /// The role.
    pub role: Role,
    /// When.
    pub created_at: Time,
}

/// What somebody chose for a new account, kept to the rules.
pub(crate) struct Choice {
    handle: Handle,
    name: String,
    /// None of somebody who will choose one by a link.
    password: Option<String>,
}

impl Choice {
    /// Takes what was typed for an account whose owner will choose a password.
    pub(crate) fn without_password(handle: &str, typed_name: &str) -> Result<Self, Error> {
        let handle = Handle::parse(handle)?;
        let name = name(typed_name, &handle)?;
        Ok(Self { handle, name, password: None })
    }

    /// Takes what was typed.
    pub(crate) fn check(handle: &str, typed_name: &str, password: String) -> Result<Self, Error> {
        let choice = Self::without_password(handle, typed_name)?;
        check_choice("password", &password, &choice.handle)?;
        Ok(Self { password: Some(password), ..choice })
    }

    /// The account to be, and the hash of its password; the empty text without one.
    pub(crate) async fn make(
        self,
        ctx: &Ctx,
        passwords: &Passwords,
        role: Role,
    ) -> Result<(User, String), Error> {
        let hash = match self.password {
            Some(password) => passwords.hash(ctx.random(), password).await?,
            None => String::new(),
        };
        let user = User {
            id: UserId(ctx.next_id()),
            handle: self.handle.as_str().to_owned(),
            name: self.name,
            role,
            created_at: ctx.now(),
        };
        Ok((user, hash))
    }
}

/// Enters an account with its event.
pub(crate) fn enter(tx: &mut Tx<'_>, user: &User, password: &str) -> Result<(), Error> {
    if !store::insert(tx, user, password)? {
        return Err(Error::HandleTaken);
    }
    let added = UserAdded {
        handle: user.handle.clone(),
        name: user.name.clone(),
        role: user.role,
        created_at: user.created_at,
    };
    tx.emit(USER_ADDED, user.id.0, &added, user.created_at)?;
    Ok(())
}

/// Makes an account, as an administrator does.
pub(crate) async fn add(ctx: &Ctx, passwords: &Passwords, choice: Choice, role: Role) -> Result<User, Error> {
    let (user, password) = choice.make(ctx, passwords, role).await?;
    let entered = user.clone();
    ctx.db()
        .write(move |tx| {
            // With an account there is nothing to set up; taking the token here also makes a set-up that runs now
            // wait for this, and then see that it came too late.
            setup::clear(tx)?;
            enter(tx, &entered, &password)
        })
        .await?;
    Ok(user)
}

/// Makes an account from the command line. An empty `name` becomes the handle.
pub async fn add_user(
    ctx: &Ctx,
    handle: &str,
    name: &str,
    role: Role,
    password: String,
) -> Result<User, Error> {
    let choice = Choice::check(handle, name, password)?;
    add(ctx, &Passwords::default(), choice, role).await
}

/// An account.
pub(crate) async fn get(ctx: &Ctx, id: UserId) -> Result<User, Error> {
    store::by_id(ctx.db(), id).await?.ok_or(Error::NotFound)
}
