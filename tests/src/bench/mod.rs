//! What the measuring programs share. `cargo xtask bench NAME` runs them in release.
//!
//! | module | what |
//! |---|---|
//! | `report`, `statistics`, `machine` | rows, medians, where it was measured |
//! | `people`, `crowd` | accounts at a relay of their own, one by one or by the thousand |
//! | `driven` | a core that is driven by hand, after a real relay has brought it into a conversation |
//! | `bare`, `messages` | `bench-core`: openmls alone beside the core |
//! | `load` | `bench-relay`: many senders at once, and what the relay is compared with |

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a measuring program that cannot go on says where, and there is no report"
)]

pub mod bare;
pub mod crowd;
pub mod driven;
#[path = "../../../bindings/native/src/journal.rs"]
mod journal;
pub mod load;
mod machine;
pub mod messages;
pub mod people;
pub mod report;
pub mod statistics;

use std::{env, path::PathBuf};

use tempfile::TempDir;

/// Where the report goes: the argument after `--out`, else `bench/NAME.json` in cargo's target folder.
pub fn report_path(name: &str) -> PathBuf {
    let mut arguments = env::args().skip_while(|argument| argument != "--out").skip(1);
    arguments.next().map_or_else(|| default_path(name), PathBuf::from)
}

fn default_path(name: &str) -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    let target = program.ancestors().nth(2).map(PathBuf::from).unwrap_or_default();
    target.join("bench").join(format!("{name}.json"))
}

/// A folder for databases, gone with its value. Not in the system's folder for temporary files, which may be in memory.
///
/// # Panics
/// If it cannot be made.
pub fn scratch() -> TempDir {
    let program = env::current_exe().expect("the path of this program");
    let folder = program.parent().expect("the folder of this program");
    tempfile::Builder::new().prefix("bench-").tempdir_in(folder).expect("a folder")
}
