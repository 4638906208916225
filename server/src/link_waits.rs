//! Who waits for a frame of a link channel, and how they are woken after a commit.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use infrasound_spec::api::links::LinkId;
use tokio::sync::watch;

/// Channels that somebody waits at.
#[derive(Debug, Default)]
pub(crate) struct LinkWaits {
    channels: Mutex<HashMap<LinkId, watch::Sender<()>>>,
}

/// One that listens from now on.
#[derive(Debug)]
pub(crate) struct Moved(watch::Receiver<()>);

impl LinkWaits {
    /// Listens at a channel.
    pub(crate) fn moved(&self, link: LinkId) -> Moved {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody waits any more where only this map knows of it.
        channels.retain(|_, sender| sender.receiver_count() > 0);
        Moved(channels.entry(link).or_default().subscribe())
    }

    /// Something was sent, or the channel has ended.
    pub(crate) fn wake(&self, link: &LinkId) {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = channels.get(link) {
            sender.send_replace(());
        }
    }

    /// The relay stops: nobody waits any longer.
    pub(crate) fn wake_all(&self) {
        for sender in self.channels.lock().unwrap_or_else(PoisonError::into_inner).values() {
            sender.send_replace(());
        }
    }
}

impl Moved {
    /// Waits until something moves, or the time is over.
    pub(crate) async fn within(mut self, time: Duration) {
        // Whether anything moved shows when the channel is looked at.
        let _ = tokio::time::timeout(time, self.0.changed()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_listened_before_it_moved_does_not_wait() {
        let waits = LinkWaits::default();
        let link = LinkId::from_bytes([1; 16]);
        let moved = waits.moved(link);
        waits.wake(&link);
        let begun = std::time::Instant::now();
        moved.within(Duration::from_mins(1)).await;
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[tokio::test]
    async fn nobody_waits_when_the_relay_stops() {
        let waits = LinkWaits::default();
        let moved = waits.moved(LinkId::from_bytes([1; 16]));
        waits.wake_all();
        let begun = std::time::Instant::now();
        moved.within(Duration::from_mins(1)).await;
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn channels_that_nobody_waits_at_are_forgotten() {
        let waits = LinkWaits::default();
        for n in 0..10 {
            drop(waits.moved(LinkId::from_bytes([n; 16])));
        }
        assert_eq!(waits.channels.lock().unwrap().len(), 1);
    }
}
