//! A failing plan made smaller, as long as the same rule is still broken: first actions go, in halves and then one by one;
//! then the network gets better; then the waits get shorter.

use infrasound_spec::time::Timestamp;

use super::{
    plan::{Action, Plan, Weather},
    run::run,
    verdict::Rule,
};

/// The smallest plan that was found, within so many runs, to break the same rule.
pub fn shrink(plan: &Plan, rule: Rule, start: Timestamp, mut runs: usize) -> Plan {
    let mut still_fails = |plan: &Plan| {
        runs = runs.saturating_sub(1);
        (runs > 0).then(|| run(plan, start).violation.is_some_and(|violation| violation.rule == rule))
    };
    let mut smallest = plan.clone();
    let mut size = smallest.actions.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < smallest.actions.len() {
            let mut smaller = smallest.clone();
            let end = (at + size).min(smaller.actions.len());
            smaller.actions.drain(at..end);
            match still_fails(&smaller) {
                Some(true) => smallest = smaller,
                Some(false) => at += size,
                None => return smallest,
            }
        }
        size /= 2;
    }
    for simpler in simpler(&smallest) {
        let candidate = simpler(smallest.clone());
        match still_fails(&candidate) {
            Some(true) => smallest = candidate,
            Some(false) => {}
            None => break,
        }
    }
    smallest
}

type Simplify = Box<dyn Fn(Plan) -> Plan>;

/// Changes that each take something away.
fn simpler(plan: &Plan) -> Vec<Simplify> {
    fn weather(change: impl Fn(&mut Weather) + 'static) -> Simplify {
        Box::new(move |mut plan| {
            change(&mut plan.weather);
            plan
        })
    }
    let mut changes: Vec<Simplify> = vec![
        weather(|weather| weather.lost = 0),
        weather(|weather| weather.repeated = 0),
        weather(|weather| weather.broken = 0),
        weather(|weather| weather.clocks = 0),
        weather(|weather| weather.delay = Weather::FAIR.delay),
    ];
    for index in 0..plan.actions.len() {
        changes.push(Box::new(move |mut plan| {
            plan.actions[index].after = plan.actions[index].after.min(1_000);
            plan
        }));
        changes.push(Box::new(move |mut plan| {
            if let Action::CrashDevice { down, .. } | Action::CrashHub { down } =
                &mut plan.actions[index].action
            {
                *down = 1;
            }
            plan
        }));
    }
    changes
}
