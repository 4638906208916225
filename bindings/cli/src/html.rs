//! A message's HTML as text for a terminal.
//!
//! The HTML is from another person. `ammonia` reduces it to a handful of tags in a form that is known exactly; what
//! remains is turned into text here. Nothing is fetched, and a link shows where it leads when it says something else.

use std::{collections::HashSet, fmt::Write as _, sync::LazyLock};

use ammonia::Builder;

use crate::clean;

static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .tags(HashSet::from(["a", "blockquote", "br", "div", "li", "ol", "p", "pre", "ul"]))
        .generic_attributes(HashSet::new())
        .tag_attributes([("a", HashSet::from(["href"]))].into())
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(None);
    builder
});

/// The time that it takes to parse HTML grows with the square of its depth. No person writes so many tags.
const MAX_TAGS: usize = 2000;

/// The text of a message, safe to print; lines as its author broke them. What has too many tags is shown as it is.
pub(crate) fn text(html: &str) -> String {
    if html.matches('<').count() > MAX_TAGS {
        return clean::lines(html);
    }
    let html = SANITIZER.clean(html).to_string();
    let mut text = String::with_capacity(html.len());
    let mut link: Option<(String, usize)> = None;
    let mut rest = html.as_str();
    while let Some(start) = rest.find('<') {
        text.push_str(&entities(&rest[..start]));
        let Some(end) = rest[start..].find('>').map(|length| start + length) else { break };
        let tag = &rest[start + 1..end];
        if let Some(url) = tag.strip_prefix("a href=\"").and_then(|tag| tag.strip_suffix('"')) {
            link = Some((entities(url), text.len()));
        } else if tag == "/a" {
            end_link(&mut text, link.take());
        } else {
            apply(tag, &mut text);
        }
        rest = &rest[end + 1..];
    }
    text.push_str(&entities(rest));
    clean::lines(&text).trim().to_owned()
}

fn apply(tag: &str, text: &mut String) {
    let new_line = |text: &mut String| {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
    };
    match tag {
        "br" => text.push('\n'),
        "p" | "/p" | "div" | "/div" | "pre" | "/pre" | "ul" | "/ul" | "ol" | "/ol" | "/li"
        | "/blockquote" => {
            new_line(text);
        }
        "li" => {
            new_line(text);
            text.push_str("- ");
        }
        "blockquote" => {
            new_line(text);
            text.push_str("> ");
        }
        _ => {}
    }
}

fn end_link(text: &mut String, link: Option<(String, usize)>) {
    let Some((url, start)) = link else { return };
    let shown = text.get(start..).unwrap_or_default();
    let bare = |url: &str| url.trim_start_matches("https://").trim_end_matches('/').to_owned();
    if bare(shown) != bare(&url) {
        // Writing to a string does not fail.
        let _ = write!(text, " <{url}>");
    }
}

/// The entities that the sanitiser writes.
fn entities(html: &str) -> String {
    html.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_comes_back() {
        let typed = "1 < 2 && \"x\" > 'y'\n<script>alert(1)</script> &lt; &amp;lt;";
        assert_eq!(text(&infrasound_spec::content::html_from_text(typed)), typed);
    }

    #[test]
    fn paragraphs_lists_and_quotes_are_lines() {
        let html = "<p>a</p><p>b<br>c</p><ul><li>d</li><li><b>e</b></li></ul><blockquote>f</blockquote>g";
        assert_eq!(text(html), "a\nb\nc\n- d\n- e\n> f\ng");
    }

    #[test]
    fn a_link_that_says_something_else_shows_where_it_leads() {
        assert_eq!(text(r#"<a href="https://evil.example/">my bank</a>"#), "my bank <https://evil.example/>");
        assert_eq!(text(r#"<a href="https://a.example/">a.example</a>"#), "a.example");
        assert_eq!(text(r#"<a href="javascript:alert(1)">x</a>"#), "x");
        assert_eq!(
            text(r#"<a href="https://a.example/?a=1&amp;b=&quot;">x</a>"#),
            "x <https://a.example/?a=1&b=\">"
        );
    }

    #[test]
    fn scripts_styles_and_comments_are_not_text() {
        assert_eq!(text("a<script>b</script><style>c{}</style><!-- d --><img src=x onerror=e>f"), "af");
    }

    #[test]
    fn escape_sequences_do_not_come_through_entities() {
        assert_eq!(text("a&#27;[2Jb&#x9b;c&#x202e;d"), "a[2Jb\u{203a}cd");
    }

    #[test]
    fn hostile_nesting_is_survived_on_a_small_stack() {
        let thread = std::thread::Builder::new().stack_size(512 * 1024).spawn(|| {
            for tag in ["div", "b", "a", "blockquote", "li", "table", "svg", "math"] {
                for depth in [MAX_TAGS, 60 * 1024 / (tag.len() + 2)] {
                    let html = format!("{}deep", format!("<{tag}>").repeat(depth));
                    assert!(text(&html).ends_with("deep"), "{depth} of {tag}");
                }
            }
        });
        thread.unwrap().join().unwrap();
    }
}
