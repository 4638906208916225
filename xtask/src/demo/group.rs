//! The part of the story that plays in a group: three people, a message, and one of them is removed.

use serde_json::Value;

use super::DemoError;
use super::narrator::Narrator;
use super::person::{Person, PersonError};
use super::relay::Relay;
use super::sign_in;
use super::story::{Cast, hold, read, text_of};

const NAME: &str = "The matriarchs";
const GROUP: &str = "#The matriarchs";
const WELCOME: &str = "Welcome, all of you. The drought is near.";
const SECRET: &str = "We leave on Thursday, by the dry river.";

/// What nobody but the group may read.
pub(super) const TEXTS: [&str; 3] = [NAME, WELCOME, SECRET];

pub(super) fn play(cast: &Cast, narrator: Narrator, relay: &Relay) -> Result<(), DemoError> {
    begin(cast, narrator, relay)?;
    remove(cast, narrator)
}

fn begin(cast: &Cast, narrator: Narrator, relay: &Relay) -> Result<(), DemoError> {
    narrator.chapter("Alice makes a group with Bob and Dave; Dave does not know her, and gets an invitation");
    let token = sign_in::instance_token(relay.address(), "dave")?;
    cast.dave.login(relay.address(), &token)?;
    cast.alice.types(&["group", "create", NAME, &cast.handle_of_bob, &cast.handle_of_dave])?;
    cast.alice.types(&["send", GROUP, WELCOME])?;
    cast.dave.types(&["requests"])?;
    cast.dave.types(&["group", "accept", GROUP])?;
    for (who, claim) in [(&cast.bob, "Bob reads it"), (&cast.dave, "Dave reads it")] {
        hold(narrator, claim, texts(who)? == [WELCOME])?;
    }
    Ok(())
}

fn remove(cast: &Cast, narrator: Narrator) -> Result<(), DemoError> {
    narrator.chapter("Alice removes Dave: what is said from then on is not for him");
    cast.alice.types(&["group", "remove", GROUP, &cast.handle_of_dave])?;
    cast.alice.types(&["send", GROUP, SECRET])?;
    cast.bob.types(&["read", GROUP])?;
    hold(narrator, "Bob reads on", texts(&cast.bob)? == [WELCOME, SECRET])?;
    cast.dave.types(&["read", GROUP])?;
    hold(narrator, "Dave reads nothing of it", texts(&cast.dave)? == [WELCOME])
}

/// The messages in the group that somebody has; lines of its history are none.
fn texts(person: &Person) -> Result<Vec<String>, PersonError> {
    let mut messages = read(person, GROUP)?;
    messages.retain(|message: &Value| message["kind"] == "text");
    Ok(messages.iter().map(|message| text_of(message).to_owned()).collect())
}
