//! The disk below the data directory: how much room is left, and what the database takes.

use std::{fs, io, path::Path};

/// Room on a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Bytes that this process may still write.
    pub(crate) available: u64,
    /// Bytes of all of it.
    pub(crate) size: u64,
}

/// The room where a path is.
pub(crate) fn room(path: &Path) -> io::Result<Room> {
    let found = rustix::fs::statvfs(path)?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Ok(Room { available: bytes(found.f_bavail), size: bytes(found.f_blocks) })
}

/// Bytes of the database's files in a data directory.
pub(crate) fn database_bytes(data: &Path) -> u64 {
    let files = ["relay.db", "relay.db-wal"].map(|name| data.join(name));
    files.iter().filter_map(|file| fs::metadata(file).ok()).map(|metadata| metadata.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_has_no_more_room_than_it_is_large() {
        let room = room(&std::env::temp_dir()).unwrap();
        assert!(room.size > 0 && room.available <= room.size, "{room:?}");
    }
}
