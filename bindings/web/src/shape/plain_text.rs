//! The start of a message's HTML as one line of text, for a list.
//!
//! It is never markup again: a page shows it as text. So nothing is to be sanitised here, only to be read.

/// What a person would read, with a space where the HTML begins a new line. What was cut off in the middle of a tag or an
/// entity goes.
pub(crate) fn plain_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find(['<', '&']) {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = if rest.starts_with('<') { rest.find('>') } else { rest.find(';') };
        let Some(end) = end else {
            // A lone ampersand is one; a tag that does not end was cut.
            if let Some(after) = rest.strip_prefix('&') {
                text.push('&');
                rest = after;
                continue;
            }
            rest = "";
            break;
        };
        let inner = &rest[1..end];
        if rest.starts_with('<') {
            if breaks_line(inner) {
                text.push(' ');
            }
            rest = &rest[end + 1..];
        } else if let Some(c) = entity(inner) {
            text.push(c);
            rest = &rest[end + 1..];
        } else {
            text.push('&');
            rest = &rest[1..];
        }
    }
    text.push_str(rest);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Tags within a line.
const INLINE: [&str; 12] = ["a", "abbr", "b", "code", "del", "em", "i", "ins", "s", "span", "strong", "u"];

fn breaks_line(tag: &str) -> bool {
    let name =
        tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    !INLINE.iter().any(|inline| name.eq_ignore_ascii_case(inline))
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| !c.is_control());
    }
    match name {
        "amp" => Some('&'),
        "apos" => Some('\''),
        "gt" => Some('>'),
        "lt" => Some('<'),
        "nbsp" => Some(' '),
        "quot" => Some('"'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use infrasound_spec::content::html_from_text;

    use super::*;

    #[test]
    fn what_was_typed_comes_back_in_one_line() {
        let typed = "1 < 2 && \"x\" > 'y' &lt; AT&T;";
        assert_eq!(plain_text(&html_from_text(typed)), typed);
        assert_eq!(plain_text(&html_from_text("a\nb\n\n c")), "a b c");
    }

    #[test]
    fn tags_go_and_lines_are_kept_apart() {
        let html = "<p>Hello <b>the</b>re</p><p>you<br>all &#x1F418;&#39;</p><ul><li>x</ul>";
        assert_eq!(plain_text(html), "Hello there you all \u{1f418}' x");
    }

    #[test]
    fn what_was_cut_off_is_not_shown() {
        assert_eq!(plain_text("<p>Hello <a href=\"https://ex"), "Hello");
        assert_eq!(plain_text("<p>a &amp"), "a &amp");
        assert_eq!(plain_text("&#0; &#xffffffff; &"), "&#0; &#xffffffff; &");
    }
}
