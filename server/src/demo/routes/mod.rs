//! The table of the demo instance's paths.

mod accounts;
mod actor;
mod apps;
mod authorize;
mod instance;
mod revoke;
mod sign_in;
mod statuses;
mod timeline;
mod token;
mod userinfo;
mod well_known;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};

use super::{page, state::DemoState};

/// No form and no JSON of this API is longer.
const MAX_BODY: usize = 32 * 1024;

/// The demo instance's part of the listener: Mastodon's paths, and pages under `/demo`.
pub fn router(state: DemoState) -> Router {
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(well_known::oauth))
        .route("/.well-known/webfinger", get(well_known::webfinger))
        .route("/.well-known/nodeinfo", get(well_known::nodeinfo_index))
        .route("/nodeinfo/2.0", get(well_known::nodeinfo))
        .route("/api/v1/apps", post(apps::register))
        .route("/api/v1/accounts/verify_credentials", get(accounts::verify_credentials))
        .route("/api/v1/accounts/lookup", get(accounts::lookup))
        .route("/api/v1/accounts/search", get(accounts::search))
        .route("/api/v2/search", get(accounts::public_search))
        .route("/api/v1/instance", get(instance::v1))
        .route("/api/v1/instance/domain_blocks", get(instance::domain_blocks))
        .route("/api/v2/instance", get(instance::v2))
        .route("/api/v1/statuses", post(statuses::publish))
        .route("/api/v1/timelines/public", get(statuses::public_timeline))
        .route("/oauth/authorize", get(authorize::show).post(authorize::submit))
        .route("/oauth/token", post(token::issue))
        .route("/oauth/revoke", post(revoke::revoke))
        .route("/oauth/userinfo", get(userinfo::userinfo))
        .route("/users/{name}", get(actor::actor))
        .route("/users/{name}/outbox", get(actor::outbox))
        .route("/demo/timeline", get(timeline::show).post(timeline::publish))
        .route("/demo/sign-in", post(sign_in::sign_in))
        .route("/demo/sign-out", post(sign_in::sign_out))
        .route("/demo/style.css", get(page::style))
        .route("/demo/avatar.svg", get(page::avatar))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(state)
}
