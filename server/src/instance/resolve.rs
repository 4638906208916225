//! From a handle of this instance to the account behind it, by WebFinger, remembered for five minutes.
//!
//! Mastodon counts look-ups against the relay's address (300 in 5 minutes), so they are cached.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use infrasound_spec::account::{AccountUri, Handle};

use super::{Instance, http::CallError};

const CACHE_LIFETIME: Duration = Duration::from_mins(5);
const CACHE_SIZE: usize = 10_000;

/// Why a handle leads to no account.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// The instance could not be asked, or answered nonsense.
    #[error("the instance could not look {handle} up")]
    Call {
        /// The handle that was looked up.
        handle: Handle,
        /// What went wrong.
        #[source]
        source: CallError,
    },
    /// The handle's host is not this instance, or has no such account.
    #[error("there is no account {handle} at this instance")]
    NotFound {
        /// The handle that was looked up.
        handle: Handle,
    },
}

impl Instance {
    /// Finds the account behind a handle of this instance.
    pub async fn resolve(&self, handle: &Handle) -> Result<AccountUri, ResolveError> {
        #[cfg(feature = "simulation")]
        if let Some(accounts) = &self.accounts {
            return accounts.resolve(handle);
        }
        if let Some(known) = self.resolved.lock().await.find(handle, Instant::now()) {
            return Ok(known);
        }
        let failed = |source| ResolveError::Call { handle: handle.clone(), source };
        let not_found = || ResolveError::NotFound { handle: handle.clone() };
        let asked = self.canonical(handle).await.map_err(failed)?.ok_or_else(not_found)?;
        let found = self.webfinger(&asked).await.map_err(failed)?.ok_or_else(not_found)?;
        if !self.may_speak_for(&found, &asked) {
            return Err(not_found());
        }
        self.resolved.lock().await.keep(handle.clone(), found.actor.clone(), Instant::now());
        Ok(found.actor)
    }

    /// People may write the instance's host or its domain; WebFinger points back at one of them only.
    async fn canonical(&self, handle: &Handle) -> Result<Option<Handle>, CallError> {
        let domain = &self.discover().await?.domain;
        if handle.host() == domain {
            return Ok(Some(handle.clone()));
        }
        let renamed = Handle::new(handle.name(), domain).ok();
        Ok(renamed.filter(|_| handle.host() == self.authority()))
    }
}

/// Found accounts. Absence is not remembered: somebody may be about to join.
#[derive(Debug, Default)]
pub(super) struct ResolveCache {
    found: HashMap<Handle, (Instant, AccountUri)>,
    /// Oldest first; every handle stands here once.
    order: VecDeque<Handle>,
}

impl ResolveCache {
    fn find(&mut self, handle: &Handle, now: Instant) -> Option<AccountUri> {
        self.expire(now);
        self.found.get(handle).map(|(_, uri)| uri.clone())
    }

    fn keep(&mut self, handle: Handle, uri: AccountUri, now: Instant) {
        self.expire(now);
        if self.found.insert(handle.clone(), (now, uri)).is_some() {
            self.order.retain(|other| *other != handle);
        }
        self.order.push_back(handle);
        if self.order.len() > CACHE_SIZE {
            self.drop_oldest();
        }
    }

    fn expire(&mut self, now: Instant) {
        while let Some((kept, _)) = self.order.front().and_then(|oldest| self.found.get(oldest)) {
            if now.duration_since(*kept) < CACHE_LIFETIME {
                return;
            }
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.order.pop_front() {
            self.found.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: usize) -> (Handle, AccountUri) {
        let handle = format!("@user{n}@h.example").parse().unwrap();
        (handle, format!("https://h.example/users/{n}").parse().unwrap())
    }

    #[test]
    fn an_entry_is_found_until_it_is_five_minutes_old() {
        let (mut cache, start) = (ResolveCache::default(), Instant::now());
        let (handle, uri) = entry(1);
        cache.keep(handle.clone(), uri.clone(), start);
        assert_eq!(cache.find(&handle, start + Duration::from_secs(299)), Some(uri));
        assert_eq!(cache.find(&handle, start + Duration::from_mins(5)), None);
        assert!(cache.order.is_empty() && cache.found.is_empty());
    }

    #[test]
    fn the_oldest_entries_make_room_for_new_ones() {
        let (mut cache, start) = (ResolveCache::default(), Instant::now());
        for n in 0..CACHE_SIZE + 5 {
            let (handle, uri) = entry(n);
            cache.keep(handle, uri, start);
        }
        assert_eq!((cache.found.len(), cache.order.len()), (CACHE_SIZE, CACHE_SIZE));
        assert_eq!(cache.find(&entry(4).0, start), None);
        assert!(cache.find(&entry(5).0, start).is_some());
    }
}
