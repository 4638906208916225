//! What the relay knows of an account, as JSON that can be given to its owner.
//!
//! What others say of it (who has blocked it) is theirs, and not in it. What it sent, the relay cannot read.

use infrasound_spec::{account::DeviceId, blob::BlobId, bytes, conversation::ConversationId};
use serde_json::{Value, json};

use super::{
    record,
    report::{Record, Report, millis},
};
use crate::{
    app::App,
    error::ApiError,
    store::{self, account, admission, audit, contact, dossier, quota},
};

/// The form of the export.
const VERSION: u64 = 1;
const CONSENTS: [&str; 4] = ["none", "accepted", "ignored", "blocked"];

pub(super) async fn export(app: &App, who: String, name: &str) -> Result<Report, ApiError> {
    let (uri, handle) = app.known(name).await?;
    let mut snapshot = app.read().await?;
    let known = account::load(&mut snapshot, &uri).await?;
    let decided = admission::load(&mut snapshot, &uri).await?;
    let quota = quota::load(&mut snapshot, &uri).await?;
    let devices = dossier::devices(&mut snapshot, &uri).await?;
    let conversations = dossier::conversations(&mut snapshot, &uri).await?;
    let files = dossier::files(&mut snapshot, &uri).await?;
    let requests = dossier::join_requests(&mut snapshot, &uri).await?;
    let contacts = contact::list(&mut snapshot, &uri).await?;
    let records = audit::of(&mut snapshot, uri.as_str()).await?;
    drop(snapshot);
    let data = json!({
        "version": VERSION,
        "made": app.now(),
        "account": uri,
        "handle": handle,
        "account_key": known.as_ref().map(|known| known.account_key),
        "created_at_instance": known.as_ref().and_then(|known| known.created_at),
        "limited": known.as_ref().map(|known| known.limited),
        "role": known.as_ref().and_then(|known| known.role.clone()),
        "policy": known.as_ref().map(|known| known.policy),
        "looked_at": known.as_ref().map(|known| known.looked_at),
        "erased": known.as_ref().and_then(|known| known.erased),
        "asked": decided.asked,
        "allowed": decided.allowed,
        "suspended": decided.suspended,
        "reason": decided.reason,
        "quotas": { "file_bytes": quota.file_bytes, "devices": quota.devices },
        "devices": devices.iter().map(device).collect::<Result<Vec<_>, _>>()?,
        "contacts": contacts,
        "conversations": conversations.iter().map(conversation).collect::<Result<Vec<_>, _>>()?,
        "files": files.iter().map(file).collect::<Result<Vec<_>, _>>()?,
        "join_requests": requests.iter().map(|(id, since)| Ok(json!({
            "conversation": conversation_id(id)?, "since": millis(*since),
        }))).collect::<Result<Vec<_>, ApiError>>()?,
        "audit": records.into_iter().map(Record::from).collect::<Vec<_>>(),
    });
    app.writer
        .run(move |tx| {
            Box::pin(async move { record(tx, &who, "export", uri.as_str(), handle.as_str()).await })
        })
        .await?;
    Ok(Report::Export { data })
}

fn device(row: &dossier::DeviceRow) -> Result<Value, ApiError> {
    Ok(json!({
        "device": store::read(DeviceId::from_slice(&row.device), "devices", "device")?,
        "name": row.name,
        "device_key": bytes::encode(&row.device_key),
        "created": millis(row.created),
        "last_seen": millis(row.last_seen),
        "revoked": row.revoked != 0,
        "key_packages": row.key_packages,
        "welcomes": row.welcomes,
        "session_until": row.session_until.map(millis),
        "push_endpoint": row.push_endpoint,
    }))
}

fn conversation_id(id: &[u8]) -> Result<ConversationId, ApiError> {
    Ok(store::read(ConversationId::from_slice(id), "conversations", "id")?)
}

fn conversation(row: &dossier::PartRow) -> Result<Value, ApiError> {
    let consent = usize::try_from(row.consent).ok().and_then(|code| CONSENTS.get(code));
    Ok(json!({
        "conversation": conversation_id(&row.id)?,
        "kind": if row.kind == 1 { "direct" } else { "group" },
        "is_member": row.has_leaf > 0,
        "consent": store::read(consent, "participants", "consent")?,
        "invited_at": row.invited_at.map(millis),
        "entries_submitted": row.submitted,
    }))
}

fn file(row: &dossier::FileRow) -> Result<Value, ApiError> {
    Ok(json!({
        "blob": store::read(BlobId::from_slice(&row.blob), "blobs", "blob")?,
        "size": row.size,
        "received": row.received,
        "expires": millis(row.expires),
    }))
}
