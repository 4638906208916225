//! Times, for programs and for people.

use infrasound_spec::time::Timestamp;
use jiff::{Timestamp as Instant, Zoned, tz::TimeZone};

/// Now.
pub(crate) fn now() -> Timestamp {
    u64::try_from(Instant::now().as_millisecond())
        .map_or_else(|_| Timestamp::default(), Timestamp::from_millis)
}

fn instant(time: Timestamp) -> Instant {
    i64::try_from(time.as_millis())
        .ok()
        .and_then(|millis| Instant::from_millisecond(millis).ok())
        .unwrap_or(Instant::UNIX_EPOCH)
}

/// `2026-11-23T16:40:00.000Z`
pub(crate) fn rfc3339(time: Timestamp) -> String {
    format!("{:.3}", instant(time))
}

/// In the person's own time zone, by the minute: `2026-11-23 16:40`; empty for no time at all.
pub(crate) fn local(rfc3339: &str) -> String {
    match rfc3339.parse::<Instant>() {
        Ok(instant) if instant != Instant::UNIX_EPOCH => {
            Zoned::new(instant, TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_milliseconds_in_utc() {
        assert_eq!(rfc3339(Timestamp::from_millis(1_795_451_400_007)), "2026-11-23T16:30:00.007Z");
        assert_eq!(rfc3339(Timestamp::from_millis(u64::MAX)), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn no_time_is_shown_as_none() {
        assert_eq!(local(&rfc3339(Timestamp::default())), "");
        assert_eq!(local("nonsense"), "");
    }
}
