//! The page's HTML: plain, readable by a screen reader, in light and dark, without a script.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

const STYLE: &str = ":root{color-scheme:light dark;background:Canvas;color:CanvasText}\
body{font:1rem/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;width:100%;margin:.5rem 0}\
caption{text-align:start;font-weight:600;padding:.25rem 0}\
th,td{text-align:start;padding:.35rem .75rem .35rem 0;border-bottom:1px solid;vertical-align:top;overflow-wrap:anywhere}\
form{display:inline-block;margin:.25rem 1rem .25rem 0}\
input,button{font:inherit;padding:.35rem .6rem;min-height:2.25rem;box-sizing:border-box}\
[type=checkbox]{min-height:0;width:1.25rem;height:1.25rem;vertical-align:middle}\
[role=status],[role=alert]{border:2px solid;padding:.5rem .75rem}\
nav{display:flex;justify-content:space-between;align-items:center;flex-wrap:wrap}";

/// Its own style and its own forms, and nothing else.
pub(super) fn content_security_policy() -> String {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
}

/// A whole page.
pub(super) fn document(title: &str, main: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{} · Infrasound</title><style>{STYLE}</style></head>\
         <body><main>{main}</main></body></html>",
        escape(title)
    )
}

/// The page for who is not signed in, and why if there is a reason.
pub(super) fn signed_out(problem: Option<&str>) -> String {
    let problem = problem.map(|text| format!("<p role=\"alert\">{}</p>", escape(text))).unwrap_or_default();
    document(
        "Administration",
        &format!(
            "<h1>Administration of this relay</h1>{problem}\
             <p>For those who manage the users of the instance. What people write to each other is not here: nobody but \
             they can read it.</p>\
             <p><a href=\"/admin/sign-in\">Sign in with your account at the instance</a></p>"
        ),
    )
}

/// A table with a caption; each row's first cell names it. The cells are HTML already.
pub(super) fn table<const N: usize>(caption: &str, heading: [&str; N], rows: &[[String; N]]) -> String {
    let mut html = format!("<table><caption>{}</caption><thead><tr>", escape(caption));
    for cell in heading {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escape(cell));
    }
    html.push_str("</tr></thead><tbody>");
    for row in rows {
        html.push_str("<tr>");
        for (i, cell) in row.iter().enumerate() {
            let _ = if i == 0 {
                write!(html, "<th scope=\"row\">{cell}</th>")
            } else {
                write!(html, "<td>{cell}</td>")
            };
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table>");
    html
}

/// Text that is no markup.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escape("<a href='x' b=\"&\">"), "&lt;a href=&#39;x&#39; b=&quot;&amp;&quot;&gt;");
        assert!(signed_out(Some("<script>")).contains("&lt;script&gt;"));
    }

    #[test]
    fn the_policy_allows_no_script() {
        let policy = content_security_policy();
        assert!(
            policy.starts_with("default-src 'none'")
                && !policy.contains("script")
                && !policy.contains("unsafe")
        );
    }
}
