//! `bench-groups`: openmls over the core's storage beside openmls as it comes, in groups of up to 5,000 leaves; and the
//! whole core at a relay.
//!
//! What is measured first is the part of the core that grows with a group: openmls, the records that it changes, and the
//! batch that they are sealed into. All leaves are endorsed, as ours are. Values are medians where something is done often.
//!
//! | module | what |
//! |---|---|
//! | `member` | members over either storage |
//! | `sealing` | the batch that a step of the core would make |
//! | `messages` | one message, by the number of members |
//! | `spoken` | a group of 1,000 that everybody joins and speaks in |
//! | `commits` | commits, by the number of members |
//! | `relayed` | people at a relay, and their groups |
//! | `nudges` | what reaches the open streams of a group |
//! | `published` | what others say of theirs |

mod commits;
#[expect(dead_code, unreachable_pub, reason = "the core's own; a bench reads nothing back")]
#[path = "../../../../client-core/src/journal.rs"]
mod journal;
mod member;
mod messages;
#[expect(dead_code, reason = "the core's own; a bench rolls nothing back")]
#[path = "../../../../client-core/src/mls/mod.rs"]
mod mls;
mod nudges;
mod published;
mod relayed;
mod sealing;
mod spoken;

use infrasound_tests::bench::report::Report;
use openmls::prelude::KeyPackage;
use openmls_rust_crypto::OpenMlsRustCrypto;

use member::{Member, Newcomer, Ours, Person, Storage};

/// 256 bytes.
const TEXT: &[u8] = &[b'x'; 256];

/// Measures everything that `bench-groups` measures of groups.
pub(crate) fn run(report: &mut Report) {
    let two = messages::measure(report);
    spoken::measure(report, two);
    commits::measure(report);
}

/// Measures groups of people at a relay that is a process of its own.
pub(crate) async fn run_over_a_relay(report: &mut Report) {
    // Cores are large, and so is what holds two of them.
    Box::pin(relayed::measure(report)).await;
    published::add(report);
}

/// A group over each storage with the same others in it, who have joined neither.
fn founded(members: u32) -> (Member<Ours>, Member<OpenMlsRustCrypto>) {
    let newcomers = arrivals::<OpenMlsRustCrypto>(1..members);
    let key_packages = packages(&newcomers);
    let (mut ours, mut bare) = (Person::new(0).found::<Ours>(), Person::new(0).found::<OpenMlsRustCrypto>());
    ours.commit(&key_packages);
    ours.merge();
    bare.commit(&key_packages);
    bare.merge();
    (ours, bare)
}

fn arrivals<S: Storage>(numbers: impl Iterator<Item = u32>) -> Vec<Newcomer<S>> {
    numbers.map(|number| Person::new(number).arrive()).collect()
}

fn packages<S>(newcomers: &[Newcomer<S>]) -> Vec<KeyPackage> {
    newcomers.iter().map(|newcomer| newcomer.key_package.clone()).collect()
}

fn millis(took: std::time::Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
