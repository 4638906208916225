//! Spec: `groups.md` 2 and 5.

use infrasound_spec::{
    account::{AccountUri, DeviceKey},
    external::{self, ExternalJoin},
    policy::{GroupPolicy, LinkKey, LinkTerms},
    signing::{self, Purpose},
};
use serde_json::{Value, json};

use super::{Outcome, array, bytes, hex, number, text, variant};

pub(super) fn policy(input: &Value) -> Outcome {
    let encoded = bytes(input, "bytes");
    let policy = GroupPolicy::decode(&encoded).map_err(|error| variant(&error))?;
    assert_eq!(policy.encode(), encoded);
    let link = |(key, terms): (&LinkKey, &LinkTerms)| json!({ "key": hex(key.as_bytes()), "expires": terms.expires, "uses": terms.uses });
    let links: Vec<_> = policy.links.iter().map(link).collect();
    Ok(json!({
        "add": policy.add, "rename": policy.rename, "post": policy.post, "join": policy.join,
        "closed": policy.closed, "roles": policy.roles, "banned": policy.banned, "links": links,
    }))
}

pub(super) fn external_join(input: &Value) -> Outcome {
    let aad = bytes(input, "aad");
    let join = ExternalJoin::decode(&aad).map_err(|error| variant(&error))?;
    assert_eq!(join.encode(), aad);
    let ExternalJoin::Link { link, signature } = join else { return Ok(json!({ "way": "member" })) };
    let account: AccountUri = text(input, "account").parse().unwrap();
    let device_key = DeviceKey::from_bytes(array(input, "device_key"));
    let content =
        external::join_content(&bytes(input, "group_id"), number(input, "epoch"), &account, &device_key);
    external::verify_link(&link, Purpose::GroupJoin, &content, &signature)
        .map_err(|error| variant(&error))?;
    Ok(json!({
        "way": "link",
        "link": hex(link.as_bytes()),
        "signing_input": hex(signing::signing_input(Purpose::GroupJoin, &content)),
    }))
}
