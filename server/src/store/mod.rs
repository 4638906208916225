//! The database, one file for each aggregate: plain functions over a connection, each statement written once in the SQL
//! that SQLite and PostgreSQL share. What must differ stands in [`backend`].
//!
//! A look-up returns an `Option`; what stamps takes `now`. Writes happen in the writer's transaction ([`crate::writer`]).

pub(crate) mod account;
pub(crate) mod admission;
pub(crate) mod audit;
pub(crate) mod backend;
pub(crate) mod blob;
pub(crate) mod census;
pub(crate) mod challenge;
pub(crate) mod changes;
pub(crate) mod commit;
pub(crate) mod contact;
pub(crate) mod conversation;
pub(crate) mod device;
pub(crate) mod domain_rule;
pub(crate) mod dossier;
pub(crate) mod entry;
pub(crate) mod erasure;
pub(crate) mod group_state;
pub(crate) mod head;
pub(crate) mod join_request;
pub(crate) mod key_package;
pub(crate) mod link;
pub(crate) mod link_use;
pub(crate) mod membership;
#[cfg(feature = "simulation")]
pub(crate) mod memory;
pub(crate) mod overview;
pub(crate) mod participant;
pub(crate) mod proposal;
pub(crate) mod push;
pub(crate) mod quota;
pub(crate) mod report;
pub(crate) mod restored;
pub(crate) mod retention;
pub(crate) mod sequence;
pub(crate) mod session;
pub(crate) mod setting;
pub(crate) mod sign_in;
pub(crate) mod ticket;
pub(crate) mod welcome;

use infrasound_spec::time::Timestamp;

/// The connection that store functions work on: the writer's, or one of a reader's snapshot.
pub(crate) type Conn = sqlx::SqliteConnection;

/// Why a store function fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The database refused or is gone.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The disk is full, and SQLite may have given up the transaction.
    #[error("the disk is full")]
    Full,
    /// A row holds what the relay never writes.
    #[error("the column {table}.{column} holds what it cannot hold")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
}

/// Reads a column into its type, or says which column is inconsistent.
pub(crate) fn read<T>(value: Option<T>, table: &'static str, column: &'static str) -> Result<T, StoreError> {
    value.ok_or(StoreError::Inconsistent { table, column })
}

/// A number that is never negative.
pub(crate) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// The number of an account in its conversation.
pub(crate) fn account_number(value: i64) -> usize {
    usize::try_from(value).unwrap_or(0)
}

/// A number for a BIGINT column. Numbers of entries and times never come near the limit.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A time from a BIGINT column.
pub(crate) fn time(value: i64) -> Timestamp {
    Timestamp::from_millis(unsigned(value))
}

/// A time for a BIGINT column.
pub(crate) fn millis(value: Timestamp) -> i64 {
    signed(value.as_millis())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    /// `SUM` of a BIGINT is a NUMERIC in PostgreSQL, which is no `i64`.
    #[test]
    fn a_sum_is_cast_to_what_is_read() {
        // In two pieces, so that these words are not found.
        let sum = ["COALESCE(", "SUM("].concat();
        let mut sums = 0;
        for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store")).unwrap() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            for (at, _) in text.match_indices(&sum) {
                assert!(text[..at].ends_with("CAST("), "{}", path.display());
                sums += 1;
            }
        }
        assert!(sums > 0, "there are some");
    }
}
