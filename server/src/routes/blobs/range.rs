//! The `Range` of a request (RFC 9110 section 14): one range of bytes, or the whole.

use std::ops::Range;

/// Which bytes are asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of them.
    Whole,
    /// Some.
    Part(Range<u64>),
    /// Some that there are not.
    Nothing,
}

/// Reads the header for something of this length. What cannot be read, or asks for several parts, asks for the whole.
pub(super) fn wanted(header: Option<&str>, length: u64) -> Wanted {
    let Some((first, last)) = header
        .and_then(|text| text.trim().strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'))
        .map(|(first, last)| (first.trim(), last.trim()))
    else {
        return Wanted::Whole;
    };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if last < first => return Wanted::Whole,
        (Ok(first), Ok(last)) => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.is_empty() => first..length,
        (Err(_), Ok(suffix)) if first.is_empty() => length.saturating_sub(suffix)..length,
        _ => return Wanted::Whole,
    };
    if range.is_empty() { Wanted::Nothing } else { Wanted::Part(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_a_part() {
        for (header, range) in [
            ("bytes=0-0", 0..1),
            ("bytes=5-9", 5..10),
            ("bytes=5-", 5..100),
            ("bytes=-3", 97..100),
            ("bytes=-300", 0..100),
            ("bytes=90-2000", 90..100),
            ("bytes=0-18446744073709551615", 0..100),
        ] {
            assert_eq!(wanted(Some(header), 100), Wanted::Part(range), "{header}");
        }
    }

    #[test]
    fn what_is_beyond_the_end_is_nothing() {
        for header in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(wanted(Some(header), 100), Wanted::Nothing, "{header}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_the_whole() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=9-5",
            "bytes=1-2,4-5",
            "lines=1-2",
            "bytes=x-5",
            "bytes=+1-2x",
        ] {
            assert_eq!(wanted(Some(header), 100), Wanted::Whole, "{header}");
        }
        assert_eq!(wanted(None, 100), Wanted::Whole);
    }
}
