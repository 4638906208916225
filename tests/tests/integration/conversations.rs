//! Two people write to each other: cores, relay, instance, all real, in one process.
//!
//! Spec: `conversations.md`; `content.md`.

use infrasound_core::{
    event::{Answer, Event},
    input::Wish,
    message::{Body, MessageState, Reaction},
};
use infrasound_spec::api::{
    conversations::{LogPage, WelcomeList},
    paths,
    stream::StreamEvent,
};
use infrasound_tests::{device::Device, world::World};

fn html(body: &Body) -> &str {
    match body {
        Body::Html(html) => html,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn two_people_write_to_each_other() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    bob.send(&alice.handle(), "hello yourself\n<b>not bold</b>").await;
    alice.sync().await;
    let (at_alice, at_bob) = (alice.history(&bob.handle()).await, bob.history(&alice.handle()).await);
    let texts: Vec<&str> = at_alice.iter().map(|message| html(&message.body)).collect();
    assert_eq!(texts, ["<p>hello</p>", "<p>hello yourself<br>&lt;b&gt;not bold&lt;/b&gt;</p>"]);
    for (one, other) in at_alice.iter().zip(&at_bob) {
        assert_eq!(
            (&one.id, one.number, &one.sender, &one.body),
            (&other.id, other.number, &other.sender, &other.body)
        );
        assert_ne!(one.own, other.own);
    }
    assert_eq!((alice.warnings(), bob.warnings()), (vec![], vec![]));
}

#[tokio::test]
async fn a_message_is_sent_then_delivered_then_read() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    alice.send(&bob.handle(), "are you there?").await;
    assert_eq!(alice.history(&bob.handle()).await.last().unwrap().state, MessageState::Sent);
    bob.sync().await;
    alice.sync().await;
    assert_eq!(alice.history(&bob.handle()).await.last().unwrap().state, MessageState::Delivered);
    let conversation = bob.with(&alice.handle());
    let up_to = bob.history(&alice.handle()).await.last().unwrap().number.unwrap();
    bob.wish(Wish::MarkRead { conversation, up_to }).await.unwrap();
    alice.sync().await;
    assert_eq!(alice.history(&bob.handle()).await.last().unwrap().state, MessageState::Read);
}

#[tokio::test]
async fn replies_reactions_edits_and_deletions_show_on_both_sides() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let conversation = alice.with(&bob.handle());
    let hello = alice.history(&bob.handle()).await[0].id.clone();
    let reply = Wish::Send {
        to: alice.handle(),
        text: "to that".to_owned(),
        in_reply_to: Some(hello.clone()),
        attachments: Vec::new(),
    };
    bob.wish(reply).await.unwrap();
    bob.wish(Wish::React { conversation, object: hello.clone(), emoji: Some("👍".to_owned()) })
        .await
        .unwrap();
    alice.sync().await;
    alice.wish(Wish::Edit { conversation, object: hello.clone(), text: "hallo".to_owned() }).await.unwrap();
    alice.send(&bob.handle(), "a slip").await;
    let slip = alice.history(&bob.handle()).await.last().unwrap().id.clone();
    alice.wish(Wish::Delete { conversation, object: slip, blobs: Vec::new() }).await.unwrap();
    bob.sync().await;
    for history in [alice.history(&bob.handle()).await, bob.history(&alice.handle()).await] {
        let [first, second, third] = history.as_slice() else { panic!("{history:?}") };
        assert_eq!((html(&first.body), first.edited), ("<p>hallo</p>", true));
        assert_eq!(first.reactions[0].emoji.as_deref(), Some("👍"));
        assert_eq!(first.reactions[0].sender.name(), "bob");
        assert_eq!(second.in_reply_to.as_ref(), Some(&hello));
        assert_eq!(third.body, Body::Deleted);
    }
}

#[tokio::test]
async fn the_list_shows_the_last_message_as_it_is_now() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let conversation = alice.with(&bob.handle());
    let shown = |device: &Device| {
        let all = device.core().conversations();
        all.into_iter().find(|summary| summary.conversation == conversation).unwrap().preview
    };
    alice.send(&bob.handle(), "a slip").await;
    let slip = alice.history(&bob.handle()).await.last().unwrap().id.clone();
    let edit = |text: &str| Wish::Edit { conversation, object: slip.clone(), text: text.to_owned() };
    alice.wish(edit("a sip")).await.unwrap();
    bob.sync().await;
    bob.wish(edit("an insult")).await.unwrap();
    alice.sync().await;
    assert_eq!([shown(&alice), shown(&bob)], ["<p>a sip</p>", "<p>a sip</p>"], "only who wrote it edits it");
    alice.wish(Wish::Delete { conversation, object: slip.clone(), blobs: Vec::new() }).await.unwrap();
    bob.sync().await;
    assert_eq!([shown(&alice), shown(&bob)], ["", ""]);
    alice.send(&bob.handle(), "something else").await;
    alice.wish(edit("back again")).await.unwrap();
    bob.sync().await;
    assert_eq!(shown(&bob), "<p>something else</p>");
}

/// Spec: `content.md` 2 and 4.3.
#[tokio::test]
async fn a_reaction_is_taken_back_by_who_reacted_and_no_other_with_it() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let conversation = alice.with(&bob.handle());
    let hello = alice.history(&bob.handle()).await[0].id.clone();
    let (object, some) = (|| hello.clone(), |emoji: &str| Some(emoji.to_owned()));
    for emoji in [some("👍"), some("🐘"), None] {
        bob.wish(Wish::React { conversation, object: object(), emoji }).await.unwrap();
    }
    alice.sync().await;
    alice.wish(Wish::React { conversation, object: object(), emoji: some("👍") }).await.unwrap();
    alice.wish(Wish::Unreact { conversation, object: object(), emoji: some("🐘") }).await.unwrap();
    bob.sync().await;
    for emoji in [some("👍"), None, some("never sent")] {
        bob.wish(Wish::Unreact { conversation, object: object(), emoji }).await.unwrap();
    }
    let reacted = async |device: &mut Device, with: &Device| {
        device.sync().await;
        let message = device.history(&with.handle()).await.remove(0);
        let told = |reaction: Reaction| (reaction.sender.name().to_owned(), reaction.emoji.unwrap());
        message.reactions.into_iter().map(told).collect::<Vec<_>>()
    };
    let left = [("bob".to_owned(), "🐘".to_owned()), ("alice".to_owned(), "👍".to_owned())];
    assert_eq!(reacted(&mut alice, &bob).await, left);
    assert_eq!(reacted(&mut bob, &alice).await, left);
    bob.wish(Wish::React { conversation, object: object(), emoji: some("👍") }).await.unwrap();
    assert_eq!(reacted(&mut alice, &bob).await.len(), 3, "one may change one's mind again");
    assert_eq!((alice.warnings(), bob.warnings()), (vec![], vec![]));
}

#[tokio::test]
async fn an_edit_or_deletion_of_somebody_elses_message_changes_nothing() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let conversation = alice.with(&bob.handle());
    let hello = alice.history(&bob.handle()).await[0].id.clone();
    bob.wish(Wish::Edit { conversation, object: hello.clone(), text: "I owe you".to_owned() }).await.unwrap();
    bob.wish(Wish::Delete { conversation, object: hello, blobs: Vec::new() }).await.unwrap();
    alice.sync().await;
    for history in [alice.history(&bob.handle()).await, bob.history(&alice.handle()).await] {
        assert_eq!((html(&history[0].body), history[0].edited), ("<p>hello</p>", false));
    }
}

#[tokio::test]
async fn both_begin_at_once_and_have_one_conversation() {
    let world = World::start().await;
    let mut alice = world.login("alice").await;
    let mut bob = world.login("bob").await;
    bob.online = false;
    bob.send(&alice.handle(), "from bob").await;
    alice.send(&bob.handle(), "from alice").await;
    bob.online = true;
    bob.advance(120_000).await;
    bob.sync().await;
    alice.sync().await;
    assert_eq!(alice.with(&bob.handle()), bob.with(&alice.handle()));
    assert_eq!(alice.texts(&bob.handle()).await, bob.texts(&alice.handle()).await);
    assert_eq!(alice.history(&bob.handle()).await.len(), 2);
}

#[tokio::test]
async fn what_was_written_offline_goes_in_order_once_back() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    alice.online = false;
    for text in ["one", "two", "three"] {
        alice.send(&bob.handle(), text).await;
    }
    let waiting = alice.history(&bob.handle()).await;
    assert!(waiting[1..].iter().all(|message| message.number.is_none()), "{waiting:?}");
    alice.crash().await;
    alice.online = true;
    alice.advance(120_000).await;
    bob.sync().await;
    let texts: Vec<String> =
        bob.history(&alice.handle()).await.iter().map(|m| html(&m.body).to_owned()).collect();
    assert_eq!(texts, ["<p>hello</p>", "<p>one</p>", "<p>two</p>", "<p>three</p>"]);
}

#[tokio::test]
async fn leaves_are_renewed_and_the_conversation_goes_on() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let conversation = alice.with(&bob.handle());
    for _ in 0..2 {
        alice.wish(Wish::RenewLeaf { conversation }).await.unwrap();
        bob.sync().await;
        bob.wish(Wish::RenewLeaf { conversation }).await.unwrap();
        alice.sync().await;
        bob.sync().await;
        alice.send(&bob.handle(), "still here").await;
        bob.sync().await;
        bob.send(&alice.handle(), "so am I").await;
        alice.sync().await;
    }
    assert_eq!(alice.texts(&bob.handle()).await, bob.texts(&alice.handle()).await);
    assert_eq!(alice.history(&bob.handle()).await.len(), 5);
    assert_eq!((alice.warnings(), bob.warnings()), (vec![], vec![]));
}

#[tokio::test]
async fn of_two_commits_for_one_epoch_one_wins_and_the_other_is_made_anew() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let conversation = alice.with(&bob.handle());
    bob.online = false;
    bob.wish(Wish::RenewLeaf { conversation }).await.unwrap();
    bob.send(&alice.handle(), "after my renewal").await;
    alice.wish(Wish::RenewLeaf { conversation }).await.unwrap();
    bob.online = true;
    bob.advance(120_000).await;
    alice.sync().await;
    bob.sync().await;
    assert_eq!(alice.texts(&bob.handle()).await, bob.texts(&alice.handle()).await);
    assert_eq!(html(&alice.history(&bob.handle()).await.last().unwrap().body), "<p>after my renewal</p>");
    assert_eq!((alice.warnings(), bob.warnings()), (vec![], vec![]));
}

#[tokio::test]
async fn safety_numbers_are_equal_on_both_sides() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let number = |answer: Answer| match answer {
        Answer::SafetyNumber(number) => number,
        other => panic!("{other:?}"),
    };
    let at_alice = number(alice.wish(Wish::SafetyNumber { who: bob.handle() }).await.unwrap());
    let at_bob = number(bob.wish(Wish::SafetyNumber { who: alice.handle() }).await.unwrap());
    assert_eq!(at_alice.groups, at_bob.groups);
    assert!(at_alice.pinned && at_bob.pinned);
}

#[tokio::test]
async fn what_comes_while_the_log_is_on_its_way_is_asked_for_as_well() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let conversation = bob.with(&alice.handle());
    alice.send(&bob.handle(), "one").await;
    alice.send(&bob.handle(), "two").await;
    let last = alice.history(&bob.handle()).await.last().unwrap().number.unwrap();
    let said = |last| serde_json::to_string(&StreamEvent::Log { conversation, last }).unwrap();
    // The page is of before the second message, and the stream is faster with that.
    let mut first = true;
    bob.tamper(move |request, response| {
        if request.path.contains("/log?") && std::mem::take(&mut first) {
            let mut page: LogPage = serde_json::from_slice(&response.body).unwrap();
            assert_eq!((page.last, page.entries.pop().unwrap().number), (last, last));
            page.last = last - 1;
            response.body = serde_json::to_vec(&page).unwrap();
        }
    });
    bob.nudge_during("/log?", &said(last));
    bob.nudge(&said(last - 1));
    bob.drive().await;
    let texts = bob.texts(&alice.handle()).await;
    assert!(texts[texts.len() - 1].contains("two") && texts[texts.len() - 2].contains("one"), "{texts:?}");
    assert_eq!(bob.warnings(), []);
}

#[tokio::test]
async fn a_welcome_that_comes_while_the_list_of_them_is_on_its_way_is_asked_for_as_well() {
    let world = World::start().await;
    let (mut alice, mut bob) = (world.login("alice").await, world.login("bob").await);
    alice.send(&bob.handle(), "hello").await;
    let mut first = true;
    bob.tamper(move |request, response| {
        if request.path == paths::WELCOMES && std::mem::take(&mut first) {
            let none = WelcomeList { welcomes: Vec::new() };
            response.body = serde_json::to_vec(&none).unwrap();
        }
    });
    let welcome = serde_json::to_string(&StreamEvent::Welcome).unwrap();
    bob.nudge_during(paths::WELCOMES, &welcome);
    bob.nudge(&welcome);
    bob.drive().await;
    assert!(bob.texts(&alice.handle()).await.last().unwrap().contains("hello"));
}

#[tokio::test]
async fn a_message_to_nobody_fails_with_what_to_do() {
    let world = World::start().await;
    let mut alice = world.login("alice").await;
    let host = alice.handle().host().to_owned();
    let cases = [
        (format!("@nobody@{host}"), "account"),
        (format!("@carol@{host}"), "Infrasound"),
        ("@carol@elsewhere.example".to_owned(), "elsewhere.example"),
    ];
    for (handle, word) in cases {
        alice.send(&handle.parse().unwrap(), "is anybody there?").await;
        let failure = alice.events.iter().rev().find_map(|event| match event {
            Event::IntentFailed { failure, .. } => Some(failure.text.clone()),
            _ => None,
        });
        let failure = failure.expect("the message failed");
        assert!(failure.contains(word), "{handle}: {failure}");
    }
}
