//! The disk: a full one stops the relay from accepting anything.

use std::path::Path;

use super::Finding;
use crate::{config::MIB, disk};

const LITTLE: u64 = 2048 * MIB;
const NEARLY_NONE: u64 = 256 * MIB;

/// Looks at the room below the data directory, or where it will be.
pub(super) fn look(data: &Path) -> Option<Finding> {
    let there = data.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("."));
    let room = disk::room(there).ok()?;
    Some(judge(room.available, room.size))
}

fn judge(available: u64, size: u64) -> Finding {
    let seen = format!("{} MiB of {} MiB are free", available / MIB, size / MIB);
    let remedy = "Make room, or lower retention_days, max_file_mib or file_quota_mib in the configuration.";
    match available {
        ..NEARLY_NONE => Finding::bad("disk", seen, remedy),
        NEARLY_NONE..LITTLE => Finding::warning("disk", seen, remedy),
        _ => Finding::good("disk", seen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn little_room_is_said_before_there_is_none() {
        let states = [100, 1000, 4000].map(|mib| judge(mib * MIB, 8000 * MIB).state);
        assert_eq!(states, [State::Bad, State::Warning, State::Good]);
    }
}
