//! People at a real relay: the relay as a process, accounts at its demo instance, and pairs who have accepted each other.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use infrasound_spec::consent::ContactState;

use crate::{device::Device, relay_process::RelayProcess, sign_in::demo_sign_up};

/// No limits on rates, and groups as large as leaves allow: what is measured is the work.
const CONFIG: &str = "demo = true\n\
    max_accounts = 5000\n\
    [rates]\n\
    requests_per_second = 0\n\
    sign_ins_per_minute = 0\n\
    registrations_of_address_per_hour = 0\n\
    one_time_to_strangers_per_hour = 0\n\
    claims_per_hour = 0\n\
    stranger_claims_per_hour = 0\n\
    stranger_claims_of_one_per_hour = 0\n";

/// The program that was built beside this one, in the same profile.
///
/// # Panics
/// If it is not there.
pub fn relay_program() -> PathBuf {
    let own = env::current_exe().expect("the path of this program");
    let program = own.with_file_name("infrasound-relay");
    assert!(
        program.is_file(),
        "there is no infrasound-relay beside this program: `cargo build --release -p infrasound-relay`"
    );
    program
}

/// A relay of its own process with its files in `data`.
///
/// # Panics
/// If it does not start.
pub fn relay(data: &Path) -> RelayProcess {
    let config = data.join("relay.toml");
    fs::write(&config, CONFIG).expect("a configuration");
    let mut command = Command::new(relay_program());
    command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(&config);
    command.arg("--data").arg(data.join("relay")).env("RUST_LOG", "warn");
    RelayProcess::start(&mut command)
}

/// A device of a new account.
pub async fn person(relay: &RelayProcess, name: &str, seed: u64) -> Device {
    let token = demo_sign_up(relay.base(), name).await;
    Device::login(relay.base(), &token, false, seed).await
}

/// `one` writes to `other`, who accepts; both have everything that the relay has for them, receipts included.
///
/// # Panics
/// If they do not come to rest.
pub async fn introduce(one: &mut Device, other: &mut Device) {
    one.send(&other.handle(), "May I?").await;
    other.sync().await;
    other.say(&one.handle(), ContactState::Accepted).await;
    settle(one, other).await;
}

/// Lets both fetch what the other made, until nothing more comes.
///
/// # Panics
/// If that does not end.
pub async fn settle(one: &mut Device, other: &mut Device) {
    for _ in 0..10 {
        let before = (one.events.len(), other.events.len());
        for device in [&mut *one, &mut *other] {
            device.advance(2_000).await;
            device.sync().await;
        }
        let told = |device: &Device, from: usize| {
            device.events[from..]
                .iter()
                .any(|event| !matches!(event, infrasound_core::event::Event::CaughtUp))
        };
        if !told(one, before.0) && !told(other, before.1) {
            return;
        }
    }
    panic!("two people never come to rest");
}
