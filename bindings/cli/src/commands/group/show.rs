//! `group show`: all that there is to know of a group.

use infrasound_core::event::GroupView;
use infrasound_spec::policy::JoinMode;

use super::{found::Found, requests};
use crate::{
    app::App,
    arguments::GroupArgument,
    commands::End,
    exit::CommandError,
    line::{Banned, Group, JoinLink, JoinRequest, Line, Member},
    render::group::{Shown, whole},
};

pub(super) async fn show(app: &mut App, group: &GroupArgument) -> Result<End, CommandError> {
    let signed_out = app.catch_up_for_history().await?;
    app.learn().await?;
    let found = Found::find(app, group).await?;
    let view = match &signed_out {
        None => found.view(app).await?,
        Some(_) => super::found::load(&app.session, found.id).await?,
    };
    let name = &found.name;
    let group = Group::new(&view, name.clone());
    let members: Vec<Member> =
        view.members.iter().map(|member| Member::new(member, found.id, name)).collect();
    let links = JoinLink::all(&view, app.session.relay(), name);
    let banned = Banned::all(&view, name);
    let requests: Vec<JoinRequest> =
        if signed_out.is_none() && app.session.offline().is_none() && answers_requests(&view) {
            let asking = requests::asking(&app.session, found.id).await?;
            asking.iter().map(|request| JoinRequest::new(request, found.id, name)).collect()
        } else {
            Vec::new()
        };
    let mut all = vec![Line::Group(group.clone())];
    all.extend(members.iter().cloned().map(Line::Member));
    all.extend(links.iter().cloned().map(Line::JoinLink));
    all.extend(requests.iter().cloned().map(Line::JoinRequest));
    all.extend(banned.iter().cloned().map(Line::Banned));
    let shown =
        Shown { group: &group, members: &members, links: &links, requests: &requests, banned: &banned };
    let paint = app.screen.paint();
    app.screen.list(&all, || whole(&shown, paint), "")?;
    signed_out.map_or(Ok(End::Finish), Err)
}

/// Whether people may ask to be let in, and this account is one to answer them.
fn answers_requests(view: &GroupView) -> bool {
    match (&view.policy, view.role) {
        (Some(policy), Some(role)) => {
            policy.join == JoinMode::Approval && role >= policy.add && !policy.closed
        }
        _ => false,
    }
}
