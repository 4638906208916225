//! `group unlink`.

use infrasound_core::input::GroupWish;
use infrasound_spec::policy::LinkKey;

use super::{change, found::Found};
use crate::{app::App, arguments::GroupArgument, commands::End, exit::CommandError};

pub(super) async fn unlink(
    app: &mut App,
    group: &GroupArgument,
    key: Option<String>,
    all: bool,
) -> Result<End, CommandError> {
    let group = Found::find(app, group).await?;
    let view = group.view(app).await?;
    let links: Vec<LinkKey> = view.policy.iter().flat_map(|policy| policy.links.keys().copied()).collect();
    let wishes = chosen(&links, key.as_deref(), all)?
        .into_iter()
        .map(|link| GroupWish::RevokeLink { conversation: group.id, link })
        .collect();
    change::changes(app, "group unlink", &group, wishes).await
}

fn chosen(links: &[LinkKey], key: Option<&str>, all: bool) -> Result<Vec<LinkKey>, CommandError> {
    let begins = |link: &&LinkKey| key.is_none_or(|key| !key.is_empty() && link.to_string().starts_with(key));
    let matching: Vec<LinkKey> = links.iter().filter(begins).copied().collect();
    match (matching.as_slice(), key) {
        ([], None) => Err(CommandError::NotFound("the group has no link".to_owned())),
        ([], Some(key)) => Err(CommandError::NotFound(format!(
            "the group has no link {key}: `infrasound group show` lists them"
        ))),
        ([_, _, ..], _) if !all => Err(CommandError::Usage(
            "the group has several links: say which, as `infrasound group show` lists them, or --all"
                .to_owned(),
        )),
        _ => Ok(matching),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_link_is_chosen_or_all() {
        let [one, two] = [LinkKey::from_bytes([1; 32]), LinkKey::from_bytes([2; 32])];
        let beginning = one.to_string()[..5].to_owned();
        assert_eq!(chosen(&[one], None, false).unwrap(), [one]);
        assert_eq!(chosen(&[one, two], Some(&beginning), false).unwrap(), [one]);
        assert_eq!(chosen(&[one, two], None, true).unwrap(), [one, two]);
        assert!(matches!(chosen(&[one, two], None, false), Err(CommandError::Usage(_))));
        assert!(matches!(chosen(&[one, two], Some("x"), false), Err(CommandError::NotFound(_))));
        assert!(matches!(chosen(&[one], Some(""), false), Err(CommandError::NotFound(_))));
        assert!(matches!(chosen(&[], None, true), Err(CommandError::NotFound(_))));
    }
}
