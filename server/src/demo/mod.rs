//! The built-in instance (`--demo`): accounts, OAuth, WebFinger, actors, and a public timeline.
//!
//! It stands in for Mastodon so that a newcomer needs nothing else. It speaks Mastodon's API at Mastodon's paths, and
//! the relay talks to it over HTTP as to any [`crate::instance`]: there is no shortcut between the two.
//!
//! Its accounts all have the password `demo`, which the sign-in page says. It is for trying things out, never for
//! the open internet. **Invariant:** nothing here grows without limit; each limit stands beside the type it bounds.

mod book;
mod browser;
mod caller;
mod entity;
mod error;
mod form;
mod page;
mod routes;
mod secret;
mod state;

pub use self::{
    routes::router,
    state::{DemoState, OpenError},
};

#[cfg(test)]
mod flow_tests;
