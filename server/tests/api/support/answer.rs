//! What the relay answered.

use infrasound_spec::api::problem::{Problem, ProblemType};
use serde::de::DeserializeOwned;

/// Status, headers and body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok<T: DeserializeOwned>(&self) -> T {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A success without a body.
    #[track_caller]
    pub(crate) fn done(&self) {
        assert_eq!(self.status, 204, "{}", String::from_utf8_lossy(&self.body));
    }

    /// The problem, which must be of this type, with its status and media type.
    #[track_caller]
    pub(crate) fn problem(&self, expected: ProblemType) -> Problem {
        let text = String::from_utf8_lossy(&self.body);
        let problem: Problem = serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {text}", self.status));
        assert_eq!(problem.problem_type, expected, "{text}");
        assert_eq!(self.status, expected.status(), "{text}");
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert!(problem.detail.ends_with('.'), "{}", problem.detail);
        problem
    }
}
