//! Some pairs of people at one relay: they sign in, then everything is killed again and again, then all settles.

#![expect(clippy::expect_used, reason = "test support: a step that fails fails the test, and says which")]

use std::{
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use rand_core::RngCore as _;

use super::{
    actor::Actor,
    mortal_relay::MortalRelay,
    verdict::{self, Histories, Tally},
};
use crate::{cli::Cli, sign_in::new_demo_account};

/// How long a conversation may take to settle after the last kill.
const SETTLING: Duration = Duration::from_mins(2);

/// What to do.
#[derive(Debug, Clone, Copy)]
pub struct Campaign {
    /// How many conversations at once. Each is one run.
    pub pairs: u64,
    /// How many processes each side starts.
    pub activities: u64,
    /// All that is left to chance follows from this, except for what the scheduler does.
    pub seed: u64,
}

/// Does it, and counts.
///
/// # Panics
/// If something fails that nobody has killed.
pub fn run(campaign: Campaign) -> Tally {
    let folder = tempfile::tempdir().expect("a folder");
    let relay = MortalRelay::start(&folder.path().join("relay"), "info");
    let mut pairs: Vec<[Actor; 2]> = thread::scope(|scope| {
        let relay = &relay;
        let homes = folder.path();
        let threads: Vec<_> = (0..campaign.pairs)
            .map(|number| scope.spawn(move || calm(relay, homes, campaign.seed, number)))
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("two people sign in")).collect()
    });
    let relay_kills = storm(&relay, &mut pairs, campaign);
    let mut tally = Tally::default();
    let histories: Vec<Histories> = thread::scope(|scope| {
        let threads: Vec<_> = pairs.iter_mut().map(|pair| scope.spawn(move || settle(pair))).collect();
        threads.into_iter().map(|thread| thread.join().expect("two people read")).collect()
    });
    for (pair, histories) in pairs.iter().zip(&histories) {
        tally.count_pair(pair, histories);
    }
    relay.kill();
    tally.relay_kills = relay_kills;
    tally.count_wire(&relay);
    tally
}

/// Two people sign in and accept each other. Every other pair has written before the storm begins; the others have
/// yet to found their conversation in it.
fn calm(relay: &MortalRelay, homes: &std::path::Path, seed: u64, number: u64) -> [Actor; 2] {
    let names = [format!("anna{number}"), format!("ben{number}")];
    let mut side = 0;
    let mut pair = [0, 1].map(|_| {
        let (name, other) = (&names[side], &names[1 - side]);
        side += 1;
        let cli = Cli::at(&homes.join(name));
        let dice = dice(seed, number * 2 + side as u64);
        let said = cli.login(&relay.base(), &new_demo_account(&relay.base(), name), &[]);
        assert_eq!(said.code, Some(0), "{name} signs in: {said:?}");
        Actor::new(name, cli, relay.handle(other), dice)
    });
    for actor in &pair {
        actor.cli.succeed(&["accept", &actor.other]);
    }
    if number.is_multiple_of(2) {
        pair[0].write();
        pair[1].catch_up();
    }
    pair
}

fn dice(seed: u64, whose: u64) -> ChaCha20Rng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    bytes[8..16].copy_from_slice(&whose.to_be_bytes());
    ChaCha20Rng::from_seed(bytes)
}

/// Everybody acts at once while the relay is killed again and again. Gives how often it was.
fn storm(relay: &MortalRelay, pairs: &mut [[Actor; 2]], campaign: Campaign) -> u64 {
    let (over, is_over) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let killer = scope.spawn(move || kill_relay(relay, dice(campaign.seed, u64::MAX), &is_over));
        let actors: Vec<_> = pairs
            .iter_mut()
            .flatten()
            .map(|actor| scope.spawn(move || (0..campaign.activities).for_each(|_| actor.act())))
            .collect();
        for actor in actors {
            actor.join().expect("an actor acts");
        }
        drop(over);
        killer.join().expect("the relay is killed and starts again")
    })
}

/// Kills the relay shortly after somebody began to submit something, until there is nobody left.
fn kill_relay(relay: &MortalRelay, mut dice: ChaCha20Rng, is_over: &Receiver<()>) -> u64 {
    let mut kills = 0;
    // A moment that chance chose, or the end of the storm.
    let pause = |limit: u64| {
        let ended = is_over.recv_timeout(Duration::from_micros(limit));
        matches!(ended, Err(RecvTimeoutError::Disconnected))
    };
    loop {
        if pause(50_000 + dice.next_u64() % 600_000) {
            return kills;
        }
        relay.tap.wait_for_submission(Duration::from_millis(500));
        if pause(dice.next_u64() % 8_000) {
            return kills;
        }
        relay.kill();
        kills += 1;
        // What the storm's end cuts short is only how long the relay is away.
        pause(dice.next_u64() % 150_000);
        relay.start_again();
    }
}

/// Lets both catch up until there is nothing more to come.
fn settle(pair: &mut [Actor; 2]) -> Histories {
    let deadline = Instant::now() + SETTLING;
    loop {
        // The second time, what the first one's receipts brought.
        for _ in 0..2 {
            pair.iter_mut().for_each(Actor::catch_up);
        }
        let histories = [verdict::history(&mut pair[0]), verdict::history(&mut pair[1])];
        if verdict::is_settled(pair, &histories) || Instant::now() > deadline {
            return histories;
        }
    }
}
