//! A plan: what a world does, from a seed, and printed so that a person can read it.

use std::fmt;

use infrasound_spec::{
    consent::ContactState,
    mutant::Mutant,
    time::{HOUR, MINUTE, SECOND},
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore, SeedableRng as _},
};

/// Everything that decides a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where keys, ids and fates come from.
    pub seed: u64,
    /// How many accounts there are.
    pub accounts: usize,
    /// How bad the network is.
    pub weather: Weather,
    /// The hub lies in the logs that it shows.
    pub lies: bool,
    /// What is broken on purpose.
    pub mutant: Option<Mutant>,
    /// What is done, in order.
    pub actions: Vec<Planned>,
}

/// How bad the network is, while it is not healed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// The longest way there or back, in milliseconds. What goes at the same time may arrive in any order.
    pub delay: u64,
    /// Of a thousand requests, and of a thousand answers, so many are lost.
    pub lost: u16,
    /// Of a thousand requests, so many arrive twice; of a thousand answers as well.
    pub repeated: u16,
    /// Of a thousand events, so many break the stream.
    pub broken: u16,
    /// How far the devices' clocks are from the hub's at most, in milliseconds.
    pub clocks: i32,
}

impl Weather {
    /// Nothing goes wrong.
    pub const FAIR: Self = Self { delay: 20, lost: 0, repeated: 0, broken: 0, clocks: 0 };
}

/// An action, and how long after the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Milliseconds since the action before.
    pub after: u64,
    /// What is done.
    pub action: Action,
}

/// What is done. Numbers stand for whatever there is at the time, counted round: an account, a conversation, a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// An account writes to another.
    Send {
        /// Who.
        from: usize,
        /// To whom.
        to: usize,
    },
    /// A note is answered, reacted to, edited, deleted.
    Act {
        /// Who does it.
        by: usize,
        /// In which of its conversations.
        conversation: usize,
        /// To which note there.
        note: usize,
        /// What.
        deed: Deed,
    },
    /// An account says something of another.
    Say {
        /// Who.
        by: usize,
        /// Of whom.
        of: usize,
        /// What.
        state: ContactState,
    },
    /// An account makes a group.
    CreateGroup {
        /// Who.
        by: usize,
        /// With whom: a bit for each account.
        with: u32,
    },
    /// An account does something in a group.
    InGroup {
        /// Who.
        by: usize,
        /// In which of its groups.
        group: usize,
        /// What.
        deed: GroupDeed,
    },
    /// An account follows a link.
    Join {
        /// Who.
        by: usize,
        /// Which of all links.
        link: usize,
    },
    /// A device crashes, and what it had stored of one conversation is gone.
    Lose {
        /// Whose.
        of: usize,
        /// Which conversation.
        conversation: usize,
    },
    /// A person has read everything in a conversation.
    Read {
        /// Who.
        by: usize,
        /// Which conversation.
        conversation: usize,
    },
    /// A device renews its leaf.
    Renew {
        /// Whose.
        by: usize,
        /// In which conversation.
        conversation: usize,
    },
    /// An account starts over with a new device.
    StartOver {
        /// Who.
        by: usize,
    },
    /// A device crashes when it has done so much more, and is opened again later.
    CrashDevice {
        /// Whose.
        of: usize,
        /// After how many more outputs.
        outputs: usize,
        /// For how long, in milliseconds.
        down: u64,
    },
    /// The hub crashes, and is started again later.
    CrashHub {
        /// For how long, in milliseconds.
        down: u64,
    },
    /// Some devices can't reach the hub.
    Part {
        /// A bit for each account.
        accounts: u32,
        /// For how long, in milliseconds.
        millis: u64,
    },
    /// The hub deletes what has expired.
    Sweep,
}

/// What is done to a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It is answered.
    Reply,
    /// It gets a reaction.
    React,
    /// Its author changes it; somebody else tries to.
    Edit,
    /// Its author deletes it; somebody else tries to.
    Delete,
}

/// What is done in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupDeed {
    /// A note is written.
    Say,
    /// Somebody is added, or let in again.
    Add(usize),
    /// Somebody is removed.
    Remove {
        /// Who.
        who: usize,
        /// For good.
        ban: bool,
    },
    /// A ban ends.
    Unban(usize),
    /// Somebody gets a role.
    Role {
        /// Who.
        who: usize,
        /// Which: member, moderator, owner.
        role: u8,
    },
    /// Who may do what is changed.
    Settings {
        /// Who may add.
        add: u8,
        /// Who may write.
        post: u8,
        /// How people come in.
        join: u8,
    },
    /// The group is closed, or opened again.
    Close(bool),
    /// The group gets another name.
    Describe(u8),
    /// A link is made, for so many uses.
    MakeLink(u8),
    /// An invitation is answered.
    Answer(ContactState),
    /// The account leaves.
    Leave,
    /// The group is founded again.
    FoundAgain,
}

impl Plan {
    /// The plan of a seed, with so many devices at the most.
    pub fn of(seed: u64, devices: usize) -> Self {
        let mut dice = Dice(ChaCha20Rng::seed_from_u64(seed));
        let accounts = 2 + dice.below(devices.max(2) - 1);
        let weather = dice.weather();
        let length = 15 + dice.below(40);
        let groups = seed % 2 == 1;
        let mut actions: Vec<Planned> = Vec::new();
        while actions.len() < length {
            dice.plan(accounts, groups, &mut actions);
        }
        if groups {
            let with = u32::MAX;
            actions.insert(0, Planned { after: 1_000, action: Action::CreateGroup { by: 0, with } });
        }
        Self { seed, accounts, weather, lies: seed % 8 >= 6, mutant: None, actions }
    }
}

struct Dice(ChaCha20Rng);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.0.next_u64() % n.max(1) as u64).unwrap_or_default()
    }

    fn millis(&mut self, below: u64) -> u64 {
        self.0.next_u64() % below.max(1)
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn weather(&mut self) -> Weather {
        Weather {
            delay: self.one_of(&[5, 50, 500, 3_000, 20_000]),
            lost: self.one_of(&[0, 0, 10, 50, 200]),
            repeated: self.one_of(&[0, 10, 100]),
            broken: self.one_of(&[0, 10, 100, 300]),
            clocks: self.one_of(&[0, 0, 1_000, 60_000]),
        }
    }

    fn plan(&mut self, accounts: usize, groups: bool, actions: &mut Vec<Planned>) {
        let planned = self.planned(accounts, groups);
        let Action::InGroup { by, group, deed: GroupDeed::Remove { who, .. } } = planned.action else {
            return actions.push(planned);
        };
        if self.below(2) == 0 {
            return actions.push(planned);
        }
        // Who is removed while away, and then talked about, finds all of it at once.
        let away = Action::Part { accounts: 1 << (who % accounts), millis: MINUTE };
        let say = Action::InGroup { by, group, deed: GroupDeed::Say };
        actions.push(Planned { after: planned.after, action: away });
        actions.push(Planned { after: SECOND, action: planned.action });
        actions.push(Planned { after: 20 * SECOND, action: say });
    }

    fn planned(&mut self, accounts: usize, groups: bool) -> Planned {
        let most = self.one_of(&[10, 1_000, 1_000, 5_000, 5_000, 30_000]);
        let after = match self.below(100) {
            0 => self.millis(20 * HOUR),
            1..5 => self.millis(30 * MINUTE),
            _ => self.millis(most),
        };
        let in_group = groups && self.below(100) < 55;
        let action = if in_group { self.action_in_group(accounts) } else { self.action(accounts) };
        Planned { after, action }
    }

    fn action_in_group(&mut self, accounts: usize) -> Action {
        let (by, who, group) = (self.below(accounts), self.below(accounts), self.below(4));
        let small = |dice: &mut Self| u8::try_from(dice.below(3)).unwrap_or_default();
        let deed = match self.below(100) {
            0..32 => GroupDeed::Say,
            32..44 => GroupDeed::Add(who),
            44..51 => GroupDeed::Remove { who, ban: self.below(4) == 0 },
            51..53 => GroupDeed::Unban(who),
            53..60 => GroupDeed::Role { who, role: small(self) },
            60..66 => GroupDeed::Settings { add: small(self), post: small(self) / 2, join: small(self) },
            66..68 => GroupDeed::Close(self.below(2) == 0),
            68..73 => GroupDeed::Describe(small(self)),
            73..77 => GroupDeed::MakeLink(small(self)),
            77..87 => {
                use ContactState::{Accepted, Ignored};
                GroupDeed::Answer(self.one_of(&[Accepted, Accepted, Accepted, Accepted, Ignored]))
            }
            87..90 => GroupDeed::Leave,
            90..92 => {
                let with = u32::try_from(self.below(1 << accounts.min(20))).unwrap_or_default();
                return Action::CreateGroup { by, with };
            }
            92..98 => return Action::Join { by, link: self.below(8) },
            _ => return Action::Lose { of: by, conversation: self.below(8) },
        };
        Action::InGroup { by, group, deed }
    }

    fn action(&mut self, accounts: usize) -> Action {
        let by = self.below(accounts);
        let other = (by + 1 + self.below(accounts - 1)) % accounts;
        let conversation = self.below(accounts);
        match self.below(100) {
            0..40 => Action::Send { from: by, to: other },
            40..56 => {
                let deed = self.one_of(&[Deed::Reply, Deed::React, Deed::Edit, Deed::Delete]);
                Action::Act { by, conversation, note: self.below(1000), deed }
            }
            56..70 => {
                use ContactState::{Accepted, Blocked, Ignored, None};
                let state = self.one_of(&[Accepted, Accepted, Accepted, Accepted, Ignored, Blocked, None]);
                Action::Say { by, of: other, state }
            }
            70..75 => Action::Read { by, conversation },
            75..81 => Action::Renew { by, conversation },
            81..84 => Action::StartOver { by },
            84..91 => {
                let down = self.one_of(&[1, 500, 10_000, 600_000]);
                Action::CrashDevice { of: by, outputs: self.below(12), down: self.millis(down) }
            }
            91..95 => {
                let down = self.one_of(&[1, 500, 10_000]);
                Action::CrashHub { down: self.millis(down) }
            }
            95..99 => {
                let mask = u32::try_from(self.below(1 << accounts.min(20))).unwrap_or_default();
                let longest = self.one_of(&[10 * SECOND, MINUTE, 20 * MINUTE]);
                Action::Part { accounts: mask, millis: self.millis(longest) }
            }
            _ => Action::Sweep,
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, accounts, weather, lies, mutant, actions } = self;
        let lies = if *lies { ", the hub lies" } else { "" };
        let broken = mutant.map(|mutant| format!(", {mutant:?}")).unwrap_or_default();
        let many = actions.len();
        writeln!(f, "seed {seed}: {accounts} accounts, {weather:?}{lies}{broken}, {many} actions")?;
        for (index, Planned { after, action }) in actions.iter().enumerate() {
            writeln!(f, "  {index:>3} +{after} ms {action:?}")?;
        }
        Ok(())
    }
}
