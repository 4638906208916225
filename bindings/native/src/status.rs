//! Where a session stands, to be watched.

use infrasound_core::event::{Event, Failure};

use crate::error::Error;

/// Where a session stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct Status {
    /// Online, and everything that the relay has is taken in.
    pub(crate) caught_up: bool,
    /// Nothing is under way and nothing could go now.
    pub(crate) idle: bool,
    /// Why the relay could not be reached when it was last tried.
    pub(crate) offline: Option<String>,
    /// The relay has confirmed this device.
    pub(crate) registered: bool,
    /// The relay no longer accepts this device, or never did.
    pub(crate) signed_out: Option<Failure>,
    /// The host has ended, and why.
    pub(crate) stopped: Option<Error>,
}

impl Status {
    /// Takes an event in; says whether something changed.
    pub(crate) fn observe(&mut self, event: &Event) -> bool {
        match event {
            Event::Registered => self.registered = true,
            Event::RegistrationFailed(failure) | Event::SignedOut(failure) => {
                self.signed_out = Some(failure.clone());
            }
            Event::Offline { reason, .. } => self.offline = Some(reason.clone()),
            Event::CaughtUp => self.offline = None,
            _ => return false,
        }
        true
    }

    /// Takes in how far the client is; says whether something changed.
    pub(crate) fn progress(&mut self, caught_up: bool, idle: bool) -> bool {
        let changed = (self.caught_up, self.idle) != (caught_up, idle);
        (self.caught_up, self.idle) = (caught_up, idle);
        if caught_up {
            self.offline = None;
        }
        changed
    }

    /// The error that ends every wait, if there is one.
    pub(crate) fn end(&self) -> Option<Error> {
        let signed_out = || self.signed_out.clone().map(Error::from);
        self.stopped.clone().or_else(signed_out)
    }
}
