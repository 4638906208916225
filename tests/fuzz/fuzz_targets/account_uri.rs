//! Feeds bytes from outside to the decoder `account_uri`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| infrasound_fuzz::feed("account_uri", bytes));
