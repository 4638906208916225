//! The OpenAPI document is pinned: a change of the API is a change of `server/openapi.json`, to be reviewed.
//!
//! To renew it: `INFRASOUND_RENEW_OPENAPI=1 cargo test -p infrasound-relay --test api openapi`.

use infrasound_spec::api::paths;
use serde_json::Value;

use crate::support::TestRelay;

const PINNED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

#[tokio::test]
async fn the_document_is_the_pinned_one() {
    let relay = TestRelay::start().await;
    let document: Value = relay.get(paths::OPENAPI).await.ok();
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    if std::env::var_os("INFRASOUND_RENEW_OPENAPI").is_some() {
        std::fs::write(PINNED, &text).unwrap();
    }
    let pinned = std::fs::read_to_string(PINNED).unwrap_or_default();
    assert!(pinned == text, "the API differs from server/openapi.json; this file says how to renew it");
}

#[tokio::test]
async fn every_path_of_the_spec_is_described() {
    let relay = TestRelay::start().await;
    let document: Value = relay.get(paths::OPENAPI).await.ok();
    let described = document["paths"].as_object().unwrap();
    let source = include_str!("../../../spec/src/api/paths.rs");
    let wanted = source.lines().filter_map(|line| line.split_once("&str = \"")?.1.strip_suffix("\";"));
    let missing: Vec<_> = wanted.filter(|path| !described.contains_key(*path)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn parameters_are_where_the_document_says() {
    let relay = TestRelay::start().await;
    let document: Value = relay.get(paths::OPENAPI).await.ok();
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
            for parameter in parameters {
                let in_path = path.contains(&format!("{{{}}}", parameter["name"].as_str().unwrap()));
                assert_eq!(parameter["in"] == "path", in_path, "{path}: {parameter}");
            }
        }
    }
}
