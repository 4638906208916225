//! One plan, run from its beginning to its verdict.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{SystemTime, UNIX_EPOCH},
};

use infrasound_spec::{
    log::EntryDigest,
    mutant,
    time::{DAY, Timestamp},
};

use super::{
    plan::Plan,
    verdict::{Rule, Violation},
    world::World,
};

/// Worlds begin so long ago, so that all that they last is over: openmls reads the clock, and finds no lifetime that is
/// still to begin.
const AGO: u64 = 30 * DAY;

/// How a run went.
#[derive(Debug)]
pub struct Report {
    /// What was broken, if anything was.
    pub violation: Option<Violation>,
    /// The same for two runs in which the same happened.
    pub trace: EntryDigest,
    /// How many things happened.
    pub steps: u64,
    /// The last of them.
    pub lines: Vec<String>,
}

/// When a world begins that is made now: at the same time for all that are made on one day.
pub fn beginning() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_millis((now - now % DAY).saturating_sub(AGO))
}

/// Runs a plan. What panics in it is a finding, too.
pub fn run(plan: &Plan, start: Timestamp) -> Report {
    mutant::choose(plan.mutant);
    let ran = catch_unwind(AssertUnwindSafe(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime =
            runtime.map_err(|error| Violation::new(Rule::Ending, format!("no runtime: {error}")))?;
        Ok(runtime.block_on(live(plan.clone(), start)))
    }));
    mutant::choose(None);
    match ran {
        Ok(Ok(report)) => report,
        Ok(Err(violation)) => Report::without_trace(violation),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Report::without_trace(Violation::new(Rule::Panic, text.unwrap_or_default()))
        }
    }
}

async fn live(plan: Plan, start: Timestamp) -> Report {
    let mut world = match World::new(plan, start).await {
        Ok(world) => world,
        Err(violation) => return Report::without_trace(violation),
    };
    let violation = world.live().await.err();
    world.hub.crash().await;
    let (trace, steps) = (world.trace.digest(), world.trace.count());
    Report { violation, trace, steps, lines: world.trace.into_lines() }
}

impl Report {
    fn without_trace(violation: Violation) -> Self {
        let trace = EntryDigest::from_bytes([0; 32]);
        Self { violation: Some(violation), trace, steps: 0, lines: Vec::new() }
    }
}
