//! What an admin gets in `server/deploy`: the guide's commands, the unit, the web servers' snippets, the package.
//!
//! A program that is not on this machine (systemd-analyze, nginx, Caddy, dpkg-deb) leaves its test out, which says so.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod guide;
mod package;
mod programs;
mod unit;
mod web_servers;
