//! Feeds bytes from outside to the decoder `log_position`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| infrasound_fuzz::feed("log_position", bytes));
