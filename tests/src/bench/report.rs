//! What a measuring program writes: `{"bench", "machine", "date", "results"}`, one row for each budget, and rows without
//! one for what it is compared with.

use std::{fs, io, path::Path};

use serde::Serialize;

use super::machine;

/// One run of a bench.
#[derive(Debug, Serialize)]
pub struct Report {
    bench: String,
    machine: String,
    date: String,
    results: Vec<Row>,
}

/// One measured value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    name: String,
    value: f64,
    unit: String,
    budget: Option<f64>,
    met: Option<bool>,
}

impl Row {
    /// A value that is only compared with.
    pub fn compared(name: &str, value: f64, unit: &str) -> Self {
        Self { name: name.to_owned(), value, unit: unit.to_owned(), budget: None, met: None }
    }

    /// A value that may not be greater than its budget.
    pub fn at_most(name: &str, value: f64, unit: &str, budget: f64) -> Self {
        Self { budget: Some(budget), met: Some(value <= budget), ..Self::compared(name, value, unit) }
    }

    /// A value that may not be smaller than its budget.
    pub fn at_least(name: &str, value: f64, unit: &str, budget: f64) -> Self {
        Self { budget: Some(budget), met: Some(value >= budget), ..Self::compared(name, value, unit) }
    }
}

impl Report {
    /// A report of now, on this machine, without rows.
    pub fn new(bench: &str) -> Self {
        Self {
            bench: bench.to_owned(),
            machine: machine::description(),
            date: machine::date(),
            results: Vec::new(),
        }
    }

    /// Adds a row, and shows it: a bench takes a while.
    pub fn add(&mut self, row: Row) {
        let budget = row.budget.map_or_else(String::new, |budget| format!("  (budget {budget})"));
        eprintln!("{:>12.2} {:<12} {}{budget}", row.value, row.unit, row.name);
        self.results.push(row);
    }

    /// Writes it as JSON.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, serde_json::to_vec_pretty(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_met_on_its_own_side() {
        assert_eq!(Row::at_most("p99", 20.0, "ms", 20.0).met, Some(true));
        assert_eq!(Row::at_most("p99", 20.1, "ms", 20.0).met, Some(false));
        assert_eq!(Row::at_least("accepted", 9_999.0, "messages/s", 10_000.0).met, Some(false));
        assert_eq!(Row::compared("no-op", 1.0, "requests/s").met, None);
    }

    #[test]
    fn the_file_has_the_fields_that_are_agreed_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bench/core.json");
        let mut report = Report::new("core");
        report.add(Row::compared("bare", 2.0, "µs"));
        report.write(&path).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        assert_eq!(json["bench"], "core");
        assert!(json["machine"].is_string() && json["date"].is_string());
        let row =
            serde_json::json!({"name": "bare", "value": 2.0, "unit": "µs", "budget": null, "met": null});
        assert_eq!(json["results"], serde_json::json!([row]));
    }
}
