//! What changed for a device while it did not listen.

use infrasound_spec::conversation::ConversationId;

use super::{Conn, StoreError, conversation, head, signed};
use crate::session::Session;

/// The logs that have grown after the change `cursor` and past what the device has stored, with their last numbers.
/// Not those of accounts that were put away.
pub(crate) async fn logs(
    conn: &mut Conn,
    session: &Session,
    cursor: u64,
) -> Result<Vec<(ConversationId, u64)>, StoreError> {
    let keys: Vec<(i64,)> = sqlx::query_as(
        "SELECT DISTINCT h.conversation FROM heads h JOIN memberships m ON m.conversation = h.conversation \
         WHERE m.device = $1 AND h.seq > $2 AND h.last > m.read_to \
         AND (m.until_number IS NULL OR m.until_number > m.read_to)",
    )
    .bind(session.device.as_bytes().as_slice())
    .bind(signed(cursor))
    .fetch_all(&mut *conn)
    .await?;
    let mut grown = Vec::new();
    for (key,) in keys {
        let key = conversation::ConversationKey(key);
        let (Some(row), Some(head)) =
            (conversation::load_key(conn, key).await?, head::load(conn, key).await?)
        else {
            continue;
        };
        if row.index_of(&session.account).is_some_and(|account| !head.consent.is_quiet(account)) {
            grown.push((row.id, head.last));
        }
    }
    Ok(grown)
}
