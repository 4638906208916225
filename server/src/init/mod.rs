//! `infrasound-relay init`: writes a configuration in which every setting stands with its default and a word on it.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

const TEMPLATE: &str = include_str!("relay.toml");

/// What is known already.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The instance's address.
    pub instance: Option<String>,
    /// How the relay is reached.
    pub public_url: Option<String>,
    /// Where the database will be.
    pub data: Option<PathBuf>,
}

/// Why no configuration was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// Nothing is overwritten.
    #[error("{} is there already: it was left as it is", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error("{} cannot be written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Writes the configuration, if there is none.
pub fn write(path: &Path, known: &Known) -> Result<(), InitError> {
    let written = OpenOptions::new().write(true).create_new(true).open(path).and_then(|mut file| {
        file.write_all(text(known).as_bytes())?;
        file.sync_all()
    });
    written.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => InitError::Exists { path: path.to_owned() },
        _ => InitError::File { path: path.to_owned(), source },
    })
}

fn text(known: &Known) -> String {
    let data = known.data.as_ref().map(|data| data.display().to_string());
    let mut text = TEMPLATE.to_owned();
    for (placeholder, name, value) in [
        ("# Example: instance = \"https://social.example\"", "instance", &known.instance),
        ("# Example: public_url = \"https://relay.example\"", "public_url", &known.public_url),
        ("# data = \"infrasound-data\"", "data", &data),
    ] {
        if let Some(value) = value {
            text = text.replace(placeholder, &format!("{name} = {}", toml::Value::String(value.clone())));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigFile, RateConfig};

    /// The names of all settings, as the parser knows them.
    fn settings(unknown: &str) -> Vec<String> {
        let error = toml::from_str::<ConfigFile>(unknown).unwrap_err().to_string();
        let expected = error.split(", expected ").nth(1).unwrap();
        expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    /// The template with every default in force.
    fn uncommented() -> String {
        let is_setting = |line: &str| line.split_once(" = ").is_some_and(|(name, _)| !name.contains(' '));
        let lines = TEMPLATE.lines().map(|line| match line.strip_prefix("# ") {
            Some(setting) if is_setting(setting) => setting,
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_setting_is_in_it() {
        let all = [
            settings("x = 1"),
            settings("[rates]\nx = 1"),
            settings("[access]\nx = 1"),
            settings("[push]\nx = 1"),
        ]
        .concat();
        assert!(all.contains(&"listen".to_owned()) && all.contains(&"typing_per_minute".to_owned()));
        for setting in all {
            assert!(
                TEMPLATE.contains(&format!("{setting} = "))
                    || ["rates", "access", "push"].contains(&&*setting),
                "init does not name {setting}"
            );
        }
    }

    #[test]
    fn its_defaults_are_the_defaults() {
        let file: ConfigFile = toml::from_str(&uncommented()).unwrap();
        assert_eq!(file.rates, RateConfig::default());
        let configured = |text: &str| {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("relay.toml");
            std::fs::write(&path, format!("instance = 'https://social.example'\n{text}")).unwrap();
            let arguments = ["infrasound-relay", "serve", "--config", path.to_str().unwrap()];
            let command = <crate::command::Command as clap::Parser>::parse_from(arguments);
            let crate::command::Action::Serve(serve) = command.action else { panic!("serve") };
            format!("{:?}", serve.configure().unwrap())
        };
        assert_eq!(configured(&uncommented()), configured(""));
    }

    #[test]
    fn what_is_known_is_written_and_nothing_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("relay.toml");
        let known = Known {
            instance: Some("https://social.example".to_owned()),
            public_url: Some("https://relay.example".to_owned()),
            data: Some("/var/lib/a \"b\"".into()),
        };
        write(&path, &known).unwrap();
        let file = ConfigFile::read(&path).unwrap();
        assert_eq!(
            (file.instance, file.public_url, file.data),
            (known.instance, known.public_url, known.data)
        );
        assert!(matches!(write(&path, &Known::default()), Err(InitError::Exists { .. })));
        assert!(ConfigFile::read(&path).unwrap().instance.is_some());
    }
}
