//! What a step was last carried out for: the files that go into it, each with its length and when it was changed.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::{WebError, at};

/// The inputs of a step as they are now, and where those of the last time are noted.
#[derive(Debug)]
pub(super) struct Stamp {
    note: PathBuf,
    inputs: String,
    has_result: bool,
}

impl Stamp {
    /// Looks at files and folders. Without a result, nothing is fresh.
    pub(super) fn of(target: &Path, name: &str, inputs: &[&Path], result: &Path) -> Result<Self, WebError> {
        let mut text = String::new();
        for input in inputs {
            describe(input, &mut text)?;
        }
        let is_filled = fs::read_dir(result).is_ok_and(|mut entries| entries.next().is_some());
        Ok(Self {
            note: target.join("web").join(format!("{name}.stamp")),
            inputs: text,
            has_result: is_filled,
        })
    }

    /// Whether the result is there, and nothing that goes into it has changed.
    pub(super) fn is_fresh(&self) -> bool {
        self.has_result && fs::read_to_string(&self.note).is_ok_and(|noted| noted == self.inputs)
    }

    /// Notes that the step was carried out.
    pub(super) fn set(&self) -> Result<(), WebError> {
        let folder = self.note.parent().unwrap_or(&self.note);
        fs::create_dir_all(folder).map_err(at(folder))?;
        fs::write(&self.note, &self.inputs).map_err(at(&self.note))
    }
}

fn describe(path: &Path, text: &mut String) -> Result<(), WebError> {
    let metadata = fs::metadata(path).map_err(at(path))?;
    if metadata.is_dir() {
        let mut entries = fs::read_dir(path)
            .and_then(|entries| {
                entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
            })
            .map_err(at(path))?;
        entries.sort();
        return entries.iter().try_for_each(|entry| describe(entry, text));
    }
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    // Writing to a string does not fail.
    let _ = writeln!(text, "{} {} {:?}", path.display(), metadata.len(), changed.unwrap_or_default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_fresh_until_an_input_changes_or_the_result_goes() {
        let folder = tempfile::tempdir().unwrap();
        let (target, source, result) =
            (folder.path().join("target"), folder.path().join("src"), folder.path().join("dist"));
        fs::create_dir_all(source.join("inner")).unwrap();
        fs::write(source.join("inner/a.ts"), "a").unwrap();
        let look = || Stamp::of(&target, "app", &[&source], &result).unwrap();
        look().set().unwrap();
        assert!(!look().is_fresh());
        fs::create_dir(&result).unwrap();
        fs::write(result.join("a.js"), "a").unwrap();
        assert!(look().is_fresh());
        fs::write(source.join("inner/b.ts"), "").unwrap();
        assert!(!look().is_fresh());
        look().set().unwrap();
        fs::write(source.join("inner/a.ts"), "ab").unwrap();
        assert!(!look().is_fresh());
    }
}
