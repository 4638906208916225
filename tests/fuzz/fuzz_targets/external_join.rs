//! Feeds bytes from outside to the decoder `external_join`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| infrasound_fuzz::feed("external_join", bytes));
