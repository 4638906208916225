//! Configuration: a TOML file, the environment and flags, of which the later win.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use infrasound_spec::{limits, time};
use ipnet::IpNet;
use serde::Deserialize;

pub use crate::{
    access::{AccessConfig, Limited, Who},
    webhook::WebhookSecret,
};
use crate::{clock::Clock, instance::AccessToken};

/// A week: an account that the instance suspends must not stay longer than that.
const MAX_SESSION_HOURS: u64 = 168;
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
    /// Devices that are registered at the relay in a minute, whosever they are.
    pub registrations_per_minute: u64,
    /// Devices that are registered from one address in an hour.
    pub registrations_of_address_per_hour: u64,
    /// Devices that one account registers in a day.
    pub registrations_of_account_per_day: u64,
    /// Key packages of an account that strangers use up in an hour; beyond, they share its last-resort ones.
    pub one_time_to_strangers_per_hour: u64,
    /// Claims in an hour by an account that moderators have limited, of accounts that have not accepted it.
    pub limited_stranger_claims_per_hour: u64,
    /// Calls of the instance's webhook from one address in a minute.
    pub webhooks_per_minute: u64,
    /// Accounts that are looked at again in a minute because the webhook says so.
    pub cued_looks_per_minute: u64,
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
            registrations_per_minute: 0,
            registrations_of_address_per_hour: 120,
            registrations_of_account_per_day: 20,
            one_time_to_strangers_per_hour: 40,
            limited_stranger_claims_per_hour: 5,
            webhooks_per_minute: 600,
            cued_looks_per_minute: 60,
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
            registrations_per_minute: 0,
            registrations_of_address_per_hour: 0,
            registrations_of_account_per_day: 0,
            one_time_to_strangers_per_hour: 0,
            limited_stranger_claims_per_hour: 0,
            webhooks_per_minute: 0,
            cued_looks_per_minute: 0,
        }
    }
}

/// Whether and where the relay wakes devices by push.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PushConfig {
    /// Whether it does.
    pub enabled: bool,
    /// Networks that are not public and that have push services: nothing else that anybody's device may aim the relay at.
    pub allow_private_networks: Vec<IpNet>,
}

impl Default for PushConfig {
    fn default() -> Self {
        Self { enabled: true, allow_private_networks: Vec::new() }
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
    /// Whether and where devices are woken.
    pub push: PushConfig,
    /// Who may use the relay.
    pub access: AccessConfig,
    /// What the instance's webhook signs with. Without it the relay takes none.
    pub webhook_secret: Option<WebhookSecret>,
    /// An admin's token of the instance, with which all of its domain blocks and allows are read.
    pub instance_token: Option<AccessToken>,
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
            push: PushConfig::default(),
            access: AccessConfig::default(),
            webhook_secret: None,
            instance_token: None,
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
    /// Hours of a session. At its end the relay looks whether the instance still stands by the account.
    pub session_hours: Option<u64>,
    /// How often things may be asked for.
    pub rates: RateConfig,
    /// Whether and where devices are woken.
    pub push: PushConfig,
    /// Who may use the relay.
    pub access: AccessConfig,
    /// A file with the secret of the instance's webhook.
    pub webhook_secret_file: Option<PathBuf>,
    /// A file with an admin's token of the instance.
    pub instance_token_file: Option<PathBuf>,
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
    /// A file with a secret cannot be read, or there is nothing in it.
    #[error("the file {} cannot be read, or is empty: it must hold the secret and nothing else", path.display())]
    NoSecret {
        /// The file.
        path: PathBuf,
    },
    /// Roles are asked for, and none is named.
    #[error("access.who is \"roles\": name them, such as roles = [\"Owner\", \"Member\"]")]
    NoRoles,
    /// A session has to end some time, and not at once.
    #[error("session_hours is a number from 1 to 168")]
    SessionHours,
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

    /// What the file says, for these accounts and this directory.
    pub(crate) fn configure(self, instance: InstanceConfig, data: PathBuf) -> Result<Config, ConfigError> {
        let mut config = Config::new(instance, data);
        config.listen = self.listen.unwrap_or(config.listen);
        config.public_url = self.public_url;
        config.metrics_listen = self.metrics_listen;
        config.drain =
            self.drain_seconds.map_or(config.drain, |seconds| seconds.saturating_mul(time::SECOND));
        config.allow_private_networks = self.allow_private_networks;
        config.retention =
            self.retention_days.map_or(config.retention, |days| days.saturating_mul(time::DAY));
        let window = self.void_window_seconds.map(|seconds| seconds.saturating_mul(time::SECOND));
        config.void_window = window.unwrap_or(config.void_window);
        config.max_blob = self.max_file_mib.map_or(config.max_blob, |mib| mib.saturating_mul(MIB));
        config.blob_quota = self.file_quota_mib.map_or(config.blob_quota, |mib| mib.saturating_mul(MIB));
        config.max_accounts = self.max_accounts.unwrap_or(config.max_accounts);
        config.max_leaves = self.max_leaves.unwrap_or(config.max_leaves);
        config.rates = self.rates;
        if let Some(hours) = self.session_hours {
            if !(1..=MAX_SESSION_HOURS).contains(&hours) {
                return Err(ConfigError::SessionHours);
            }
            config.session_lifetime = hours * time::HOUR;
        }
        if self.access.who == Who::Roles && self.access.roles.is_empty() {
            return Err(ConfigError::NoRoles);
        }
        config.push = self.push;
        config.access = self.access;
        let secret = self.webhook_secret_file.as_deref().map(read_secret).transpose()?;
        config.webhook_secret = secret.map(WebhookSecret::new);
        let token = self.instance_token_file.as_deref().map(read_secret).transpose()?;
        config.instance_token = token.map(AccessToken::new);
        Ok(config)
    }
}

/// What is in a file with a secret.
fn read_secret(path: &Path) -> Result<String, ConfigError> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let secret = text.trim();
    if secret.is_empty() {
        return Err(ConfigError::NoSecret { path: path.to_owned() });
    }
    Ok(secret.to_owned())
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
