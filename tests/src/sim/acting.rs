//! The actions of a plan, carried out on whatever there is when their time has come.

use infrasound_core::{Client, input::Wish};
use infrasound_spec::{content::ObjectId, conversation::ConversationId};

use super::{
    ledger::{Ledger, Note},
    plan::{Action, Deed},
    verdict::Violation,
    world::{Happening, World},
};

impl World {
    /// Does what the plan says, and lets the next action come.
    pub(super) async fn act(&mut self, index: usize) -> Result<(), Violation> {
        if let Some(next) = self.plan.actions.get(index + 1) {
            self.in_future(next.after, Happening::Act(index + 1));
        }
        let Some(planned) = self.plan.actions.get(index).copied() else { return Ok(()) };
        match planned.action {
            Action::Act { by, conversation, note, deed } => self.do_to_note(by, conversation, note, deed),
            Action::CrashDevice { of, outputs, down } => {
                let device = self.device_of(of);
                self.devices[device].crash_in(outputs, down);
                Ok(())
            }
            Action::CrashHub { down } => {
                self.crash_hub(down).await;
                Ok(())
            }
            Action::CreateGroup { by, with } => self.create_group(by, with),
            Action::InGroup { by, group, deed } => self.do_in_group(by, group, deed),
            Action::Join { by, link } => self.join_group(by, link),
            Action::Lose { of, conversation } => {
                self.lose(self.device_of(of), conversation);
                Ok(())
            }
            Action::Part { accounts, millis } => {
                for account in 0..self.plan.accounts {
                    if accounts >> account & 1 == 1 {
                        self.part(self.device_of(account), millis);
                    }
                }
                Ok(())
            }
            Action::Read { by, conversation } => {
                let device = self.device_of(by);
                let Some(conversation) = self.conversation(device, conversation) else { return Ok(()) };
                self.wish(device, Wish::MarkRead { conversation, up_to: u64::MAX }, None)
            }
            Action::Renew { by, conversation } => {
                let device = self.device_of(by);
                let Some(conversation) = self.conversation(device, conversation) else { return Ok(()) };
                self.wish(device, Wish::RenewLeaf { conversation }, None)
            }
            Action::Say { by, of, state } => {
                let device = self.device_of(by);
                let who = self.ledger.accounts[of % self.plan.accounts].handle.clone();
                self.wish(device, Wish::SetContact { who, state }, None)
            }
            Action::Send { from, to } => self.write(from, to, None),
            Action::StartOver { by } => self.start_over(by % self.plan.accounts).await,
            Action::Sweep => self.hub.sweep(true).await,
        }
    }

    /// The device that an account uses.
    pub(super) fn device_of(&self, account: usize) -> usize {
        self.current[account % self.plan.accounts]
    }

    /// An account writes to another.
    pub(super) fn write(
        &mut self,
        from: usize,
        to: usize,
        in_reply_to: Option<ObjectId>,
    ) -> Result<(), Violation> {
        let (writer, device) = (from % self.plan.accounts, self.device_of(from));
        let note = self.ledger.notes.len();
        let text = Ledger::text(writer, note);
        let to = self.ledger.accounts[to % self.plan.accounts].handle.clone();
        self.ledger.notes.push(Note { device, object: None, place: None });
        self.wish(device, Wish::Send { to, text, in_reply_to, attachments: Vec::new() }, Some(note))
    }

    fn do_to_note(
        &mut self,
        by: usize,
        conversation: usize,
        note: usize,
        deed: Deed,
    ) -> Result<(), Violation> {
        let device = self.device_of(by);
        let Some(conversation) = self.conversation(device, conversation) else { return Ok(()) };
        let shown = self.ledger.shown.get(&(device, conversation)).filter(|shown| !shown.is_empty());
        let Some(object) = shown.map(|shown| shown[note % shown.len()].clone()) else { return Ok(()) };
        let account = by % self.plan.accounts;
        let wish = match deed {
            Deed::Reply => {
                let Some(to) = self.other_in(device, conversation) else {
                    return self.say(by, conversation, Some(object));
                };
                return self.write(by, to, Some(object));
            }
            Deed::React => {
                let emoji = note.is_multiple_of(2).then(|| "👍".to_owned());
                Wish::React { conversation, object: object.clone(), emoji }
            }
            Deed::Edit => {
                let text = format!("a{account} edits.");
                Wish::Edit { conversation, object: object.clone(), text }
            }
            Deed::Delete => Wish::Delete { conversation, object: object.clone(), blobs: Vec::new() },
        };
        self.ledger.deeds.insert((account, object));
        self.wish(device, wish, None)
    }

    /// One of the conversations of a device, counted round in an order of their own.
    fn conversation(&self, device: usize, number: usize) -> Option<ConversationId> {
        let mut all: Vec<_> =
            self.devices[device].core()?.conversations().into_iter().map(|one| one.conversation).collect();
        all.sort();
        (!all.is_empty()).then(|| all[number % all.len()])
    }

    /// A device crashes, and its journal comes back without what it had of a conversation.
    fn lose(&mut self, device: usize, conversation: usize) {
        let Some(conversation) = self.conversation(device, conversation) else { return };
        let Some(scope) = self.devices[device].core().map(|core| core.scope_of(conversation)) else { return };
        self.devices[device].lose(scope);
        self.crashed(device, 1_000);
    }

    fn other_in(&self, device: usize, conversation: ConversationId) -> Option<usize> {
        let all = self.devices[device].core()?.conversations();
        let summary = all.into_iter().find(|one| one.conversation == conversation)?;
        self.ledger.account_of(&summary.person()?.handle)
    }

    async fn start_over(&mut self, account: usize) -> Result<(), Violation> {
        let old = self.device_of(account);
        // Nobody starts over twice at once: which of the two is the last would be the network's to say.
        if self.devices[old].core().is_none_or(Client::is_registering) {
            return Ok(());
        }
        let before = self.devices.len();
        self.register(account).await?;
        if self.devices.len() > before {
            self.devices[old].retired = Some(self.now);
        }
        Ok(())
    }
}
