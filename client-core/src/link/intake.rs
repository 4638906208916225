//! What a new device takes in: the stream of records, put together again and checked before anything of it is stored.
//!
//! Spec: `devices.md` 6.

use infrasound_spec::link::{LinkPlace, LinkRecord};
use zeroize::Zeroizing;

use super::{LinkError, hand_over::is_of_root};
use crate::{
    conversation::{STATE, state::State},
    journal::{Place, WriteSet},
    stored,
};

/// A hand-over as it arrives.
#[derive(Default)]
pub(crate) struct Intake {
    stream: Zeroizing<Vec<u8>>,
    records: u64,
}

impl Intake {
    /// How many records have come.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// A piece of the stream: the records that are whole now are written.
    pub(crate) fn take(&mut self, piece: &[u8], writes: &mut WriteSet) -> Result<(), LinkError> {
        self.stream.extend_from_slice(piece);
        let mut read = 0;
        while let Some((record, length)) = LinkRecord::decode(&self.stream[read..])? {
            if !may_be_stored(&record) {
                return Err(LinkError::Malformed);
            }
            writes.put(place(&record), record.name, record.value.to_vec());
            self.records += 1;
            read += length;
        }
        self.stream.drain(..read);
        Ok(())
    }

    /// The other says that these were all.
    pub(crate) fn end(&self, records: u64) -> Result<(), LinkError> {
        if self.stream.is_empty() && self.records == records { Ok(()) } else { Err(LinkError::Incomplete) }
    }
}

/// Only history: nothing that would be this device's key, group, intent or key package.
fn may_be_stored(record: &LinkRecord<'_>) -> bool {
    match record.place {
        LinkPlace::Root => is_of_root(record.name),
        LinkPlace::Conversation(id) => {
            let is_history = |state: State| stored::encode(&state) == stored::encode(&state.for_sibling(&id));
            record.name == STATE && stored::decode::<State>(record.value).is_ok_and(is_history)
        }
        LinkPlace::Timeline(..) => record.name.len() == 8,
        LinkPlace::Note(..) => [b"note/".as_slice(), b"edit/", b"gone/", b"react/"]
            .iter()
            .any(|kind| record.name.starts_with(kind)),
    }
}

fn place(record: &LinkRecord<'_>) -> Place {
    match record.place {
        LinkPlace::Root => Place::Root,
        LinkPlace::Conversation(id) => Place::Conversation(*id.as_bytes()),
        LinkPlace::Timeline(id, page) => Place::Timeline(*id.as_bytes(), page),
        LinkPlace::Note(id, note) => Place::Note(*id.as_bytes(), note.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use infrasound_spec::{conversation::ConversationId, time::Timestamp};

    use super::*;

    const ID: ConversationId = ConversationId::from_bytes([4; 32]);

    fn take(place: LinkPlace<'_>, name: &[u8], value: &[u8]) -> Result<(), LinkError> {
        let bytes = LinkRecord { place, name, value }.encode();
        Intake::default().take(&bytes, &mut WriteSet::default())
    }

    #[test]
    fn what_is_no_history_is_refused() {
        for name in [b"device".as_slice(), b"intent/1", b"key-packages", b""] {
            assert_eq!(take(LinkPlace::Root, name, b"x"), Err(LinkError::Malformed));
        }
        assert_eq!(take(LinkPlace::Conversation(ID), b"mls/x", b"x"), Err(LinkError::Malformed));
        assert_eq!(take(LinkPlace::Conversation(ID), STATE, b"x"), Err(LinkError::Malformed));
        assert_eq!(take(LinkPlace::Note(ID, "n"), b"other/x", b"x"), Err(LinkError::Malformed));
        assert_eq!(take(LinkPlace::Note(ID, "n"), b"note/x", b"x"), Ok(()));
    }

    #[test]
    fn a_state_with_a_group_is_refused() {
        let mut state = State::new(ID, Some("https://b.example/users/bob".parse().unwrap()));
        assert_eq!(take(LinkPlace::Conversation(ID), STATE, &stored::encode(&state)), Ok(()));
        let whole = state.clone();
        state.group_id = Some(vec![1]);
        let entered = State { entered: vec![Timestamp::from_millis(1)], ..whole.clone() };
        let away = State { left: true, ..whole };
        for state in [state, entered, away] {
            assert_eq!(
                take(LinkPlace::Conversation(ID), STATE, &stored::encode(&state)),
                Err(LinkError::Malformed)
            );
        }
    }

    #[test]
    fn pieces_may_be_cut_anywhere_and_an_end_that_comes_too_early_is_noticed() {
        let bytes = LinkRecord { place: LinkPlace::Note(ID, "n"), name: b"note/x", value: b"hello" }.encode();
        for cut in 0..bytes.len() {
            let (mut intake, mut writes) = (Intake::default(), WriteSet::default());
            intake.take(&bytes[..cut], &mut writes).unwrap();
            assert_eq!(intake.end(1), Err(LinkError::Incomplete));
            intake.take(&bytes[cut..], &mut writes).unwrap();
            assert_eq!((intake.end(1), intake.end(2)), (Ok(()), Err(LinkError::Incomplete)));
        }
    }
}
