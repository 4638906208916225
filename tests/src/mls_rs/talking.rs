//! Conversations over the relay: joining, reading the log, writing, committing, founding.
//!
//! Spec: `conversations.md`, `relay-api.md` 9.

use infrasound_spec::{
    account::{AccountUri, Handle, Signature},
    api::{
        accounts::AccountInfo,
        conversations::{
            Accepted, CommitBundle, FoundConversation, LogPage, ReportCommit, SubmitCommit, SubmitMessage,
            TreeBytes, WelcomeList,
        },
        key_packages::{ClaimKeyPackages, ClaimedKeyPackages},
        paths,
        problem::{Problem, ProblemType},
    },
    content::{Act, Activity, Note, ObjectId},
    conversation::{Conversation, ConversationId},
    log::{self, EntryKind, LogEntry},
    report,
    signing::Purpose,
    submission::{self, SubmissionId},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;

use super::{
    conversation::MlsRsConversation,
    device::{MlsRsDevice, now},
    founding::{Changes, Founded},
    joining,
    keys::{Keys, random},
    log::EntryError,
};

/// Something that this device's user would be told.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// An entry that is not believed.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The relay refuses.
    #[error("{}: {}", .0.title, .0.detail)]
    Relay(Box<Problem>),
    /// A proposal comes before anything else, and mls-rs cannot read it.
    #[error("somebody leaves, and somebody else has to commit that first")]
    SomebodyLeaves,
}

impl From<Box<Problem>> for Trouble {
    fn from(problem: Box<Problem>) -> Self {
        Self::Relay(problem)
    }
}

impl MlsRsDevice {
    /// Uses every Welcome that is there, and reads every log to its end.
    pub async fn sync(&mut self) -> Result<(), Trouble> {
        let list: WelcomeList = self.api.get(paths::WELCOMES).await?;
        for welcome in list.welcomes {
            let path = of(paths::TREE, &welcome.conversation);
            let path = paths::with(&path, "hash", &welcome.tree.to_string());
            let tree: TreeBytes = self.api.get(&path).await?;
            let joined = joining::join(
                &self.client,
                &self.keys,
                welcome.bytes.as_slice(),
                tree.tree.as_slice(),
                welcome.number,
            )
            .expect("a Welcome that verifies");
            assert_eq!(
                joined.context.id, welcome.conversation,
                "the Welcome is for the conversation it is told for"
            );
            self.conversations.insert(welcome.conversation, joined);
            let path = paths::with(paths::WELCOME, "welcome", &welcome.welcome.to_string());
            self.api.tell(Method::DELETE, &path, None::<&()>).await?;
        }
        let ids: Vec<ConversationId> = self.conversations.keys().copied().collect();
        for id in ids {
            self.read(&id).await?;
            if self.conversations.get(&id).is_some_and(|conversation| conversation.left_out) {
                self.come_back(&id).await?;
            }
        }
        Ok(())
    }

    /// Reads a log to its end, and reports on its commits.
    pub(super) async fn read(&mut self, id: &ConversationId) -> Result<(), Trouble> {
        let Self { api, conversations, keys, .. } = self;
        let conversation = conversations.get_mut(id).expect("there is a conversation");
        loop {
            let path = format!("{}?after={}", of(paths::LOG, id), conversation.position().number);
            let page: LogPage = api.get(&path).await?;
            let mut taken = Ok(());
            for entry in &page.entries {
                taken = taken.and(conversation.take(entry));
            }
            for (number, outcome) in std::mem::take(&mut conversation.reports) {
                let content = report::report_content(id, number, &outcome);
                let signature = keys.sign(Purpose::CommitReport, &content);
                let body = ReportCommit { number, outcome, signature };
                match api.tell(Method::POST, &of(paths::REPORTS, id), Some(&body)).await {
                    // The hub has decided without this device's word, and does not want it.
                    Err(problem) if problem.problem_type == ProblemType::Forbidden => {}
                    answer => answer?,
                }
            }
            taken?;
            if page.entries.is_empty() || conversation.position().number == page.last {
                return Ok(());
            }
        }
    }

    /// Writes to somebody with whom there is a conversation. Gives the id of the note.
    pub async fn send(&mut self, to: &AccountUri, html: &str) -> Result<ObjectId, Trouble> {
        let id = self.with(to).context.id;
        self.say_in(&id, html).await
    }

    /// Writes in a conversation. Gives the id of the note.
    pub async fn say_in(&mut self, id: &ConversationId, html: &str) -> Result<ObjectId, Trouble> {
        let note = Note {
            id: ObjectId::from_random(random()),
            html: html.to_owned(),
            in_reply_to: None,
            attachments: Vec::new(),
        };
        let object = note.id.clone();
        let activity = Activity { id: ObjectId::from_random(random()), act: Act::Create(note) };
        let Self { api, conversations, keys, .. } = self;
        let conversation = conversations.get_mut(id).expect("there is a conversation");
        if conversation.leaving {
            return Err(Trouble::SomebodyLeaves);
        }
        let message = conversation.encrypt(&activity).expect("a message of the current epoch");
        let submission = SubmissionId::from_bytes(random());
        let content = submission::message_content(id, &submission, &message);
        conversation.submitted.insert(submission, log::digest(&message));
        let body = SubmitMessage {
            submission,
            after: conversation.position().number,
            message: message.into(),
            signature: keys.sign(Purpose::Submission, &content),
            silent: false,
        };
        let _: Accepted = api.post(&of(paths::MESSAGES, id), &body).await?;
        self.read(id).await?;
        Ok(object)
    }

    /// Renews this device's leaf.
    pub async fn renew_leaf(&mut self, with_whom: &AccountUri) -> Result<(), Trouble> {
        let id = self.with(with_whom).context.id;
        self.commit(&id, Changes::default()).await
    }

    /// Lets an account that started over in again: its new devices in place of its old ones, in one commit.
    pub async fn let_in(&mut self, account: &AccountUri) -> Result<(), Trouble> {
        let key_packages = self.claim(account).await?;
        let (id, old) = (self.with(account).context.id, self.with(account).leaves_of(account));
        self.commit(&id, Changes { add: &key_packages, remove: &old, policy: None }).await
    }

    pub(super) async fn commit(&mut self, id: &ConversationId, changes: Changes<'_>) -> Result<(), Trouble> {
        let Self { api, conversations, keys, .. } = self;
        let conversation = conversations.get_mut(id).expect("there is a conversation");
        if conversation.leaving {
            return Err(Trouble::SomebodyLeaves);
        }
        let bundle = conversation.commit(changes, now()).expect("a commit that is allowed");
        let submission = SubmissionId::from_bytes(random());
        conversation.submitted.insert(submission, log::digest(bundle.commit.as_slice()));
        let signature = sign_bundle(keys, id, &submission, &bundle);
        let body = SubmitCommit { submission, after: conversation.position().number, bundle, signature };
        let _: Accepted = api.post(&of(paths::COMMITS, id), &body).await?;
        self.read(id).await
    }

    /// Founds the conversation with somebody.
    pub async fn found(&mut self, with_whom: &Handle) -> Result<AccountUri, Trouble> {
        let other = self.look_up(with_whom).await?;
        let key_packages = self.claim(&other).await?;
        let direct = Conversation::direct(&self.keys.account, &other, 0).expect("two accounts");
        let founded = Founded::make(&self.client, &self.keys, direct, &key_packages, now())
            .expect("a group with the other's devices");
        let conversation = self.submit(founded).await?;
        self.conversations.insert(conversation.context.id, conversation);
        Ok(other)
    }

    /// The account that a handle is of.
    pub(super) async fn look_up(&self, handle: &Handle) -> Result<AccountUri, Trouble> {
        let handle = utf8_percent_encode(handle.as_str(), NON_ALPHANUMERIC);
        let found: AccountInfo = self.api.get(&format!("{}?handle={handle}", paths::ACCOUNTS_LOOKUP)).await?;
        Ok(found.account)
    }

    /// One key package of each device of an account.
    pub(super) async fn claim(&self, account: &AccountUri) -> Result<Vec<Vec<u8>>, Trouble> {
        let claim = ClaimKeyPackages { account: account.clone() };
        let claimed: ClaimedKeyPackages = self.api.post(paths::KEY_PACKAGES_CLAIM, &claim).await?;
        Ok(claimed.key_packages.into_iter().map(|claimed| claimed.key_package.0).collect())
    }

    async fn submit(&self, founded: Founded) -> Result<MlsRsConversation, Trouble> {
        let submission = SubmissionId::from_bytes(random());
        let body = FoundConversation {
            conversation: founded.direct.id,
            submission,
            group_info: founded.group_info.clone().into(),
            tree: founded.tree.clone().into(),
            signature: sign_bundle(&self.keys, &founded.direct.id, &submission, &founded.bundle),
            bundle: founded.bundle.clone(),
        };
        let accepted: Accepted = self.api.post(paths::CONVERSATIONS, &body).await?;
        let entry = LogEntry {
            number: accepted.number,
            time: accepted.time,
            kind: EntryKind::Commit,
            digest: log::digest(founded.bundle.commit.as_slice()),
            bytes: Some(founded.bundle.commit.clone()),
            submitter: Some(self.keys.endorsement.device),
            submission: Some(submission),
        };
        Ok(founded.stands(&entry))
    }
}

pub(super) fn sign_bundle(
    keys: &Keys,
    id: &ConversationId,
    submission: &SubmissionId,
    bundle: &CommitBundle,
) -> Signature {
    let welcome = bundle.welcome.as_ref().map_or(&[] as &[u8], |welcome| welcome.as_slice());
    let (commit, group_info) = (bundle.commit.as_slice(), bundle.group_info.as_slice());
    let content = submission::commit_content(id, submission, commit, welcome, group_info);
    keys.sign(Purpose::Submission, &content)
}

pub(super) fn of(path: &str, id: &ConversationId) -> String {
    paths::with(path, "conversation", &id.to_string())
}
