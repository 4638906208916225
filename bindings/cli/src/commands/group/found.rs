//! A group that was named on the command line.

use infrasound_core::{
    conversation::summary::Summary,
    event::{Answer, GroupView},
    input::{GroupWish, Wish},
};
use infrasound_native::{Error, Session};
use infrasound_spec::conversation::ConversationId;

use crate::{
    app::{App, ONLINE, SETTLE},
    arguments::GroupArgument,
    exit::CommandError,
    recipient::Recipient,
    reference,
};

/// A group, and what stands for it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) id: ConversationId,
    pub(super) name: String,
    pub(super) summary: Summary,
}

impl Found {
    pub(super) async fn find(app: &App, argument: &GroupArgument) -> Result<Self, CommandError> {
        let summary = reference::group(&app.session, &argument.group).await?;
        let id = summary.conversation;
        Ok(Self { id, name: app.name(id), summary })
    }

    /// The same, when the names of its members are known as well, as far as the relay can be reached.
    pub(super) async fn with_names(app: &App, argument: &GroupArgument) -> Result<Self, CommandError> {
        let found = Self::find(app, argument).await?;
        found.view(app).await?;
        Ok(found)
    }

    /// Where its messages and changes go.
    pub(super) fn recipient(&self) -> Recipient {
        Recipient::Group(self.id, self.name.clone())
    }

    /// The group as it is now, or, while the relay cannot be reached, as it was last seen.
    pub(super) async fn view(&self, app: &App) -> Result<GroupView, CommandError> {
        match app.session.wait_caught_up(ONLINE).await {
            Ok(()) => {
                // Names are asked for when the group has been read from the disk.
                load(&app.session, self.id).await?;
                app.session.wait_idle(SETTLE).await?;
            }
            Err(Error::Offline(_)) => {}
            Err(error) => return Err(error.into()),
        }
        load(&app.session, self.id).await
    }
}

/// The group as this device has it.
pub(super) async fn load(session: &Session, conversation: ConversationId) -> Result<GroupView, CommandError> {
    match session.wish(Wish::Group(GroupWish::View { conversation })).await? {
        Answer::Group(view) => Ok(*view),
        _ => Err(CommandError::NotFound("there is no such group".to_owned())),
    }
}
