//! How the newcomer joins in, from a terminal of their own.

use std::path::Path;

use super::narrator::Narrator;
use super::relay::Relay;
use super::windows::Shown;

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

/// Says what to do in the windows, or where to open some.
pub(crate) fn show_windows(narrator: Narrator, relay: &Relay, shown: Shown) {
    narrator.chapter("Your turn");
    let address = relay.address();
    match shown {
        Shown::InWindows => {
            Narrator::plain("The left window is Alice's, the right one Bob's: go on where they were.");
            Narrator::plain(&format!(
                "To be carol, with the password demo, open this in another browser: {address}/"
            ));
        }
        Shown::Unseen => {
            Narrator::plain("There is no display here, so nobody could see it but in the pictures.");
            Narrator::plain(&format!(
                "Be carol, with the password demo, in a browser on this machine: {address}/"
            ));
            Narrator::plain(&format!(
                "Alice and Bob were in browsers that are gone; write to @bob@{} all the same.",
                relay.host()
            ));
        }
    }
    Narrator::plain(&format!("The demo instance's public posts: {address}/demo/timeline"));
    narrator.chapter("Enter or Ctrl-C ends the relay and removes its files.");
}
