//! The API holds what its document says, whatever is sent: requests that schemathesis makes from the document, good and bad.
//!
//! `cargo xtask test` installs it and runs this. By hand: `pip install schemathesis`, then
//! `INFRASOUND_SCHEMATHESIS=schemathesis cargo test -p infrasound-relay --test api -- --ignored schemathesis`.

use std::process::Command;

use infrasound_spec::api::paths;
use tempfile::tempdir;

use crate::support::{Group, TestRelay};

/// No answer that the document does not describe, and none that says that the relay failed.
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// They end the session that all requests are made with, or never end themselves.
const LEFT_OUT: [&str; 2] = ["end_session", "open_stream"];
/// The same requests each time.
const SEED: &str = "1";
/// Of each operation, beside those that the document's limits suggest.
const EXAMPLES: &str = "25";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs schemathesis: `cargo xtask test` has it"]
async fn no_request_has_an_answer_that_is_not_described() {
    let program = std::env::var("INFRASOUND_SCHEMATHESIS").unwrap_or_else(|_| "schemathesis".to_owned());
    let (relay, place) = (TestRelay::start().await, tempdir().unwrap());
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::found(&alice, &bob).await;
    group.send(&alice, "hello").await;
    let mut command = Command::new(program);
    command
        .current_dir(place.path())
        .args(["run", &format!("{}{}", relay.base, paths::OPENAPI), "--checks", CHECKS, "--seed", SEED])
        .args(["--max-examples", EXAMPLES, "--request-timeout", "30", "--continue-on-failure", "--no-color"])
        .args([
            "--phases",
            "examples,coverage,fuzzing",
            "--suppress-health-check",
            "all",
            "--warnings",
            "off",
        ])
        .args(["--header", &format!("Authorization: Bearer {}", alice.token)])
        .args(LEFT_OUT.iter().flat_map(|id| ["--exclude-operation-id", *id]));
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let output = output.unwrap_or_else(|error| panic!("schemathesis does not start: {error}"));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let made = said.lines().find_map(|line| line.trim().split_once(" generated")?.0.parse::<u32>().ok());
    assert!(made.is_some_and(|made| made > 1_000), "it has made requests: {made:?}\n{said}");
    // The session has lived through it, and the conversation is as it was.
    alice.get(paths::ACCOUNT).await.ok::<serde_json::Value>();
    group.send(&alice, "still here").await;
}
