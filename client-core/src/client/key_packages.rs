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

/// Private parts that are kept at once. Of which the relay never had the public one, because the upload was lost, nobody knows.
const MAX_MADE: usize = 400;
/// After an upload was refused or lost, the next one waits this long, in milliseconds.
const RETRY: u64 = MINUTE;

/// What is stored of key packages besides their private parts.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct KeyPackageIndex {
    /// When each was made, with the names of its records: what can be forgotten once it has expired.
    made: Vec<(Timestamp, Vec<serde_bytes::ByteBuf>)>,
    /// When the last-resort one was made.
    last_resort: Timestamp,
    /// When an upload that was refused or lost is tried again.
    #[serde(skip)]
    retry_at: Option<Timestamp>,
}

impl KeyPackageIndex {
    /// The next count makes a new last-resort one.
    pub(super) fn replace_last_resort(&mut self) {
        self.last_resort = Timestamp::default();
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
        self.forget_old(step);
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
        step.writes.put(Place::Root, "key-packages", stored::encode(&self.key_packages));
        let path = paths::KEY_PACKAGES.to_owned();
        self.request(Purpose::UploadKeyPackages, Method::Post, path, Some(&upload), step);
    }

    pub(super) fn key_packages_uploaded(
        &mut self,
        count: &Result<KeyPackageCount, Box<Problem>>,
        step: &mut Step,
    ) {
        match count {
            Ok(_) => self.key_packages.retry_at = None,
            Err(_) => self.upload_key_packages_later(step),
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
        self.key_packages.made.push((step.now, names));
        if last_resort {
            self.key_packages.last_resort = step.now;
        }
        put_changes(&mut step.writes, &Place::KeyPackages, b"", changes);
        Some(bytes)
    }

    /// Private parts whose key packages have expired are of no more use. Nor does a relay that always says that there are none
    /// fill this device up: the oldest go, but for the last resort in use.
    fn forget_old(&mut self, step: &mut Step) {
        let KeyPackageIndex { made, last_resort, .. } = &mut self.key_packages;
        let mut surplus = (made.len() + MAX_KEY_PACKAGES + 1).saturating_sub(MAX_MADE);
        let mut forgotten = Vec::new();
        made.retain_mut(|(made, names)| {
            let expired = step.now.millis_since(*made) > KEY_PACKAGE_LIFETIME + DAY;
            let goes = expired || surplus > 0 && made != last_resort;
            if goes {
                surplus = surplus.saturating_sub(1);
                forgotten.append(names);
            }
            !goes
        });
        for name in forgotten {
            step.writes.delete(Place::KeyPackages, name.into_vec());
        }
    }

    pub(super) fn key_packages_loaded(&mut self, records: Vec<OpenedRecord>) {
        if let Some(joining) = &mut self.joining {
            joining.key_packages = Some(records);
        }
    }
}
