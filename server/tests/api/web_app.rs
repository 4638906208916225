//! The web app at the relay's own address, or a page that says how to build it.

use reqwest::Method;

use crate::support::TestRelay;

#[tokio::test]
async fn there_is_a_page_at_the_root_that_runs_nothing_but_the_relays_own() {
    let relay = TestRelay::start().await;
    let page = relay.get("/").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert!(String::from_utf8(page.body).unwrap().contains("<title>Infrasound</title>"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("connect-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    assert_eq!(page.headers["x-frame-options"], "SAMEORIGIN");
    assert_eq!(page.headers["cross-origin-resource-policy"], "cross-origin");
    assert_eq!(page.headers["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn head_is_answered_as_get_is_without_the_body() {
    let relay = TestRelay::start().await;
    let (page, head) = (relay.get("/").await, relay.call(Method::HEAD, "/", None, None::<&()>).await);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.headers["content-type"], page.headers["content-type"]);
    assert_eq!(head.headers["content-length"].to_str().unwrap(), page.body.len().to_string());
}
