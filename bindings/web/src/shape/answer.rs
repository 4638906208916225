//! What a wish brought.

use infrasound_core::event;
use infrasound_spec::{
    account::{DeviceId, Handle},
    api::{devices, groups},
    content::ObjectId,
    conversation::ConversationId,
    policy::LinkKey,
};
use serde::Serialize;

use super::{group::GroupView, integer::Integer, message::Message, person::Person};

/// What a wish brought.
#[derive(Debug, Serialize)]
#[serde(tag = "answer", rename_all = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "one lives for a moment, on its way to the app")]
pub(crate) enum Answer {
    Done,
    Queued {
        message: ObjectId,
        conversation: Option<ConversationId>,
    },
    Messages {
        messages: Vec<Message>,
    },
    SafetyNumber {
        who: Handle,
        groups: [String; 12],
        pinned: bool,
    },
    Bytes {
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    Devices {
        devices: Vec<Device>,
    },
    Group {
        group: Box<GroupView>,
    },
    Link {
        conversation: ConversationId,
        key: LinkKey,
        link: String,
        name: String,
    },
    JoinRequests {
        requests: Vec<JoinRequest>,
    },
}

/// A device of the account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Device {
    id: DeviceId,
    name: String,
    created: Integer,
    last_seen: Integer,
}

/// Somebody who asks to be let in.
#[derive(Debug, Serialize)]
pub(crate) struct JoinRequest {
    person: Person,
    asked: Integer,
}

impl From<event::Answer> for Answer {
    fn from(answer: event::Answer) -> Self {
        match answer {
            event::Answer::Done => Self::Done,
            event::Answer::Queued { message, conversation } => Self::Queued { message, conversation },
            event::Answer::Messages(messages) => {
                Self::Messages { messages: messages.into_iter().map(Message::from).collect() }
            }
            event::Answer::SafetyNumber(number) => {
                Self::SafetyNumber { who: number.who, groups: number.groups, pinned: number.pinned }
            }
            event::Answer::Bytes(bytes) => Self::Bytes { bytes },
            event::Answer::Devices(devices) => {
                Self::Devices { devices: devices.into_iter().map(Device::from).collect() }
            }
            event::Answer::Group(view) => Self::Group { group: Box::new((*view).into()) },
            event::Answer::Link(link) => Self::Link {
                conversation: link.conversation,
                key: link.key(),
                link: link.to_fragment(),
                name: link.name,
            },
            event::Answer::JoinRequests(requests) => {
                Self::JoinRequests { requests: requests.into_iter().map(JoinRequest::from).collect() }
            }
        }
    }
}

impl From<devices::DeviceInfo> for Device {
    fn from(info: devices::DeviceInfo) -> Self {
        Self {
            id: info.device,
            name: info.name,
            created: info.created.into(),
            last_seen: info.last_seen.into(),
        }
    }
}

impl From<groups::JoinRequest> for JoinRequest {
    fn from(request: groups::JoinRequest) -> Self {
        Self { person: request.who.into(), asked: request.since.into() }
    }
}
