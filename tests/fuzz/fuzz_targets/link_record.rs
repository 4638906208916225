//! Feeds bytes from outside to the decoder `link_record`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| infrasound_fuzz::feed("link_record", bytes));
