//! `/demo/timeline`: the public timeline as a page, with a form for who is signed in.

use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::demo::{
    book::{MAX_POST, Post},
    browser::Browser,
    entity::{html, iso},
    page::{alert, escape, page, sign_in_fields, sign_up_fields},
    state::DemoState,
};

const SHOWN: usize = 50;

#[derive(Deserialize)]
pub(super) struct NewPost {
    #[serde(default)]
    form_token: String,
    #[serde(default)]
    text: String,
}

pub(super) async fn show(State(state): State<DemoState>, browser: Browser) -> Response {
    timeline_page(&state, &browser, None)
}

pub(super) async fn publish(
    State(state): State<DemoState>,
    browser: Browser,
    Form(new): Form<NewPost>,
) -> Response {
    if let Err(refused) = browser.check_form(&new.form_token) {
        return *refused;
    }
    let Some(author) = &browser.account else {
        return timeline_page(&state, &browser, Some("Sign in first."));
    };
    match state.change(|book, now| book.post(&author.name, &new.text, now)).await {
        Ok(Ok(_)) => Redirect::to("/demo/timeline").into_response(),
        Ok(Err(error)) => timeline_page(&state, &browser, Some(&error.to_string())),
        Err(error) => timeline_page(&state, &browser, Some(&error.to_string())),
    }
}

/// The timeline with a problem above it, or none.
pub(super) fn timeline_page(state: &DemoState, browser: &Browser, problem: Option<&str>) -> Response {
    let posts: Vec<Post> = state.read(|book, _| book.timeline().take(SHOWN).cloned().collect());
    let forms = match &browser.account {
        Some(account) => post_form(browser, &account.name),
        None => sign_in_forms(browser),
    };
    let body = format!("{}{forms}<h2>Posts</h2>\n{}", alert(problem), articles(&posts));
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut response = page(status, "Public timeline", &body);
    browser.remember_form(state, &mut response);
    response
}

/// Posts as HTML.
pub(super) fn articles(posts: &[Post]) -> String {
    if posts.is_empty() {
        return "<p>Nobody has posted yet.</p>".to_owned();
    }
    posts.iter().map(article).collect()
}

fn article(post: &Post) -> String {
    let (name, time) = (escape(&post.author), iso(post.created));
    format!(
        "<article id=\"post-{id}\"><header><a href=\"/users/{name}\">@{name}</a> \
         <time datetime=\"{time}\">{time}</time></header>\n{text}</article>\n",
        id = post.id,
        text = html(&post.text)
    )
}

fn post_form(browser: &Browser, name: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/demo/timeline\">\n{token}\
         <p><label for=\"text\">Post as {name}, for everybody to read</label>\
         <textarea id=\"text\" name=\"text\" rows=\"4\" maxlength=\"{MAX_POST}\" required></textarea></p>\n\
         <p><button>Post</button></p>\n</form>\n\
         <form method=\"post\" action=\"/demo/sign-out\">\n{token}\
         <p><button class=\"quiet\">Sign out</button></p>\n</form>\n",
        token = browser.form_field(),
        name = escape(name)
    )
}

fn sign_in_forms(browser: &Browser) -> String {
    let form = |inner: &str| {
        format!("<form method=\"post\" action=\"/demo/sign-in\">\n{}{inner}</form>\n", browser.form_field())
    };
    format!(
        "<h2>Sign in to post</h2>\n{}<h2>Or make an account</h2>\n{}",
        form(&sign_in_fields("Sign in")),
        form(&sign_up_fields("Make the account"))
    )
}
