//! SQLite alone, through the library that the relay uses: 400-byte rows with an index, WAL, every commit synced.

use std::time::{Duration, Instant};

use sqlx::{
    Connection as _, QueryBuilder, Sqlite, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::bench::scratch;

const LONG_ENOUGH: Duration = Duration::from_millis(1_500);
const ROW: usize = 400;
const HUNDRED: i64 = 100;

/// How rows are inserted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Insert {
    OneInATransaction,
    HundredInATransaction,
    HundredInAStatement,
}

/// Rows in a second, in a new file.
pub(super) async fn rate(insert: Insert) -> f64 {
    let folder = scratch();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("raw.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await.expect("a database");
    let schema = "CREATE TABLE m (id INTEGER PRIMARY KEY, rcpt INTEGER NOT NULL, at INTEGER NOT NULL, \
                  body BLOB NOT NULL); CREATE INDEX i ON m (rcpt, id)";
    sqlx::raw_sql(schema).execute(&mut connection).await.expect("a table");
    let (mut rows, begin) = (0, Instant::now());
    while begin.elapsed() < LONG_ENOUGH {
        rows += insert.once(&mut connection, rows).await.expect("an insert");
    }
    let rate = f64::from(u32::try_from(rows).unwrap_or(u32::MAX)) / begin.elapsed().as_secs_f64();
    connection.close().await.expect("an orderly end");
    rate
}

impl Insert {
    async fn once(self, connection: &mut SqliteConnection, from: i64) -> Result<i64, sqlx::Error> {
        match self {
            Self::OneInATransaction => insert_one(connection, from).await.map(|()| 1),
            Self::HundredInATransaction => {
                let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
                for row in from..from + HUNDRED {
                    insert_one(&mut transaction, row).await?;
                }
                transaction.commit().await.map(|()| HUNDRED)
            }
            Self::HundredInAStatement => {
                let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO m (rcpt, at, body) ");
                query.push_values(from..from + HUNDRED, |mut values, row| {
                    values.push_bind(receiver(row)).push_bind(row).push_bind(vec![7; ROW]);
                });
                query.build().execute(connection).await.map(|_| HUNDRED)
            }
        }
    }
}

async fn insert_one(connection: &mut SqliteConnection, row: i64) -> Result<(), sqlx::Error> {
    let query = sqlx::query("INSERT INTO m (rcpt, at, body) VALUES ($1, $2, $3)");
    query.bind(receiver(row)).bind(row).bind(vec![7; ROW]).execute(connection).await.map(|_| ())
}

fn receiver(row: i64) -> i64 {
    row * 7919 % 10_000
}
