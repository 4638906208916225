//! The commands in README.md: the lines of its `sh` blocks.

use std::fs;

use infrasound_tests::programs::workspace;

/// What runs a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Admin,
    Bench,
    Build,
    Client,
    Demo,
    Doctor,
    Relay,
    Suite,
    Web,
}

impl Kind {
    pub(super) const ALL: [Self; 9] = [
        Self::Admin,
        Self::Bench,
        Self::Build,
        Self::Client,
        Self::Demo,
        Self::Doctor,
        Self::Relay,
        Self::Suite,
        Self::Web,
    ];

    fn of(line: &str) -> Option<Self> {
        match line {
            "cargo xtask demo" => Some(Self::Demo),
            "cargo xtask doctor" => Some(Self::Doctor),
            "cargo xtask test" => Some(Self::Suite),
            "cargo xtask web" => Some(Self::Web),
            _ if line.starts_with("cargo build ") => Some(Self::Build),
            _ if line.starts_with("cargo xtask bench ") => Some(Self::Bench),
            _ if line.starts_with("infrasound-relay admin ") => Some(Self::Admin),
            _ if line.starts_with("infrasound-relay serve ") => Some(Self::Relay),
            _ if line.starts_with("infrasound ") || line.contains("| infrasound ") => Some(Self::Client),
            _ => None,
        }
    }
}

/// All commands, in order, with what runs them.
pub(super) fn commands() -> Vec<(Option<Kind>, String)> {
    let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
    let lines = shell_lines(&readme);
    lines.into_iter().map(|line| (Kind::of(&line), line)).collect()
}

/// The commands of one kind.
pub(super) fn lines(kind: Kind) -> Vec<String> {
    commands().into_iter().filter(|(found, _)| *found == Some(kind)).map(|(_, line)| line).collect()
}

fn shell_lines(markdown: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut is_inside = false;
    for line in markdown.lines() {
        match line.trim() {
            "```sh" => is_inside = true,
            "```" => is_inside = false,
            "" => {}
            command if is_inside => lines.push(command.to_owned()),
            _ => {}
        }
    }
    lines
}

#[test]
fn only_lines_of_sh_blocks_are_commands() {
    let markdown = "text\n```nginx\nserver\n```\n```sh\none two\n\nthree\n```\nfour\n";
    assert_eq!(shell_lines(markdown), ["one two", "three"]);
}
