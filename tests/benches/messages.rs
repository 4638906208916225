//! Sending and receiving under criterion: the same steps that `bench-core` compares, for a closer look at a change.
//!
//! Only the core's own step is in the times; what the relay would do in between is not.

#![expect(clippy::expect_used, reason = "a bench that cannot run says why")]

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use ed25519_dalek::SigningKey;
use infrasound_tests::bench::{bare::Bare, messages::Pair};

fn messages(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut pair = runtime.block_on(Pair::new());
    let key = SigningKey::from_bytes(&[7; 32]);
    let mut bare = Bare::new();
    criterion.bench_function("bare openmls: create_message", |bencher| {
        bencher.iter_custom(|times| (0..times).map(|_| bare.create_message(&[b'a'; 256]).0).sum());
    });
    criterion.bench_function("send: the whole step", |bencher| {
        let mut send = || {
            let written = pair.write(&key);
            pair.read(std::slice::from_ref(&written.entry));
            written.took
        };
        bencher.iter_custom(|times| (0..times).map(|_| send()).sum());
    });
    let mut bare = Bare::new();
    criterion.bench_function("bare openmls: process_message", |bencher| {
        let mut process = || -> Duration {
            let (_, bytes) = bare.create_message(&[b'a'; 256]);
            bare.process_message(&bytes)
        };
        bencher.iter_custom(|times| (0..times).map(|_| process()).sum());
    });
    criterion.bench_function("receive: the whole step", |bencher| {
        let mut receive = || {
            let written = pair.write(&key);
            pair.read(std::slice::from_ref(&written.entry)).took
        };
        bencher.iter_custom(|times| (0..times).map(|_| receive()).sum());
    });
}

criterion_group!(benches, messages);
criterion_main!(benches);
