//! What changed for a device while it did not listen.

use infrasound_spec::{consent::ContactState, conversation::ConversationId};

use super::{Conn, StoreError, conversation, head, participant, read, signed};
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
         AND (m.until_number IS NULL OR m.until_number > m.read_to) \
         AND (m.left_number IS NULL OR m.left_number > m.read_to)",
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
        let Some(part) = participant::load(conn, key, &session.account).await? else { continue };
        if !head.consent.is_quiet(part.account) && part.consent != ContactState::Ignored {
            grown.push((row.id, head.last));
        }
    }
    Ok(grown)
}

/// The conversations in which the account has a leaf and whose requests to join changed after `cursor`.
pub(crate) async fn join_requests(
    conn: &mut Conn,
    session: &Session,
    cursor: u64,
) -> Result<Vec<ConversationId>, StoreError> {
    let rows: Vec<(Vec<u8>,)> = sqlx::query_as(
        "SELECT c.id FROM participants p JOIN conversations c ON c.conversation = p.conversation \
         WHERE p.uri = $1 AND c.requests_seq > $2 AND EXISTS (SELECT 1 FROM memberships m \
         WHERE m.conversation = p.conversation AND m.account = p.account AND m.until_number IS NULL)",
    )
    .bind(session.account.as_str())
    .bind(signed(cursor))
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|(id,)| read(ConversationId::from_slice(&id), "conversations", "id")).collect()
}
