//! Music folders: the libraries that the caller may see.
//!
//! Apps read their numbers as small ones, so a folder's number is its library's place among those that can be told apart,
//! from 2 on. 1 is everything that the caller may see; it stands alone in the list while there is no library.

use std::collections::HashMap;

use accounts::model::User;
use catalog::{
    LibraryId,
    access::{self, Access},
};
use kernel::{
    Ctx,
    http::{Role, Viewer},
};

use crate::{
    error::{Code, Error},
    ids::FOLDER,
};

/// What the folder of everything is called.
pub(crate) const EVERYTHING: &str = "Music";

/// A music folder.
pub(crate) struct Folder {
    pub(crate) number: u32,
    pub(crate) name: String,
}

/// The number of a library's folder, from its place.
fn number(place: u32) -> u32 {
    place + FOLDER
}

/// The folders that somebody may see, by number.
pub(crate) async fn of(ctx: &Ctx, viewer: &Viewer) -> Result<Vec<Folder>, Error> {
    let mut places: HashMap<LibraryId, u32> = access::places(ctx, viewer).await?.into_iter().collect();
    let libraries = ingest::library::libraries(ctx).await?;
    let seen = libraries.into_iter().filter_map(|library| {
        Some(Folder { number: number(places.remove(&library.id)?), name: library.name })
    });
    let mut folders: Vec<Folder> = seen.collect();
    folders.sort_unstable_by_key(|folder| folder.number);
    if folders.is_empty() {
        folders.push(Folder { number: FOLDER, name: EVERYTHING.to_owned() });
    }
    Ok(folders)
}

/// The library of a folder; `None` for everything. A folder that is not there is answered like one that is not for the
/// caller.
pub(crate) async fn library(ctx: &Ctx, viewer: &Viewer, folder: u32) -> Result<Option<LibraryId>, Error> {
    if folder == FOLDER {
        return Ok(None);
    }
    let places = access::places(ctx, viewer).await?;
    let found = places.into_iter().find(|(_, place)| number(*place) == folder);
    found.map(|(library, _)| Some(library)).ok_or_else(absent)
}

pub(crate) fn absent() -> Error {
    Error::new(Code::Absent, "There is no such music folder.")
}

/// Reads a folder's number in the one way in which we write it.
pub(crate) fn read(text: &str) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text && number > 0).then_some(number)
}

/// Who may see which folder.
pub(crate) struct Rights {
    access: HashMap<LibraryId, Access>,
    numbers: Vec<(LibraryId, u32)>,
}

impl Rights {
    /// As they are now.
    pub(crate) async fn read(ctx: &Ctx) -> Result<Self, Error> {
        let mut numbers = access::numbers(ctx).await?;
        numbers.sort_unstable_by_key(|(_, place)| *place);
        let numbers = numbers.into_iter().map(|(library, place)| (library, number(place)));
        Ok(Self { access: access::all(ctx).await?, numbers: numbers.collect() })
    }

    /// The numbers of the folders that an account may see.
    pub(crate) fn of(&self, user: &User) -> Vec<u64> {
        let may = |library: &LibraryId| {
            let access = self.access.get(library);
            user.role >= Role::Admin
                || access.is_some_and(|one| one.everybody || one.members.contains(&user.id))
        };
        let seen = self.numbers.iter().filter(|(library, _)| may(library));
        let numbers: Vec<u64> = seen.map(|(_, number)| u64::from(*number)).collect();
        if numbers.is_empty() { vec![u64::from(FOLDER)] } else { numbers }
    }

    /// The libraries of these folders, as an account is to have them. The folder of everything is all of them. One that is
    /// open to every member can't be kept from one.
    pub(crate) fn wanted(&self, folders: &[&str]) -> Result<Vec<LibraryId>, Error> {
        let mut wanted = Vec::new();
        for text in folders {
            let folder = read(text).ok_or_else(absent)?;
            if folder == FOLDER {
                return Ok(self.numbers.iter().map(|(library, _)| *library).collect());
            }
            let found = self.numbers.iter().find(|(_, number)| *number == folder).ok_or_else(absent)?;
            if !wanted.contains(&found.0) {
                wanted.push(found.0);
            }
        }
        let open = |library: &LibraryId| self.access.get(library).is_some_and(|access| access.everybody);
        let left = self.numbers.iter().find(|(library, _)| !wanted.contains(library) && open(library));
        if let Some((_, number)) = left {
            return Err(Error::refused(format!(
                "The music folder {number} is open to every member. Restrict it in the settings of the page first."
            )));
        }
        Ok(wanted)
    }
}
