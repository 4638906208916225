//! Spec: `content.md`.

use infrasound_spec::content::{Act, Activity, Attachment};
use serde_json::{Value, json};

use super::{Outcome, text, variant};

pub(super) fn activity(input: &Value) -> Outcome {
    let json = text(input, "json");
    let activity = Activity::decode(json.as_bytes()).map_err(|error| variant(&error))?;
    assert_eq!(Activity::decode(&activity.encode()), Ok(activity.clone()), "it reads as it is written");
    let mut told = act(&activity.act);
    told["id"] = json!(activity.id);
    if let Act::Unknown { json: kept, .. } = &activity.act {
        assert_eq!(kept, json, "what is not known is kept as it came");
    }
    Ok(told)
}

fn attachment(attachment: &Attachment) -> Value {
    let mut told = json!({
        "media_type": attachment.media_type, "name": attachment.name, "width": attachment.width,
        "height": attachment.height, "blob": attachment.blob,
    });
    if let Some(thumbnail) = &attachment.thumbnail {
        told["thumbnail"] = json!(thumbnail);
    }
    told
}

fn act(act: &Act) -> Value {
    match act {
        Act::Create(note) => {
            let mut told = json!({
                "act": "create", "object": note.id, "html": note.html, "in_reply_to": note.in_reply_to,
            });
            if !note.attachments.is_empty() {
                told["attachments"] = note.attachments.iter().map(attachment).collect();
            }
            told
        }
        Act::Update { object, html } => json!({ "act": "update", "object": object, "html": html }),
        Act::Delete { object } => json!({ "act": "delete", "object": object }),
        Act::React { object, emoji } => json!({ "act": "react", "object": object, "emoji": emoji }),
        Act::Unreact { object, emoji } => json!({ "act": "unreact", "object": object, "emoji": emoji }),
        Act::Undo { object } => json!({ "act": "undo", "object": object }),
        Act::Delivered { object, up_to } => json!({ "act": "delivered", "object": object, "up_to": up_to }),
        Act::Read { object, up_to } => json!({ "act": "read", "object": object, "up_to": up_to }),
        Act::Group(metadata) => json!({
            "act": "group", "name": metadata.name, "summary": metadata.summary,
            "picture": metadata.picture.as_ref().map(attachment),
        }),
        Act::Unknown { name, .. } => json!({ "act": "unknown", "name": name }),
    }
}
