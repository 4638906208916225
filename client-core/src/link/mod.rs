//! Linking: how a new device and an old one of the same account come to keys that nobody between them has.
//!
//! Each stage is a type of its own, made from the one before: no key exists before the other side's part is checked,
//! and a stage cannot be used twice. Spec: `devices.md` 3 to 5.
//!
//! | new device | old device |
//! |---|---|
//! | [`Offered`]: commits to its key | [`Joined`]: waits for that |
//! | | [`Answered`]: has sent its own |
//! | [`Agreed`] | [`Agreed`] |

pub(crate) mod channel;
pub(crate) mod hand_over;
pub(crate) mod intake;
pub(crate) mod pipe;

use infrasound_spec::{
    account::AccountUri,
    api::links::LinkId,
    link::{
        LinkCommitment, LinkFrame, LinkKey, LinkMalformed, LinkMode, LinkTranscript, LinkUri, commitment,
    },
};
use rand_core::{CryptoRng, RngCore};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use channel::{Channel, Side};

/// Why a link is given up. Nothing was handed over that should not have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("what came is not what a device of this version sends")]
    Malformed,
    #[error(
        "the key of the new device is not the one that it had committed to: somebody is between the devices"
    )]
    NotCommitted,
    #[error("a key in it is none")]
    WeakKey,
    #[error("something was altered, repeated or left out on its way: somebody may be between the devices")]
    Altered,
    #[error("something came out of turn")]
    OutOfTurn,
    #[error("not all of the history came")]
    Incomplete,
    #[error("the other device has another account key than the relay says")]
    OtherAccountKey,
}

impl From<LinkMalformed> for LinkError {
    fn from(_: LinkMalformed) -> Self {
        Self::Malformed
    }
}

/// An ephemeral key pair of one link. Zeroized when dropped.
struct Ephemeral {
    secret: StaticSecret,
    key: LinkKey,
}

impl Ephemeral {
    fn make(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        let secret = StaticSecret::from(*seed);
        let key = LinkKey::from_bytes(PublicKey::from(&secret).to_bytes());
        Self { secret, key }
    }

    /// The shared secret; a key of small order, which would make it known to all, is refused.
    fn agree(&self, other: &LinkKey) -> Result<Zeroizing<[u8; 32]>, LinkError> {
        let shared = self.secret.diffie_hellman(&PublicKey::from(*other.as_bytes()));
        if shared.was_contributory() {
            Ok(Zeroizing::new(shared.to_bytes()))
        } else {
            Err(LinkError::WeakKey)
        }
    }
}

/// The new device has shown what it offers and waits for the old one's answer.
pub(crate) struct Offered {
    link: LinkId,
    own: Ephemeral,
    nonce: [u8; 32],
    secret: Zeroizing<[u8; 32]>,
}

impl Offered {
    pub(crate) fn make(link: LinkId, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let own = Ephemeral::make(rng);
        let mut offered = Self { link, own, nonce: [0; 32], secret: Zeroizing::new([0; 32]) };
        rng.fill_bytes(&mut offered.nonce);
        rng.fill_bytes(&mut *offered.secret);
        offered
    }

    /// What the screen shows to be scanned.
    pub(crate) fn uri(&self) -> LinkUri {
        LinkUri { link: self.link, key: self.own.key, secret: *self.secret }
    }

    /// The first frame.
    pub(crate) fn commitment(&self) -> Vec<u8> {
        LinkFrame::Commitment(commitment(&self.own.key, &self.nonce)).encode()
    }

    /// The second frame, once the old device's key is here and can't be chosen any more.
    pub(crate) fn opening(&self) -> Vec<u8> {
        LinkFrame::Opening { key: self.own.key, nonce: self.nonce }.encode()
    }

    /// The old device has answered with its key.
    pub(crate) fn answered(
        self,
        mode: LinkMode,
        old_key: LinkKey,
        account: &AccountUri,
    ) -> Result<Agreed, LinkError> {
        let shared = self.own.agree(&old_key)?;
        let secret = (mode == LinkMode::Uri).then_some(&*self.secret);
        let transcript = LinkTranscript {
            mode,
            link: self.link,
            account,
            new_key: self.own.key,
            nonce: self.nonce,
            old_key,
        };
        Ok(Agreed::derive(&transcript, &shared, secret, Side::New))
    }
}

/// The old device has joined the channel and waits for the new one's commitment.
pub(crate) struct Joined {
    link: LinkId,
    /// What was read from the new device's screen, if anything.
    uri: Option<LinkUri>,
}

impl Joined {
    pub(crate) fn new(link: LinkId, uri: Option<LinkUri>) -> Self {
        Self { link, uri }
    }

    /// The new device is bound to its key: now this one may show its own. Gives the frame to send.
    pub(crate) fn committed(
        self,
        commitment: LinkCommitment,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> (Answered, Vec<u8>) {
        let own = Ephemeral::make(rng);
        let mode = if self.uri.is_some() { LinkMode::Uri } else { LinkMode::Number };
        let frame = LinkFrame::Answer { mode, key: own.key }.encode();
        (Answered { joined: self, own, mode, commitment }, frame)
    }
}

/// The old device has sent its key and waits for what the new one had committed to.
pub(crate) struct Answered {
    joined: Joined,
    own: Ephemeral,
    mode: LinkMode,
    commitment: LinkCommitment,
}

impl Answered {
    /// The new device has shown its key.
    pub(crate) fn opened(
        self,
        new_key: LinkKey,
        nonce: [u8; 32],
        account: &AccountUri,
    ) -> Result<Agreed, LinkError> {
        let scanned = self.joined.uri.as_ref();
        if commitment(&new_key, &nonce) != self.commitment || scanned.is_some_and(|uri| uri.key != new_key) {
            return Err(LinkError::NotCommitted);
        }
        let shared = self.own.agree(&new_key)?;
        let transcript = LinkTranscript {
            mode: self.mode,
            link: self.joined.link,
            account,
            new_key,
            nonce,
            old_key: self.own.key,
        };
        Ok(Agreed::derive(&transcript, &shared, scanned.map(|uri| &uri.secret), Side::Old))
    }
}

/// Both have keys. Whether it is with each other, the person says, or the secret on the screen.
pub(crate) struct Agreed {
    pub(crate) channel: Channel,
    pub(crate) mode: LinkMode,
    /// Six digits, the same on both devices if nobody is between them.
    pub(crate) number: String,
}

impl Agreed {
    fn derive(
        transcript: &LinkTranscript<'_>,
        shared: &[u8; 32],
        secret: Option<&[u8; 32]>,
        side: Side,
    ) -> Self {
        let (channel, number) = channel::derive(&transcript.digest(), shared, secret, side);
        Self { channel, mode: transcript.mode, number }
    }
}

#[cfg(test)]
mod tests {
    use infrasound_spec::link::LinkMessage;

    use super::*;

    const LINK: LinkId = LinkId::from_bytes([1; 16]);

    fn account() -> AccountUri {
        "https://a.example/users/alice".parse().unwrap()
    }

    fn rng() -> rand_core::OsRng {
        rand_core::OsRng
    }

    fn commitment_of(offered: &Offered) -> LinkCommitment {
        commitment(&offered.own.key, &offered.nonce)
    }

    /// Both sides over an honest relay.
    fn agreed(offered: Offered, uri: Option<LinkUri>) -> (Agreed, Agreed) {
        let (answered, _) = Joined::new(LINK, uri).committed(commitment_of(&offered), &mut rng());
        let (key, nonce, old_key, mode) = (offered.own.key, offered.nonce, answered.own.key, answered.mode);
        let old = answered.opened(key, nonce, &account()).unwrap();
        (offered.answered(mode, old_key, &account()).unwrap(), old)
    }

    #[test]
    fn both_have_the_same_number_and_the_others_key() {
        for scanned in [false, true] {
            let offered = Offered::make(LINK, &mut rng());
            let uri = scanned.then(|| offered.uri());
            let (new, old) = agreed(offered, uri);
            assert_eq!((new.number.len(), new.number == old.number, new.mode == old.mode), (6, true, true));
            let sealed = new.channel.seal(3, &LinkMessage::Confirmed);
            assert_eq!(
                LinkMessage::decode(&old.channel.open(3, &sealed).unwrap()),
                Ok(LinkMessage::Confirmed)
            );
            assert_eq!(old.channel.open(4, &sealed).err(), Some(LinkError::Altered), "repeated or reordered");
            assert_eq!(new.channel.open(3, &sealed).err(), Some(LinkError::Altered), "sent back");
            let back = old.channel.seal(2, &LinkMessage::End { records: 5 });
            assert_eq!(
                LinkMessage::decode(&new.channel.open(2, &back).unwrap()),
                Ok(LinkMessage::End { records: 5 })
            );
        }
    }

    #[test]
    fn a_relay_that_puts_keys_of_its_own_between_them_shows_in_the_number() {
        // One in a million passes by chance: three in a row do not.
        let differ = (0..3).any(|_| {
            let (offered, between) = (Offered::make(LINK, &mut rng()), Offered::make(LINK, &mut rng()));
            let (answered, _) = Joined::new(LINK, None).committed(commitment_of(&between), &mut rng());
            let old = answered.opened(between.own.key, between.nonce, &account()).unwrap();
            let new = offered.answered(LinkMode::Number, between.own.key, &account()).unwrap();
            new.number != old.number
        });
        assert!(differ);
    }

    #[test]
    fn another_key_than_the_committed_or_the_scanned_one_is_refused() {
        let (offered, other) = (Offered::make(LINK, &mut rng()), Offered::make(LINK, &mut rng()));
        let joined = || Joined::new(LINK, None).committed(commitment_of(&offered), &mut rng()).0;
        let swapped = joined().opened(other.own.key, offered.nonce, &account());
        assert_eq!(swapped.err(), Some(LinkError::NotCommitted));
        let nonce = joined().opened(offered.own.key, other.nonce, &account());
        assert_eq!(nonce.err(), Some(LinkError::NotCommitted));
        let scanned = Joined::new(LINK, Some(other.uri())).committed(commitment_of(&offered), &mut rng()).0;
        let opened = scanned.opened(offered.own.key, offered.nonce, &account());
        assert_eq!(opened.err(), Some(LinkError::NotCommitted));
    }

    #[test]
    fn who_has_not_seen_the_screen_cannot_answer_in_its_name() {
        let offered = Offered::make(LINK, &mut rng());
        let guessed = LinkUri { secret: [0; 32], ..offered.uri() };
        let (new, old) = agreed(offered, Some(guessed));
        let sealed = old.channel.seal(2, &LinkMessage::AccountKey(&[9; 32]));
        assert_eq!(new.channel.open(2, &sealed).err(), Some(LinkError::Altered));
    }

    #[test]
    fn a_key_of_small_order_is_refused() {
        let offered = Offered::make(LINK, &mut rng());
        let zero = offered.answered(LinkMode::Number, LinkKey::from_bytes([0; 32]), &account());
        assert_eq!(zero.err(), Some(LinkError::WeakKey));
    }
}
