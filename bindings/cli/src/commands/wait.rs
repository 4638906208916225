//! Waiting for what was stored: it goes, it fails, or it stays for later.

use std::time::Duration;

use infrasound_core::{
    event::{Event, Failure, FailureCode},
    message::MessageState,
};
use infrasound_native::{Error, Session};
use infrasound_spec::content::ObjectId;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    app::{App, ONLINE},
    clean,
    exit::CommandError,
    recipient::Recipient,
};

const LAST_MOMENT: Duration = Duration::from_millis(50);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What becomes of a message, or of a change of a group, while we wait. The wait ends early when the relay can't be
/// reached, or when everything that could go has gone and this has not: it waits for something else.
pub(super) async fn fate(
    session: &Session,
    to: &Recipient,
    id: &ObjectId,
    limit: Duration,
) -> Result<MessageState, CommandError> {
    let sent = session.wait_sent(id.clone(), limit);
    tokio::pin!(sent);
    let stuck = async {
        session.wait_caught_up(ONLINE).await?;
        session.wait_idle(limit).await
    };
    let reason = tokio::select! {
        state = &mut sent => match state? {
            Some(state) => return Ok(state),
            None => waiting_for(session, to).await?,
        },
        stuck = stuck => match stuck {
            Ok(_) => match waiting_for(session, to).await? {
                Some(reason) => Some(reason),
                // Nothing is in its way: it was put off for a moment.
                None => match timeout(ONLINE, &mut sent).await {
                    Ok(state) => return Ok(state?.unwrap_or(MessageState::Pending(None))),
                    Err(_) => waiting_for(session, to).await?,
                },
            },
            Err(Error::Offline(reason)) => Some(reason),
            Err(error) => return Err(error.into()),
        },
    };
    // It may have gone in the last moment.
    let state = session.wait_sent(id.clone(), LAST_MOMENT).await?;
    Ok(state.unwrap_or(MessageState::Pending(reason)))
}

/// Waits until something shows in what this device knows, unless the relay can't be reached.
pub(super) async fn until<T>(
    app: &mut App,
    mut look: impl AsyncFnMut(&mut App) -> Result<Option<T>, CommandError>,
) -> Result<Option<T>, CommandError> {
    let deadline = Instant::now() + ONLINE;
    match app.session.wait_caught_up(ONLINE).await {
        Ok(()) => {}
        Err(Error::Offline(_)) => return look(app).await,
        Err(error) => return Err(error.into()),
    }
    loop {
        let found = look(app).await?;
        if found.is_some() || app.session.offline().is_some() || Instant::now() > deadline {
            return Ok(found);
        }
        sleep(LOOK_AGAIN).await;
    }
}

async fn waiting_for(session: &Session, to: &Recipient) -> Result<Option<String>, CommandError> {
    let conversation = to.conversation(session).await?;
    let all = session.conversations().await?;
    let summary = all.into_iter().find(|summary| Some(summary.conversation) == conversation);
    Ok(summary.and_then(|summary| summary.waiting))
}

/// What the relay last said when it could take nothing, if it did: its disk is full, say.
pub(super) fn relays_reason(app: &mut App) -> Option<String> {
    match app.find_event(|event| matches!(event, Event::Offline { .. })) {
        Some(Event::Offline { reason, .. }) => Some(reason),
        _ => None,
    }
}

/// Why something that was stored cannot be done, with the code for programs.
pub(super) fn failure(app: &mut App, id: &ObjectId, reason: &str) -> CommandError {
    let code =
        match app.find_event(|event| matches!(event, Event::IntentFailed { object, .. } if object == id)) {
            Some(Event::IntentFailed { failure, .. }) => failure.code,
            _ => FailureCode::Refused,
        };
    Error::Refused(Failure::new(code, clean::line(reason))).into()
}
