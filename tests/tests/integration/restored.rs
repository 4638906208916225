//! A relay that was restored from a backup: its clients go on, and say what the relay has lost.
//!
//! Spec: `conversations.md` 13; `relay-api.md` 16.

use infrasound_core::warning::Warning;
use infrasound_tests::world::World;

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().filter_map(|text| text.split("<p>").nth(1)?.split("</p>").next()).collect()
}

#[tokio::test]
async fn clients_go_on_by_themselves_and_strangers_still_find_them() {
    let mut world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let place = tempfile::tempdir().unwrap();
    let backup = place.path().join("backup");
    world.back_up(&backup).await;
    world.restore(&backup).await;
    alice.send(&bob.handle(), "after").await;
    bob.sync().await;
    bob.send(&alice.handle(), "and back").await;
    alice.sync().await;
    let (at_alice, at_bob) = (alice.handle(), bob.handle());
    for (device, other) in [(&mut alice, at_bob), (&mut bob, at_alice)] {
        let history = device.texts(&other).await;
        assert_eq!(texts(&history), ["hello", "after", "and back"]);
        assert_eq!(device.warnings(), []);
    }
    // The key packages of before are gone; the clients have made new ones.
    let mut carol = world.login("carol").await;
    carol.send(&bob.handle(), "do I know you?").await;
    bob.sync().await;
    assert_eq!(texts(&bob.texts(&carol.handle()).await), ["do I know you?"]);
}

/// Two entries are lost: the message, and the receipt for it. Their numbers are given again, and a client does not look at
/// numbers that it has: so two of the new messages arrive at nobody who had the lost ones. That is said, at both ends.
#[tokio::test]
async fn what_the_relay_has_lost_is_said_and_the_conversation_goes_on_after_it() {
    let mut world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let place = tempfile::tempdir().unwrap();
    let backup = place.path().join("backup");
    world.back_up(&backup).await;
    alice.send(&bob.handle(), "after the backup").await;
    bob.sync().await;
    alice.sync().await;
    world.restore(&backup).await;
    for device in [&mut alice, &mut bob] {
        device.sync().await;
        let back = |warning: &Warning| matches!(warning, Warning::LogRolledBack { last: 4, seen: 6 });
        assert!(device.warnings().iter().any(back), "{:?}", device.warnings());
    }
    let at_bob = bob.texts(&alice.handle()).await;
    assert_eq!(texts(&at_bob), ["hello", "after the backup"], "who has it keeps it");
    for n in 0..2 {
        let (from, to) = if n == 0 { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
        from.send_or_again(&to.handle(), &format!("in the place of what was lost {n}")).await;
        to.sync().await;
        from.sync().await;
        let said = |warning: &Warning| matches!(warning, Warning::OwnEntryAltered { .. });
        assert!(from.warnings().iter().any(said), "the sender is told: {:?}", from.warnings());
    }
    for n in 0..2 {
        let (from, to) = if n == 0 { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
        let text = format!("as before {n}");
        from.send(&to.handle(), &text).await;
        to.sync().await;
        from.sync().await;
        let (at_from, at_to) = (from.texts(&to.handle()).await, to.texts(&from.handle()).await);
        assert_eq!([texts(&at_from).last(), texts(&at_to).last()], [Some(&text.as_str()); 2]);
    }
}
