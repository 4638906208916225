//! Requests under way, and where their answers go.

use infrasound_spec::{
    account::{AccountUri, Handle},
    api::{
        accounts::AccountInfo,
        blobs::BlobState,
        contacts::ContactList,
        conversations::{
            Accepted, ConversationHead, ConversationList, Forked, LogPage, TreeBytes, WelcomeId, WelcomeList,
        },
        devices::{ChallengeGiven, DeviceList, OwnAccount, Session},
        groups::{ClaimedMany, GroupInfoGiven, JoinRequestList, MemberList, TurnGiven},
        key_packages::{ClaimedKeyPackages, KeyPackageCount},
        links::{LinkFrames, LinkJoined},
        problem::{Problem, ProblemType},
    },
    blob::BlobId,
    consent::{ContactState, RequestPolicy},
    conversation::ConversationId,
    submission::SubmissionId,
};
use serde::{Serialize, de::DeserializeOwned};

use super::{Client, entries::Asked, step::Step};
use crate::{
    event::{Answer, Event, Failure, FailureCode},
    input::{HttpResponse, LinkBy, TransportError, WishId},
    output::{BlobBytes, HttpRequest, Method, RequestId},
};

/// What a request is for.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    Register,
    Challenge,
    StartSession,
    Account,
    Contacts,
    Conversations,
    Welcomes,
    CountKeyPackages,
    UploadKeyPackages,
    SetContact(AccountUri, ContactState),
    SetPolicy(WishId, RequestPolicy),
    SetPush(WishId),
    Devices(WishId),
    ChangeDevice(WishId),
    LinkJoin(WishId, LinkBy),
    LinkSend,
    LinkRead,
    LinkClose,
    LookUpForNumber(WishId),
    LookUpForContact(WishId, ContactState),
    LookUpForIntents(Handle),
    LookUpKey(ConversationId),
    Tree,
    DropWelcome(WelcomeId),
    Head(ConversationId),
    Claim(ConversationId),
    Found(ConversationId, SubmissionId),
    Submit(ConversationId, u64),
    AnnounceBlob(ConversationId, BlobId),
    UploadBlob(ConversationId, BlobId),
    AttachBlob(ConversationId, BlobId),
    FetchBlob(WishId),
    Log(ConversationId, Asked),
    Report(ConversationId, u64),
    SyncDevices,
    LookUpInvitee(ConversationId, u64, Handle),
    ClaimMany(ConversationId, u64),
    GroupInfo(ConversationId),
    Enter(ConversationId, SubmissionId),
    AskToJoin(ConversationId),
    Members(ConversationId),
    Turn(ConversationId, u64),
    Consent(ConversationId, ContactState),
    JoinRequests(WishId),
    Decline(WishId),
    Typing,
    KeepPicture(ConversationId),
    DetachBlob(BlobId),
}

impl Purpose {
    /// The conversation that waits for the answer.
    fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::LookUpKey(id)
            | Self::Head(id)
            | Self::Claim(id)
            | Self::Found(id, _)
            | Self::Submit(id, _)
            | Self::AnnounceBlob(id, _)
            | Self::UploadBlob(id, _)
            | Self::AttachBlob(id, _)
            | Self::Log(id, _)
            | Self::Report(id, _)
            | Self::LookUpInvitee(id, ..)
            | Self::ClaimMany(id, _)
            | Self::GroupInfo(id)
            | Self::Enter(id, _)
            | Self::AskToJoin(id)
            | Self::Members(id)
            | Self::Turn(id, _) => Some(*id),
            _ => None,
        }
    }

    /// The wish that fails if the request does: those that are not stored as intents.
    fn wish(&self) -> Option<WishId> {
        match self {
            Self::SetPolicy(wish, _)
            | Self::SetPush(wish)
            | Self::Devices(wish)
            | Self::FetchBlob(wish)
            | Self::ChangeDevice(wish)
            | Self::LinkJoin(wish, _)
            | Self::LookUpForNumber(wish)
            | Self::LookUpForContact(wish, _)
            | Self::JoinRequests(wish)
            | Self::Decline(wish) => Some(*wish),
            _ => None,
        }
    }

    /// Whether a refusal of just this request says nothing of others.
    fn concerns_one_account(&self) -> bool {
        matches!(
            self,
            Self::Claim(_)
                | Self::Submit(..)
                | Self::AnnounceBlob(..)
                | Self::LookUpForNumber(_)
                | Self::LookUpForContact(..)
                | Self::LookUpForIntents(_)
                | Self::LookUpKey(_)
                | Self::LookUpInvitee(..)
                | Self::ClaimMany(..)
                | Self::GroupInfo(_)
                | Self::Enter(..)
                | Self::AskToJoin(_)
                | Self::Turn(..)
                | Self::Typing
                | Self::LinkJoin(..)
        ) || self.is_of_link()
    }

    fn needs_session(&self) -> bool {
        !matches!(self, Self::Register | Self::Challenge | Self::StartSession) && !self.is_of_link()
    }

    /// Whether it goes to a link channel, which has a token of its own.
    fn is_of_link(&self) -> bool {
        matches!(self, Self::LinkSend | Self::LinkRead | Self::LinkClose)
    }
}

/// An answer, parsed as far as every answer can be.
pub(super) enum Reply {
    Ok(Vec<u8>),
    Problem(Box<Problem>),
}

impl Reply {
    /// That it was done, or the problem.
    pub(super) fn done(self) -> Result<(), Box<Problem>> {
        match self {
            Self::Ok(_) => Ok(()),
            Self::Problem(problem) => Err(problem),
        }
    }

    /// The body as `T`, or the problem.
    pub(super) fn parse<T: DeserializeOwned>(self) -> Result<T, Box<Problem>> {
        match self {
            Self::Ok(body) => serde_json::from_slice(&body).map_err(|_| {
                Box::new(Problem::new(ProblemType::Unknown, "the relay's answer makes no sense"))
            }),
            Self::Problem(problem) => Err(problem),
        }
    }
}

impl Client {
    /// Sends a request. Its answer comes to [`Client::response`] under `purpose`.
    pub(super) fn request(
        &mut self,
        purpose: Purpose,
        method: Method,
        path: String,
        body: Option<&impl Serialize>,
        step: &mut Step,
    ) -> RequestId {
        // The API's own types always have a JSON form.
        let body = body.map(|body| serde_json::to_vec(body).unwrap_or_default());
        let token = if purpose.needs_session() { self.token(step.now) } else { None };
        let request = HttpRequest { id: RequestId(0), method, path, token, body, bytes: None };
        self.send(purpose, request, step)
    }

    /// Sends a request to a link channel.
    pub(super) fn link_request(
        &mut self,
        purpose: Purpose,
        method: Method,
        path: String,
        body: Option<&impl Serialize>,
        token: String,
        step: &mut Step,
    ) {
        let body = body.map(|body| serde_json::to_vec(body).unwrap_or_default());
        let request = HttpRequest { id: RequestId(0), method, path, token: Some(token), body, bytes: None };
        self.send(purpose, request, step);
    }

    /// A request that carries bytes of a blob, or asks for some.
    pub(super) fn move_bytes(
        &mut self,
        purpose: Purpose,
        method: Method,
        path: String,
        bytes: BlobBytes,
        step: &mut Step,
    ) {
        let token = if purpose.needs_session() { self.token(step.now) } else { None };
        let request = HttpRequest { id: RequestId(0), method, path, token, body: None, bytes: Some(bytes) };
        self.send(purpose, request, step);
    }

    /// Gives a request its number.
    fn send(&mut self, purpose: Purpose, request: HttpRequest, step: &mut Step) -> RequestId {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        if let Some(conversation) = purpose.conversation().and_then(|id| self.conversations.get_mut(&id)) {
            conversation.busy = Some(id);
        }
        step.requests.push(HttpRequest { id, ..request });
        self.requests.insert(id, purpose);
        id
    }

    /// A request without a body.
    pub(super) fn ask(&mut self, purpose: Purpose, method: Method, path: String, step: &mut Step) {
        self.request(purpose, method, path, None::<&()>, step);
    }

    /// Whether a request for such a purpose is under way.
    pub(super) fn has_request(&self, is: impl Fn(&Purpose) -> bool) -> bool {
        self.requests.values().any(is)
    }

    fn take_request(&mut self, id: RequestId) -> Option<Purpose> {
        let purpose = self.requests.remove(&id)?;
        if let Some(id) = purpose.conversation() {
            self.active.insert(id);
            // Of several that were asked at once, all have to be answered.
            let other = self.requests.iter().find(|(_, purpose)| purpose.conversation() == Some(id));
            let other = other.map(|(request, _)| *request);
            if let Some(conversation) = self.conversations.get_mut(&id) {
                conversation.busy = other;
            }
        }
        Some(purpose)
    }

    pub(super) fn unreachable(&mut self, id: RequestId, error: TransportError, step: &mut Step) {
        let Some(purpose) = self.take_request(id) else { return };
        if error == TransportError::SpoolLost {
            return self.spool_lost(&purpose, step);
        }
        self.not_now(&purpose, &error.to_string(), None, step);
        self.back_off(&error.to_string(), None, step);
    }

    pub(super) fn response(&mut self, id: RequestId, response: &HttpResponse, step: &mut Step) {
        let Some(purpose) = self.take_request(id) else { return };
        if (200..300).contains(&response.status) {
            // That a session is given says nothing: it has to be good for something.
            if purpose.needs_session() {
                self.reached();
            }
            return self.reply(purpose, Reply::Ok(response.body.clone()), step);
        }
        let problem = serde_json::from_slice(&response.body).unwrap_or_else(|_| {
            Problem::new(ProblemType::Unknown, format!("the relay answered {}", response.status))
        });
        match problem.problem_type {
            ProblemType::DeviceRevoked => {
                Self::wish_failed(&purpose, FailureCode::SignedOut, &problem.detail, step);
                self.sign_out(Failure::new(FailureCode::SignedOut, problem.detail), step);
            }
            ProblemType::NoSession if purpose.needs_session() => {
                Self::wish_failed(
                    &purpose,
                    FailureCode::Unreachable,
                    "the session has ended; try again",
                    step,
                );
                self.session_lost(step);
            }
            // It waits by itself, whatever the relay says.
            _ if matches!(purpose, Purpose::DetachBlob(_)) => {
                self.reply(purpose, Reply::Problem(Box::new(problem)), step);
            }
            // Not the relay's state, but this one request's: everything else can go on.
            ProblemType::RateLimited | ProblemType::InstanceUnreachable if purpose.concerns_one_account() => {
                self.reply(purpose, Reply::Problem(Box::new(problem)), step);
            }
            ProblemType::Internal
            | ProblemType::Unavailable
            | ProblemType::StorageFull
            | ProblemType::RateLimited
            | ProblemType::InstanceUnreachable
            | ProblemType::Unknown => {
                let retry_after = problem.retry_after.or(response.retry_after);
                self.not_now(&purpose, &problem.detail, retry_after, step);
                self.back_off(&problem.detail, retry_after, step);
            }
            _ => {
                self.reached();
                self.reply(purpose, Reply::Problem(Box::new(problem)), step);
            }
        }
    }

    /// A request that got no answer, or only one for later: what is not asked again by itself is seen to here.
    fn not_now(&mut self, purpose: &Purpose, text: &str, retry_after: Option<u64>, step: &mut Step) {
        self.link_later(purpose, retry_after, step);
        Self::wish_failed(purpose, FailureCode::Unreachable, text, step);
        if matches!(purpose, Purpose::UploadKeyPackages) {
            self.upload_key_packages_later(step);
        }
    }

    /// A wish that is not stored as an intent ends with its request.
    fn wish_failed(purpose: &Purpose, code: FailureCode, text: &str, step: &mut Step) {
        if let Some(wish) = purpose.wish() {
            step.event(Event::WishFailed(wish, Failure::new(code, text)));
        }
    }

    fn reply(&mut self, purpose: Purpose, reply: Reply, step: &mut Step) {
        match purpose {
            Purpose::Register => self.registered(reply.parse::<Session>(), step),
            Purpose::Challenge => match reply.parse::<ChallengeGiven>() {
                Ok(given) => self.challenge_given(given.challenge, step),
                Err(problem) => self.back_off(&problem.detail, None, step),
            },
            Purpose::StartSession => match reply.parse::<Session>() {
                Ok(session) => self.session_started(session, step),
                Err(problem) => self.session_refused(&problem, step),
            },
            Purpose::Account => self.account_told(reply.parse::<OwnAccount>(), step),
            Purpose::Contacts => self.contacts_told(reply.parse::<ContactList>(), step),
            Purpose::Conversations => self.conversations_told(reply.parse::<ConversationList>(), step),
            Purpose::Welcomes => self.welcomes_told(reply.parse::<WelcomeList>(), step),
            Purpose::CountKeyPackages => self.key_packages_counted(&reply.parse::<KeyPackageCount>(), step),
            Purpose::UploadKeyPackages => self.key_packages_uploaded(&reply.parse::<KeyPackageCount>(), step),
            Purpose::SetContact(account, state) => {
                self.contact_set(&account, state, matches!(reply, Reply::Ok(_)), step);
            }
            Purpose::SetPolicy(wish, policy) => self.policy_set(wish, policy, reply, step),
            Purpose::Devices(wish) => match reply.parse::<DeviceList>() {
                Ok(list) => step.event(Event::WishDone(wish, Answer::Devices(list.devices))),
                Err(problem) => step.event(Event::WishFailed(wish, failure(&problem))),
            },
            Purpose::ChangeDevice(wish) | Purpose::SetPush(wish) => match reply {
                Reply::Ok(_) => step.event(Event::WishDone(wish, Answer::Done)),
                Reply::Problem(problem) => step.event(Event::WishFailed(wish, failure(&problem))),
            },
            Purpose::LinkJoin(wish, by) => self.link_joined(wish, by, reply.parse::<LinkJoined>(), step),
            Purpose::LinkSend => {
                let answer = match reply {
                    Reply::Ok(_) => Ok(()),
                    Reply::Problem(problem) => Err(problem),
                };
                self.link_sent(answer, step);
            }
            Purpose::LinkRead => self.link_read(reply.parse::<LinkFrames>(), step),
            // Ended is what was wanted; otherwise it ends by itself.
            Purpose::LinkClose | Purpose::Typing => {}
            Purpose::LookUpForNumber(wish) => {
                self.looked_up_for_number(wish, reply.parse::<AccountInfo>(), step);
            }
            Purpose::LookUpForContact(wish, state) => {
                self.looked_up_for_contact(wish, state, reply.parse::<AccountInfo>(), step);
            }
            Purpose::LookUpForIntents(handle) => {
                self.looked_up_for_intents(&handle, reply.parse::<AccountInfo>(), step);
            }
            Purpose::LookUpKey(id) => self.key_looked_up(id, reply.parse::<AccountInfo>(), step),
            Purpose::Tree => self.tree_fetched(reply.parse::<TreeBytes>(), step),
            Purpose::DropWelcome(welcome) => self.welcome_given_back(welcome),
            Purpose::Head(id) => self.head_told(id, reply.parse::<ConversationHead>(), step),
            Purpose::Claim(id) => self.claimed(id, reply.parse::<ClaimedKeyPackages>(), step),
            Purpose::Found(id, submission) => {
                self.founding_answered(id, submission, reply.parse::<Accepted>(), step);
            }
            Purpose::Submit(id, intent) => {
                self.submission_answered(id, intent, reply.parse::<Accepted>(), step);
            }
            Purpose::AnnounceBlob(id, blob) => {
                self.blob_announced(id, blob, reply.parse::<BlobState>(), step);
            }
            Purpose::UploadBlob(id, blob) => self.blob_uploaded(id, blob, reply.parse::<BlobState>(), step),
            Purpose::AttachBlob(id, blob) => self.blob_attached(id, blob, reply, step),
            Purpose::FetchBlob(wish) => match reply {
                Reply::Ok(bytes) => step.event(Event::WishDone(wish, Answer::Bytes(bytes))),
                Reply::Problem(problem) => step.event(Event::WishFailed(wish, failure(&problem))),
            },
            Purpose::Log(id, asked) => self.log_fetched(id, asked, reply.parse::<LogPage>(), step),
            Purpose::Report(id, number) => self.report_answered(id, number, reply.parse::<Forked>(), step),
            Purpose::SyncDevices => {
                let list = reply.parse::<DeviceList>();
                self.devices_told(list.as_ref().map_err(|problem| &**problem));
            }
            Purpose::LookUpInvitee(id, intent, handle) => {
                self.invitee_looked_up(id, intent, &handle, reply.parse::<AccountInfo>(), step);
            }
            Purpose::ClaimMany(id, intent) => {
                self.claimed_many(id, intent, reply.parse::<ClaimedMany>(), step);
            }
            Purpose::GroupInfo(id) => self.group_info_given(id, reply.parse::<GroupInfoGiven>(), step),
            Purpose::Enter(id, submission) => self.entered(id, submission, reply.parse::<Accepted>(), step),
            Purpose::AskToJoin(id) => self.asked_to_join(id, reply.done(), step),
            Purpose::Members(id) => self.members_told(id, reply.parse::<MemberList>(), step),
            Purpose::Turn(id, intent) => self.turn_given(id, intent, reply.parse::<TurnGiven>(), step),
            // Taken or refused, it was said: from here on the relay's head says what counts.
            Purpose::Consent(id, state) => self.consent_set(id, state, step),
            Purpose::JoinRequests(wish) => {
                self.join_requests_told(wish, reply.parse::<JoinRequestList>(), step);
            }
            Purpose::Decline(wish) => Self::declined(wish, reply, step),
            Purpose::KeepPicture(id) => self.picture_kept(id, step),
            Purpose::DetachBlob(blob) => self.blob_detached(blob, &reply, step),
        }
    }

    fn session_refused(&mut self, problem: &Problem, step: &mut Step) {
        match problem.problem_type {
            ProblemType::TicketExpired => self.back_off(&problem.detail, None, step),
            _ if self.online.unsure => {
                self.online.signed_out = true;
                step.event(Event::RegistrationFailed(failure(problem)));
            }
            _ => self.sign_out(Failure::new(FailureCode::SignedOut, problem.detail.clone()), step),
        }
    }
}

/// A problem in the app's terms.
pub(super) fn failure(problem: &Problem) -> Failure {
    let code = match problem.problem_type {
        ProblemType::UnknownAccount => FailureCode::UnknownAccount,
        ProblemType::NoInfrasound => FailureCode::NoInfrasound,
        ProblemType::OtherInstance => FailureCode::OtherInstance,
        ProblemType::NoConsent => FailureCode::NoConsent,
        ProblemType::NoKeyPackages => FailureCode::NoKeyPackages,
        ProblemType::TooLarge => FailureCode::TooLong,
        ProblemType::NotFound => FailureCode::NotFound,
        ProblemType::AccountHasDevices => FailureCode::AccountHasDevices,
        ProblemType::NoSession | ProblemType::DeviceRevoked | ProblemType::TicketExpired => {
            FailureCode::SignedOut
        }
        _ => FailureCode::Refused,
    };
    Failure::new(code, problem.detail.clone())
}
