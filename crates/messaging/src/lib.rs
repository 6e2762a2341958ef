//! Messaging: what the people of the house say to one another.
//!
//! It owns conversations and their messages. Each conversation has one sequence without gaps, the same for everybody, and
//! a message that was acknowledged is committed. So far there is one conversation, the room of the house, to which every
//! account belongs; nobody without an account can ask for it.
//!
//! It never knows what people are called (accounts does, asked by who shows messages), sends nothing to anybody, and keeps
//! nothing of an account that is gone but the places of what it said.
//!
//! Start reading at [`room`].

mod error;
pub mod model;
mod projection;
pub mod room;
mod store;
mod sweep;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use projection::projections;
pub use sweep::{start, sweep};
