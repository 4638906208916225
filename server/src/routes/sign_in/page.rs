//! The page that a sign-in ends on: one code, large, readable by a screen reader, in light and dark.
//!
//! Its script hands the code to a page of the relay's own origin in the same browser. Without it the person types the code.

use infrasound_spec::api::{paths, sign_in::SignInId};

/// Nothing is loaded but the one script, nothing may frame it.
pub(super) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const STYLE: &str = ":root{color-scheme:light dark}\
body{font:1.125rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;text-align:center}\
.code{font:700 2.5rem/1.2 ui-monospace,monospace;letter-spacing:.1em;padding:1rem;border:2px solid;border-radius:.75rem;\
display:inline-block;user-select:all;margin:1rem 0}";

/// The page with the code.
pub(super) fn success(sign_in: &SignInId, code: &str, handle: &str) -> String {
    let spelled: String = code.chars().flat_map(|letter| [letter, ' ']).collect();
    document(
        "Signed in",
        &format!(
            "<h1>You are signed in as {handle}</h1>\
             <p>Type this code into Infrasound to finish:</p>\
             <p><output class=\"code\" aria-label=\"{spelled}\" data-sign-in=\"{sign_in}\" data-code=\"{code}\">{code}</output></p>\
             <p>It is good for ten minutes. If you did not begin this sign-in yourself, close this page and give the code to nobody.</p>\
             <script src=\"{script}\" defer></script>",
            script = paths::SIGN_IN_HAND_OVER,
            handle = escape(handle),
            code = escape(code),
            spelled = escape(spelled.trim()),
        ),
    )
}

/// The page that says what went wrong.
pub(super) fn failure(detail: &str) -> String {
    document(
        "Not signed in",
        &format!("<h1>You are not signed in</h1><p role=\"alert\">{}</p>", escape(detail)),
    )
}

fn document(title: &str, main: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title} · Infrasound</title><style>{STYLE}</style></head>\
         <body><main>{main}</main></body></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_instance_says_cannot_become_html() {
        let html = failure("<script>alert(\"x\")</script>");
        assert!(!html.contains("<script>"));
        assert!(html.contains("&lt;script&gt;alert(&quot;x&quot;)"));
    }

    #[test]
    fn the_code_is_on_the_page() {
        let html = success(&SignInId::from_bytes([1; 16]), "ABCD-EFGH", "@alice@social.example");
        assert!(html.contains(">ABCD-EFGH<") && html.contains("A B C D - E F G H"));
    }
}
