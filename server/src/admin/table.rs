//! Aligned columns for a terminal.

use unicode_width::UnicodeWidthStr as _;

/// A heading and rows, each column as wide as its widest cell. The heading is the first line.
pub(super) fn aligned<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let mut widths = heading.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let line = |cells: [&str; N]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| {
            let missing = width.saturating_sub(cell.width());
            format!("{cell}{}", " ".repeat(missing))
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let body = rows.iter().map(|row| line(row.each_ref().map(String::as_str)));
    std::iter::once(line(heading)).chain(body).collect()
}

/// Text of somebody else's that goes to a terminal: nothing in it can move the cursor or turn the line round.
pub(super) fn clean(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    text.chars().filter(|c| !c.is_control() && !turns(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [["日本".to_owned(), "x".to_owned()], ["abc".to_owned(), String::new()]];
        assert_eq!(aligned(["WHO", "N"], &rows), ["WHO   N", "日本  x", "abc"]);
    }

    #[test]
    fn a_devices_name_cannot_control_the_terminal() {
        assert_eq!(clean("a\u{1b}[31m\u{202e}b\n"), "a[31mb");
    }
}
