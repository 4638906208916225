//! Many seeds, on twice as many threads as there are processors: each world is one thread's, which waits for its database
//! half of the time.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use infrasound_spec::time::Timestamp;

use super::{
    plan::Plan,
    run::{Report, run},
};

/// Which seeds are run.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// The first seed.
    pub first: u64,
    /// How many.
    pub seeds: u64,
    /// Devices of a world, at most.
    pub devices: usize,
    /// After so many failures no further seed is begun.
    pub failures: usize,
}

/// How a campaign went.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Seeds that were run.
    pub seeds: u64,
    /// Things that happened.
    pub steps: u64,
    /// Plans that failed, with how.
    pub failed: Vec<(Plan, Report)>,
}

impl Campaign {
    /// Runs the seeds, telling `progress` after each how many are done.
    pub fn run(&self, start: Timestamp, progress: impl Fn(&Outcome) + Sync) -> Outcome {
        let next = AtomicU64::new(self.first);
        let outcome = Mutex::new(Outcome::default());
        let threads = 2 * thread::available_parallelism().map_or(1, usize::from);
        let work = || {
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                let lock = || outcome.lock().unwrap_or_else(PoisonError::into_inner);
                if seed >= self.first + self.seeds || lock().failed.len() >= self.failures {
                    return;
                }
                let plan = Plan::of(seed, self.devices);
                let report = run(&plan, start);
                let mut outcome = lock();
                outcome.seeds += 1;
                outcome.steps += report.steps;
                if report.violation.is_some() {
                    outcome.failed.push((plan, report));
                }
                progress(&outcome);
            }
        };
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(work);
            }
        });
        let mut outcome = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcome.failed.sort_by_key(|(plan, _)| plan.seed);
        outcome
    }
}
