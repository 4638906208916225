//! Configuration: a TOML file, the environment and flags, of which the later win.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use infrasound_spec::{limits, time};
use ipnet::IpNet;
use serde::Deserialize;

use crate::clock::Clock;

/// Bytes in a mebibyte.
pub(crate) const MIB: u64 = 1024 * 1024;

/// Where the relay's accounts come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstanceConfig {
    /// The built-in instance, on the relay's own address.
    Demo,
    /// An instance, such as `https://social.example`.
    At(String),
}

/// How often things may be asked for. 0 is no limit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateConfig {
    /// Requests of a device in a second; five times as many at once.
    pub requests_per_second: u64,
    /// Sign-ins, registrations and sessions begun from one address in a minute.
    pub sign_ins_per_minute: u64,
    /// Tries of an account to join a link channel in an hour.
    pub link_joins_per_hour: u64,
    /// Claims of key packages in an hour, of accounts that have accepted the one who claims.
    pub claims_per_hour: u64,
    /// The same, of accounts that have not.
    pub stranger_claims_per_hour: u64,
    /// The same, of one account that has not.
    pub stranger_claims_of_one_per_hour: u64,
    /// Blobs that an account announces in an hour.
    pub blobs_per_hour: u64,
    /// External commits of a device in one conversation in an hour.
    pub rejoins_per_hour: u64,
    /// Requests of a device in a minute for the public state of groups, or to be let into one.
    pub knocks_per_minute: u64,
    /// Searches of an account for others in a minute.
    pub searches_per_minute: u64,
    /// How often in a minute a device may say that somebody is typing.
    pub typing_per_minute: u64,
}

impl Default for RateConfig {
    fn default() -> Self {
        Self {
            requests_per_second: 100,
            sign_ins_per_minute: 60,
            link_joins_per_hour: 20,
            claims_per_hour: 300,
            stranger_claims_per_hour: 30,
            stranger_claims_of_one_per_hour: 10,
            blobs_per_hour: 600,
            rejoins_per_hour: 3,
            knocks_per_minute: 60,
            searches_per_minute: 60,
            typing_per_minute: 60,
        }
    }
}

impl RateConfig {
    /// No limits, for benches.
    pub const fn off() -> Self {
        Self {
            requests_per_second: 0,
            sign_ins_per_minute: 0,
            link_joins_per_hour: 0,
            claims_per_hour: 0,
            stranger_claims_per_hour: 0,
            stranger_claims_of_one_per_hour: 0,
            blobs_per_hour: 0,
            rejoins_per_hour: 0,
            knocks_per_minute: 0,
            searches_per_minute: 0,
            typing_per_minute: 0,
        }
    }
}

/// All that a relay is told when it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the accounts come from.
    pub instance: InstanceConfig,
    /// Where to listen. Port 0: any free one.
    pub listen: SocketAddr,
    /// Where the database is.
    pub data: PathBuf,
    /// How browsers and clients reach the relay, if not by the address that it listens on.
    pub public_url: Option<String>,
    /// Where metrics are read, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Milliseconds that requests under way may take when the relay stops.
    pub drain: u64,
    /// Milliseconds after which entries go, read or not.
    pub retention: u64,
    /// Milliseconds of a session.
    pub session_lifetime: u64,
    /// Milliseconds after the first "cannot apply" until a commit that nobody confirmed is voided.
    pub void_window: u64,
    /// Milliseconds between two sweeps.
    pub sweep_interval: u64,
    /// Bytes of the longest file in a blob.
    pub max_blob: u64,
    /// Sealed bytes of all blobs of an account.
    pub blob_quota: u64,
    /// Accounts of a group.
    pub max_accounts: usize,
    /// Leaves of a group.
    pub max_leaves: usize,
    /// How often things may be asked for.
    pub rates: RateConfig,
    /// Networks that are not public and that the relay calls all the same.
    pub allow_private_networks: Vec<IpNet>,
    /// Pages of the database, at most: a test's way to a full disk.
    pub max_pages: Option<u32>,
    /// The clock: a test's way through time.
    pub clock: Clock,
}

impl Config {
    /// The defaults, for these accounts and this directory.
    pub fn new(instance: InstanceConfig, data: impl Into<PathBuf>) -> Self {
        Self {
            instance,
            listen: SocketAddr::from(([127, 0, 0, 1], 8787)),
            data: data.into(),
            public_url: None,
            metrics_listen: None,
            drain: 10 * time::SECOND,
            retention: 30 * time::DAY,
            session_lifetime: time::DAY,
            void_window: 30 * time::SECOND,
            sweep_interval: time::SECOND,
            max_blob: limits::MAX_BLOB,
            blob_quota: 2 * 1024 * MIB,
            max_accounts: limits::MAX_ACCOUNTS,
            max_leaves: limits::MAX_LEAVES,
            rates: RateConfig::default(),
            allow_private_networks: Vec::new(),
            max_pages: None,
            clock: Clock::default(),
        }
    }
}

/// The TOML file. Everything may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConfigFile {
    /// The instance's address.
    pub instance: Option<String>,
    /// Use the built-in instance.
    pub demo: bool,
    /// Where to listen.
    pub listen: Option<SocketAddr>,
    /// Where the database is.
    pub data: Option<PathBuf>,
    /// How the relay is reached.
    pub public_url: Option<String>,
    /// Where metrics are read.
    pub metrics_listen: Option<SocketAddr>,
    /// Seconds that requests under way may take when the relay stops.
    pub drain_seconds: Option<u64>,
    /// Days after which entries go.
    pub retention_days: Option<u64>,
    /// Seconds after the first "cannot apply" until a commit is voided.
    pub void_window_seconds: Option<u64>,
    /// MiB of the longest file.
    pub max_file_mib: Option<u64>,
    /// MiB of all files of an account.
    pub file_quota_mib: Option<u64>,
    /// Accounts of a group.
    pub max_accounts: Option<usize>,
    /// Leaves of a group.
    pub max_leaves: Option<usize>,
    /// Networks such as `10.1.0.0/16` that are not public and that the relay calls all the same.
    pub allow_private_networks: Vec<IpNet>,
    /// How often things may be asked for.
    pub rates: RateConfig,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not as it should be.
    #[error("the configuration file {} has an error: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and what.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// Neither an instance nor the demo, or both.
    #[error("say which instance the relay serves: --instance URL, or --demo for the built-in one")]
    WhichInstance,
}

impl ConfigFile {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|source| ConfigError::Malformed { path: path.to_owned(), source: Box::new(source) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_setting_is_an_error() {
        assert!(toml::from_str::<ConfigFile>("intsance = 'https://social.example'").is_err());
        assert!(toml::from_str::<ConfigFile>("[rates]\nrequests = 1").is_err());
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let file: ConfigFile = toml::from_str("demo = true\n[rates]\nclaims_per_hour = 5").unwrap();
        assert!(file.demo);
        assert_eq!(file.rates, RateConfig { claims_per_hour: 5, ..RateConfig::default() });
    }
}
