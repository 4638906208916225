//! `group create`.

use infrasound_core::{
    event::Answer,
    input::{GroupWish, Wish},
    message::MessageState,
};
use infrasound_spec::{account::Handle, content::GroupMetadata};

use super::{
    change,
    found::Found,
    progress::{self, LONG},
};
use crate::{
    app::App,
    arguments::GroupArgument,
    commands::{End, wait},
    exit::CommandError,
    line::Done,
};

pub(super) async fn create(
    app: &mut App,
    name: String,
    description: String,
    members: Vec<Handle>,
) -> Result<End, CommandError> {
    let people = members.len();
    let metadata = GroupMetadata { name, summary: description, ..GroupMetadata::default() };
    let wish = Wish::Group(GroupWish::Create { metadata, members });
    let Answer::Queued { message, conversation: Some(id) } = app.session.wish(wish).await? else {
        return Ok(End::Finish);
    };
    app.learn().await?;
    let group = Found::find(app, &GroupArgument { group: id.to_string() }).await?;
    let (name, id_of_wish) = (Some(group.name.clone()), Some(message.to_string()));
    let done = Done { command: "group create", with: name, id: id_of_wish, ..Done::default() };
    let recipient = group.recipient();
    let App { session, screen, .. } = app;
    let made = async {
        let fate = wait::fate(session, &recipient, &message, LONG).await?;
        // Many come in by further steps, of which nobody hears.
        if matches!(fate, MessageState::Sent) {
            session.wait_idle(LONG).await?;
        }
        Ok(fate)
    };
    let fate = match progress::watched(session, screen, id, people, made).await? {
        Ok(fate) => fate,
        Err(error) => return Err(change::say_queued(app, done, error)),
    };
    let queued = match fate {
        MessageState::Failed(reason) => {
            progress::say_nobody_added(app, id).await?;
            return Err(wait::failure(app, &message, &reason));
        }
        MessageState::Pending(None) => Some((message, Some(change::unsaid_reason(app)))),
        MessageState::Pending(reason) => Some((message, reason)),
        _ => None,
    };
    let is_made = queued.is_none();
    let end = change::say(app, done, &group, queued)?;
    progress::say_not_added(app, id).await?;
    if is_made {
        app.screen.note(&format!("Write with `infrasound send '{}' TEXT`.", group.name))?;
    }
    Ok(end)
}
