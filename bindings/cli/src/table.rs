//! Aligned columns.

use unicode_width::UnicodeWidthStr as _;

/// Rows with a heading, as wide as their widest cell; the last column is not padded.
pub(crate) fn aligned<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let mut widths = heading.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let pad = |cells: [&str; N]| {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
        line.trim_end().to_owned()
    };
    let body = rows.iter().map(|row| pad(std::array::from_fn(|i| row[i].as_str())));
    std::iter::once(pad(heading)).chain(body).collect()
}

/// The beginning of a text that fits a number of columns.
pub(crate) fn shortened(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        if short.width() + unicode_width::UnicodeWidthChar::width(c).unwrap_or(0) >= columns {
            break;
        }
        short.push(c);
    }
    format!("{short}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_is_in_them() {
        let rows = [["日本".to_owned(), "x".to_owned()], ["abc".to_owned(), "yy".to_owned()]];
        assert_eq!(aligned(["WHO", "N"], &rows), ["WHO   N", "日本  x", "abc   yy"]);
    }

    #[test]
    fn long_text_is_shortened_to_its_columns() {
        assert_eq!(shortened("hello", 5), "hello");
        assert_eq!(shortened("hello!", 5), "hell…");
        assert_eq!(shortened("日本語", 5), "日本…");
    }
}
