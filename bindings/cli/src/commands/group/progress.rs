//! Letting many people in takes a while: their keys are fetched and checked, and they come in by batches.

use std::time::Duration;

use infrasound_core::event::Event;
use infrasound_native::Session;
use infrasound_spec::conversation::ConversationId;

use super::found;
use crate::{
    app::App,
    exit::CommandError,
    line::{Line, NotAdded},
    screen::Screen,
};

/// How long a command waits for everybody to be in.
pub(super) const LONG: Duration = Duration::from_mins(10);
/// Of so many it is said how far it is.
const MANY: usize = 20;

/// Waits, and says from time to time how many are in.
pub(super) async fn watched<T>(
    session: &Session,
    screen: &mut Screen,
    group: ConversationId,
    people: usize,
    work: impl Future<Output = T>,
) -> Result<T, CommandError> {
    tokio::pin!(work);
    if people < MANY {
        return Ok(work.await);
    }
    screen.note(&format!("adding {people} people …"))?;
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    let mut seen = found::load(session, group).await?.members.len();
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            _ = ticks.tick() => {
                let now = found::load(session, group).await?.members.len();
                if now > seen {
                    seen = now;
                    screen.note(&format!("{now} people are in"))?;
                }
            }
        }
    }
}

/// Says who could not be let in, of those who were asked for in vain anyway.
pub(super) async fn say_nobody_added(app: &mut App, group: ConversationId) -> Result<(), CommandError> {
    show_not_added(app, group).await.map(drop)
}

/// Says who could not be let in, and fails if there was somebody.
pub(super) async fn say_not_added(app: &mut App, group: ConversationId) -> Result<(), CommandError> {
    match show_not_added(app, group).await? {
        0 => Ok(()),
        1 => Err(CommandError::NotAdded("somebody could not be added; everybody else was".to_owned())),
        count => {
            Err(CommandError::NotAdded(format!("{count} people could not be added; everybody else was")))
        }
    }
}

async fn show_not_added(app: &mut App, group: ConversationId) -> Result<usize, CommandError> {
    app.learn().await?;
    let of_group =
        |event: &Event| matches!(event, Event::NotAdded { conversation, .. } if *conversation == group);
    let mut count = 0_usize;
    while let Some(Event::NotAdded { who, failure, .. }) = app.find_event(of_group) {
        let line = NotAdded::new(group, Some(app.name(group)), &who, &failure);
        app.screen.show(&Line::NotAdded(line))?;
        count += 1;
    }
    Ok(count)
}
