//! The clock: sessions, endorsements and the times of messages go by it.

use super::Finding;

/// Seconds that a network and a busy machine explain.
const SOME: i64 = 10;
/// Seconds from which sign-ins and invitations begin to fail.
const MUCH: i64 = 60;

/// Compares with what others said. `ahead`: seconds by which this machine was ahead of each.
pub(super) fn look(ahead: &[i64]) -> Finding {
    let Some(off) = ahead.iter().copied().min_by_key(|ahead| ahead.abs()) else {
        let remedy = "Make the instance or the public address reachable, and look again.";
        return Finding::warning("clock", "nobody answered with a date to compare with", remedy);
    };
    let seen = match off {
        0 => "as others say".to_owned(),
        1.. => format!("{off} s ahead of what others say"),
        _ => format!("{} s behind what others say", -off),
    };
    let remedy = "Keep the clock in step: timedatectl set-ntp true.";
    match off.abs() {
        off if off <= SOME => Finding::good("clock", seen),
        off if off <= MUCH => Finding::warning("clock", seen, remedy),
        _ => Finding::bad("clock", seen, remedy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn one_that_agrees_is_believed() {
        for (ahead, state) in [
            (&[0, 3600][..], State::Good),
            (&[-9], State::Good),
            (&[30, -45], State::Warning),
            (&[-3600], State::Bad),
            (&[], State::Warning),
        ] {
            assert_eq!(look(ahead).state, state, "{ahead:?}");
        }
    }
}
