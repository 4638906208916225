//! Devices that are not connected are woken, for what is new, and for nothing else.

use std::time::Duration;

use infrasound_spec::{
    api::{
        paths,
        problem::ProblemType,
        push::{PushKey, PushSubscription, QuietHours},
        relay::RelayInfo,
    },
    consent::ContactState,
    time::{DAY, HOUR, MINUTE, SECOND},
};
use serde_json::{Value, json};

use crate::support::{Device, Group, PushService, Reader, Subscriber, TestRelay};

/// Alice, who writes, and Bob, who is woken.
struct Scene {
    relay: TestRelay,
    service: PushService,
    subscriber: Subscriber,
    alice: Device,
    bob: Device,
    group: Group,
    /// Whom nobody has written to yet.
    witnesses: Vec<&'static str>,
}

impl Scene {
    /// Bob has fetched everything, and is not connected.
    async fn new() -> Self {
        let (relay, service) = (TestRelay::start().await, PushService::start().await);
        let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
        let (group, _) = Group::between(&alice, &bob).await;
        bob.say(&alice, ContactState::Accepted).await;
        for welcome in bob.welcomes().await.welcomes {
            bob.delete(&format!("/v1/welcomes/{}", welcome.welcome)).await.done();
        }
        let scene = Self {
            relay,
            service,
            subscriber: Subscriber::new(),
            alice,
            bob,
            group,
            witnesses: vec!["dave", "carol"],
        };
        scene.subscribe(|_| ()).await;
        scene
    }

    async fn subscribe(&self, change: impl FnOnce(&mut PushSubscription)) {
        let mut subscription = self.subscriber.subscription(&self.service, "bob");
        change(&mut subscription);
        self.bob.put(paths::PUSH, &subscription).await.done();
    }

    async fn write(&mut self, text: &str) {
        self.group.send(&self.alice, text).await;
    }

    async fn write_silently(&mut self, text: &str) {
        let mut message = self.group.message(&self.alice, text);
        message.silent = true;
        self.group.submit(&self.alice, &message).await.ok::<Value>();
    }

    async fn fetch(&self) {
        let last = self.bob.head(&self.group.id).await.last;
        // What was not stored yet is asked for, and nothing confirms that it was: as clients do.
        self.bob.log(&self.group.id, last - 1).await;
    }

    /// Lets the time pass in which a device is left to fetch by itself, and whatever follows from that happen.
    async fn settle(&self) {
        self.pass(3 * SECOND).await;
    }

    async fn pass(&self, millis: u64) {
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.relay.clock.advance(millis);
        tokio::time::sleep(Duration::from_millis(700)).await;
    }

    async fn is_woken(&mut self) {
        self.settle().await;
        assert_eq!(self.service.next().await.path, "/bob");
    }

    /// Nobody is woken but somebody else, for what happens after all that happened so far.
    async fn is_calm(&mut self) {
        let name = self.witnesses.pop().unwrap();
        let witness = self.relay.device(name).await;
        witness.put(paths::PUSH, &Subscriber::new().subscription(&self.service, name)).await.done();
        Group::found(&self.alice, &witness).await;
        self.settle().await;
        assert_eq!(self.service.next().await.path, format!("/{name}"));
        assert!(!self.service.has_more(), "nobody is woken");
    }
}

#[tokio::test]
async fn a_message_wakes_who_is_not_connected_with_nothing_in_it() {
    let mut scene = Scene::new().await;
    let info: RelayInfo = scene.relay.get(paths::RELAY).await.ok();
    scene.write("wake up").await;
    scene.write("it is late").await;
    scene.settle().await;
    let pushed = scene.service.next().await;
    assert_eq!(pushed.path, "/bob");
    assert_eq!(scene.subscriber.open(&pushed.body), br#"{"type":"wake"}"#);
    for (name, value) in [
        ("ttl", "86400"),
        ("urgency", "high"),
        ("topic", "infrasound"),
        ("content-encoding", "aes128gcm"),
        ("content-type", "application/octet-stream"),
    ] {
        assert_eq!(pushed.header(name), value);
    }
    let claims = pushed.claims(&info.push.unwrap());
    assert_eq!(claims["aud"], json!(scene.service.base()));
    let now = scene.relay.clock.now().as_secs();
    assert!((now + 11 * 3600..now + 13 * 3600).contains(&claims["exp"].as_u64().unwrap()));
    scene.is_calm().await;
}

#[tokio::test]
async fn a_first_contact_wakes_once_until_it_is_accepted() {
    let (relay, mut service) = (TestRelay::start().await, PushService::start().await);
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    bob.put(paths::PUSH, &Subscriber::new().subscription(&service, "bob")).await.done();
    let group = Group::found(&alice, &bob).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    relay.clock.advance(3 * SECOND);
    service.next().await;
    let mut scene = Scene {
        relay,
        service,
        subscriber: Subscriber::new(),
        alice,
        bob,
        group,
        witnesses: vec!["dave", "carol"],
    };
    scene.pass(MINUTE).await;
    scene.write("let me in").await;
    scene.settle().await;
    scene.is_calm().await;
    scene.bob.say(&scene.alice, ContactState::Accepted).await;
    scene.write("thank you").await;
    scene.is_woken().await;
}

#[tokio::test]
async fn what_is_silent_or_ones_own_wakes_nobody() {
    let mut scene = Scene::new().await;
    scene.write_silently("read").await;
    scene.settle().await;
    let subscription = Subscriber::new().subscription(&scene.service, "alice");
    scene.alice.put(paths::PUSH, &subscription).await.done();
    scene.fetch().await;
    scene.write("to Bob").await;
    scene.settle().await;
    assert_eq!(scene.service.next().await.path, "/bob");
    scene.is_calm().await;
}

#[tokio::test]
async fn what_was_fetched_in_time_wakes_nobody() {
    let mut scene = Scene::new().await;
    scene.write("hello").await;
    scene.fetch().await;
    scene.settle().await;
    scene.is_calm().await;
}

#[tokio::test]
async fn a_device_that_listens_is_woken_only_if_its_stream_ends_before_it_has_fetched() {
    let mut scene = Scene::new().await;
    let mut stream = Reader::open(&scene.bob, None).await;
    stream.until_ready().await;
    scene.write("are you there?").await;
    scene.settle().await;
    scene.is_calm().await;
    drop(stream);
    scene.is_woken().await;
}

#[tokio::test]
async fn a_stream_that_may_be_dead_is_not_believed_for_ever() {
    let mut scene = Scene::new().await;
    let mut stream = Reader::open(&scene.bob, None).await;
    stream.until_ready().await;
    scene.write("are you there?").await;
    scene.settle().await;
    scene.is_calm().await;
    scene.pass(30 * SECOND).await;
    scene.service.next().await;
}

#[tokio::test]
async fn nobody_is_woken_again_for_what_is_old_whatever_else_happens() {
    let mut scene = Scene::new().await;
    scene.write("one").await;
    scene.is_woken().await;
    scene.pass(2 * MINUTE).await;
    // The log grows by what wakes nobody, and something stirs.
    scene.write_silently("read").await;
    scene.subscribe(|_| ()).await;
    scene.settle().await;
    scene.is_calm().await;
    scene.write("two").await;
    scene.is_woken().await;
}

#[tokio::test]
async fn a_suspended_account_is_not_woken() {
    let mut scene = Scene::new().await;
    scene
        .relay
        .admin(&["accounts", "suspend", &scene.bob.handle().to_string(), "--reason", "Spam"])
        .await
        .unwrap();
    scene.write("one").await;
    scene.settle().await;
    scene.is_calm().await;
}

#[tokio::test]
async fn a_device_that_was_woken_is_left_alone_for_a_minute_and_not_woken_twice_for_one_thing() {
    let mut scene = Scene::new().await;
    scene.write("one").await;
    scene.is_woken().await;
    scene.settle().await;
    scene.write("two").await;
    scene.settle().await;
    scene.is_calm().await;
    scene.pass(MINUTE).await;
    scene.service.next().await;
    scene.pass(2 * MINUTE).await;
    scene.relay.restart(|_| ()).await;
    scene.settle().await;
    scene.is_calm().await;
}

#[tokio::test]
async fn a_relay_that_was_killed_before_it_woke_somebody_does_so_when_it_is_back() {
    let mut scene = Scene::new().await;
    let key = scene.relay.get(paths::RELAY).await.ok::<RelayInfo>().push;
    scene.write("wake up").await;
    scene.relay.restart(|_| ()).await;
    scene.settle().await;
    let pushed = scene.service.next().await;
    pushed.claims(&key.unwrap());
}

#[tokio::test]
async fn muted_and_put_away_conversations_wake_nobody() {
    let mut scene = Scene::new().await;
    let id = scene.group.id;
    scene.subscribe(|subscription| subscription.except.push(id)).await;
    scene.write("muted").await;
    scene.settle().await;
    scene.is_calm().await;
    scene.subscribe(|_| ()).await;
    scene.bob.say(&scene.alice, ContactState::Ignored).await;
    scene.write("ignored").await;
    scene.settle().await;
    scene.is_calm().await;
}

#[tokio::test]
async fn hours_of_rest_are_kept_and_what_came_in_them_wakes_at_their_end() {
    let mut scene = Scene::new().await;
    let minute = |later: u64| {
        let now = scene.relay.clock.now().plus_millis(later);
        u16::try_from(now.as_millis() % DAY / MINUTE).unwrap()
    };
    let quiet = Some(QuietHours { from: minute(0), until: minute(2 * HOUR) });
    scene.subscribe(|subscription| subscription.quiet = quiet).await;
    scene.write("good night").await;
    scene.settle().await;
    scene.pass(HOUR).await;
    scene.is_calm().await;
    scene.pass(HOUR).await;
    scene.service.next().await;
}

#[tokio::test]
async fn a_subscription_that_is_gone_ends_and_one_that_fails_is_tried_again() {
    let mut scene = Scene::new().await;
    scene.service.answer(503);
    scene.write("one").await;
    scene.is_woken().await;
    // A redirect could lead anywhere: it is not followed.
    scene.service.answer(307);
    scene.pass(MINUTE).await;
    assert_eq!(scene.service.next().await.path, "/bob");
    scene.service.answer(410);
    scene.pass(2 * MINUTE).await;
    assert_eq!(scene.service.next().await.path, "/bob");
    scene.service.answer(201);
    scene.pass(10 * MINUTE).await;
    scene.write("two").await;
    scene.settle().await;
    scene.is_calm().await;
    scene.subscribe(|_| ()).await;
    scene.write("three").await;
    scene.is_woken().await;
}

#[tokio::test]
async fn who_ends_it_or_is_revoked_is_not_woken() {
    let mut scene = Scene::new().await;
    scene.bob.delete(paths::PUSH).await.done();
    scene.bob.delete(paths::PUSH).await.done();
    scene.write("one").await;
    scene.settle().await;
    scene.is_calm().await;
    scene.subscribe(|_| ()).await;
    let second = scene.relay.start_over("bob").await;
    drop(second);
    let message = scene.group.message(&scene.alice, "two");
    scene.group.submit(&scene.alice, &message).await;
    scene.settle().await;
    scene.is_calm().await;
}

#[tokio::test]
async fn where_the_relay_would_not_call_there_is_no_subscription() {
    let relay = TestRelay::start().await;
    let (alice, service) = (relay.device("alice").await, PushService::start().await);
    let good = json!(Subscriber::new().subscription(&service, "alice"));
    for endpoint in [
        "http://push.example/1",
        "https://10.0.0.1/1",
        "https://169.254.169.254/latest",
        "https://[::ffff:10.0.0.1]/1",
        "https://0x0a000001/1",
        "https://192.0.2.7/1",
    ] {
        let mut bad = good.clone();
        bad["endpoint"] = json!(endpoint);
        alice.put(paths::PUSH, &bad).await.problem(ProblemType::Invalid);
    }
    let id = infrasound_spec::bytes::encode(&[1; 32]);
    for (name, value, expected) in [
        ("endpoint", json!("ftp://push.example"), ProblemType::BadRequest),
        ("endpoint", json!(format!("https://push.example/{}", "a".repeat(2000))), ProblemType::BadRequest),
        ("auth", json!("AAAA"), ProblemType::BadRequest),
        ("key", json!(PushKey::from_bytes([4; 65])), ProblemType::Invalid),
        ("quiet", json!({ "from": 0, "until": 1440 }), ProblemType::Invalid),
        ("except", json!(vec![id; 1001]), ProblemType::TooLarge),
    ] {
        let mut bad = good.clone();
        bad[name] = value;
        alice.put(paths::PUSH, &bad).await.problem(expected);
    }
    alice.put(paths::PUSH, &good).await.done();
}

#[tokio::test]
async fn a_relay_can_be_told_to_wake_nobody() {
    let relay = TestRelay::configured(|config| config.push.enabled = false).await;
    assert_eq!(relay.get(paths::RELAY).await.ok::<RelayInfo>().push, None);
    let (alice, service) = (relay.device("alice").await, PushService::start().await);
    let subscription = Subscriber::new().subscription(&service, "alice");
    alice.put(paths::PUSH, &subscription).await.problem(ProblemType::Forbidden);
    alice.delete(paths::PUSH).await.done();
}
