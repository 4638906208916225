//! The command line of `infrasound-relay`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::{
    admin::AdminArguments,
    config::{Config, ConfigError, ConfigFile, InstanceConfig},
};

const EXAMPLES: &str = "\
Examples:
  infrasound-relay serve --demo
      Try it: a relay with a small built-in instance, on http://127.0.0.1:8787.
  infrasound-relay serve --instance https://social.example --public-url https://infrasound.social.example
      Beside a Mastodon, behind its nginx. The domain of the instance must serve
      /.well-known/infrasound from this relay.
  infrasound-relay serve --config /etc/infrasound/relay.toml

The relay stores ciphertext and who is in which conversation; it can read no message.
The variable RUST_LOG sets what is logged (default: info; never tokens, addresses or content).";

/// Infrasound's relay: end-to-end encrypted messages for the people of a fediverse instance.
#[derive(Debug, Parser)]
#[command(name = "infrasound-relay", version, about, after_help = EXAMPLES)]
pub struct Command {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What the relay can do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Run the relay until it is told to stop (Ctrl+C or SIGTERM).
    #[command(after_help = EXAMPLES)]
    Serve(Box<ServeArguments>),
    /// Look after a relay's accounts, sessions, quotas, blocks and retention, on its host.
    Admin(Box<AdminArguments>),
}

/// How to run. A flag wins over its variable, which wins over the file.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// A TOML file with the same settings: instance, demo, listen, data, public_url, retention_days,
    /// void_window_seconds, max_accounts, max_leaves, max_file_mib, file_quota_mib, session_hours,
    /// webhook_secret_file, instance_token_file, and the tables `rates` and `access`.
    #[arg(long, value_name = "FILE", env = "INFRASOUND_CONFIG")]
    pub config: Option<PathBuf>,
    /// The instance whose accounts sign in here, such as https://social.example.
    #[arg(long, value_name = "URL", env = "INFRASOUND_INSTANCE", conflicts_with = "demo")]
    pub instance: Option<String>,
    /// Use the built-in instance instead: accounts to try with, nothing to set up.
    #[arg(long, env = "INFRASOUND_DEMO")]
    pub demo: bool,
    /// The address to listen on [default: 127.0.0.1:8787]. Port 0 takes a free one.
    #[arg(long, value_name = "ADDR", env = "INFRASOUND_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// The directory of the database; made if it is not there, closed to other users [default: ./infrasound-data].
    #[arg(long, value_name = "DIR", env = "INFRASOUND_DATA")]
    pub data: Option<PathBuf>,
    /// How browsers and clients reach the relay, if a proxy stands in front [default: http://ADDR].
    #[arg(long, value_name = "URL", env = "INFRASOUND_PUBLIC_URL")]
    pub public_url: Option<String>,
}

impl ServeArguments {
    /// The configuration from file, environment and flags.
    pub fn configure(self) -> Result<Config, ConfigError> {
        let file = self.config.as_deref().map(ConfigFile::read).transpose()?.unwrap_or_default();
        let instance = if self.demo {
            InstanceConfig::Demo
        } else {
            match (self.instance, file.instance.clone(), file.demo) {
                (Some(url), _, _) | (None, Some(url), false) => InstanceConfig::At(url),
                (None, None, true) => InstanceConfig::Demo,
                (None, Some(_), true) | (None, None, false) => return Err(ConfigError::WhichInstance),
            }
        };
        let data =
            self.data.or_else(|| file.data.clone()).unwrap_or_else(|| PathBuf::from("infrasound-data"));
        let (listen, public_url) =
            (self.listen.or(file.listen), self.public_url.or_else(|| file.public_url.clone()));
        let mut config = file.configure(instance, data)?;
        config.listen = listen.unwrap_or(config.listen);
        config.public_url = public_url;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use infrasound_spec::time;

    use super::*;

    fn configure(arguments: &[&str]) -> Result<Config, ConfigError> {
        let Action::Serve(serve) = Command::parse_from(arguments).action else { panic!("not serve") };
        serve.configure()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Command::command().debug_assert();
    }

    #[test]
    fn flags_win_over_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("relay.toml");
        std::fs::write(&file, "instance = 'https://one.example'\nlisten = '127.0.0.1:1'\nretention_days = 2")
            .unwrap();
        let file = file.to_str().unwrap();
        let config =
            configure(&["infrasound-relay", "serve", "--config", file, "--listen", "127.0.0.1:2"]).unwrap();
        assert_eq!(config.instance, InstanceConfig::At("https://one.example".to_owned()));
        assert_eq!((config.listen.port(), config.retention), (2, 2 * time::DAY));
        let config = configure(&["infrasound-relay", "serve", "--config", file, "--demo"]).unwrap();
        assert_eq!(config.instance, InstanceConfig::Demo);
    }

    #[test]
    fn a_relay_without_an_instance_is_told_what_to_say() {
        assert!(matches!(configure(&["infrasound-relay", "serve"]), Err(ConfigError::WhichInstance)));
    }
}
