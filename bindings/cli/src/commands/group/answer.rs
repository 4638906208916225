//! `group accept`, `group ignore`.

use infrasound_core::input::{GroupWish, Wish};
use infrasound_spec::consent::ContactState;

use super::found::Found;
use crate::{
    app::App,
    arguments::GroupArgument,
    commands::End,
    exit::CommandError,
    line::{Done, Line},
};

pub(super) async fn answer(
    app: &mut App,
    command: &'static str,
    group: &GroupArgument,
    state: ContactState,
) -> Result<End, CommandError> {
    // An invitation may have come that this device has not seen yet.
    app.settle().await?;
    let group = Found::find(app, group).await?;
    app.session.wish(Wish::Group(GroupWish::Answer { conversation: group.id, state })).await?;
    let reached = app.settle().await?;
    let (with, conversation) = (Some(group.name), Some(group.id.to_string()));
    let done = Done { command, state: reached.word(), with, conversation, ..Done::default() };
    app.screen.show(&Line::Done(done))?;
    Ok(End::Leave)
}
