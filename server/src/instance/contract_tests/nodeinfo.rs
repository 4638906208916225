//! What an instance says that it is, for the doctor.

use super::*;

const WELL_KNOWN: &str = "/.well-known/nodeinfo";

fn links(at: &str) -> Value {
    let link = |version: &str| json!({ "rel": format!("http://nodeinfo.diaspora.software/ns/schema/{version}"), "href": format!("{at}/nodeinfo/{version}") });
    json!({ "links": [link("2.0"), link("2.1")] })
}

fn info(version: &str) -> MethodRouter {
    fixed(
        json!({ "version": "2.0", "software": { "name": "mastodon", "version": version }, "protocols": ["activitypub"] }),
    )
}

#[tokio::test]
async fn the_newest_document_says_what_it_is() {
    let server = Server::start(|base, _| {
        Router::new()
            .route(WELL_KNOWN, fixed(links(base)))
            .route("/nodeinfo/2.0", info("old"))
            .route("/nodeinfo/2.1", info("4.4.0"))
            .route(VERIFY, guarded(with_uri(base), unauthorized()))
    })
    .await;
    let software = server.instance().software().await.unwrap().unwrap();
    assert_eq!((software.name.as_str(), software.version.as_str()), ("mastodon", "4.4.0"));
    assert!(server.instance().knows_accounts().await.unwrap());
}

#[tokio::test]
async fn a_document_elsewhere_is_not_fetched() {
    let elsewhere = Server::start(|_, _| Router::new().route("/nodeinfo/2.1", info("4.4.0"))).await;
    let other = elsewhere.base.clone();
    let server = Server::start(|_, _| Router::new().route(WELL_KNOWN, fixed(links(&other)))).await;
    assert_eq!(server.instance().software().await.unwrap(), None);
    assert!(!server.instance().knows_accounts().await.unwrap(), "there is no verify_credentials");
}
