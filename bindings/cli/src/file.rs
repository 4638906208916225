//! Files of messages: what they are called here, what kind they are, how large.
//!
//! A name from outside names nothing but a file in the folder that was chosen: it has no separators, hides nothing, and
//! is no device.

use std::path::Path;

use crate::clean;

/// The longest name that is made, in bytes: room is left for what a program adds.
const LONGEST: usize = 200;

/// A name that is safe to make a file of. `number` is for one without a usable name.
pub(crate) fn safe_name(name: &str, number: usize) -> String {
    let cleaned: String = clean::line(name)
        .chars()
        .map(|c| if matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|') { '_' } else { c })
        .collect();
    // A leading dot hides a file, a leading hyphen makes it an option, and Windows drops dots at the end.
    let trimmed = cleaned.trim_start_matches(['.', '-', ' ']).trim_end_matches(['.', ' ']);
    let short = shortened(trimmed);
    match short.as_str() {
        "" => format!("file-{number}"),
        short if is_device(short) => format!("_{short}"),
        short => short.to_owned(),
    }
}

/// The name with its ending, without its middle if it is long.
fn shortened(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if ending.len() <= 16 => (stem, format!(".{ending}")),
        _ => (name, String::new()),
    };
    let mut short = String::new();
    for c in stem.chars() {
        if short.len() + c.len_utf8() + ending.len() > LONGEST {
            break;
        }
        short.push(c);
    }
    short + &ending
}

/// What Windows takes for a device, whatever its ending.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

/// What kind of file it is, by its ending: a hint for the other side, nothing more.
pub(crate) fn media_type(path: &Path) -> &'static str {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "avif" => "image/avif",
        "gif" => "image/gif",
        "heic" => "image/heic",
        "jpeg" | "jpg" => "image/jpeg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "webp" => "image/webp",
        "flac" => "audio/flac",
        "m4a" => "audio/mp4",
        "mp3" => "audio/mpeg",
        "oga" | "ogg" | "opus" => "audio/ogg",
        "wav" => "audio/wav",
        "mkv" => "video/x-matroska",
        "mov" => "video/quicktime",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "csv" => "text/csv",
        "html" => "text/html",
        "md" => "text/markdown",
        "txt" => "text/plain",
        "json" => "application/json",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

/// A number of bytes for a person.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let mut tenths = bytes.saturating_mul(10) / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_names_a_file_in_this_folder_and_nothing_else() {
        for (name, safe) in [
            ("elephant.png", "elephant.png"),
            ("Träume 2026.pdf", "Träume 2026.pdf"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("/etc/passwd", "_etc_passwd"),
            ("..\\..\\x.exe", "_.._x.exe"),
            ("C:\\autoexec.bat", "C__autoexec.bat"),
            (".bashrc", "bashrc"),
            ("...", "file-3"),
            ("", "file-3"),
            ("  .. ", "file-3"),
            ("-rf", "rf"),
            ("a\nb\u{1b}[2Jc", "a b[2Jc"),
            ("gpj\u{202e}.exe", "gpj.exe"),
            ("nul", "_nul"),
            ("COM1.txt", "_COM1.txt"),
            ("x. ", "x"),
        ] {
            assert_eq!(safe_name(name, 3), safe, "{name:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = safe_name(&format!("{}.tar", "ü".repeat(200)), 1);
        assert!(name.len() <= LONGEST && name.ends_with("ü.tar"), "{name}");
    }

    #[test]
    fn sizes_are_rounded_down() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (1_048_575, "1023.9 KiB"),
            (20 * 1024 * 1024, "20.0 MiB"),
            (u64::MAX, "1677721.5 TiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
