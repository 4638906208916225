//! A relay with its demo instance, and people with homes, who type lines of README.md into a shell.

use std::{
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use infrasound_tests::{
    programs::{programs, workspace},
    relay_process::RelayProcess,
    sign_in::demo_token,
};
use serde_json::Value;
use tempfile::TempDir;

use super::browser;

const PATIENCE: Duration = Duration::from_mins(1);

/// Where the commands run.
pub(super) struct Stage {
    pub(super) relay: RelayProcess,
    folder: TempDir,
}

impl Stage {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let relay = RelayProcess::demo(folder.path().join("relay").as_os_str());
        fs::write(folder.path().join("elephant.png"), [7; 3000]).unwrap();
        Self { relay, folder }
    }

    /// A line with the addresses of this stage in place of the page's.
    ///
    /// The page names messages by the numbers that they would most likely have: 2 is the reader's, 6 is Bob's.
    pub(super) fn placed(&self, line: &str) -> String {
        let line = line.replace("https://relay.example", self.relay.base());
        let file = self.folder.path().join("elephant.png");
        let line = line.replace("elephant.png", &file.display().to_string());
        let line = line.replace("~/Pictures", &self.folder.path().join("saved.png").display().to_string());
        let line = line.replace("@social.example", &format!("@{}", self.relay.host()));
        if line.contains(" group join ") {
            return format!("infrasound group join '{}'", self.link_of_bob());
        }
        if !line.contains("/2 ") && !line.contains("/6 ") && !line.ends_with("/2") {
            return line;
        }
        let bob = format!("@bob@{}", self.relay.host());
        let messages = self.read("alice", &bob);
        let reference = |own: bool| {
            let message = messages.iter().find(|message| message["own"] == own).unwrap();
            message["ref"].as_str().unwrap().to_owned()
        };
        line.replace(&format!("{bob}/2"), &reference(true)).replace(&format!("{bob}/6"), &reference(false))
    }

    pub(super) async fn token(&self, name: &str) -> String {
        demo_token(self.relay.base(), name).await
    }

    pub(super) async fn sign_in(&self, name: &str) {
        let token = self.token(name).await;
        self.types(name, &format!("infrasound login --relay {}", self.relay.base()), &token);
    }

    /// Types a line that asks for the code of a sign-in page, signs in on that page, and types the code.
    pub(super) async fn signs_in_with_a_browser(&self, name: &str, line: &str) {
        let output = File::create(self.output(name)).unwrap();
        let mut command = shell(&format!("exec {line}"));
        command.env("INFRASOUND_HOME", self.folder.path().join(name)).env_remove("INFRASOUND_TOKEN");
        command.stdin(Stdio::piped()).stdout(output.try_clone().unwrap()).stderr(output);
        let mut running = command.spawn().unwrap();
        let address = self.printed_address(name);
        let code = browser::sign_in(&address, name).await;
        writeln!(running.stdin.take().unwrap(), "{code}").unwrap();
        self.end(name, line, running);
    }

    /// The address that a line prints while it runs.
    fn printed_address(&self, name: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let printed = self.printed(name);
            // A whole line: what is still being written may be half an address.
            let mut lines = printed.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            if let Some(address) = lines.find_map(|line| line.trim().strip_prefix("http")) {
                return format!("http{address}");
            }
            assert!(Instant::now() < deadline, "no address was printed: {printed}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Types a line of the relay's admin, on its host.
    #[track_caller]
    pub(super) fn orders(&self, line: &str) {
        let data = self.folder.path().join("relay").display().to_string();
        let line = line.replace("/var/lib/infrasound", &data);
        let line = line.replace("@social.example", &format!("@{}", self.relay.host()));
        let output = shell(&line).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Types a line, which must end well, and returns what it printed.
    #[track_caller]
    pub(super) fn types(&self, name: &str, line: &str, token: &str) -> String {
        let running = self.spawn(name, line, token);
        self.end(name, line, running)
    }

    #[track_caller]
    fn end(&self, name: &str, line: &str, mut running: Child) -> String {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = running.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > deadline {
                running.kill().unwrap();
                running.wait().unwrap();
                panic!("{name}'s `{line}` did not end; it printed: {}", self.printed(name));
            }
            thread::sleep(Duration::from_millis(10));
        };
        let printed = self.printed(name);
        assert!(status.success(), "{name}'s `{line}` ended with {status}: {printed}");
        assert!(!printed.contains("WARNING:"), "{name}'s `{line}` warned: {printed}");
        printed
    }

    /// Types a line that stays, lets somebody else write, and ends it when that has arrived.
    #[track_caller]
    pub(super) fn follow(&self, line: &str, name: &str, writer: &str) {
        let mut running = self.spawn(name, line, "");
        let text = "Can you hear me?";
        self.types(writer, &format!("infrasound send @{name}@{} '{text}'", self.relay.host()), "");
        let deadline = Instant::now() + PATIENCE;
        while !self.printed(name).contains(text) && Instant::now() < deadline {
            assert!(running.try_wait().unwrap().is_none(), "`{line}` ended: {}", self.printed(name));
            thread::sleep(Duration::from_millis(10));
        }
        running.kill().unwrap();
        running.wait().unwrap();
        assert!(self.printed(name).contains(text), "`{line}` printed: {}", self.printed(name));
    }

    /// Bob accepts Alice's request and writes back; his message arrives.
    pub(super) fn bob_answers(&self) {
        let host = self.relay.host();
        self.types("bob", &format!("infrasound accept @alice@{host}"), "");
        let file = self.folder.path().join("elephant.png").display().to_string();
        self.types("bob", &format!("infrasound send @alice@{host} 'I am here' --file {file}"), "");
        self.types("alice", "infrasound inbox", "");
        assert_eq!(self.read("alice", &format!("@bob@{host}")).len(), 2);
    }

    /// Bob makes a group with Alice in it, which she can accept or leave.
    pub(super) fn bob_invites_alice(&self) {
        let alice = format!("@alice@{}", self.relay.host());
        self.types("bob", &format!("infrasound group create Migration {alice}"), "");
    }

    /// The link into a group of Bob's that everybody may come into.
    fn link_of_bob(&self) -> String {
        self.types("bob", "infrasound group create Savanna", "");
        self.types("bob", "infrasound group set '#Savanna' --join open", "");
        let printed = self.types("bob", "infrasound --json group link '#Savanna'", "");
        let links = objects(&printed, "join_link");
        links[0]["link"].as_str().unwrap().to_owned()
    }

    fn read(&self, name: &str, other: &str) -> Vec<Value> {
        objects(&self.types(name, &format!("infrasound --json read {other}"), ""), "message")
    }

    fn spawn(&self, name: &str, line: &str, token: &str) -> Child {
        let output = File::create(self.output(name)).unwrap();
        // A shell runs its last command in its own place, so that ending the one ends the other.
        let line = if line.contains('|') { line.to_owned() } else { format!("exec {line}") };
        shell(&line)
            .env("INFRASOUND_HOME", self.folder.path().join(name))
            .env("INFRASOUND_TOKEN", token)
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap()
    }

    fn printed(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.output(name)).unwrap()).into_owned()
    }

    fn output(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.output"))
    }
}

/// What was printed of one type.
fn objects(printed: &str, of_type: &str) -> Vec<Value> {
    let objects = printed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    objects.filter(|object| object["type"] == of_type).collect()
}

/// A shell that finds our programs, with nobody at its keyboard.
pub(super) fn shell(line: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).env("PATH", format!("{}:{path}", programs().display()));
    shell.current_dir(workspace()).stdin(Stdio::null());
    shell
}
