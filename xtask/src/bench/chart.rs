//! A report as a bar chart in SVG: a bar for each value, a line where its budget ends.
//!
//! Rows of one unit share a panel and an axis. The file follows the reader's light or dark theme, and says in
//! words what it shows to who does not see it.

use std::fmt::Write as _;

use super::results::{Report, Row, number};
use super::scale::Scale;

const WIDTH: f64 = 860.0;
const LABELS: f64 = 390.0;
const BARS: f64 = 330.0;
const ROW: f64 = 26.0;
const HEADING: f64 = 34.0;
const TOP: f64 = 62.0;

const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:17px;font-weight:600}.note{fill:#59636e;font-size:12px}\
.page{fill:#fff}.bar{fill:#4c78c8}.missed{fill:#c43c3c}.compared{fill:#9aa4af}.budget{stroke:#1f2328;stroke-width:2}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#9198a1}.page{fill:#0d1117}.bar{fill:#6f9bea}\
.missed{fill:#f0706b}.compared{fill:#656c76}.budget{stroke:#e6edf3}}";

/// Draws the whole report.
pub(crate) fn draw(report: &Report) -> String {
    let panels = panels(&report.results);
    let mut body = String::new();
    let mut top = TOP;
    for panel in &panels {
        panel_into(&mut body, panel, top);
        top += height(panel);
    }
    framed(report, &body, top + 12.0)
}

/// The rows by unit, in the order in which units first appear.
fn panels(rows: &[Row]) -> Vec<Vec<&Row>> {
    let mut panels: Vec<Vec<&Row>> = Vec::new();
    for row in rows {
        match panels.iter_mut().find(|panel| panel.iter().any(|other| other.unit == row.unit)) {
            Some(panel) => panel.push(row),
            None => panels.push(vec![row]),
        }
    }
    panels
}

fn framed(report: &Report, body: &str, height: f64) -> String {
    let title = escaped(&format!("Infrasound: {}", report.bench));
    let note = escaped(&format!("{} · {} · a line marks a budget", report.machine, report.date));
    let words = report.results.iter().map(|row| format!("{}: {}.", row.name, row.sentence()));
    let description = escaped(&words.collect::<Vec<_>>().join(" "));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\
         <title>{title}</title><desc>{description}</desc><style>{STYLE}</style>\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n\
         <text class=\"title\" x=\"16\" y=\"28\">{title}</text>\n\
         <text class=\"note\" x=\"16\" y=\"48\">{note}</text>\n{body}</svg>\n"
    )
}

fn panel_into(body: &mut String, panel: &[&Row], top: f64) {
    let values = panel.iter().flat_map(|row| [Some(row.value), row.budget]).flatten();
    let scale = Scale::for_values(&values.collect::<Vec<_>>());
    let unit = panel.first().map_or("", |row| row.unit.as_str());
    let heading = escaped(&format!("{unit}{}", scale.note()));
    // Writing to a string cannot fail.
    let _ = writeln!(body, "<text class=\"note\" x=\"{LABELS}\" y=\"{}\">{heading}</text>", top + 22.0);
    for (index, row) in (0_u32..).zip(panel) {
        row_into(body, row, scale, top + HEADING + f64::from(index) * ROW);
    }
}

fn row_into(body: &mut String, row: &Row, scale: Scale, top: f64) {
    let length = BARS * scale.place(row.value);
    let class = class(row);
    let name = escaped(&row.name);
    let value = escaped(&number(row.value));
    let baseline = top + 15.0;
    let _ = writeln!(
        body,
        "<text x=\"{}\" y=\"{baseline}\" text-anchor=\"end\">{name}</text>\
         <rect class=\"{class}\" x=\"{LABELS}\" y=\"{}\" width=\"{length:.1}\" height=\"16\" rx=\"2\"/>\
         <text x=\"{:.1}\" y=\"{baseline}\">{value}</text>",
        LABELS - 10.0,
        top + 2.0,
        LABELS + BARS + 14.0,
    );
    if let Some(budget) = row.budget {
        let x = LABELS + BARS * scale.place(budget);
        let (from, to) = (top - 1.0, top + 21.0);
        let _ =
            writeln!(body, "<line class=\"budget\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{from}\" y2=\"{to}\"/>");
    }
}

fn class(row: &Row) -> &'static str {
    match row.met {
        Some(true) => "bar",
        Some(false) => "missed",
        None => "compared",
    }
}

fn height(panel: &[&Row]) -> f64 {
    panel.iter().fold(HEADING, |height, _| height + ROW)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let row = |name: &str, value, unit: &str, budget, met| Row {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
            budget,
            met,
        };
        let results = vec![
            row("p99 <64 senders>", 12.0, "ms", Some(20.0), Some(true)),
            row("accepted", 9_000.0, "messages/s", Some(10_000.0), Some(false)),
            row("no-op endpoint", 90_000.0, "messages/s", None, None),
        ];
        let (bench, machine, date) = ("relay".to_owned(), "two cores".to_owned(), "2026-11-23".to_owned());
        Report { bench, machine, date, results }
    }

    #[test]
    fn each_row_has_a_bar_and_each_budget_a_line() {
        let svg = draw(&report());
        assert_eq!(svg.matches("<rect class=\"bar\"").count(), 1);
        assert_eq!(svg.matches("<rect class=\"missed\"").count(), 1);
        assert_eq!(svg.matches("<rect class=\"compared\"").count(), 1);
        assert_eq!(svg.matches("<line class=\"budget\"").count(), 2);
    }

    #[test]
    fn names_cannot_break_the_drawing() {
        let svg = draw(&report());
        assert!(svg.contains("p99 &lt;64 senders&gt;"));
        assert!(!svg.contains("<64"));
    }

    #[test]
    fn rows_of_one_unit_share_a_panel() {
        let report = report();
        let units = panels(&report.results).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(units, [1, 2]);
    }
}
