//! No plaintext and no key in the relay's files and logs, on the clients' disks, or on the wire.
//!
//! That the search finds each spelling and each packing when planted in clear is tested beside it, in `leak_scan`; that
//! it looks into the right files is tested here, by what may be there and is.
//!
//! Where a secret may be: the storage key in the file `key` of its home and nowhere else; tokens on the wire (TLS is
//! outside of this test) and nowhere else, but for the demo instance, which keeps its own.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails fails the test")]

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
};

use infrasound_tests::{
    cli::Cli,
    device::Device,
    kill::MortalRelay,
    leak_scan::{Scanner, Secret},
    sign_in::{demo_token, new_demo_account},
    world::World,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};

const DEVICE_NAME: &str = "Wohnzimmerrechner 77";
const TRACE: &str = "trace";

/// Two people with homes at a relay that logs all it can.
struct Conversation {
    relay: MortalRelay,
    people: [Cli; 2],
    secrets: Vec<Secret>,
    tokens: Vec<Secret>,
}

impl Conversation {
    fn begin(folder: &Path) -> Self {
        let relay = MortalRelay::start(&folder.join("relay"), TRACE);
        let mut tokens = Vec::new();
        let people = ["anna", "ben"].map(|name| {
            let cli = Cli::at(&folder.join(name));
            let token = new_demo_account(&relay.base(), name);
            let said = cli.login(&relay.base(), &token, &["--device-name", DEVICE_NAME]);
            assert_eq!(said.code, Some(0), "{said:?}");
            tokens.push(Secret::new("token of the instance", token));
            cli
        });
        Self { relay, people, secrets: Vec::new(), tokens }
    }

    /// Every kind of content, each with a text that stands nowhere else.
    fn talk(&mut self) {
        let [anna, ben] = self.people.clone();
        let (to_anna, to_ben) = (self.relay.handle("anna"), self.relay.handle("ben"));
        let message = self.secret("message", "Quittenmarmelade 5b1e7c");
        anna.succeed(&["send", &to_ben, &message]);
        ben.succeed(&["inbox"]);
        ben.succeed(&["accept", &to_anna]);
        let reference = |cli: &Cli, other: &str, text: &str| {
            let messages = cli.read(other);
            let found = messages.iter().find(|message| message["text"] == text).unwrap();
            found["ref"].as_str().unwrap().to_owned()
        };
        let reply = self.secret("reply", "Seidenraupenzucht 93aa41");
        ben.succeed(&["reply", &reference(&ben, &to_anna, &message), &reply]);
        let reaction = self.secret("reaction", ":blob_cat_4e90d2:");
        ben.succeed(&["react", &reference(&ben, &to_anna, &message), &reaction]);
        anna.succeed(&["inbox"]);
        let edited = self.secret("edit", "Zwiebelkuchenrezept c07d18");
        anna.succeed(&["edit", &reference(&anna, &to_ben, &message), &edited]);
        let deleted = self.secret("deleted message", "Wetterballonhülle 16fe02");
        anna.succeed(&["send", &to_ben, &deleted]);
        ben.succeed(&["inbox"]);
        anna.succeed(&["delete", &reference(&anna, &to_ben, &deleted)]);
        ben.succeed(&["inbox"]);
        let inside = self.secret("file", "Brunnenkressesuppe 7701ce");
        let name = self.secret("file's name", "Lindenbluetentee 3be4d9.txt");
        let path = anna.home().with_file_name(&name);
        fs::write(&path, &inside).unwrap();
        anna.succeed(&["send", &to_ben, "--file", path.to_str().unwrap()]);
        ben.succeed(&["inbox"]);
        assert_eq!(ben.read(&to_anna).last().unwrap()["attachments"][0]["name"], name);
        assert!(anna.texts(&to_ben).contains(&reply), "they read each other");
        assert!(ben.texts(&to_anna).contains(&edited), "they read each other");
    }

    fn secret(&mut self, name: &str, text: &str) -> String {
        self.secrets.push(Secret::new(name, text));
        text.to_owned()
    }

    fn storage_keys(&self) -> Vec<Secret> {
        let key = |cli: &Cli| Secret::new("storage key", fs::read(cli.home().join("key")).unwrap());
        self.people.iter().map(key).collect()
    }

    /// The tokens of sessions, as they go over the wire.
    fn session_tokens(&self) -> Vec<Secret> {
        const BEFORE: &[u8] = b"authorization: Bearer ";
        let mut tokens = BTreeSet::new();
        for stream in self.relay.tap.streams() {
            for at in 0..stream.len() {
                if let Some(rest) = stream[at..].strip_prefix(BEFORE) {
                    tokens.insert(rest.split(|byte| *byte == b'\r').next().unwrap().to_vec());
                }
            }
        }
        tokens.into_iter().map(|token| Secret::new("session token", token)).collect()
    }
}

#[test]
fn no_plaintext_and_no_key_is_where_it_may_not_be() {
    let folder = tempfile::tempdir().unwrap();
    let mut conversation = Conversation::begin(folder.path());
    conversation.talk();
    let sessions = conversation.session_tokens();
    assert!(sessions.len() >= 2, "each device has a session");
    let nowhere = [conversation.secrets.clone(), conversation.storage_keys()].concat();
    let off_the_wire = [nowhere.clone(), conversation.tokens.clone(), sessions].concat();

    // A client that is still running has a write-ahead log beside its journal; a relay that was killed, too.
    let mut following = conversation.people[1].command(&["inbox", "--follow"]).spawn().unwrap();
    let anna = conversation.people[0].clone();
    let last = "Kartoffelkäferplage 8d2f60";
    anna.succeed(&["send", &conversation.relay.handle("ben"), last]);
    let shown = BufReader::new(following.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(shown.take_while(|line| !line.contains(last)).count() < 1_000);
    following.kill().unwrap();
    following.wait().unwrap();
    conversation.relay.kill();
    let wal = conversation.people[1].home().join("journal.db-wal");
    assert!(fs::metadata(wal).unwrap().len() > 0, "the write-ahead log is searched, too");
    let last = Secret::new("last message", last);
    let off_the_wire = Scanner::new(&[off_the_wire, vec![last.clone()]].concat());

    for person in &conversation.people {
        let found = off_the_wire.scan_path(person.home(), &["key"]).unwrap();
        assert!(found.is_empty(), "on a client's disk: {found:#?}");
        let key = off_the_wire.scan_path(&person.home().join("key"), &[]).unwrap();
        assert!(key.iter().any(|(_, finding)| finding.secret == "storage key"), "and it would be found");
    }
    let found = off_the_wire.scan_path(&conversation.relay.data(), &["demo-instance.json"]).unwrap();
    assert!(found.is_empty(), "in the relay's files: {found:#?}");
    let found = off_the_wire.scan_path(&conversation.relay.log(), &[]).unwrap();
    assert!(found.is_empty(), "in the relay's log: {found:#?}");
    let on_the_wire = Scanner::new(&[nowhere, vec![last]].concat());
    for stream in conversation.relay.tap.streams() {
        let found = on_the_wire.scan(&stream);
        assert!(found.is_empty(), "on the wire: {found:#?}");
    }
    what_may_be_there_is_found(&conversation);
}

/// The relay knows how a device is called and who talks with whom: that is found where it is.
fn what_may_be_there_is_found(conversation: &Conversation) {
    let name = Scanner::new(&[Secret::new("device name", DEVICE_NAME)]);
    assert!(!name.scan_path(&conversation.relay.data(), &[]).unwrap().is_empty());
    assert!(conversation.relay.tap.streams().iter().any(|stream| !name.scan(stream).is_empty()));
    let handle = Scanner::new(&[Secret::new("account", conversation.relay.base())]);
    assert!(!handle.scan_path(&conversation.relay.log(), &[]).unwrap().is_empty(), "the log is not empty");
    assert!(!handle.scan_path(conversation.people[0].home(), &[]).unwrap().is_empty());
}

/// A device in this process draws its numbers from a generator whose seed is known, so its secret keys are known.
#[tokio::test]
async fn no_secret_key_of_account_or_device_is_where_it_may_not_be() {
    let mut world = World::start().await;
    let mut devices = Vec::new();
    for (seed, name) in [(41, "alice"), (42, "bob")] {
        let token = demo_token(&world.base, name).await;
        devices.push(Device::login(&world.base, &token, false, seed).await);
    }
    let [alice, bob] = devices.as_mut_slice() else { panic!("two devices") };
    let (to_alice, to_bob) = (alice.handle(), bob.handle());
    alice.send(&to_bob, "first").await;
    bob.sync().await;
    bob.say(&to_alice, infrasound_spec::consent::ContactState::Accepted).await;
    bob.send(&to_alice, "second").await;
    alice.sync().await;

    let mut secrets = Vec::new();
    let mut keys = Vec::new();
    for seed in [41, 42] {
        // The core takes one seed of the device's generator for each input; the registration is the first.
        let mut first = [0; 32];
        ChaCha20Rng::seed_from_u64(seed).fill_bytes(&mut first);
        secrets.push(Secret::new(&format!("seed of the registration of {seed}"), first));
        let mut rng = ChaCha20Rng::from_seed(first);
        for whose in ["account", "device"] {
            let mut secret = [0; 32];
            rng.fill_bytes(&mut secret);
            let public = ed25519_dalek::SigningKey::from_bytes(&secret).verifying_key();
            keys.push(Secret::new("public key", public.as_bytes().as_slice()));
            secrets.push(Secret::new(&format!("secret {whose} key of {seed}"), secret));
        }
    }
    world.stop().await;
    let secret = Scanner::new(&secrets);
    for key in keys {
        let found = Scanner::new(&[key]).scan_path(world.data.path(), &[]).unwrap();
        assert!(!found.is_empty(), "these are the keys: the relay has their public halves");
    }
    let found = secret.scan_path(world.data.path(), &[]).unwrap();
    assert!(found.is_empty(), "in the relay's files: {found:#?}");
    for device in devices {
        let disk: Vec<u8> = device.journal.values().flatten().copied().collect();
        assert!(secret.scan(&disk).is_empty(), "in the journal: {:#?}", secret.scan(&disk));
        for body in &device.traffic {
            assert!(secret.scan(body).is_empty(), "on the wire: {:#?}", secret.scan(body));
        }
    }
}
