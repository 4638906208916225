//! Infrasound's client in a browser: the core as a WASM module.
//!
//! Each class wraps one type of `infrasound-core`: a method converts what JavaScript gives, calls once, and converts back.
//! The host is written in TypeScript (`bindings/web/client`); its law stands in `infrasound_core::output`.
//!
//! | file | what |
//! |---|---|
//! | `client`, `newcomer` | a device, and one that is being linked |
//! | `blob` | sealing and opening files |
//! | `shape` | what the core's types are in JavaScript; `types.d.ts` says it in TypeScript |
//! | `value` | between shapes and values of JavaScript |
//! | `refusal` | what is thrown |
//! | `panic` | a panic becomes an error of JavaScript |

mod blob;
mod client;
mod newcomer;
#[cfg(target_arch = "wasm32")]
mod panic;
mod refusal;
mod shape;
mod value;

pub use blob::{BlobCheck, BlobOpener, BlobSealer};
pub use client::Core;
pub use newcomer::Newcomer;

/// The types in the generated declarations.
#[wasm_bindgen::prelude::wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");
