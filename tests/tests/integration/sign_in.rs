//! Signing in, from the command to an instance that nobody here wrote: snac.
//!
//! Spec: `identity.md` 1. The same sign-in at the demo instance is in `readme.rs`.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails fails the test")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Command, Stdio},
};

use infrasound_tests::{cli::Cli, programs::programs, relay_process::RelayProcess, snac::Snac};
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

/// A relay beside snac.
struct Stage {
    snac: Snac,
    relay: RelayProcess,
    folder: TempDir,
}

impl Stage {
    fn new() -> Self {
        let snac = Snac::start(env!("CARGO_TARGET_TMPDIR"));
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(programs().join("infrasound-relay"));
        command.args(["serve", "--instance", snac.base(), "--listen", "127.0.0.1:0", "--data"]);
        let relay = RelayProcess::start(command.arg(folder.path().join("relay")));
        Self { snac, relay, folder }
    }

    fn home(&self, name: &str) -> Cli {
        Cli::at(&self.folder.path().join(name))
    }

    /// Signs in with a real token of snac.
    fn signed_in(&self, name: &str) -> Cli {
        let cli = self.home(name);
        let said = cli.login(self.relay.base(), &self.snac.token_text(name), &[]);
        assert_eq!(said.code, Some(0), "{said:?}");
        let account = said.lines.iter().find(|line| line["type"] == "account").unwrap();
        assert_eq!(account["handle"], self.handle(name));
        cli
    }

    fn handle(&self, name: &str) -> String {
        format!("@{name}@{}", self.snac.host())
    }
}

#[test]
fn two_accounts_of_snac_write_to_each_other() {
    let stage = Stage::new();
    let (alice, bob) = (stage.signed_in("alice"), stage.signed_in("bob"));
    alice.succeed(&["send", &stage.handle("bob"), "Hello from one snac account"]);
    let inbox = bob.succeed(&["inbox"]);
    assert!(inbox.iter().any(|line| line["request"] == true), "{inbox:?}");
    bob.succeed(&["accept", &stage.handle("alice")]);
    bob.succeed(&["send", &stage.handle("alice"), "Hello from another"]);
    alice.succeed(&["inbox"]);
    let texts = alice.texts(&stage.handle("bob"));
    assert_eq!(texts, ["Hello from one snac account", "Hello from another"]);
    assert_eq!(texts, bob.texts(&stage.handle("alice")));

    let said = alice.run(&["send", &stage.handle("carol"), "Are you here?"]);
    assert_eq!((said.code, said.error().0), (Some(1), "no_infrasound"), "{said:?}");
    let said = alice.run(&["send", &stage.handle("nobody"), "Are you there?"]);
    assert_eq!((said.code, said.error().0), (Some(1), "unknown_account"), "{said:?}");
}

#[test]
fn a_token_that_snac_did_not_give_is_refused() {
    let stage = Stage::new();
    let said = stage.home("alice").login(stage.relay.base(), &"0".repeat(32), &[]);
    assert_eq!((said.code, said.error().0), (Some(3), "needs_login"), "{said:?}");
    assert!(said.error().1.contains("does not accept this token; sign in again"), "{said:?}");
}

#[test]
fn a_second_sign_in_says_that_there_is_a_device_and_what_starting_over_costs() {
    let stage = Stage::new();
    let first = stage.signed_in("alice");
    let again = first.login(stage.relay.base(), &stage.snac.token_text("alice"), &[]);
    assert_eq!(again.code, Some(7), "{again:?}");
    assert!(again.error().1.contains("already is a device of"), "{again:?}");

    let second = stage.home("alice's other computer");
    let said = second.login(stage.relay.base(), &stage.snac.token_text("alice"), &[]);
    assert_eq!((said.code, said.error().0), (Some(7), "account_has_device"), "{said:?}");
    let text = said.error().1;
    for cost in ["already has a device", "signed out", "history stays there", "new key", "--start-over"] {
        assert!(text.contains(cost), "{cost}: {text}");
    }
    assert_eq!(first.run(&["inbox"]).code, Some(0), "nothing was changed");

    let said = second.login(stage.relay.base(), &stage.snac.token_text("alice"), &["--start-over"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let said = first.run(&["inbox"]);
    assert_eq!((said.code, said.error().0), (Some(3), "needs_login"), "{said:?}");
}

/// The page of snac is filled in as a browser does; a code that was typed wrong may be typed again.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_with_a_browser_at_snac_ends_with_the_code_of_the_page() {
    let stage = tokio::task::spawn_blocking(Stage::new).await.unwrap();
    let carol = stage.home("carol");
    let mut command = carol.command(&["login", "--relay", stage.relay.base()]);
    let mut running = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(running.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let authorize: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(authorize["type"], "authorize");
    let page = Url::parse(authorize["url"].as_str().unwrap()).unwrap();
    assert!(page.as_str().starts_with(stage.snac.base()), "{page}");

    let mut keyboard = running.stdin.take().unwrap();
    let code = code_of_the_last_page(&stage, &page).await;
    writeln!(keyboard, "{}", if code == "AAAA-AAAA" { "BBBB-BBBB" } else { "AAAA-AAAA" }).unwrap();
    writeln!(keyboard, "{code}").unwrap();
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(0), "{rest}");
    let account: Value = serde_json::from_str(rest.lines().next().unwrap()).unwrap();
    assert_eq!(account["handle"], stage.handle("carol"));
}

/// Signs carol in at snac, follows the redirect to the relay, and reads the code there.
async fn code_of_the_last_page(stage: &Stage, page: &Url) -> String {
    let asked = |key: &str| page.query_pairs().find(|(name, _)| name == key).unwrap().1.into_owned();
    let code = stage.snac.log_in(page, "carol").await;
    let back = [("code", code), ("state", asked("state"))];
    let back = Url::parse_with_params(&asked("redirect_uri"), back).unwrap();
    let browser = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = browser.get(back).send().await.unwrap().error_for_status().unwrap();
    let html = answer.text().await.unwrap();
    let (_, rest) = html.split_once("<output class=\"code\"").unwrap();
    rest.split_once('>').unwrap().1.split_once('<').unwrap().0.to_owned()
}
