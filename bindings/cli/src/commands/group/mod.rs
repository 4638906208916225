//! `group …`: one file for each verb, or for verbs that are alike.

mod add;
mod answer;
mod change;
mod create;
mod found;
mod join;
mod link;
mod list;
mod progress;
mod remove;
mod renew;
mod requests;
mod set;
mod show;
mod unban;
mod unlink;

use infrasound_core::input::GroupWish;
use infrasound_spec::consent::ContactState;

use self::found::Found;
use super::End;
use crate::{app::App, arguments::GroupCommand, exit::CommandError};

/// Does what the command line says of a group.
pub(super) async fn group(app: &mut App, command: GroupCommand) -> Result<End, CommandError> {
    match command {
        GroupCommand::Create { name, members, description } => {
            create::create(app, name, description, members).await
        }
        GroupCommand::Show(group) => show::show(app, &group).await,
        GroupCommand::List { all } => list::list(app, all).await,
        GroupCommand::Add(members) => add::add(app, "group add", members).await,
        GroupCommand::Remove(members) => remove::remove(app, "group remove", members, false).await,
        GroupCommand::Ban(members) => remove::remove(app, "group ban", members, true).await,
        GroupCommand::Unban { group, who } => unban::unban(app, &group, &who).await,
        GroupCommand::Role { group, who, role } => {
            let group = Found::with_names(app, &group).await?;
            let wish = GroupWish::SetRole { conversation: group.id, who, role: role.into() };
            change::change(app, "group role", &group, wish).await
        }
        GroupCommand::Set(set) => set::set(app, set).await,
        GroupCommand::Close(group) => set::close(app, "group close", &group, true).await,
        GroupCommand::Reopen(group) => set::close(app, "group reopen", &group, false).await,
        GroupCommand::Link { group, days, uses } => link::link(app, &group, days, uses).await,
        GroupCommand::Unlink { group, key, all } => unlink::unlink(app, &group, key, all).await,
        GroupCommand::Requests(group) => requests::requests(app, &group).await,
        GroupCommand::Approve(members) => requests::approve(app, members).await,
        GroupCommand::Decline { group, who } => requests::decline(app, &group, &who).await,
        GroupCommand::Join { link } => join::join(app, &link).await,
        GroupCommand::Accept(group) => {
            answer::answer(app, "group accept", &group, ContactState::Accepted).await
        }
        GroupCommand::Ignore(group) => {
            answer::answer(app, "group ignore", &group, ContactState::Ignored).await
        }
        GroupCommand::Leave(group) => {
            let group = Found::find(app, &group).await?;
            let wish = GroupWish::Leave { conversation: group.id };
            change::change(app, "group leave", &group, wish).await
        }
        GroupCommand::Renew { group, yes } => renew::renew(app, &group, yes).await,
    }
}
