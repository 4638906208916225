//! The frame of the demo instance's pages: plain HTML, no script, light and dark, made for keyboard and screen reader.

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_FRAME_OPTIONS},
    },
    response::{Html, IntoResponse, Response},
};

/// Nothing runs and nobody frames. There is no `form-action`: browsers apply it to the redirect that returns to an app.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page with a title and a body that is HTML already.
pub(super) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escape(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} – demo instance</title>\n\
         <link rel=\"stylesheet\" href=\"/demo/style.css\">\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the content</a>\n\
         <header><p><a href=\"/demo/timeline\">Demo instance</a></p></header>\n\
         <main id=\"main\">\n<h1>{title}</h1>\n{body}\n</main>\n\
         <footer><p>For trying Infrasound out. Everybody knows the passwords here: write nothing that matters.</p></footer>\n\
         </body>\n</html>\n"
    );
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A page that says what went wrong.
pub(super) fn error_page(status: StatusCode, text: &str) -> Response {
    page(status, "That did not work", &format!("<p role=\"alert\">{}</p>", escape(text)))
}

/// An inline message above a form, or nothing.
pub(super) fn alert(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| format!("<p class=\"alert\" role=\"alert\">{}</p>", escape(text)))
}

/// A hidden field of a form.
pub(super) fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">\n", escape(value))
}

/// Fields and button to sign in.
pub(super) fn sign_in_fields(button: &str) -> String {
    format!(
        "<p><label for=\"name\">Name</label>\
         <input id=\"name\" name=\"name\" required autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" \
         aria-describedby=\"names\"></p>\n\
         <p id=\"names\" class=\"hint\">There are alice, bob, carol and dave, and whoever signed up.</p>\n\
         <p><label for=\"password\">Password</label>\
         <input id=\"password\" name=\"password\" type=\"password\" required autocomplete=\"current-password\" \
         aria-describedby=\"password-hint\"></p>\n\
         <p id=\"password-hint\" class=\"hint\">It is <code>demo</code> for every account.</p>\n\
         <p><button name=\"action\" value=\"sign_in\">{button}</button></p>\n"
    )
}

/// Fields and button to make an account.
pub(super) fn sign_up_fields(button: &str) -> String {
    format!(
        "<p><label for=\"new-name\">New name</label>\
         <input id=\"new-name\" name=\"name\" required pattern=\"[a-z0-9_]{{1,30}}\" autocomplete=\"off\" \
         autocapitalize=\"none\" spellcheck=\"false\" aria-describedby=\"new-hint\"></p>\n\
         <p id=\"new-hint\" class=\"hint\">Small letters, digits and underscores. The password will be <code>demo</code>.</p>\n\
         <p><button name=\"action\" value=\"sign_up\">{button}</button></p>\n"
    )
}

/// Makes text safe inside HTML and inside quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// `GET /demo/style.css`
pub(super) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("style.css"))
}

/// `GET /demo/avatar.svg`
pub(super) async fn avatar() -> impl IntoResponse {
    ([(CONTENT_TYPE, "image/svg+xml")], include_str!("avatar.svg"))
}
