//! What a person wants. Wishes about groups begin with `group`.

use infrasound_core::{
    group_link::GroupLink,
    input::{self, GroupWish, LinkBy},
};
use infrasound_spec::{
    account::{AccountUri, DeviceId, Handle},
    blob::BlobId,
    consent::ContactState,
    content::{self, ObjectId},
    conversation::ConversationId,
    policy::{LinkKey, Role},
};
use serde::{Deserialize, Deserializer, de};

use super::{
    attachment::Attachment,
    group::{Metadata, Settings},
    policy::RequestPolicy,
};

/// What a person wants.
#[derive(Deserialize)]
#[serde(tag = "wish", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Wish {
    Send {
        to: Handle,
        text: String,
        #[serde(default)]
        in_reply_to: Option<ObjectId>,
        #[serde(default)]
        attachments: Vec<Attachment>,
    },
    FetchBlob {
        blob: BlobId,
        offset: u64,
        length: u64,
    },
    React {
        conversation: ConversationId,
        object: ObjectId,
        #[serde(default)]
        emoji: Option<String>,
    },
    Edit {
        conversation: ConversationId,
        object: ObjectId,
        text: String,
    },
    Delete {
        conversation: ConversationId,
        object: ObjectId,
    },
    MarkRead {
        conversation: ConversationId,
        up_to: u64,
    },
    SetContact {
        who: Handle,
        state: ContactState,
    },
    SetPolicy(RequestPolicy),
    Messages {
        conversation: ConversationId,
        #[serde(default)]
        before: Option<u64>,
        limit: usize,
    },
    SafetyNumber {
        who: Handle,
    },
    Devices,
    Mute {
        conversation: ConversationId,
        muted: bool,
    },
    Archive {
        conversation: ConversationId,
        archived: bool,
    },
    Typing {
        conversation: ConversationId,
    },
    RenameDevice {
        device: DeviceId,
        name: String,
    },
    RevokeDevice {
        device: DeviceId,
    },
    JoinLink {
        by: String,
    },
    ConfirmLink,
    CancelLink,
    RenewLeaf {
        conversation: ConversationId,
    },
    GroupCreate {
        #[serde(flatten)]
        metadata: Metadata,
        members: Vec<Handle>,
    },
    GroupSend {
        conversation: ConversationId,
        text: String,
        #[serde(default)]
        in_reply_to: Option<ObjectId>,
        #[serde(default)]
        attachments: Vec<Attachment>,
    },
    GroupView {
        conversation: ConversationId,
    },
    GroupAnswer {
        conversation: ConversationId,
        state: ContactState,
    },
    GroupAdd {
        conversation: ConversationId,
        who: Vec<Handle>,
    },
    GroupRemove {
        conversation: ConversationId,
        who: Vec<Handle>,
        ban: bool,
    },
    GroupUnban {
        conversation: ConversationId,
        who: AccountUri,
    },
    GroupSetRole {
        conversation: ConversationId,
        who: Handle,
        role: Role,
    },
    GroupSet {
        conversation: ConversationId,
        #[serde(flatten)]
        settings: Settings,
    },
    GroupDescribe {
        conversation: ConversationId,
        #[serde(flatten)]
        metadata: Metadata,
    },
    GroupMakeLink {
        conversation: ConversationId,
        lifetime: u64,
        uses: u32,
    },
    GroupRevokeLink {
        conversation: ConversationId,
        key: LinkKey,
    },
    GroupJoin {
        #[serde(deserialize_with = "group_link")]
        link: GroupLink,
    },
    GroupRequests {
        conversation: ConversationId,
    },
    GroupDecline {
        conversation: ConversationId,
        who: AccountUri,
    },
    GroupLeave {
        conversation: ConversationId,
    },
    GroupFoundAgain {
        conversation: ConversationId,
    },
}

/// What stands after the last `#` of a join link.
fn group_link<'de, D: Deserializer<'de>>(deserializer: D) -> Result<GroupLink, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

impl From<Wish> for input::Wish {
    fn from(wish: Wish) -> Self {
        match wish {
            Wish::Send { to, text, in_reply_to, attachments } => {
                Self::Send { to, text, in_reply_to, attachments: files(attachments) }
            }
            Wish::FetchBlob { blob, offset, length } => Self::FetchBlob { blob, offset, length },
            Wish::React { conversation, object, emoji } => Self::React { conversation, object, emoji },
            Wish::Edit { conversation, object, text } => Self::Edit { conversation, object, text },
            Wish::Delete { conversation, object } => Self::Delete { conversation, object },
            Wish::MarkRead { conversation, up_to } => Self::MarkRead { conversation, up_to },
            Wish::SetContact { who, state } => Self::SetContact { who, state },
            Wish::SetPolicy(policy) => Self::SetPolicy(policy.into()),
            Wish::Messages { conversation, before, limit } => Self::Messages { conversation, before, limit },
            Wish::SafetyNumber { who } => Self::SafetyNumber { who },
            Wish::Devices => Self::Devices,
            Wish::Mute { conversation, muted } => Self::Mute { conversation, muted },
            Wish::Archive { conversation, archived } => Self::Archive { conversation, archived },
            Wish::Typing { conversation } => Self::Typing { conversation },
            Wish::RenameDevice { device, name } => Self::RenameDevice { device, name },
            Wish::RevokeDevice { device } => Self::RevokeDevice { device },
            Wish::JoinLink { by } => Self::JoinLink(match by.parse() {
                Ok(uri) => LinkBy::Uri(uri),
                Err(_) => LinkBy::Code(by),
            }),
            Wish::ConfirmLink => Self::ConfirmLink,
            Wish::CancelLink => Self::CancelLink,
            Wish::RenewLeaf { conversation } => Self::RenewLeaf { conversation },
            Wish::GroupCreate { metadata, members } => {
                Self::Group(GroupWish::Create { metadata: metadata.into(), members })
            }
            Wish::GroupSend { conversation, text, in_reply_to, attachments } => {
                let attachments = files(attachments);
                Self::Group(GroupWish::Send { conversation, text, in_reply_to, attachments })
            }
            Wish::GroupView { conversation } => Self::Group(GroupWish::View { conversation }),
            Wish::GroupAnswer { conversation, state } => {
                Self::Group(GroupWish::Answer { conversation, state })
            }
            Wish::GroupAdd { conversation, who } => Self::Group(GroupWish::Add { conversation, who }),
            Wish::GroupRemove { conversation, who, ban } => {
                Self::Group(GroupWish::Remove { conversation, who, ban })
            }
            Wish::GroupUnban { conversation, who } => Self::Group(GroupWish::Unban { conversation, who }),
            Wish::GroupSetRole { conversation, who, role } => {
                Self::Group(GroupWish::SetRole { conversation, who, role })
            }
            Wish::GroupSet { conversation, settings } => {
                Self::Group(GroupWish::Set { conversation, settings: settings.into() })
            }
            Wish::GroupDescribe { conversation, metadata } => {
                Self::Group(GroupWish::Describe { conversation, metadata: metadata.into() })
            }
            Wish::GroupMakeLink { conversation, lifetime, uses } => {
                Self::Group(GroupWish::MakeLink { conversation, lifetime, uses })
            }
            Wish::GroupRevokeLink { conversation, key } => {
                Self::Group(GroupWish::RevokeLink { conversation, link: key })
            }
            Wish::GroupJoin { link } => Self::Group(GroupWish::Join { link }),
            Wish::GroupRequests { conversation } => Self::Group(GroupWish::Requests { conversation }),
            Wish::GroupDecline { conversation, who } => Self::Group(GroupWish::Decline { conversation, who }),
            Wish::GroupLeave { conversation } => Self::Group(GroupWish::Leave { conversation }),
            Wish::GroupFoundAgain { conversation } => Self::Group(GroupWish::FoundAgain { conversation }),
        }
    }
}

fn files(attachments: Vec<Attachment>) -> Vec<content::Attachment> {
    attachments.into_iter().map(content::Attachment::from).collect()
}
