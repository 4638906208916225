//! Feeds bytes from outside to the decoder `key_package`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| infrasound_fuzz::feed("key_package", bytes));
