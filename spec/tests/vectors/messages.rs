//! Spec: `conversations.md` 9.

use infrasound_spec::{
    conversation::ConversationId,
    log::LogPosition,
    message::{MessageAad, MessageFrame},
};
use serde_json::{Value, json};

use super::{Outcome, bytes, hex, number, variant};

pub(super) fn frame(input: &Value) -> Outcome {
    let bytes = bytes(input, "bytes");
    let frame = MessageFrame::decode(&bytes).map_err(|error| variant(&error))?;
    Ok(json!({
        "number": frame.seen.number,
        "chain": hex(frame.seen.chain.as_bytes()),
        "content": hex(&frame.content),
        "canonical": frame.encode().unwrap() == bytes,
    }))
}

pub(super) fn padding(input: &Value) -> Outcome {
    let content = vec![b'x'; usize::try_from(number(input, "content_length")).unwrap()];
    let seen = LogPosition::start(&ConversationId::from_bytes([0; 32]), 0, 0);
    let encoded = MessageFrame { seen, content }.encode().map_err(|error| variant(&error))?;
    Ok(json!({ "frame_length": encoded.len() }))
}

pub(super) fn aad(input: &Value) -> Outcome {
    let bytes = bytes(input, "bytes");
    let aad = MessageAad::decode(&bytes).map_err(|error| variant(&error))?;
    assert_eq!(aad.encode(), bytes);
    Ok(json!({ "franking_tag": aad.franking_tag.map(hex) }))
}
