//! Puts the web app into the relay, if it was built: `cargo xtask web` does. Without it the relay says so at `/`.
//!
//! Beside a file there may be the same one compressed, as `NAME.br` and `NAME.gz`.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

const COMPRESSED: [&str; 2] = ["br", "gz"];

fn main() -> Result<(), Box<dyn Error>> {
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let app = package.join("../bindings/web/app");
    let folder = app.join("dist");
    // A folder that is not there counts as changed, and the relay would be built anew each time.
    let watched = [&folder, &app, &package].into_iter().find(|folder| folder.is_dir());
    println!("cargo::rerun-if-changed={}", watched.unwrap_or(&package).display());
    let mut files = Vec::new();
    if folder.is_dir() {
        collect(&folder, &mut files)?;
    }
    files.sort();
    let table = table(&folder, &files)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("web_app_files.rs"), table)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// An expression: all files, with what is to be known of them.
fn table(folder: &Path, files: &[PathBuf]) -> Result<String, Box<dyn Error>> {
    let mut table = "&[\n".to_owned();
    for file in files.iter().filter(|file| !is_compressed(file)) {
        let (path, source) = (text(file.strip_prefix(folder)?)?, text(file)?);
        let mut tag = String::new();
        for byte in &Sha256::digest(fs::read(file)?)[..12] {
            write!(tag, "{byte:02x}")?;
        }
        let [brotli, gzip] = COMPRESSED.map(|ending| {
            let compressed = format!("{source}.{ending}");
            let is_there = Path::new(&compressed).is_file();
            if is_there { format!("Some(include_bytes!({compressed:?}))") } else { "None".to_owned() }
        });
        writeln!(
            table,
            "File {{ path: {path:?}, tag: {tag:?}, bytes: include_bytes!({source:?}), brotli: {brotli}, gzip: {gzip} }},"
        )?;
    }
    table.push(']');
    Ok(table)
}

fn text(path: &Path) -> Result<&str, Box<dyn Error>> {
    path.to_str().ok_or_else(|| "a file's name is not UTF-8".into())
}

fn is_compressed(file: &Path) -> bool {
    file.extension().is_some_and(|ending| COMPRESSED.iter().any(|compressed| ending == *compressed))
}
