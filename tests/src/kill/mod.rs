//! Processes that are killed without warning while people write to each other, and what must hold afterwards.
//!
//! | module | what |
//! |---|---|
//! | `tap` | the wire between clients and relay, which stays when the relay dies, and remembers |
//! | `mortal_relay` | a relay that is killed and started again on the same data |
//! | `actor` | one side of a conversation: processes that send and receive, killed at random moments |
//! | `campaign` | some pairs of actors at one relay: calm, storm, settling |
//! | `verdict` | what must hold, counted |
//!
//! What is a failure: a message that the command had acknowledged does not arrive; any message arrives twice, or out of
//! order; the two histories differ; a wish that was acknowledged is still waiting; a client warns or finds something
//! unreadable; one submission with two bodies; a ciphertext that left a client and is not in the relay's log.
//! What is none: a message that was not acknowledged and does not arrive; a command that says that the relay is away.

mod actor;
mod campaign;
mod mortal_relay;
mod tap;
mod verdict;

pub use campaign::{Campaign, run};
pub use mortal_relay::MortalRelay;
pub use tap::Tap;
pub use verdict::Tally;
