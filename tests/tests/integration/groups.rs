//! Groups, from creation to leaving, with real cores over a real relay.
//!
//! Spec: `groups.md`.

mod coming_back;
mod devices;
mod invitations;
mod leaving;
mod links;
mod policy;
mod siblings;
mod stage;
mod together;
