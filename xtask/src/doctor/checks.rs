//! What is looked for, and how.

use std::fs;
use std::path::Path;

use crate::{machine, test, web};

/// What a missing thing would keep from working.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing works without it.
    Build,
    /// `cargo xtask test` needs it.
    Test,
    /// Only a comparison or an extra check needs it.
    Optional,
}

/// One thing that was looked for.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) name: &'static str,
    pub(crate) need: Need,
    pub(crate) purpose: &'static str,
    /// What is there, or nothing.
    pub(crate) found: Option<String>,
    /// The command that gets it.
    pub(crate) remedy: &'static str,
}

/// Looks for everything.
pub(crate) fn all() -> Vec<Finding> {
    let mut findings = toolchain();
    findings.extend(system());
    findings.extend(extras());
    findings
}

fn toolchain() -> Vec<Finding> {
    vec![
        Finding {
            name: concat!("Rust ≥ ", env!("CARGO_PKG_RUST_VERSION")),
            need: Need::Build,
            purpose: "builds everything",
            found: machine::first_line("rustc", &["--version"]).filter(|line| is_new_enough(line)),
            remedy: "rustup update stable",
        },
        Finding {
            name: "C compiler",
            need: Need::Build,
            purpose: "links programs, and builds SQLite",
            found: machine::first_line("cc", &["--version"]),
            remedy: "apt-get install build-essential",
        },
        Finding {
            name: "rustfmt",
            need: Need::Test,
            purpose: "checks the formatting",
            found: machine::first_line("rustfmt", &["--version"]),
            remedy: "rustup component add rustfmt",
        },
        Finding {
            name: "Rust for wasm32",
            need: Need::Test,
            purpose: "compiles the core for browsers; `cargo xtask web` adds it by itself if it can",
            found: web::toolchain::present().map(ToOwned::to_owned),
            remedy: "rustup target add wasm32-unknown-unknown, or apt-get install rustc-web cargo-web rust-web-src",
        },
        Finding {
            name: "Rust for WASI",
            need: Need::Optional,
            purpose: "runs the core's tests as WebAssembly; `cargo xtask test` adds it by itself if it can",
            found: web::toolchain::has(test::WASI).then(|| "with rustc".to_owned()),
            remedy: "rustup target add wasm32-wasip1",
        },
        Finding {
            name: "clippy",
            need: Need::Test,
            purpose: "checks the lints",
            found: machine::first_line("cargo-clippy", &["--version"]),
            remedy: "rustup component add clippy",
        },
    ]
}

fn system() -> Vec<Finding> {
    vec![
        Finding {
            name: "curl",
            need: Need::Test,
            purpose: "drives the snac instance of the tests, which also uses its library",
            found: machine::first_line("curl", &["--version"]),
            remedy: "apt-get install curl ca-certificates",
        },
        Finding {
            name: "Node.js ≥ 20",
            need: Need::Test,
            purpose: "builds the web client; also measures other client libraries (tests/peers/clients)",
            found: machine::node(),
            remedy: "apt-get install nodejs",
        },
        Finding {
            name: "npm",
            need: Need::Test,
            purpose: "installs what the web client is built with",
            found: machine::first_line("npm", &["--version"]),
            remedy: "apt-get install npm",
        },
        Finding {
            name: "Chromium",
            need: Need::Test,
            purpose: "runs the web client's tests and the demo",
            found: machine::BROWSERS.iter().find_map(|browser| machine::first_line(browser, &["--version"])),
            remedy: "apt-get install chromium",
        },
        Finding {
            name: "root",
            need: Need::Test,
            purpose: "the snac instance of the tests listens on port 80 of a loopback address",
            found: machine::is_root().then(|| "yes".to_owned()),
            remedy: "sudo -E cargo xtask test",
        },
        Finding {
            name: "snac2 package",
            need: Need::Test,
            purpose: "a real instance for the tests; tests/instances/snac.sh fetches and unpacks it by itself",
            found: snac_source(),
            remedy: "run the tests on Debian, with a mirror in /etc/apt/sources.list",
        },
        Finding {
            name: "git",
            need: Need::Optional,
            purpose: "keeps your changes",
            found: machine::first_line("git", &["--version"]),
            remedy: "apt-get install git",
        },
    ]
}

fn extras() -> Vec<Finding> {
    vec![
        Finding {
            name: "cargo-deny",
            need: Need::Optional,
            purpose: "checks licences and sources of dependencies in `cargo xtask test`",
            found: machine::first_line("cargo-deny", &["--version"]),
            remedy: "cargo install --locked cargo-deny",
        },
        Finding {
            name: "Python",
            need: Need::Optional,
            purpose: "measures other servers (tests/peers/relays)",
            found: machine::first_line("python3", &["--version"]),
            remedy: "apt-get install python3",
        },
    ]
}

fn is_new_enough(rustc: &str) -> bool {
    match (version(rustc), version(env!("CARGO_PKG_RUST_VERSION"))) {
        (Some(found), Some(wanted)) => found >= wanted,
        _ => false,
    }
}

/// The first `MAJOR.MINOR` in `text`.
fn version(text: &str) -> Option<(u32, u32)> {
    text.split_whitespace().find_map(|word| {
        let mut numbers = word.split('.').map(|part| part.parse().ok());
        Some((numbers.next()??, numbers.next()??))
    })
}

/// Where snac2 would be fetched from. Nothing is downloaded here.
fn snac_source() -> Option<String> {
    machine::program("apt-get")?;
    let release = fs::read_to_string("/etc/os-release").ok()?;
    let codename = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="))?;
    has_debian_mirror().then(|| format!("from {codename}-backports of this machine's mirror"))
}

/// The same question that snac.sh asks: is a Debian mirror configured?
fn has_debian_mirror() -> bool {
    let listed = fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten().flatten();
    let mut files = listed.map(|entry| entry.path()).collect::<Vec<_>>();
    files.push(Path::new("/etc/apt/sources.list").to_owned());
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).any(|text| names_debian_mirror(&text))
}

fn names_debian_mirror(sources: &str) -> bool {
    sources.split_whitespace().any(|word| {
        let is_address = word.starts_with("http://") || word.starts_with("https://");
        is_address && word.trim_end_matches('/').ends_with("/debian")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("rustc 1.95.0 (f2d3ce0bd 2026-03-21)"), Some((1, 95)));
        assert!(version("rustc 1.100.0") > version("1.95"));
        assert!(is_new_enough("rustc 2.0.0"));
        assert!(!is_new_enough("rustc 1.63.0 (4b91a6ea7 2022-08-08)"));
        assert!(!is_new_enough("something else"));
    }

    #[test]
    fn a_mirror_is_recognised_in_both_formats_of_apt() {
        assert!(names_debian_mirror("deb http://mirror.example/debian bookworm main"));
        assert!(names_debian_mirror("Types: deb\nURIs: https://mirror.example/debian/\nSuites: bookworm"));
        assert!(!names_debian_mirror("deb http://mirror.example/debian-security bookworm-security main"));
    }

    #[test]
    fn the_compiler_that_builds_this_is_found() {
        let findings = all();
        let compiler = findings.iter().find(|finding| finding.purpose == "builds everything").unwrap();
        assert!(compiler.found.is_some());
    }
}
