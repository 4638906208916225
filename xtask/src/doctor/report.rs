//! The findings as a table for people, and as a document for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::checks::{Finding, Need};
use crate::terminal::{Terminal, padded};

const SHOWN: usize = 60;

/// Whether everything is there that building and testing need.
pub(crate) fn is_ready(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.found.is_some() || finding.need == Need::Optional)
}

/// One line for each finding, and what to do at the end.
pub(crate) fn table(findings: &[Finding], terminal: Terminal) -> String {
    let width = findings.iter().map(|finding| finding.name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in findings {
        let name = terminal.bold(&padded(finding.name, width));
        let state = finding.found.as_deref().map_or_else(|| missing(finding, terminal), short);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} {name}  {state}", mark(finding, terminal));
        let indent = " ".repeat(width + 4);
        let _ = writeln!(text, "{indent}{}", terminal.dim(finding.purpose));
    }
    text.push('\n');
    text.push_str(verdict(findings));
    text
}

/// The same as JSON: `{"ready", "findings": [{"name", "need", "purpose", "found", "remedy"}]}`.
pub(crate) fn document(findings: &[Finding]) -> Value {
    let list = findings.iter().map(|finding| {
        json!({
            "name": finding.name,
            "need": word(finding.need),
            "purpose": finding.purpose,
            "found": finding.found,
            "remedy": finding.remedy,
        })
    });
    json!({ "ready": is_ready(findings), "findings": list.collect::<Vec<_>>() })
}

fn verdict(findings: &[Finding]) -> &'static str {
    if is_ready(findings) {
        "Ready. See it work: cargo xtask demo. Test everything: cargo xtask test."
    } else {
        "Something that Infrasound needs is missing: see the lines with ✗."
    }
}

fn mark(finding: &Finding, terminal: Terminal) -> String {
    let is_missed = finding.need != Need::Optional;
    if finding.found.is_none() && !is_missed {
        terminal.yellow("–")
    } else {
        terminal.mark(finding.found.is_some())
    }
}

fn missing(finding: &Finding, terminal: Terminal) -> String {
    let weight = if finding.need == Need::Optional { "not here (optional)" } else { "missing" };
    format!("{weight}; get it with: {}", terminal.cyan(finding.remedy))
}

/// Some programs print a paragraph as their version.
fn short(found: &str) -> String {
    let mut text: String = found.chars().take(SHOWN).collect();
    if text.len() < found.len() {
        text.push('…');
    }
    text
}

fn word(need: Need) -> &'static str {
    match need {
        Need::Build => "build",
        Need::Test => "test",
        Need::Optional => "optional",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(need: Need, found: Option<&str>) -> Finding {
        let found = found.map(str::to_owned);
        Finding { name: "thing", need, purpose: "does a thing", found, remedy: "apt-get install thing" }
    }

    #[test]
    fn a_missing_requirement_is_not_ready_and_its_remedy_is_shown() {
        let findings = [finding(Need::Test, None)];
        assert!(!is_ready(&findings));
        assert!(
            table(&findings, Terminal::plain())
                .contains("✗ thing  missing; get it with: apt-get install thing")
        );
    }

    #[test]
    fn a_missing_extra_does_not_stand_in_the_way() {
        let findings = [finding(Need::Build, Some("1.0")), finding(Need::Optional, None)];
        assert!(is_ready(&findings));
        assert!(table(&findings, Terminal::plain()).contains("– thing  not here (optional)"));
    }

    #[test]
    fn the_document_has_null_for_what_is_missing() {
        let document = document(&[finding(Need::Build, None)]);
        assert_eq!(document["ready"], false);
        assert_eq!(document["findings"][0]["need"], "build");
        assert!(document["findings"][0]["found"].is_null());
    }
}
