//! The app in Chromium, as the relay serves it; and the core in a worker of Chromium, with the npm package's own host and
//! store under it.
//!
//! What is measured how stands in `bindings/web/tests/bench`.

use std::collections::BTreeMap;

use infrasound_tests::{
    bench::{
        report::{Report, Row},
        statistics::median,
    },
    programs::workspace,
};
use serde_json::Value;

use super::{script, stage::Stage};

/// Kilobytes. Issue 4.
const CODE: f64 = 120.0;
/// Milliseconds. Issue 4.
const COLD: f64 = 1_500.0;
/// Milliseconds. Issue 4.
const WARM: f64 = 500.0;
/// Milliseconds. Issue 4.
const SEND: f64 = 5.0;
/// Milliseconds. Issue 4.
const JOIN: f64 = 400.0;

/// What was measured under each name.
struct Measured(BTreeMap<String, Vec<f64>>);

/// Adds the rows.
pub(super) fn measure(report: &mut Report, stage: &Stage) {
    let folder = workspace().join("bindings/web/tests/bench");
    let stage = stage.folder.path().display().to_string();
    let measured = Measured::of(&script::run(&folder, &["run.mjs", &stage], &[]));

    let code = measured.values("code")[0] / 1e3;
    report.add(Row::at_most("app code and styles that the app loads, gzip -9", code, "kB", CODE));
    let name = "from navigation to 20 conversations, cold: new process, no cache, signed in before";
    measured.add(report, name, "cold", COLD);
    let name = "from navigation to 20 conversations, warm: a new tab, opened before";
    measured.add(report, name, "warm", WARM);
    for members in ["2", "1,000"] {
        let name = format!("send, {members} members: encrypt, seal, and store until it may leave");
        measured.add(report, &name, &format!("send {members}"), SEND);
        let name = format!("send, {members} members: of that, the core");
        report.add(Row::compared(&name, measured.median(&format!("send {members} core")), "ms"));
        let name = format!("read a message from the log, {members} members: the whole step of the core");
        report.add(Row::compared(&name, measured.median(&format!("read {members}")), "ms"));
    }
    let name = "join 1,000 members, relay and store included, until messages can be read";
    measured.add(report, name, "join", JOIN);
    for (part, what) in [("core", "the core"), ("store", "the store")] {
        let name = format!("join 1,000 members: of that, {what}");
        report.add(Row::compared(&name, measured.median(&format!("join {part}")), "ms"));
    }
}

impl Measured {
    fn of(lines: &[Value]) -> Self {
        let pairs = lines.iter().map(|line| {
            let values = line.get("values").and_then(Value::as_array).into_iter().flatten();
            (script::text(line, "measured").to_owned(), values.filter_map(Value::as_f64).collect())
        });
        Self(pairs.collect())
    }

    fn values(&self, name: &str) -> &[f64] {
        self.0
            .get(name)
            .filter(|values| !values.is_empty())
            .unwrap_or_else(|| panic!("{name} was not measured"))
    }

    fn median(&self, name: &str) -> f64 {
        median(self.values(name).to_vec())
    }

    /// The median beside its budget, and how far the values are apart.
    fn add(&self, report: &mut Report, name: &str, measured: &str, budget: f64) {
        let values = self.values(measured);
        report.add(Row::at_most(name, self.median(measured), "ms", budget));
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(0.0, f64::max);
        let count = values.len();
        report.add(Row::compared(&format!("{measured}: the quickest of {count}"), least, "ms"));
        report.add(Row::compared(&format!("{measured}: the slowest of {count}"), most, "ms"));
    }
}
