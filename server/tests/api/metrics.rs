//! Metrics: at an address of their own, about everything, and about nobody.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Group, Reader, TestRelay};

const DASHBOARD: &str = include_str!("../../deploy/grafana/relay.json");

async fn measured() -> TestRelay {
    TestRelay::configured(|config| config.metrics_listen = Some("127.0.0.1:0".parse().unwrap())).await
}

async fn scrape(relay: &TestRelay) -> String {
    let address = relay.running().metrics_address().unwrap();
    let answer = reqwest::get(format!("http://{address}/metrics")).await.unwrap();
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    answer.text().await.unwrap()
}

/// The value of a series, written as in the text.
#[track_caller]
fn value(text: &str, series: &str) -> u64 {
    let line = text.lines().find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')));
    let line = line.unwrap_or_else(|| panic!("no {series} in\n{text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// A relay in which everything has happened once.
async fn after_a_day(relay: &TestRelay) -> Reader {
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::found(&alice, &bob).await;
    group.send(&alice, "hello").await;
    relay.post("/v1/sign-in/exchange", &json!({ "access_token": "nobody's" })).await;
    relay.get("/v1/nothing/of/the/kind").await;
    relay.call(Method::from_bytes(b"BREW").unwrap(), "/v1/relay", None, None::<&Value>).await;
    let mut stream = Reader::open(&bob, None).await;
    stream.until_ready().await;
    stream
}

#[tokio::test]
async fn what_happens_is_counted() {
    let relay = measured().await;
    let _stream = after_a_day(&relay).await;
    let text = scrape(&relay).await;
    let message = "method=\"POST\",route=\"/v1/conversations/{conversation}/messages\"";
    assert!(value(&text, &format!("infrasound_http_requests_total{{{message},status=\"200\"}}")) >= 1);
    assert!(value(&text, &format!("infrasound_http_request_duration_seconds_count{{{message}}}")) >= 1);
    assert!(
        value(&text, "infrasound_http_requests_total{method=\"GET\",route=\"other\",status=\"404\"}") >= 1
    );
    assert!(value(&text, "infrasound_writer_jobs_total{kind=\"message\"}") >= 1);
    assert!(value(&text, "infrasound_writer_batch_duration_seconds_count") >= 5);
    assert_eq!(value(&text, "infrasound_sign_ins_total{outcome=\"success\"}"), 2);
    assert_eq!(value(&text, "infrasound_sign_ins_total{outcome=\"instance-refused\"}"), 1);
    assert!(value(&text, "infrasound_instance_requests_total{outcome=\"success\"}") >= 2);
    assert_eq!(value(&text, "infrasound_accounts"), 2);
    assert_eq!(value(&text, "infrasound_devices"), 2);
    assert_eq!(value(&text, "infrasound_conversations{kind=\"direct\"}"), 1);
    assert_eq!(value(&text, "infrasound_streams_open"), 1);
    assert!(value(&text, "infrasound_database_bytes") > 0);
    let [free, size] =
        ["available", "size"].map(|what| value(&text, &format!("infrasound_disk_{what}_bytes")));
    assert!(0 < free && free <= size, "{free} of {size}");
}

#[tokio::test]
async fn nobody_is_named_and_no_label_is_a_strangers() {
    let relay = measured().await;
    let _stream = after_a_day(&relay).await;
    let text = scrape(&relay).await;
    for word in ["alice", "bob", "127.0.0.1", "nothing/of/the/kind", "BREW"] {
        assert!(!text.contains(word), "{word} is in\n{text}");
    }
}

#[tokio::test]
async fn metrics_are_nowhere_unless_asked_for_and_never_where_people_are() {
    let relay = TestRelay::start().await;
    assert_eq!(relay.running().metrics_address(), None);
    let relay = measured().await;
    assert_eq!(relay.get("/metrics").await.status, 404);
    let address = relay.running().metrics_address().unwrap();
    for path in ["/", "/v1/relay", "/healthz", "/v1/account"] {
        let answer = reqwest::get(format!("http://{address}{path}")).await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
    let posted = reqwest::Client::new().post(format!("http://{address}/metrics")).send().await.unwrap();
    assert_eq!(posted.status(), 405);
}

/// The metrics in the dashboard's queries.
fn queried(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            found.extend(words.filter(|word| word.starts_with("infrasound_")).map(str::to_owned));
        }
        Value::Array(list) => list.iter().for_each(|value| queried(value, found)),
        Value::Object(map) => map.values().for_each(|value| queried(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_dashboard_asks_for_what_there_is() {
    let relay = measured().await;
    let _stream = after_a_day(&relay).await;
    let text = scrape(&relay).await;
    let mut metrics = BTreeSet::new();
    queried(&serde_json::from_str(DASHBOARD).unwrap(), &mut metrics);
    assert!(metrics.len() >= 15, "{metrics:?}");
    for metric in metrics {
        let is_there = text
            .lines()
            .any(|line| line.strip_prefix(&metric).is_some_and(|rest| rest.starts_with([' ', '{'])));
        assert!(is_there, "the dashboard asks for {metric}, which is not in\n{text}");
    }
}
