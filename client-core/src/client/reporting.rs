//! What became of a commit here is told to the hub, which confirms, voids, and compares.
//!
//! Spec: `conversations.md` 8.

use infrasound_spec::{
    api::{
        conversations::{Forked, ReportCommit},
        paths,
        problem::Problem,
    },
    conversation::ConversationId,
    report::{self, AuthenticatorHash, CommitOutcome},
    signing::{self, Purpose as Signing},
    time::SECOND,
};
use rand_core::RngCore as _;

use super::{Client, requests::Purpose, step::Step};
use crate::{conversation::Conversation, event::Event, output::Method, warning::Warning};

/// In a group, a report waits up to so many milliseconds for each leaf, …
const REPORT_SPREAD: u64 = 20;
/// … and so many at the most.
const LONGEST_REPORT_WAIT: u64 = 10 * SECOND;
/// Of a group's devices, about so many report a commit that somebody else has confirmed: the hub compares.
const COMPARED: u32 = 2;

/// The next report on a commit.
pub(super) enum NextReport {
    None,
    /// Not yet: the client wakes for it.
    Later,
    Due(u64, CommitOutcome),
}

impl Client {
    /// The hub is told that a commit was applied: at once, or, in a group, when not everybody tells it at the same time.
    pub(super) fn report_applied(conversation: &mut Conversation, number: u64, step: &mut Step) {
        let Some(group) = &conversation.group else { return };
        let authenticator = report::authenticator_hash(group.epoch_authenticator().as_slice());
        conversation.state.reports.push((number, CommitOutcome::Applied { authenticator }));
        if conversation.policy.is_some() {
            let most = (REPORT_SPREAD * conversation.members.len() as u64).clamp(1, LONGEST_REPORT_WAIT);
            let wait = u64::from(step.rng.next_u32()) % most;
            conversation.reports_due.get_or_insert(step.now.plus_millis(wait));
        }
    }

    /// The report that goes next, if its time has come.
    pub(super) fn next_report(conversation: &Conversation, step: &mut Step) -> NextReport {
        let reports = &conversation.state.reports;
        let urgent = reports.iter().find(|(_, outcome)| *outcome == CommitOutcome::CannotApply);
        let Some((number, outcome)) = urgent.or_else(|| reports.first()).copied() else {
            return NextReport::None;
        };
        match conversation.reports_due {
            Some(due) if urgent.is_none() && step.now < due => {
                step.wake_at(due);
                NextReport::Later
            }
            _ => NextReport::Due(number, outcome),
        }
    }

    /// Somebody else has reported a group's commit: not everybody has to, but a few, so that there is something to compare.
    pub(super) fn report_less(conversation: &mut Conversation, commit: u64, step: &mut Step) {
        if conversation.policy.is_none() {
            return;
        }
        let devices = u32::try_from(conversation.members.len()).unwrap_or(u32::MAX).max(1);
        if step.rng.next_u32() % devices < COMPARED {
            return;
        }
        let wanted = |(reported, outcome): &(u64, CommitOutcome)| {
            *reported > commit || *outcome == CommitOutcome::CannotApply
        };
        conversation.state.reports.retain(wanted);
        if conversation.state.reports.is_empty() {
            conversation.reports_due = None;
        }
    }

    pub(super) fn deliver_report(
        &mut self,
        id: ConversationId,
        number: u64,
        outcome: CommitOutcome,
        step: &mut Step,
    ) {
        let content = report::report_content(&id, number, &outcome);
        let signature = self.device.signer.sign_for(Signing::CommitReport, &content);
        let path = paths::with(paths::REPORTS, "conversation", &id.to_string());
        let body = ReportCommit { number, outcome, signature };
        self.request(Purpose::Report(id, number), Method::Post, path, Some(&body), step);
    }

    /// The hub has it, or does not want it (the commit was decided otherwise in the meantime). It may show that others
    /// came to another epoch.
    pub(super) fn report_answered(
        &mut self,
        id: ConversationId,
        number: u64,
        answer: Result<Forked, Box<Problem>>,
        step: &mut Step,
    ) {
        let Some(mut conversation) = self.conversations.remove(&id) else { return };
        let of_this = |(reported, _): &(u64, CommitOutcome)| *reported == number;
        if let Some(index) = conversation.state.reports.iter().position(of_this) {
            let (_, outcome) = conversation.state.reports.remove(index);
            if let (Ok(forked), CommitOutcome::Applied { authenticator }) = (answer, outcome) {
                self.see_fork(&conversation, number, authenticator, &forked, step);
            }
        }
        conversation.reports_due = None;
        conversation.save(&mut step.writes);
        self.conversations.insert(id, conversation);
    }

    /// Tells who is in another group than this device, if a member of it has signed that. Whoever is in the wrong one cannot
    /// apply the next commit, and comes back then.
    fn see_fork(
        &self,
        conversation: &Conversation,
        number: u64,
        own: AuthenticatorHash,
        forked: &Forked,
        step: &mut Step,
    ) {
        let members = conversation.members.everybody();
        let Some(device) = members.leaf_of(&forked.device).and_then(|leaf| members.at(leaf)) else { return };
        let outcome = CommitOutcome::Applied { authenticator: forked.authenticator };
        let content = report::report_content(&conversation.id, number, &outcome);
        let key = device.device_key.as_bytes();
        let signed = signing::verify(key, Signing::CommitReport, &content, &forked.signature).is_ok();
        if signed && forked.authenticator != own && device.account != self.device.account {
            let who = self.handle_of(&device.account);
            step.event(Event::Warning(Some(conversation.id), Warning::Forked { number, who }));
        }
    }
}
