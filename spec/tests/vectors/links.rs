//! Spec: `devices.md` 3 to 6.

use infrasound_spec::{
    api::links::LinkId,
    link::{
        LinkFrame, LinkKey, LinkMessage, LinkMode, LinkPlace, LinkRecord, LinkTranscript, LinkUri, commitment,
    },
};
use serde_json::{Value, json};

use super::{Outcome, array, bytes, hex, number, text, variant};

pub(super) fn transcript(input: &Value) -> Outcome {
    let account = text(input, "account").parse().unwrap();
    let (new_key, nonce) = (LinkKey::from_bytes(array(input, "new_key")), array(input, "nonce"));
    let old_key = LinkKey::from_bytes(array(input, "old_key"));
    // The mode is read where it stands on the wire: in the old device's answer.
    let answer = [&[2, u8::try_from(number(input, "mode")).unwrap()], old_key.as_bytes().as_slice()].concat();
    let mode = match LinkFrame::decode(&answer).map_err(|error| variant(&error))? {
        LinkFrame::Answer { mode, .. } => mode,
        _ => LinkMode::Number,
    };
    let link = LinkId::from_bytes(array(input, "link"));
    let transcript = LinkTranscript { mode, link, account: &account, new_key, nonce, old_key };
    Ok(json!({
        "digest": hex(transcript.digest()),
        "commitment": hex(commitment(&new_key, &nonce).as_bytes()),
    }))
}

pub(super) fn frame(input: &Value) -> Outcome {
    let bytes = bytes(input, "frame");
    let frame = LinkFrame::decode(&bytes).map_err(|error| variant(&error))?;
    assert_eq!(frame.encode(), bytes);
    let kind = match frame {
        LinkFrame::Commitment(_) => "Commitment",
        LinkFrame::Answer { .. } => "Answer",
        LinkFrame::Opening { .. } => "Opening",
        LinkFrame::Sealed(_) => "Sealed",
    };
    Ok(json!({ "kind": kind }))
}

pub(super) fn message(input: &Value) -> Outcome {
    let bytes = bytes(input, "message");
    let message = LinkMessage::decode(&bytes).map_err(|error| variant(&error))?;
    assert_eq!(message.encode(), bytes);
    Ok(json!({ "kind": format!("{message:?}") }))
}

pub(super) fn record(input: &Value) -> Outcome {
    let stream = bytes(input, "stream");
    let Some((record, length)) = LinkRecord::decode(&stream).map_err(|error| variant(&error))? else {
        return Ok(json!({ "more": true }));
    };
    assert_eq!(record.encode(), stream[..length]);
    let place = match record.place {
        LinkPlace::Root => "Root",
        LinkPlace::Conversation(_) => "Conversation",
        LinkPlace::Timeline(..) => "Timeline",
        LinkPlace::Note(..) => "Note",
    };
    Ok(json!({ "place": place, "name": hex(record.name), "value": hex(record.value) }))
}

pub(super) fn uri(input: &Value) -> Outcome {
    let text = text(input, "text");
    let uri: LinkUri = text.parse().map_err(|error| variant(&error))?;
    assert_eq!(uri.to_string(), text);
    Ok(json!({
        "link": hex(uri.link.as_bytes()), "key": hex(uri.key.as_bytes()), "secret": hex(uri.secret),
    }))
}
