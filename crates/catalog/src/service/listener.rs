//! What belongs to one listener and follows from device to device: the queue, bookmarks, and the devices themselves.
//!
//! Every function takes whose it is from who asks; there is no way to another's.

mod bookmarks;
mod devices;
mod jukebox;
mod queue;

use kernel::Problem;

pub use bookmarks::{BOOKMARKS_MAX, delete_bookmark, list_bookmarks, put_bookmark};
pub use devices::{
    COMMAND_HOLDS, COMMANDS_MAX, DEVICE_ALIVE, DEVICES_MAX, command_device, delete_device, list_devices,
    report_device, take_commands,
};
pub use jukebox::{Jukebox, JukeboxOrder, control_jukebox};
pub use queue::{
    QUEUE_TRACKS_MAX, get_queue, list_queue_tracks, put_queue, queue_tracks, set_queue_position,
};

use crate::fold;

/// Longest name of a client or device.
pub const CLIENT_CHARS_MAX: usize = 80;

/// What a client calls itself.
fn client(field: &str, given: &str) -> Result<String, Problem> {
    let name = fold::clean(given);
    match name.chars().count() {
        0 => Err(Problem::invalid(field, "Say what this client is called, for people.")),
        count if count > CLIENT_CHARS_MAX => Err(Problem::invalid(
            field,
            format!("This has {count} characters; at most {CLIENT_CHARS_MAX} are taken."),
        )),
        _ => Ok(name),
    }
}

/// A time in a track as the database takes it.
fn position(given: u64) -> Result<u64, Problem> {
    if i64::try_from(given).is_ok() {
        return Ok(given);
    }
    Err(Problem::invalid("position_ms", "No recording is that long."))
}
