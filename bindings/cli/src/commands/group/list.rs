//! `group list`.

use crate::{
    app::{App, is_shown},
    commands::End,
    exit::CommandError,
    line::{Conversation, Line},
    render,
};

pub(super) async fn list(app: &mut App, all: bool) -> Result<End, CommandError> {
    let signed_out = app.catch_up_for_history().await?;
    let summaries = app.session.conversations().await?;
    let list = Conversation::list(&summaries, |summary| {
        summary
            .group()
            .is_some_and(|card| all || is_shown(summary) && !summary.archived && card.ended.is_none())
    });
    let lines: Vec<Line> = list.iter().cloned().map(Line::Conversation).collect();
    let empty = "there is no group yet: make one with `infrasound group create NAME @USER@HOST`";
    app.screen.list(&lines, || render::group::list(&list), empty)?;
    signed_out.map_or(Ok(End::Finish), Err)
}
