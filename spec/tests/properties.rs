//! What holds for every input, not only for the vectors'.

use infrasound_spec::{
    account::AccountUri,
    consent::{RequestPolicy, Stranger, Verdict},
    conversation::{Conversation, ConversationId},
    endorsement::Endorsement,
    log::{ChainValue, EntryDigest, EntryKind, LogPosition},
    message::{MessageFrame, padme},
    policy::{GroupPolicy, JoinMode, LinkKey, LinkTerms, Role},
    time::Timestamp,
};
use proptest::prelude::*;

use crate::support::person::{Person, now};

fn account() -> impl Strategy<Value = AccountUri> {
    "https://[a-z]{1,8}\\.example(:[1-9][0-9]{3})?/[a-zA-Z@~/_.-]{1,20}".prop_map(|uri| uri.parse().unwrap())
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![Just(Verdict::Accept), Just(Verdict::Filter), Just(Verdict::Drop)]
}

fn policy() -> impl Strategy<Value = RequestPolicy> {
    (verdict(), verdict(), verdict(), verdict(), verdict()).prop_map(|(a, b, c, d, e)| RequestPolicy {
        for_not_following: a,
        for_not_followers: b,
        for_new_accounts: c,
        for_private_mentions: d,
        for_limited_accounts: e,
    })
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Member), Just(Role::Moderator), Just(Role::Owner)]
}

fn group_policy() -> impl Strategy<Value = GroupPolicy> {
    let join = prop_oneof![Just(JoinMode::Invite), Just(JoinMode::Approval), Just(JoinMode::Open)];
    let higher = prop_oneof![Just(Role::Moderator), Just(Role::Owner)];
    let roles = prop::collection::btree_map(account(), higher, 0..6);
    let banned = prop::collection::btree_set(account(), 0..6);
    let links = prop::collection::btree_map(any::<[u8; 32]>(), (any::<u64>(), any::<u32>()), 0..6);
    ((role(), role(), role()), join, any::<bool>(), roles, banned, links).prop_map(
        |((add, rename, post), join, closed, roles, banned, links)| GroupPolicy {
            add,
            rename,
            post,
            join,
            closed,
            roles,
            banned,
            links: links
                .into_iter()
                .map(|(key, (expires, uses))| {
                    let terms = LinkTerms { expires: Timestamp::from_millis(expires), uses };
                    (LinkKey::from_bytes(key), terms)
                })
                .collect(),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Spec: `conversations.md` 1.
    #[test]
    fn both_accounts_find_the_same_conversation(one in account(), other in account(), generation: u32) {
        let conversation = Conversation::direct(&one, &other, generation);
        prop_assert_eq!(&conversation, &Conversation::direct(&other, &one, generation));
        prop_assert_eq!(conversation.is_none(), one == other);
        if let Some(conversation) = conversation {
            prop_assert_eq!(Conversation::decode(&conversation.encode()), Ok(conversation.clone()));
            prop_assert_eq!(conversation.other(&one), Some(&other));
        }
    }

    /// Spec: `groups.md` 1 and 2.
    #[test]
    fn a_groups_context_reads_as_written(creator in account(), salt: [u8; 16], generation: u32) {
        let group = Conversation::group(&creator, salt, generation);
        prop_assert_eq!(group.hub_account(), &creator);
        prop_assert_eq!(Conversation::decode(&group.encode()), Ok(group));
    }

    /// Spec: `groups.md` 2.
    #[test]
    fn a_policy_has_one_form(policy in group_policy(), at: prop::sample::Index, bit in 0_u8..8) {
        let bytes = policy.encode();
        prop_assert_eq!(GroupPolicy::decode(&bytes), Ok(policy));
        let mut other = bytes.clone();
        other[at.index(bytes.len())] ^= 1 << bit;
        if let Ok(read) = GroupPolicy::decode(&other) {
            prop_assert_eq!(read.encode(), other, "what is read is what would be written");
        }
    }

    /// Spec: `conversations.md` 9.
    #[test]
    fn a_frame_reads_as_written_and_shows_only_padmes_length(
        content in proptest::collection::vec(any::<u8>(), 0..5_000),
        number: u64,
        chain: [u8; 32],
    ) {
        let seen = LogPosition { number, chain: ChainValue::from_bytes(chain) };
        let frame = MessageFrame { seen, content };
        let bytes = frame.encode().unwrap();
        prop_assert_eq!(bytes.len(), padme(45 + frame.content.len()));
        prop_assert_eq!(MessageFrame::decode(&bytes), Ok(frame));
    }

    /// Spec: `conversations.md` 5.
    #[test]
    fn whatever_differs_in_an_entry_differs_in_the_chain(
        number: u64, time: u64, digest: [u8; 32], other_number: u64, other_time: u64, other_digest: [u8; 32],
    ) {
        let start = ChainValue::start(&ConversationId::from_bytes([1; 32]), 0);
        let next = |number, time, digest| {
            let digest = EntryDigest::from_bytes(digest);
            start.next(number, Timestamp::from_millis(time), EntryKind::Message, &digest)
        };
        let value = next(number, time, digest);
        prop_assert_eq!(value == next(other_number, time, digest), number == other_number);
        prop_assert_eq!(value == next(number, other_time, digest), time == other_time);
        prop_assert_eq!(value == next(number, time, other_digest), digest == other_digest);
    }

    /// Spec: `relay-api.md` 8.
    #[test]
    fn the_strictest_axis_that_applies_decides(policy in policy(), new: Option<bool>, limited: Option<bool>) {
        let stranger = Stranger { followed: Some(false), follower: Some(false), new, limited };
        let verdict = policy.judge(&stranger);
        prop_assert!(verdict >= policy.for_private_mentions);
        prop_assert!(verdict >= policy.for_not_following && verdict >= policy.for_not_followers);
        prop_assert!(new != Some(true) || verdict >= policy.for_new_accounts);
        prop_assert!(limited != Some(true) || verdict >= policy.for_limited_accounts);
        let relay = policy.judge(&Stranger { followed: None, follower: None, ..stranger });
        prop_assert!(relay <= verdict, "the relay is never stricter than the client");
    }
}

/// Spec: `identity.md` 4.
#[test]
fn every_bit_of_an_endorsement_counts() {
    let device = Person::new("alice").device();
    let account: AccountUri = String::from_utf8(device.identity.clone()).unwrap().parse().unwrap();
    let key = device.signer.key();
    let bytes = device.endorsement.unwrap().encode();
    let verifies = |bytes: &[u8]| {
        Endorsement::decode(bytes)
            .and_then(|endorsement| endorsement.verify_at(&account, &key, now()))
            .is_ok()
    };
    assert!(verifies(&bytes));
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(!verifies(&flipped), "bit {bit}");
    }
}
