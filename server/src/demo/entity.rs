//! Mastodon's entities, as the demo instance fills them.

use infrasound_spec::time::Timestamp;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    book::{Account, Post},
    page::escape,
    state::DemoState,
};

/// An Account, as others and its owner see it.
pub(super) fn account(state: &DemoState, account: &Account) -> Value {
    let uri = state.actor_uri(account);
    let avatar = state.url("/demo/avatar.svg");
    json!({
        "id": account.id.to_string(),
        "username": account.name,
        "acct": account.name,
        "display_name": account.name,
        "uri": uri,
        "url": uri,
        "created_at": iso(account.created),
        "note": "",
        "avatar": avatar,
        "avatar_static": avatar,
        "header": avatar,
        "header_static": avatar,
        "locked": false,
        "bot": false,
        "group": false,
        "discoverable": true,
        "limited": account.limited,
        "suspended": account.suspended,
        "followers_count": 0,
        "following_count": 0,
        "statuses_count": state.read(|book, _| book.timeline().filter(|post| post.author == account.name).count()),
        "roles": if account.role.is_empty() { json!([]) } else { json!([role(account)]) },
        "fields": [],
        "emojis": [],
    })
}

/// An Account, as it sees itself.
pub(super) fn own_account(state: &DemoState, own: &Account) -> Value {
    let mut entity = account(state, own);
    entity["role"] = role(own);
    entity
}

/// A Role. Everybody has the one without a name.
fn role(account: &Account) -> Value {
    let name = account.role.as_str();
    let id = if name.is_empty() { "-99" } else { name };
    let permissions = account.permissions.to_string();
    json!({ "id": id, "name": name, "permissions": permissions, "color": "", "highlighted": !name.is_empty() })
}

/// A public Status.
pub(super) fn status(state: &DemoState, author: &Account, post: &Post) -> Value {
    let uri = format!("{}#post-{}", state.actor_uri(author), post.id);
    json!({
        "id": post.id.to_string(),
        "uri": uri,
        "url": uri,
        "created_at": iso(post.created),
        "account": account(state, author),
        "content": html(&post.text),
        "visibility": "public",
        "sensitive": false,
        "spoiler_text": "",
        "in_reply_to_id": null,
        "in_reply_to_account_id": null,
        "reblog": null,
        "language": null,
        "poll": null,
        "card": null,
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": 0,
        "media_attachments": [],
        "mentions": [],
        "tags": [],
        "emojis": [],
    })
}

/// A post's text as HTML.
pub(super) fn html(text: &str) -> String {
    format!("<p>{}</p>", escape(text).replace("\r\n", "<br>").replace('\n', "<br>"))
}

/// A time as Mastodon writes it.
pub(super) fn iso(at: Timestamp) -> String {
    let seconds = i64::try_from(at.as_secs()).unwrap_or_default();
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(html("a <b>\n\"&"), "<p>a &lt;b&gt;<br>&quot;&amp;</p>");
    }

    #[test]
    fn times_are_written_as_rfc_3339() {
        assert_eq!(iso(Timestamp::from_secs(1_704_067_200)), "2024-01-01T00:00:00Z");
    }
}
