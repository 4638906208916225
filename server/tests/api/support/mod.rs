//! The actors: a relay, and devices of its demo instance's accounts.

mod answer;
mod browser;
mod device;
mod group;
mod link;
mod push_service;
mod reader;
mod relay;

pub(crate) use self::{
    answer::Answer,
    browser::Browser,
    device::{Device, NewDevice, contact_path},
    group::{Group, claim_all, parse, submit},
    link::Link,
    push_service::{PushService, Subscriber},
    reader::Reader,
    relay::TestRelay,
};
