//! `group remove`, `group ban`.

use infrasound_core::input::GroupWish;

use super::{change, found::Found};
use crate::{app::App, arguments::MembersArgument, commands::End, exit::CommandError};

pub(super) async fn remove(
    app: &mut App,
    command: &'static str,
    MembersArgument { group, who }: MembersArgument,
    ban: bool,
) -> Result<End, CommandError> {
    let group = Found::with_names(app, &group).await?;
    let wish = GroupWish::Remove { conversation: group.id, who, ban };
    change::change(app, command, &group, wish).await
}
