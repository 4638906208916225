//! Black-box tests of the relay's API: a real relay on loopback with a database on disk, real MLS clients.
//!
//! One file for each part of the URL space; `support` has the actors.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

mod access;
mod account;
mod admin;
mod admin_page;
mod authorization;
mod backup;
mod blobs;
mod commits;
mod contacts;
mod conversations;
mod devices;
mod disk_full;
mod domains;
mod draining;
mod groups;
mod key_packages;
mod links;
mod log;
mod messages;
mod metrics;
mod openapi;
mod provisional;
mod push;
mod rates;
mod relay;
mod schemathesis;
mod sessions;
mod sign_in;
mod stream;
mod web_app;
mod webhook;
mod welcomes;
