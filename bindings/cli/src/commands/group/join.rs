//! `group join`: by a link one is in, has asked to be let in, or is refused.

use infrasound_core::{
    event::{Answer, Failure, FailureCode},
    input::{GroupWish, Wish},
};
use infrasound_native::{Error, JoinLink, JoinLinkError, Session};
use infrasound_spec::conversation::ConversationId;

use super::found::{self, Found};
use crate::{
    app::App,
    arguments::GroupArgument,
    clean,
    commands::{End, wait},
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
    let fate = wait::until(app, async |app| fate(&app.session, id).await).await?;
    app.learn().await?;
    let group = Found::find(app, &GroupArgument { group: id.to_string() }).await?;
    let (state, reason) = match fate {
        Some(Fate::In) => ("done", None),
        Some(Fate::Waiting(reason)) => ("waiting", Some(reason)),
        Some(Fate::Refused(text)) => {
            return Err(Error::Refused(Failure::new(FailureCode::BadLink, text)).into());
        }
        None => ("queued", None),
    };
    let (with, conversation) = (Some(group.name), Some(id.to_string()));
    let done = Done { command: "group join", state, with, conversation, reason, ..Done::default() };
    app.screen.show(&Line::Done(done))?;
    Ok(if state == "queued" { End::Leave } else { End::Finish })
}

/// What has become of somebody who has a link.
enum Fate {
    In,
    Refused(String),
    Waiting(String),
}

/// `None`: nothing yet.
async fn fate(session: &Session, conversation: ConversationId) -> Result<Option<Fate>, CommandError> {
    let view = found::load(session, conversation).await?;
    let waiting = view.summary.waiting.as_deref().map(clean::line);
    let has_ended = view.summary.group().is_some_and(|card| card.ended.is_some());
    Ok(match (view.role, waiting) {
        (Some(_), _) => Some(Fate::In),
        (None, reason) if has_ended => {
            Some(Fate::Refused(reason.unwrap_or_else(|| "the link is not good, or no longer".to_owned())))
        }
        (None, reason) => reason.map(Fate::Waiting),
    })
}
