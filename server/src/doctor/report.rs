//! The findings as lines for people, and as a document for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Finding, State, is_well};

/// One line for each finding, and below it what to do. With colours for a terminal.
pub fn table(findings: &[Finding], coloured: bool) -> String {
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in findings {
        let (mark, colour) = match finding.state {
            State::Good => ('✓', 32),
            State::Warning => ('!', 33),
            State::Bad => ('✗', 31),
        };
        let mark = if coloured { format!("\u{1b}[{colour}m{mark}\u{1b}[0m") } else { mark.to_string() };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{mark} {:width$}  {}", finding.check, clean(&finding.seen));
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "  {:width$}  {}", "", clean(remedy));
        }
    }
    text.push_str(verdict(findings));
    text
}

fn verdict(findings: &[Finding]) -> &'static str {
    let warned = findings.iter().any(|finding| finding.state == State::Warning);
    match (is_well(findings), warned) {
        (true, false) => "\nAll is well.\n",
        (true, true) => "\nThe relay can work. See the lines with ! for what should be looked at.\n",
        (false, _) => "\nThe relay does not work as it is. See the lines with ✗.\n",
    }
}

/// What a server says of itself must not control the terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The same as JSON: `{"well", "findings": [{"check", "state", "seen", "remedy"}]}`.
pub fn document(findings: &[Finding]) -> Value {
    let list = findings.iter().map(|finding| {
        json!({
            "check": finding.check,
            "state": match finding.state {
                State::Good => "good",
                State::Warning => "warning",
                State::Bad => "bad",
            },
            "seen": finding.seen,
            "remedy": finding.remedy,
        })
    });
    json!({ "well": is_well(findings), "findings": list.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bad_is_marked_and_its_remedy_shown() {
        let findings =
            [Finding::good("disk", "room"), Finding::bad("clock", "an hour\u{1b}[2J late", "set it")];
        let text = table(&findings, false);
        assert!(text.contains("✓ disk   room\n✗ clock  an hour [2J late\n         set it\n"), "{text}");
        assert!(text.ends_with("lines with ✗.\n") && !is_well(&findings));
        let document = document(&findings);
        assert_eq!((&document["well"], &document["findings"][1]["state"]), (&json!(false), &json!("bad")));
    }

    #[test]
    fn a_warning_does_not_stand_in_the_way() {
        let findings = [Finding::warning("disk", "little room", "make some")];
        assert!(is_well(&findings) && table(&findings, true).contains("\u{1b}[33m!\u{1b}[0m disk"));
    }
}
