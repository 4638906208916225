//! A relay, and two people who have written to each other.

use std::path::PathBuf;

use infrasound_tests::{cli::Cli, kill::MortalRelay, sign_in::new_demo_account};
use tempfile::TempDir;

pub(super) const FIRST: &str = "This is here from the beginning";

pub(super) struct Stage {
    pub(super) relay: MortalRelay,
    folder: TempDir,
}

impl Stage {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let relay = MortalRelay::start(&folder.path().join("relay"), "info");
        Self { relay, folder }
    }

    pub(super) fn home(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Anna has written to Ben, and he has accepted her.
    pub(super) fn pair(&self) -> [Cli; 2] {
        let people = ["anna", "ben"].map(|name| {
            let cli = Cli::at(&self.home(name));
            let said = cli.login(&self.relay.base(), &new_demo_account(&self.relay.base(), name), &[]);
            assert_eq!(said.code, Some(0), "{said:?}");
            cli
        });
        people[0].succeed(&["send", &self.relay.handle("ben"), FIRST]);
        people[1].succeed(&["accept", &self.relay.handle("anna")]);
        people[0].succeed(&["inbox"]);
        people
    }

    /// What was there is there still, on both sides, and new messages go both ways.
    #[track_caller]
    pub(super) fn goes_on(&self, anna: &Cli, ben: &Cli) {
        let (to_anna, to_ben) = (self.relay.handle("anna"), self.relay.handle("ben"));
        for (writer, reader, to, from) in [(anna, ben, &to_ben, &to_anna), (ben, anna, &to_anna, &to_ben)] {
            let lines = writer.succeed(&["send", to, "And on it goes"]);
            assert!(
                lines.iter().any(|line| line["type"] == "send" && line["state"] != "queued"),
                "{lines:?}"
            );
            let lines = reader.succeed(&["inbox"]);
            assert!(lines.iter().all(|line| line["type"] != "warning"), "{lines:?}");
            let texts = reader.texts(from);
            assert_eq!(texts.first().map(String::as_str), Some(FIRST));
            assert_eq!(texts.last().map(String::as_str), Some("And on it goes"));
        }
        assert_eq!(anna.texts(&to_ben), ben.texts(&to_anna));
    }
}
