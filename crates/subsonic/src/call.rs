//! A request on its way to a method, and what comes back.

use std::{net::IpAddr, sync::Arc};

use accounts::{
    model::{AppFolders, TokenKind},
    music::Caller,
    passwords::Passwords,
};
use axum::response::Response;
use delivery::{Asked, Direct};
use http::{HeaderMap, Method};
use ingest::transcode::Transcoder;
use kernel::{
    Ctx,
    http::{Role, Viewer},
};
use podcasts::Podcasts;
use serde_json::Value;
use sharing::Sharing;

use crate::{error::Error, folders, params::Params, tree::Element, whole::Whole};

/// What all requests share.
pub(crate) struct App {
    pub(crate) ctx: Ctx,
    pub(crate) direct: Direct,
    pub(crate) podcasts: Podcasts,
    pub(crate) sharing: Sharing,
    /// The line for answers that are given whole.
    pub(crate) whole: Whole,
    pub(crate) transcoder: Transcoder,
    /// The line in which new accounts' passwords wait to be hashed.
    pub(crate) passwords: Passwords,
    pub(crate) config: accounts::Config,
}

/// A request whose sender is known.
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) caller: Caller,
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) params: Params,
    /// The body, unless it was a form.
    pub(crate) body: Vec<u8>,
}

/// A request of which nobody asks who sent it.
pub(crate) struct Asking<'a> {
    pub(crate) app: &'a App,
    pub(crate) params: &'a Params,
    pub(crate) address: Option<IpAddr>,
}

/// A good answer.
pub(crate) enum Reply {
    /// Nothing but that it is good.
    Done,
    /// An element of this name.
    Element(&'static str, Value),
    /// Bytes that stand in no envelope.
    Raw(Box<Response>),
}

impl Reply {
    #[expect(clippy::unnecessary_wraps, reason = "methods end with it, and methods can fail")]
    pub(crate) fn element(name: &'static str, element: Element) -> Result<Self, Error> {
        Ok(Self::Element(name, element.into()))
    }

    pub(crate) fn raw(response: Option<Response>) -> Result<Self, Error> {
        response.map(|response| Self::Raw(Box::new(response))).ok_or_else(Error::absent)
    }
}

impl Call {
    pub(crate) fn ctx(&self) -> &Ctx {
        &self.app.ctx
    }

    pub(crate) fn viewer(&self) -> &Viewer {
        &self.caller.viewer
    }

    /// Whether the caller's app is given folders as they lie on the drive.
    pub(crate) fn is_by_drive(&self) -> bool {
        self.caller.folders == AppFolders::Drive
    }

    /// How bytes are asked for. A form asks for the same as an address does.
    pub(crate) fn asked(&self) -> Asked<'_> {
        let method = if self.method == Method::HEAD { &Method::HEAD } else { &Method::GET };
        Asked { method, headers: &self.headers }
    }

    /// Refuses everybody but administrators who came with an API key. An app password of a music app, whose proofs stand
    /// in the logs of whatever is on the way and hold for ever, is not enough to run a house with.
    pub(crate) fn require_admin(&self) -> Result<(), Error> {
        if self.viewer().role < Role::Admin {
            return Err(Error::forbidden("This is for administrators."));
        }
        if self.caller.kind != TokenKind::Api {
            return Err(Error::forbidden(
                "This takes an API key; an app password that was made for music apps does not open it.",
            ));
        }
        Ok(())
    }

    /// Lets a call be about one music folder alone, when it says so. That holds for every method that reads, also for those
    /// whose description does not have it yet.
    pub(crate) async fn enter_folder(&mut self, method: &str) -> Result<(), Error> {
        let reads = ["get", "search", "find"].iter().any(|verb| method.starts_with(verb));
        if !reads || method.starts_with("getUser") {
            return Ok(());
        }
        let given: Vec<&str> = self.params.all("musicFolderId").filter(|text| !text.is_empty()).collect();
        let Some(first) = given.first() else { return Ok(()) };
        if given.iter().any(|other| other != first) {
            return Err(Error::refused("musicFolderId names one folder here; ask for each by itself."));
        }
        let number = folders::read(first).ok_or_else(folders::absent)?;
        let library = folders::library(&self.app.ctx, &self.caller.viewer, number).await?;
        self.caller.viewer.within = library.map(|library| library.0);
        Ok(())
    }
}
