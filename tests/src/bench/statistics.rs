//! Medians and percentiles of what was measured.

use std::time::Duration;

/// Measured times.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// Adds one.
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// Adds all of another run.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The middle one, in microseconds.
    pub fn median_micros(&self) -> f64 {
        self.percentile(50.0) * 1e6
    }

    /// The one that `percent` of all are not above, in milliseconds.
    pub fn percentile_millis(&self, percent: f64) -> f64 {
        self.percentile(percent) * 1e3
    }

    fn percentile(&self, percent: f64) -> f64 {
        percentile(self.0.iter().map(Duration::as_secs_f64).collect(), percent)
    }
}

/// The middle value, for instance of several runs.
pub fn median(values: Vec<f64>) -> f64 {
    percentile(values, 50.0)
}

/// By nearest rank; 0 of nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a rank among some thousand samples"
)]
fn percentile(mut values: Vec<f64>, percent: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * values.len() as f64).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let mut samples = Samples::default();
        for millis in (1..=100).rev() {
            samples.add(Duration::from_millis(millis));
        }
        assert!((samples.percentile_millis(50.0) - 50.0).abs() < 1e-9);
        assert!((samples.percentile_millis(99.0) - 99.0).abs() < 1e-9);
        assert!((samples.percentile_millis(100.0) - 100.0).abs() < 1e-9);
        assert!((samples.median_micros() - 50_000.0).abs() < 1e-6);
    }

    #[test]
    fn the_median_of_three_runs_is_the_middle_one() {
        assert!((median(vec![9.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!(median(Vec::new()).abs() < 1e-9);
    }
}
