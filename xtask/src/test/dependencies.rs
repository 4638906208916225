//! The arrows between crates that must not exist, asked of cargo itself.
//!
//! Invariant: the core does no IO, and the relay cannot decrypt.

use std::collections::BTreeSet;

use super::report::Outcome;
use crate::cargo::{self, CargoError};

/// One crate and what must not be below it.
struct Rule {
    package: &'static str,
    never: &'static [&'static str],
}

const HOSTS: &[&str] = &[
    "tokio",
    "sqlx",
    "reqwest",
    "hyper",
    "axum",
    "wasm-bindgen",
    "uniffi",
    "infrasound-native",
    "infrasound-relay",
];

const RULES: [Rule; 7] = [
    Rule { package: "infrasound-spec", never: HOSTS },
    Rule { package: "infrasound-spec", never: &["infrasound-core", "infrasound-tests", "xtask"] },
    Rule { package: "infrasound-core", never: HOSTS },
    Rule {
        package: "infrasound-relay",
        never: &["infrasound-core", "infrasound-native", "infrasound-tests", "xtask"],
    },
    Rule {
        package: "infrasound-native",
        never: &["infrasound-relay", "infrasound-cli", "infrasound-tests", "xtask"],
    },
    Rule {
        package: "infrasound-web",
        never: &[
            "tokio",
            "sqlx",
            "reqwest",
            "infrasound-native",
            "infrasound-relay",
            "infrasound-tests",
            "url",
        ],
    },
    Rule {
        package: "infrasound-cli",
        never: &["infrasound-relay", "infrasound-tests", "xtask", "openssl-sys"],
    },
];

/// Asks for each crate's dependencies, build and development ones left aside.
pub(crate) fn check() -> Result<Outcome, CargoError> {
    let mut violations = Vec::new();
    for rule in RULES {
        let tree = cargo::output(&[
            "tree",
            "-p",
            rule.package,
            "-e",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])?;
        violations.extend(broken(&rule, &tree));
    }
    Ok(if violations.is_empty() { Outcome::Passed } else { Outcome::Failed(violations.join("; ")) })
}

fn broken(rule: &Rule, tree: &str) -> Vec<String> {
    let below: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let found = rule.never.iter().filter(|name| below.contains(*name));
    found.map(|name| format!("{} must not depend on {name}", rule.package)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { package: "infrasound-core", never: &["tokio"] };

    #[test]
    fn a_forbidden_crate_anywhere_below_is_named() {
        let tree = "infrasound-core v0.1.0 (/somewhere)\nopenmls v0.9.2\ntokio v1.50.0 (*)\n";
        assert_eq!(broken(&RULE, tree), ["infrasound-core must not depend on tokio"]);
    }

    #[test]
    fn a_crate_whose_name_only_begins_alike_is_allowed() {
        assert!(broken(&RULE, "infrasound-core v0.1.0\ntokio-stream v0.1.17\n").is_empty());
    }

    #[test]
    fn the_arrows_between_our_crates_point_one_way() {
        assert!(matches!(check().unwrap(), Outcome::Passed));
    }
}
