//! Spec: `relay-api.md` 4.

use infrasound_spec::api::problem::{Problem, ProblemType};
use serde_json::{Value, json};

use super::{Outcome, text, vectors};

pub(super) fn problem(input: &Value) -> Outcome {
    let problem: Problem = serde_json::from_str(text(input, "body")).map_err(|_| "Malformed")?;
    let problem_type = problem.problem_type;
    if problem_type == ProblemType::Unknown {
        return Err("Unknown".to_owned());
    }
    Ok(json!({ "type": problem_type.urn(), "status": problem_type.status() }))
}

#[test]
fn every_type_of_problem_has_its_vector() {
    let vectors = &vectors()["problem"];
    for problem_type in ProblemType::ALL {
        let known = vectors.iter().any(|vector| vector.expect["type"] == problem_type.urn());
        assert!(known, "{problem_type:?} has no vector");
    }
}
