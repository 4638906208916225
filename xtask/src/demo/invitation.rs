//! How the newcomer joins in, from a terminal of their own.

use std::path::Path;

use super::narrator::Narrator;
use super::relay::Relay;

/// Says what to type. The relay stays for as long as this command does.
pub(crate) fn show(narrator: Narrator, programs: &Path, homes: &Path, relay: &Relay) {
    let home = homes.join("you").display().to_string();
    let bob = homes.join("bob").display().to_string();
    let host = relay.host();
    narrator.chapter("Your turn, in another terminal");
    narrator.command(&format!("export PATH=\"{}:$PATH\"", programs.display()));
    Narrator::plain("Sign in as carol, with the password demo, on the page whose address this prints:");
    narrator.command(&format!("infrasound --home {home} login --relay {}", relay.address()));
    Narrator::plain("Write to Bob. He does not know you, so he gets a request:");
    narrator.command(&format!("infrasound --home {home} send @bob@{host} 'Hello Bob'"));
    Narrator::plain("Be Bob, and answer:");
    narrator.command(&format!("infrasound --home {bob} requests"));
    narrator.command(&format!("infrasound --home {bob} accept @carol@{host}"));
    narrator.command(&format!("infrasound --home {bob} chat @carol@{host}"));
    Narrator::plain(&format!("The demo instance's public posts: {}/demo/timeline", relay.address()));
    narrator.chapter("Ctrl-C ends the relay and removes its files.");
}
