//! Spec: `relay-api.md` 4, 9, 10.

use infrasound_spec::{
    api::{
        conversations::{
            Accepted, CommitBundle, ConversationHead, ConversationList, Forked, FoundConversation, LogPage,
            LogQuery, Participant, PendingWelcome, ReportCommit, SubmitCommit, SubmitMessage, SubmitProposal,
            TreeBytes, TreeHash, WelcomeId, WelcomeList, WrongEpoch,
        },
        problem::{Problem, ProblemType},
        stream::StreamEvent,
    },
    consent::ContactState,
    conversation::ConversationKind,
    log::{EntryDigest, EntryKind, LogEntry},
    report::{AuthenticatorHash, CommitOutcome},
};
use serde_json::json;

use super::*;

#[test]
fn conversations() {
    let mut shape = json!({ "conversation": B32, "kind": "direct", "generation": 0, "founded": true, "last": 3,
        "first_kept": 1, "epoch": 1, "participants": [{ "account": BOB, "handle": "@bob@b.example" }] });
    check(&ConversationList { conversations: vec![head()] }, &json!({ "conversations": [shape] }));
    let waiting = ConversationHead { provisional: Some(3), started_over: vec![bob()], ..head() };
    shape["provisional"] = json!(3);
    shape["started_over"] = json!([BOB]);
    check(&waiting, &shape);
    let invited = ConversationHead {
        kind: ConversationKind::Group,
        member: false,
        consent: ContactState::Ignored,
        inviter: Some(Participant { account: bob(), handle: bobs_handle() }),
        invitations_ended: vec![bob()],
        join_requests: 2,
        participants: Vec::new(),
        ..waiting
    };
    shape["kind"] = json!("group");
    shape["member"] = json!(false);
    shape["consent"] = json!("ignored");
    shape["inviter"] = json!({ "account": BOB, "handle": "@bob@b.example" });
    shape["invitations_ended"] = json!([BOB]);
    shape["join_requests"] = json!(2);
    shape["participants"] = json!([]);
    check(&invited, &shape);
}

#[test]
fn submissions() {
    let bundle = CommitBundle { commit: hello(), welcome: None, group_info: hello() };
    let bundle_json = json!({ "commit": "aGVsbG8", "group_info": "aGVsbG8" });
    let founding = CommitBundle { welcome: Some(hello()), ..bundle.clone() };
    check(
        &FoundConversation {
            conversation: conversation(),
            submission: submission(),
            group_info: hello(),
            tree: hello(),
            bundle: founding,
            signature: signature(),
        },
        &json!({ "conversation": B32, "submission": B16, "group_info": "aGVsbG8", "tree": "aGVsbG8",
            "bundle": { "commit": "aGVsbG8", "welcome": "aGVsbG8", "group_info": "aGVsbG8" }, "signature": B64 }),
    );
    let message = SubmitMessage {
        submission: submission(),
        after: 3,
        message: hello(),
        signature: signature(),
        silent: false,
    };
    check(
        &SubmitCommit { submission: submission(), after: 3, bundle, signature: signature() },
        &json!({ "submission": B16, "after": 3, "bundle": bundle_json, "signature": B64 }),
    );
    check(&message, &json!({ "submission": B16, "after": 3, "message": "aGVsbG8", "signature": B64 }));
    check(
        &SubmitMessage { silent: true, ..message },
        &json!({ "submission": B16, "after": 3, "message": "aGVsbG8", "signature": B64, "silent": true }),
    );
    check(
        &SubmitProposal { submission: submission(), after: 3, proposal: hello(), signature: signature() },
        &json!({ "submission": B16, "after": 3, "proposal": "aGVsbG8", "signature": B64 }),
    );
    check(&Accepted { number: 4, time: at(5) }, &json!({ "number": 4, "time": 5 }));
}

#[test]
fn reports() {
    let authenticator = AuthenticatorHash::from_bytes([0; 32]);
    check(
        &ReportCommit {
            number: 4,
            outcome: CommitOutcome::Applied { authenticator },
            signature: signature(),
        },
        &json!({ "number": 4, "outcome": "applied", "authenticator": B32, "signature": B64 }),
    );
    check(
        &ReportCommit { number: 4, outcome: CommitOutcome::CannotApply, signature: signature() },
        &json!({ "number": 4, "outcome": "cannot-apply", "signature": B64 }),
    );
    check(
        &Forked { device: device(), authenticator, signature: signature() },
        &json!({ "device": B16, "authenticator": B32, "signature": B64 }),
    );
}

#[test]
fn the_log() {
    check(&LogQuery { after: 3, limit: None }, &json!({ "after": 3 }));
    check(&LogQuery { after: 3, limit: Some(10) }, &json!({ "after": 3, "limit": 10 }));
    check(&LogPage { entries: vec![entry()], last: 4 }, &json!({ "entries": [entry_json()], "last": 4 }));
    check(
        &WrongEpoch { epoch: 2, entries: vec![entry()] },
        &json!({ "epoch": 2, "entries": [entry_json()] }),
    );
    for (kind, name) in [
        (EntryKind::Commit, "commit"),
        (EntryKind::Message, "message"),
        (EntryKind::Confirm, "confirm"),
        (EntryKind::Void, "void"),
    ] {
        let expired = LogEntry { kind, bytes: None, submitter: None, submission: None, ..entry() };
        check(&expired, &json!({ "number": 4, "time": 5, "kind": name, "digest": B32 }));
    }
}

#[test]
fn welcomes_and_trees() {
    check(
        &WelcomeList {
            welcomes: vec![PendingWelcome {
                welcome: WelcomeId::from_bytes([0; 16]),
                conversation: conversation(),
                number: 1,
                bytes: hello(),
                tree: TreeHash::from_bytes([0; 32]),
                kind: ConversationKind::Group,
                inviter: Participant { account: bob(), handle: bobs_handle() },
                participants: Vec::new(),
            }],
        },
        &json!({ "welcomes": [{ "welcome": B16, "conversation": B32, "number": 1, "bytes": "aGVsbG8",
            "tree": B32, "kind": "group", "inviter": { "account": BOB, "handle": "@bob@b.example" },
            "participants": [] }] }),
    );
    check(&TreeBytes { tree: hello() }, &json!({ "tree": "aGVsbG8" }));
}

#[test]
fn the_stream() {
    check(&StreamEvent::Ready, &json!({ "event": "ready" }));
    check(
        &StreamEvent::Log { conversation: conversation(), last: 7 },
        &json!({ "event": "log", "conversation": B32, "last": 7 }),
    );
    check(&StreamEvent::Welcome, &json!({ "event": "welcome" }));
    check(&StreamEvent::Contacts, &json!({ "event": "contacts" }));
    check(&StreamEvent::Devices, &json!({ "event": "devices" }));
    check(
        &StreamEvent::CommitWanted { conversation: conversation() },
        &json!({ "event": "commit-wanted", "conversation": B32 }),
    );
    check(
        &StreamEvent::JoinRequests { conversation: conversation() },
        &json!({ "event": "join-requests", "conversation": B32 }),
    );
    check(
        &StreamEvent::Typing { conversation: conversation(), sealed: hello() },
        &json!({ "event": "typing", "conversation": B32, "sealed": "aGVsbG8" }),
    );
    check(&StreamEvent::Conversations, &json!({ "event": "conversations" }));
    check(&StreamEvent::StartedOver { account: bob() }, &json!({ "event": "started-over", "account": BOB }));
    check(&StreamEvent::KeyPackages { one_time: 7 }, &json!({ "event": "key-packages", "one_time": 7 }));
}

#[test]
fn problems() {
    let mut problem = Problem::new(ProblemType::WrongEpoch, "one entry is missing");
    let mut shape = json!({ "type": "urn:infrasound:problem:wrong-epoch", "title": "The conversation has moved on",
        "status": 409, "detail": "one entry is missing" });
    check(&problem, &shape);
    problem.wrong_epoch = Some(WrongEpoch { epoch: 2, entries: Vec::new() });
    problem.devices = Some(vec![device_info()]);
    problem.retry_after = Some(3);
    shape["wrong_epoch"] = json!({ "epoch": 2, "entries": [] });
    shape["devices"] = json!([device_json()]);
    shape["retry_after"] = json!(3);
    check(&problem, &shape);
}

fn head() -> ConversationHead {
    ConversationHead {
        conversation: conversation(),
        kind: ConversationKind::Direct,
        generation: 0,
        founded: true,
        last: 3,
        first_kept: 1,
        epoch: 1,
        provisional: None,
        started_over: Vec::new(),
        member: true,
        consent: ContactState::None,
        inviter: None,
        invitations_ended: Vec::new(),
        join_requests: 0,
        participants: vec![Participant { account: bob(), handle: bobs_handle() }],
    }
}

fn entry() -> LogEntry {
    LogEntry {
        number: 4,
        time: at(5),
        kind: EntryKind::Message,
        digest: EntryDigest::from_bytes([0; 32]),
        bytes: Some(hello()),
        submitter: Some(device()),
        submission: Some(submission()),
    }
}

fn entry_json() -> Value {
    json!({ "number": 4, "time": 5, "kind": "message", "digest": B32, "bytes": "aGVsbG8", "submitter": B16,
        "submission": B16 })
}
