//! `group add`.

use infrasound_core::{
    event::Answer,
    input::{GroupWish, Wish},
    message::MessageState,
};

use super::{
    change,
    found::Found,
    progress::{self, LONG},
};
use crate::{
    app::App,
    arguments::MembersArgument,
    commands::{End, wait},
    exit::CommandError,
    line::Done,
};

pub(super) async fn add(
    app: &mut App,
    command: &'static str,
    MembersArgument { group, who }: MembersArgument,
) -> Result<End, CommandError> {
    let group = Found::find(app, &group).await?;
    let people = who.len();
    let wish = Wish::Group(GroupWish::Add { conversation: group.id, who });
    let Answer::Queued { message, .. } = app.session.wish(wish).await? else { return Ok(End::Finish) };
    let (name, id) = (Some(group.name.clone()), Some(message.to_string()));
    let done = Done { command, with: name, id, ..Done::default() };
    let recipient = group.recipient();
    let App { session, screen, .. } = app;
    let added = wait::fate(session, &recipient, &message, LONG);
    let fate = match progress::watched(session, screen, group.id, people, added).await? {
        Ok(fate) => fate,
        Err(error) => return Err(change::say_queued(app, done, error)),
    };
    let queued = match fate {
        MessageState::Failed(reason) => {
            progress::say_nobody_added(app, group.id).await?;
            return Err(wait::failure(app, &message, &reason));
        }
        MessageState::Pending(None) => Some((message, Some(change::unsaid_reason(app)))),
        MessageState::Pending(reason) => Some((message, reason)),
        _ => None,
    };
    let end = change::say(app, done, &group, queued)?;
    progress::say_not_added(app, group.id).await?;
    Ok(end)
}
