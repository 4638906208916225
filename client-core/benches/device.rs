//! What it costs to become a device, and to open one: keys, endorsement and the sealed journal, without any relay.

#![expect(clippy::expect_used, reason = "a bench that cannot run says why")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use infrasound_core::{
    Client, NewDevice,
    journal::{Scope, SealedRecord, StorageKey},
    output::Output,
};
use infrasound_spec::{
    api::sign_in::{SignedIn, Ticket},
    time::Timestamp,
};
use rand_core::OsRng;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn key() -> StorageKey {
    StorageKey::from_bytes([7; 32])
}

fn register() -> (Client, Vec<Output>) {
    let signed_in = SignedIn {
        ticket: Ticket::from_bytes([1; 32]),
        account: "https://social.example/users/alice".parse().expect("an account"),
        handle: "@alice@social.example".parse().expect("a handle"),
        account_key: None,
        devices: Vec::new(),
    };
    let new = NewDevice { signed_in, device_name: "bench".to_owned(), start_over: false };
    Client::register(&key(), new, NOW, &mut OsRng).expect("a device")
}

/// The records that a host has after registration was begun.
fn stored(outputs: Vec<Output>) -> Vec<SealedRecord> {
    let batches = outputs.into_iter().filter_map(|output| match output {
        Output::Persist(batch) => Some(batch.put),
        _ => None,
    });
    let root = batches.flatten().filter(|(scope, ..)| *scope == Scope::ROOT);
    root.map(|(_, name, value)| SealedRecord { name, value }).collect()
}

fn device(criterion: &mut Criterion) {
    criterion.bench_function("make the keys of a device and ask to register it", |bencher| {
        bencher.iter(|| black_box(register()));
    });
    let records = stored(register().1);
    criterion.bench_function("open a device without conversations", |bencher| {
        bencher.iter(|| black_box(Client::open(&key(), &records, NOW, &mut OsRng)));
    });
}

criterion_group!(benches, device);
criterion_main!(benches);
