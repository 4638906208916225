//! The stored form of everything but openmls' own state: MessagePack with named fields, versioned by the device record.
//!
//! Live structures are not stored as they are; what is here is a format, pinned by a test. Spec: `journal.md` 3.

use serde::{Serialize, de::DeserializeOwned};

use crate::{journal::RecordDamaged, unpack::unpack};

/// The version of the format. A journal with a higher one is from a newer client and is not opened.
pub(crate) const FORMAT: u32 = 2;

/// Most values fit without growing, which would cost more than the encoding.
const ROOM: usize = 1024;

/// Encodes a stored value.
pub(crate) fn encode(value: &impl Serialize) -> Vec<u8> {
    // Our stored types have no map with keys that are not strings and no unsized sequence, so this cannot fail.
    let mut bytes = Vec::with_capacity(ROOM);
    match value.serialize(&mut rmp_serde::Serializer::new(&mut bytes).with_struct_map()) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

/// Decodes a stored value.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RecordDamaged> {
    unpack(bytes).map_err(|_| RecordDamaged)
}

#[cfg(test)]
mod tests {
    //! The stored format, pinned: whoever changes one of these bytes breaks every journal there is.

    use infrasound_spec::{
        account::AccountKey, blob::BlobId, consent::ContactState, conversation::ConversationId,
        submission::SubmissionId, time::Timestamp,
    };
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::{
        contact::Contact,
        conversation::{state::State, summary::StoredSummary},
        event::FailureCode,
        intent::{Intent, Stage, Target, Upload, Work},
    };

    /// The first half of the digest in hex, and the length: enough to fail loudly, short enough to read.
    fn fingerprint(value: &impl Serialize) -> String {
        let bytes = encode(value);
        let hex: Vec<String> = Sha256::digest(&bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}:{}", bytes.len(), hex.concat())
    }

    fn contact() -> Contact {
        Contact {
            state: ContactState::Accepted,
            pin: Some(AccountKey::from_bytes([7; 32])),
            ..Contact::new("https://b.example/users/bob".parse().unwrap(), "@bob@b.example".parse().unwrap())
        }
    }

    fn intent(stage: Stage) -> Intent {
        Intent {
            id: 3,
            target: Target::Conversation(ConversationId::from_bytes([1; 32])),
            work: Work::Activity {
                json: b"{}".to_vec(),
                note: Some("urn:uuid:1".parse().unwrap()),
                receipt: false,
            },
            stage,
            created: Timestamp::from_millis(1_795_000_000_000),
            uploads: Vec::new(),
            detaches: Vec::new(),
        }
    }

    fn state() -> State {
        State::new(ConversationId::from_bytes([1; 32]), "https://b.example/users/bob".parse().ok())
    }

    #[test]
    fn the_stored_format_does_not_change_unnoticed() {
        let message = Stage::Message { submission: SubmissionId::from_bytes([2; 16]), bytes: vec![9; 4] };
        let summary =
            StoredSummary { unread: 2, preview: "<p>hi</p>".to_owned(), ..StoredSummary::default() };
        assert_eq!(fingerprint(&contact()), "165:f02a192e4068aabd");
        assert_eq!(fingerprint(&intent(Stage::Queued)), "151:005ad6a28344f5cf");
        assert_eq!(fingerprint(&intent(message)), "200:549a67089ae53fad");
        assert_eq!(fingerprint(&intent(Stage::Held { number: 5 })), "159:d9b5a919d3cbe619");
        assert_eq!(
            fingerprint(&intent(Stage::Failed { reason: "no".to_owned(), code: FailureCode::NotAllowed })),
            "179:09dadc72ccf1c623"
        );
        let mut uploading = intent(Stage::Queued);
        uploading.uploads = vec![Upload { blob: BlobId::from_bytes([4; 32]), sealed_size: 272 }];
        assert_eq!(fingerprint(&uploading), "226:5fc4076c24d73b7d");
        assert_eq!(fingerprint(&summary), "106:c540db98dc7a295f");
        assert_eq!(fingerprint(&state()), "345:5e712ed01ab15ed9");
    }

    #[test]
    fn what_is_stored_reads_as_it_was_written() {
        let read: Contact = decode(&encode(&contact())).unwrap();
        assert_eq!((read.pin, read.state), (contact().pin, ContactState::Accepted));
        let read: State = decode(&encode(&state())).unwrap();
        assert_eq!((read.position, read.other), (state().position, state().other));
        let read: Intent = decode(&encode(&intent(Stage::Held { number: 5 }))).unwrap();
        assert!(matches!(read.stage, Stage::Held { number: 5 }));
    }

    #[test]
    fn what_was_stored_before_a_field_came_is_read() {
        #[derive(Serialize)]
        enum Before {
            Failed { reason: String },
        }
        let read: Stage = decode(&encode(&Before::Failed { reason: "no".to_owned() })).unwrap();
        assert!(matches!(read, Stage::Failed { code: FailureCode::Refused, .. }));
    }

    #[test]
    fn bytes_that_are_no_record_are_damage() {
        assert_eq!(decode::<Contact>(b"\xc1").err(), Some(RecordDamaged));
        assert_eq!(decode::<Contact>(&[]).err(), Some(RecordDamaged));
    }
}
