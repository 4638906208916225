//! The web app at the relay's own address: files that were built into the relay, and nothing that was not.
//!
//! They are open to other origins, so that an instance's own front end can load the messenger as a script. What a page of
//! ours may do is bounded by its [`CONTENT_SECURITY_POLICY`]: no script, style or connection but the relay's own.
//!
//! Spec: `relay-api.md` 13.

mod file;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};

use self::file::File;
use crate::routes;

/// What was built in; empty if there was no app when the relay was built.
const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/web_app_files.rs"));

/// `blob:` and `data:` are pictures and films that were decrypted here. WebAssembly is the client's core.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' blob: data:; media-src blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; \
     font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

/// The camera reads the code that another device shows.
const PERMISSIONS_POLICY: &str = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()";

/// The page of a relay that was built without the app.
const WITHOUT_APP: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
     <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Infrasound</title></head>\
     <body><main><h1>An Infrasound relay</h1><p>It runs, but it was built without the web app.</p>\
     <p>To have it here, build it and then the relay again:</p>\
     <pre>cargo xtask web\ncargo build --release -p infrasound-relay</pre>\
     <p>Every other client can use this relay as it is.</p></main></body></html>";

/// Answers where no endpoint is: with a file of the app, or that there is nothing.
pub(crate) async fn handle(request: Request) -> Response {
    answer(FILES, &request)
}

fn answer(files: &'static [File], request: &Request) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = match request.uri().path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    match files.iter().find(|file| is_read && file.path == path) {
        Some(file) => with_policies(file.answer(request.headers())),
        None if is_read && path == "index.html" => {
            let mut page = with_policies(Html(WITHOUT_APP).into_response());
            page.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            page
        }
        None => routes::not_found().into_response(),
    }
}

fn with_policies(mut response: Response) -> Response {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS_POLICY),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether the browser has this version of a file already.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    known.split(',').any(|known| {
        let known = known.trim();
        known == "*" || known.trim_start_matches("W/") == tag
    })
}

/// An answer without a body: it is what the browser has.
fn not_modified() -> Response {
    StatusCode::NOT_MODIFIED.into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};

    use super::*;

    const APP: &[File] = &[
        File {
            path: "assets/page-a1b2.js",
            tag: "1",
            bytes: b"let x",
            brotli: Some(b"br"),
            gzip: Some(b"gz"),
        },
        File { path: "index.html", tag: "2", bytes: b"<p>", brotli: None, gzip: None },
        File { path: "messenger.js", tag: "3", bytes: b"let y", brotli: None, gzip: None },
    ];

    fn ask(files: &'static [File], method: Method, path: &str, headers: &[(HeaderName, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        answer(files, &request.body(Body::empty()).unwrap())
    }

    fn get(path: &str) -> Response {
        ask(APP, Method::GET, path, &[])
    }

    async fn body(response: Response) -> Vec<u8> {
        to_bytes(response.into_body(), 4096).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn the_page_is_at_the_root_and_asked_for_anew() {
        let page = get("/");
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(page.headers()["cache-control"], "no-cache");
        assert_eq!(page.headers()["cross-origin-resource-policy"], "cross-origin");
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe-inline"));
        assert!(!policy.contains("'unsafe-eval'"));
        assert_eq!(body(page).await, b"<p>");
    }

    #[tokio::test]
    async fn what_is_named_by_its_content_is_kept_for_good() {
        let script = get("/assets/page-a1b2.js");
        assert_eq!(script.headers()["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(script.headers()["content-type"], "text/javascript; charset=utf-8");
        assert_eq!(get("/messenger.js").headers()["cache-control"], "no-cache");
    }

    #[tokio::test]
    async fn what_the_browser_has_is_not_sent_again() {
        let tag = get("/messenger.js").headers()["etag"].to_str().unwrap().to_owned();
        let again = ask(APP, Method::GET, "/messenger.js", &[(header::IF_NONE_MATCH, &tag)]);
        assert_eq!(
            (again.status(), again.headers()["etag"].to_str().unwrap()),
            (StatusCode::NOT_MODIFIED, &*tag)
        );
        assert!(body(again).await.is_empty());
        let changed = ask(APP, Method::GET, "/messenger.js", &[(header::IF_NONE_MATCH, "\"other\"")]);
        assert_eq!(changed.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn the_smallest_form_that_the_browser_takes_is_sent() {
        for (accepted, encoding, expected) in [
            ("gzip, deflate, br", Some("br"), b"br".as_slice()),
            ("gzip;q=1.0, br;q=0", Some("gzip"), b"gz"),
            ("identity", None, b"let x"),
        ] {
            let asked = [(header::ACCEPT_ENCODING, accepted)];
            let answer = ask(APP, Method::GET, "/assets/page-a1b2.js", &asked);
            let said = answer.headers().get("content-encoding").map(|value| value.to_str().unwrap());
            assert_eq!(
                (said, &answer.headers()["vary"]),
                (encoding, &HeaderValue::from_static("accept-encoding"))
            );
            assert_eq!(body(answer).await, expected, "{accepted}");
        }
    }

    #[tokio::test]
    async fn nothing_else_is_there() {
        for path in ["/index.htm", "/assets", "/assets/../index.html", "/%69ndex.html"] {
            assert_eq!(get(path).status(), StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(ask(APP, Method::POST, "/", &[]).status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn a_relay_without_the_app_says_how_to_build_it() {
        let page = ask(&[], Method::GET, "/", &[]);
        assert_eq!(page.status(), StatusCode::OK);
        assert!(String::from_utf8(body(page).await).unwrap().contains("cargo xtask web"));
    }
}
