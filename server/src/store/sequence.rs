//! The change sequence: one number for each batch of writes, the cursor of the stream.

use super::{Conn, StoreError, signed, unsigned};

/// The last number that was used.
pub(crate) async fn load(conn: &mut Conn) -> Result<u64, StoreError> {
    let (value,): (i64,) = sqlx::query_as("SELECT value FROM sequence WHERE id = 1").fetch_one(conn).await?;
    Ok(unsigned(value))
}

/// Notes that `value` is used.
pub(crate) async fn store(conn: &mut Conn, value: u64) -> Result<(), StoreError> {
    sqlx::query("UPDATE sequence SET value = $1 WHERE id = 1").bind(signed(value)).execute(conn).await?;
    Ok(())
}
