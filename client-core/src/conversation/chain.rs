//! The values of the log's hash chain that this device remembers, to compare with what others say they saw.
//!
//! The newest 512 are kept, in pages of 8: one page is written for each message. Spec: `conversations.md` 5.

use std::collections::BTreeMap;

use infrasound_spec::log::{ChainValue, LogPosition};

use crate::journal::{Place, WriteSet};

const PAGE: u64 = 8;
const PAGES: usize = 64;
/// Bytes of a number and the chain's value there.
const VALUE: usize = 8 + ChainValue::LEN;
const NAME: &[u8] = b"chain/";

/// The newest chain values.
#[derive(Default)]
pub(crate) struct ChainWindow {
    pages: BTreeMap<u64, BTreeMap<u64, ChainValue>>,
    changed: Vec<u64>,
    dropped: Vec<u64>,
}

impl ChainWindow {
    /// Remembers a position.
    pub(crate) fn push(&mut self, position: &LogPosition) {
        let page = position.number / PAGE;
        self.pages.entry(page).or_default().insert(position.number, position.chain);
        if self.changed.last() != Some(&page) {
            self.changed.push(page);
        }
        while self.pages.len() > PAGES {
            if let Some((old, _)) = self.pages.pop_first() {
                self.dropped.push(old);
            }
        }
    }

    /// The value at an entry, if it is remembered.
    pub(crate) fn at(&self, number: u64) -> Option<ChainValue> {
        self.pages.get(&(number / PAGE))?.get(&number).copied()
    }

    /// Forgets all: a new founding begins a new chain.
    pub(crate) fn clear(&mut self) {
        self.dropped.extend(std::mem::take(&mut self.pages).into_keys());
    }

    pub(crate) fn load(&mut self, name: &[u8], value: &[u8]) {
        let Some(page) =
            name.strip_prefix(NAME).and_then(|page| page.try_into().ok()).map(u64::from_be_bytes)
        else {
            return;
        };
        let values = value.chunks_exact(VALUE).filter_map(|chunk| {
            let (number, chain) = chunk.split_first_chunk::<8>()?;
            Some((u64::from_be_bytes(*number), ChainValue::from_slice(chain)?))
        });
        self.pages.insert(page, values.collect());
    }

    pub(crate) fn save(&mut self, writes: &mut WriteSet, place: &Place) {
        for page in self.dropped.drain(..) {
            writes.delete(place.clone(), [NAME, &page.to_be_bytes()].concat());
        }
        for page in self.changed.drain(..) {
            let Some(values) = self.pages.get(&page) else { continue };
            let mut bytes = Vec::with_capacity(values.len() * VALUE);
            for (number, chain) in values {
                bytes.extend_from_slice(&number.to_be_bytes());
                bytes.extend_from_slice(chain.as_bytes());
            }
            writes.put(place.clone(), [NAME, &page.to_be_bytes()].concat(), bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use infrasound_spec::conversation::ConversationId;

    use super::*;

    #[test]
    fn the_newest_values_are_remembered_and_the_old_ones_go() {
        let mut window = ChainWindow::default();
        let mut position = LogPosition::start(&ConversationId::from_bytes([1; 32]), 0, 0);
        for number in 1..=2_000u64 {
            let chain = ChainValue::from_bytes([u8::try_from(number % 251).unwrap(); 32]);
            position = LogPosition { number, chain };
            window.push(&position);
        }
        assert_eq!(window.at(2_000), Some(position.chain));
        assert!(window.at(1_600).is_some());
        assert_eq!((window.at(1_000), window.at(2_001)), (None, None));
    }
}
