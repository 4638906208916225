//! Infrasound's client on a desktop or server: HTTP, server-sent events, SQLite and timers around the core.
//!
//! An app signs in with [`SignIn`], makes a home a device with [`Session::register`], and from then on opens it with
//! [`Session::open`]. A [`Session`] takes wishes and answers them; [`Events`] tells what happens.
//!
//! There is no protocol here: what to send, to store and to retry is the core's decision.

mod clock;
mod error;
mod fault;
mod file_size_limit;
mod files;
mod home;
mod host;
mod join_link;
mod journal;
mod linking;
mod lock;
mod outgoing;
mod relay_url;
pub mod server_sent_events;
mod session;
mod sign_in;
mod spool;
mod status;
mod stream;
mod transport;

pub use error::Error;
pub use join_link::{JoinLink, JoinLinkError};
pub use linking::Linking;
pub use relay_url::{INSECURE_HTTP, RelayUrl, RelayUrlError};
pub use session::{Events, Session, StartOver, signed_in_at};
pub use sign_in::{SignIn, Ticketed};
