//! What a measuring program writes: one row for each budget, and rows to compare with.

use serde::Deserialize;

/// One run.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    pub(crate) bench: String,
    pub(crate) machine: String,
    pub(crate) date: String,
    pub(crate) results: Vec<Row>,
}

/// One measured value.
#[derive(Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
    /// Absent for what is only compared with.
    pub(crate) budget: Option<f64>,
    pub(crate) met: Option<bool>,
}

impl Report {
    /// Whether no budget is exceeded.
    pub(crate) fn is_within_budgets(&self) -> bool {
        self.results.iter().all(|row| row.met != Some(false))
    }
}

impl Row {
    /// Value and budget, as in a table.
    pub(crate) fn sentence(&self) -> String {
        let value = format!("{} {}", number(self.value), self.unit);
        match self.budget {
            Some(budget) => format!("{value}  (budget {} {})", number(budget), self.unit),
            None => value,
        }
    }
}

/// Three significant digits, and thousands apart.
pub(crate) fn number(value: f64) -> String {
    let digits = if value.abs() >= 100.0 {
        0
    } else if value.abs() >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.digits$}");
    let (whole, rest) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let grouped = grouped(whole);
    rest.map_or_else(|| grouped.clone(), |rest| format!("{grouped}.{rest}"))
}

fn grouped(whole: &str) -> String {
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_readable() {
        assert_eq!(number(0.1), "0.10");
        assert_eq!(number(12.34), "12.3");
        assert_eq!(number(41_287.0), "41,287");
        assert_eq!(number(-1_234_567.0), "-1,234,567");
    }

    #[test]
    fn rows_without_a_budget_are_read_and_never_missed() {
        let text = r#"{"bench":"core","machine":"m","date":"d","results":[
            {"name":"a","value":1.0,"unit":"µs","budget":2.0,"met":true},
            {"name":"b","value":3,"unit":"µs","budget":null,"met":null},
            {"name":"c","value":3,"unit":"µs"}]}"#;
        let report: Report = serde_json::from_str(text).unwrap();
        assert!(report.is_within_budgets());
        assert_eq!(report.results[0].sentence(), "1.00 µs  (budget 2.00 µs)");
        assert_eq!(report.results[2].sentence(), "3.00 µs");
    }

    #[test]
    fn one_missed_budget_is_enough() {
        let text = r#"{"bench":"x","machine":"m","date":"d","results":[
            {"name":"a","value":3.0,"unit":"µs","budget":2.0,"met":false}]}"#;
        let report: Report = serde_json::from_str(text).unwrap();
        assert!(!report.is_within_budgets());
    }
}
