//! Who is signed in to the page: in memory, for an hour, gone with the relay.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::http::{HeaderMap, header};
use infrasound_spec::{
    account::{AccountUri, Handle},
    api::problem::ProblemType,
    bytes,
    time::{self, Timestamp},
};
use subtle::ConstantTimeEq as _;

use super::permission::Permissions;
use crate::{error::ApiError, secret};

/// The cookie of a visit.
pub(super) const COOKIE: &str = "infrasound-admin";
/// The cookie that ties a sign-in to the browser that began it.
pub(super) const STATE_COOKIE: &str = "infrasound-admin-state";
/// How long a visit lasts, in milliseconds; then the role is read anew.
pub(super) const LIFETIME: u64 = time::HOUR;
/// How long a sign-in may take.
const SIGN_IN: u64 = 10 * time::MINUTE;
/// Visits and sign-ins at a time. When there are more the oldest go.
const MANY: usize = 1000;

/// An admin who is signed in.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) account: AccountUri,
    pub(super) handle: Handle,
    pub(super) permissions: Permissions,
    /// The token of its forms.
    pub(super) csrf: String,
    /// What came of the last order.
    pub(super) message: Option<String>,
    expires: Timestamp,
}

/// A sign-in that has begun.
#[derive(Debug)]
struct Begun {
    verifier: String,
    expires: Timestamp,
}

/// All of them, by the digests of what their cookies hold.
#[derive(Debug, Default)]
pub(crate) struct Visits {
    open: Mutex<HashMap<[u8; 32], Visit>>,
    begun: Mutex<HashMap<[u8; 32], Begun>>,
}

impl Visits {
    /// Notes a sign-in.
    pub(super) fn begin(&self, state: &str, verifier: String, now: Timestamp) {
        let mut begun = lock(&self.begun);
        make_room(&mut begun, |begun| begun.expires, now);
        begun.insert(digest(state), Begun { verifier, expires: now.plus_millis(SIGN_IN) });
    }

    /// Uses a sign-in up, if the browser that comes back is the one that began it.
    pub(super) fn take_verifier(&self, headers: &HeaderMap, state: &str, now: Timestamp) -> Option<String> {
        let kept = cookie(headers, STATE_COOKIE)?;
        if !bool::from(kept.as_bytes().ct_eq(state.as_bytes())) {
            return None;
        }
        let begun = lock(&self.begun).remove(&digest(state))?;
        (now < begun.expires).then_some(begun.verifier)
    }

    /// Begins a visit. What the cookie holds.
    pub(super) fn open(
        &self,
        account: AccountUri,
        handle: Handle,
        permissions: Permissions,
        now: Timestamp,
    ) -> String {
        let token = bytes::encode(&secret::make_bytes::<32>());
        let csrf = bytes::encode(&secret::make_bytes::<32>());
        let expires = now.plus_millis(LIFETIME);
        let mut open = lock(&self.open);
        make_room(&mut open, |visit| visit.expires, now);
        let visit = Visit { account, handle, permissions, csrf, message: None, expires };
        open.insert(digest(&token), visit);
        token
    }

    /// The visit that a request belongs to. What there was to tell it is told once.
    pub(super) fn of(&self, headers: &HeaderMap, now: Timestamp) -> Option<Visit> {
        let mut open = lock(&self.open);
        let visit = open.get_mut(&digest(cookie(headers, COOKIE)?)).filter(|visit| now < visit.expires)?;
        let told = visit.clone();
        visit.message = None;
        Some(told)
    }

    /// The visit that a form was sent from: one of its own forms, on a page of ours.
    pub(super) fn of_form(
        &self,
        headers: &HeaderMap,
        csrf: &str,
        origin: &str,
        now: Timestamp,
    ) -> Result<Visit, ApiError> {
        let over =
            || ApiError::new(ProblemType::Forbidden, "You are not signed in any more. Nothing was done.");
        let visit = self.of(headers, now).ok_or_else(over)?;
        let from_here = headers.get(header::ORIGIN).is_none_or(|value| value == origin);
        if from_here && bool::from(csrf.as_bytes().ct_eq(visit.csrf.as_bytes())) {
            Ok(visit)
        } else {
            Err(over())
        }
    }

    /// Leaves something to be told on the next page.
    pub(super) fn tell(&self, headers: &HeaderMap, text: String) {
        if let Some(token) = cookie(headers, COOKIE)
            && let Some(visit) = lock(&self.open).get_mut(&digest(token))
        {
            visit.message = Some(text);
        }
    }

    /// Ends a visit.
    pub(super) fn end(&self, headers: &HeaderMap) {
        if let Some(token) = cookie(headers, COOKIE) {
            lock(&self.open).remove(&digest(token));
        }
    }
}

fn digest(secret: &str) -> [u8; 32] {
    secret::digest(secret.as_bytes())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn make_room<T>(map: &mut HashMap<[u8; 32], T>, expires: impl Fn(&T) -> Timestamp, now: Timestamp) {
    map.retain(|_, entry| now < expires(entry));
    if map.len() >= MANY
        && let Some(oldest) = map.iter().min_by_key(|(_, entry)| expires(entry)).map(|(key, _)| *key)
    {
        map.remove(&oldest);
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded() {
        let visits = Visits::default();
        for n in 0..MANY + 10 {
            visits.begin(&n.to_string(), String::new(), Timestamp::from_millis(n as u64));
        }
        assert_eq!(lock(&visits.begun).len(), MANY);
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=1; infrasound-admin=token; b=2".parse().unwrap());
        assert_eq!(cookie(&headers, COOKIE), Some("token"));
        assert_eq!(cookie(&headers, STATE_COOKIE), None);
    }
}
