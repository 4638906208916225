//! Feeds bytes from outside to the decoder `policy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| infrasound_fuzz::feed("policy", bytes));
