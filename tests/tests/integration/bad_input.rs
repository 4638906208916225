//! What goes wrong for a person is said clearly, with what to do about it, and loses nothing.
//!
//! Each test does the wrong thing with the real command and a real relay, checks the words and the exit code, and then
//! that everything that was there before is there still, and goes on.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a step of a test that fails fails the test")]

mod key_packages;
mod stage;
mod storage;

use infrasound_tests::{cli::Cli, sign_in::new_demo_account};

use stage::Stage;

#[test]
fn a_wrong_token_is_refused_and_the_right_one_works_afterwards() {
    let stage = Stage::new();
    let anna = Cli::at(&stage.home("anna"));
    let said = anna.login(&stage.relay.base(), "not-a-token-of-this-instance", &[]);
    assert_eq!(said.code, Some(3), "{said:?}");
    let (code, text) = said.error();
    assert_eq!(code, "needs_login");
    assert!(text.contains("does not accept this token") && text.contains("sign in again"), "{text}");
    assert_eq!(anna.run(&["inbox"]).code, Some(3), "nobody has signed in");

    let token = new_demo_account(&stage.relay.base(), "anna");
    assert_eq!(anna.login(&stage.relay.base(), &token, &[]).code, Some(0));
}

#[test]
fn an_unknown_account_is_named_in_the_error() {
    let stage = Stage::new();
    let [anna, ben] = stage.pair();
    let nobody = stage.relay.handle("nobody");
    let said = anna.run(&["send", &nobody, "Is anybody there?"]);
    assert_eq!((said.code, said.error().0), (Some(1), "unknown_account"), "{said:?}");
    assert!(said.error().1.contains("account"), "{said:?}");
    stage.goes_on(&anna, &ben);
}

/// The demo instance has an account `carol`, who has not signed in at the relay.
#[test]
fn an_account_without_infrasound_is_said_to_be_one() {
    let stage = Stage::new();
    let [anna, ben] = stage.pair();
    let said = anna.run(&["send", &stage.relay.handle("carol"), "Do you use this?"]);
    assert_eq!((said.code, said.error().0), (Some(1), "no_infrasound"), "{said:?}");
    assert!(said.error().1.contains("Infrasound"), "{said:?}");
    stage.goes_on(&anna, &ben);
}

#[test]
fn a_message_that_is_too_long_is_refused_with_the_limit() {
    let stage = Stage::new();
    let [anna, ben] = stage.pair();
    let long = "long ".repeat(13_000);
    let said = anna.run(&["send", &stage.relay.handle("ben"), &long]);
    assert_eq!((said.code, said.error().0), (Some(1), "too_long"), "{said:?}");
    assert!(said.error().1.contains("too long: at most 61440 bytes"), "{said:?}");
    stage.goes_on(&anna, &ben);
    assert!(ben.texts(&stage.relay.handle("anna")).iter().all(|text| text.len() < 1_000));
}

#[test]
fn while_the_relay_is_down_messages_are_queued_and_go_later() {
    let stage = Stage::new();
    let [anna, ben] = stage.pair();
    let (to_anna, to_ben) = (stage.relay.handle("anna"), stage.relay.handle("ben"));
    stage.relay.kill();

    let lines = anna.succeed(&["send", &to_ben, "Later"]);
    let send = lines.iter().find(|line| line["type"] == "send").unwrap();
    assert_eq!(send["state"], "queued");
    assert!(send["reason"].as_str().unwrap().contains("cannot be reached"), "{send}");
    let said = anna.run(&["inbox"]);
    assert_eq!(said.code, Some(4), "{said:?}");
    assert!(said.lines.iter().any(|line| line["type"] == "offline"), "{said:?}");
    assert!(anna.texts(&to_ben).contains(&"Later".to_owned()), "what is queued is shown");
    let said = Cli::at(&stage.home("carol")).login(&stage.relay.base(), "any", &[]);
    assert_eq!((said.code, said.error().0), (Some(4), "offline"), "{said:?}");
    assert!(said.error().1.contains("try later"), "{said:?}");

    stage.relay.start_again();
    anna.succeed(&["inbox"]);
    ben.succeed(&["inbox"]);
    assert!(ben.texts(&to_anna).contains(&"Later".to_owned()));
    stage.goes_on(&anna, &ben);
}

#[test]
fn a_url_that_is_no_relay_is_said_to_be_none() {
    let stage = Stage::new();
    let anna = Cli::at(&stage.home("anna"));
    for url in ["http://relay.example", "relay.example", "ftp://relay.example"] {
        let said = anna.login(url, "any", &[]);
        assert_eq!((said.code, said.error().0), (Some(2), "setup"), "{url}: {said:?}");
        assert!(said.error().1.contains("https://"), "{url}: {said:?}");
    }
}
