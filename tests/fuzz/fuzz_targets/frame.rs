//! Feeds bytes from outside to the decoder `frame`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| infrasound_fuzz::feed("frame", bytes));
