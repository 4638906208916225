//! What happens to a device, as bytes: a real session plays again and ends where it did, and the fuzzer's corpus is fed
//! to a core.
//!
//! `INFRASOUND_SCRIPTS=DIRECTORY cargo test -p infrasound-tests --test integration scripts` writes the sessions down anew.

use std::path::{Path, PathBuf};

use infrasound_spec::consent::ContactState;
use infrasound_tests::{device::Device, group::settle, script, sign_in::demo_token, world::World};

/// Bob, whose random numbers are those of a script.
async fn bob(world: &World) -> Device {
    Device::login(&world.base, &demo_token(&world.base, "bob").await, false, script::SEED).await
}

/// Plays what happened to a device, and compares; writes it down if that is wanted.
fn played(device: &mut Device, name: &str) -> infrasound_core::Client {
    let bytes = device.script.bytes().unwrap().to_vec();
    if let Some(directory) = std::env::var_os("INFRASOUND_SCRIPTS") {
        std::fs::write(PathBuf::from(directory).join(name), &bytes).unwrap();
    }
    let again = script::play(&bytes).unwrap();
    assert_eq!(again.device(), device.core().device(), "the same keys");
    assert_eq!(again.conversations(), device.core().conversations());
    again
}

#[tokio::test]
async fn a_direct_conversation_plays_again() {
    let world = World::start().await;
    let (mut alice, mut bob) = (world.login("alice").await, bob(&world).await);
    alice.send(&bob.handle(), "hello").await;
    bob.sync().await;
    bob.say(&alice.handle(), ContactState::Accepted).await;
    bob.send(&alice.handle(), "scripted").await;
    alice.sync().await;
    bob.sync().await;
    let id = bob.with(&alice.handle());
    let again = played(&mut bob, "direct");
    assert_eq!(again.standing(id), bob.core().standing(id));
}

#[tokio::test]
async fn a_group_plays_again() {
    let world = World::start().await;
    let (mut alice, mut bob) = (world.login("alice").await, bob(&world).await);
    let mut carol = world.login("carol").await;
    bob.say(&alice.handle(), ContactState::Accepted).await;
    let id = alice.create_group("Herd", &[bob.handle(), carol.handle()]).await;
    settle(&mut [&mut alice, &mut bob, &mut carol]).await;
    alice.say_in(id, "one").await;
    alice.remove(id, &carol.handle()).await.unwrap();
    settle(&mut [&mut alice, &mut bob]).await;
    let again = played(&mut bob, "group");
    assert_eq!(again.standing(id), bob.core().standing(id));
}

#[test]
fn no_script_of_the_corpus_breaks_a_core() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/device");
    let mut played = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        script::play(&std::fs::read(entry.unwrap().path()).unwrap());
        played += 1;
    }
    assert!(played >= 2, "the sessions are there");
}
