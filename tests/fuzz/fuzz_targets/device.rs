//! Feeds a device with whatever can happen to it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| infrasound_fuzz::device(bytes));
