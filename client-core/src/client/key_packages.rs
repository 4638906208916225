//! Key packages: made in advance, so that others can begin a conversation while this device is off.
//!
//! Spec: `key-packages.md` 3.

use infrasound_spec::{
    api::{
        key_packages::{KeyPackageCount, UploadKeyPackages},
        paths,
        problem::Problem,
    },
    key_package::{KEY_PACKAGE_LIFETIME, KEY_PACKAGE_MARGIN},
    limits::{KEY_PACKAGE_LOW_WATER, MAX_KEY_PACKAGES},
    mls as parameters,
    time::{DAY, MINUTE, Timestamp},
};
use openmls::prelude::{KeyPackage, MlsMessageOut};
use serde::{Deserialize, Serialize};

use super::{Client, requests::Purpose, step::Step, sync::Topic};
use crate::{
    conversation::put_changes,
    journal::{OpenedRecord, Place},
    mls::{self, Provider, store::MlsStore},
    output::Method,
    stored,
};

/// Private parts of one-time key packages that are kept.
const MAX_MADE: usize = 400;
/// Private parts of last-resort ones that are kept: others may have the earlier ones.
const MAX_LAST_RESORTS: usize = 40;
/// After an upload was refused or lost, the next one waits this long, in milliseconds.
const RETRY: u64 = MINUTE;

/// One that was made: when, and the names of its private records.
type Made = (Timestamp, Vec<serde_bytes::ByteBuf>);

/// What is stored of key packages besides their private parts.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct KeyPackageIndex {
    /// Those that can be used once, and have not been.
    made: Vec<Made>,
    #[serde(default)]
    last_resorts: Vec<Made>,
    /// When the last-resort one was made that the relay has.
    last_resort: Timestamp,
    /// When those were made of which nobody knows whether the relay has them: their upload got no answer.
    #[serde(default)]
    unsure: Vec<Timestamp>,
    /// When an upload that was refused or lost is tried again.
    #[serde(skip)]
    retry_at: Option<Timestamp>,
}

impl KeyPackageIndex {
    /// The next count makes a new last-resort one.
    pub(super) fn replace_last_resort(&mut self) {
        self.last_resort = Timestamp::default();
    }

    /// Whether the time for another upload has not come.
    pub(super) fn waits(&self) -> bool {
        self.retry_at.is_some()
    }

    /// One was used: its private part, the record of that name, is gone.
    pub(super) fn forget_used(&mut self, record: &[u8]) {
        self.made.retain(|(_, names)| !names.iter().any(|own| own.as_slice() == record));
    }

    /// Takes out what is of no more use: what has expired, and of what is too much first what the relay may never have had,
    /// then the oldest, which it hands out first.
    fn take_old(&mut self, now: Timestamp) -> Vec<serde_bytes::ByteBuf> {
        let Self { made, last_resorts, unsure, .. } = self;
        let mut taken = Vec::new();
        let mut take = |all: &mut Vec<Made>, mut surplus: usize, which: &dyn Fn(Timestamp) -> bool| {
            all.retain_mut(|(made, names)| {
                let goes = which(*made) && surplus > 0;
                if goes {
                    surplus -= 1;
                    taken.append(names);
                }
                !goes
            });
        };
        let expired = |made: Timestamp| now.millis_since(made) > KEY_PACKAGE_LIFETIME + DAY;
        take(made, usize::MAX, &expired);
        take(last_resorts, usize::MAX, &expired);
        let surplus = |all: &Vec<Made>, most: usize| all.len().saturating_sub(most);
        let (one_time, last) = (MAX_MADE - MAX_KEY_PACKAGES, MAX_LAST_RESORTS - 1);
        take(made, surplus(made, one_time), &|made| unsure.contains(&made));
        take(made, surplus(made, one_time), &|_| true);
        take(last_resorts, surplus(last_resorts, last), &|_| true);
        unsure.retain(|at| made.iter().any(|(made, _)| made == at));
        taken
    }

    /// Takes out what was made at some time: the relay did not take it.
    fn take_made_at(&mut self, at: Timestamp) -> Vec<serde_bytes::ByteBuf> {
        let mut taken = Vec::new();
        for all in [&mut self.made, &mut self.last_resorts] {
            all.retain_mut(|(made, names)| {
                if *made == at {
                    taken.append(names);
                }
                *made != at
            });
        }
        taken
    }
}

impl Client {
    pub(super) fn key_packages_counted(
        &mut self,
        count: &Result<KeyPackageCount, Box<Problem>>,
        step: &mut Step,
    ) {
        self.sync.answered(Topic::KeyPackages);
        let Ok(count) = count else { return };
        let renew_last_resort = !count.last_resort
            || step.now.millis_since(self.key_packages.last_resort)
                > KEY_PACKAGE_LIFETIME - KEY_PACKAGE_MARGIN - 7 * DAY;
        let one_time = if count.one_time < KEY_PACKAGE_LOW_WATER {
            (MAX_KEY_PACKAGES as u64).saturating_sub(count.one_time)
        } else {
            0
        };
        if one_time == 0 && !renew_last_resort {
            return;
        }
        let old = self.key_packages.take_old(step.now);
        Self::forget_private_parts(old, step);
        if self.device.refresh_endorsement(step.now) {
            self.save_device(step);
        }
        let upload = UploadKeyPackages {
            one_time: (0..one_time)
                .filter_map(|_| self.make_key_package(false, step))
                .map(Into::into)
                .collect(),
            last_resort: if renew_last_resort {
                self.make_key_package(true, step).map(Into::into)
            } else {
                None
            },
        };
        self.key_packages.unsure.push(step.now);
        self.save_key_packages(step);
        let path = paths::KEY_PACKAGES.to_owned();
        self.request(Purpose::UploadKeyPackages, Method::Post, path, Some(&upload), step);
    }

    pub(super) fn key_packages_uploaded(
        &mut self,
        count: &Result<KeyPackageCount, Box<Problem>>,
        step: &mut Step,
    ) {
        // Uploads are made one after the other: this is the last.
        let Some(at) = self.key_packages.unsure.pop() else { return };
        if count.is_ok() {
            self.key_packages.retry_at = None;
            if self.key_packages.last_resorts.iter().any(|(made, _)| *made == at) {
                self.key_packages.last_resort = at;
            }
        } else {
            let refused = self.key_packages.take_made_at(at);
            Self::forget_private_parts(refused, step);
            self.upload_key_packages_later(step);
        }
        self.save_key_packages(step);
    }

    fn save_key_packages(&self, step: &mut Step) {
        step.writes.put(Place::Root, "key-packages", stored::encode(&self.key_packages));
    }

    fn forget_private_parts(names: Vec<serde_bytes::ByteBuf>, step: &mut Step) {
        for name in names {
            step.writes.delete(Place::KeyPackages, name.into_vec());
        }
    }

    /// Without key packages nobody new can write to this device, so it is tried again; everything else goes on.
    pub(super) fn upload_key_packages_later(&mut self, step: &Step) {
        self.key_packages.retry_at = Some(step.now.plus_millis(RETRY));
    }

    /// Asks again how many are left after an upload that was refused or lost.
    pub(super) fn pump_key_packages(&mut self, step: &mut Step) {
        match self.key_packages.retry_at {
            Some(at) if step.now >= at => {
                self.key_packages.retry_at = None;
                self.sync.want(Topic::KeyPackages);
            }
            Some(at) => step.wake_at(at),
            None => {}
        }
    }

    /// Makes one and stores its private part. `None` is a bug of ours that openmls refuses.
    fn make_key_package(&mut self, last_resort: bool, step: &mut Step) -> Option<Vec<u8>> {
        let store = MlsStore::default();
        let provider = Provider { crypto: &self.crypto, store: &store };
        let mut builder = KeyPackage::builder()
            .key_package_lifetime(mls::lifetime(step.now))
            .leaf_node_capabilities(parameters::capabilities())
            .leaf_node_extensions(parameters::leaf_extensions(&self.device.endorsement).ok()?);
        if last_resort {
            builder = builder.mark_as_last_resort();
        }
        let credential = mls::credential(&self.device.account, &self.device.signer.public());
        let bundle =
            builder.build(parameters::CIPHERSUITE, &provider, &self.device.signer, credential).ok()?;
        let bytes = MlsMessageOut::from(bundle.key_package().clone()).to_bytes().ok()?;
        let changes = store.take_changes().now;
        let names = changes.keys().map(|name| serde_bytes::ByteBuf::from(name.clone())).collect();
        let KeyPackageIndex { made, last_resorts, .. } = &mut self.key_packages;
        if last_resort { last_resorts } else { made }.push((step.now, names));
        put_changes(&mut step.writes, &Place::KeyPackages, b"", changes);
        Some(bytes)
    }

    pub(super) fn key_packages_loaded(&mut self, records: Vec<OpenedRecord>) {
        if let Some(joining) = &mut self.joining {
            joining.key_packages = Some(records);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: u8) -> Timestamp {
        Timestamp::from_millis(u64::from(time))
    }

    /// As many as that, made at a time; their records are named by it.
    fn made(time: u8, many: usize) -> Vec<Made> {
        vec![(at(time), vec![serde_bytes::ByteBuf::from([time])]); many]
    }

    #[test]
    fn what_the_relay_may_never_have_had_makes_room_first_and_then_the_oldest() {
        let mut index = KeyPackageIndex { unsure: vec![at(2)], ..KeyPackageIndex::default() };
        for time in 1..=4 {
            index.made.extend(made(time, 100));
        }
        assert!(index.take_old(at(9)).iter().all(|name| name[0] == 2));
        assert_eq!(index.made.len(), MAX_MADE - MAX_KEY_PACKAGES);
        assert_eq!(index.unsure, [], "there is none left of them");

        index.made.extend(made(5, 100));
        assert!(index.take_old(at(9)).iter().all(|name| name[0] == 1));
        assert_eq!(index.made.first().map(|(made, _)| *made), Some(at(3)));
    }

    #[test]
    fn last_resorts_do_not_make_room_for_others() {
        let mut index = KeyPackageIndex { last_resorts: made(1, 1), ..KeyPackageIndex::default() };
        for time in 2..=9 {
            index.made.extend(made(time, 100));
            index.take_old(at(10));
        }
        assert_eq!(index.last_resorts.len(), 1);
        index.take_old(at(1).plus_millis(KEY_PACKAGE_LIFETIME + 2 * DAY));
        assert_eq!((index.made.len(), index.last_resorts.len()), (0, 0), "all have expired");
    }

    #[test]
    fn what_was_refused_or_used_is_forgotten() {
        let mut index = KeyPackageIndex { last_resorts: made(2, 1), ..KeyPackageIndex::default() };
        index.made.extend(made(1, 3));
        index.made.extend(made(2, 3));
        assert_eq!(index.take_made_at(at(2)).len(), 4);
        assert_eq!((index.made.len(), index.last_resorts.len()), (3, 0));
        index.made.push((at(3), vec![serde_bytes::ByteBuf::from(b"used")]));
        index.forget_used(b"used");
        assert_eq!(index.made.len(), 3);
    }
}
