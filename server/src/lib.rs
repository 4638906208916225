//! server

pub mod demo;
pub mod instance;
