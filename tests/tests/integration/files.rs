//! Files of messages: they arrive as they were, whatever is interrupted, or are refused and that is said.
//!
//! Here with cores and a relay in one process; with programs that are killed in [`programs`].
//!
//! Spec: `blobs.md`.

mod programs;

use infrasound_core::{
    blob::BlobRefused,
    event::{Event, FailureCode},
    input::Wish,
    message::{Body, Message},
    output::{BlobBytes, HttpRequest},
};
use infrasound_spec::{
    blob::SEALED_CHUNK,
    content::{Attachment, Thumbnail},
    limits::{MAX_CONTENT, MAX_THUMBNAIL},
};
use infrasound_tests::{
    device::{Device, FetchError},
    world::World,
};

fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|i| u8::try_from(i * 7 % 251).unwrap()).collect()
}

async fn last(device: &mut Device, with: &Device) -> Message {
    device.history(&with.handle()).await.pop().unwrap()
}

/// Alice sends a file, and what is told of it reaches Bob.
async fn sent(alice: &mut Device, bob: &mut Device, size: usize) -> Message {
    let file = alice.seal("elephants.png", &bytes(size));
    alice.send_files(&bob.handle(), "look", vec![file]).await;
    bob.sync().await;
    last(bob, alice).await
}

fn failure(device: &Device) -> Option<FailureCode> {
    device.events.iter().rev().find_map(|event| match event {
        Event::IntentFailed { failure, .. } => Some(failure.code),
        _ => None,
    })
}

#[tokio::test]
async fn whatever_its_length_a_file_arrives_as_it_was() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    for size in [0, 1, 65_536, 65_537, 300_000, 1_500_000] {
        let message = sent(&mut alice, &mut bob, size).await;
        let [file] = &message.attachments[..] else { panic!("{message:?}") };
        assert_eq!((file.name.as_str(), file.blob.as_ref().unwrap().size), ("elephants.png", size as u64));
        assert!(bob.fetch(file).await.unwrap() == bytes(size), "{size}");
        assert_eq!(last(&mut alice, &bob).await.attachments, message.attachments);
        assert!(alice.spool.is_empty(), "the sealed bytes are not needed any more");
    }
    assert_eq!((alice.warnings(), bob.warnings()), (vec![], vec![]));
}

#[tokio::test]
async fn several_files_need_no_words_and_what_is_written_later_comes_later() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    alice.online = false;
    let files: Vec<_> = (0..16).map(|n| alice.seal(&format!("{n}"), &bytes(n * 1000))).collect();
    alice.send_files(&bob.handle(), "", files.clone()).await;
    alice.send(&bob.handle(), "did you see them?").await;
    alice.crash().await;
    assert_eq!(last(&mut alice, &bob).await.number, None);
    alice.online = true;
    alice.advance(120_000).await;
    bob.sync().await;
    let [_, pictures, text] = &bob.history(&alice.handle()).await[..] else { panic!("three messages") };
    assert_eq!((&pictures.body, &pictures.attachments), (&Body::Html(String::new()), &files));
    assert_eq!(text.body, Body::Html("<p>did you see them?</p>".to_owned()));
    for (n, file) in files.iter().enumerate() {
        assert!(bob.fetch(file).await.unwrap() == bytes(n * 1000));
    }
}

/// Spec: `content.md` 8.5 and 8.7.
#[tokio::test]
async fn a_thumbnail_comes_with_the_message_unless_that_is_too_long_with_it() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let thumbnail = Thumbnail::from_bytes(vec![7; MAX_THUMBNAIL]);
    assert!(thumbnail.is_some() && Thumbnail::from_bytes(vec![7; MAX_THUMBNAIL + 1]).is_none());
    let picture = |device: &mut Device| Attachment {
        thumbnail: thumbnail.clone(),
        ..device.seal("a.png", &bytes(100))
    };
    let sixteen: Vec<_> = (0..16).map(|_| picture(&mut alice)).collect();

    alice.send_files(&bob.handle(), "look", sixteen.clone()).await;
    bob.sync().await;
    assert_eq!(last(&mut bob, &alice).await.attachments, sixteen);
    alice.crash().await;
    assert_eq!(last(&mut alice, &bob).await.attachments, sixteen);

    let (one, text) = (picture(&mut alice), "x".repeat(MAX_CONTENT - 2_000));
    alice.send_files(&bob.handle(), &text, vec![one.clone()]).await;
    bob.sync().await;
    let message = last(&mut bob, &alice).await;
    assert_eq!(message.body, Body::Html(format!("<p>{text}</p>")));
    assert_eq!(message.attachments, [Attachment { thumbnail: None, ..one }]);
    assert_eq!(last(&mut alice, &bob).await.attachments, message.attachments);
}

#[tokio::test]
async fn the_first_message_to_somebody_may_be_a_file() {
    let world = World::start().await;
    let mut alice = world.login("alice").await;
    let mut bob = world.login("bob").await;
    let message = sent(&mut alice, &mut bob, 70_000).await;
    assert!(bob.fetch(&message.attachments[0]).await.unwrap() == bytes(70_000));
}

/// A file of three slices, while something happens to Alice.
async fn a_file_while(what: &str, happens: impl Fn(&mut Device)) {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let size = 20 * 65_536;
    let file = alice.seal("elephants.png", &bytes(size));
    alice.online = false;
    alice.send_files(&bob.handle(), "look", vec![file.clone()]).await;
    alice.online = true;
    happens(&mut alice);
    for _ in 0..2 {
        alice.advance(120_000).await;
        alice.sync().await;
    }
    bob.sync().await;
    let history = bob.history(&alice.handle()).await;
    assert_eq!(history.len(), 2, "{what}");
    assert_eq!(history[1].attachments, std::slice::from_ref(&file), "{what}");
    assert!(bob.fetch(&file).await.unwrap() == bytes(size), "{what}");
    assert!(alice.spool.is_empty(), "{what}");
    assert_eq!((alice.warnings(), bob.warnings()), (vec![], vec![]), "{what}");
}

#[tokio::test]
async fn the_sender_of_a_file_may_crash_at_any_point() {
    for n in (1..30).step_by(3) {
        a_file_while(&format!("crash before output {n}"), |device| device.crash_before(n)).await;
    }
}

#[tokio::test]
async fn any_answer_to_the_sender_of_a_file_may_be_lost() {
    for n in (1..16).step_by(2) {
        a_file_while(&format!("lost answer {n}"), |device| device.lose_answer(n)).await;
    }
}

fn is_download(request: &HttpRequest) -> bool {
    matches!(request.bytes, Some(BlobBytes::Fetch { .. }))
}

/// What somebody does to a sealed file, given how long a sealed piece is.
type Lie = fn(&mut Vec<u8>, usize);

#[tokio::test]
async fn an_altered_cut_swapped_or_extended_file_is_refused() {
    let chunk = usize::try_from(SEALED_CHUNK).unwrap();
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let message = sent(&mut alice, &mut bob, 2 * 65_536).await;
    let file = &message.attachments[0];
    let lies: [(Lie, BlobRefused); 4] = [
        (|sealed, _| sealed[70_000] ^= 1, BlobRefused::Digest),
        (|sealed, chunk| sealed.truncate(chunk), BlobRefused::Length),
        (|sealed, chunk| sealed.rotate_left(chunk), BlobRefused::Digest),
        (|sealed, _| sealed.push(0), BlobRefused::Length),
    ];
    for (lie, reason) in lies {
        bob.tamper(move |request, response| {
            if is_download(request) {
                lie(&mut response.body, chunk);
            }
        });
        let fetched = bob.fetch(file).await;
        assert!(matches!(fetched, Err(FetchError::Refused(told)) if told == reason), "{fetched:?}");
    }
    bob.trust();
    assert!(bob.fetch(file).await.is_ok());
}

#[tokio::test]
async fn somebody_else_gets_nothing_even_with_the_reference() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let mut carol = world.login("carol").await;
    let message = sent(&mut alice, &mut bob, 1000).await;
    let fetched = carol.fetch(&message.attachments[0]).await;
    let Err(FetchError::NotGiven(failure)) = fetched else { panic!("{fetched:?}") };
    assert_eq!(failure.code, FailureCode::NotFound);
}

#[tokio::test]
async fn a_file_that_the_relay_does_not_take_ends_as_failed_and_the_next_message_goes() {
    let world = World::start_with(|config| config.max_blob = 1000).await;
    let (mut alice, mut bob) = world.acquainted().await;
    let file = alice.seal("too long", &bytes(5000));
    alice.send_files(&bob.handle(), "look", vec![file]).await;
    assert_eq!(failure(&alice), Some(FailureCode::TooLong));
    let history = alice.history(&bob.handle()).await;
    let object = history.last().unwrap().id.clone();
    assert!(!alice.spool.is_empty(), "it may be sent again, to a relay that takes more by then");
    alice.wish(Wish::Discard { object }).await.unwrap();
    assert!(alice.spool.is_empty());
    alice.send(&bob.handle(), "then not").await;
    bob.sync().await;
    assert_eq!(bob.history(&alice.handle()).await.len(), 2);
}

#[tokio::test]
async fn a_spool_that_has_lost_a_file_ends_its_message_as_failed() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    alice.online = false;
    let file = alice.seal("lost", &bytes(5000));
    alice.send_files(&bob.handle(), "look", vec![file]).await;
    alice.spool.clear();
    alice.online = true;
    alice.advance(120_000).await;
    assert_eq!(failure(&alice), Some(FailureCode::NotFound));
    alice.send(&bob.handle(), "it is gone").await;
    bob.sync().await;
    assert_eq!(bob.history(&alice.handle()).await.len(), 2);
}

#[tokio::test]
async fn what_was_not_sealed_or_is_too_much_is_refused_at_once() {
    let world = World::start().await;
    let (mut alice, bob) = world.acquainted().await;
    let mut refused = async |files: Vec<Attachment>| {
        let (to, text) = (bob.handle(), String::new());
        let wish = Wish::Send { to, text, in_reply_to: None, attachments: files };
        alice.wish(wish).await.unwrap_err().code
    };
    let mut other = World::start().await.login("dave").await;
    let file = other.seal("x", b"x");
    let bare = Attachment { blob: None, ..file.clone() };
    assert_eq!(refused(vec![bare]).await, FailureCode::Refused);
    assert_eq!(refused(vec![file; 17]).await, FailureCode::TooLong);
}

#[tokio::test]
async fn a_relay_that_takes_nothing_is_not_asked_again_at_once() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    alice.tamper(|request, response| {
        if matches!(request.bytes, Some(BlobBytes::Send { .. })) {
            response.body = br#"{"size":5136,"received":0}"#.to_vec();
        }
    });
    let before = alice.requests();
    let file = alice.seal("x", &bytes(5000));
    alice.send_files(&bob.handle(), "look", vec![file]).await;
    assert!(alice.requests() - before < 10, "{}", alice.requests() - before);
    alice.trust();
    alice.advance(3_600_000).await;
    bob.sync().await;
    assert_eq!(last(&mut bob, &alice).await.attachments.len(), 1);
}

#[tokio::test]
async fn a_deleted_message_shows_no_files() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let message = sent(&mut alice, &mut bob, 1000).await;
    let conversation = alice.with(&bob.handle());
    let wish = Wish::Delete { conversation, object: message.id, blobs: vec![] };
    alice.wish(wish).await.unwrap();
    bob.sync().await;
    let shown = last(&mut bob, &alice).await;
    assert_eq!((shown.body, shown.attachments), (Body::Deleted, vec![]));
}

/// Spec: `blobs.md` 4.5.
#[tokio::test]
async fn the_files_of_a_deleted_message_are_given_to_nobody_any_more_wherever_it_was_interrupted() {
    for crash in 1..40 {
        let world = World::start().await;
        let (mut alice, mut bob) = world.acquainted().await;
        let message = sent(&mut alice, &mut bob, 1000).await;
        let (conversation, file) = (alice.with(&bob.handle()), message.attachments[0].clone());
        bob.fetch(&file).await.unwrap();
        let blobs = message.blobs();
        alice.crash_before(crash);
        alice.try_wish(Wish::Delete { conversation, object: message.id, blobs }).await;
        let has_crashed = alice.has_crashed();
        if has_crashed {
            alice.crash().await;
        }
        alice.never_crash();
        alice.sync().await;
        bob.sync().await;
        if last(&mut bob, &alice).await.body == Body::Deleted {
            assert!(bob.fetch(&file).await.is_err(), "crashed before step {crash}");
        } else {
            assert!(has_crashed, "the wish was lost before it was answered");
            bob.fetch(&file).await.unwrap();
        }
        if !has_crashed {
            return assert!(crash > 5, "there are steps between the wish and its end");
        }
    }
    panic!("it does not end");
}
