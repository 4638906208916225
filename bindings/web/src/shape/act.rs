//! What somebody did to a message. An app reads the message again to see what came of it.

use infrasound_spec::content::{self, ObjectId};
use serde::Serialize;

use super::integer::Integer;

/// What was done.
#[derive(Debug, Serialize)]
#[serde(tag = "act", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Act {
    Create,
    Update { object: ObjectId },
    Delete { object: ObjectId },
    React { object: ObjectId, emoji: Option<String> },
    Undo { object: ObjectId },
    Delivered { up_to: Integer },
    Read { up_to: Integer },
    Group,
    Unknown { name: String },
}

impl From<content::Act> for Act {
    fn from(act: content::Act) -> Self {
        match act {
            content::Act::Create(_) => Self::Create,
            content::Act::Update { object, .. } => Self::Update { object },
            content::Act::Delete { object } => Self::Delete { object },
            content::Act::React { object, emoji } => Self::React { object, emoji },
            content::Act::Undo { object } => Self::Undo { object },
            content::Act::Delivered { up_to, .. } => Self::Delivered { up_to: up_to.into() },
            content::Act::Read { up_to, .. } => Self::Read { up_to: up_to.into() },
            content::Act::Group(_) => Self::Group,
            content::Act::Unknown { name, .. } => Self::Unknown { name },
        }
    }
}
