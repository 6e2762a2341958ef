//! What people correct lies over what files say ([ADR 21](../../../docs/adr/0021-edits-lie-over-the-files.md)).
//!
//! An [`Overlay`] holds the edited fields of one thing and what its files say in their place. Every scan lays it over
//! the tags that it read and notes what they say now, so that neither a rescan nor new tags undo what somebody
//! corrected, and so that an edit can be taken back without reading a file.

pub(crate) mod albums;
pub(crate) mod artists;
pub(crate) mod check;
pub(crate) mod merges;
pub(crate) mod tracks;
pub(crate) mod words;

use kernel::{Fault, Time, db::Tx, id::UserId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    AlbumId,
    model::{FieldChange, ItemKind},
    store::edits,
};

/// Fields by their names.
pub(crate) type Fields = Map<String, Value>;

/// Who edits, when, and by which number it can be taken back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edit {
    pub(crate) id: i64,
    pub(crate) by: UserId,
    pub(crate) at: Time,
    /// It takes another one back, so that it is none itself.
    pub(crate) undoes: bool,
}

/// What changes: fields that are set, and fields that go back to what the files say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub(crate) set: Fields,
    pub(crate) back: Vec<String>,
}

impl Change {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.set.keys().chain(&self.back).map(String::as_str)
    }

    pub(crate) fn touches(&self, fields: &[&str]) -> bool {
        self.names().any(|name| fields.contains(&name))
    }

    /// What takes a past edit back.
    pub(crate) fn back_from(changes: &[FieldChange]) -> Self {
        let mut change = Self::default();
        for past in changes {
            if past.edited_before {
                change.set.insert(past.field.clone(), past.before.clone());
            } else {
                change.back.push(past.field.clone());
            }
        }
        change
    }
}

/// What a file says of a track's artists besides their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FiledArtists {
    pub(crate) shown: Option<String>,
    pub(crate) sorts: Vec<String>,
    pub(crate) ids: Vec<String>,
}

/// The album that a file says, of a track that somebody put into another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FiledAlbum {
    /// Where it was.
    pub(crate) home: Option<AlbumId>,
    pub(crate) release: Option<String>,
}

/// What files say in place of the edited fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Filed {
    pub(crate) fields: Fields,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) artists: Option<FiledArtists>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) album: Option<FiledAlbum>,
    /// The artists of the album are said by no tag.
    #[serde(default)]
    pub(crate) guessed: bool,
    /// The name that somebody gave an artist leads there for that reason alone, and no longer than it is the name.
    #[serde(default)]
    pub(crate) leads: bool,
}

/// What somebody wrote over a thing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Overlay {
    pub(crate) edited: Fields,
    pub(crate) filed: Filed,
}

impl Overlay {
    /// That of a thing; empty when it has none.
    pub(crate) fn of(tx: &mut Tx<'_>, kind: ItemKind, id: i64) -> Result<Self, Fault> {
        let Some((edited, filed)) = edits::of(tx, kind, id)? else { return Ok(Self::default()) };
        Ok(Self { edited: read(&edited)?, filed: read(&filed)? })
    }

    /// Keeps it, or forgets it when nothing is edited any more.
    pub(crate) fn keep(&self, tx: &mut Tx<'_>, kind: ItemKind, id: i64) -> Result<(), Fault> {
        if self.edited.is_empty() {
            return edits::delete(tx, kind, id);
        }
        edits::put(tx, kind, id, &written(&self.edited)?, &written(&self.filed)?)
    }

    pub(crate) fn edits_any(&self, fields: &[&str]) -> bool {
        fields.iter().any(|field| self.edited.contains_key(*field))
    }

    /// The edited fields, typed.
    pub(crate) fn edited<F: DeserializeOwned>(&self) -> Result<F, Fault> {
        typed(&self.edited)
    }

    /// What the files say of the edited fields, typed.
    pub(crate) fn filed<F: DeserializeOwned>(&self) -> Result<F, Fault> {
        typed(&self.filed.fields)
    }

    /// Notes what the files say now of what is edited.
    fn note(&mut self, said: &Fields) {
        self.filed.fields =
            self.edited.keys().filter_map(|name| Some((name.clone(), said.get(name)?.clone()))).collect();
    }

    /// Makes a change; `said` is what the files say. What differs, for the history: a field that is set to what is
    /// shown already, and one that goes back without having been edited, is left out.
    fn change(&mut self, change: &Change, said: &Fields) -> Vec<FieldChange> {
        let mut changes = Vec::new();
        let shown =
            |edited: &Fields, name: &str| edited.get(name).or(said.get(name)).cloned().unwrap_or_default();
        for (name, value) in &change.set {
            let before = shown(&self.edited, name);
            // Naming an album says that the track belongs into it, also when that is what its own is called.
            let names_album =
                ["album", "album_artists"].contains(&name.as_str()) && !self.edited.contains_key(name);
            if before != *value || names_album {
                let edited_before = self.edited.contains_key(name);
                let after = value.clone();
                changes.push(FieldChange { field: name.clone(), before, edited_before, after });
                self.edited.insert(name.clone(), value.clone());
            }
        }
        for name in &change.back {
            if let Some(before) = self.edited.remove(name) {
                changes.push(FieldChange {
                    field: name.clone(),
                    before,
                    edited_before: true,
                    after: Value::Null,
                });
            }
        }
        self.note(said);
        changes
    }
}

/// What every edit of a thing ends with: its history, and the event that tells of it.
fn remember(
    tx: &mut Tx<'_>,
    edit: Edit,
    (kind, id): (ItemKind, i64),
    changes: &[FieldChange],
) -> Result<(), Fault> {
    #[derive(Serialize)]
    struct Told<'a> {
        edit: String,
        by: UserId,
        fields: Vec<&'a str>,
    }
    if !edit.undoes {
        edits::remember(tx, (edit.id, edit.by, edit.at), (kind, id), &written(changes)?)?;
        edits::trim(tx, kind, id)?;
    }
    let event = match kind {
        ItemKind::Track => "catalog.track_edited",
        ItemKind::Album => "catalog.album_edited",
        ItemKind::Artist => "catalog.artist_edited",
        ItemKind::Video => return Err(Fault::new("videos are edited elsewhere")),
    };
    let fields = changes.iter().map(|change| change.field.as_str()).collect();
    tx.emit(event, id, &Told { edit: edit.id.to_string(), by: edit.by, fields }, edit.at)
}

pub(crate) fn typed<F: DeserializeOwned>(fields: &Fields) -> Result<F, Fault> {
    serde_json::from_value(Value::Object(fields.clone()))
        .map_err(|error| Fault::from_error("an edit in the database can't be read", error))
}

/// Typed fields by their names; those that are absent are left out.
pub(crate) fn by_name<F: Serialize>(fields: &F) -> Result<Fields, Fault> {
    match serde_json::to_value(fields) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Fault::new("fields are no object")),
        Err(error) => Err(Fault::from_error("an edit can't be written", error)),
    }
}

pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text)
        .map_err(|error| Fault::from_error("an edit in the database can't be read", error))
}

fn written<T: Serialize + ?Sized>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::from_error("an edit can't be written", error))
}
