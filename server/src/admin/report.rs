//! What an order brings, as it goes over the socket and as `--json` prints it. Times are milliseconds since 1970.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::{audit, overview};

/// What an order brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "kebab-case")]
pub(super) enum Report {
    Account {
        account: Box<AccountReport>,
    },
    Accounts {
        accounts: Vec<AccountLine>,
    },
    Audit {
        records: Vec<Record>,
    },
    Domains {
        rules: Vec<DomainLine>,
    },
    /// It was done; what there is to say of it.
    Done {
        text: String,
    },
    Export {
        data: Value,
    },
    Quotas {
        quotas: Quotas,
    },
    Retention {
        retention: Retention,
    },
    Sessions {
        sessions: Vec<SessionLine>,
    },
}

/// An account in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AccountLine {
    pub(super) uri: String,
    pub(super) handle: String,
    pub(super) devices: u64,
    pub(super) last_seen: Option<u64>,
    pub(super) limited: bool,
    pub(super) asked: Option<u64>,
    pub(super) allowed: Option<u64>,
    pub(super) suspended: Option<u64>,
    pub(super) erased: Option<u64>,
}

impl From<overview::Known> for AccountLine {
    fn from(known: overview::Known) -> Self {
        Self {
            uri: known.uri,
            handle: known.handle,
            devices: millis(known.devices),
            last_seen: known.last_seen.map(millis),
            limited: known.limited != 0,
            asked: known.asked.map(millis),
            allowed: known.allowed.map(millis),
            suspended: known.suspended.map(millis),
            erased: known.erased.map(millis),
        }
    }
}

pub(super) fn millis(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// An account with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AccountReport {
    #[serde(flatten)]
    pub(super) line: AccountLine,
    pub(super) reason: String,
    pub(super) role: Option<String>,
    /// Whether the policy lets it in now; if not, what it is told.
    pub(super) refused: Option<String>,
    pub(super) sessions: u64,
    pub(super) conversations: u64,
    pub(super) quotas: Quotas,
    pub(super) device_list: Vec<DeviceLine>,
}

/// A device that is not revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DeviceLine {
    pub(super) device: String,
    pub(super) name: String,
    pub(super) created: u64,
    pub(super) last_seen: u64,
}

/// What an account may have, and has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Quotas {
    pub(super) file_bytes: u64,
    pub(super) file_bytes_used: u64,
    pub(super) devices: u64,
    pub(super) devices_used: u64,
    /// Whether any of them is the account's own.
    pub(super) own: bool,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SessionLine {
    pub(super) handle: String,
    pub(super) device: String,
    pub(super) name: String,
    pub(super) last_seen: u64,
    pub(super) expires: u64,
}

/// A rule for a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DomainLine {
    pub(super) domain: String,
    /// `allowed`, `limited` or `blocked`.
    pub(super) verdict: String,
    /// `admin` or `instance`.
    pub(super) source: String,
    pub(super) since: u64,
}

/// How long entries stay, and how much there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Retention {
    pub(super) days: u64,
    /// Whether an admin has set it; else it is the configuration's.
    pub(super) set: bool,
    pub(super) entries: u64,
    pub(super) entry_bytes: u64,
    pub(super) oldest: Option<u64>,
    pub(super) files: u64,
    pub(super) file_bytes: u64,
}

/// Something that an admin did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) number: u64,
    pub(super) time: u64,
    pub(super) who: String,
    pub(super) action: String,
    pub(super) subject: String,
    pub(super) detail: String,
}

impl From<audit::Record> for Record {
    fn from(record: audit::Record) -> Self {
        Self {
            number: record.number,
            time: record.time.as_millis(),
            who: record.who,
            action: record.action,
            subject: record.subject,
            detail: record.detail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_report_is_pinned() {
        let session = SessionLine {
            handle: "@a@b.example".to_owned(),
            device: "AAAA".to_owned(),
            name: "phone".to_owned(),
            last_seen: 1,
            expires: 2,
        };
        let report = Report::Sessions { sessions: vec![session] };
        let text = r#"{"report":"sessions","sessions":[{"handle":"@a@b.example","device":"AAAA","name":"phone","last_seen":1,"expires":2}]}"#;
        assert_eq!(serde_json::to_string(&report).unwrap(), text);
        assert_eq!(serde_json::from_str::<Report>(text).unwrap(), report);
    }
}
