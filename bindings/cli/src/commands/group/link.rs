//! `group link`.

use infrasound_core::{
    event::{Answer, Event},
    input::{GroupWish, Wish},
};
use infrasound_native::{Error, JoinLink as LinkText};
use infrasound_spec::{
    policy::{JoinMode, LinkTerms},
    time::{DAY, Timestamp},
};

use super::found::{self, Found};
use crate::{
    app::{App, Reached},
    arguments::GroupArgument,
    commands::{End, wait},
    exit::CommandError,
    line::{JoinLink, Line},
    time,
};

pub(super) async fn link(
    app: &mut App,
    group: &GroupArgument,
    days: u64,
    uses: Option<u32>,
) -> Result<End, CommandError> {
    let group = Found::find(app, group).await?;
    let conversation = group.id;
    let (lifetime, uses) = (days * DAY, uses.unwrap_or_default());
    let wish = Wish::Group(GroupWish::MakeLink { conversation, lifetime, uses });
    let Answer::Link(link) = app.session.wish(wish).await? else { return Ok(End::Finish) };
    let key = link.key();
    let failed = |event: &Event| matches!(event, Event::IntentFailed { conversation: Some(id), .. } if *id == conversation);
    let standing = wait::until(app, async |app| {
        if let Some(Event::IntentFailed { failure, .. }) = app.find_event(failed) {
            return Err(Error::Refused(failure).into());
        }
        let policy = found::load(&app.session, conversation).await?.policy;
        Ok(policy.and_then(|policy| policy.links.get(&key).copied()))
    });
    let standing = standing.await?;
    let policy = found::load(&app.session, conversation).await?.policy;
    let terms = standing.unwrap_or_else(|| LinkTerms { expires: in_days(days), uses });
    let text = LinkText { relay: app.session.relay().clone(), link: link.clone() };
    let state = if standing.is_some() { Reached::Relay } else { Reached::Queue }.word();
    let made = JoinLink { state, ..JoinLink::new(&link.key(), terms, Some(text), conversation, &group.name) };
    app.screen.show(&Line::JoinLink(made))?;
    if standing.is_none() {
        app.screen.note("The link is good when the relay has it: run `infrasound inbox` later.")?;
    }
    if policy.is_some_and(|policy| policy.join == JoinMode::Invite) {
        app.screen.note(&format!(
            "It lets nobody in as the group is set: `infrasound group set '{}' --join open`, or `--join approval`.",
            group.name
        ))?;
    }
    Ok(End::Finish)
}

fn in_days(days: u64) -> Timestamp {
    time::now().plus_millis(days * DAY)
}
