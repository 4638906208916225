//! The test runners' totals, summed over all test binaries and the tests in browsers.

use std::fmt;

/// How many tests passed and failed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Counts {
    /// Adds a line of a runner, if it is the summary of a test binary or of the tests in browsers.
    pub(crate) fn add(&mut self, line: &str) {
        let totals = line.split_once("test result: ").map(|(_, totals)| totals);
        let Some(totals) = totals.or_else(|| line.strip_prefix("browsers: ")) else { return };
        self.passed += number_before(totals, " passed");
        self.failed += number_before(totals, " failed");
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

fn number_before(totals: &str, word: &str) -> u64 {
    let Some((before, _)) = totals.split_once(word) else { return 0 };
    let digits = before.rsplit(' ').next().unwrap_or(before);
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summaries_of_all_binaries_add_up() {
        let mut counts = Counts::default();
        counts.add("running 5 tests");
        counts.add(
            "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.01s",
        );
        counts.add(
            "test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s",
        );
        counts.add("browsers: 7 passed, 1 failed");
        assert_eq!(counts, Counts { passed: 22, failed: 3 });
        assert_eq!(counts.to_string(), "22 passed, 3 failed");
    }

    #[test]
    fn a_test_that_speaks_of_results_is_not_counted() {
        let mut counts = Counts::default();
        counts.add("test a_test_with_a_name ... ok");
        counts.add("3 passed the exam");
        assert_eq!(counts, Counts::default());
    }
}
