//! `GET /v1/sign-in/hand-over.js`: the script of the page that a sign-in ends on.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use infrasound_spec::api::paths;

/// Only pages of the relay's own origin in the same browser hear it. Spec: `relay-api.md` 6.9.
const SCRIPT: &str = "const { signIn, code } = document.querySelector('output').dataset;
new BroadcastChannel('infrasound-sign-in').postMessage({ signIn, code });
";

#[utoipa::path(get, path = paths::SIGN_IN_HAND_OVER, tag = "sign-in", operation_id = "sign_in_hand_over",
    responses((status = 200, description = "The script of the page with the code", content_type = "text/javascript", body = String)))]
pub(crate) async fn handle() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], SCRIPT)
        .into_response()
}
