//! The systemd unit.

use std::process::Command;

use crate::programs::{deploy, is_here, succeed};

/// Of 10. Below 2 systemd calls it OK.
const EXPOSURE: f64 = 2.0;

#[test]
fn the_unit_is_hardened() {
    if !is_here("systemd-analyze") {
        return;
    }
    let unit = deploy().join("systemd/infrasound-relay.service");
    let said =
        succeed(Command::new("systemd-analyze").args(["security", "--offline=true", "--no-pager"]).arg(unit));
    let level =
        said.split("Overall exposure level for").nth(1).and_then(|rest| rest.split(':').nth(1)).unwrap();
    let level: f64 = level.split_whitespace().next().unwrap().parse().unwrap();
    assert!(level < EXPOSURE, "{said}");
}

#[test]
fn the_unit_starts_what_the_package_installs() {
    let unit = std::fs::read_to_string(deploy().join("systemd/infrasound-relay.service")).unwrap();
    let start =
        unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/infrasound-relay ")).unwrap();
    let arguments = start.split(' ').map(str::to_owned);
    let command = <infrasound_relay::command::Command as clap::Parser>::try_parse_from(
        ["infrasound-relay".to_owned()].into_iter().chain(arguments),
    );
    assert!(matches!(command.unwrap().action, infrasound_relay::command::Action::Serve(_)));
}

/// systemd kills what has not ended by then: the relay's own limits must be shorter.
#[test]
fn the_unit_waits_longer_than_the_relay_drains() {
    let unit = std::fs::read_to_string(deploy().join("systemd/infrasound-relay.service")).unwrap();
    let wait: u64 =
        unit.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).unwrap().parse().unwrap();
    let config = infrasound_relay::Config::new(infrasound_relay::config::InstanceConfig::Demo, "");
    // Requests, the writer, and readers that are closed: each has its limit.
    assert!(wait * 1000 > 3 * config.drain + 5_000, "{wait}");
}
