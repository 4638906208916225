//! Welcomes and the trees that they name.

use infrasound_spec::{
    api::{
        conversations::{Accepted, TreeBytes, WelcomeList},
        problem::ProblemType,
    },
    bytes::Base64Url,
    limits,
};
use openmls::prelude::LeafNodeIndex;

use crate::support::{Group, TestRelay, parse, submit};

#[tokio::test]
async fn a_welcome_is_for_its_device_until_it_is_used() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let group = Group::found(&alice, &bob).await;
    let pending = bob.welcomes().await.welcomes.pop().unwrap();
    assert_eq!((pending.conversation, pending.number), (group.id, 1));
    let path = format!("/v1/welcomes/{}", pending.welcome);
    let tree = format!("/v1/conversations/{}/trees/{}", group.id, pending.tree);
    alice.get(&tree).await.problem(ProblemType::NotFound);
    carol.delete(&path).await.problem(ProblemType::NotFound);
    bob.get(&tree).await.ok::<TreeBytes>();
    bob.delete(&path).await.done();
    bob.delete(&path).await.problem(ProblemType::NotFound);
    bob.get(&tree).await.problem(ProblemType::NotFound);
    assert!(bob.welcomes().await.welcomes.is_empty());
}

/// The Welcome with so long a GroupInfo inside that it is as large as one may be. Only the joiner would notice.
fn swollen(welcome: &[u8]) -> Vec<u8> {
    // Version, wire format and suite have two bytes each; the secrets' length has two, with 01 as the first two bits.
    let secrets = usize::from(u16::from_be_bytes([welcome[6] & 0x3f, welcome[7]]));
    assert_eq!(welcome[6] >> 6, 1);
    let mut bytes = welcome[..8 + secrets].to_vec();
    let rest = limits::MAX_HANDSHAKE - bytes.len() - 4;
    bytes.extend((u32::try_from(rest).unwrap() | 0x8000_0000).to_be_bytes());
    bytes.resize(limits::MAX_HANDSHAKE, 7);
    bytes
}

#[tokio::test]
async fn the_list_of_welcomes_is_no_longer_than_a_client_reads() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::found(&alice, &bob).await;
    let made = limits::MAX_LOG_PAGE_BYTES / limits::MAX_HANDSHAKE + 4;
    for _ in 0..made {
        let claimed = alice.claim(bob.account()).await;
        let fresh = parse(&alice, &claimed.key_packages[0].key_package.0).key_package;
        let mut bundle = group.commit(&alice, vec![fresh], &[LeafNodeIndex::new(1)]).bundle;
        bundle.welcome = bundle.welcome.map(|welcome| Base64Url(swollen(&welcome.0)));
        let commit = submit(group.sign(&alice, bundle), 0);
        group.submit_commit(&alice, &commit).await.ok::<Accepted>();
        group.merge(&alice);
    }
    let mut read = 0;
    loop {
        let page = bob.get("/v1/welcomes").await;
        assert!(page.body.len() < 8 * 1024 * 1024);
        let page = page.ok::<WelcomeList>().welcomes;
        if page.is_empty() {
            break;
        }
        read += page.len();
        for welcome in page {
            bob.delete(&format!("/v1/welcomes/{}", welcome.welcome)).await.done();
        }
    }
    assert_eq!(read, made + 1);
}
