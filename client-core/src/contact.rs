//! Contacts: what this account says of others, and the account key it has pinned for them.
//!
//! Spec: `identity.md` 7.

use infrasound_spec::{
    account::{AccountKey, AccountUri, Handle},
    consent::ContactState,
};
use serde::{Deserialize, Serialize};

use crate::event::Person;

/// Somebody that this account has to do with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Contact {
    pub(crate) account: AccountUri,
    pub(crate) handle: Handle,
    pub(crate) state: ContactState,
    /// The relay does not know the state yet.
    pub(crate) unsynced: bool,
    /// The account key from the first conversation, or the one that the person confirmed since.
    pub(crate) pin: Option<AccountKey>,
    /// Keys that were pinned before: their leaves stay in groups until somebody takes them out.
    #[serde(default)]
    pub(crate) former: Vec<AccountKey>,
    /// Another key than the pinned one, until the person confirms it. While it is there, nothing is sent.
    pub(crate) changed_key: Option<AccountKey>,
    /// The key in the safety number that the person saw last: accepting confirms this one and no other.
    pub(crate) shown_key: Option<AccountKey>,
}

impl Contact {
    pub(crate) fn new(account: AccountUri, handle: Handle) -> Self {
        Self {
            account,
            handle,
            state: ContactState::None,
            unsynced: false,
            pin: None,
            former: Vec::new(),
            changed_key: None,
            shown_key: None,
        }
    }

    pub(crate) fn person(&self) -> Person {
        Person { account: self.account.clone(), handle: self.handle.clone() }
    }

    /// Sees a key of this account: pins it at first use. Says whether it is not the pinned one.
    pub(crate) fn see_key(&mut self, key: AccountKey) -> KeySeen {
        match self.pin {
            None => {
                self.pin = Some(key);
                KeySeen::First
            }
            Some(pin) if pin == key => {
                self.changed_key = None;
                KeySeen::Same
            }
            Some(_) if self.changed_key == Some(key) => KeySeen::StillChanged,
            Some(_) => {
                self.changed_key = Some(key);
                KeySeen::Changed
            }
        }
    }

    /// Whether the key that would be confirmed is another than the one that the person compared.
    pub(crate) fn changed_since_shown(&self) -> bool {
        self.changed_key.is_some()
            && self.shown_key.is_some()
            && self.shown_key != self.pin
            && self.shown_key != self.changed_key
    }

    /// The person accepts: a changed key becomes the pinned one. It counts as not compared.
    pub(crate) fn confirm_key(&mut self) -> bool {
        match self.changed_key.take() {
            Some(key) => {
                self.former.extend(self.pin.replace(key));
                true
            }
            None => false,
        }
    }

    /// Whether a leaf under this key says nothing new: it is of before the account started over.
    pub(crate) fn is_former(&self, key: AccountKey) -> bool {
        self.pin != Some(key) && self.former.contains(&key)
    }
}

/// What a key is to a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeySeen {
    /// The first one: pinned now.
    First,
    /// The pinned one.
    Same,
    /// Another one, for the first time: say it.
    Changed,
    /// Another one, said already.
    StillChanged,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_key_is_never_pinned_without_the_person() {
        let mut bob =
            Contact::new("https://b.example/bob".parse().unwrap(), "@bob@b.example".parse().unwrap());
        let (old, new) = (AccountKey::from_bytes([1; 32]), AccountKey::from_bytes([2; 32]));
        assert_eq!(bob.see_key(old), KeySeen::First);
        assert_eq!(bob.see_key(new), KeySeen::Changed);
        assert_eq!((bob.see_key(new), bob.pin), (KeySeen::StillChanged, Some(old)));
        assert!(bob.confirm_key());
        assert_eq!((bob.see_key(new), bob.pin), (KeySeen::Same, Some(new)));
        assert!(bob.is_former(old) && !bob.is_former(new));
        assert_eq!(
            bob.see_key(old),
            KeySeen::Changed,
            "whoever says that this is the key now is not believed"
        );
    }

    #[test]
    fn the_old_key_coming_back_ends_the_alarm() {
        let mut bob =
            Contact::new("https://b.example/bob".parse().unwrap(), "@bob@b.example".parse().unwrap());
        let (old, new) = (AccountKey::from_bytes([1; 32]), AccountKey::from_bytes([2; 32]));
        bob.see_key(old);
        bob.see_key(new);
        assert_eq!((bob.see_key(old), bob.changed_key), (KeySeen::Same, None));
    }
}
