//! What the relay says of itself, and how it refuses what it does not know.

use infrasound_relay::{Config, config::InstanceConfig};
use infrasound_spec::api::{
    problem::ProblemType,
    relay::{Health, RelayInfo, WellKnown},
};
use reqwest::Method;
use serde_json::Value;

use crate::support::TestRelay;

#[tokio::test]
async fn a_relay_describes_itself() {
    let relay = TestRelay::start().await;
    let well_known: WellKnown = relay.get("/.well-known/infrasound").await.ok();
    assert_eq!(
        (well_known.relay.as_str(), well_known.versions),
        (relay.base.as_str(), vec!["v1".to_owned()])
    );
    let info: RelayInfo = relay.get("/v1/relay").await.ok();
    assert_eq!((info.instance.as_str(), info.demo), (relay.base.as_str(), true));
    for path in ["/healthz", "/readyz"] {
        assert_eq!(relay.get(path).await.ok::<Health>().status, "ok");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let relay = TestRelay::start().await;
    relay.get("/v1/nothing").await.problem(ProblemType::NotFound);
    let wrong = relay.call(Method::PUT, "/v1/relay", None, None::<&Value>).await;
    assert_eq!(wrong.status, 405);
    assert_eq!(serde_json::from_slice::<Value>(&wrong.body).unwrap()["status"], 405);
    assert_eq!(wrong.headers["content-type"], "application/problem+json");
    relay.post("/v1/sessions/challenge", &"nonsense").await.problem(ProblemType::BadRequest);
}

#[tokio::test]
async fn answers_are_safe_for_browsers_and_open_to_their_clients() {
    let relay = TestRelay::start().await;
    let answer = relay.get("/v1/relay").await;
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert!(!answer.headers.contains_key("access-control-allow-credentials"));
    assert!(answer.headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
}

#[cfg(unix)]
#[tokio::test]
async fn the_data_is_closed_to_other_users() {
    use std::os::unix::fs::PermissionsExt as _;
    let relay = TestRelay::start().await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(relay.directory.path()), 0o700);
    for file in ["relay.db", "relay.db-wal"] {
        assert_eq!(mode(&relay.directory.path().join(file)), 0o600, "{file}");
    }
}

#[tokio::test]
async fn a_data_directory_has_one_relay_at_a_time() {
    let mut relay = TestRelay::start().await;
    let mut config = Config::new(InstanceConfig::Demo, relay.directory.path());
    config.listen = "127.0.0.1:0".parse().unwrap();
    let error = infrasound_relay::serve(config).await.unwrap_err();
    assert!(error.to_string().contains("another relay"), "{error}");
    relay.restart(|_| ()).await;
}
