//! One side of a conversation: one process after the other, each sends or receives and is killed at a random moment.

#![expect(clippy::expect_used, reason = "test support: a step that fails fails the test, and says which")]

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore as _;
use serde_json::Value;

use crate::cli::Cli;

/// Longer than anything that ends by itself takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Somebody who writes and reads.
pub(super) struct Actor {
    pub(super) cli: Cli,
    /// With whom.
    pub(super) other: String,
    /// Every text that was handed to a process, in order.
    pub(super) attempted: Vec<String>,
    /// The texts of which a process said that it has them.
    pub(super) acknowledged: BTreeSet<String>,
    /// How many processes were killed while they sent, and while they received.
    pub(super) kills: [u64; 2],
    /// Warnings, errors other than being offline, unreadable messages.
    pub(super) trouble: Vec<String>,
    name: String,
    dice: ChaCha20Rng,
}

/// What a process is asked to do.
enum Activity {
    Chat(Vec<String>),
    Follow,
    Send(String),
}

/// How a process ends.
#[derive(Clone, Copy)]
enum End {
    ByItself,
    Killed { after: Duration },
    KilledOnceItSpoke { after: Duration },
}

impl Actor {
    pub(super) fn new(name: &str, cli: Cli, other: String, dice: ChaCha20Rng) -> Self {
        Self {
            cli,
            other,
            attempted: Vec::new(),
            acknowledged: BTreeSet::new(),
            kills: [0; 2],
            trouble: Vec::new(),
            name: name.to_owned(),
            dice,
        }
    }

    /// Does something, and is probably killed over it.
    pub(super) fn act(&mut self) {
        let activity = self.choose_activity();
        let end = self.choose_end(matches!(activity, Activity::Follow));
        self.perform(&activity, end);
    }

    /// Takes in what there is, undisturbed.
    pub(super) fn catch_up(&mut self) {
        let said = self.cli.run(&["inbox"]);
        self.observe(&said.lines);
    }

    /// Writes something, undisturbed.
    pub(super) fn write(&mut self) {
        let text = self.next_text();
        self.perform(&Activity::Send(text), End::ByItself);
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.dice.next_u64() % limit
    }

    fn choose_activity(&mut self) -> Activity {
        match self.below(10) {
            0..4 => Activity::Send(self.next_text()),
            4..7 => {
                let count = 1 + self.below(5);
                Activity::Chat((0..count).map(|_| self.next_text()).collect())
            }
            _ => Activity::Follow,
        }
    }

    fn choose_end(&mut self, must_be_killed: bool) -> End {
        match self.below(10) {
            0..2 if !must_be_killed => End::ByItself,
            2..6 => End::KilledOnceItSpoke { after: Duration::from_micros(self.below(30_000)) },
            _ => End::Killed { after: Duration::from_micros(20_000 + self.below(600_000)) },
        }
    }

    fn next_text(&mut self) -> String {
        let text = format!("{} {:04}", self.name, self.attempted.len());
        self.attempted.push(text.clone());
        text
    }

    fn perform(&mut self, activity: &Activity, end: End) {
        let mut child = self.command(activity).spawn().expect("the command starts");
        let mut keyboard = child.stdin.take();
        if let (Activity::Chat(texts), Some(keyboard)) = (activity, &mut keyboard) {
            // It may be dead already: then nobody reads this, and nothing was acknowledged.
            let _ = keyboard.write_all((texts.join("\n") + "\n").as_bytes());
        }
        if matches!(end, End::ByItself) {
            keyboard = None;
        }
        let lines = listen(&mut child);
        let mut said = Vec::new();
        if wait(end, &lines, &mut said) {
            // Whether the kill came before the end, the status tells.
            let _ = child.kill();
        }
        drop(keyboard);
        said.extend(lines.iter());
        let status = child.wait().expect("the command's status");
        if status.code().is_none() {
            self.kills[usize::from(matches!(activity, Activity::Follow))] += 1;
        }
        self.observe(&said);
        if let Activity::Send(text) = activity {
            self.acknowledge_send(text, &said);
        }
    }

    fn command(&self, activity: &Activity) -> Command {
        let mut command = match activity {
            Activity::Chat(_) => self.cli.command(&["chat", &self.other]),
            Activity::Follow => self.cli.command(&["inbox", "--follow"]),
            Activity::Send(text) => self.cli.command(&["send", &self.other, text]),
        };
        command.stderr(Stdio::null());
        if matches!(activity, Activity::Chat(_)) {
            command.stdin(Stdio::piped());
        }
        command
    }

    fn acknowledge_send(&mut self, text: &str, said: &[Value]) {
        if said.iter().any(|line| line["type"] == "send" && line["state"] != "failed") {
            self.acknowledged.insert(text.to_owned());
        }
    }

    fn observe(&mut self, said: &[Value]) {
        for line in said {
            let kind = line["type"].as_str().unwrap_or_default();
            let is_bad = match kind {
                "warning" => true,
                "error" => line["code"] != "offline",
                "message" => line["kind"] != "text",
                "message_state" | "send" => line["state"] == "failed",
                _ => false,
            };
            if is_bad {
                self.trouble.push(format!("{}: {line}", self.name));
            }
            if kind == "message" && line["own"] == true {
                self.acknowledged.extend(line["text"].as_str().map(str::to_owned));
            }
        }
    }
}

/// The lines that a process says, as it says them. Half a line was not said.
fn listen(child: &mut Child) -> Receiver<Value> {
    let output = child.stdout.take().expect("the command's output");
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            if let Some(value) = line.strip_suffix(b"\n").and_then(|line| serde_json::from_slice(line).ok()) {
                // Nobody may be waiting any more.
                let _ = sender.send(value);
            }
            line.clear();
        }
    });
    lines
}

/// Waits for the moment to kill. `false`: it came to its end before.
fn wait(end: End, lines: &Receiver<Value>, said: &mut Vec<Value>) -> bool {
    let mut deadline = Instant::now()
        + match end {
            End::Killed { after } => after,
            End::ByItself | End::KilledOnceItSpoke { .. } => PATIENCE,
        };
    loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => said.push(line),
            Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => return true,
        }
        if let (End::KilledOnceItSpoke { after }, 1) = (end, said.len()) {
            deadline = Instant::now() + after;
        }
    }
}
