//! The database: whether it opens, is whole, belongs to this version, and is closed to others.

use std::path::Path;

use sqlx::{Connection as _, SqliteConnection};

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
    let found = judge(&mut conn, file).await;
    // Else it would be closed some time later, and be in the way of a relay that starts now.
    if let Err(error) = conn.close().await {
        tracing::debug!(%error, "the database was not closed");
    }
    found
}

async fn judge(conn: &mut SqliteConnection, file: &Path) -> Finding {
    let damaged = |seen: String| {
        let remedy = "Stop the relay, keep a copy of its data directory, and restore the last backup.";
        Finding::bad("database", seen, remedy)
    };
    match backend::check(conn).await {
        Ok(None) => {}
        Ok(Some(fault)) => return damaged(format!("it is damaged: {fault}")),
        Err(error) => return damaged(format!("it cannot be read: {error}")),
    }
    let size = file.parent().map_or(0, database_bytes) / 1024;
    match backend::tables(conn).await {
        Ok(Tables::Current) => Finding::good("database", format!("whole and up to date, {size} KiB")),
        Ok(Tables::Missing) => {
            let remedy = "Look again: the relay makes the tables when it first starts.";
            Finding::warning("database", "there are no tables in it yet", remedy)
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    async fn state(data: &Path) -> State {
        look(data).await[0].state
    }

    async fn make(data: &Path) {
        let database = backend::open(data, None).await.unwrap();
        database.readers.close().await;
        backend::close(database.writer).await.unwrap();
    }

    async fn change(file: &Path, sql: &'static str) {
        let mut conn = backend::open_alone(file).await.unwrap();
        sqlx::query(sql).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }

    #[tokio::test]
    async fn what_a_database_lacks_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (data, file) = (folder.path(), folder.path().join(backend::FILE));
        assert_eq!(state(data).await, State::Warning, "none");
        std::fs::write(&file, "").unwrap();
        assert_eq!(state(data).await, State::Warning, "no tables");
        make(data).await;
        assert_eq!(state(data).await, State::Good);
        change(&file, "DELETE FROM _sqlx_migrations WHERE version = 5").await;
        assert_eq!(state(data).await, State::Warning, "older");
        change(&file, "UPDATE _sqlx_migrations SET version = 5000 WHERE version = 4").await;
        assert_eq!(state(data).await, State::Bad, "newer");
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[4096..].fill(0xee);
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(state(data).await, State::Bad, "damaged");
    }

    #[tokio::test]
    async fn a_directory_that_others_can_look_into_is_said() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        make(folder.path()).await;
        assert_eq!(look(folder.path()).await.len(), 1);
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(look(folder.path()).await[1].state, State::Warning);
    }
}
