//! `group requests`, `group approve`, `group decline`: who asks to be let in.

use infrasound_core::{
    event::Answer,
    input::{GroupWish, Wish},
};
use infrasound_native::Session;
use infrasound_spec::{
    account::Handle, api::groups::JoinRequest as CoreRequest, conversation::ConversationId,
};

use super::{add, found::Found};
use crate::{
    app::App,
    arguments::{GroupArgument, MembersArgument},
    commands::End,
    exit::CommandError,
    line::{Done, JoinRequest, Line},
    render,
};

pub(super) async fn requests(app: &mut App, group: &GroupArgument) -> Result<End, CommandError> {
    let group = Found::find(app, group).await?;
    let asking = asking(&app.session, group.id).await?;
    let list: Vec<JoinRequest> =
        asking.iter().map(|request| JoinRequest::new(request, group.id, &group.name)).collect();
    let lines: Vec<Line> = list.iter().cloned().map(Line::JoinRequest).collect();
    app.screen.list(&lines, || render::group::requests(&list), "nobody asks to be let in")?;
    if !lines.is_empty() {
        app.screen.note(&format!(
            "\nAnswer with `infrasound group approve '{}' @USER@HOST` or `group decline`.",
            group.name
        ))?;
    }
    Ok(End::Finish)
}

/// To let somebody in who asks is to add them.
pub(super) async fn approve(app: &mut App, members: MembersArgument) -> Result<End, CommandError> {
    let group = Found::find(app, &members.group).await?;
    let asking = asking(&app.session, group.id).await?;
    for who in &members.who {
        request_of(&asking, who)?;
    }
    add::add(app, "group approve", members).await
}

pub(super) async fn decline(app: &mut App, group: &GroupArgument, who: &Handle) -> Result<End, CommandError> {
    let group = Found::find(app, group).await?;
    let asking = asking(&app.session, group.id).await?;
    let account = request_of(&asking, who)?.who.account.clone();
    app.session.wish(Wish::Group(GroupWish::Decline { conversation: group.id, who: account })).await?;
    let with = Some(group.name);
    let conversation = Some(group.id.to_string());
    let done = Done { command: "group decline", state: "done", with, conversation, ..Done::default() };
    app.screen.show(&Line::Done(done))?;
    Ok(End::Finish)
}

/// Who asks to be let in, by the relay's word.
pub(super) async fn asking(
    session: &Session,
    conversation: ConversationId,
) -> Result<Vec<CoreRequest>, CommandError> {
    match session.wish(Wish::Group(GroupWish::Requests { conversation })).await? {
        Answer::JoinRequests(requests) => Ok(requests),
        _ => Ok(Vec::new()),
    }
}

fn request_of<'a>(asking: &'a [CoreRequest], who: &Handle) -> Result<&'a CoreRequest, CommandError> {
    asking.iter().find(|request| request.who.handle == *who).ok_or_else(|| {
        CommandError::NotFound(format!(
            "{who} does not ask to be let in: `infrasound group requests` lists who does"
        ))
    })
}
