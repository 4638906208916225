//! `GET /api/v1/instance` and `/api/v2/instance`: what this instance is.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::{
    demo::{book::MAX_POST, state::DemoState},
    instance::domain_digest,
};

const TITLE: &str = "Infrasound demo instance";
const DESCRIPTION: &str =
    "A small built-in instance for trying Infrasound out. Every account has the password demo.";
/// Clients read features off this number; the words behind it are honest.
const VERSION: &str = concat!("4.4.0 (compatible; infrasound-demo ", env!("CARGO_PKG_VERSION"), ")");

pub(super) async fn v1(State(state): State<DemoState>) -> Json<Value> {
    let (users, posts) = state.read(|book, _| (book.account_count(), book.timeline().count()));
    Json(json!({
        "uri": state.authority(),
        "title": TITLE,
        "short_description": DESCRIPTION,
        "description": DESCRIPTION,
        "email": "",
        "version": VERSION,
        "urls": {},
        "stats": { "user_count": users, "status_count": posts, "domain_count": 1 },
        "thumbnail": null,
        "languages": ["en"],
        "registrations": true,
        "approval_required": false,
        "invites_enabled": false,
        "configuration": { "statuses": { "max_characters": MAX_POST, "max_media_attachments": 0 } },
        "contact_account": null,
        "rules": [],
    }))
}

/// The domains that this instance would have nothing to do with, if it federated.
pub(super) async fn domain_blocks(State(state): State<DemoState>) -> Json<Vec<Value>> {
    let entity = |domain: &str| {
        let digest = hex::encode(domain_digest(domain));
        json!({ "domain": domain, "digest": digest, "severity": "suspend", "comment": "" })
    };
    Json(state.read(|book, _| book.blocked().map(entity).collect()))
}

pub(super) async fn v2(State(state): State<DemoState>) -> Json<Value> {
    Json(json!({
        "domain": state.authority(),
        "title": TITLE,
        "version": VERSION,
        "source_url": env!("CARGO_PKG_REPOSITORY"),
        "description": DESCRIPTION,
        "usage": { "users": { "active_month": state.read(|book, _| book.account_count()) } },
        "languages": ["en"],
        "configuration": { "urls": {}, "statuses": { "max_characters": MAX_POST, "max_media_attachments": 0 } },
        "registrations": { "enabled": true, "approval_required": false, "message": null },
        "contact": { "email": "", "account": null },
        "rules": [],
    }))
}
