//! The actors: a relay, and devices of its demo instance's accounts.

mod answer;
mod browser;
mod device;
mod group;
mod relay;

pub(crate) use self::{
    answer::Answer,
    browser::Browser,
    device::{Device, NewDevice, contact_path},
    group::{Group, parse, submit},
    relay::TestRelay,
};
