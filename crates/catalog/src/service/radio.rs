//! Internet radio stations: every member sees them, administrators change them. Nothing is asked of their servers.

use http::StatusCode;
use kernel::{
    Ctx, Fault, Page, PageQuery, Problem,
    http::{Role, Viewer},
};
use url::Url;

use super::Error;
use crate::{
    fold,
    model::radio::{NewRadioStation, RadioStation, RadioStationId},
    store::radio as store,
};

/// Stations of the house.
pub const STATIONS_MAX: u64 = 1_000;
/// Longest name.
pub const NAME_CHARS_MAX: usize = 200;
/// Longest address.
pub const ADDRESS_CHARS_MAX: usize = 2_000;

/// Stations by name.
pub async fn list(ctx: &Ctx, _: &Viewer, query: &PageQuery) -> Result<Page<RadioStation>, Error> {
    let limit = query.limit();
    let (key, id) = query.key::<(String, i64)>()?.unwrap_or_default();
    let found = ctx.db().read(move |tx| store::by_name(tx, (key.as_bytes(), id), limit + 1));
    let rows: Result<_, Fault> = found.await;
    let key = |(station, key): &(RadioStation, Vec<u8>)| {
        (String::from_utf8(key.clone()).unwrap_or_default(), station.id.0)
    };
    Ok(Page::cut(rows?, limit, key).map(|(station, _)| station))
}

/// One station.
pub async fn get(ctx: &Ctx, _: &Viewer, id: RadioStationId) -> Result<RadioStation, Error> {
    let found: Result<_, Fault> = ctx.db().read(move |tx| store::one(tx, id)).await;
    found?.ok_or(Error::NotFound)
}

/// Enters a station. 403 for who is no administrator; 409 `full` with [`STATIONS_MAX`]; 422 for what can't be taken.
pub async fn create(ctx: &Ctx, viewer: &Viewer, new: NewRadioStation) -> Result<RadioStation, Error> {
    viewer.require(Role::Admin)?;
    let new = checked(&new)?;
    let (id, now) = (RadioStationId(ctx.next_id()), ctx.now());
    let key = fold::sort_key(&new.name);
    ctx.db()
        .write(move |tx| {
            // Administrators are few: that two of them enter the last one at once does no harm.
            if store::count(tx)? >= STATIONS_MAX {
                let full = Problem::new(StatusCode::CONFLICT, "full", "There is no room for more");
                let detail =
                    format!("There are {STATIONS_MAX} stations, the most that there may be; delete one.");
                return Err(full.detail(detail).into());
            }
            store::insert(tx, id, &new, &key, now)?;
            Ok::<_, Error>(())
        })
        .await?;
    get(ctx, viewer, id).await
}

/// Says anew what a station is; see [`create`].
pub async fn update(
    ctx: &Ctx,
    viewer: &Viewer,
    id: RadioStationId,
    new: NewRadioStation,
) -> Result<RadioStation, Error> {
    viewer.require(Role::Admin)?;
    let new = checked(&new)?;
    let (key, now) = (fold::sort_key(&new.name), ctx.now());
    let changed: Result<bool, Fault> = ctx.db().write(move |tx| store::update(tx, id, &new, &key, now)).await;
    if !changed? {
        return Err(Error::NotFound);
    }
    get(ctx, viewer, id).await
}

/// Removes a station; see [`create`].
pub async fn delete(ctx: &Ctx, viewer: &Viewer, id: RadioStationId) -> Result<(), Error> {
    viewer.require(Role::Admin)?;
    let gone: Result<bool, Fault> = ctx.db().write(move |tx| store::delete(tx, id)).await;
    if gone? { Ok(()) } else { Err(Error::NotFound) }
}

fn checked(new: &NewRadioStation) -> Result<NewRadioStation, Problem> {
    let name = fold::clean(&new.name);
    let count = name.chars().count();
    if count == 0 || count > NAME_CHARS_MAX {
        let text = format!("A station has a name of 1 to {NAME_CHARS_MAX} characters.");
        return Err(Problem::invalid("name", text));
    }
    let stream = address("stream", &new.stream)?;
    let home_page = new.home_page.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let home_page = home_page.map(|text| address("home_page", text)).transpose()?;
    Ok(NewRadioStation { name, stream, home_page })
}

/// An address of the web, as it is shown to every member: with no other scheme, and with no password in it.
fn address(field: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.chars().count() > ADDRESS_CHARS_MAX {
        let words = format!("An address has at most {ADDRESS_CHARS_MAX} characters.");
        return Err(Problem::invalid(field, words));
    }
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or_else(|| {
        Problem::invalid(
            field,
            "This takes an address of the web, such as https://radio.example.org/live.mp3.",
        )
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        let words = "Every member sees this address; one with a name and password in it can't be listed.";
        return Err(Problem::invalid(field, words));
    }
    Ok(url.into())
}
