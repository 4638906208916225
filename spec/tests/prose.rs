//! The prose and the code say the same: sections that are cited exist, and the tables name what there is.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use infrasound_spec::{api::paths, api::problem::ProblemType};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn prose(file: &str) -> String {
    fs::read_to_string(root().join("spec").join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The numbers of a file's sections and of the requirements in them: `4` and `4.2`.
fn sections(file: &str) -> BTreeSet<String> {
    let mut numbers = BTreeSet::new();
    let mut section = String::new();
    for line in prose(file).lines() {
        if let Some(heading) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
            heading.split([' ', '.']).next().unwrap_or_default().clone_into(&mut section);
            let full = heading.split(' ').next().unwrap_or_default().trim_end_matches('.');
            numbers.insert(full.to_owned());
        } else if let Some((number, _)) = line.split_once(". ")
            && number.parse::<u32>().is_ok()
        {
            numbers.insert(format!("{section}.{number}"));
        }
    }
    numbers
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Citations such as "`conversations.md` 4, 5 and 13.2" in a line: file and numbers.
fn citations(line: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices(".md`") {
        let Some(start) = line[..at].rfind('`') else { continue };
        let file = format!("{}.md", &line[start + 1..at]);
        let rest = line[at + 4..].split(['`', ';', ':', '(', ')']).next().unwrap_or_default();
        let numbers = rest
            .split([' ', ','])
            .map(|word| word.trim_end_matches('.'))
            .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
            .map(str::to_owned)
            .collect();
        found.push((file, numbers));
    }
    found
}

#[test]
fn every_section_that_the_code_cites_exists() {
    let mut files = Vec::new();
    for folder in ["spec/src", "spec/tests", "client-core/src", "server/src", "bindings"] {
        sources(&root().join(folder), &mut files);
    }
    let mut cited = 0;
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        for line in source.lines().filter(|line| line.contains("Spec: ")) {
            for (document, numbers) in citations(line) {
                let sections = sections(&document);
                for number in numbers {
                    assert!(sections.contains(&number), "{}: {document} has no {number}", file.display());
                    cited += 1;
                }
            }
        }
    }
    assert!(cited > 30, "only {cited} citations were found");
}

#[test]
fn every_section_that_the_prose_cites_exists() {
    for entry in fs::read_dir(root().join("spec")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            for (document, numbers) in citations(line) {
                for number in numbers {
                    assert!(sections(&document).contains(&number), "{}: {document} {number}", path.display());
                }
            }
        }
    }
}

#[test]
fn the_table_of_problems_is_that_of_the_code() {
    let table = prose("relay-api.md");
    for problem in ProblemType::ALL {
        let name = problem.urn().rsplit(':').next().unwrap();
        let row = format!("| `{name}` | {} |", problem.status());
        assert!(table.contains(&row), "relay-api.md 4 lacks {row}");
    }
    let rows = table.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 4);
    let rows =
        rows.filter(|line| line.split('|').nth(2).is_some_and(|cell| cell.trim().parse::<u16>().is_ok()));
    assert_eq!(rows.count(), ProblemType::ALL.len());
}

#[test]
fn the_table_of_signatures_has_every_purpose() {
    let table = prose("identity.md");
    let source = include_str!("../src/signing.rs");
    let labels =
        source.lines().filter_map(|line| line.split("=> \"Infrasound 1.0 ").nth(1)?.split('"').next());
    let purposes: Vec<&str> = labels.collect();
    assert!(purposes.contains(&"DeviceEndorsement"));
    for purpose in purposes {
        assert!(table.contains(&format!("| `{purpose}` | ")), "identity.md 3 lacks {purpose}");
    }
}

#[test]
fn the_table_of_endpoints_has_every_path() {
    let table = prose("relay-api.md");
    let source = include_str!("../src/api/paths.rs");
    let declared: Vec<&str> = source
        .lines()
        .filter(|line| line.starts_with("pub const "))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    assert!(declared.contains(&paths::STREAM));
    for path in declared {
        let short = path.replace(paths::CONVERSATION, "…/{conversation}");
        assert!(table.contains(path) || table.contains(&short), "relay-api.md 3 lacks {path}");
    }
}

#[test]
fn every_violation_of_a_commit_is_in_the_prose() {
    let source = include_str!("../src/commit.rs");
    let variants = source.split("pub enum CommitViolation {").nth(1).unwrap().split("\n}").next().unwrap();
    let conversations = prose("conversations.md");
    for line in variants.lines().map(str::trim) {
        if line.starts_with(|c: char| c.is_ascii_uppercase()) {
            let name = line.split(['(', ',']).next().unwrap();
            assert!(conversations.contains(&format!("`{name}`")), "conversations.md 7 lacks {name}");
        }
    }
}
