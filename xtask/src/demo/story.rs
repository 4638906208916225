//! The story itself: a request, an answer, a reaction, an edit, a safety number, a group, and the relay's view of it all.

use std::path::Path;

use serde_json::Value;

use super::DemoError;
use super::claim;
use super::disk;
use super::group;
use super::narrator::Narrator;
use super::person::{Person, PersonError};
use super::relay::Relay;
use super::sign_in;

const GREETING: &str = "Hello Bob! Shall we meet at the waterhole?";
const CORRECTED: &str = "Hello Bob! Shall we meet at the old waterhole at dusk?";
const ANSWER: &str = "With pleasure. The herd need not know.";

/// The people, and the handles by which they know each other.
pub(super) struct Cast {
    pub(super) alice: Person,
    pub(super) bob: Person,
    pub(super) dave: Person,
    handle_of_alice: String,
    pub(super) handle_of_bob: String,
    pub(super) handle_of_dave: String,
}

/// Plays everything, and fails at the first thing that does not hold.
pub(crate) fn play(
    narrator: Narrator,
    programs: &Path,
    homes: &Path,
    relay: &Relay,
) -> Result<(), DemoError> {
    let cast = Cast {
        alice: Person::new("alice", programs, homes, narrator),
        bob: Person::new("bob", programs, homes, narrator),
        dave: Person::new("dave", programs, homes, narrator),
        handle_of_alice: format!("@alice@{}", relay.host()),
        handle_of_bob: format!("@bob@{}", relay.host()),
        handle_of_dave: format!("@dave@{}", relay.host()),
    };
    sign_in(&cast, narrator, relay)?;
    request(&cast, narrator)?;
    answer(&cast, narrator)?;
    afterthoughts(&cast, narrator)?;
    compare_keys(&cast, narrator)?;
    group::play(&cast, narrator, relay)?;
    let texts = [GREETING, CORRECTED, ANSWER].into_iter().chain(group::TEXTS);
    disk::look(narrator, relay, texts)
}

fn sign_in(cast: &Cast, narrator: Narrator, relay: &Relay) -> Result<(), DemoError> {
    narrator.chapter("Alice and Bob sign in with their accounts on the demo instance");
    narrator.say("Each signs in on the instance's own page; the demo fills it in for them.");
    for (person, name) in [(&cast.alice, "alice"), (&cast.bob, "bob")] {
        let token = sign_in::instance_token(relay.address(), name)?;
        person.login(relay.address(), &token)?;
    }
    Ok(())
}

fn request(cast: &Cast, narrator: Narrator) -> Result<(), DemoError> {
    narrator.chapter("Alice writes to Bob, who does not know her yet: he gets a request");
    cast.alice.types(&["send", &cast.handle_of_bob, GREETING])?;
    cast.bob.types(&["requests"])?;
    let requests = cast.bob.asks(&["requests"])?;
    let requests = requests.iter().filter(|object| object["type"] == "request").count();
    hold(narrator, "Bob has one request", requests == 1)?;
    // A receipt of Bob's would have reached her by the end of this.
    cast.alice.types(&["inbox"])?;
    let messages = read(&cast.alice, &cast.handle_of_bob)?;
    let is_silent = messages.len() == 1 && messages[0]["state"] == "sent";
    hold(narrator, "Alice cannot tell whether he has seen it, until he accepts", is_silent)?;
    cast.bob.types(&["accept", &cast.handle_of_alice])?;
    cast.bob.types(&["inbox"])?;
    held(narrator, "Bob reads what Alice wrote", &read(&cast.bob, &cast.handle_of_alice)?, &[GREETING])
}

fn answer(cast: &Cast, narrator: Narrator) -> Result<(), DemoError> {
    narrator.chapter("Bob answers");
    cast.bob.types(&["send", &cast.handle_of_alice, ANSWER])?;
    cast.alice.types(&["inbox"])?;
    held(
        narrator,
        "Alice reads what Bob wrote",
        &read(&cast.alice, &cast.handle_of_bob)?,
        &[GREETING, ANSWER],
    )
}

fn afterthoughts(cast: &Cast, narrator: Narrator) -> Result<(), DemoError> {
    narrator.chapter("Alice reacts, and corrects herself");
    let messages = read(&cast.alice, &cast.handle_of_bob)?;
    let [greeting, answer] = [GREETING, ANSWER].map(|text| reference(&messages, text));
    cast.alice.types(&["react", answer, "🐘"])?;
    cast.alice.types(&["edit", greeting, CORRECTED])?;
    cast.bob.types(&["inbox"])?;
    cast.bob.types(&["read", &cast.handle_of_alice])?;
    let messages = read(&cast.bob, &cast.handle_of_alice)?;
    held(narrator, "Bob sees the correction in place of the first text", &messages, &[CORRECTED, ANSWER])?;
    let reacted =
        messages.iter().any(|message| text_of(message) == ANSWER && message["reactions"][0]["emoji"] == "🐘");
    hold(narrator, "Bob sees the reaction to his answer", reacted)
}

fn compare_keys(cast: &Cast, narrator: Narrator) -> Result<(), DemoError> {
    narrator.chapter("They compare safety numbers, as two people would by telephone");
    cast.alice.types(&["safety-number", &cast.handle_of_bob])?;
    cast.bob.types(&["safety-number", &cast.handle_of_alice])?;
    let number = |person: &Person, other: &str| -> Result<Vec<Value>, PersonError> {
        let objects = person.asks(&["safety-number", other])?;
        Ok(objects.into_iter().map(|mut object| object["number"].take()).collect())
    };
    let of_alice = number(&cast.alice, &cast.handle_of_bob)?;
    let of_bob = number(&cast.bob, &cast.handle_of_alice)?;
    let is_equal = of_alice == of_bob && of_alice.first().is_some_and(|number| !number.is_null());
    hold(narrator, "Both see the same number: nobody stands between them", is_equal)
}

/// What `person` sees of the conversation.
pub(super) fn read(person: &Person, other: &str) -> Result<Vec<Value>, PersonError> {
    let mut objects = person.asks(&["read", other])?;
    objects.retain(|object| object["type"] == "message");
    Ok(objects)
}

/// How to name a message on the command line.
fn reference<'a>(messages: &'a [Value], text: &str) -> &'a str {
    let message = messages.iter().find(|message| text_of(message) == text);
    message.and_then(|message| message["ref"].as_str()).unwrap_or_default()
}

pub(super) fn text_of(message: &Value) -> &str {
    message["text"].as_str().unwrap_or_default()
}

fn held(narrator: Narrator, claim: &str, messages: &[Value], texts: &[&str]) -> Result<(), DemoError> {
    hold(narrator, claim, messages.iter().map(text_of).eq(texts.iter().copied()))
}

pub(super) fn hold(narrator: Narrator, claim: &str, holds: bool) -> Result<(), DemoError> {
    claim::check(claim, holds)?;
    narrator.holds(claim);
    Ok(())
}
