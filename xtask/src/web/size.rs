//! The size of the module, beside its budget: what everybody downloads before they see anything.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::terminal::Terminal;

/// Bytes, compressed by `gzip -9`. See `spec/decisions/0016-a-client-carries-what-it-uses.md`.
const BUDGET: usize = 700_000;

/// Says how large the module is, and says so loudly if it is too large. A test in browsers fails then.
pub(super) fn tell(module: &Path, terminal: Terminal) {
    // Where there is no gzip, nobody is told.
    let Some(size) = compressed(module) else { return };
    println!("{} {}", terminal.mark(size <= BUDGET), sentence(size));
}

fn compressed(module: &Path) -> Option<usize> {
    let mut gzip = Command::new("gzip");
    let output = gzip.args(["-9", "-c"]).arg(module).stdin(Stdio::null()).output().ok()?;
    output.status.success().then_some(output.stdout.len())
}

fn sentence(size: usize) -> String {
    let (whole, tenth) = (size / 1_000, size % 1_000 / 100);
    let size_is = format!("the module has {whole}.{tenth} kB (gzip -9)");
    if size <= BUDGET {
        return size_is;
    }
    format!(
        "{size_is}, which is MORE THAN ITS BUDGET of {} kB: see spec/decisions/0016 for what makes it large, and take something out",
        BUDGET / 1_000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_within_its_budget_is_only_mentioned_and_a_larger_one_is_a_warning() {
        assert_eq!(sentence(698_893), "the module has 698.8 kB (gzip -9)");
        assert_eq!(sentence(BUDGET), "the module has 700.0 kB (gzip -9)");
        assert!(sentence(BUDGET + 1).contains("MORE THAN ITS BUDGET of 700 kB"));
    }

    #[test]
    fn what_is_weighed_is_the_compressed_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("module");
        std::fs::write(&file, "x".repeat(100_000)).unwrap();
        let size = compressed(&file).unwrap();
        assert!(0 < size && size < 1_000, "{size}");
        assert_eq!(compressed(&folder.path().join("none")), None);
    }
}
