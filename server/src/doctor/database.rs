//! The database: whether it opens, is whole, belongs to this version, and is closed to others.

use std::path::Path;

use super::Finding;
use crate::{
    disk::database_bytes,
    store::backend::{self, Tables},
};

/// Looks at the database of a data directory.
pub(super) async fn look(data: &Path) -> Vec<Finding> {
    let file = data.join(backend::FILE);
    if !file.exists() {
        let seen = format!("there is none in {} yet", data.display());
        let remedy = "The relay makes it when it first runs. If it did already, set data to its directory.";
        return vec![Finding::warning("database", seen, remedy)];
    }
    let mut findings = vec![contents(&file).await];
    findings.extend(open_to_others(data));
    findings
}

async fn contents(file: &Path) -> Finding {
    let opened = backend::open_to_read(file).await;
    let mut conn = match opened {
        Ok(conn) => conn,
        Err(error) => {
            let remedy =
                "Run this as the user of the relay. If the file is damaged: infrasound-relay restore.";
            return Finding::bad("database", format!("{} does not open: {error}", file.display()), remedy);
        }
    };
    let damaged = |seen: String| {
        let remedy = "Stop the relay, keep a copy of its data directory, and restore the last backup.";
        Finding::bad("database", seen, remedy)
    };
    match backend::check(&mut conn).await {
        Ok(None) => {}
        Ok(Some(fault)) => return damaged(format!("it is damaged: {fault}")),
        Err(error) => return damaged(format!("it cannot be read: {error}")),
    }
    let size = file.parent().map_or(0, database_bytes) / 1024;
    match backend::tables(&mut conn).await {
        Ok(Tables::Current) => Finding::good("database", format!("whole and up to date, {size} KiB")),
        Ok(Tables::Older) => {
            let remedy = "Take a backup, then start the relay: it brings the tables up to date by itself.";
            Finding::warning("database", "whole, of an earlier version", remedy)
        }
        Ok(Tables::Newer) => {
            let remedy = "Install the version that the relay had, or a newer one.";
            Finding::bad("database", "of a newer version than this program", remedy)
        }
        Err(error) => damaged(format!("its tables are not the relay's: {error}")),
    }
}

fn open_to_others(data: &Path) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(data).ok()?.permissions().mode() & 0o777;
    let remedy = format!("chmod 700 {}", data.display());
    (mode & 0o077 != 0).then(|| {
        Finding::warning("data directory", format!("other users can look into it (mode {mode:o})"), remedy)
    })
}
