//! Feeds bytes from outside to the decoder `stream_event`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| infrasound_fuzz::feed("stream_event", bytes));
