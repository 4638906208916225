//! `group set`, `group close`, `group reopen`.

use infrasound_core::{Settings, input::GroupWish};
use infrasound_spec::content::GroupMetadata;

use super::{change, found::Found};
use crate::{
    app::App,
    arguments::{Changes, GroupArgument, SetArguments},
    commands::End,
    exit::CommandError,
};

pub(super) async fn set(
    app: &mut App,
    SetArguments { group, changes }: SetArguments,
) -> Result<End, CommandError> {
    let group = Found::find(app, &group).await?;
    let conversation = group.id;
    let known = group.summary.group().and_then(|card| card.metadata.clone());
    let mut wishes = Vec::new();
    if let Some(metadata) = metadata(known, &changes)? {
        wishes.push(GroupWish::Describe { conversation, metadata });
    }
    let settings = Settings {
        add: changes.add.map(Into::into),
        rename: changes.rename.map(Into::into),
        post: changes.post.map(Into::into),
        join: changes.join.map(Into::into),
        closed: None,
    };
    if settings != Settings::default() {
        wishes.push(GroupWish::Set { conversation, settings });
    }
    change::changes(app, "group set", &group, wishes).await
}

/// What the group is to be called; `None` if that is not to change.
fn metadata(known: Option<GroupMetadata>, changes: &Changes) -> Result<Option<GroupMetadata>, CommandError> {
    if changes.name.is_none() && changes.description.is_none() {
        return Ok(None);
    }
    if known.is_none() && changes.name.is_none() {
        let text = "nobody has told this device yet what the group is called: say --name, too";
        return Err(CommandError::Usage(text.to_owned()));
    }
    let mut metadata = known.unwrap_or_default();
    for (field, change) in
        [(&mut metadata.name, &changes.name), (&mut metadata.summary, &changes.description)]
    {
        if let Some(change) = change {
            field.clone_from(change);
        }
    }
    Ok(Some(metadata))
}

pub(super) async fn close(
    app: &mut App,
    command: &'static str,
    group: &GroupArgument,
    closed: bool,
) -> Result<End, CommandError> {
    let group = Found::find(app, group).await?;
    let settings = Settings { closed: Some(closed), ..Settings::default() };
    change::change(app, command, &group, GroupWish::Set { conversation: group.id, settings }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(name: Option<&str>, description: Option<&str>) -> Changes {
        let (name, description) = (name.map(str::to_owned), description.map(str::to_owned));
        Changes { name, description, add: None, rename: None, post: None, join: None }
    }

    fn called(name: &str, summary: &str) -> GroupMetadata {
        GroupMetadata { name: name.to_owned(), summary: summary.to_owned(), picture: None }
    }

    #[test]
    fn what_is_not_given_stays() {
        let known = || Some(called("Herd", "grey"));
        assert_eq!(metadata(known(), &wanted(None, None)).unwrap(), None);
        assert_eq!(metadata(known(), &wanted(Some("Old"), None)).unwrap(), Some(called("Old", "grey")));
        assert_eq!(metadata(known(), &wanted(None, Some(""))).unwrap(), Some(called("Herd", "")));
        assert_eq!(metadata(None, &wanted(Some("Old"), None)).unwrap(), Some(called("Old", "")));
        assert!(matches!(metadata(None, &wanted(None, Some("x"))), Err(CommandError::Usage(_))));
    }
}
