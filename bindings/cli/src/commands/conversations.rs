//! `conversations`, and what keeps them out of sight: `mute`, `unmute`, `archive`, `unarchive`.

use infrasound_core::input::Wish;
use infrasound_spec::conversation::ConversationId;

use super::End;
use crate::{
    app::{App, is_shown},
    arguments::ConversationArgument,
    exit::CommandError,
    line::{Conversation, Done, Line},
    reference, render,
};

pub(super) async fn conversations(app: &mut App, all: bool) -> Result<End, CommandError> {
    let signed_out = app.catch_up_for_history().await?;
    let summaries = app.session.conversations().await?;
    let list = Conversation::list(&summaries, |summary| all || is_shown(summary) && !summary.archived);
    let lines: Vec<Line> = list.iter().cloned().map(Line::Conversation).collect();
    let empty = "there is no conversation yet: begin one with `infrasound send @USER@HOST TEXT`";
    app.screen.list(&lines, || render::conversations(&list), empty)?;
    signed_out.map_or(Ok(End::Finish), Err)
}

/// Sets how a conversation is shown on this device.
pub(super) async fn set(
    app: &mut App,
    command: &'static str,
    which: &ConversationArgument,
    wish: impl FnOnce(ConversationId) -> Wish,
) -> Result<End, CommandError> {
    let conversation = reference::conversation(&app.session, &which.conversation).await?.conversation;
    app.session.wish(wish(conversation)).await?;
    let done = Done { with: Some(app.name(conversation)), ..Done::default() };
    app.screen.show(&Line::Done(Done { command, state: "done", ..done }))?;
    Ok(End::Leave)
}
