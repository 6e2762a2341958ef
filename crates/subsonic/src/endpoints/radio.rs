//! Internet radio stations: for everybody to see, for administrators to change.

use catalog::{
    model::radio::{NewRadioStation, RadioStation, RadioStationId},
    service::radio::{self, STATIONS_MAX},
};
use kernel::PageQuery;

use crate::{
    call::{Call, Reply},
    error::Error,
    ids,
    tree::Element,
};

/// Stations of one step.
const STEP: u32 = 200;
/// What stands before the number of a station.
const PREFIX: &str = "ir-";

/// All stations by name, which the API gives whole; there are at most [`STATIONS_MAX`].
pub(super) async fn get_internet_radio_stations(call: &Call) -> Result<Reply, Error> {
    let mut stations: Vec<RadioStation> = Vec::new();
    let mut query = PageQuery { after: None, limit: Some(STEP) };
    loop {
        let page = radio::list(call.ctx(), call.viewer(), &query).await?;
        stations.extend(page.items);
        query.after = page.next;
        if query.after.is_none() || stations.len() as u64 > STATIONS_MAX {
            let elements = stations.iter().map(shape);
            return Reply::element(
                "internetRadioStations",
                Element::new().list("internetRadioStation", elements),
            );
        }
    }
}

fn shape(station: &RadioStation) -> Element {
    Element::new()
        .with("id", format!("{PREFIX}{}", station.id))
        .with("name", station.name.as_str())
        .with("streamUrl", station.stream.as_str())
        .maybe("homePageUrl", station.home_page.clone())
}

/// What the parameters say of a station.
fn said(call: &Call) -> Result<NewRadioStation, Error> {
    Ok(NewRadioStation {
        stream: call.params.required("streamUrl")?.to_owned(),
        name: call.params.required("name")?.to_owned(),
        home_page: call.params.filled("homepageUrl").map(str::to_owned),
    })
}

fn id(call: &Call) -> Result<RadioStationId, Error> {
    ids::number_after(PREFIX, call.params.required("id")?).map(RadioStationId)
}

pub(super) async fn create_internet_radio_station(call: &Call) -> Result<Reply, Error> {
    call.require_admin()?;
    radio::create(call.ctx(), call.viewer(), said(call)?).await?;
    Ok(Reply::Done)
}

pub(super) async fn update_internet_radio_station(call: &Call) -> Result<Reply, Error> {
    call.require_admin()?;
    radio::update(call.ctx(), call.viewer(), id(call)?, said(call)?).await?;
    Ok(Reply::Done)
}

pub(super) async fn delete_internet_radio_station(call: &Call) -> Result<Reply, Error> {
    call.require_admin()?;
    radio::delete(call.ctx(), call.viewer(), id(call)?).await?;
    Ok(Reply::Done)
}
