//! Which devices may have to be woken: noted as something happens, and taken by the task that wakes them.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use infrasound_spec::account::DeviceId;
use tokio::sync::Notify;

/// Devices with a subscription, and those of them for which there is something new. Bounded by their number.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    devices: Mutex<Devices>,
    stirred: Notify,
}

#[derive(Debug, Default)]
struct Devices {
    subscribed: HashSet<DeviceId>,
    noted: Noted,
}

/// What was noted since the last time.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Noted {
    /// Devices for which there may be something new.
    pub(crate) stirred: BTreeSet<DeviceId>,
    /// Those of them whose subscription is another one.
    pub(crate) renewed: BTreeSet<DeviceId>,
}

impl Wakes {
    fn devices(&self) -> MutexGuard<'_, Devices> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The device has a subscription from now on, maybe another one than before. Something may be there for it already.
    pub(crate) fn subscribe(&self, device: DeviceId, is_another: bool) {
        let mut devices = self.devices();
        devices.subscribed.insert(device);
        if is_another {
            devices.noted.renewed.insert(device);
        }
        drop(devices);
        self.stir(&device);
    }

    /// It has none any more.
    pub(crate) fn unsubscribe(&self, device: &DeviceId) {
        self.devices().subscribed.remove(device);
    }

    /// Whether it has one.
    pub(crate) fn knows(&self, device: &DeviceId) -> bool {
        self.devices().subscribed.contains(device)
    }

    /// How many have one.
    pub(crate) fn subscribed(&self) -> usize {
        self.devices().subscribed.len()
    }

    /// There may be something new for a device. Nothing is noted for one without a subscription.
    pub(crate) fn stir(&self, device: &DeviceId) {
        self.stir_all(std::iter::once(device));
    }

    /// The same for many.
    pub(crate) fn stir_all<'d>(&self, stirred: impl Iterator<Item = &'d DeviceId>) {
        let mut devices = self.devices();
        if devices.subscribed.is_empty() {
            return;
        }
        let Devices { subscribed, noted } = &mut *devices;
        let before = noted.stirred.len();
        noted.stirred.extend(stirred.filter(|device| subscribed.contains(*device)));
        if noted.stirred.len() > before {
            self.stirred.notify_one();
        }
    }

    /// Waits until something is noted, and takes all of it.
    pub(crate) async fn taken(&self) -> Noted {
        loop {
            let noted = std::mem::take(&mut self.devices().noted);
            if noted != Noted::default() {
                return noted;
            }
            self.stirred.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_who_has_a_subscription_is_noted() {
        let wakes = Wakes::default();
        let (one, other) = (DeviceId::from_bytes([1; 16]), DeviceId::from_bytes([2; 16]));
        wakes.stir(&one);
        wakes.subscribe(one, false);
        wakes.stir_all([one, other, one].iter());
        let (of_one, of_other) = (BTreeSet::from([one]), BTreeSet::from([other]));
        assert_eq!(wakes.taken().await, Noted { stirred: of_one, renewed: BTreeSet::new() });
        wakes.unsubscribe(&one);
        wakes.subscribe(other, true);
        wakes.stir_all([one, other].iter());
        assert_eq!(wakes.taken().await, Noted { stirred: of_other.clone(), renewed: of_other });
        assert_eq!(wakes.subscribed(), 1);
    }
}
