//! The public group in the database: one compact MessagePack blob for each commit that may still matter.
//!
//! openmls hands its pieces to a storage provider; this one keeps them in memory, and [`encode`] writes them as one.

use std::cell::RefCell;

use openmls::{group::GroupId, prelude::PublicGroup};
use openmls_traits::{
    public_storage::PublicStorageProvider,
    storage::{CURRENT_VERSION, traits},
};
use rmp_serde::config::BytesMode;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_bytes::ByteBuf;

const VERSION: u8 = 1;

/// The pieces of a public group.
#[derive(Debug, Default)]
pub(crate) struct Pieces(RefCell<Stored>);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Stored {
    version: u8,
    group_id: ByteBuf,
    tree: ByteBuf,
    context: ByteBuf,
    interim_transcript_hash: ByteBuf,
    confirmation_tag: ByteBuf,
}

/// The stored bytes are not a group of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored group cannot be read")]
pub(crate) struct UnreadableGroup;

impl Pieces {
    /// The blob of what openmls stored here.
    pub(crate) fn encode(&self, group: &PublicGroup) -> Result<Vec<u8>, UnreadableGroup> {
        let mut stored = self.0.borrow().clone();
        stored.version = VERSION;
        stored.group_id = ByteBuf::from(group.group_id().as_slice());
        rmp_serde::to_vec_named(&stored).map_err(|_| UnreadableGroup)
    }

    /// The group of a blob, and the pieces to change it with.
    pub(crate) fn load(blob: &[u8]) -> Result<(PublicGroup, Self), UnreadableGroup> {
        let stored: Stored = rmp_serde::from_slice(blob).map_err(|_| UnreadableGroup)?;
        if stored.version != VERSION {
            return Err(UnreadableGroup);
        }
        let group_id = GroupId::from_slice(&stored.group_id);
        let pieces = Self(RefCell::new(stored));
        let group = PublicGroup::load(&pieces, &group_id).map_err(|_| UnreadableGroup)?;
        Ok((group.ok_or(UnreadableGroup)?, pieces))
    }
}

/// openmls' types show their keys to serde as sequences of numbers. Written as bytes they are far shorter, and read the
/// same; pieces that an earlier version wrote as numbers are read as well.
fn write(piece: &mut ByteBuf, value: &impl Serialize) -> Result<(), UnreadableGroup> {
    let mut bytes = Vec::new();
    let mut serializer =
        rmp_serde::Serializer::new(&mut bytes).with_struct_map().with_bytes(BytesMode::ForceIterables);
    value.serialize(&mut serializer).map_err(|_| UnreadableGroup)?;
    *piece = ByteBuf::from(bytes);
    Ok(())
}

fn read<T: DeserializeOwned>(piece: &ByteBuf) -> Result<Option<T>, UnreadableGroup> {
    if piece.is_empty() {
        return Ok(None);
    }
    rmp_serde::from_slice(piece).map(Some).map_err(|_| UnreadableGroup)
}

/// One group, whatever its id. Proposals are not stored here but beside their entries ([`crate::store::proposal`]): which of
/// them are pending changes without the group.
impl PublicStorageProvider<CURRENT_VERSION> for Pieces {
    type PublicError = UnreadableGroup;

    fn write_tree<G: traits::GroupId<CURRENT_VERSION>, T: traits::TreeSync<CURRENT_VERSION>>(
        &self,
        _: &G,
        tree: &T,
    ) -> Result<(), UnreadableGroup> {
        write(&mut self.0.borrow_mut().tree, tree)
    }

    fn write_interim_transcript_hash<
        G: traits::GroupId<CURRENT_VERSION>,
        H: traits::InterimTranscriptHash<CURRENT_VERSION>,
    >(
        &self,
        _: &G,
        hash: &H,
    ) -> Result<(), UnreadableGroup> {
        write(&mut self.0.borrow_mut().interim_transcript_hash, hash)
    }

    fn write_context<G: traits::GroupId<CURRENT_VERSION>, C: traits::GroupContext<CURRENT_VERSION>>(
        &self,
        _: &G,
        context: &C,
    ) -> Result<(), UnreadableGroup> {
        write(&mut self.0.borrow_mut().context, context)
    }

    fn write_confirmation_tag<
        G: traits::GroupId<CURRENT_VERSION>,
        C: traits::ConfirmationTag<CURRENT_VERSION>,
    >(
        &self,
        _: &G,
        tag: &C,
    ) -> Result<(), UnreadableGroup> {
        write(&mut self.0.borrow_mut().confirmation_tag, tag)
    }

    fn queue_proposal<
        G: traits::GroupId<CURRENT_VERSION>,
        R: traits::ProposalRef<CURRENT_VERSION>,
        Q: traits::QueuedProposal<CURRENT_VERSION>,
    >(
        &self,
        _: &G,
        _: &R,
        _: &Q,
    ) -> Result<(), UnreadableGroup> {
        Ok(())
    }

    fn queued_proposals<
        G: traits::GroupId<CURRENT_VERSION>,
        R: traits::ProposalRef<CURRENT_VERSION>,
        Q: traits::QueuedProposal<CURRENT_VERSION>,
    >(
        &self,
        _: &G,
    ) -> Result<Vec<(R, Q)>, UnreadableGroup> {
        Ok(Vec::new())
    }

    fn tree<G: traits::GroupId<CURRENT_VERSION>, T: traits::TreeSync<CURRENT_VERSION>>(
        &self,
        _: &G,
    ) -> Result<Option<T>, UnreadableGroup> {
        read(&self.0.borrow().tree)
    }

    fn group_context<G: traits::GroupId<CURRENT_VERSION>, C: traits::GroupContext<CURRENT_VERSION>>(
        &self,
        _: &G,
    ) -> Result<Option<C>, UnreadableGroup> {
        read(&self.0.borrow().context)
    }

    fn interim_transcript_hash<
        G: traits::GroupId<CURRENT_VERSION>,
        H: traits::InterimTranscriptHash<CURRENT_VERSION>,
    >(
        &self,
        _: &G,
    ) -> Result<Option<H>, UnreadableGroup> {
        read(&self.0.borrow().interim_transcript_hash)
    }

    fn confirmation_tag<G: traits::GroupId<CURRENT_VERSION>, C: traits::ConfirmationTag<CURRENT_VERSION>>(
        &self,
        _: &G,
    ) -> Result<Option<C>, UnreadableGroup> {
        read(&self.0.borrow().confirmation_tag)
    }

    fn delete_tree<G: traits::GroupId<CURRENT_VERSION>>(&self, _: &G) -> Result<(), UnreadableGroup> {
        self.0.borrow_mut().tree.clear();
        Ok(())
    }

    fn delete_confirmation_tag<G: traits::GroupId<CURRENT_VERSION>>(
        &self,
        _: &G,
    ) -> Result<(), UnreadableGroup> {
        self.0.borrow_mut().confirmation_tag.clear();
        Ok(())
    }

    fn delete_context<G: traits::GroupId<CURRENT_VERSION>>(&self, _: &G) -> Result<(), UnreadableGroup> {
        self.0.borrow_mut().context.clear();
        Ok(())
    }

    fn delete_interim_transcript_hash<G: traits::GroupId<CURRENT_VERSION>>(
        &self,
        _: &G,
    ) -> Result<(), UnreadableGroup> {
        self.0.borrow_mut().interim_transcript_hash.clear();
        Ok(())
    }

    fn remove_proposal<G: traits::GroupId<CURRENT_VERSION>, R: traits::ProposalRef<CURRENT_VERSION>>(
        &self,
        _: &G,
        _: &R,
    ) -> Result<(), UnreadableGroup> {
        Ok(())
    }

    fn clear_proposal_queue<G: traits::GroupId<CURRENT_VERSION>, R: traits::ProposalRef<CURRENT_VERSION>>(
        &self,
        _: &G,
    ) -> Result<(), UnreadableGroup> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use infrasound_spec::mls::CIPHERSUITE;
    use openmls::{
        prelude::{
            BasicCredential, CredentialWithKey, MlsGroup, MlsGroupCreateConfig, MlsMessageBodyIn,
            MlsMessageIn, ProposalStore,
        },
        treesync::TreeSync,
    };
    use openmls_basic_credential::SignatureKeyPair;
    use openmls_rust_crypto::OpenMlsRustCrypto;
    use openmls_traits::OpenMlsProvider as _;
    use tls_codec::{DeserializeBytes as _, Serialize as _};

    use super::*;

    fn tree(group: &PublicGroup) -> Vec<u8> {
        group.export_ratchet_tree().tls_serialize_detached().unwrap()
    }

    /// A public group of one, over pieces of its own.
    fn watched() -> (PublicGroup, Pieces) {
        let provider = OpenMlsRustCrypto::default();
        let signer = SignatureKeyPair::new(CIPHERSUITE.signature_algorithm()).unwrap();
        let credential = CredentialWithKey {
            credential: BasicCredential::new(b"somebody".to_vec()).into(),
            signature_key: signer.public().into(),
        };
        let config = MlsGroupCreateConfig::builder().ciphersuite(CIPHERSUITE).build();
        let group = MlsGroup::new(&provider, &signer, &config, credential).unwrap();
        let info = group.export_group_info(provider.crypto(), &signer, false).unwrap();
        let info = MlsMessageIn::tls_deserialize_exact_bytes(&info.to_bytes().unwrap()).unwrap();
        let MlsMessageBodyIn::GroupInfo(info) = info.extract() else { panic!("it is a GroupInfo") };
        let (tree, pieces) = (group.export_ratchet_tree().into(), Pieces::default());
        let read = PublicGroup::from_external(provider.crypto(), &pieces, tree, info, ProposalStore::new());
        (read.unwrap().0, pieces)
    }

    #[test]
    fn what_is_stored_is_the_group() {
        let (group, pieces) = watched();
        let blob = pieces.encode(&group).unwrap();
        let (loaded, again) = Pieces::load(&blob).unwrap();
        assert_eq!(loaded.group_context(), group.group_context());
        assert_eq!(tree(&loaded), tree(&group));
        assert_eq!(again.encode(&loaded).unwrap(), blob);
    }

    #[test]
    fn a_group_that_was_stored_as_numbers_is_read() {
        let (group, pieces) = watched();
        let blob = pieces.encode(&group).unwrap();
        let read: TreeSync = pieces.tree(group.group_id()).unwrap().unwrap();
        let as_numbers = rmp_serde::to_vec_named(&read).unwrap();
        assert!(as_numbers.len() > pieces.0.borrow().tree.len());
        pieces.0.borrow_mut().tree = ByteBuf::from(as_numbers);
        let (loaded, again) = Pieces::load(&pieces.encode(&group).unwrap()).unwrap();
        assert_eq!(tree(&loaded), tree(&group));
        // Written again, it is as it would be now.
        again.write_tree(loaded.group_id(), &read).unwrap();
        assert_eq!(again.encode(&loaded).unwrap(), blob);
    }
}
