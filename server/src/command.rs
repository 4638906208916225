//! The command line of `infrasound-relay`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;

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
  infrasound-relay init /etc/infrasound/relay.toml
  infrasound-relay doctor --config /etc/infrasound/relay.toml
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
    /// Write a configuration with every setting, its default, and what it is for. Overwrites nothing.
    Init(InitArguments),
    /// Look at instance, database, disk, DNS, certificate, clock and /.well-known, and say what to do. Changes nothing.
    ///
    /// Exit code: 0 if the relay can work, 1 if not.
    Doctor(Box<DoctorArguments>),
    /// Back a relay up while it runs, into a new directory. Keep it as closed to others as the data itself.
    Backup(BackupArguments),
    /// Put a backup into an empty data directory. The operator's guide says what people then notice.
    Restore(RestoreArguments),
}

/// What to write.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The file to write.
    #[arg(value_name = "FILE", default_value = "relay.toml")]
    pub file: PathBuf,
    /// The instance whose accounts sign in here, such as https://social.example.
    #[arg(long, value_name = "URL")]
    pub instance: Option<String>,
    /// How browsers and clients will reach the relay, such as https://relay.example.
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// The directory of the database.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// What to look at: the same settings as of `serve`.
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// The settings.
    #[command(flatten)]
    pub settings: ServeArguments,
    /// Print one JSON object instead of lines: {"well", "findings": [{"check", "state", "seen", "remedy"}]}.
    #[arg(long)]
    pub json: bool,
}

/// What to back up, and where to.
#[derive(Debug, Args)]
pub struct BackupArguments {
    /// The directory to make.
    #[arg(value_name = "BACKUP")]
    pub to: PathBuf,
    /// Which data.
    #[command(flatten)]
    pub data: DataArguments,
}

/// What to restore, and where to.
#[derive(Debug, Args)]
pub struct RestoreArguments {
    /// The directory that `backup` made.
    #[arg(value_name = "BACKUP")]
    pub from: PathBuf,
    /// Which data.
    #[command(flatten)]
    pub data: DataArguments,
}

/// Which relay's data.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// The relay's configuration, for its `data`.
    #[arg(long, value_name = "FILE", env = "INFRASOUND_CONFIG")]
    pub config: Option<PathBuf>,
    /// The relay's data directory [default: ./infrasound-data].
    #[arg(long = "data", value_name = "DIR", env = "INFRASOUND_DATA")]
    pub directory: Option<PathBuf>,
}

impl DataArguments {
    /// The data directory.
    pub fn directory(self) -> Result<PathBuf, ConfigError> {
        let file = self.config.as_deref().map(ConfigFile::read).transpose()?.unwrap_or_default();
        Ok(self.directory.or(file.data).unwrap_or_else(|| PathBuf::from(DATA)))
    }
}

/// The data directory, if nobody says which.
const DATA: &str = "infrasound-data";

/// How to run. A flag wins over its variable, which wins over the file.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// A TOML file with the same settings and more: `infrasound-relay init` writes one that explains each.
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
    /// Serve metrics for Prometheus at http://ADDR/metrics [default: nowhere]. Keep this address away from the public.
    #[arg(long, value_name = "ADDR", env = "INFRASOUND_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// A network such as 10.0.0.0/24 that is not public and that the relay calls all the same: where the instance is,
    /// if it is in a network of yours. Several with commas between them.
    #[arg(long, value_name = "NETWORK", env = "INFRASOUND_ALLOW_PRIVATE_NETWORKS", value_delimiter = ',')]
    pub allow_private_networks: Vec<IpNet>,
    /// How the log is written, to standard error.
    #[arg(long, value_name = "FORMAT", env = "INFRASOUND_LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
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
        let data = self.data.or_else(|| file.data.clone()).unwrap_or_else(|| PathBuf::from(DATA));
        let listen = self.listen.or(file.listen);
        let metrics_listen = self.metrics_listen.or(file.metrics_listen);
        let public_url = self.public_url.or_else(|| file.public_url.clone());
        let mut config = file.configure(instance, data)?;
        config.listen = listen.unwrap_or(config.listen);
        config.metrics_listen = metrics_listen;
        config.public_url = public_url;
        if !self.allow_private_networks.is_empty() {
            config.allow_private_networks = self.allow_private_networks;
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use infrasound_spec::time;

    use super::*;

    fn configure(arguments: &[&str]) -> Result<Config, ConfigError> {
        let Action::Serve(serve) = Command::parse_from(arguments).action else { panic!("serve") };
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
    fn private_networks_are_those_that_were_named() {
        let networks = |more: &[&str]| {
            let arguments = [&["infrasound-relay", "serve", "--demo"], more].concat();
            configure(&arguments).unwrap().allow_private_networks
        };
        assert_eq!(networks(&[]), []);
        let named = networks(&["--allow-private-networks", "10.1.0.0/16,fd00::/64"]);
        assert_eq!(named, ["10.1.0.0/16".parse().unwrap(), "fd00::/64".parse::<IpNet>().unwrap()]);
    }

    #[test]
    fn a_relay_without_an_instance_is_told_what_to_say() {
        assert!(matches!(configure(&["infrasound-relay", "serve"]), Err(ConfigError::WhichInstance)));
    }
}
