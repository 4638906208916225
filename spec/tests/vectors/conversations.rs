//! Spec: `conversations.md` 1 to 8.

use infrasound_spec::{
    conversation::{Conversation, ConversationId, Parties},
    log::{self, EntryDigest, EntryKind, LogEntry, LogPosition},
    report::{self, AuthenticatorHash, CommitOutcome},
    signing::Purpose,
    submission::{self, SubmissionId},
    time::Timestamp,
};
use serde_json::{Value, json};

use super::{Outcome, array, bytes, hex, identity::verified, number, text, variant};

pub(super) fn direct_id(input: &Value) -> Outcome {
    let (one, other) = (text(input, "one").parse().unwrap(), text(input, "other").parse().unwrap());
    let generation = u32::try_from(number(input, "generation")).unwrap();
    let conversation = Conversation::direct(&one, &other, generation).ok_or("SameAccount")?;
    Ok(json!({
        "id": hex(conversation.id.as_bytes()),
        "group_id": hex(conversation.group_id()),
        "hub_account": conversation.hub_account(),
        "extension": hex(conversation.encode()),
    }))
}

pub(super) fn conversation(input: &Value) -> Outcome {
    let extension = bytes(input, "extension");
    let conversation = Conversation::decode(&extension).map_err(|error| variant(&error))?;
    assert_eq!(conversation.encode(), extension);
    let mut read = json!({
        "id": hex(conversation.id.as_bytes()),
        "generation": conversation.generation,
        "group_id": hex(conversation.group_id()),
    });
    match &conversation.parties {
        Parties::Direct(accounts) => read["accounts"] = json!(accounts),
        Parties::Group { creator, salt } => {
            read["creator"] = json!(creator);
            read["salt"] = json!(hex(salt));
        }
    }
    Ok(read)
}

pub(super) fn log_chain(input: &Value) -> Outcome {
    let conversation = ConversationId::from_bytes(array(input, "conversation"));
    let generation = u32::try_from(number(input, "generation")).unwrap();
    let start = LogPosition::start(&conversation, generation, number(input, "start"));
    let entries = input["entries"].as_array().unwrap();
    let reached = entries
        .iter()
        .try_fold(start, |position, entry| position.advance(&log_entry(entry)))
        .map(|position| json!({ "number": position.number, "chain": hex(position.chain.as_bytes()) }))
        .ok_or("Gap")?;
    match input.get("seen") {
        Some(seen) if *seen != reached => Err("HistoriesDiffer".to_owned()),
        _ => Ok(reached),
    }
}

fn log_entry(entry: &Value) -> LogEntry {
    LogEntry {
        number: number(entry, "number"),
        time: Timestamp::from_millis(number(entry, "time")),
        kind: kind(entry),
        digest: EntryDigest::from_bytes(array(entry, "digest")),
        bytes: None,
        submitter: None,
        submission: None,
    }
}

fn kind(value: &Value) -> EntryKind {
    let kind: EntryKind = serde_json::from_value(value["kind"].clone()).unwrap();
    assert_eq!(EntryKind::from_code(kind.code()), Some(kind));
    kind
}

pub(super) fn log_position(input: &Value) -> Outcome {
    let bytes = bytes(input, "bytes");
    let position = LogPosition::decode(&bytes).ok_or("Malformed")?;
    assert_eq!(position.encode(), bytes);
    Ok(json!({ "number": position.number, "chain": hex(position.chain.as_bytes()) }))
}

pub(super) fn control(input: &Value) -> Outcome {
    let bytes = bytes(input, "bytes");
    let commit = log::control_target(&bytes).ok_or("Malformed")?;
    assert_eq!(log::control_bytes(commit).as_slice(), bytes);
    Ok(json!({ "commit": commit }))
}

pub(super) fn submission(input: &Value) -> Outcome {
    let conversation = ConversationId::from_bytes(array(input, "conversation"));
    let id = SubmissionId::from_bytes(array(input, "submission"));
    let message = bytes(input, "bytes");
    let content = if kind(input) == EntryKind::Message {
        submission::message_content(&conversation, &id, &message)
    } else {
        let (welcome, info) = (bytes(input, "welcome"), bytes(input, "group_info"));
        submission::commit_content(&conversation, &id, &message, &welcome, &info)
    };
    verified(&array(input, "device_key"), Purpose::Submission, &content, input)
}

pub(super) fn report(input: &Value) -> Outcome {
    let conversation = ConversationId::from_bytes(array(input, "conversation"));
    let outcome = match text(input, "outcome") {
        "applied" => CommitOutcome::Applied {
            authenticator: AuthenticatorHash::from_bytes(array(input, "authenticator")),
        },
        _ => CommitOutcome::CannotApply,
    };
    let content = report::report_content(&conversation, number(input, "number"), &outcome);
    verified(&array(input, "device_key"), Purpose::CommitReport, &content, input)
}
