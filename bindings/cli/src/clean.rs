//! Making text from outside safe to print: a terminal obeys what is in it.
//!
//! Everything that another person, a relay or an instance can choose passes through here. Control characters would move
//! the cursor, rewrite what stands there or answer for the person; bidirectional overrides and invisible characters
//! would make a text look like another one.

use std::fmt::Write as _;

/// Text of several lines, without anything that a terminal obeys.
pub(crate) fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.chars()
        .filter_map(|c| match c {
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
            '\t' | '\u{a0}' => Some(' '),
            c if is_harmful(c) => None,
            c => Some(c),
        })
        .collect()
}

/// Text of one line: [`lines`], with spaces for line breaks.
pub(crate) fn line(text: &str) -> String {
    lines(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// JSON in which harmful characters inside of strings are escaped, so that it too can be printed on a terminal.
pub(crate) fn json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmful(c) || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a string does not fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Control characters, bidirectional controls, and characters that nobody sees. Joiners stay: emoji need them.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_lose_their_power() {
        assert_eq!(lines("a\u{1b}[2Jb\u{9b}31mc\u{7}\u{8}\0d"), "a[2Jb31mcd");
        assert_eq!(
            lines("\u{1b}]0;title\u{7}x\u{1b}]8;;https://evil.example\u{1b}\\y"),
            "]0;titlex]8;;https://evil.example\\y"
        );
        assert_eq!(line("over\rwritten\u{85}line"), "over written line");
    }

    #[test]
    fn text_cannot_be_turned_round_or_hidden() {
        assert_eq!(lines("a\u{202e}b\u{2066}c\u{200b}\u{feff}d\u{e0041}"), "abcd");
    }

    #[test]
    fn languages_and_emoji_stay() {
        for text in ["שלום", "مرحبا", "👩\u{200d}👩\u{200d}👧", "नमस्ते", "z̃"] {
            assert_eq!(lines(text), text);
        }
    }

    #[test]
    fn json_keeps_its_value_and_loses_what_a_terminal_obeys() {
        let value = serde_json::json!({ "text": "a\u{1b}[2J\u{9b}1m\u{202e}\u{e0041}b" });
        let printed = json(&value.to_string());
        assert!(!printed.chars().any(is_harmful), "{printed}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap(), value);
    }
}
