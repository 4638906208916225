//! Completion: accounts of this instance that have in their handle or name what a person types.
//!
//! The instance's public search is asked, as anybody may, so that the answer is what the instance shows to everybody. An
//! instance that does not let everybody search has only exact names found. Whether somebody uses Infrasound plays no part.
//!
//! Mastodon counts calls against the relay's address (300 in 5 minutes), and look-ups need it more: so answers are
//! remembered, and searches have a budget of their own. When it is spent nothing is found; whoever knows a handle types it.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use infrasound_spec::account::Handle;
use reqwest::StatusCode;
use serde::Deserialize;

use super::{Instance, ResolveError, http::CallError};

/// Found at the most.
const LIMIT: usize = 8;
const CACHE_LIFETIME: Duration = Duration::from_mins(5);
const CACHE_SIZE: usize = 1_000;
/// The longest name that is passed on, in characters.
const MAX_NAME: usize = 100;
/// Searches of the instance in [`PERIOD`], whoever asks.
const BUDGET: usize = 100;
const PERIOD: Duration = Duration::from_mins(5);

/// Somebody whom the instance shows to everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Their handle.
    pub handle: Handle,
    /// What they call themselves: plain text, not to be trusted.
    pub name: String,
}

#[derive(Deserialize)]
struct Found {
    accounts: Vec<FoundAccount>,
}

#[derive(Deserialize)]
struct FoundAccount {
    /// `name`, or `name@host` of another instance.
    acct: String,
    #[serde(default)]
    display_name: Option<String>,
}

impl Instance {
    /// Accounts that have this in their handle or name; where the instance has no public search, the one of this name.
    pub async fn search(&self, text: &str) -> Result<Vec<Hit>, CallError> {
        let domain = self.discover().await?.domain.clone();
        let text = text.trim().trim_start_matches('@').to_ascii_lowercase();
        let (name, host) = text.split_once('@').unwrap_or((&text, ""));
        let is_ours = [domain.as_str(), &self.authority()].iter().any(|ours| ours.starts_with(host));
        if name.is_empty() || !is_ours {
            return Ok(Vec::new());
        }
        #[cfg(feature = "simulation")]
        if let Some(accounts) = &self.accounts {
            return Ok(accounts.search(name, LIMIT));
        }
        let now = Instant::now();
        if let Some(known) = self.searches.lock().await.find(name, now) {
            return Ok(known);
        }
        if !self.searches.lock().await.spend(now) {
            return Ok(Vec::new());
        }
        let hits = match self.ask(name, &domain).await? {
            Some(hits) => hits,
            None => self.exactly(name, &domain).await?,
        };
        self.searches.lock().await.keep(name.to_owned(), hits.clone(), now);
        Ok(hits)
    }

    /// What the instance's public search finds. `None`: it has none.
    async fn ask(&self, name: &str, domain: &str) -> Result<Option<Vec<Hit>>, CallError> {
        let mut url = self.at("/api/v2/search");
        let limit = LIMIT.to_string();
        url.query_pairs_mut().extend_pairs([("q", name), ("type", "accounts"), ("limit", &limit)]);
        let answer = self.http.get_json(url).await?;
        match answer.status {
            StatusCode::OK => {}
            status if status.is_client_error() => return Ok(None),
            status => return Err(CallError::Status { status: status.as_u16() }),
        }
        let found: Found = answer.json("a search")?;
        let hits = found.accounts.into_iter().filter_map(|account| account.hit(name, domain));
        Ok(Some(hits.take(LIMIT).collect()))
    }

    /// The account of this name, if there is one.
    async fn exactly(&self, name: &str, domain: &str) -> Result<Vec<Hit>, CallError> {
        let Ok(handle) = Handle::new(name, domain) else { return Ok(Vec::new()) };
        match self.resolve(&handle).await {
            Ok(_) => Ok(vec![Hit { name: handle.name().to_owned(), handle }]),
            Err(ResolveError::NotFound { .. }) => Ok(Vec::new()),
            Err(ResolveError::Call { source, .. }) => Err(source),
        }
    }
}

impl FoundAccount {
    /// Of other instances nobody can be reached, so nobody is shown.
    fn hit(self, asked: &str, domain: &str) -> Option<Hit> {
        let (name, host) = self.acct.split_once('@').unwrap_or((&self.acct, domain));
        let handle = Handle::new(name, host).ok().filter(|handle| handle.host() == domain)?;
        let shown: String = self.display_name.unwrap_or_default().chars().take(MAX_NAME).collect();
        let fits = [handle.name(), &shown].iter().any(|text| text.to_lowercase().contains(asked));
        let name = if shown.trim().is_empty() { handle.name().to_owned() } else { shown };
        fits.then_some(Hit { handle, name })
    }
}

/// What was found, and how often the instance was asked.
#[derive(Debug, Default)]
pub(super) struct Searches {
    found: HashMap<String, (Instant, Vec<Hit>)>,
    /// When the period began, and how often the instance was asked in it.
    spent: Option<(Instant, usize)>,
}

impl Searches {
    fn find(&self, name: &str, now: Instant) -> Option<Vec<Hit>> {
        let (kept, hits) = self.found.get(name)?;
        (now.duration_since(*kept) < CACHE_LIFETIME).then(|| hits.clone())
    }

    fn keep(&mut self, name: String, hits: Vec<Hit>, now: Instant) {
        if self.found.len() >= CACHE_SIZE {
            self.found.retain(|_, (kept, _)| now.duration_since(*kept) < CACHE_LIFETIME);
            if self.found.len() >= CACHE_SIZE {
                self.found.clear();
            }
        }
        self.found.insert(name, (now, hits));
    }

    /// Whether the instance may be asked once more.
    fn spend(&mut self, now: Instant) -> bool {
        let (since, spent) =
            self.spent.filter(|(since, _)| now.duration_since(*since) < PERIOD).unwrap_or((now, 0));
        self.spent = Some((since, spent.saturating_add(1)));
        spent < BUDGET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(acct: &str, display_name: &str) -> Option<Hit> {
        let account = FoundAccount { acct: acct.to_owned(), display_name: Some(display_name.to_owned()) };
        account.hit("al", "h.example")
    }

    #[test]
    fn only_accounts_of_this_instance_that_were_asked_for_are_hits() {
        assert_eq!(hit("Alice", "").unwrap().handle.as_str(), "@alice@h.example");
        assert_eq!(hit("alice", "").unwrap().name, "alice");
        assert_eq!(hit("bob@h.example", "Bob Alder").unwrap().name, "Bob Alder");
        assert_eq!(hit("alice@other.example", "Alice"), None);
        assert_eq!(hit("bob", "Bob"), None);
        assert_eq!(hit("al ice", "Alice"), None);
        assert_eq!(hit("alice", &"x".repeat(500)).unwrap().name.len(), MAX_NAME);
    }

    #[test]
    fn what_was_found_is_remembered_for_five_minutes_and_not_without_end() {
        let (mut searches, start) = (Searches::default(), Instant::now());
        for n in 0..CACHE_SIZE + 5 {
            searches.keep(n.to_string(), Vec::new(), start);
        }
        assert!(searches.found.len() <= CACHE_SIZE);
        searches.keep("al".to_owned(), Vec::new(), start);
        assert!(searches.find("al", start + Duration::from_secs(299)).is_some());
        assert!(searches.find("al", start + CACHE_LIFETIME).is_none());
    }

    #[test]
    fn the_instance_is_not_asked_more_often_than_the_budget_allows() {
        let (mut searches, start) = (Searches::default(), Instant::now());
        assert!((0..BUDGET).all(|_| searches.spend(start)));
        assert!(!searches.spend(start + Duration::from_secs(299)));
        assert!(searches.spend(start + PERIOD));
    }
}
