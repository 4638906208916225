//! Every command of README.md works: each is run here, against a real relay and real clients.
//!
//! A line in a `sh` block belongs to one [`Kind`], and each kind has a test that runs its lines. A line that no
//! test would run fails [`every_command_is_run_by_a_test`].

#![expect(clippy::unwrap_used, clippy::panic, reason = "a step of a test that fails fails the test")]

mod browser;
mod commands;
mod stage;

use std::fs;
use std::path::Path;

use infrasound_tests::programs::{cargo, programs, workspace};
use infrasound_tests::relay_process::RelayProcess;

use commands::{Kind, commands, lines};
use stage::Stage;

#[test]
fn every_command_is_run_by_a_test() {
    let orphans: Vec<_> = commands().into_iter().filter(|(kind, _)| kind.is_none()).collect();
    assert!(orphans.is_empty(), "no test runs these lines of README.md: {orphans:?}");
    for kind in Kind::ALL {
        assert!(!lines(kind).is_empty(), "README.md has no command of this kind any more: {kind:?}");
    }
}

/// The demo is the first command a newcomer types. `--check` is the same story, without waiting at its end, and without
/// windows.
#[test]
fn the_demo_holds_in_every_step() {
    for line in lines(Kind::Demo) {
        assert_eq!(line, "cargo xtask demo");
        the_story_holds(&[]);
        the_story_holds(&["--terminal"]);
    }
}

#[track_caller]
fn the_story_holds(form: &[&str]) {
    let output = cargo().args(["xtask", "demo", "--check"]).args(form).output().unwrap();
    let story = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{story}\n{complaint}");
    assert!(story.trim_end().ends_with("Every step held."), "{story}");
}

/// This test runs inside `cargo xtask test`, which CI runs: what is left to check is that it does.
#[test]
fn ci_runs_the_command_that_tests_everything() {
    let ci = fs::read_to_string(workspace().join(".ci/run")).unwrap();
    for line in lines(Kind::Suite) {
        assert!(ci.lines().any(|step| step.starts_with(&format!("exec {line}"))), "{line}");
    }
}

/// `cargo xtask test` has built it before its tests, so it is there already and this ends at once.
#[test]
fn the_web_client_builds() {
    for line in lines(Kind::Web) {
        let output = cargo().args(line.split(' ').skip(1)).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_doctor_says_what_it_found_and_its_exit_code_agrees() {
    for line in lines(Kind::Doctor) {
        let arguments = line.split(' ').skip(1).chain(["--json"]);
        let output = cargo().args(arguments).output().unwrap();
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["ready"].as_bool(), Some(output.status.success()));
        assert!(document["findings"].as_array().unwrap().len() > 5);
    }
}

/// Measuring takes minutes and a quiet machine: here the command only has to know the bench, and its program to exist.
#[test]
fn each_bench_has_a_program() {
    let help = cargo().args(["xtask", "bench", "--help"]).output().unwrap();
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    for line in lines(Kind::Bench) {
        let name = line.rsplit(' ').next().unwrap();
        assert!(help.contains(&format!("- {name}:")), "{help}");
        let program = Path::new("tests/src/bin").join(format!("bench-{name}.rs"));
        assert!(workspace().join(&program).is_file(), "{}", program.display());
    }
}

#[test]
fn a_relay_starts_beside_an_instance() {
    let instance = Stage::new();
    for line in lines(Kind::Relay) {
        let folder = tempfile::tempdir().unwrap();
        let line = line
            .replace("https://social.example", instance.relay.base())
            .replace("https://relay.example", "http://127.0.0.1:9")
            .replace("127.0.0.1:8787", "127.0.0.1:0")
            .replace("/var/lib/infrasound", &folder.path().display().to_string());
        let relay = RelayProcess::start(&mut stage::shell(&format!("exec {line}")));
        assert_ne!(relay.base(), instance.relay.base());
        assert!(
            folder.path().read_dir().unwrap().next().is_some(),
            "the relay keeps its data where it was told to"
        );
    }
}

/// As an admin types them, while the relay runs; Alice and Bob are known to it.
#[tokio::test(flavor = "multi_thread")]
async fn an_admin_looks_after_the_relay() {
    let stage = Stage::new();
    stage.sign_in("alice").await;
    stage.sign_in("bob").await;
    for line in lines(Kind::Admin) {
        stage.orders(&line);
    }
}

/// The programs are what the other tests here run; a release build of them would only take longer.
#[test]
fn the_relay_builds() {
    for line in lines(Kind::Build) {
        assert_eq!(line, "cargo build --release -p infrasound-relay");
        assert!(programs().join("infrasound-relay").is_file());
    }
}

/// Alice types all of it, in the order of the page; Bob is there, and answers.
#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_client_works() {
    let stage = Stage::new();
    stage.sign_in("bob").await;
    stage.sign_in("carol").await;
    let mut has_bob_answered = false;
    for line in lines(Kind::Client) {
        if line.contains(" group accept ") {
            stage.bob_invites_alice();
        }
        let line = stage.placed(&line);
        if line.contains(" login ") {
            stage.signs_in_with_a_browser("alice", &line).await;
        } else if line.ends_with("--follow") {
            stage.follow(&line, "alice", "bob");
        } else {
            stage.types("alice", &line, "");
        }
        if line.contains(" send ") && !has_bob_answered {
            stage.bob_answers();
            has_bob_answered = true;
        }
    }
    assert!(has_bob_answered);
}
