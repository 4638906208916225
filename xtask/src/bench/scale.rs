//! Where a value lies on an axis: linear, or logarithmic where values differ a lot.

/// From this ratio on, a linear axis would hide the smaller values.
const LOGARITHMIC_FROM: f64 = 30.0;

/// An axis from its least to its greatest value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    Linear { greatest: f64 },
    Logarithmic { least: f64, greatest: f64 },
}

impl Scale {
    /// The axis that shows all of `values`.
    pub(crate) fn for_values(values: &[f64]) -> Self {
        let greatest = values.iter().copied().fold(0.0, f64::max);
        let positive = values.iter().copied().filter(|value| *value > 0.0);
        let least = positive.fold(f64::INFINITY, f64::min);
        if least.is_finite() && greatest / least >= LOGARITHMIC_FROM {
            let decade = |value: f64| 10_f64.powf(value);
            return Self::Logarithmic {
                least: decade((least.log10() - 0.3).floor()),
                greatest: decade(greatest.log10().ceil()),
            };
        }
        Self::Linear { greatest: if greatest > 0.0 { greatest * 1.05 } else { 1.0 } }
    }

    /// The value's place, from 0 to 1.
    pub(crate) fn place(self, value: f64) -> f64 {
        let share = match self {
            Self::Linear { greatest } => value / greatest,
            Self::Logarithmic { .. } if value <= 0.0 => 0.0,
            Self::Logarithmic { least, greatest } => (value / least).log10() / (greatest / least).log10(),
        };
        share.clamp(0.0, 1.0)
    }

    /// What to call the axis, if that needs saying.
    pub(crate) fn note(self) -> &'static str {
        match self {
            Self::Linear { .. } => "",
            Self::Logarithmic { .. } => ", logarithmic",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_values_share_a_linear_axis_that_begins_at_zero() {
        let scale = Scale::for_values(&[10.0, 20.0]);
        assert!((scale.place(10.0) * 2.0 - scale.place(20.0)).abs() < 1e-9);
        assert!(scale.place(20.0) < 1.0);
    }

    #[test]
    fn values_far_apart_are_both_visible() {
        let scale = Scale::for_values(&[1.0, 100_000.0]);
        assert!(matches!(scale, Scale::Logarithmic { .. }));
        assert!(scale.place(1.0) > 0.1);
        assert!(scale.place(100_000.0) > scale.place(1.0));
    }

    #[test]
    fn nothing_but_zero_still_has_an_axis() {
        assert!(Scale::for_values(&[0.0]).place(0.0).abs() < 1e-9);
    }
}
