//! What a person wants. Wishes about groups begin with `group`.
//!
//! In JavaScript the wish's name is its member `wish`; see [`crate::value::tagged`].

use infrasound_core::{
    Settings,
    group_link::GroupLink,
    input::{self, GroupWish, LinkBy},
};
use infrasound_spec::{
    account::{AccountUri, DeviceId, Handle},
    api::push::PushSubscription,
    blob::BlobId,
    consent::ContactState,
    content::{self, GroupMetadata, ObjectId},
    conversation::ConversationId,
    policy::{JoinMode, LinkKey, Role},
};
use serde::{Deserialize, Deserializer, de};

use super::{attachment::Attachment, policy::RequestPolicy};

/// What a person wants.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
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
    Unreact {
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
        #[serde(default)]
        blobs: Vec<BlobId>,
    },
    SendAgain {
        object: ObjectId,
    },
    Discard {
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
    SetPush {
        #[serde(default)]
        subscription: Option<Box<PushSubscription>>,
    },
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
        name: String,
        #[serde(default)]
        description: String,
        #[serde(default)]
        picture: Option<Attachment>,
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
        #[serde(default)]
        add: Option<Role>,
        #[serde(default)]
        rename: Option<Role>,
        #[serde(default)]
        post: Option<Role>,
        #[serde(default)]
        join: Option<JoinMode>,
        #[serde(default)]
        closed: Option<bool>,
    },
    GroupDescribe {
        conversation: ConversationId,
        name: String,
        #[serde(default)]
        description: String,
        #[serde(default)]
        picture: Option<Attachment>,
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
            Wish::Unreact { conversation, object, emoji } => Self::Unreact { conversation, object, emoji },
            Wish::Edit { conversation, object, text } => Self::Edit { conversation, object, text },
            Wish::Delete { conversation, object, blobs } => Self::Delete { conversation, object, blobs },
            Wish::SendAgain { object } => Self::SendAgain { object },
            Wish::Discard { object } => Self::Discard { object },
            Wish::MarkRead { conversation, up_to } => Self::MarkRead { conversation, up_to },
            Wish::SetContact { who, state } => Self::SetContact { who, state },
            Wish::SetPolicy(policy) => Self::SetPolicy(policy.into()),
            Wish::SetPush { subscription } => Self::SetPush(subscription),
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
            Wish::GroupCreate { name, description, picture, members } => {
                Self::Group(GroupWish::Create { metadata: metadata(name, description, picture), members })
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
            Wish::GroupSet { conversation, add, rename, post, join, closed } => {
                let settings = Settings { add, rename, post, join, closed };
                Self::Group(GroupWish::Set { conversation, settings })
            }
            Wish::GroupDescribe { conversation, name, description, picture } => {
                let metadata = metadata(name, description, picture);
                Self::Group(GroupWish::Describe { conversation, metadata })
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

fn metadata(name: String, description: String, picture: Option<Attachment>) -> GroupMetadata {
    GroupMetadata { name, summary: description, picture: picture.map(content::Attachment::from) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(wish: Value) -> input::Wish {
        serde_json::from_value::<Wish>(wish).unwrap().into()
    }

    #[test]
    fn what_may_be_absent_may_be_absent() {
        let wish = read(json!({ "send": { "to": "@bob@b.example", "text": "Hello" } }));
        let input::Wish::Send { to, text, in_reply_to, attachments } = wish else { panic!("{wish:?}") };
        assert_eq!((to.as_str(), text.as_str()), ("@bob@b.example", "Hello"));
        assert!(in_reply_to.is_none() && attachments.is_empty());
        let id = ConversationId::from_bytes([1; 32]);
        let wish = read(json!({ "groupSet": { "conversation": id, "post": "moderator" } }));
        let input::Wish::Group(GroupWish::Set { conversation, settings }) = wish else { panic!("{wish:?}") };
        let expected = Settings { post: Some(Role::Moderator), ..Settings::default() };
        assert_eq!((conversation, settings), (id, expected));
    }

    #[test]
    fn a_file_comes_back_as_it_was_shown() {
        let reference = json!({
            "id": BlobId::from_bytes([1; 32]), "key": BlobId::from_bytes([2; 32]), "size": 5,
            "digest": BlobId::from_bytes([3; 32]),
        });
        let file = json!({
            "name": "a.png", "mediaType": "image/png", "size": 5, "blob": "x", "reference": reference, "width": 2,
        });
        let wish = read(json!({ "send": { "to": "@b@b.example", "text": "", "attachments": [file] } }));
        let input::Wish::Send { attachments, .. } = wish else { panic!("{wish:?}") };
        let shown = serde_json::to_value(Attachment::from(attachments[0].clone())).unwrap();
        assert_eq!((&shown["reference"], &shown["width"]), (&reference, &json!(2)));
        assert_eq!((&shown["size"], &shown["blob"]), (&json!(5), &reference["id"]));
    }

    #[test]
    fn a_link_is_joined_by_its_uri_or_its_code() {
        let code = read(json!({ "joinLink": { "by": "ABCD-EFGH" } }));
        assert!(matches!(code, input::Wish::JoinLink(LinkBy::Code(code)) if code == "ABCD-EFGH"));
        let uri = format!("infrasound-link:{}", infrasound_spec::bytes::encode(&[7; 80]));
        assert!(matches!(read(json!({ "joinLink": { "by": uri } })), input::Wish::JoinLink(LinkBy::Uri(_))));
    }

    #[test]
    fn nonsense_is_no_wish() {
        for wish in [
            json!({ "send": { "to": "bob", "text": "" } }),
            json!({ "send": { "to": "@bob@b.example" } }),
            json!({ "groupJoin": { "link": "x" } }),
            json!({ "mute": { "conversation": "x", "muted": true } }),
            json!({ "dance": {} }),
        ] {
            assert!(serde_json::from_value::<Wish>(wish.clone()).is_err(), "{wish}");
        }
    }
}
