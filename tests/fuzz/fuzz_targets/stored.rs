//! Feeds bytes to the reader of stored values: what it accepts is what the library reads.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| infrasound_fuzz::stored(bytes));
