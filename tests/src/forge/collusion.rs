//! A hub that colludes: it takes one thing into its log and shows another to those whom it lies to.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use infrasound_core::{input::HttpResponse, output::HttpRequest};
use infrasound_spec::{
    api::{conversations::LogPage, problem::Problem},
    bytes::Base64Url,
    log::{self, EntryKind, LogEntry},
};

/// What is shown in the place of some entries. Clones are of one hub.
#[derive(Clone, Debug, Default)]
pub struct Collusion(Arc<Mutex<BTreeMap<u64, Shown>>>);

#[derive(Debug)]
struct Shown {
    kind: EntryKind,
    bytes: Vec<u8>,
    later: u64,
}

impl Collusion {
    /// Shows this under this number.
    pub fn show(&self, number: u64, kind: EntryKind, bytes: Vec<u8>) {
        self.show_later(number, kind, bytes, 0);
    }

    /// Shows this under this number, as if it had come so many milliseconds later.
    pub fn show_later(&self, number: u64, kind: EntryKind, bytes: Vec<u8>, later: u64) {
        let shown = Shown { kind, bytes, later };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(number, shown);
    }

    /// What goes into [`crate::device::Device::tamper`] of whoever is lied to.
    pub fn tamper(&self) -> impl FnMut(&HttpRequest, &mut HttpResponse) + Send + 'static {
        let this = self.clone();
        move |request, response| {
            if request.path.contains("/log?") && response.status == 200 {
                let mut page: LogPage = serde_json::from_slice(&response.body).unwrap();
                this.change(&mut page.entries);
                response.body = serde_json::to_vec(&page).unwrap();
            } else if response.status >= 400
                && let Ok(mut problem) = serde_json::from_slice::<Problem>(&response.body)
                && let Some(wrong_epoch) = &mut problem.wrong_epoch
            {
                this.change(&mut wrong_epoch.entries);
                response.body = serde_json::to_vec(&problem).unwrap();
            }
        }
    }

    fn change(&self, entries: &mut [LogEntry]) {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in entries {
            if let Some(Shown { kind, bytes, later }) = shown.get(&entry.number) {
                entry.kind = *kind;
                entry.time = entry.time.plus_millis(*later);
                entry.digest = log::digest(bytes);
                entry.bytes = Some(Base64Url(bytes.clone()));
            }
        }
    }
}
