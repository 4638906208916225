//! `group renew`: the last resort.

use infrasound_core::input::GroupWish;

use super::{change, found::Found};
use crate::{app::App, arguments::GroupArgument, commands::End, exit::CommandError, input};

pub(super) async fn renew(app: &mut App, group: &GroupArgument, yes: bool) -> Result<End, CommandError> {
    let group = Found::find(app, group).await?;
    if !yes {
        confirm(app, &group).await?;
    }
    let wish = GroupWish::FoundAgain { conversation: group.id };
    change::change(app, "group renew", &group, wish).await
}

async fn confirm(app: &mut App, group: &Found) -> Result<(), CommandError> {
    if !input::is_interactive() || app.screen.is_json() {
        return Err(CommandError::Usage(
            "this makes the group's encryption anew, for when its members cannot go on: say --yes".to_owned(),
        ));
    }
    app.screen.note(&format!(
        "This makes the encryption of {} anew, for when its members cannot go on.\n\
         - everybody who is in it is let in again; who cannot be, is not in it any more\n\
         - everybody is told; messages that are on their way are sent again",
        group.name
    ))?;
    match input::ask("\nType \"renew\" to go on, anything else to leave everything as it is: ")
        .await?
        .as_str()
    {
        "renew" | "\"renew\"" => Ok(()),
        _ => Err(CommandError::Usage("nothing was changed".to_owned())),
    }
}
