//! The end: everything works again, everybody accepts everybody, and then all must agree.

use std::collections::BTreeMap;

use infrasound_core::{
    Client, Unfinished,
    event::Person,
    input::Wish,
    message::{Body, Message, MessageState},
};
use infrasound_spec::{consent::ContactState, conversation::ConversationId, time::HOUR};

use super::{
    plan::Weather,
    verdict::{Rule, Violation, require},
    world::{Happening, World, restless},
};

/// So many things may happen until the world comes to rest.
const MOST: u64 = 60_000;
/// What is further away than this is not waited for: sessions, renewals.
const SOON: u64 = 2 * HOUR;
/// How often everybody accepts everybody: each time may bring something to accept.
const ROUNDS: usize = 3;

/// What two devices must show alike: number, id, sender, text, edited or not, reactions.
type Shown = (Option<u64>, String, String, String, bool, Vec<String>);

impl World {
    /// Carries the plan out, heals, and judges.
    pub(super) async fn live(&mut self) -> Result<(), Violation> {
        if let Some(first) = self.plan.actions.first() {
            self.in_future(first.after, Happening::Act(0));
        }
        let mut last = self.plan.actions.iter().map(|planned| planned.after).sum::<u64>() + 1;
        last += self.now;
        while self.next_at().is_some_and(|at| at <= last) {
            self.step().await?;
            self.is_restless()?;
        }
        self.heal().await?;
        for _ in 0..ROUNDS {
            self.accept_everybody()?;
            self.accept_groups()?;
            self.rest().await?;
            self.let_in_again()?;
            self.rest().await?;
        }
        // Who was let in last has not been asked yet.
        self.accept_groups()?;
        self.rest().await?;
        for account in 0..self.plan.accounts {
            for other in self.partners(account) {
                self.write(account, other, None)?;
            }
            for group in self.groups_of(self.device_of(account)) {
                self.say(account, group, None)?;
            }
        }
        self.rest().await?;
        // Who wrote may have learnt only then that somebody started over, and waits for a word; and so does the other.
        for _ in 0..ROUNDS {
            if self.current.iter().all(|device| self.unfinished(*device).is_empty()) {
                break;
            }
            self.accept_who_waits()?;
            self.rest().await?;
        }
        self.judge()
    }

    async fn heal(&mut self) -> Result<(), Violation> {
        self.trace.note(self.now, format_args!("everything works again"));
        self.weather = Weather::FAIR;
        if !self.hub.is_up() {
            self.hub.restart().await?;
        }
        for device in 0..self.devices.len() {
            self.devices[device].heal();
            self.in_future(1, Happening::Open(device));
        }
        self.rest().await?;
        for account in 0..self.plan.accounts {
            let device = self.device_of(account);
            if self.devices[device].turned_away {
                // Its sign-in got too old before it was heard: the person signs in again.
                self.devices[device].retired = Some(self.now);
                self.register(account).await?;
            }
        }
        self.rest().await
    }

    /// Lets everything happen that happens soon.
    async fn rest(&mut self) -> Result<(), Violation> {
        loop {
            while self.next_at().is_some_and(|at| at <= self.now + SOON) {
                self.step().await?;
                self.is_restless()?;
            }
            // What the hub looks after by itself may set something going.
            self.hub.sweep(false).await?;
            self.read_streams();
            if self.next_at().is_none_or(|at| at > self.now + SOON) {
                return Ok(());
            }
        }
    }

    fn is_restless(&self) -> Result<(), Violation> {
        if self.count() > MOST { Err(restless()) } else { Ok(()) }
    }

    fn accept_everybody(&mut self) -> Result<(), Violation> {
        for account in 0..self.plan.accounts {
            let device = self.device_of(account);
            let known = self.devices[device].core().map(Client::contacts).unwrap_or_default();
            for (person, _) in known {
                let wish = Wish::SetContact { who: person.handle, state: ContactState::Accepted };
                self.wish(device, wish, None)?;
            }
        }
        Ok(())
    }

    /// Everybody says yes to who asks, and to whom something waits for. Nothing else is touched, so that what is stuck stays so.
    fn accept_who_waits(&mut self) -> Result<(), Violation> {
        for account in 0..self.plan.accounts {
            let device = self.device_of(account);
            let Some(core) = self.devices[device].core() else { continue };
            let conversations = core.conversations();
            let waits = |who: &Person| {
                let mut with = conversations.iter().filter(|one| one.person() == Some(who));
                with.any(|one| one.waiting.is_some())
            };
            let asking = core.contacts().into_iter();
            let asking = asking.filter(|(who, state)| *state != ContactState::Accepted || waits(who));
            for who in asking.map(|(person, _)| person.handle).collect::<Vec<_>>() {
                self.wish(device, Wish::SetContact { who, state: ContactState::Accepted }, None)?;
            }
        }
        Ok(())
    }

    /// With whom an account has a conversation.
    fn partners(&self, account: usize) -> Vec<usize> {
        let core = self.devices[self.device_of(account)].core();
        let all = core.map(Client::conversations).unwrap_or_default();
        all.iter().filter_map(|one| self.ledger.account_of(&one.person()?.handle)).collect()
    }

    fn judge(&mut self) -> Result<(), Violation> {
        self.ledger.judge_memberships()?;
        if self.plan.lies {
            // Whom the hub lies to need not get everything.
            return Ok(());
        }
        self.judge_endings()?;
        let mut histories = BTreeMap::new();
        for account in 0..self.plan.accounts {
            let device = self.device_of(account);
            let core = self.devices[device].core();
            let all = core.map(Client::conversations).unwrap_or_default();
            for conversation in all.into_iter().map(|one| one.conversation) {
                self.last_history = None;
                let wish = Wish::Messages { conversation, before: None, limit: 1_000 };
                self.wish(device, wish, None)?;
                let history = self.last_history.take();
                let history = history.ok_or_else(|| {
                    Violation::new(Rule::Ending, format!("device {device} shows no history"))
                })?;
                histories.insert((conversation, device), history);
            }
        }
        self.judge_notes(&histories)?;
        self.judge_agreement(&histories)
    }

    /// Nothing is still to be done (rule 7).
    fn judge_endings(&self) -> Result<(), Violation> {
        if let Some(((device, _), wished)) = self.ledger.wishes.iter().next() {
            return Err(Violation::new(
                Rule::Ending,
                format!("device {device} was never told what became of {}", wished.what),
            ));
        }
        for device in &self.current {
            let unfinished = self.unfinished(*device);
            require(unfinished.is_empty(), Rule::Ending, || {
                format!("device {device} has still to do {unfinished:?}")
            })?;
        }
        for (object, device) in &self.ledger.changes {
            // What was told just before a crash is not told again.
            let told = self.devices[*device].life == 0 && self.devices[*device].retired.is_none();
            let core = self.devices[*device].core();
            let held = core.is_none_or(|core| !core.unfinished().is_empty());
            require(!told || held, Rule::Ending, || {
                format!("device {device} was never told what became of {object}")
            })?;
        }
        Ok(())
    }

    /// What a device has still to do, and could do by itself.
    fn unfinished(&self, device: usize) -> Vec<Unfinished> {
        let core = self.devices[device].core();
        let mut unfinished = core.map(Client::unfinished).unwrap_or_default();
        unfinished.retain(|one| !one.conversation.is_some_and(|of| self.waits_outside(device, of)));
        unfinished
    }

    /// Whether a device is not in a group, and waits for somebody to let it in.
    fn waits_outside(&self, device: usize, conversation: ConversationId) -> bool {
        let Some(core) = self.devices[device].core() else { return false };
        self.ledger.is_group(conversation) && core.standing(conversation).is_none()
    }

    /// Whether a group is over for a device.
    pub(super) fn is_over(&self, device: usize, conversation: ConversationId) -> bool {
        let Some(core) = self.devices[device].core() else { return false };
        let all = core.conversations();
        let group = all.iter().find(|one| one.conversation == conversation).and_then(|one| one.group());
        group.is_some_and(|group| group.ended.is_some())
    }

    /// Every note that was stored is where it belongs, or was said to have failed (rules 1 and 7).
    fn judge_notes(
        &self,
        histories: &BTreeMap<(ConversationId, usize), Vec<Message>>,
    ) -> Result<(), Violation> {
        for (tag, note) in self.ledger.notes.iter().enumerate() {
            let Some(object) = &note.object else { continue };
            let times = |device: usize, conversation: Option<ConversationId>| {
                let own = histories.iter().filter(|((of, by), _)| {
                    *by == device && conversation.is_none_or(|conversation| *of == conversation)
                });
                own.flat_map(|(_, history)| history).filter(|message| message.id == *object).count()
            };
            let failed = self.ledger.failed.contains(object);
            if self.devices[note.device].retired.is_none() {
                let shown = times(note.device, None);
                require(shown == 1 || (failed && shown == 0), Rule::Ending, || {
                    format!("note n{tag} is shown {shown} times by its own device, failed: {failed}")
                })?;
            }
            let Some((conversation, number)) = note.place else { continue };
            if self.ledger.is_void(conversation, number) {
                continue;
            }
            for (of, device) in histories.keys().filter(|(of, _)| *of == conversation) {
                let standing = self.devices[*device].core().and_then(|core| core.standing(*of));
                let member = standing.is_some_and(|standing| standing.joined_at < number)
                    && !self.is_over(*device, *of);
                let shown = times(*device, Some(conversation));
                require(!member || shown == 1, Rule::Delivery, || {
                    format!(
                        "note n{tag} was acknowledged as {number}; device {device} shows it {shown} times"
                    )
                })?;
            }
        }
        Ok(())
    }

    /// Members show the same, and stand in the same epoch (rules 1, 2 and 5).
    fn judge_agreement(
        &self,
        histories: &BTreeMap<(ConversationId, usize), Vec<Message>>,
    ) -> Result<(), Violation> {
        let mut first: BTreeMap<ConversationId, (usize, u64, Vec<u8>, u64)> = BTreeMap::new();
        for ((conversation, device), history) in histories {
            if self.is_over(*device, *conversation) || self.waits_outside(*device, *conversation) {
                continue;
            }
            history.iter().try_for_each(|message| self.check_sender(*device, message))?;
            let standing = self.devices[*device].core().and_then(|core| core.standing(*conversation));
            let Some(standing) = standing else {
                let what = format!("device {device} is not in {conversation} though it wrote there");
                return Err(Violation::new(Rule::Ending, what));
            };
            require(standing.confirmed, Rule::Ending, || {
                format!("{conversation} is never confirmed for device {device}")
            })?;
            let Some((other, joined_at, group, epoch)) = first.get(conversation) else {
                let of = (*device, standing.joined_at, standing.group, standing.epoch);
                first.insert(*conversation, of);
                continue;
            };
            require((group, *epoch) == (&standing.group, standing.epoch), Rule::Agreement, || {
                format!("devices {other} and {device} end in epochs {epoch} and {}", standing.epoch)
            })?;
            let since = standing.joined_at.max(*joined_at);
            let one = shown(&histories[&(*conversation, *other)], since);
            let two = shown(history, since);
            require(one == two, Rule::Delivery, || {
                let differ = one.iter().zip(&two).find(|(one, two)| one != two);
                format!(
                    "devices {other} and {device} show different histories of {conversation}: {} and {}, {differ:?}",
                    one.len(),
                    two.len()
                )
            })?;
        }
        Ok(())
    }
}

fn shown(history: &[Message], since: u64) -> Vec<Shown> {
    let mut shown = Vec::new();
    let since = |message: &&Message| message.number.is_none_or(|number| number > since);
    let said = |message: &&Message| {
        !matches!(message.body, Body::Changes(_)) && !matches!(message.state, MessageState::Failed(_))
    };
    for message in history.iter().filter(since).filter(said) {
        let mut reactions: Vec<_> =
            message.reactions.iter().map(|one| format!("{} {:?}", one.sender, one.emoji)).collect();
        reactions.sort();
        shown.push((
            message.number,
            message.id.to_string(),
            message.sender.to_string(),
            format!("{:?}", message.body),
            message.edited,
            reactions,
        ));
    }
    shown
}
