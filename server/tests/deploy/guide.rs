//! The operator's guide, from its first command to its last, on a machine that is a folder.
//!
//! What needs root or systemd is done in its place: `systemctl start` starts the program that the unit starts. A line that
//! is of no known kind fails the test.

use std::{path::Path, process::Command};

use axum::{Router, extract::Request, response::IntoResponse, routing::get};
use infrasound_relay::{Config, Relay, config::InstanceConfig};
use reqwest::StatusCode;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::programs::{RELAY, Running, free_port, succeed};

const GUIDE: &str = include_str!("../../deploy/README.md");

/// The lines of the guide's shell blocks.
fn commands() -> Vec<&'static str> {
    let blocks = GUIDE.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).collect()
}

/// An instance with a web server before it, which sends one path to the relay.
async fn instance(relay: &str) -> (String, Relay, TempDir) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let data = tempfile::tempdir().unwrap();
    let mut config = Config::new(InstanceConfig::Demo, data.path());
    config.listen = "127.0.0.1:0".parse().unwrap();
    config.public_url = Some(base.clone());
    let behind = infrasound_relay::serve(config).await.unwrap();
    let (to_instance, to_relay) = (format!("http://{}", behind.address()), relay.to_owned());
    let pass_on = |to: String| move |request: Request| pass_on(format!("{to}{}", request.uri()));
    let router =
        Router::new().route("/.well-known/infrasound", get(pass_on(to_relay))).fallback(pass_on(to_instance));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (base, behind, data)
}

async fn pass_on(url: String) -> impl IntoResponse {
    match reqwest::get(url).await {
        Ok(answer) => (StatusCode::from_u16(answer.status().as_u16()).unwrap(), answer.text().await.unwrap()),
        Err(_) => (StatusCode::BAD_GATEWAY, String::new()),
    }
}

/// A machine: a folder for its files, a port for its relay.
struct Machine {
    folder: TempDir,
    instance: String,
    port: u16,
    relay: Option<Running>,
}

impl Machine {
    fn here(&self, line: &str) -> String {
        let folder = self.folder.path().display();
        line.replace("/etc/infrasound", &format!("{folder}/etc"))
            .replace("/var/", &format!("{folder}/"))
            .replace("https://social.example", &self.instance)
            .replace("https://relay.example", &format!("http://127.0.0.1:{}", self.port))
    }

    fn program(&self) -> Command {
        let mut command = Command::new(RELAY);
        command.env("INFRASOUND_LISTEN", format!("127.0.0.1:{}", self.port)).env("RUST_LOG", "warn");
        command
    }

    fn start(&mut self) {
        let unit = include_str!("../../deploy/systemd/infrasound-relay.service");
        let line =
            unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/infrasound-relay ")).unwrap();
        let mut command = self.program();
        command.args(self.here(line).split(' '));
        self.relay = Some(Running::start(&mut command, self.port));
    }

    fn run(&mut self, line: &str) {
        let here = self.here(line);
        let mut words = here.split(' ');
        match (words.next().unwrap(), line) {
            ("infrasound-relay", _) => drop(succeed(self.program().args(words))),
            ("mv", _) => drop(succeed(Command::new("mv").args(words))),
            (_, "systemctl enable --now infrasound-relay" | "systemctl start infrasound-relay") => {
                self.start();
            }
            (_, "systemctl stop infrasound-relay") => self.relay.take().unwrap().stop(),
            // An upgrade: the package restarts the relay.
            ("apt", _) => {
                if let Some(relay) = self.relay.take() {
                    relay.stop();
                    self.start();
                }
            }
            // The package, and the snippets, have tests of their own; the user is made by the package.
            ("cargo" | "server/deploy/debian/build" | "nginx" | "chown", _)
            | (_, "systemctl reload nginx") => {}
            _ => panic!("no test runs this line of the guide: {line}"),
        }
    }
}

#[tokio::test]
async fn every_command_does_what_it_says() {
    let port = free_port();
    let (instance, _behind, _data) = instance(&format!("http://127.0.0.1:{port}")).await;
    let folder = tempfile::tempdir().unwrap();
    for name in ["etc", "lib", "backups"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    let mut machine = Machine { folder, instance, port, relay: None };
    let commands = commands();
    assert!(commands.len() >= 15, "{commands:?}");
    // The commands wait for their programs: the servers beside them go on meanwhile.
    let machine = tokio::task::spawn_blocking(move || {
        for line in commands {
            machine.run(line);
        }
        machine
    });
    let machine = machine.await.unwrap();
    let is_there = |path: &str| Path::new(&machine.here(path)).exists();
    assert!(is_there("/var/lib/infrasound/relay.db") && is_there("/var/lib/infrasound-broken/relay.db"));
    assert!(machine.relay.is_some(), "the guide ends with a relay that runs");
}

#[tokio::test]
async fn the_doctor_says_what_is_wrong_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (instance, relay) = (free_port(), free_port());
    let mut command = Command::new(RELAY);
    command.args(["doctor", "--json", "--data"]).arg(folder.path().join("data"));
    command.args(["--instance", &format!("http://127.0.0.1:{instance}")]);
    command.args(["--public-url", &format!("http://127.0.0.1:{relay}")]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["well"], false);
    let state = |check: &str| {
        let findings = document["findings"].as_array().unwrap().iter();
        let found = findings.into_iter().find(|finding| finding["check"] == check);
        let found = found.unwrap_or_else(|| panic!("nothing on {check} in {document}"));
        assert!(found["state"] == "good" || found["remedy"].is_string(), "{found}");
        found["state"].as_str().unwrap().to_owned()
    };
    for (check, expected) in [
        ("instance", "bad"),
        ("relay", "bad"),
        ("/.well-known", "bad"),
        ("database", "warning"),
        ("clock", "warning"),
    ] {
        assert_eq!(state(check), expected, "{check}");
    }
    let lines = succeed_or_not(Command::new(RELAY).args(["doctor", "--demo", "--data"]).arg(folder.path()));
    assert!(lines.contains("✗ relay") && !lines.contains('\u{1b}'), "{lines}");
    assert!(!folder.path().join("data").exists(), "the doctor changes nothing");
}

fn succeed_or_not(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[test]
fn an_admin_is_told_what_went_wrong() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (&["backup", "x"][..], "there is no database in"),
        (&["restore", "x"], "x is not a backup"),
        (&["init", "relay.toml"], ""),
        (&["init", "relay.toml"], "relay.toml is there already"),
        (&["doctor"], "say which instance"),
        (&["serve", "--demo", "--metrics-listen", "192.0.2.1:1"], "cannot listen on 192.0.2.1:1"),
    ] {
        let output = Command::new(RELAY).args(arguments).current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.success(), expected.is_empty(), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn a_log_for_programs_has_an_object_a_line() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let log = folder.path().join("log");
    let mut command = Command::new(RELAY);
    command.args([
        "serve",
        "--demo",
        "--log-format",
        "json",
        "--listen",
        &format!("127.0.0.1:{port}"),
        "--data",
    ]);
    command.arg(folder.path().join("data")).stderr(std::fs::File::create(&log).unwrap());
    Running::start(command.env("RUST_LOG", "info"), port).stop();
    let text = std::fs::read_to_string(log).unwrap();
    assert!(text.lines().count() >= 1);
    for line in text.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(object["level"].is_string() && object["timestamp"].is_string(), "{line}");
    }
}
