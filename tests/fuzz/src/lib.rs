//! The decoders that the targets feed: the same functions that `cargo test -p infrasound-spec` calls.

#[path = "../../../spec/tests/support/decoders.rs"]
mod decoders;

macro_rules! targets {
    ($($name:ident)+) => {
        $(
            /// Feeds the decoder of this name.
            pub fn $name(bytes: &[u8]) {
                decoders::$name(bytes);
            }
        )+
    };
}

targets! { aad account_uri activity conversation endorsement frame handle key_package log_entry log_position problem stream_event }
