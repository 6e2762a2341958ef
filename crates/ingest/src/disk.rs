//! The free room on the disk, and how much of it stays free.

use std::path::Path;

use kernel::Fault;

/// The room on a disk that must stay free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Floor {
    /// This many bytes.
    Bytes(u64),
    /// 1 GiB, or 2 % of a disk on which that is less.
    #[default]
    Usual,
}

/// The bytes that may still be written to the disk under `folder` before its floor is reached.
pub(crate) async fn room(folder: &Path, floor: Floor) -> Result<u64, Fault> {
    let (free, total) = space(folder).await?;
    Ok(free.saturating_sub(floor.bytes(total)))
}

/// The bytes that must be freed on the disk under `folder` so that `wanted` may be written above its floor.
pub(crate) async fn short_of(folder: &Path, floor: Floor, wanted: u64) -> Result<u64, Fault> {
    let (free, total) = space(folder).await?;
    Ok(floor.bytes(total).saturating_add(wanted).saturating_sub(free))
}

/// What is free on the disk under `folder`, and how large it is.
async fn space(folder: &Path) -> Result<(u64, u64), Fault> {
    let folder = folder.to_owned();
    let asked = tokio::task::spawn_blocking(move || rustix::fs::statvfs(&folder)).await;
    let disk =
        asked.map_err(|error| Fault::from_error("the disk's free room can't be asked for", error))?.map_err(
            |error| Fault::from_error("the disk's free room can't be read", std::io::Error::from(error)),
        )?;
    let total = disk.f_blocks.saturating_mul(disk.f_frsize);
    Ok((disk.f_bavail.saturating_mul(disk.f_frsize), total))
}

impl Floor {
    fn bytes(self, total: u64) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Usual => (1 << 30).min(total / 50),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_disk_keeps_two_percent_free_and_a_large_one_a_gibibyte() {
        assert_eq!(Floor::Usual.bytes(10 << 30), (10 << 30) / 50);
        assert_eq!(Floor::Usual.bytes(1 << 40), 1 << 30);
        assert_eq!(Floor::Bytes(7).bytes(1 << 40), 7);
    }
}
