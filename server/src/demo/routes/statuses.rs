//! `POST /api/v1/statuses` and `GET /api/v1/timelines/public`.

use axum::{
    Json,
    extract::{Query, State},
};
use serde::Deserialize;
use serde_json::Value;

use crate::demo::{
    book::{Account, Post},
    caller::Caller,
    entity,
    error::ApiError,
    form::FormOrJson,
    state::DemoState,
};

#[derive(Deserialize)]
pub(super) struct NewStatus {
    #[serde(default)]
    status: String,
    visibility: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<usize>,
    max_id: Option<u64>,
    since_id: Option<u64>,
}

pub(super) async fn publish(
    State(state): State<DemoState>,
    caller: Caller,
    FormOrJson(new): FormOrJson<NewStatus>,
) -> Result<Json<Value>, ApiError> {
    let author = caller.allowed(&["write:statuses"])?;
    // Whoever asks for a private post must not get a public one.
    if new.visibility.is_some_and(|visibility| visibility != "public") {
        return Err(ApiError::NotPublic);
    }
    let post = state.change(|book, now| book.post(&author.name, &new.status, now)).await??;
    Ok(Json(entity::status(&state, &author, &post)))
}

pub(super) async fn public_timeline(
    State(state): State<DemoState>,
    Query(page): Query<Page>,
) -> Json<Vec<Value>> {
    let limit = page.limit.unwrap_or(20).min(40);
    let wanted = |post: &&Post| {
        page.max_id.is_none_or(|max| post.id < max) && page.since_id.is_none_or(|min| post.id > min)
    };
    let posts: Vec<(Account, Post)> = state.read(|book, _| {
        let newest = book.timeline().filter(wanted).take(limit);
        newest.filter_map(|post| Some((book.account(&post.author)?.clone(), post.clone()))).collect()
    });
    Json(posts.iter().map(|(author, post)| entity::status(&state, author, post)).collect())
}
