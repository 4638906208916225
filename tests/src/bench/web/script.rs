//! Programs in JavaScript that print what they have measured, one JSON object a line.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use infrasound_tests::programs::workspace;
use serde_json::Value;

/// Where the peers' scripts and packages are.
pub(super) fn peers() -> PathBuf {
    workspace().join("tests/peers/clients")
}

/// Runs `node SCRIPT ARGUMENT …` in a folder, to its end.
///
/// # Panics
/// If it fails.
pub(super) fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Vec<Value> {
    let mut node = Command::new("node");
    node.args(arguments).envs(variables.iter().copied()).current_dir(folder);
    let output = node.stdin(Stdio::null()).stderr(Stdio::inherit()).output().expect("Node.js starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "`node {}` fails: {text}", arguments.join(" "));
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// A number of a line.
///
/// # Panics
/// If it has none.
pub(super) fn number(line: &Value, name: &str) -> f64 {
    line.get(name).and_then(Value::as_f64).unwrap_or_else(|| panic!("{line} has no number {name}"))
}

/// A text of a line.
pub(super) fn text<'a>(line: &'a Value, name: &str) -> &'a str {
    line.get(name).and_then(Value::as_str).unwrap_or_default()
}
