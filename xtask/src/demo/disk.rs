//! What the relay has stored of it all: shown, and searched for what it must not know.

use super::DemoError;
use super::claim;
use super::narrator::Narrator;
use super::private_message::PrivateMessage;
use super::relay::Relay;
use super::storage::Storage;
use super::story::hold;

/// Fails if any of the texts is in what the relay has written.
pub(super) fn look<'a>(
    narrator: Narrator,
    relay: &Relay,
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<(), DemoError> {
    narrator.chapter("What the relay has stored");
    let storage = Storage::read(relay.folder())?;
    let message = storage.first(PrivateMessage::find);
    claim::check("the relay has stored a message", message.is_some())?;
    if let Some((file, message)) = message {
        narrator.say(&format!("A message in {}, as MLS makes it:", file.display()));
        Narrator::plain(message.describe().trim_end());
    }
    let (files, bytes) = storage.extent();
    narrator.say(&format!("{files} files, {bytes} bytes, searched as they are, as hex and as base64:"));
    hold(narrator, "The relay knows who has an account", storage.holds("/users/alice"))?;
    let leaked = texts.into_iter().any(|text| storage.holds(text));
    hold(narrator, "None of what they wrote is anywhere in it", !leaked)
}
