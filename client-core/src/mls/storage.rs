//! What openmls asks of a storage, answered by [`MlsStore`].

use openmls_traits::storage::{StorageProvider, traits};

use super::store::{Label, MlsStore, StoreError, VERSION};

/// One value for each group: a writer, a reader, a deleter.
macro_rules! group_value {
    ($($write:ident, $read:ident, $delete:ident: $kind:ident = $label:ident;)+) => { $(
        fn $write<G: traits::GroupId<VERSION>, T: traits::$kind<VERSION>>(
            &self,
            group: &G,
            value: &T,
        ) -> Result<(), Self::Error> {
            self.write(Label::$label, group, value)
        }

        fn $read<G: traits::GroupId<VERSION>, T: traits::$kind<VERSION>>(
            &self,
            group: &G,
        ) -> Result<Option<T>, Self::Error> {
            self.read(Label::$label, group)
        }

        fn $delete<G: traits::GroupId<VERSION>>(&self, group: &G) -> Result<(), Self::Error> {
            self.delete(Label::$label, group)
        }
    )+ };
}

/// One value for each key that is not a group: a writer and a deleter (the readers differ in their parameters).
macro_rules! keyed_value {
    ($($write:ident, $delete:ident: $key:ident -> $kind:ident = $label:ident;)+) => { $(
        fn $write<K: traits::$key<VERSION>, T: traits::$kind<VERSION>>(
            &self,
            key: &K,
            value: &T,
        ) -> Result<(), Self::Error> {
            self.write(Label::$label, key, value)
        }

        fn $delete<K: traits::$key<VERSION>>(&self, key: &K) -> Result<(), Self::Error> {
            self.delete(Label::$label, key)
        }
    )+ };
}

impl StorageProvider<VERSION> for MlsStore {
    type Error = StoreError;

    group_value! {
        write_mls_join_config, mls_group_join_config, delete_group_config: MlsGroupJoinConfig = JoinConfig;
        write_tree, tree, delete_tree: TreeSync = Tree;
        write_interim_transcript_hash, interim_transcript_hash, delete_interim_transcript_hash:
            InterimTranscriptHash = InterimTranscriptHash;
        write_context, group_context, delete_context: GroupContext = GroupContext;
        write_confirmation_tag, confirmation_tag, delete_confirmation_tag: ConfirmationTag = ConfirmationTag;
        write_message_secrets, message_secrets, delete_message_secrets: MessageSecrets = MessageSecrets;
        write_resumption_psk_store, resumption_psk_store, delete_all_resumption_psk_secrets:
            ResumptionPskStore = ResumptionPsks;
        write_own_leaf_index, own_leaf_index, delete_own_leaf_index: LeafNodeIndex = OwnLeafIndex;
        write_group_epoch_secrets, group_epoch_secrets, delete_group_epoch_secrets:
            GroupEpochSecrets = EpochSecrets;
    }

    keyed_value! {
        write_signature_key_pair, delete_signature_key_pair:
            SignaturePublicKey -> SignatureKeyPair = SignatureKeyPair;
        write_encryption_key_pair, delete_encryption_key_pair:
            EncryptionKey -> HpkeKeyPair = EncryptionKeyPair;
        write_key_package, delete_key_package: HashReference -> KeyPackage = KeyPackage;
        write_psk, delete_psk: PskId -> PskBundle = Psk;
    }

    fn signature_key_pair<K: traits::SignaturePublicKey<VERSION>, T: traits::SignatureKeyPair<VERSION>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, Self::Error> {
        self.read(Label::SignatureKeyPair, key)
    }

    fn encryption_key_pair<T: traits::HpkeKeyPair<VERSION>, K: traits::EncryptionKey<VERSION>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, Self::Error> {
        self.read(Label::EncryptionKeyPair, key)
    }

    fn key_package<K: traits::HashReference<VERSION>, T: traits::KeyPackage<VERSION>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, Self::Error> {
        self.read(Label::KeyPackage, key)
    }

    fn psk<T: traits::PskBundle<VERSION>, K: traits::PskId<VERSION>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, Self::Error> {
        self.read(Label::Psk, key)
    }

    fn write_group_state<S: traits::GroupState<VERSION>, G: traits::GroupId<VERSION>>(
        &self,
        group: &G,
        state: &S,
    ) -> Result<(), Self::Error> {
        self.write(Label::GroupState, group, state)
    }

    fn group_state<S: traits::GroupState<VERSION>, G: traits::GroupId<VERSION>>(
        &self,
        group: &G,
    ) -> Result<Option<S>, Self::Error> {
        self.read(Label::GroupState, group)
    }

    fn delete_group_state<G: traits::GroupId<VERSION>>(&self, group: &G) -> Result<(), Self::Error> {
        self.delete(Label::GroupState, group)
    }

    fn append_own_leaf_node<G: traits::GroupId<VERSION>, L: traits::LeafNode<VERSION>>(
        &self,
        group: &G,
        leaf: &L,
    ) -> Result<(), Self::Error> {
        self.append(Label::OwnLeafNodes, group, leaf)
    }

    fn own_leaf_nodes<G: traits::GroupId<VERSION>, L: traits::LeafNode<VERSION>>(
        &self,
        group: &G,
    ) -> Result<Vec<L>, Self::Error> {
        self.list(Label::OwnLeafNodes, group)
    }

    fn delete_own_leaf_nodes<G: traits::GroupId<VERSION>>(&self, group: &G) -> Result<(), Self::Error> {
        self.delete(Label::OwnLeafNodes, group)
    }

    fn queue_proposal<G, R, P>(&self, group: &G, reference: &R, proposal: &P) -> Result<(), Self::Error>
    where
        G: traits::GroupId<VERSION>,
        R: traits::ProposalRef<VERSION>,
        P: traits::QueuedProposal<VERSION>,
    {
        self.write(Label::Proposal, &(group, reference), proposal)?;
        self.append(Label::ProposalRefs, group, reference)
    }

    fn queued_proposal_refs<G: traits::GroupId<VERSION>, R: traits::ProposalRef<VERSION>>(
        &self,
        group: &G,
    ) -> Result<Vec<R>, Self::Error> {
        self.list(Label::ProposalRefs, group)
    }

    fn queued_proposals<G, R, P>(&self, group: &G) -> Result<Vec<(R, P)>, Self::Error>
    where
        G: traits::GroupId<VERSION>,
        R: traits::ProposalRef<VERSION>,
        P: traits::QueuedProposal<VERSION>,
    {
        let references: Vec<R> = self.list(Label::ProposalRefs, group)?;
        let with_proposal = |reference: R| -> Result<Option<(R, P)>, StoreError> {
            let proposal = self.read(Label::Proposal, &(group, &reference))?;
            Ok(proposal.map(|proposal| (reference, proposal)))
        };
        references.into_iter().filter_map(|reference| with_proposal(reference).transpose()).collect()
    }

    fn remove_proposal<G: traits::GroupId<VERSION>, R: traits::ProposalRef<VERSION>>(
        &self,
        group: &G,
        reference: &R,
    ) -> Result<(), Self::Error> {
        let wanted = rmp_serde::to_vec_named(reference)?;
        let mut references: Vec<serde_bytes::ByteBuf> =
            self.read(Label::ProposalRefs, group)?.unwrap_or_default();
        references.retain(|stored| stored.as_slice() != wanted);
        self.write(Label::ProposalRefs, group, &references)?;
        self.delete(Label::Proposal, &(group, reference))
    }

    fn clear_proposal_queue<G: traits::GroupId<VERSION>, R: traits::ProposalRef<VERSION>>(
        &self,
        group: &G,
    ) -> Result<(), Self::Error> {
        for reference in self.list::<R>(Label::ProposalRefs, group)? {
            self.delete(Label::Proposal, &(group, &reference))?;
        }
        self.delete(Label::ProposalRefs, group)
    }

    fn write_encryption_epoch_key_pairs<G, E, T>(
        &self,
        group: &G,
        epoch: &E,
        leaf_index: u32,
        key_pairs: &[T],
    ) -> Result<(), Self::Error>
    where
        G: traits::GroupId<VERSION>,
        E: traits::EpochKey<VERSION>,
        T: traits::HpkeKeyPair<VERSION>,
    {
        self.write(Label::EpochKeyPairs, &(group, epoch, leaf_index), &key_pairs)
    }

    fn encryption_epoch_key_pairs<G, E, T>(
        &self,
        group: &G,
        epoch: &E,
        leaf_index: u32,
    ) -> Result<Vec<T>, Self::Error>
    where
        G: traits::GroupId<VERSION>,
        E: traits::EpochKey<VERSION>,
        T: traits::HpkeKeyPair<VERSION>,
    {
        Ok(self.read(Label::EpochKeyPairs, &(group, epoch, leaf_index))?.unwrap_or_default())
    }

    fn delete_encryption_epoch_key_pairs<G: traits::GroupId<VERSION>, E: traits::EpochKey<VERSION>>(
        &self,
        group: &G,
        epoch: &E,
        leaf_index: u32,
    ) -> Result<(), Self::Error> {
        self.delete(Label::EpochKeyPairs, &(group, epoch, leaf_index))
    }
}
