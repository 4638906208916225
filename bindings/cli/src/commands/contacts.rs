//! `requests`, `accept`, `ignore`, `block`, `unblock`.

use infrasound_core::input::Wish;
use infrasound_spec::{account::Handle, consent::ContactState};

use super::End;
use crate::{
    app::App,
    exit::CommandError,
    line::{Conversation, Done, Line},
    render,
};

pub(super) async fn requests(app: &mut App) -> Result<End, CommandError> {
    let online = app.catch_up().await?;
    let all = app.session.conversations().await?;
    let requests = Conversation::list(&all, |summary| summary.request);
    let lines: Vec<Line> = requests.iter().cloned().map(Line::Request).collect();
    app.screen.list(&lines, || render::conversations(&requests), "nobody has asked")?;
    let (groups, people): (Vec<_>, Vec<_>) = requests.iter().partition(|request| request.group.is_some());
    if !people.is_empty() {
        app.screen.note("\nAnswer with `infrasound accept @USER@HOST`, `ignore` or `block`. Until you accept, they see nothing of you.")?;
    }
    if !groups.is_empty() {
        app.screen.note("\nAnswer an invitation with `infrasound group accept GROUP`, `group ignore` or `group leave`. Until you accept, its members see nothing of you.")?;
    }
    if online { Ok(End::Finish) } else { Err(CommandError::Offline) }
}

pub(super) async fn set(
    app: &mut App,
    command: &'static str,
    who: Handle,
    state: ContactState,
) -> Result<End, CommandError> {
    app.session.wish(Wish::SetContact { who: who.clone(), state }).await?;
    let reached = app.settle().await?;
    let with = Some(who.to_string());
    app.screen.show(&Line::Done(Done { command, state: reached.word(), with, ..Done::default() }))?;
    Ok(End::Leave)
}
