//! Who is typing: outside the log and the ratchets, sealed under a key that the members of the epoch share.
//!
//! Spec: `groups.md` 11.

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use infrasound_spec::{
    api::{groups::Typing, paths},
    bytes::Base64Url,
    conversation::ConversationId,
    limits::MAX_TYPING,
};
use zeroize::Zeroizing;

use super::{Client, requests::Purpose, step::Step};
use crate::{
    conversation::Conversation,
    event::{Answer, Event, Failure},
    mls::Provider,
    output::Method,
};

const LABEL: &str = "Infrasound 1.0 typing";
const LEAF: usize = 4;
const NONCE: usize = 24;

impl Client {
    /// Tells the others, if they may know and this device is in the conversation. It is nothing worth keeping.
    pub(super) fn wish_typing(&mut self, id: ConversationId, step: &mut Step) -> Result<Answer, Failure> {
        self.known(id)?;
        if self.may_speak(id)
            && self.token(step.now).is_some()
            && let Some(conversation) = self.conversations.get(&id)
            && let Some(sealed) = self.seal_typing(conversation, step)
        {
            let path = paths::with(paths::TYPING, "conversation", &id.to_string());
            let body = Typing { sealed: sealed.into() };
            self.request(Purpose::Typing, Method::Post, path, Some(&body), step);
        }
        Ok(Answer::Done)
    }

    /// `uint32` leaf, nonce, and nothing sealed under the epoch's key: that it opens is the message.
    fn seal_typing(&self, conversation: &Conversation, step: &mut Step) -> Option<Vec<u8>> {
        let group = conversation.group.as_ref().filter(|_| conversation.is_joined())?;
        conversation.members.members().ok()?;
        let leaf = group.own_leaf_index().u32();
        let nonce: [u8; NONCE] = step.random();
        let sealed = self
            .typing_cipher(conversation)?
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: &[], aad: &typing_aad(conversation, leaf)? });
        Some([leaf.to_be_bytes().as_slice(), &nonce, &sealed.ok()?].concat())
    }

    /// The stream says that somebody is typing: believed if the group's secret says so, too.
    pub(super) fn take_typing(&self, id: ConversationId, sealed: &Base64Url, step: &mut Step) {
        let who = self.conversations.get(&id).and_then(|conversation| {
            let bytes = sealed.as_slice();
            if bytes.len() > MAX_TYPING {
                return None;
            }
            let (leaf, rest) = bytes.split_first_chunk::<LEAF>()?;
            let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
            let leaf = u32::from_be_bytes(*leaf);
            let aad = typing_aad(conversation, leaf)?;
            let opened = self
                .typing_cipher(conversation)?
                .decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: &aad });
            opened.ok().filter(Vec::is_empty)?;
            let device = conversation.members.at(leaf)?;
            (device.account != self.device.account).then(|| device.account.clone())
        });
        if let Some(account) = who {
            step.event(Event::Typing { conversation: id, who: self.handle_of(&account) });
        }
    }

    fn typing_cipher(&self, conversation: &Conversation) -> Option<XChaCha20Poly1305> {
        let provider = Provider { crypto: &self.crypto, store: &conversation.store };
        let group = conversation.group.as_ref()?;
        let key =
            group.export_secret(openmls_traits::OpenMlsProvider::crypto(&provider), LABEL, &[], 32).ok()?;
        let key = Zeroizing::new(key);
        XChaCha20Poly1305::new_from_slice(&key).ok()
    }
}

/// Conversation, epoch, leaf.
fn typing_aad(conversation: &Conversation, leaf: u32) -> Option<Vec<u8>> {
    let epoch = conversation.group.as_ref()?.epoch().as_u64();
    Some([conversation.id.as_bytes().as_slice(), &epoch.to_be_bytes(), &leaf.to_be_bytes()].concat())
}
