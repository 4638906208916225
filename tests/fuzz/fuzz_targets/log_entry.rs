//! Feeds bytes from outside to the decoder `log_entry`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| infrasound_fuzz::feed("log_entry", bytes));
