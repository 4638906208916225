//! A home that another process uses, a disk without room, a journal that is damaged or from the future.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::Command,
    time::Duration,
};

use infrasound_relay::{
    Config, ServeError,
    config::{InstanceConfig, RateConfig},
    serve,
};
use infrasound_tests::{
    cli::{Cli, Said},
    programs::programs,
    sign_in::demo_token,
};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::stage::{FIRST, Stage};

#[test]
fn a_home_in_use_is_refused_with_the_process_that_uses_it() {
    let stage = Stage::new();
    let [anna, ben] = stage.pair();
    ben.succeed(&["send", &stage.relay.handle("anna"), "Unread"]);
    let mut following = anna.command(&["inbox", "--follow"]).spawn().unwrap();
    // It has shown something, so it has the home.
    let mut shown = BufReader::new(following.stdout.take().unwrap()).lines();
    assert!(shown.any(|line| line.unwrap().contains("Unread")));

    let said = anna.run(&["send", &stage.relay.handle("ben"), "x"]);
    assert_eq!((said.code, said.error().0), (Some(5), "home_locked"), "{said:?}");
    let text = said.error().1;
    assert!(text.contains(&format!("process {}", following.id())) && text.contains("wait"), "{text}");

    following.kill().unwrap();
    following.wait().unwrap();
    stage.goes_on(&anna, &ben);
}

/// A shell's `ulimit -f` is RLIMIT_FSIZE, in units of 512 bytes.
fn with_file_limit(cli: &Cli, blocks: u32, arguments: &[&str]) -> Said {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -f {blocks}; exec \"$@\""), "sh"]).arg(programs().join("infrasound"));
    Said::of(&cli.command_through(shell, arguments).output().unwrap())
}

/// Room for the files that SQLite opens with, not for a message of 50,000 bytes.
#[test]
fn a_full_disk_of_a_client_is_said_and_nothing_confirmed_is_lost() {
    let stage = Stage::new();
    let [anna, ben] = stage.pair();
    let to_ben = stage.relay.handle("ben");
    let said = with_file_limit(&anna, 80, &["send", &to_ben, &"large ".repeat(8_500)]);
    assert_eq!((said.code, said.error().0), (Some(6), "storage_full"), "{said:?}");
    let text = said.error().1;
    assert!(
        text.contains("full") && text.contains("make room") && text.contains("Nothing that was"),
        "{text}"
    );
    assert!(said.lines.iter().all(|line| line["type"] != "send"), "it was not acknowledged: {said:?}");
    stage.goes_on(&anna, &ben);
}

#[test]
fn a_login_without_room_says_so_and_can_be_repeated() {
    let stage = Stage::new();
    let anna = Cli::at(&stage.home("anna"));
    let token = infrasound_tests::sign_in::new_demo_account(&stage.relay.base(), "anna");
    let relay = stage.relay.base();
    let said = with_file_limit(&anna, 0, &["login", "--relay", &relay, "--token", &token]);
    assert_eq!(said.code, Some(6), "{said:?}");
    assert!(said.error().1.contains("room"), "{said:?}");
    assert_eq!(anna.login(&relay, &token, &[]).code, Some(0), "the account has no device yet");
}

/// The relay's disk: SQLite's `max_page_count`.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_the_relay_queues_messages_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(InstanceConfig::Demo, folder.path().join("relay"));
    config.listen = ([127, 0, 0, 1], 0).into();
    config.rates = RateConfig::off();
    config.max_pages = Some(400);
    let relay = serve(config.clone()).await.unwrap();
    config.listen = relay.address();
    let base = relay.url().to_owned();
    let handle = |name: &str| format!("@{name}@{}", base.trim_start_matches("http://"));
    let [alice, bob] = ["alice", "bob"].map(|name| Cli::at(&folder.path().join(name)));
    for (cli, name) in [(&alice, "alice"), (&bob, "bob")] {
        let said = cli.login(&base, &demo_token(&base, name).await, &[]);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    alice.succeed(&["send", &handle("bob"), FIRST]);
    bob.succeed(&["accept", &handle("alice")]);

    let mut written = vec![FIRST.to_owned()];
    let reason = loop {
        assert!(written.len() < 60, "400 pages hold no 60 messages of 50,000 bytes");
        let text = format!("{} {}", written.len(), "large ".repeat(8_000).trim_end());
        let lines = alice.succeed(&["send", &handle("bob"), &text]);
        written.push(text);
        let send = lines.into_iter().find(|line| line["type"] == "send").unwrap();
        if send["state"] == "queued" {
            break send["reason"].as_str().unwrap_or_default().to_owned();
        }
    };
    assert!(reason.contains("The relay's disk is full"), "{reason}");

    relay.stop().await;
    config.max_pages = None;
    // While it is down, a connection of another test may have its port for a moment.
    let relay = loop {
        match serve(config.clone()).await {
            Ok(relay) => break relay,
            Err(error) => assert!(matches!(error, ServeError::Listen { .. }), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    alice.succeed(&["inbox"]);
    bob.succeed(&["inbox"]);
    let texts = bob.texts(&handle("alice"));
    assert!(texts == written, "{} of {} arrived", texts.len(), written.len());
    relay.stop().await;
}

/// A file of zeros in the middle of the journal: a bad disk.
#[test]
fn a_damaged_journal_is_said_to_be_one_and_a_copy_of_the_home_works() {
    let stage = Stage::new();
    let [anna, ben] = stage.pair();
    let journal = anna.home().join("journal.db");
    let whole = fs::read(&journal).unwrap();
    for (what, damaged) in [
        ("no database", b"not a database, but a text that somebody put here".repeat(100)),
        ("half of it", whole[..whole.len() / 2 / 4096 * 4096].to_vec()),
        ("zeros", [&whole[..4096], &vec![0; whole.len() - 4096]].concat()),
    ] {
        fs::write(&journal, damaged).unwrap();
        let said = anna.run(&["inbox"]);
        assert_eq!((said.code, said.error().0), (Some(6), "storage"), "{what}: {said:?}");
        let text = said.error().1;
        assert!(text.contains("damaged"), "{what}: {text}");
        assert!(text.contains("copy") && text.contains("sign in"), "{what}: {text}");
    }
    fs::write(&journal, whole).unwrap();
    stage.goes_on(&anna, &ben);
}

/// A record that somebody changed is not believed.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_record_is_noticed() {
    let stage = tokio::task::spawn_blocking(Stage::new).await.unwrap();
    let stage = std::sync::Arc::new(stage);
    let pair = std::sync::Arc::clone(&stage);
    let [anna, _ben] = tokio::task::spawn_blocking(move || pair.pair()).await.unwrap();
    let change =
        "UPDATE record SET value = substr(value, 1, length(value) - 1) || x'00' WHERE scope = zeroblob(16)";
    execute(&anna.home().join("journal.db"), change).await;
    let said = anna.run(&["inbox"]);
    assert_eq!((said.code, said.error().0), (Some(6), "storage"), "{said:?}");
    let text = said.error().1;
    assert!(text.contains("altered") && text.contains("Restore the home from a copy"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_from_the_future_asks_for_an_update_and_is_left_alone() {
    let stage = std::sync::Arc::new(tokio::task::spawn_blocking(Stage::new).await.unwrap());
    let pair = std::sync::Arc::clone(&stage);
    let [anna, ben] = tokio::task::spawn_blocking(move || pair.pair()).await.unwrap();
    let journal = anna.home().join("journal.db");
    execute(&journal, "PRAGMA user_version = 99").await;
    let said = anna.run(&["inbox"]);
    assert_eq!((said.code, said.error().0), (Some(6), "storage"), "{said:?}");
    let text = said.error().1;
    assert!(
        text.contains("later version") && text.contains("format 99") && text.contains("update"),
        "{text}"
    );
    execute(&journal, "PRAGMA user_version = 1").await;
    stage.goes_on(&anna, &ben);
}

async fn execute(database: &Path, statement: &'static str) {
    let options = SqliteConnectOptions::new().filename(database);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
