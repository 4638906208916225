//! A second device of an account: linked from the first, with all of its history, past a relay that lies.
//!
//! Spec: `devices.md`.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdout, Stdio},
    sync::{Arc, Mutex},
};

use infrasound_core::{
    event::{Event, FailureCode},
    input::{HttpResponse, Wish},
    message::{Body, Message},
    output::HttpRequest,
};
use infrasound_spec::{
    api::{devices::DeviceList, links::LinkFrames, paths},
    consent::ContactState,
    content::ObjectId,
    link::{LinkFrame, LinkKey},
};
use infrasound_tests::{
    cli::Cli,
    device::Device,
    linking::{self, How, New, bring_together, link},
    sign_in::demo_token,
    world::World,
};
use serde_json::Value;

/// Alice and Bob, who have talked.
async fn acquainted(world: &World, messages: usize) -> (Device, Device) {
    let mut alice = world.login("alice").await;
    let mut bob = world.login("bob").await;
    alice.send(&bob.handle(), "0").await;
    bob.sync().await;
    bob.say(&alice.handle(), ContactState::Accepted).await;
    for n in 1..messages {
        let (one, other) = if n % 3 == 0 { (&mut bob, &alice) } else { (&mut alice, &bob) };
        one.send(&other.handle(), &format!("message {n}")).await;
    }
    alice.sync().await;
    bob.sync().await;
    alice.sync().await;
    (alice, bob)
}

async fn last_of_other(device: &mut Device, other: &Device) -> ObjectId {
    let history = device.history(&other.handle()).await;
    history.iter().rfind(|message| !message.own).unwrap().id.clone()
}

/// What both show of a conversation, but for whose device it is.
async fn assert_same_history(old: &mut Device, new: &mut Device, other: &Device) -> Vec<Message> {
    let (at_old, at_new) = (old.history(&other.handle()).await, new.history(&other.handle()).await);
    assert_eq!(at_old, at_new);
    at_old
}

#[tokio::test]
async fn a_linked_device_has_the_account_key_and_the_whole_history() {
    let world = World::start().await;
    let (mut alice, bob) = acquainted(&world, 20).await;
    let object = last_of_other(&mut alice, &bob).await;
    let conversation = alice.with(&bob.handle());
    alice.wish(Wish::React { conversation, object, emoji: Some("🐘".to_owned()) }).await.unwrap();
    let own = alice.history(&bob.handle()).await.into_iter().rfind(|message| message.own).unwrap().id;
    let edit = Wish::Edit { conversation, object: own, text: "better".to_owned() };
    alice.wish(edit).await.unwrap();
    for how in [How::Code, How::Screen] {
        let signed_in = world.sign_in("alice").await;
        let mut second = link(&world.base, signed_in.clone(), &mut alice, how, 60).await;
        assert!(second.events.iter().any(|event| matches!(event, Event::Registered)));
        let same = assert_same_history(&mut alice, &mut second, &bob).await;
        assert_eq!(same.len(), 20);
        assert!(same.iter().any(|message| message.edited) && same.iter().any(|m| !m.reactions.is_empty()));
        assert_eq!(second.core().contacts(), alice.core().contacts());
        assert_eq!(second.core().conversations().len(), 1);
        let list: DeviceList = world.get(&second, paths::DEVICES).await;
        assert_eq!(list.devices.len(), 2, "the first device stays");
        let key = world.sign_in("alice").await.account_key;
        assert_eq!(key, signed_in.account_key, "the account key stays");
        alice.wish(Wish::RevokeDevice { device: second.core().device() }).await.unwrap();
        second.sync().await;
        second.advance(1).await;
        second.wish(Wish::Devices).await.unwrap_err();
        assert!(second.events.iter().any(|event| matches!(event, Event::SignedOut(_))));
    }
    alice.send(&bob.handle(), "still here").await;
}

#[tokio::test]
async fn a_thousand_messages_arrive_equal() {
    let world = World::start().await;
    let (mut alice, bob) = acquainted(&world, 1_000).await;
    let mut second = link(&world.base, world.sign_in("alice").await, &mut alice, How::Code, 61).await;
    assert_eq!(assert_same_history(&mut alice, &mut second, &bob).await.len(), 1_000);
}

#[tokio::test]
async fn what_arrives_while_the_history_is_handed_over_is_handed_over_too() {
    let world = World::start().await;
    let (mut alice, mut bob) = acquainted(&world, 100).await;
    let mut new = New::begin(&world.base, world.sign_in("alice").await, 62);
    let shown = new.shown(How::Screen).await;
    alice.begin(Wish::JoinLink(shown));
    let (mut confirmed, mut late) = (false, false);
    for _ in 0..2_000 {
        new.turn().await;
        alice.steps(5).await;
        if !confirmed && alice.events.iter().any(|event| matches!(event, Event::LinkCompare { .. })) {
            alice.begin(Wish::ConfirmLink);
            confirmed = true;
        }
        if !late && alice.events.iter().any(|event| matches!(event, Event::LinkProgress { .. })) {
            bob.send(&alice.handle(), "late").await;
            let heads: Value = world.get(&bob, paths::CONVERSATIONS).await;
            let (id, last) = (bob.with(&alice.handle()), &heads["conversations"][0]["last"]);
            alice.nudge(&format!(r#"{{"event":"log","conversation":"{id}","last":{last}}}"#));
            late = true;
            assert!(!new.is_done(), "the history is still on its way");
        }
        if new.is_done() {
            break;
        }
    }
    assert!(late);
    let mut second = new.open().await.unwrap();
    let texts = second.texts(&bob.handle()).await;
    assert!(texts.iter().any(|text| text.contains("late")), "{}", texts.len());
}

#[tokio::test]
async fn a_key_that_the_relay_put_in_place_of_the_old_devices_ends_the_link() {
    let world = World::start().await;
    let (mut alice, _) = acquainted(&world, 1).await;
    let mut new = New::begin(&world.base, world.sign_in("alice").await, 63);
    new.tamper(on_frames(|frames| {
        for frame in &mut frames.frames {
            if let Ok(LinkFrame::Answer { mode, .. }) = LinkFrame::decode(&frame.frame.0) {
                frame.frame.0 = LinkFrame::Answer { mode, key: LinkKey::from_bytes(BASE_POINT) }.encode();
            }
        }
    }));
    let numbers = bring_together(&mut new, &mut alice, How::Code).await;
    // The old device finds that what came is sealed for somebody else.
    assert!(numbers.is_empty() || numbers[0] != numbers[1]);
    assert!(!new.is_done());
    assert!(new.open().await.is_none());
    assert!(linking::failure(&alice.events).is_some_and(|failure| failure.code == FailureCode::Untrusted));
}

#[tokio::test]
async fn a_swapped_key_of_the_new_device_is_refused_by_the_old_one() {
    let world = World::start().await;
    let (mut alice, _) = acquainted(&world, 1).await;
    let mut new = New::begin(&world.base, world.sign_in("alice").await, 64);
    alice.tamper(on_frames(|frames| {
        for frame in &mut frames.frames {
            if let Ok(LinkFrame::Opening { nonce, .. }) = LinkFrame::decode(&frame.frame.0) {
                frame.frame.0 = LinkFrame::Opening { key: LinkKey::from_bytes(BASE_POINT), nonce }.encode();
            }
        }
    }));
    bring_together(&mut new, &mut alice, How::Code).await;
    let failure = linking::failure(&alice.events).unwrap();
    assert!(failure.text.contains("committed"), "{failure}");
    assert!(!new.is_done());
}

/// What a relay does to frames on their way.
type Lie = fn(&mut LinkFrames);

#[tokio::test]
async fn frames_that_are_repeated_reordered_altered_or_cut_off_end_the_link_without_a_device() {
    let world = World::start().await;
    let (mut alice, bob) = acquainted(&world, 10).await;
    let lies: [(&str, Lie); 4] = [
        ("repeated", |frames| {
            if let Some(last) = frames.frames.last().cloned().filter(|frame| frame.number >= 2) {
                frames.frames.push(last);
            }
        }),
        ("renumbered", |frames| {
            // The first sealed frame is left out, and the next takes its number.
            if frames.frames.iter().any(|frame| frame.number == 3) {
                frames.frames.retain(|frame| frame.number != 2);
                frames.frames.iter_mut().for_each(|frame| frame.number -= 1);
            }
        }),
        ("altered", |frames| {
            for frame in frames.frames.iter_mut().filter(|frame| frame.number >= 3) {
                *frame.frame.0.last_mut().unwrap() ^= 1;
            }
        }),
        ("cut off", |frames| frames.frames.retain(|frame| frame.number < 3)),
    ];
    for (seed, (name, lie)) in (70..).zip(lies) {
        let mut new = New::begin(&world.base, world.sign_in("alice").await, seed);
        let seen = alice.events.len();
        new.tamper(on_frames(lie));
        // Cutting off is silence: nobody can tell it from a slow relay, and nothing comes of it.
        if name == "cut off" {
            let shown = new.shown(How::Screen).await;
            alice.begin(Wish::JoinLink(shown));
            for _ in 0..60 {
                new.turn().await;
                alice.turn().await;
                if alice.events[seen..].iter().any(|event| matches!(event, Event::LinkCompare { .. })) {
                    alice.begin(Wish::ConfirmLink);
                }
            }
            alice.begin(Wish::CancelLink);
            alice.turn().await;
        } else {
            bring_together(&mut new, &mut alice, How::Screen).await;
            let failure = new.failure().unwrap_or_else(|| panic!("{name} was not noticed"));
            assert!(failure.text.contains("not linked"), "{failure}");
        }
        assert!(!new.is_done(), "{name}");
        assert!(new.open().await.is_none(), "{name}: there is no device");
    }
    let list: DeviceList = world.get(&alice, paths::DEVICES).await;
    assert_eq!(list.devices.len(), 1);
    alice.send(&bob.handle(), "the old device is as it was").await;
}

#[tokio::test]
async fn the_account_key_never_goes_before_the_person_has_said_yes_on_the_old_device() {
    let world = World::start().await;
    let (mut alice, _) = acquainted(&world, 3).await;
    let mut new = New::begin(&world.base, world.sign_in("alice").await, 80);
    let shown = new.shown(How::Screen).await;
    alice.begin(Wish::JoinLink(shown));
    for _ in 0..20 {
        new.turn().await;
        alice.turn().await;
    }
    assert!(alice.events.iter().any(|event| matches!(event, Event::LinkCompare { .. })));
    assert!(!new.events.iter().any(|event| matches!(event, Event::LinkProgress { .. })));
    alice.begin(Wish::CancelLink);
    alice.turn().await;
    for _ in 0..5 {
        new.turn().await;
    }
    let failure = new.failure().unwrap();
    assert_eq!(failure.code, FailureCode::Refused);
    assert!(new.open().await.is_none());
}

#[tokio::test]
async fn a_stranger_and_a_wrong_code_join_nothing() {
    let world = World::start().await;
    let (mut alice, mut bob) = acquainted(&world, 1).await;
    let mut new = New::begin(&world.base, world.sign_in("alice").await, 81);
    let by_code = new.shown(How::Code).await;
    let by_screen = new.shown(How::Screen).await;
    for shown in [by_code, by_screen] {
        let failure = bob.wish(Wish::JoinLink(shown)).await.unwrap_err();
        assert_eq!(failure.code, FailureCode::NotFound);
    }
    let wrong = infrasound_core::input::LinkBy::Code("AAAA-AAAA".to_owned());
    assert_eq!(alice.wish(Wish::JoinLink(wrong)).await.unwrap_err().code, FailureCode::NotFound);
}

#[tokio::test]
async fn a_crash_of_the_new_device_at_any_output_leaves_all_of_the_history_or_no_device() {
    let world = World::start().await;
    let (mut alice, bob) = acquainted(&world, 6).await;
    let expected = alice.history(&bob.handle()).await;
    let (mut nothing, mut all) = (0, 0);
    for (n, seed) in (1..).zip(200..) {
        let mut new = New::begin(&world.base, world.sign_in("alice").await, seed);
        new.crash_before(n);
        new.turn().await;
        if new.is_opened() {
            bring_together(&mut new, &mut alice, How::Screen).await;
        }
        let crashed = !new.is_alive();
        match new.open().await {
            None => nothing += 1,
            Some(mut second) => {
                all += 1;
                let mut history = second.history(&bob.handle()).await;
                // Where others came in and went meanwhile, it can't tell whether something was said (groups.md 5.8).
                history.retain(|message| !matches!(&message.body, Body::Changes(_)));
                assert_eq!(history, expected, "crash before output {n}");
                let list: DeviceList = world.get(&second, paths::DEVICES).await;
                assert_eq!(list.devices.len(), 2);
                alice.wish(Wish::RevokeDevice { device: second.core().device() }).await.unwrap();
            }
        }
        if !crashed {
            break;
        }
    }
    assert!(nothing > 10 && all > 1, "{nothing} times nothing, {all} times all");
}

#[tokio::test]
async fn a_crash_of_the_old_device_at_any_output_harms_neither() {
    let world = World::start().await;
    let (mut alice, bob) = acquainted(&world, 6).await;
    for (n, seed) in (1..400).zip(1_000..) {
        let mut new = New::begin(&world.base, world.sign_in("alice").await, seed);
        let shown = new.shown(How::Screen).await;
        let seen = alice.events.len();
        alice.crash_before(n);
        alice.begin(Wish::JoinLink(shown));
        let mut confirmed = false;
        for _ in 0..60 {
            new.turn().await;
            alice.turn().await;
            let asked = alice.events[seen..].iter().any(|event| matches!(event, Event::LinkCompare { .. }));
            if asked && !confirmed {
                alice.begin(Wish::ConfirmLink);
                confirmed = true;
            }
            if alice.has_crashed() || new.is_done() {
                break;
            }
        }
        let crashed = alice.has_crashed();
        alice.never_crash();
        alice.drive().await;
        if let Some(second) = new.open().await {
            alice.wish(Wish::RevokeDevice { device: second.core().device() }).await.unwrap();
        }
        if !crashed {
            assert!(n > 20, "a link has more than {n} outputs");
            alice.send(&bob.handle(), "as before").await;
            return;
        }
    }
    panic!("a link never ends");
}

#[tokio::test]
async fn an_account_has_ten_devices_at_most() {
    let world = World::start().await;
    let (mut alice, _) = acquainted(&world, 1).await;
    for seed in 100..109 {
        link(&world.base, world.sign_in("alice").await, &mut alice, How::Screen, seed).await;
    }
    let mut new = New::begin(&world.base, world.sign_in("alice").await, 110);
    new.turn().await;
    let failure = new.failure().unwrap();
    assert!(failure.text.contains("10 devices"), "{failure}");
}

/// What lies about frames on their way to a device.
fn on_frames(
    lie: impl FnMut(&mut LinkFrames) + Send + 'static,
) -> impl FnMut(&HttpRequest, &mut HttpResponse) + Send + 'static {
    let lie = Arc::new(Mutex::new(lie));
    move |request, response| {
        if !request.path.starts_with(paths::LINKS_FRAMES) || response.status != 200 {
            return;
        }
        let mut frames: LinkFrames = serde_json::from_slice(&response.body).unwrap();
        (lie.lock().unwrap())(&mut frames);
        response.body = serde_json::to_vec(&frames).unwrap();
    }
}

/// The base point of X25519: a key that is one.
const BASE_POINT: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 9;
    point
};

/// A command that was started, whose lines are read and answered as they come.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(cli: &Cli, arguments: &[&str], token: &str) -> Self {
        let mut command = cli.command(arguments);
        let mut child = command
            .env("INFRASOUND_TOKEN", token)
            .stdin(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line of this type.
    fn line(&mut self, wanted: &str) -> Value {
        let lines = self.lines.by_ref().map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        lines.into_iter().find(|line| line["type"] == wanted).unwrap_or_else(|| panic!("no {wanted}"))
    }

    fn say(&mut self, text: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{text}").unwrap();
    }

    fn code(mut self) -> Option<i32> {
        self.lines.by_ref().for_each(drop);
        self.child.wait().unwrap().code()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_links_revokes_and_renames_devices_from_the_terminal() {
    let world = World::start().await;
    let mut bob = world.login("bob").await;
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (Cli::at(&folder.path().join("one")), Cli::at(&folder.path().join("two")));
    let (one, two) = (demo_token(&world.base, "alice").await, demo_token(&world.base, "alice").await);
    assert_eq!(first.login(&world.base, &one, &[]).code, Some(0));
    first.succeed(&["send", bob.handle().as_str(), "before"]);
    bob.sync().await;

    let refused = second.login(&world.base, &two, &[]);
    assert_eq!((refused.code, refused.error().0), (Some(7), "account_has_device"));
    assert!(refused.error().1.contains("--link"), "{refused:?}");
    let login = ["login", "--relay", &world.base, "--link", "--device-name", "laptop"];
    let mut new = Running::start(&second, &login, &two);
    let code = new.line("link")["code"].as_str().unwrap().to_owned();
    let mut old = Running::start(&first, &["link-device", &code], "");
    let (at_old, at_new) = (old.line("compare"), new.line("compare"));
    assert_eq!(at_old["number"], at_new["number"]);
    assert_eq!(at_old["device"], "laptop");
    old.say("yes");
    new.say("yes");
    assert_eq!((old.code(), new.code()), (Some(0), Some(0)));
    assert_eq!(second.texts(bob.handle().as_str()), ["before"]);

    second.succeed(&["devices", "rename", "workbench"]);
    let devices = first.succeed(&["devices"]);
    let linked = devices.iter().find(|device| device["name"] == "workbench").unwrap();
    first.succeed(&["devices", "revoke", linked["device"].as_str().unwrap()]);
    assert_eq!(second.run(&["inbox"]).code, Some(3));
}
