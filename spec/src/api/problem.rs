//! Errors of the API: problem details (RFC 9457) with a type that a program can act on.
//!
//! Spec: `relay-api.md` 4.

use serde::{Deserialize, Serialize};

use super::conversations::WrongEpoch;
use super::devices::DeviceInfo;

macro_rules! problem_types {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $status:literal, $title:literal;)+) => {
        /// What went wrong, as a program sees it. Each has one HTTP status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ProblemType {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+
            /// A type that this version does not know.
            #[serde(other, rename = "urn:infrasound:problem:unknown")]
            Unknown,
        }

        impl ProblemType {
            /// All types that a relay of this version answers with.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The URN in `type`.
            pub const fn urn(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ Self::Unknown => "urn:infrasound:problem:unknown" }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ Self::Unknown => 500 }
            }

            /// The short text that goes with it.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ Self::Unknown => "Something went wrong" }
            }
        }
    };
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for ProblemType {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        let urns = Self::ALL.iter().map(|one| one.urn());
        let words = utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("What went wrong, as a program sees it. Each has one HTTP status."))
            .enum_values(Some(urns));
        words.into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for ProblemType {
    fn name() -> std::borrow::Cow<'static, str> {
        "ProblemType".into()
    }
}

problem_types! {
    /// The request is not of the form that the endpoint takes.
    BadRequest = "urn:infrasound:problem:bad-request", 400, "The request is malformed";
    /// There is no session, or it is not (or no longer) one: start a new one.
    NoSession = "urn:infrasound:problem:no-session", 401, "There is no valid session";
    /// The sign-in ticket or challenge is unknown, used or too old: sign in again.
    TicketExpired = "urn:infrasound:problem:ticket-expired", 401, "The sign-in has expired";
    /// The instance does not know the token, or it was revoked.
    InstanceRefused = "urn:infrasound:problem:instance-refused", 401, "The instance does not accept this sign-in";
    /// The device was revoked, or the account started over elsewhere.
    DeviceRevoked = "urn:infrasound:problem:device-revoked", 401, "This device is no longer part of the account";
    /// The account may not use this relay: suspended, moved, or against the relay's policy.
    AccountRefused = "urn:infrasound:problem:account-refused", 403, "This account may not use this relay";
    /// The session's account or device may not do this.
    Forbidden = "urn:infrasound:problem:forbidden", 403, "This is not allowed";
    /// The other account takes no messages from this one. Why is not told.
    NoConsent = "urn:infrasound:problem:no-consent", 403, "This account does not take your messages";
    /// A signature does not verify.
    BadSignature = "urn:infrasound:problem:bad-signature", 403, "A signature does not verify";
    /// No such thing, or not for this session.
    NotFound = "urn:infrasound:problem:not-found", 404, "There is no such thing here";
    /// The instance knows no such account.
    UnknownAccount = "urn:infrasound:problem:unknown-account", 404, "There is no such account";
    /// The account exists, but has never signed in to Infrasound, or has no device now.
    NoInfrasound = "urn:infrasound:problem:no-infrasound", 404, "This account does not use Infrasound yet";
    /// The account belongs to an instance that this relay does not serve.
    OtherInstance = "urn:infrasound:problem:other-instance", 404, "This account is on an instance that this relay cannot reach";
    /// No key package of the account is left.
    NoKeyPackages = "urn:infrasound:problem:no-key-packages", 404, "This account's devices cannot be reached just now";
    /// Sent for an epoch that is not current; the entries that are missing come along.
    WrongEpoch = "urn:infrasound:problem:wrong-epoch", 409, "The conversation has moved on";
    /// The conversation exists already: join it instead.
    ConversationExists = "urn:infrasound:problem:conversation-exists", 409, "This conversation exists already";
    /// The account has devices, and this sign-in would not be one of them: start over, or don't.
    AccountHasDevices = "urn:infrasound:problem:account-has-devices", 409, "This account already has a device";
    /// The same id was used for something else.
    IdReused = "urn:infrasound:problem:id-reused", 409, "This id was used for something else";
    /// Larger than the limit.
    TooLarge = "urn:infrasound:problem:too-large", 413, "This is too large";
    /// The key package, commit, Welcome or GroupInfo is not valid.
    Invalid = "urn:infrasound:problem:invalid", 422, "This does not verify";
    /// Too often: `Retry-After` says when.
    RateLimited = "urn:infrasound:problem:rate-limited", 429, "Too many requests";
    /// A bug or a broken database, logged at the relay.
    Internal = "urn:infrasound:problem:internal", 500, "The relay failed";
    /// The instance does not answer, or not as an instance does.
    InstanceUnreachable = "urn:infrasound:problem:instance-unreachable", 502, "The instance does not answer";
    /// The relay is shutting down or overloaded: try again.
    Unavailable = "urn:infrasound:problem:unavailable", 503, "The relay cannot answer just now";
    /// The relay's disk is full. Nothing was accepted, nothing is lost.
    StorageFull = "urn:infrasound:problem:storage-full", 507, "The relay's storage is full";
}

/// A problem as it is sent, with media type `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// What went wrong, as a program sees it.
    #[serde(rename = "type")]
    pub problem_type: ProblemType,
    /// What went wrong, in short.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time, and what to do.
    pub detail: String,
    /// With `wrong-epoch`: where the log is, and the entries that are missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong_epoch: Option<WrongEpoch>,
    /// With `account-has-devices`: the devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices: Option<Vec<DeviceInfo>>,
    /// With `rate-limited` and `unavailable`: seconds until it may work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

impl Problem {
    /// A problem of a type, with what happened this time.
    pub fn new(problem_type: ProblemType, detail: impl Into<String>) -> Self {
        Self {
            problem_type,
            title: problem_type.title().to_owned(),
            status: problem_type.status(),
            detail: detail.into(),
            wrong_epoch: None,
            devices: None,
            retry_after: None,
        }
    }
}
