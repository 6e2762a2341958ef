//! The shapes of messaging.

use kernel::{Time, id::UserId};

kernel::id_type!(
    /// A conversation.
    ConversationId
);

/// The conversation to which every account of the house belongs.
pub const HOUSE: ConversationId = ConversationId(1);

/// Something that somebody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its place in its conversation, from 1.
    pub sequence: i64,
    /// Who said it.
    pub author: UserId,
    /// When, in whole milliseconds: later than everything before it in the conversation.
    pub sent_at: Time,
    /// What.
    pub text: String,
}
