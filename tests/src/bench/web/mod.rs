//! `bench-web`: what a browser loads, how soon it shows a conversation list, and what a message and a group of 1,000 cost in
//! it. Beside it the libraries that people would embed instead, in the same run.
//!
//! | module | what |
//! |---|---|
//! | `sizes` | the module and the peers', compressed in the same way |
//! | `peers` | encryption alone, the peers' and ours, in the same Node.js |
//! | `stage` | people at a relay, with a group of 1,000, and journals of theirs |
//! | `browser` | the app and its core in Chromium, at that relay |
//! | `script` | programs in JavaScript that print what they have measured |

mod browser;
mod peers;
mod script;
mod sizes;
mod stage;

use infrasound_tests::bench::report::Report;

/// Measures everything.
pub(crate) async fn measure(report: &mut Report) {
    sizes::measure(report);
    peers::measure(report);
    let stage = Box::pin(stage::Stage::set(report)).await;
    browser::measure(report, &stage);
}
