//! Feeds bytes from outside to the decoder `link_message`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| infrasound_fuzz::feed("link_message", bytes));
