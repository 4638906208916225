//! The API: which handler answers where. One endpoint, one file.

pub(crate) mod account;
pub(crate) mod blobs;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod devices;
pub(crate) mod instance;
pub(crate) mod key_packages;
pub(crate) mod links;
pub(crate) mod push;
pub(crate) mod relay;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod stream;
pub(crate) mod welcomes;

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{delete, get, patch, post, put},
};
use infrasound_spec::{api::paths, api::problem::ProblemType, limits};

use crate::{app::App, error::ApiError};

/// How long a request may take. The stream is exempt.
const TIMEOUT: Duration = Duration::from_secs(30);

/// All endpoints of the relay.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route(paths::WELL_KNOWN, get(relay::well_known::handle))
        .route(paths::OPENAPI, get(relay::openapi::handle))
        .route(paths::HEALTH, get(relay::health::handle))
        .route(paths::READY, get(relay::ready::handle))
        .route(paths::RELAY, get(relay::info::handle))
        .route(paths::SIGN_IN_START, post(sign_in::start::handle))
        .route(paths::SIGN_IN_CALLBACK, get(sign_in::callback::handle))
        .route(paths::SIGN_IN_HAND_OVER, get(sign_in::hand_over::handle))
        .route(paths::SIGN_IN_FINISH, post(sign_in::finish::handle))
        .route(paths::SIGN_IN_EXCHANGE, post(sign_in::exchange::handle))
        .route(
            paths::INSTANCE_WEBHOOK,
            post(instance::webhook::handle).layer(DefaultBodyLimit::max(limits::MAX_WEBHOOK)),
        )
        .route(paths::SESSION_CHALLENGE, post(sessions::challenge::handle))
        .route(paths::SESSIONS, post(sessions::start::handle).delete(sessions::end::handle))
        .route(paths::DEVICES, post(devices::register::handle).get(devices::list::handle))
        .route(paths::DEVICE, put(devices::rename::handle).delete(devices::revoke::handle))
        .route(paths::LINKS, post(links::open::handle).delete(links::close::handle))
        .route(paths::LINKS_JOIN, post(links::join::handle))
        .route(paths::LINKS_FRAMES, post(links::send::handle).get(links::read::handle))
        .route(paths::ACCOUNT, get(account::own::handle))
        .route(paths::ACCOUNT_POLICY, put(account::policy::handle))
        .route(paths::ACCOUNTS_LOOKUP, get(account::lookup::handle))
        .route(paths::ACCOUNTS_SEARCH, get(account::search::handle))
        .route(paths::CONTACTS, get(contacts::list::handle))
        .route(paths::CONTACT, put(contacts::set::handle))
        .route(paths::KEY_PACKAGES, post(key_packages::upload::handle).get(key_packages::count::handle))
        .route(paths::KEY_PACKAGES_CLAIM, post(key_packages::claim::handle))
        .route(paths::KEY_PACKAGES_CLAIM_MANY, post(key_packages::claim_many::handle))
        .route(paths::CONVERSATIONS, get(conversations::list::handle).post(conversations::found::handle))
        .route(paths::CONVERSATION, get(conversations::one::handle))
        .route(paths::LOG, get(conversations::log::handle))
        .route(paths::MESSAGES, post(conversations::message::handle))
        .route(paths::COMMITS, post(conversations::commit::handle))
        .route(paths::PROPOSALS, post(conversations::proposal::handle))
        .route(paths::REPORTS, post(conversations::report::handle))
        .route(paths::TREE, get(conversations::tree::handle))
        .route(paths::BLOBS, post(blobs::announce::handle))
        .route(paths::BLOB, patch(blobs::upload::handle).get(blobs::download::handle))
        .route(paths::CONVERSATION_BLOB, put(blobs::attach::handle).delete(blobs::detach::handle))
        .route(paths::MEMBERS, get(conversations::members::handle))
        .route(paths::CONSENT, put(conversations::consent::handle))
        .route(paths::GROUP_INFO, post(conversations::group_info::handle))
        .route(
            paths::JOIN_REQUESTS,
            post(conversations::join_requests::ask::handle).get(conversations::join_requests::list::handle),
        )
        .route(paths::JOIN_REQUEST, delete(conversations::join_requests::end::handle))
        .route(paths::TURNS, post(conversations::turn::handle))
        .route(paths::TYPING, post(conversations::typing::handle))
        .route(paths::PUSH, put(push::set::handle).delete(push::end::handle))
        .route(paths::WELCOMES, get(welcomes::list::handle))
        .route(paths::WELCOME, delete(welcomes::delete::handle))
        .layer(middleware::from_fn(in_time))
        .route(paths::STREAM, get(stream::handle))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(limits::MAX_BODY))
        .with_state(app)
}

/// What answers where nothing is.
pub(crate) fn not_found() -> ApiError {
    ApiError::new(ProblemType::NotFound, "There is nothing at this address.")
}

async fn method_not_allowed() -> ApiError {
    let mut error = ApiError::bad_request("This address does not take this method.");
    error.0.status = StatusCode::METHOD_NOT_ALLOWED.as_u16();
    error
}

/// Answers in time, if only to say that it takes too long. What was handed to the writer is written all the same: a
/// repeat of the submission finds it.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::unavailable().into_response(),
    }
}
