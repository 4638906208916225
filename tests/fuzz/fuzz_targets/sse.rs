//! Feeds bytes from a stream to the parser of server-sent events, whole and in two chunks: the events are the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| infrasound_fuzz::sse(bytes));
