//! `group unban`: by handle, where that is known, or by the URI that `group show` prints.

use infrasound_core::{event::GroupView, input::GroupWish};
use infrasound_spec::account::{AccountUri, Handle};

use super::{change, found::Found};
use crate::{app::App, arguments::GroupArgument, commands::End, exit::CommandError};

pub(super) async fn unban(app: &mut App, group: &GroupArgument, who: &str) -> Result<End, CommandError> {
    let group = Found::find(app, group).await?;
    let view = group.view(app).await?;
    let account = account(app, &view, who).await?;
    let wish = GroupWish::Unban { conversation: group.id, who: account };
    change::change(app, "group unban", &group, wish).await
}

async fn account(app: &App, view: &GroupView, who: &str) -> Result<AccountUri, CommandError> {
    let banned: Vec<&AccountUri> = view.policy.iter().flat_map(|policy| &policy.banned).collect();
    let found = match who.parse::<Handle>() {
        Ok(handle) => {
            let contacts = app.session.contacts().await?;
            let known = contacts.into_iter().find(|(person, _)| person.handle == handle);
            match known {
                Some((person, _)) => banned.into_iter().find(|account| **account == person.account),
                None => banned.into_iter().find(|account| looks_like(account, &handle)),
            }
        }
        Err(_) => banned.into_iter().find(|account| account.as_str() == who),
    };
    found.cloned().ok_or_else(|| {
        CommandError::NotFound(format!("{who} is not banned there: `infrasound group show` lists who is"))
    })
}

/// Whether the URI of an account is one that instances give to this handle. The account is banned, so the worst that
/// can come of a wrong guess is that another one is let off.
fn looks_like(account: &AccountUri, handle: &Handle) -> bool {
    let name = account.as_str().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    Handle::new(name.trim_start_matches('@'), account.authority()).is_ok_and(|guessed| guessed == *handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_uris_are_recognised() {
        let mallory: Handle = "@mallory@a.example".parse().unwrap();
        for (uri, is_hers) in [
            ("https://a.example/users/mallory", true),
            ("https://a.example/@mallory", true),
            ("https://b.example/users/mallory", false),
            ("https://a.example/users/mallory/inbox", false),
            ("https://a.example/users/12", false),
        ] {
            assert_eq!(looks_like(&uri.parse().unwrap(), &mallory), is_hers, "{uri}");
        }
    }
}
