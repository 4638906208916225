//! Feeds bytes from outside to the decoder `activity`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| infrasound_fuzz::feed("activity", bytes));
