//! What the policy forbids, and what is too large.

use infrasound_spec::{
    api::{conversations::Accepted, problem::ProblemType},
    limits,
    policy::Role,
};
use openmls::prelude::{
    Capabilities, Extension, ExtensionType, Extensions, LeafNodeParameters, OpenMlsProvider as _,
    UnknownExtension,
};

use crate::support::{Group, TestRelay, claim_all};

#[tokio::test]
async fn a_commit_that_the_policy_forbids_is_refused() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let added = claim_all(&bob, &[&carol]).await;
    let commit = groups[1].commit(&bob, added, &[]);
    let problem = groups[1].submit_commit(&bob, &commit).await.problem(ProblemType::Invalid);
    assert!(problem.detail.contains("may not add"), "{}", problem.detail);
    groups[1].discard(&bob);
    let leaf = groups[1].leaf_of(&alice);
    let commit = groups[1].commit(&bob, Vec::new(), &[leaf]);
    groups[1].submit_commit(&bob, &commit).await.problem(ProblemType::Invalid);
    groups[1].discard(&bob);
    let own = bob.account().clone();
    let commit = groups[1].change_policy(
        &bob,
        |policy| {
            policy.roles.insert(own, Role::Owner);
        },
        &[],
    );
    let problem = groups[1].submit_commit(&bob, &commit).await.problem(ProblemType::Invalid);
    assert!(problem.detail.contains("only an owner"), "{}", problem.detail);
    groups[1].discard(&bob);
    // The group goes on.
    let commit = groups[1].update(&bob);
    groups[1].enact(&bob, &commit).await;
}

#[tokio::test]
async fn what_an_owner_changes_holds_for_the_next_commit() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob], |_| ()).await;
    let commit = groups[0].change_policy(&alice, |policy| policy.add = Role::Member, &[]);
    groups[0].enact(&alice, &commit).await;
    groups[1].apply(&bob, &commit.bundle.commit.0);
    let added = claim_all(&bob, &[&carol]).await;
    let commit = groups[1].commit(&bob, added, &[]);
    groups[1].enact(&bob, &commit).await;
    assert_eq!(carol.head(&groups[1].id).await.inviter.unwrap().account, *bob.account());
}

#[tokio::test]
async fn a_leaf_larger_than_a_key_package_is_refused() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::of(&alice, &[&bob], |_| ()).await;
    let mut extensions: Extensions<_> = infrasound_spec::mls::leaf_extensions(&alice.endorsement).unwrap();
    let large = UnknownExtension(vec![0; limits::MAX_KEY_PACKAGE]);
    extensions.add(Extension::Unknown(0xF1FF, large)).unwrap();
    let ours = infrasound_spec::mls::capabilities();
    let mut types = ours.extensions().to_vec();
    types.push(ExtensionType::Unknown(0xF1FF));
    let capabilities = Capabilities::new(
        None,
        Some(
            ours.ciphersuites()
                .iter()
                .map(|suite| (*suite).try_into().unwrap())
                .collect::<Vec<_>>()
                .as_slice(),
        ),
        Some(&types),
        Some(ours.proposals()),
        Some(ours.credentials()),
    );
    let leaf =
        LeafNodeParameters::builder().with_extensions(extensions).with_capabilities(capabilities).build();
    let built = group
        .mls
        .commit_builder()
        .leaf_node_parameters(leaf)
        .force_self_update(true)
        .load_psks(alice.provider.storage())
        .unwrap()
        .create_group_info(true)
        .build(alice.provider.rand(), alice.provider.crypto(), &alice.signer(), |_| true)
        .unwrap()
        .stage_commit(&alice.provider)
        .unwrap();
    let commit = group.submission_of(&alice, built.into_messages());
    group.submit_commit(&alice, &commit).await.problem(ProblemType::TooLarge);
    group.discard(&alice);
    let commit = group.update(&alice);
    group.submit_commit(&alice, &commit).await.ok::<Accepted>();
}

#[tokio::test]
async fn a_commit_larger_than_a_groups_is_refused() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let mut group = Group::of(&alice, &[], |_| ()).await;
    let mut bundle = group.update(&alice).bundle;
    bundle.commit.0.resize(limits::MAX_GROUP_HANDSHAKE + 1, 0);
    let commit = crate::support::submit(group.sign(&alice, bundle), 0);
    group.submit_commit(&alice, &commit).await.problem(ProblemType::TooLarge);
}

#[tokio::test]
async fn a_group_info_that_nobody_can_join_by_is_refused() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let mut group = Group::of(&alice, &[], |_| ()).await;
    let built = group
        .mls
        .commit_builder()
        .force_self_update(true)
        .load_psks(alice.provider.storage())
        .unwrap()
        .create_group_info(true)
        .build(alice.provider.rand(), alice.provider.crypto(), &alice.signer(), |_| true)
        .unwrap()
        .stage_commit(&alice.provider)
        .unwrap();
    let commit = group.submission_of(&alice, built.into_messages());
    let problem = group.submit_commit(&alice, &commit).await.problem(ProblemType::Invalid);
    assert!(problem.detail.contains("place in the log"), "{}", problem.detail);
}

#[tokio::test]
async fn a_group_info_of_another_epoch_is_refused() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let mut group = Group::of(&alice, &[], |_| ()).await;
    let first = group.update(&alice);
    group.enact(&alice, &first).await;
    let mut bundle = group.update(&alice).bundle;
    bundle.group_info = first.bundle.group_info;
    let commit = crate::support::submit(group.sign(&alice, bundle), 0);
    let problem = group.submit_commit(&alice, &commit).await.problem(ProblemType::Invalid);
    assert!(problem.detail.contains("does not describe"), "{}", problem.detail);
}
