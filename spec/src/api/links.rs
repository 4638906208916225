//! The channel between a new device and an old one of the same account. Spec: `devices.md` 2.

use serde::{Deserialize, Serialize};

use super::sign_in::Ticket;
use crate::{
    bytes::{Base64Url, fixed_bytes},
    time::Timestamp,
};

fixed_bytes!(
    /// The id of a link channel.
    LinkId,
    16
);

fixed_bytes!(
    /// One side's bearer token for a link channel.
    LinkToken,
    32
);

/// `POST /v1/links`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenLink {
    /// From the sign-in. It is not used up.
    pub ticket: Ticket,
}

/// The answer of `POST /v1/links`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkOpened {
    /// The channel.
    pub link: LinkId,
    /// The new device's token for it.
    pub token: LinkToken,
    /// What the person types into the old device: `XXXX-XXXX`.
    pub code: String,
    /// When it ends, unless something is sent before.
    pub expires: Timestamp,
}

impl std::fmt::Debug for LinkOpened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { link, token: _, code: _, expires } = self;
        f.debug_struct("LinkOpened").field("link", link).field("expires", expires).finish_non_exhaustive()
    }
}

/// `POST /v1/links/join`: one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JoinLink {
    /// The code that the person has typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The channel, from the URI that the new device shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkId>,
}

/// The answer of `POST /v1/links/join`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkJoined {
    /// The channel.
    pub link: LinkId,
    /// The old device's token for it.
    pub token: LinkToken,
}

impl std::fmt::Debug for LinkJoined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { link, token: _ } = self;
        f.debug_struct("LinkJoined").field("link", link).finish_non_exhaustive()
    }
}

/// A frame with its number, which counts from 1 on each side. `POST /v1/links/frames`, and in the answer of `GET`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NumberedFrame {
    /// Its number.
    pub number: u64,
    /// Its bytes, at most [`crate::limits::MAX_LINK_FRAME`].
    pub frame: Base64Url,
}

/// The query of `GET /v1/links/frames`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FramesQuery {
    /// The last frame of the other side that was taken in: it and those before it may go.
    #[serde(default)]
    pub after: u64,
    /// For how many seconds to wait if there is none yet, at most [`crate::limits::MAX_LINK_WAIT`].
    #[serde(default)]
    pub wait: u64,
}

/// The answer of `GET /v1/links/frames`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkFrames {
    /// The other side's frames, in order, without gaps.
    pub frames: Vec<NumberedFrame>,
}
