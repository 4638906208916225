//! `conversations`.

use super::End;
use crate::{
    app::{App, is_shown},
    exit::CommandError,
    line::{Conversation, Line},
    render,
};

pub(super) async fn conversations(app: &mut App, all: bool) -> Result<End, CommandError> {
    let signed_out = app.catch_up_for_history().await?;
    let summaries = app.session.conversations().await?;
    let list: Vec<Conversation> =
        summaries.iter().filter(|summary| all || is_shown(summary)).map(Conversation::from).collect();
    let lines: Vec<Line> = list.iter().cloned().map(Line::Conversation).collect();
    let empty = "there is no conversation yet: begin one with `infrasound send @USER@HOST TEXT`";
    app.screen.list(&lines, || render::conversations(&list), empty)?;
    signed_out.map_or(Ok(End::Finish), Err)
}
