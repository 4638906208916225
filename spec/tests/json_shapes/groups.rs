//! Spec: `relay-api.md` 11.

use infrasound_spec::{
    api::{
        conversations::Participant,
        groups::{
            AskGroupInfo, AskToJoin, AskTurn, ClaimMany, ClaimedMany, ClaimedOf, GroupInfoGiven, JoinRequest,
            JoinRequestList, LinkProof, MemberList, SetConsent, TurnGiven, Typing,
        },
        problem::ProblemType,
    },
    consent::ContactState,
    policy::LinkKey,
};
use serde_json::json;

use super::*;

fn proof() -> LinkProof {
    LinkProof { link: LinkKey::from_bytes([0; 32]), signature: signature() }
}

fn participant() -> Participant {
    Participant { account: bob(), handle: bobs_handle() }
}

#[test]
fn coming_in() {
    check(&AskGroupInfo { proof: None }, &json!({}));
    let shown = json!({ "proof": { "link": B32, "signature": B64 } });
    check(&AskGroupInfo { proof: Some(proof()) }, &shown);
    check(&AskToJoin { proof: proof() }, &shown);
    let mut given = GroupInfoGiven { group_info: hello(), tree: hello(), proposals: Vec::new(), last: 7 };
    let mut shape = json!({ "group_info": "aGVsbG8", "tree": "aGVsbG8", "last": 7 });
    check(&given, &shape);
    given.proposals = vec![hello()];
    shape["proposals"] = json!(["aGVsbG8"]);
    check(&given, &shape);
    let participant_json = json!({ "account": BOB, "handle": "@bob@b.example" });
    check(
        &JoinRequestList { requests: vec![JoinRequest { who: participant(), since: at(5) }] },
        &json!({ "requests": [{ "who": participant_json, "since": 5 }] }),
    );
    check(&SetConsent { state: ContactState::Accepted }, &json!({ "state": "accepted" }));
    check(&MemberList { members: vec![participant()] }, &json!({ "members": [participant_json] }));
}

#[test]
fn claims_of_many() {
    check(&ClaimMany { accounts: vec![bob()] }, &json!({ "accounts": [BOB] }));
    let claimed = ClaimedOf { account: bob(), key_packages: vec![hello()], refused: None };
    let refused =
        ClaimedOf { account: bob(), key_packages: Vec::new(), refused: Some(ProblemType::NoConsent) };
    check(
        &ClaimedMany { claimed: vec![claimed, refused] },
        &json!({ "claimed": [{ "account": BOB, "key_packages": ["aGVsbG8"] },
            { "account": BOB, "refused": "urn:infrasound:problem:no-consent" }] }),
    );
}

#[test]
fn turns_and_typing() {
    check(&AskTurn { removal: true }, &json!({ "removal": true }));
    check(&TurnGiven { until: at(5) }, &json!({ "until": 5 }));
    check(&Typing { sealed: hello() }, &json!({ "sealed": "aGVsbG8" }));
}
