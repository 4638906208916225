//! Rates: token buckets in memory, for devices, addresses and claims. A rate of 0 is no limit.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use infrasound_spec::{
    account::{AccountUri, DeviceId},
    api::links::LinkId,
    conversation::ConversationId,
    time::{self, Timestamp},
};

use crate::{config::RateConfig, error::ApiError};

/// Buckets kept at a time; those that are full again are dropped first, and if there are none, all.
const BUCKETS: usize = 100_000;

/// So many tokens in a period, all of which may be used at once.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    burst: u64,
    period: u64,
    levels: Mutex<HashMap<K, (f64, Timestamp)>>,
}

impl<K: Eq + Hash + Clone> Buckets<K> {
    /// `burst` tokens, refilled evenly within `period` milliseconds.
    pub(crate) fn new(burst: u64, period: u64) -> Self {
        Self { burst, period, levels: Mutex::default() }
    }

    /// Takes a token, or says when there will be one.
    #[expect(clippy::cast_precision_loss, reason = "a bucket's level need not be exact")]
    pub(crate) fn take(&self, key: &K, now: Timestamp) -> Result<(), ApiError> {
        if self.burst == 0 {
            return Ok(());
        }
        let (burst, rate) = (self.burst as f64, self.burst as f64 / self.period.max(1) as f64);
        let filled =
            |level: f64, since: Timestamp| (level + now.millis_since(since) as f64 * rate).min(burst);
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        if levels.len() >= BUCKETS {
            levels.retain(|_, (level, since)| filled(*level, *since) < burst);
            if levels.len() >= BUCKETS {
                levels.clear();
            }
        }
        let (level, since) = levels.get(key).copied().unwrap_or((burst, now));
        let level = filled(level, since);
        if level < 1.0 {
            let seconds = ((1.0 - level) / rate / 1000.0).ceil();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "small and positive"
            )]
            return Err(ApiError::rate_limited(seconds as u64));
        }
        levels.insert(key.clone(), (level - 1.0, now));
        Ok(())
    }
}

/// All buckets of a relay.
#[derive(Debug)]
pub(crate) struct Rates {
    /// Requests of a device.
    pub(crate) requests: Buckets<DeviceId>,
    /// Sign-ins, registrations and challenges from an address.
    pub(crate) sign_ins: Buckets<IpAddr>,
    /// Requests at a link channel.
    pub(crate) links: Buckets<LinkId>,
    /// Tries of an account to join one.
    pub(crate) link_joins: Buckets<AccountUri>,
    /// Claims of an account for accounts that have not accepted it.
    pub(crate) stranger_claims: Buckets<AccountUri>,
    /// Claims of an account for one account that has not accepted it.
    pub(crate) stranger_claims_of_one: Buckets<(AccountUri, AccountUri)>,
    /// Claims of an account for accounts that have accepted it.
    pub(crate) claims: Buckets<AccountUri>,
    /// Blobs that an account announces.
    pub(crate) blobs: Buckets<AccountUri>,
    /// External commits of a device in one conversation.
    pub(crate) rejoins: Buckets<(ConversationId, DeviceId)>,
    /// What a device asks of a group before it is in: its public state, or to be let in.
    pub(crate) knocks: Buckets<DeviceId>,
    /// Searches of an account.
    pub(crate) searches: Buckets<AccountUri>,
    /// How often a device says that somebody is typing.
    pub(crate) typing: Buckets<DeviceId>,
    /// Devices that are registered.
    pub(crate) registrations: Buckets<()>,
    /// The same from one address.
    pub(crate) registrations_of_address: Buckets<IpAddr>,
    /// The same of one account.
    pub(crate) registrations_of_account: Buckets<AccountUri>,
    /// One-time key packages of an account that strangers use up.
    pub(crate) one_time_to_strangers: Buckets<AccountUri>,
    /// Claims of a limited account for accounts that have not accepted it.
    pub(crate) limited_stranger_claims: Buckets<AccountUri>,
    /// Calls of the webhook from an address.
    pub(crate) webhooks: Buckets<IpAddr>,
    /// Looks at accounts because the webhook says so.
    pub(crate) cued_looks: Buckets<()>,
}

impl Rates {
    /// Buckets as configured, all full.
    pub(crate) fn new(config: &RateConfig) -> Self {
        let requests = config.requests_per_second;
        Self {
            requests: Buckets::new(requests.saturating_mul(5), 5 * time::SECOND),
            sign_ins: Buckets::new(config.sign_ins_per_minute, time::MINUTE),
            links: Buckets::new(requests.saturating_mul(5), 5 * time::SECOND),
            link_joins: Buckets::new(config.link_joins_per_hour, time::HOUR),
            stranger_claims: Buckets::new(config.stranger_claims_per_hour, time::HOUR),
            stranger_claims_of_one: Buckets::new(config.stranger_claims_of_one_per_hour, time::HOUR),
            claims: Buckets::new(config.claims_per_hour, time::HOUR),
            blobs: Buckets::new(config.blobs_per_hour, time::HOUR),
            rejoins: Buckets::new(config.rejoins_per_hour, time::HOUR),
            knocks: Buckets::new(config.knocks_per_minute, time::MINUTE),
            searches: Buckets::new(config.searches_per_minute, time::MINUTE),
            typing: Buckets::new(config.typing_per_minute, time::MINUTE),
            registrations: Buckets::new(config.registrations_per_minute, time::MINUTE),
            registrations_of_address: Buckets::new(config.registrations_of_address_per_hour, time::HOUR),
            registrations_of_account: Buckets::new(config.registrations_of_account_per_day, time::DAY),
            one_time_to_strangers: Buckets::new(config.one_time_to_strangers_per_hour, time::HOUR),
            limited_stranger_claims: Buckets::new(config.limited_stranger_claims_per_hour, time::HOUR),
            webhooks: Buckets::new(config.webhooks_per_minute, time::MINUTE),
            cued_looks: Buckets::new(config.cued_looks_per_minute, time::MINUTE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_bucket_says_when_to_come_back() {
        let buckets = Buckets::new(2, 10 * time::SECOND);
        let start = Timestamp::from_secs(100);
        assert!(buckets.take(&1, start).is_ok());
        assert!(buckets.take(&1, start).is_ok());
        assert_eq!(buckets.take(&1, start).unwrap_err().0.retry_after, Some(5));
        assert!(buckets.take(&2, start).is_ok());
        assert!(buckets.take(&1, start.plus_millis(5 * time::SECOND)).is_ok());
    }

    #[test]
    fn what_is_kept_in_memory_is_bounded() {
        let buckets = Buckets::new(1, time::HOUR);
        for key in 0..BUCKETS + 10 {
            assert!(buckets.take(&key, Timestamp::default()).is_ok());
        }
        assert_eq!(buckets.levels.lock().unwrap().len(), 10);
    }

    #[test]
    fn a_rate_of_zero_is_no_limit() {
        let buckets = Buckets::new(0, time::HOUR);
        assert!((0..1000).all(|_| buckets.take(&1, Timestamp::default()).is_ok()));
    }
}
