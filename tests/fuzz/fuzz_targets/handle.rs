//! Feeds bytes from outside to the decoder `handle`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| infrasound_fuzz::feed("handle", bytes));
