//! People at a relay that is a process of its own, among them a group of 1,000, and journals with which a browser goes on as
//! one of them.
//!
//! They come by cores on this machine, which is quicker than 1,000 browsers and makes the same records.

use std::{fs, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use infrasound_core::input::GroupWish;
use infrasound_tests::{
    bench::{
        crowd::Crowd,
        people::{introduce, person, relay, settle},
        report::{Report, Row},
        scratch,
    },
    device::Device,
    relay_process::RelayProcess,
};
use serde_json::json;
use tempfile::TempDir;

const MEMBERS: usize = 1_000;
/// So many are there at the beginning: a relay takes no more at once.
const FOUNDERS: usize = 400;
/// The last to come in, who join in a browser.
const JOINERS: std::ops::Range<usize> = 989..999;
/// Whom somebody in a browser writes to, so that there is a list.
const LISTED: usize = 20;

/// What a browser finds.
pub(super) struct Stage {
    /// Files for whoever drives the browser: `stage.json`, and a journal for each person.
    pub(super) folder: TempDir,
    _relay: RelayProcess,
    _data: TempDir,
}

impl Stage {
    /// Lets everybody come, and founds the group. Its creator and a friend of theirs, and who has yet to join it, go on.
    pub(super) async fn set(report: &mut Report) -> Self {
        let (data, folder) = (scratch(), scratch());
        let relay = relay(data.path());
        let mut crowd = Crowd::new(vec![0..1, JOINERS]);
        let mut creator = person(&relay, "creator", 1).await;
        let mut friend = person(&relay, "friend", 2).await;
        introduce(&mut creator, &mut friend).await;
        crowd.grow_to(&relay, MEMBERS - 1).await;
        let name = format!("before: {} accounts register a device each", crowd.handles.len());
        report.add(Row::compared(&name, crowd.took.as_secs_f64(), "s"));

        // A commit is settled once somebody else has applied it.
        let mut other = crowd.awake[0].remove(0);
        let conversation = creator.create_group("Waterhole", &crowd.handles[..FOUNDERS - 1]).await;
        settle(&mut creator, &mut other).await;
        let who = crowd.handles[FOUNDERS - 1..].to_vec();
        creator.change(GroupWish::Add { conversation, who }).await.expect("they are added");
        settle(&mut creator, &mut other).await;
        assert_eq!(creator.names(conversation).await.len(), MEMBERS, "everybody is in the group");

        let joiners: Vec<String> = JOINERS.map(|number| format!("joiner{number}")).collect();
        let stage = json!({
            "relay": relay.base(),
            "conversation": conversation.to_string(),
            "friend": friend.handle(),
            "joiners": joiners,
            "listed": crowd.handles[..LISTED],
        });
        write(folder.path(), "stage", &stage);
        write(folder.path(), "creator", &journal(&creator, 1));
        write(folder.path(), "friend", &journal(&friend, 2));
        for ((name, device), number) in joiners.iter().zip(&crowd.awake[1]).zip(JOINERS) {
            write(folder.path(), name, &journal(device, Crowd::seed(number)));
        }
        Self { folder, _relay: relay, _data: data }
    }
}

/// A device as it is stored: the key, and each record with its two names.
fn journal(device: &Device, seed: u64) -> serde_json::Value {
    let put = device.journal.as_batch().put;
    let text = |bytes: &[u8]| BASE64_STANDARD.encode(bytes);
    let records = put.iter().map(|(scope, name, value)| [text(&scope.0), text(&name.0), text(value)]);
    json!({ "key": text(&Device::storage_key_bytes(seed)), "records": records.collect::<Vec<_>>() })
}

fn write(folder: &Path, name: &str, value: &serde_json::Value) {
    fs::write(folder.join(format!("{name}.json")), value.to_string()).expect("a file");
}
