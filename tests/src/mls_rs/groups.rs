//! What a member of a group does: takes part, adds, removes, renews its leaf.
//!
//! Spec: `groups.md`.

use infrasound_spec::{
    account::{AccountUri, Handle},
    api::{groups::SetConsent, paths},
    consent::ContactState,
    conversation::ConversationId,
    policy::GroupPolicy,
};
use reqwest::Method;

use super::{
    conversation::MlsRsConversation,
    device::MlsRsDevice,
    founding::Changes,
    parameters::policy_in,
    talking::{Trouble, of},
};

impl MlsRsDevice {
    /// A conversation by its id.
    pub fn group(&self, id: &ConversationId) -> &MlsRsConversation {
        self.conversations.get(id).expect("there is a group")
    }

    /// Accepts an invitation.
    pub async fn accept_group(&self, id: &ConversationId) -> Result<(), Trouble> {
        let body = SetConsent { state: ContactState::Accepted };
        Ok(self.api.tell(Method::PUT, &of(paths::CONSENT, id), Some(&body)).await?)
    }

    /// Adds all devices of an account.
    pub async fn add_to(&mut self, id: &ConversationId, who: &Handle) -> Result<(), Trouble> {
        let account = self.look_up(who).await?;
        let key_packages = self.claim(&account).await?;
        self.commit(id, Changes { add: &key_packages, ..Changes::default() }).await
    }

    /// Removes an account with all its leaves; its role and the links go in the same commit.
    pub async fn remove_from(&mut self, id: &ConversationId, account: &AccountUri) -> Result<(), Trouble> {
        let leaves = self.group(id).leaves_of(account);
        let mut policy = self.group(id).policy();
        policy.roles.remove(account);
        policy.links.clear();
        let changed = (policy != self.group(id).policy()).then_some(&policy);
        self.commit(id, Changes { remove: &leaves, policy: changed, ..Changes::default() }).await
    }

    /// Renews this device's leaf in a group.
    pub async fn renew_leaf_in(&mut self, id: &ConversationId) -> Result<(), Trouble> {
        self.commit(id, Changes::default()).await
    }
}

impl MlsRsConversation {
    /// Who may do what.
    pub fn policy(&self) -> GroupPolicy {
        policy_in(self.group.context().extensions()).expect("a group has a policy")
    }
}
