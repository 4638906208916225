//! A change of a group: it is stored, goes to the hub, and has happened when it is in the log.

use std::time::Duration;

use infrasound_core::{
    event::{Answer, Event},
    input::{GroupWish, Wish},
    message::MessageState,
};
use infrasound_native::Error;
use infrasound_spec::content::ObjectId;

use super::found::Found;
use crate::{
    app::{App, ONLINE},
    clean,
    commands::{End, wait},
    exit::CommandError,
    line::{Done, Line},
};

/// Makes one change, and says what became of it.
pub(super) async fn change(
    app: &mut App,
    command: &'static str,
    group: &Found,
    wish: GroupWish,
) -> Result<End, CommandError> {
    changes(app, command, group, vec![wish]).await
}

/// Makes several changes, and says what became of all of them together.
pub(super) async fn changes(
    app: &mut App,
    command: &'static str,
    group: &Found,
    wishes: Vec<GroupWish>,
) -> Result<End, CommandError> {
    let mut stored = Vec::new();
    for wish in wishes {
        let is_told = matches!(wish, GroupWish::Describe { .. });
        if let Answer::Queued { message, .. } = app.session.wish(Wish::Group(wish)).await? {
            stored.push((message, is_told));
        }
    }
    let mut done = Done { command, with: Some(group.name.clone()), ..Done::default() };
    let mut queued = None;
    for (id, is_told) in stored {
        let fate = if is_told { settled(app, &id).await } else { fate(app, group, &id, ONLINE).await };
        done.id = Some(id.to_string());
        match fate {
            Ok(MessageState::Failed(reason)) => return Err(wait::failure(app, &id, &reason)),
            Ok(MessageState::Pending(reason)) => queued = queued.or(Some((id, reason))),
            Ok(_) => {}
            Err(error) => return Err(say_queued(app, done, error)),
        }
    }
    say(app, done, group, queued)
}

/// Says that a change is done, or what it waits for.
pub(super) fn say(
    app: &mut App,
    done: Done,
    group: &Found,
    queued: Option<(ObjectId, Option<String>)>,
) -> Result<End, CommandError> {
    let conversation = Some(group.id.to_string());
    let Some((id, reason)) = queued else {
        app.screen.show(&Line::Done(Done { state: "done", conversation, ..done }))?;
        return Ok(End::Finish);
    };
    let reason = reason.as_deref().map(clean::line);
    let id = Some(id.to_string());
    app.screen.show(&Line::Done(Done { state: "queued", conversation, id, reason, ..done }))?;
    Ok(End::Leave)
}

/// What becomes of a change while we wait.
pub(super) async fn fate(
    app: &mut App,
    group: &Found,
    id: &ObjectId,
    limit: Duration,
) -> Result<MessageState, CommandError> {
    match wait::fate(&app.session, &group.recipient(), id, limit).await? {
        MessageState::Pending(None) => Ok(MessageState::Pending(Some(unsaid_reason(app)))),
        fate => Ok(fate),
    }
}

/// Why a change waits of which nothing else is known: leaving, and a new key, wait until others have confirmed what came
/// before.
pub(super) fn unsaid_reason(app: &mut App) -> String {
    wait::relays_reason(app)
        .or_else(|| app.session.offline())
        .unwrap_or_else(|| "somebody else in the group has to confirm the last change first".to_owned())
}

/// The same for what a group is called: that is told in a message of which nobody hears when it is sent.
async fn settled(app: &mut App, id: &ObjectId) -> Result<MessageState, CommandError> {
    let reached = app.settle().await?;
    let failed = app.find_event(|event| matches!(event, Event::IntentFailed { object, .. } if object == id));
    Ok(match (failed, reached) {
        (Some(Event::IntentFailed { failure, .. }), _) => MessageState::Failed(failure.text),
        (_, crate::app::Reached::Relay) => MessageState::Sent,
        (_, crate::app::Reached::Queue) => MessageState::Pending(app.session.offline()),
    })
}

/// What was stored goes later, whatever ended the wait: whoever saw only the error would do it again.
pub(super) fn say_queued(app: &mut App, done: Done, error: CommandError) -> CommandError {
    if matches!(error, CommandError::Client(Error::NeedsLogin(_))) {
        return error;
    }
    let reason = Some(clean::line(&error.to_string()));
    match app.screen.show(&Line::Done(Done { state: "queued", reason, ..done })) {
        Ok(()) => error,
        Err(output) => output,
    }
}
