//! `group join`: by a link one is in, has asked to be let in, or is refused.

use infrasound_core::{
    event::{Answer, Failure, FailureCode},
    input::{GroupWish, Wish},
};
use infrasound_native::{Error, JoinLink, JoinLinkError};

use super::found::{self, Found};
use crate::{
    app::{App, Reached},
    arguments::GroupArgument,
    clean,
    commands::End,
    exit::CommandError,
    line::{Done, Line},
};

pub(super) async fn join(app: &mut App, written: &str) -> Result<End, CommandError> {
    let JoinLink { relay, link } =
        written.parse().map_err(|error: JoinLinkError| CommandError::Usage(error.to_string()))?;
    if relay != *app.session.relay() {
        let text = format!(
            "that group is at {relay}, and your account is not: relays do not talk to each other yet"
        );
        return Err(Error::Refused(Failure::new(FailureCode::OtherInstance, text)).into());
    }
    let Answer::Queued { conversation: Some(id), .. } =
        app.session.wish(Wish::Group(GroupWish::Join { link })).await?
    else {
        return Ok(End::Finish);
    };
    let reached = app.settle().await?;
    app.learn().await?;
    let group = Found::find(app, &GroupArgument { group: id.to_string() }).await?;
    let is_in = found::load(&app.session, id).await?.role.is_some();
    let waiting = group.summary.waiting.as_deref().map(clean::line);
    if group.summary.group().is_some_and(|card| card.ended.is_some()) {
        let text = waiting.unwrap_or_else(|| "the link is not good, or no longer".to_owned());
        return Err(Error::Refused(Failure::new(FailureCode::BadLink, text)).into());
    }
    let state = match (is_in, &waiting, reached) {
        (true, ..) => "done",
        (false, Some(_), Reached::Relay) => "waiting",
        (false, ..) => "queued",
    };
    let reason = waiting.filter(|_| !is_in);
    let (with, conversation) = (Some(group.name), Some(id.to_string()));
    let done = Done { command: "group join", state, with, conversation, reason, ..Done::default() };
    app.screen.show(&Line::Done(done))?;
    Ok(if state == "queued" { End::Leave } else { End::Finish })
}
