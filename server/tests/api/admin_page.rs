//! The admin page: who gets in, what they may do there, and what a stranger's form or name can do. Decision: 0018.

use infrasound_spec::{api::problem::ProblemType, time};
use reqwest::{Client, Response, redirect::Policy};
use serde_json::Value;

use crate::support::{Browser, TestRelay};

const ADMINISTRATOR: u64 = 1;
const MANAGE_USERS: u64 = 1 << 10;
const DELETE_USER_DATA: u64 = 1 << 19;

/// Somebody at the page, with a browser that keeps two cookies.
struct Visitor {
    base: String,
    http: Client,
    cookies: Vec<String>,
}

async fn relay() -> TestRelay {
    TestRelay::configured(|config| config.access.admin_page = true).await
}

/// Somebody with this role, after the sign-in at the instance, and what they see then.
async fn visit(relay: &TestRelay, name: &str, permissions: u64) -> (Visitor, Response) {
    assert!(relay.running().demo().unwrap().set_role(name, "Staff", permissions).await.unwrap());
    let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let mut visitor = Visitor { base: relay.base.clone(), http, cookies: Vec::new() };
    let begun = visitor.get("/admin/sign-in").await;
    let callback = Browser::new().allow(begun.headers()["location"].to_str().unwrap(), name).await;
    let finished = visitor.get(callback.as_str()).await;
    (visitor, finished)
}

impl Visitor {
    async fn get(&mut self, path: &str) -> Response {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let response = self.http.get(url).header("cookie", self.cookies.join("; ")).send().await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            self.cookies.push(cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
        }
        response
    }

    async fn page(&mut self, path: &str) -> String {
        self.get(path).await.text().await.unwrap()
    }

    async fn csrf(&mut self) -> String {
        let page = self.page("/admin").await;
        page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    async fn send(&self, form: &[(&str, &str)], origin: Option<&str>) -> Response {
        let mut request = self.http.post(format!("{}/admin", self.base)).form(form);
        if !self.cookies.is_empty() {
            request = request.header("cookie", self.cookies.join("; "));
        }
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        request.send().await.unwrap()
    }

    /// Sends one of the page's own forms; what the next page says.
    async fn order(&mut self, fields: &[(&str, &str)]) -> String {
        let csrf = self.csrf().await;
        let form = [&[("csrf", csrf.as_str())], fields].concat();
        let answer = self.send(&form, Some(&self.base)).await;
        assert_eq!(answer.status(), 303);
        let page = self.page(answer.headers()["location"].to_str().unwrap()).await;
        page.split("<p role=\"status\">").nth(1).unwrap().split("</p>").next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn whoever_manages_users_looks_after_accounts_and_the_log_says_who() {
    let relay = relay().await;
    let bob = relay.device("bob").await;
    let (mut alice, finished) = visit(&relay, "alice", MANAGE_USERS).await;
    assert_eq!(
        (finished.status().as_u16(), &finished.headers()["location"]),
        (303, &"/admin".parse().unwrap())
    );
    let handle = bob.handle().to_string();
    assert!(alice.page("/admin").await.contains(&handle));
    let said = alice.order(&[("order", "suspend"), ("account", &handle), ("reason", "Spam")]).await;
    assert!(said.contains("is suspended here"), "{said}");
    bob.get("/v1/account").await.problem(ProblemType::NoSession);
    let records = relay.admin(&["audit", "--last", "1"]).await.unwrap();
    assert_eq!(records["records"][0]["who"].as_str().unwrap(), handle.replace("bob", "alice"));
    assert!(
        alice
            .order(&[("order", "restore"), ("account", &handle)])
            .await
            .contains("not suspended here any more")
    );
}

#[tokio::test]
async fn each_order_needs_its_own_permission() {
    let relay = relay().await;
    let bob = relay.device("bob").await.handle().to_string();
    let (mut alice, _) = visit(&relay, "alice", MANAGE_USERS).await;
    for fields in [
        &[("order", "erase"), ("account", &*bob), ("yes", "yes")][..],
        &[("order", "export"), ("account", &bob)],
        &[("order", "block-domain"), ("domain", "other.example")],
    ] {
        let said = alice.order(fields).await;
        assert!(said.contains("does not allow this"), "{said}");
    }
    assert!(relay.admin(&["audit"]).await.unwrap()["records"].as_array().unwrap().is_empty());
    let (mut carol, _) = visit(&relay, "carol", MANAGE_USERS | DELETE_USER_DATA).await;
    assert!(carol.order(&[("order", "erase"), ("account", &bob)]).await.contains("Tick the box"));
    assert!(
        carol.order(&[("order", "erase"), ("account", &bob), ("yes", "yes")]).await.contains("is erased")
    );
}

#[tokio::test]
async fn every_kind_of_stranger_is_kept_out() {
    let relay = relay().await;
    let bob = relay.device("bob").await;
    let handle = bob.handle().to_string();
    // An admin of nothing, and somebody who has no role at all.
    for (name, permissions) in [("carol", 0), ("dave", 1 << 5)] {
        let (mut stranger, finished) = visit(&relay, name, permissions).await;
        assert_eq!(finished.status(), 403);
        assert!(finished.text().await.unwrap().contains("lets them manage users"));
        assert!(!stranger.page("/admin").await.contains(&handle));
    }
    // Nobody, and who has a session of the API.
    assert!(!String::from_utf8(relay.get("/admin").await.body).unwrap().contains(&handle));
    assert!(!String::from_utf8(bob.get("/admin").await.body).unwrap().contains(&handle));
    let (mut alice, _) = visit(&relay, "alice", MANAGE_USERS).await;
    let csrf = alice.csrf().await;
    let order = [("csrf", csrf.as_str()), ("order", "suspend"), ("account", &handle)];
    // A form of another site: without the cookie, without the token, from a foreign page.
    let without_cookie = Visitor { base: relay.base.clone(), http: Client::new(), cookies: Vec::new() };
    assert_eq!(without_cookie.send(&order, None).await.status(), 403);
    assert_eq!(alice.send(&order[1..], None).await.status(), 403);
    assert_eq!(alice.send(&[("csrf", "guessed"), order[1], order[2]], None).await.status(), 403);
    for elsewhere in ["https://evil.example", "null"] {
        assert_eq!(alice.send(&order, Some(elsewhere)).await.status(), 403);
    }
    bob.get("/v1/account").await.ok::<Value>();
    // And when the hour is over.
    relay.clock.advance(time::HOUR);
    assert_eq!(alice.send(&order, None).await.status(), 403);
    bob.get("/v1/account").await.ok::<Value>();
}

#[tokio::test]
async fn a_sign_in_belongs_to_the_browser_that_began_it() {
    let relay = relay().await;
    assert!(relay.running().demo().unwrap().set_role("alice", "Staff", MANAGE_USERS).await.unwrap());
    let http = || Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let mut mallory = Visitor { base: relay.base.clone(), http: http(), cookies: Vec::new() };
    let begun = mallory.get("/admin/sign-in").await;
    let callback = Browser::new().allow(begun.headers()["location"].to_str().unwrap(), "alice").await;
    let mut victim = Visitor { base: relay.base.clone(), http: http(), cookies: Vec::new() };
    assert_eq!(victim.get(callback.as_str()).await.status(), 400);
    assert_eq!(mallory.get(callback.as_str()).await.status(), 303);
    assert_eq!(mallory.get(callback.as_str()).await.status(), 400, "it is used up");
}

#[tokio::test]
async fn what_a_person_writes_is_no_markup_and_the_page_loads_nothing() {
    let relay = relay().await;
    let bob = relay.device("bob").await;
    let name = serde_json::json!({ "name": "<script>alert(1)</script>" });
    bob.put(&format!("/v1/devices/{}", bob.id()), &name).await.done();
    let (mut alice, finished) = visit(&relay, "alice", MANAGE_USERS).await;
    let cookie = finished.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Lax; Path=/admin; Max-Age=3600"), "{cookie}");
    let response = alice.get(&format!("/admin?account={}", bob.handle())).await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{policy}");
    assert_eq!(response.headers()["cache-control"], "no-store");
    // A browser says `Origin: null` of a form on a page with `no-referrer`.
    assert_eq!(response.headers()["referrer-policy"], "same-origin");
    let page = response.text().await.unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script"), "{page}");
    assert!(!alice.page("/admin?account=%22%3E%3Cscript%3E").await.contains("<script"));
}

#[tokio::test]
async fn a_relay_has_no_such_page_unless_its_admin_wants_one() {
    let relay = TestRelay::start().await;
    for path in ["/admin", "/admin/sign-in", "/admin/callback"] {
        relay.get(path).await.problem(ProblemType::NotFound);
    }
}

#[tokio::test]
async fn who_is_suspended_here_is_out_of_the_page_as_well() {
    let relay = relay().await;
    let bob = relay.device("bob").await;
    let handle = bob.handle().to_string();
    let (mut alice, _) = visit(&relay, "alice", MANAGE_USERS).await;
    let csrf = alice.csrf().await;
    relay.admin(&["accounts", "suspend", &handle.replace("bob", "alice")]).await.unwrap();
    let order = [("csrf", csrf.as_str()), ("order", "suspend"), ("account", &handle)];
    let answer = alice.send(&order, Some(&relay.base)).await;
    assert_eq!(answer.status(), 403);
    assert!(answer.text().await.unwrap().contains("suspended your account here"));
    assert!(!alice.page("/admin").await.contains(&handle));
    bob.get("/v1/account").await.ok::<Value>();
    let (mut again, finished) = visit(&relay, "alice", MANAGE_USERS).await;
    assert_eq!(finished.status(), 403);
    assert!(finished.text().await.unwrap().contains("suspended your account here"));
    assert!(!again.page("/admin").await.contains(&handle));
}

#[tokio::test]
async fn nobody_gives_orders_on_their_own_account() {
    let relay = relay().await;
    let (mut alice, _) = visit(&relay, "alice", ADMINISTRATOR).await;
    let handle = format!("@alice@{}", relay.base.strip_prefix("http://").unwrap());
    // Before she has been here, and then by either name.
    let said = alice.order(&[("order", "allow"), ("account", &handle)]).await;
    assert!(said.contains("your own account"), "{said}");
    let device = relay.device("alice").await;
    for name in [&handle, &handle[1..], device.account().as_str()] {
        for order in ["allow", "disallow", "suspend", "restore", "end-sessions", "export"] {
            let said = alice.order(&[("order", order), ("account", name)]).await;
            assert!(said.contains("your own account"), "{order} {name}: {said}");
        }
    }
    device.get("/v1/account").await.ok::<Value>();
    assert!(relay.admin(&["audit"]).await.unwrap()["records"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn only_an_administrator_gives_orders_on_who_looks_after_others() {
    let relay = relay().await;
    let demo = relay.running().demo().unwrap();
    let (mut alice, _) = visit(&relay, "alice", MANAGE_USERS).await;
    for (name, permissions) in [("bob", MANAGE_USERS), ("dave", ADMINISTRATOR)] {
        assert!(demo.set_role(name, "Staff", permissions).await.unwrap());
        let device = relay.device(name).await;
        let handle = device.handle().to_string();
        let fields = [("order", "suspend"), ("account", handle.as_str())];
        let said = alice.order(&fields).await;
        assert!(said.contains("Only an administrator"), "{said}");
        device.get("/v1/account").await.ok::<Value>();
        let (mut carol, _) = visit(&relay, "carol", ADMINISTRATOR).await;
        let said = carol.order(&fields).await;
        assert!(said.contains("is suspended here"), "{said}");
    }
}
