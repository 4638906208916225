//! What the app is told.

use infrasound_core::{event, message};
use infrasound_spec::{
    account::Handle, blob::BlobId, content::ObjectId, conversation::ConversationId, link::LinkMode,
};
use serde::Serialize;

use super::{
    answer::Answer,
    conversation::Conversation,
    failure::Failure,
    integer::Integer,
    message::{Message, MessageState},
    warning,
};

/// One thing for the app to know.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "one lives for a moment, on its way to the app")]
pub(crate) enum Event {
    Registered,
    RegistrationFailed {
        #[serde(flatten)]
        failure: Failure,
    },
    WishDone {
        wish: Integer,
        answer: Answer,
    },
    WishFailed {
        wish: Integer,
        #[serde(flatten)]
        failure: Failure,
    },
    Message {
        message: Message,
    },
    /// What was done an app sees when it reads the messages again.
    Activity {
        conversation: ConversationId,
        number: Integer,
        sender: Handle,
        own: bool,
        time: Integer,
    },
    MessageState {
        conversation: ConversationId,
        message: ObjectId,
        number: Option<Integer>,
        state: MessageState,
    },
    Receipt {
        conversation: ConversationId,
        up_to: Integer,
        state: &'static str,
    },
    Changed {
        conversation: ConversationId,
        object: ObjectId,
    },
    NotAdded {
        conversation: ConversationId,
        who: Handle,
        #[serde(flatten)]
        failure: Failure,
    },
    Typing {
        conversation: ConversationId,
        who: Handle,
    },
    JoinRequests {
        conversation: ConversationId,
        count: Integer,
    },
    Uploading {
        message: ObjectId,
        blob: BlobId,
        sent: Integer,
        total: Integer,
    },
    Failed {
        conversation: Option<ConversationId>,
        object: ObjectId,
        #[serde(flatten)]
        failure: Failure,
    },
    Conversation {
        conversation: Conversation,
    },
    LinkOpened {
        code: String,
        uri: String,
    },
    LinkCompare {
        number: String,
        mode: &'static str,
        device: Option<String>,
    },
    LinkProgress {
        records: Integer,
    },
    LinkDone,
    LinkFailed {
        #[serde(flatten)]
        failure: Failure,
    },
    DevicesChanged,
    Warning {
        conversation: Option<ConversationId>,
        code: &'static str,
        text: String,
    },
    CaughtUp,
    Offline {
        reason: String,
        retry_at: Integer,
    },
    SignedOut {
        #[serde(flatten)]
        failure: Failure,
    },
}

impl From<event::Event> for Event {
    fn from(event: event::Event) -> Self {
        use event::Event as Core;
        match event {
            Core::Registered => Self::Registered,
            Core::RegistrationFailed(failure) => Self::RegistrationFailed { failure: failure.into() },
            Core::WishDone(wish, answer) => Self::WishDone { wish: wish.0.into(), answer: answer.into() },
            Core::WishFailed(wish, failure) => {
                Self::WishFailed { wish: wish.0.into(), failure: failure.into() }
            }
            Core::Message(message) => Self::Message { message: message.into() },
            Core::Activity { conversation, number, sender, own, time, act: _ } => {
                Self::Activity { conversation, number: number.into(), sender, own, time: time.into() }
            }
            Core::MessageState { conversation, object, number, state } => Self::MessageState {
                conversation,
                message: object,
                number: number.map(Integer::from),
                state: state.into(),
            },
            Core::Receipt { conversation, up_to, state } => {
                let is_read = state == message::MessageState::Read;
                let state = if is_read { "read" } else { "delivered" };
                Self::Receipt { conversation, up_to: up_to.into(), state }
            }
            Core::Changed { conversation, object } => Self::Changed { conversation, object },
            Core::NotAdded { conversation, who, failure } => {
                Self::NotAdded { conversation, who, failure: failure.into() }
            }
            Core::Typing { conversation, who } => Self::Typing { conversation, who },
            Core::JoinRequests { conversation, count } => {
                Self::JoinRequests { conversation, count: count.into() }
            }
            Core::Uploading { object, blob, sent, total } => {
                Self::Uploading { message: object, blob, sent: sent.into(), total: total.into() }
            }
            Core::IntentFailed { conversation, object, failure } => {
                Self::Failed { conversation, object, failure: failure.into() }
            }
            Core::Conversation(summary) => Self::Conversation { conversation: summary.into() },
            Core::LinkOpened { code, uri } => Self::LinkOpened { code, uri: uri.to_string() },
            Core::LinkCompare { number, mode, device } => {
                Self::LinkCompare { number, mode: link_mode(mode), device }
            }
            Core::LinkProgress { records } => Self::LinkProgress { records: records.into() },
            Core::LinkDone => Self::LinkDone,
            Core::LinkFailed(failure) => Self::LinkFailed { failure: failure.into() },
            Core::DevicesChanged => Self::DevicesChanged,
            Core::Warning(conversation, warning) => {
                Self::Warning { conversation, code: warning::code(&warning), text: warning.to_string() }
            }
            Core::CaughtUp => Self::CaughtUp,
            Core::Offline { reason, retry_at } => Self::Offline { reason, retry_at: retry_at.into() },
            Core::SignedOut(failure) => Self::SignedOut { failure: failure.into() },
        }
    }
}

fn link_mode(mode: LinkMode) -> &'static str {
    match mode {
        LinkMode::Number => "number",
        LinkMode::Uri => "uri",
    }
}
