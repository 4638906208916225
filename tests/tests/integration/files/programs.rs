//! Files through the programs: long ones, in bounded memory, while client and relay are killed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Child,
    thread,
    time::{Duration, Instant},
};

use infrasound_tests::{
    cli::{Cli, Said},
    kill::MortalRelay,
    sign_in::new_demo_account,
};
use serde_json::Value;
use tempfile::TempDir;

use super::bytes;

const LONG: usize = 20 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_mins(1);

struct Stage {
    relay: MortalRelay,
    folder: TempDir,
    anna: Cli,
    ben: Cli,
}

impl Stage {
    /// Anna has written to Ben, and he has accepted her.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let relay = MortalRelay::start(&folder.path().join("relay"), "info");
        let [anna, ben] = ["anna", "ben"].map(|name| {
            let cli = Cli::at(&folder.path().join(name));
            let said = cli.login(&relay.base(), &new_demo_account(&relay.base(), name), &[]);
            assert_eq!(said.code, Some(0), "{said:?}");
            cli
        });
        anna.succeed(&["send", &relay.handle("ben"), "hello"]);
        ben.succeed(&["accept", &relay.handle("anna")]);
        anna.succeed(&["inbox"]);
        Self { relay, folder, anna, ben }
    }

    fn file(&self, name: &str, size: usize) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes(size)).unwrap();
        path
    }

    fn place(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn begin_send(&self, path: &Path) -> Child {
        let arguments = ["send", &self.relay.handle("ben"), "look", "--file", path.to_str().unwrap()];
        self.anna.command(&arguments).spawn().unwrap()
    }

    /// The message with files that Ben has, once it is there.
    fn received(&self) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let messages = self.ben.read(&self.relay.handle("anna"));
            if let Some(found) =
                messages.into_iter().find(|message| message["attachments"] != Value::Array(vec![]))
            {
                return found;
            }
            assert!(Instant::now() < deadline, "the file does not arrive");
            self.anna.run(&["inbox"]);
        }
    }

    fn save(&self, message: &Value, to: &Path) -> Said {
        self.ben.run(&["save", message["ref"].as_str().unwrap(), "--to", to.to_str().unwrap()])
    }

    /// How many bytes of blobs the relay has on disk.
    fn stored(&self) -> u64 {
        self.blobs().iter().map(|path| fs::metadata(path).map_or(0, |metadata| metadata.len())).sum()
    }

    fn blobs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.relay.data().join("blobs")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    fn wait_until_stored(&self, at_least: u64, running: &mut Child) {
        while self.stored() < at_least {
            assert!(running.try_wait().unwrap().is_none(), "it ended before it could be killed");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn spooled(cli: &Cli) -> usize {
    fs::read_dir(cli.home().join("blobs")).unwrap().count()
}

fn flip_first_bit(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes[0] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// The most memory that a process had, in bytes, as long as it could be asked.
fn peak(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn run_and_measure(mut running: Child) -> (Said, u64) {
    let mut most = 0;
    while running.try_wait().unwrap().is_none() {
        most = peak(running.id()).unwrap_or_default().max(most);
        thread::sleep(Duration::from_millis(2));
    }
    (Said::of(&running.wait_with_output().unwrap()), most)
}

#[test]
fn a_long_file_is_streamed_on_both_sides() {
    let stage = Stage::new();
    let (short, long) = (stage.file("short", 1), stage.file("long.bin", LONG));
    let (_, little) = run_and_measure(stage.begin_send(&short));
    let (said, most) = run_and_measure(stage.begin_send(&long));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.lines.iter().any(|line| line["type"] == "send" && line["state"] == "sent"), "{said:?}");
    assert_eq!(spooled(&stage.anna), 0);
    let messages = stage.ben.read(&stage.relay.handle("anna"));
    let place = stage.place("saved");
    let mut peaks = vec![("send", little, most)];
    for (message, name, size) in [(&messages[1], "short", 1), (&messages[2], "long.bin", LONG)] {
        assert_eq!((&message["attachments"][0]["name"], &message["text"]), (&name.into(), &"look".into()));
        let arguments = ["save", message["ref"].as_str().unwrap(), "--to", place.to_str().unwrap()];
        let (said, most) = run_and_measure(stage.ben.command(&arguments).spawn().unwrap());
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(fs::read(place.join(name)).unwrap() == bytes(size), "{name}");
        peaks.push(("save", little, most));
    }
    assert_eq!(spooled(&stage.ben), 0);
    for (what, little, most) in peaks {
        assert!(!cfg!(target_os = "linux") || most > 0);
        assert!(most < little + 12 * 1024 * 1024, "{what}: {most} bytes, {little} for a byte");
    }
}

#[test]
fn nothing_is_overwritten_and_names_are_cleaned() {
    let stage = Stage::new();
    let file = stage.file("elephant.png", 300);
    stage.anna.succeed(&["send", &stage.relay.handle("ben"), "--file", file.to_str().unwrap()]);
    let message = stage.received();
    let place = stage.place("saved");
    assert_eq!(stage.save(&message, &place).code, Some(0));
    fs::write(place.join("elephant.png"), b"mine").unwrap();
    let again = stage.save(&message, &place);
    assert_eq!((again.code, again.error().0), (Some(1), "file"), "{again:?}");
    assert_eq!(fs::read(place.join("elephant.png")).unwrap(), b"mine");
    assert_eq!(stage.save(&message, &place.join("other.png")).code, Some(0));
    assert!(fs::read(place.join("other.png")).unwrap() == bytes(300));
    assert_eq!(fs::read_dir(&place).unwrap().count(), 2, "nothing else is left");
}

#[test]
fn a_sender_that_is_killed_goes_on_though_the_file_is_gone() {
    let stage = Stage::new();
    let file = stage.file("long.bin", LONG);
    let mut sending = stage.begin_send(&file);
    stage.wait_until_stored(3 * 1024 * 1024, &mut sending);
    sending.kill().unwrap();
    sending.wait().unwrap();
    fs::remove_file(&file).unwrap();
    let message = stage.received();
    let place = stage.place("saved");
    let said = stage.save(&message, &place);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(fs::read(place.join("long.bin")).unwrap() == bytes(LONG));
    assert_eq!((stage.blobs().len(), spooled(&stage.anna)), (1, 0), "it was sealed and uploaded once");
}

#[test]
fn a_relay_that_is_killed_goes_on_where_it_was() {
    let stage = Stage::new();
    let file = stage.file("long.bin", LONG);
    let mut sending = stage.begin_send(&file);
    stage.wait_until_stored(3 * 1024 * 1024, &mut sending);
    stage.relay.kill();
    assert!(stage.stored() < LONG as u64);
    let [blob] = &stage.blobs()[..] else { panic!("one blob") };
    // If it went up from its beginning again, this would be put right.
    flip_first_bit(blob);
    stage.relay.start_again();
    sending.wait().unwrap();
    let message = stage.received();
    assert_eq!(stage.blobs(), std::slice::from_ref(blob));
    flip_first_bit(blob);
    let place = stage.place("saved");
    let said = stage.save(&message, &place);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(fs::read(place.join("long.bin")).unwrap() == bytes(LONG));
}

#[test]
fn who_saves_may_be_killed_and_goes_on_where_it_was() {
    let stage = Stage::new();
    let file = stage.file("long.bin", LONG);
    stage.anna.succeed(&["send", &stage.relay.handle("ben"), "look", "--file", file.to_str().unwrap()]);
    let message = stage.received();
    let place = stage.place("saved");
    let arguments = ["save", message["ref"].as_str().unwrap(), "--to", place.to_str().unwrap()];
    let mut saving = stage.ben.command(&arguments).spawn().unwrap();
    let spool = || fs::read_dir(stage.ben.home().join("blobs")).unwrap().map(Result::unwrap);
    let fetched = || spool().map(|entry| entry.metadata().map_or(0, |metadata| metadata.len())).sum::<u64>();
    while fetched() < 3 * 1024 * 1024 {
        assert!(saving.try_wait().unwrap().is_none(), "it ended before it could be killed");
        thread::sleep(Duration::from_millis(1));
    }
    saving.kill().unwrap();
    saving.wait().unwrap();
    assert_eq!(fs::read_dir(&place).unwrap().count(), 0, "nothing is stored before all of it was checked");
    let parts: Vec<PathBuf> = spool().map(|entry| entry.path()).collect();
    let [part] = &parts[..] else { panic!("one file is fetched, not {parts:?}") };
    // If it came from its beginning again, this would be put right.
    flip_first_bit(part);
    let said = stage.save(&message, &place);
    assert_eq!(said.error().0, "untrusted", "{said:?}");
    let said = stage.save(&message, &place);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(fs::read(place.join("long.bin")).unwrap() == bytes(LONG));
}

#[test]
fn a_file_that_the_relay_has_altered_is_refused_with_a_warning() {
    let stage = Stage::new();
    let file = stage.file("elephant.png", 200_000);
    stage.anna.succeed(&["send", &stage.relay.handle("ben"), "look", "--file", file.to_str().unwrap()]);
    let message = stage.received();
    let [blob] = &stage.blobs()[..] else { panic!("one blob") };
    let mut sealed = fs::read(blob).unwrap();
    assert!(!sealed.windows(64).any(|window| window == &bytes(64)[..]), "the relay has no clear text");
    sealed[100_000] ^= 1;
    fs::write(blob, &sealed).unwrap();
    let place = stage.place("saved");
    let said = stage.save(&message, &place);
    assert_eq!((said.code, said.error().0), (Some(1), "untrusted"), "{said:?}");
    let warning = said.lines.iter().find(|line| line["type"] == "warning").unwrap();
    assert_eq!(
        (&warning["kind"], &warning["detail"]["name"]),
        (&"blob_refused".into(), &"elephant.png".into())
    );
    assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
    sealed[100_000] ^= 1;
    fs::write(blob, &sealed).unwrap();
    assert_eq!(stage.save(&message, &place).code, Some(0), "the next try begins anew");
}
