//! The open streams of this process: who listens, and what they are told after a commit.
//!
//! A nudge says where to look and carries nothing else, so a lost one costs nothing: a stream whose reader is too slow
//! is closed, and the client resumes. Spec: `relay-api.md` 10.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use infrasound_spec::{account::DeviceId, api::stream::StreamEvent};
use tokio::sync::mpsc::{self, error::TrySendError};

/// Events that a slow reader may be behind before its stream is closed.
const BUFFER: usize = 256;
/// Streams of one device at a time; a new one closes the oldest.
const STREAMS_OF_DEVICE: usize = 4;

/// An event with the change that caused it; without one, if it has no place in the order of changes.
pub(crate) type Nudge = (Option<u64>, StreamEvent);

/// The open streams.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    listeners: Mutex<HashMap<DeviceId, Vec<mpsc::Sender<Nudge>>>>,
    /// The relay is stopping: who comes now is sent away at once.
    over: AtomicBool,
}

impl Streams {
    fn listeners(&self) -> MutexGuard<'_, HashMap<DeviceId, Vec<mpsc::Sender<Nudge>>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens for a device from now on.
    pub(crate) fn listen(&self, device: DeviceId) -> mpsc::Receiver<Nudge> {
        let (sender, receiver) = mpsc::channel(BUFFER);
        let mut listeners = self.listeners();
        if self.over.load(Ordering::SeqCst) {
            return receiver;
        }
        let senders = listeners.entry(device).or_default();
        senders.retain(|sender| !sender.is_closed());
        if senders.len() >= STREAMS_OF_DEVICE {
            senders.remove(0);
        }
        senders.push(sender);
        receiver
    }

    /// Tells a device. Who does not keep up is dropped.
    pub(crate) fn tell(&self, device: &DeviceId, seq: u64, event: &StreamEvent) {
        self.send(device, Some(seq), event);
    }

    /// Tells a device something that is kept nowhere. Who does not keep up misses it.
    pub(crate) fn pass_on(&self, device: &DeviceId, event: &StreamEvent) {
        self.send(device, None, event);
    }

    /// Whether anybody listens for a device.
    pub(crate) fn listens(&self, device: &DeviceId) -> bool {
        self.listeners().get(device).is_some_and(|senders| senders.iter().any(|sender| !sender.is_closed()))
    }

    fn send(&self, device: &DeviceId, seq: Option<u64>, event: &StreamEvent) {
        let mut listeners = self.listeners();
        let Some(senders) = listeners.get_mut(device) else { return };
        senders.retain(|sender| match sender.try_send((seq, event.clone())) {
            Ok(()) => true,
            // What is kept nowhere may be lost: it is not worth a stream.
            Err(TrySendError::Full(_)) => seq.is_none(),
            Err(TrySendError::Closed(_)) => false,
        });
        if senders.is_empty() {
            listeners.remove(device);
        }
    }

    /// Ends the streams of a device.
    pub(crate) fn end(&self, device: &DeviceId) {
        self.listeners().remove(device);
    }

    /// Ends all streams, and those to come: the relay stops.
    pub(crate) fn end_all(&self) {
        let mut listeners = self.listeners();
        self.over.store(true, Ordering::SeqCst);
        listeners.clear();
    }

    /// How many are open.
    pub(crate) fn open(&self) -> usize {
        let open =
            |senders: &Vec<mpsc::Sender<_>>| senders.iter().filter(|sender| !sender.is_closed()).count();
        self.listeners().values().map(open).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_reads_too_slowly_is_cut_off_after_what_was_buffered() {
        let streams = Streams::default();
        let (slow, other) = (DeviceId::from_bytes([1; 16]), DeviceId::from_bytes([2; 16]));
        let (mut of_slow, mut of_other) = (streams.listen(slow), streams.listen(other));
        for seq in 0..=BUFFER as u64 {
            streams.tell(&slow, seq, &StreamEvent::Welcome);
        }
        streams.tell(&other, 7, &StreamEvent::Contacts);
        for seq in 0..BUFFER as u64 {
            assert_eq!(of_slow.recv().await, Some((Some(seq), StreamEvent::Welcome)));
        }
        assert_eq!(of_slow.recv().await, None);
        assert_eq!(of_other.recv().await, Some((Some(7), StreamEvent::Contacts)));
    }

    #[tokio::test]
    async fn what_is_kept_nowhere_cuts_nobody_off() {
        let streams = Streams::default();
        let device = DeviceId::from_bytes([1; 16]);
        let mut slow = streams.listen(device);
        for _ in 0..=BUFFER {
            streams.pass_on(&device, &StreamEvent::Contacts);
        }
        for _ in 0..BUFFER {
            assert_eq!(slow.recv().await, Some((None, StreamEvent::Contacts)));
        }
        streams.tell(&device, 7, &StreamEvent::Welcome);
        assert_eq!(slow.recv().await, Some((Some(7), StreamEvent::Welcome)));
        drop(slow);
        streams.pass_on(&device, &StreamEvent::Contacts);
        assert!(!streams.listens(&device));
    }

    #[tokio::test]
    async fn when_the_relay_stops_streams_end_and_none_begins() {
        let streams = Streams::default();
        let device = DeviceId::from_bytes([1; 16]);
        let mut open = streams.listen(device);
        assert_eq!(streams.open(), 1);
        streams.end_all();
        let mut late = streams.listen(device);
        assert_eq!((open.recv().await, late.recv().await, streams.open()), (None, None, 0));
    }

    #[tokio::test]
    async fn a_fifth_stream_of_a_device_ends_the_first() {
        let streams = Streams::default();
        let device = DeviceId::from_bytes([1; 16]);
        let mut listening: Vec<_> = (0..=STREAMS_OF_DEVICE).map(|_| streams.listen(device)).collect();
        assert_eq!(listening[0].recv().await, None);
        streams.tell(&device, 1, &StreamEvent::Welcome);
        for receiver in &mut listening[1..] {
            assert_eq!(receiver.recv().await, Some((Some(1), StreamEvent::Welcome)));
        }
    }
}
