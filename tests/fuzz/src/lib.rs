//! The decoders that the targets feed: the same functions that `cargo test -p infrasound-spec` calls.

#[path = "../../../spec/tests/support/decoders.rs"]
mod decoders;
#[path = "../../src/journal.rs"]
#[expect(dead_code, reason = "a script needs less of it than the tests")]
mod journal;
#[path = "../../src/script.rs"]
#[expect(dead_code, reason = "here scripts are played, not written")]
mod script;
#[path = "../../../bindings/native/src/server_sent_events.rs"]
mod server_sent_events;
mod stored;
#[path = "../../../client-core/src/unpack.rs"]
mod unpack;

pub use stored::stored;

/// Feeds the decoder of this name.
///
/// # Panics
/// If there is none, or if the decoder does what it must not.
pub fn feed(decoder: &str, bytes: &[u8]) {
    let (_, decode) = decoders::DECODERS.iter().find(|(name, _)| *name == decoder).expect("a known decoder");
    decode(bytes);
}

/// Feeds a stream to the parser: how it is cut into chunks makes no difference.
///
/// # Panics
/// If it does make one.
pub fn sse(bytes: &[u8]) {
    use server_sent_events::Parser;

    let Ok(whole) = Parser::default().push(bytes) else { return };
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let mut parser = Parser::default();
    let chunks = [parser.push(first), parser.push(second)];
    let events: Vec<_> = chunks.into_iter().flatten().flatten().collect();
    assert_eq!(events, whole);
}

/// Plays a script, if the bytes are one.
///
/// # Panics
/// If a device would.
pub fn device(bytes: &[u8]) {
    drop(script::play(bytes));
}
