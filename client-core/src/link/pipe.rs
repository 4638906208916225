//! One side's end of the link channel at the relay: frames go out one by one, again until they have arrived; frames come
//! in by number.
//!
//! Spec: `devices.md` 2.

use std::collections::VecDeque;

use infrasound_spec::{
    api::{
        links::{LinkFrames, LinkToken, NumberedFrame},
        paths,
    },
    bytes::Base64Url,
    time::{SECOND, Timestamp},
};

use super::LinkError;

/// For how many seconds the relay is asked to wait for a frame.
const WAIT: u64 = 15;
/// Between two questions that are answered at once and in vain, in milliseconds.
const PAUSE: u64 = SECOND;
/// Frames made ahead of those that have arrived.
const AHEAD: usize = 3;

/// One side's end.
pub(crate) struct Pipe {
    token: LinkToken,
    outbox: VecDeque<Vec<u8>>,
    sent: u64,
    received: u64,
    sending: bool,
    reading: bool,
    send_at: Timestamp,
    read_at: Timestamp,
    asked_at: Timestamp,
}

/// A request that is due.
pub(crate) enum Due {
    Send(NumberedFrame),
    /// With path and query.
    Read(String),
}

impl Pipe {
    pub(crate) fn new(token: LinkToken) -> Self {
        Self {
            token,
            outbox: VecDeque::new(),
            sent: 0,
            received: 0,
            sending: false,
            reading: false,
            send_at: Timestamp::default(),
            read_at: Timestamp::default(),
            asked_at: Timestamp::default(),
        }
    }

    pub(crate) fn token(&self) -> String {
        self.token.to_string()
    }

    /// The number that the next frame will have.
    pub(crate) fn next_number(&self) -> u64 {
        self.sent + 1 + u64::try_from(self.outbox.len()).unwrap_or(u64::MAX)
    }

    pub(crate) fn push(&mut self, frame: Vec<u8>) {
        self.outbox.push_back(frame);
    }

    /// Whether there is room for another frame: what is read from the journal waits for what goes out.
    pub(crate) fn has_room(&self) -> bool {
        self.outbox.len() < AHEAD
    }

    /// Whether everything has arrived at the relay.
    pub(crate) fn is_empty(&self) -> bool {
        self.outbox.is_empty()
    }

    /// What is to be asked of the relay now.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<Due> {
        let mut due = Vec::new();
        if !self.sending
            && now >= self.send_at
            && let Some(frame) = self.outbox.front()
        {
            self.sending = true;
            due.push(Due::Send(NumberedFrame { number: self.sent + 1, frame: Base64Url(frame.clone()) }));
        }
        if !self.reading && now >= self.read_at {
            self.reading = true;
            self.asked_at = now;
            due.push(Due::Read(format!("{}?after={}&wait={WAIT}", paths::LINKS_FRAMES, self.received)));
        }
        due
    }

    /// When something is due next.
    pub(crate) fn wake_at(&self) -> Option<Timestamp> {
        let send = (!self.sending && !self.outbox.is_empty()).then_some(self.send_at);
        let read = (!self.reading).then_some(self.read_at);
        send.into_iter().chain(read).min()
    }

    /// The frame that was under way has arrived.
    pub(crate) fn arrived(&mut self) {
        self.sending = false;
        if self.outbox.pop_front().is_some() {
            self.sent += 1;
        }
    }

    /// It did not, or nobody knows: it is sent again, under the same number.
    pub(crate) fn send_again(&mut self, after: Option<u64>, now: Timestamp) {
        self.sending = false;
        self.send_at = now.plus_millis(after.map_or(PAUSE, |seconds| seconds.clamp(1, 60) * SECOND));
    }

    /// There was no answer: it is asked again.
    pub(crate) fn read_again(&mut self, after: Option<u64>, now: Timestamp) {
        self.reading = false;
        self.read_at = now.plus_millis(after.map_or(PAUSE, |seconds| seconds.clamp(1, 60) * SECOND));
    }

    /// Takes an answer in: the frames after the last one, each with its number.
    pub(crate) fn take(
        &mut self,
        answer: LinkFrames,
        now: Timestamp,
    ) -> Result<Vec<(u64, Vec<u8>)>, LinkError> {
        self.reading = false;
        let waited = now.millis_since(self.asked_at) >= 5 * SECOND;
        if answer.frames.is_empty() && !waited {
            self.read_at = now.plus_millis(PAUSE);
        }
        let mut taken = Vec::with_capacity(answer.frames.len());
        for NumberedFrame { number, frame } in answer.frames {
            if number != self.received + 1 {
                return Err(LinkError::Altered);
            }
            self.received = number;
            taken.push((number, frame.0));
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipe() -> Pipe {
        Pipe::new(LinkToken::from_bytes([1; 32]))
    }

    fn frames(numbers: &[u64]) -> LinkFrames {
        let frame = |number: &u64| NumberedFrame { number: *number, frame: Base64Url(vec![1]) };
        LinkFrames { frames: numbers.iter().map(frame).collect() }
    }

    #[test]
    fn a_frame_is_sent_again_under_its_number_until_it_has_arrived() {
        let mut pipe = pipe();
        pipe.push(vec![7]);
        pipe.push(vec![8]);
        let now = Timestamp::from_secs(100);
        let sent = |due: Vec<Due>| {
            due.into_iter().find_map(|due| match due {
                Due::Send(frame) => Some((frame.number, frame.frame.0)),
                Due::Read(_) => None,
            })
        };
        assert_eq!(sent(pipe.due(now)), Some((1, vec![7])));
        assert_eq!(sent(pipe.due(now)), None, "one at a time");
        pipe.send_again(Some(2), now);
        assert_eq!(sent(pipe.due(now.plus_millis(1999))), None);
        assert_eq!(sent(pipe.due(now.plus_millis(2000))), Some((1, vec![7])));
        pipe.arrived();
        assert_eq!(sent(pipe.due(now.plus_millis(2000))), Some((2, vec![8])));
        assert_eq!(pipe.next_number(), 3);
    }

    #[test]
    fn a_frame_left_out_or_repeated_is_noticed() {
        let mut pipe = pipe();
        assert_eq!(pipe.take(frames(&[1, 2]), Timestamp::default()).unwrap().len(), 2);
        assert_eq!(pipe.take(frames(&[4]), Timestamp::default()).err(), Some(LinkError::Altered));
        assert_eq!(pipe.take(frames(&[2]), Timestamp::default()).err(), Some(LinkError::Altered));
        assert_eq!(pipe.take(frames(&[3]), Timestamp::default()).unwrap().len(), 1);
    }
}
