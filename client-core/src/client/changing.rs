//! Changes of a group become commits: what somebody wants, held against the group as it is now.
//!
//! A change is planned anew each time it is made into a commit, so that it fits whatever others did meanwhile: what is
//! so already needs no commit, and what the policy does not allow any more fails with a reason.
//!
//! Spec: `groups.md` 3 and 4; `journal.md` 4.

use std::collections::{BTreeMap, BTreeSet};

use infrasound_spec::{
    account::AccountUri,
    commit,
    conversation::{Conversation as Context, ConversationId, Parties},
    key_package::EndorsedKeyPackage,
    limits::MAX_BATCH,
    policy::{self, Circumstances, GroupPolicy, Role},
    submission::SubmissionId,
};
use openmls::prelude::{LeafNodeIndex, MlsGroup, Proposal, Sender};

use super::{
    Client,
    founding::{Founding, MakeError},
    sending::Proposals,
    step::Step,
};
use crate::{
    conversation::Conversation,
    event::{Failure, FailureCode},
    intent::{Change, Intent, Invitee, Settings, Stage, Work},
    mls::Provider,
};

/// What a commit is to do.
#[derive(Default)]
struct Plan {
    add: Vec<EndorsedKeyPackage>,
    remove: BTreeSet<u32>,
    /// Of a group.
    policy: Option<GroupPolicy>,
    /// What others proposed is applied.
    proposals: bool,
}

/// Why a change is not made.
enum Unmade {
    /// It is so already.
    Needless,
    Failed(Failure),
}

impl From<MakeError> for Unmade {
    fn from(error: MakeError) -> Self {
        Self::Failed(Failure::new(FailureCode::Refused, error.to_string()))
    }
}

impl Client {
    /// Makes the commit of an intent, stores it with the intent, and sends it.
    pub(super) fn make_commit(
        &mut self,
        id: ConversationId,
        intent: Intent,
        key_packages: &[EndorsedKeyPackage],
        step: &mut Step,
    ) {
        let Some(mut conversation) = self.conversations.remove(&id) else { return };
        let number = intent.id;
        let made = match &intent.work {
            Work::Change { change: Change::Found { creator, salt, policy, .. }, .. } => {
                let founding = Founding { creator, salt: *salt, policy: policy.as_ref() };
                self.found_group(&mut conversation, founding, key_packages, step).map_err(Unmade::from)
            }
            Work::Change { change, .. } => {
                let change = change.clone();
                self.make_change(&mut conversation, intent, &change, key_packages, step)
            }
            _ => Ok(()),
        };
        if made.is_err() {
            conversation.store.roll_back();
            if let Err(damaged) = conversation.reload_group() {
                return self.journal_damaged(&damaged.to_string(), step);
            }
        }
        conversation.save(&mut step.writes);
        self.conversations.insert(id, conversation);
        self.active.insert(id);
        match made {
            Ok(()) => {
                if let Some(intent) = self.intents.get(&number).cloned() {
                    self.submit(id, &intent, step);
                }
            }
            Err(Unmade::Needless) => {
                if let Some(intent) = self.remove_intent(number, step) {
                    Self::tell_changed(id, &intent, step);
                }
            }
            Err(Unmade::Failed(failure)) => self.fail_intent(number, &failure, step),
        }
    }

    fn make_change(
        &mut self,
        conversation: &mut Conversation,
        mut intent: Intent,
        change: &Change,
        key_packages: &[EndorsedKeyPackage],
        step: &mut Step,
    ) -> Result<(), Unmade> {
        let plan = self.plan(conversation, change, key_packages, step)?;
        if let Some(group) = &mut conversation.group {
            // What is left of a commit that another one has overtaken.
            group.clear_pending_commit(&conversation.store).map_err(MakeError::of)?;
        }
        let position = conversation.state.position;
        let provider = Provider { crypto: &self.crypto, store: &conversation.store };
        let group = conversation.group.as_mut().ok_or_else(|| MakeError::of("there is no group"))?;
        let remove: Vec<LeafNodeIndex> = plan.remove.iter().map(|index| LeafNodeIndex::new(*index)).collect();
        let changed = plan.policy.filter(|policy| conversation.policy.as_ref() != Some(policy));
        let proposals = Proposals { add: &plan.add, remove: &remove, policy: changed.as_ref() };
        let bundle = self.commit_bundle(&provider, group, &position, proposals)?;
        intent.stage = Stage::Commit { submission: SubmissionId::from_bytes(step.random()), bundle };
        self.save_intent(intent, step);
        Ok(())
    }

    /// What the commit has to do, if anything.
    fn plan(
        &self,
        conversation: &Conversation,
        change: &Change,
        key_packages: &[EndorsedKeyPackage],
        step: &Step,
    ) -> Result<Plan, Unmade> {
        let mut plan = Plan { policy: conversation.policy.clone(), ..Plan::default() };
        match change {
            Change::Add { .. } => Self::plan_additions(conversation, key_packages, &mut plan),
            Change::Remove { who, ban } => self.plan_removals(conversation, who, *ban, &mut plan)?,
            Change::EndInvitations { who } => {
                let may = |who: &&AccountUri| {
                    plan.policy.as_ref().is_some_and(|policy| policy.may_remove(&self.device.account, who))
                };
                let who: Vec<AccountUri> = who.iter().filter(may).cloned().collect();
                self.plan_removals(conversation, &who, false, &mut plan)?;
            }
            Change::DropDevices => {
                let stray = self.stray_leaves(conversation);
                plan.remove.extend(stray);
            }
            Change::Proposals => plan.proposals = true,
            Change::Found { .. } | Change::FoundAgain => return Err(Unmade::Needless),
            change => {
                if let Some(policy) = &mut plan.policy {
                    change_policy(policy, change);
                }
            }
        }
        self.finish_plan(conversation, plan, step)
    }

    /// Who is in it already is left; whose key is another now is let in again in place of the old leaves.
    fn plan_additions(conversation: &Conversation, key_packages: &[EndorsedKeyPackage], plan: &mut Plan) {
        for one in key_packages {
            match conversation.members.everybody().key_of(&one.device.account) {
                Some(key) if key == one.device.account_key => {}
                Some(_) => {
                    let old = conversation.members.everybody().leaves_of(&one.device.account);
                    plan.remove.extend(old.map(|(index, _)| index));
                    plan.add.push(one.clone());
                }
                None => plan.add.push(one.clone()),
            }
        }
    }

    fn plan_removals(
        &self,
        conversation: &Conversation,
        who: &[AccountUri],
        ban: bool,
        plan: &mut Plan,
    ) -> Result<(), Unmade> {
        for account in who {
            if *account == self.device.account {
                let text = "you cannot remove yourself; leave the group instead";
                return Err(Unmade::Failed(Failure::new(FailureCode::Refused, text)));
            }
            let allowed = conversation
                .policy
                .as_ref()
                .is_some_and(|policy| policy.may_remove(&self.device.account, account));
            if !allowed {
                let text = format!("you may not remove {} from this group", self.handle_of(account));
                return Err(Unmade::Failed(Failure::new(FailureCode::NotAllowed, text)));
            }
            plan.remove.extend(conversation.members.everybody().leaves_of(account).map(|(index, _)| index));
            if ban && let Some(policy) = &mut plan.policy {
                policy.banned.insert(account.clone());
            }
        }
        Ok(())
    }

    /// What has to go along: who proposed to leave, roles of who is gone, links that a removed member may know.
    fn finish_plan(&self, conversation: &Conversation, mut plan: Plan, step: &Step) -> Result<Plan, Unmade> {
        let leaving = leavers(conversation);
        let pending = !leaving.is_empty();
        let mut gone_leaves = plan.remove.clone();
        for (index, device) in conversation.members.everybody().leaves() {
            if leaving.iter().any(|(_, account)| *account == device.account) {
                gone_leaves.insert(index);
            }
        }
        // Leaves that their own proposal removes are not removed twice.
        plan.remove = gone_leaves
            .iter()
            .filter(|index| !leaving.iter().any(|(leaf, _)| leaf == *index))
            .copied()
            .collect();
        let Some(before) = &conversation.policy else {
            let nothing = plan.add.is_empty() && plan.remove.is_empty();
            return if nothing { Err(Unmade::Needless) } else { Ok(plan) };
        };
        let stays = |account: &AccountUri| {
            let old = conversation
                .members
                .everybody()
                .leaves_of(account)
                .any(|(index, _)| !gone_leaves.contains(&index));
            old || plan.add.iter().any(|one| one.device.account == *account)
        };
        let accounts = conversation.members.everybody().accounts();
        let new_key = |account: &AccountUri| {
            let added = plan.add.iter().find(|one| one.device.account == *account);
            added.is_some_and(|one| accounts.get(account).is_some_and(|key| *key != one.device.account_key))
        };
        let lost: BTreeSet<AccountUri> = accounts
            .keys()
            .filter(|account| !stays(account) || new_key(account))
            .map(|account| (*account).clone())
            .collect();
        let expels = lost
            .iter()
            .any(|account| !stays(account) && !leaving.iter().any(|(_, leaver)| leaver == account));
        let mut after = plan.policy.take().unwrap_or_else(|| before.clone());
        after.roles.retain(|account, _| !lost.contains(account));
        if expels {
            after.links.clear();
        }
        let changed = after != *before || !plan.add.is_empty() || !plan.remove.is_empty();
        let applies = plan.proposals && pending;
        if !(changed || applies) {
            return Err(Unmade::Needless);
        }
        let role = before.role(&self.device.account);
        let at = step.now;
        let by = Circumstances { role, lost: &lost, expels, at };
        policy::check_change(before, &after, by).map_err(|violation| {
            Unmade::Failed(Failure::new(FailureCode::NotAllowed, violation.to_string()))
        })?;
        let owned =
            after.has_owner() || !before.has_owner() || accounts.keys().any(|account| new_key(account));
        if !owned && !after.closed && accounts.keys().filter(|account| stays(account)).count() > 1 {
            let text = "the group would have no owner: make somebody else an owner first";
            return Err(Unmade::Failed(Failure::new(FailureCode::NotAllowed, text)));
        }
        let newcomers = plan.add.iter().any(|one| !accounts.contains_key(&one.device.account));
        if newcomers && !before.may_add(&self.device.account) {
            let text = "you may not add people to this group";
            return Err(Unmade::Failed(Failure::new(FailureCode::NotAllowed, text)));
        }
        plan.policy = Some(after);
        Ok(plan)
    }

    /// The wish to make the group anew becomes one to make it, with whoever is in it now and nobody's links.
    pub(super) fn found_again(&mut self, id: ConversationId, mut intent: Intent, step: &mut Step) {
        let Some(conversation) = self.conversations.get(&id) else { return };
        let context = conversation
            .group
            .as_ref()
            .and_then(|group| commit::read_context(group.public_group().group_context()).ok());
        let (
            Some((Context { parties: Parties::Group { creator, salt }, .. }, Some(policy))),
            Work::Change { change, .. },
        ) = (context, &mut intent.work)
        else {
            return;
        };
        if policy.role(&self.device.account) < Role::Owner {
            let text = "only an owner can make the group anew";
            return self.fail_intent(intent.id, &Failure::new(FailureCode::NotAllowed, text), step);
        }
        let others = conversation
            .members
            .everybody()
            .accounts()
            .into_keys()
            .filter(|one| **one != self.device.account);
        let mut others: Vec<Invitee> = others.cloned().map(Invitee::Account).collect();
        let rest = others.split_off(others.len().min(MAX_BATCH));
        let policy = GroupPolicy { links: BTreeMap::new(), ..policy };
        *change = Change::Found { creator, salt, policy: Some(policy), add: others };
        self.save_intent(intent, step);
        for add in rest.chunks(MAX_BATCH) {
            self.add_change(id, None, Change::Add { add: add.to_vec() }, step);
        }
        self.active.insert(id);
    }

    /// Whether others have proposed something that has to be committed before anything is said.
    pub(super) fn has_proposals(conversation: &Conversation) -> bool {
        conversation.group.as_ref().is_some_and(MlsGroup::has_pending_proposals)
    }
}

/// Who has proposed to leave: leaf and account.
pub(super) fn leavers(conversation: &Conversation) -> Vec<(u32, AccountUri)> {
    let Some(group) = &conversation.group else { return Vec::new() };
    group
        .pending_proposals()
        .filter_map(|queued| match (queued.proposal(), queued.sender()) {
            (Proposal::SelfRemove, Sender::Member(index)) => {
                let device = conversation.members.at(index.u32())?;
                Some((index.u32(), device.account.clone()))
            }
            _ => None,
        })
        .collect()
}

/// What a wish about the policy makes of it.
fn change_policy(policy: &mut GroupPolicy, change: &Change) {
    match change {
        Change::Unban { who } => {
            policy.banned.remove(who);
        }
        Change::Role { who, role: Role::Member } => {
            policy.roles.remove(who);
        }
        Change::Role { who, role } => {
            policy.roles.insert(who.clone(), *role);
        }
        Change::Settings(settings) => apply_settings(policy, *settings),
        Change::AddLink { link, terms } => {
            policy.links.insert(*link, *terms);
        }
        Change::RevokeLink { link } => {
            policy.links.remove(link);
        }
        _ => {}
    }
}

fn apply_settings(policy: &mut GroupPolicy, settings: Settings) {
    let Settings { add, rename, post, join, closed } = settings;
    policy.add = add.unwrap_or(policy.add);
    policy.rename = rename.unwrap_or(policy.rename);
    policy.post = post.unwrap_or(policy.post);
    policy.join = join.unwrap_or(policy.join);
    policy.closed = closed.unwrap_or(policy.closed);
}
