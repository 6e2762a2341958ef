//! The chat of the API: the room that the house has.

use accounts::music;
use kernel::Time;
use messaging::room;

use crate::{
    call::{Call, Reply},
    error::Error,
    tree::Element,
};

/// Most messages of an answer, the newest.
pub(crate) const MESSAGES_MAX: u32 = 200;

/// What was said after a moment, the newest first. Of accounts that are gone nothing is shown.
pub(super) async fn get_chat_messages(call: &Call) -> Result<Reply, Error> {
    let since = match call.params.filled("since") {
        None => Time(0),
        Some(_) => call.params.moment("since")?,
    };
    let messages = room::read(call.ctx(), call.viewer(), since, MESSAGES_MAX).await?;
    let mut authors: Vec<_> = messages.iter().map(|message| message.author).collect();
    authors.sort_unstable();
    authors.dedup();
    let handles = music::handles(call.ctx(), authors).await?;
    let shown = messages.iter().filter_map(|message| {
        let element = Element::new()
            .with("username", handles.get(&message.author)?.as_str())
            .with("time", message.sent_at.0 / 1000)
            .with("message", message.text.as_str());
        Some(element)
    });
    Reply::element("chatMessages", Element::new().list("chatMessage", shown))
}

pub(super) async fn add_chat_message(call: &Call) -> Result<Reply, Error> {
    room::write(call.ctx(), call.viewer(), call.params.required("message")?).await?;
    Ok(Reply::Done)
}
