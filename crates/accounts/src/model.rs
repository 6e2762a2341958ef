//! Accounts as the API shows them, and the rules for what people may choose.

use kernel::{Time, http::Role, id::UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Error;

kernel::id_type!(
    /// A signed-in browser.
    SessionId
);
kernel::id_type!(
    /// An app token.
    TokenId
);

/// Characters of a handle.
pub const HANDLE_CHARS_MIN: usize = 2;
/// Most characters of a handle.
pub const HANDLE_CHARS_MAX: usize = 32;
/// Most characters of a shown name.
pub const NAME_CHARS_MAX: usize = 80;
/// Most characters of an app token's label.
pub const LABEL_CHARS_MAX: usize = 80;
/// Characters of a browser's own name that are kept.
pub const AGENT_CHARS_MAX: usize = 200;

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// The account.
    pub id: UserId,
    /// What it signs in with and is called by; small letters.
    #[schema(example = "ann")]
    pub handle: String,
    /// How it is shown.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Since when.
    pub created_at: Time,
}

/// An account, as those see it who run the house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// The account.
    pub id: UserId,
    /// What it signs in with and is called by; small letters.
    #[schema(example = "ann")]
    pub handle: String,
    /// How it is shown.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Since when there is the account.
    pub created_at: Time,
    /// Since when it is shut, so that nobody signs in to it; null while it is open.
    #[schema(required)]
    pub disabled_at: Option<Time>,
    /// Whether its owner has not chosen a password yet.
    pub invited: bool,
    /// Until when the one-time link holds that was made last; null when none does.
    #[schema(required)]
    pub link_until: Option<Time>,
}

/// A fresh one-time link. This is the only time that its token is shown.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = NewAccountLink)]
pub struct NewLink {
    /// What the page's address is completed with: `<address>/welcome#token=<token>`.
    pub token: String,
    /// Until when it holds unless it is used.
    pub expires_at: Time,
}

/// Whom a one-time link is for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AccountLinkHolder)]
pub struct LinkHolder {
    /// What its owner will sign in with.
    pub handle: String,
    /// How the account is shown.
    pub name: String,
    /// True for somebody new, false for somebody who gets another password.
    pub invited: bool,
    /// Until when it holds unless it is used.
    pub expires_at: Time,
}

/// A signed-in browser, as its owner sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// When it signed in.
    pub created_at: Time,
    /// When it last asked for something, to within five minutes.
    pub seen_at: Time,
    /// What the browser called itself, at most 200 characters.
    pub agent: String,
    /// Whether this is the session that asks.
    pub current: bool,
}

/// What an app token signs in to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// Everything: a bearer token, and the API key of a music app.
    #[default]
    Api,
    /// Music apps that speak Subsonic, and nothing else: a password short enough to type on a phone.
    Subsonic,
}

impl TokenKind {
    /// The word for it in the API and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Subsonic => "subsonic",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        // What a later version wrote opens the least.
        if word == Self::Api.word() { Self::Api } else { Self::Subsonic }
    }
}

/// What a music app that signs in with a token is given as folders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AppFolders {
    /// Artists, and in them their albums, as the tags have them.
    #[default]
    Tags,
    /// The folders in which the files lie.
    Drive,
}

impl AppFolders {
    /// The word for it in the API and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tags => "tags",
            Self::Drive => "drive",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        if word == Self::Drive.word() { Self::Drive } else { Self::Tags }
    }
}

/// An app token, as its owner sees it; the token itself is shown once, when it is made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// The token's number.
    pub id: TokenId,
    /// What its owner called it.
    pub label: String,
    /// What it signs in to.
    pub kind: TokenKind,
    /// What a music app that signs in with it is given as folders.
    pub folders: AppFolders,
    /// When it was made.
    pub created_at: Time,
    /// When it was last used, to within five minutes; null when it never was.
    #[schema(required)]
    pub used_at: Option<Time>,
}

/// A fresh app token. This is the only time that it is shown.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewToken {
    /// The token's number.
    pub id: TokenId,
    /// What its owner called it.
    pub label: String,
    /// What it signs in to.
    pub kind: TokenKind,
    /// What a music app that signs in with it is given as folders.
    pub folders: AppFolders,
    /// When it was made.
    pub created_at: Time,
    /// What the program sends as `Authorization: Bearer …`; of kind `subsonic`, the password to type in a music app
    /// beside the handle.
    #[schema(example = "odeon_…")]
    pub token: String,
}

/// A handle that keeps the rules: 2 to 32 of `a-z`, `0-9`, `_`, `-` and `.`, beginning and ending with a letter or
/// digit, no two dots in succession.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle(String);

impl Handle {
    /// Takes what somebody typed: spaces around it are dropped and capitals made small.
    ///
    /// Only ASCII is made small, so that no letter of another alphabet turns into one that is allowed.
    pub fn parse(typed: &str) -> Result<Self, Error> {
        let handle = typed.trim().to_ascii_lowercase();
        if !(HANDLE_CHARS_MIN..=HANDLE_CHARS_MAX).contains(&handle.chars().count()) {
            return Err(Error::invalid(
                "handle",
                format!("A handle has {HANDLE_CHARS_MIN} to {HANDLE_CHARS_MAX} characters."),
            ));
        }
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        if !handle.bytes().all(|c| plain(c) || matches!(c, b'_' | b'-' | b'.')) {
            return Err(Error::invalid(
                "handle",
                "A handle is made of letters a to z, digits, underscore, hyphen and dot.",
            ));
        }
        let ends = [handle.as_bytes()[0], handle.as_bytes()[handle.len() - 1]];
        if !ends.into_iter().all(plain) || handle.contains("..") {
            return Err(Error::invalid(
                "handle",
                "A handle begins and ends with a letter or digit and has no two dots in succession.",
            ));
        }
        Ok(Self(handle))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Takes a shown name; an empty one becomes the handle.
pub(crate) fn name(typed: &str, handle: &Handle) -> Result<String, Error> {
    let name = line("name", typed, NAME_CHARS_MAX)?;
    Ok(if name.is_empty() { handle.as_str().to_owned() } else { name })
}

/// Takes an app token's label.
pub(crate) fn label(typed: &str) -> Result<String, Error> {
    let label = line("label", typed, LABEL_CHARS_MAX)?;
    if label.is_empty() {
        return Err(Error::invalid("label", "Say what the token is for, so that you know it later."));
    }
    Ok(label)
}

/// One line of text that can be shown among others without disturbing them.
fn line(field: &'static str, typed: &str, chars_max: usize) -> Result<String, Error> {
    let text = typed.trim();
    if text.chars().count() > chars_max {
        return Err(Error::invalid(field, format!("This has at most {chars_max} characters.")));
    }
    if text.chars().any(|c| c.is_control() || turns_direction(c)) {
        return Err(Error::invalid(field, "This holds a character that can't be shown; leave it out."));
    }
    Ok(text.to_owned())
}

/// Characters that turn the direction of the text that follows, even beyond the name.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
