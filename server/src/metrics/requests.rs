//! Requests: how many, how long, how they ended.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use infrasound_spec::api::{paths, problem::ProblemType};
use prometheus_client::metrics::gauge::Gauge;

use super::{AnswerLabels, Metrics, OutcomeLabels, ProblemLabels, RouteLabels};
use crate::app::App;

/// What is no endpoint: the web app, the built-in instance, and what is not there.
const OTHER: &str = "other";

/// Counts a request and what came of it.
pub(crate) async fn measure(State(app): State<App>, request: Request, next: Next) -> Response {
    let (method, route) = (method(request.method()), route(&request));
    let _in_flight = InFlight::begin(&app.metrics.in_flight);
    let begun = Instant::now();
    let response = next.run(request).await;
    app.metrics.answered(method, route, &response, begun.elapsed().as_secs_f64());
    response
}

/// A route has few names; a path can have any.
fn route(request: &Request) -> String {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let ours = path.filter(|path| path.starts_with("/v1/") || OURS.contains(path));
    ours.unwrap_or(OTHER).to_owned()
}

const OURS: [&str; 4] = [paths::WELL_KNOWN, paths::OPENAPI, paths::HEALTH, paths::READY];

/// A client may send any word as a method.
fn method(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|known| *known == method.as_str()).unwrap_or(OTHER)
}

struct InFlight(Gauge);

impl InFlight {
    fn begin(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    fn answered(&self, method: &'static str, route: String, response: &Response, seconds: f64) {
        let status = response.status().as_u16();
        let problem = response.extensions().get::<ProblemType>().map(|problem| short(*problem));
        if let Some(problem) = problem {
            self.problems.get_or_create(&ProblemLabels { problem }).inc();
        }
        if let Some(outcome) = sign_in(&route, status, problem) {
            self.sign_ins.get_or_create(&OutcomeLabels { outcome }).inc();
        }
        self.durations.get_or_create(&RouteLabels { method, route: route.clone() }).observe(seconds);
        self.answers.get_or_create(&AnswerLabels { method, route, status }).inc();
    }
}

/// How a sign-in ended, if one did. With a browser it goes on after a callback that went well.
fn sign_in(route: &str, status: u16, problem: Option<&'static str>) -> Option<&'static str> {
    match (route, status) {
        (paths::SIGN_IN_FINISH | paths::SIGN_IN_EXCHANGE, 200) => Some("success"),
        (paths::SIGN_IN_FINISH | paths::SIGN_IN_EXCHANGE | paths::SIGN_IN_START, 400..) => {
            Some(problem.unwrap_or(OTHER))
        }
        // A person reads its answer: it is a page, which has the problem's status.
        (paths::SIGN_IN_CALLBACK, 400..) => Some("callback-failed"),
        _ => None,
    }
}

/// `rate-limited` of `urn:infrasound:problem:rate-limited`.
fn short(problem: ProblemType) -> &'static str {
    problem.urn().rsplit(':').next().unwrap_or(OTHER)
}
