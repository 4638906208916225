//! What an admin can order, as it goes over the socket.

use serde::{Deserialize, Serialize};

/// Which accounts are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Only {
    /// All.
    #[default]
    All,
    /// Who has asked to be let in.
    Asked,
    /// Who is suspended here.
    Suspended,
}

/// What an admin says of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AdminVerdict {
    /// It may be reached, whatever the instance says.
    Allow,
    /// There is no traffic with it, whatever the instance says.
    Block,
}

/// An order. Accounts are named by handle or URI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Order {
    Account {
        account: String,
    },
    Accounts {
        only: Only,
        after: String,
        #[serde(default)]
        after_uri: String,
        limit: u64,
    },
    Allow {
        account: String,
    },
    AllowAll,
    Audit {
        limit: u64,
    },
    Disallow {
        account: String,
    },
    Domains,
    EndSessions {
        account: String,
        device: Option<String>,
    },
    Erase {
        account: String,
    },
    Export {
        account: String,
    },
    Quotas {
        account: String,
    },
    RemoveDomain {
        domain: String,
    },
    ResetQuotas {
        account: String,
    },
    Restore {
        account: String,
    },
    Retention,
    Sessions {
        account: Option<String>,
    },
    SetDomain {
        domain: String,
        verdict: AdminVerdict,
    },
    SetQuotas {
        account: String,
        file_mib: Option<u64>,
        devices: Option<u64>,
    },
    SetRetention {
        days: Option<u64>,
    },
    Suspend {
        account: String,
        reason: String,
    },
}

impl Order {
    /// The account that it is about, as the admin named it.
    pub(super) fn account(&self) -> Option<&str> {
        match self {
            Self::Account { account }
            | Self::Allow { account }
            | Self::Disallow { account }
            | Self::EndSessions { account, .. }
            | Self::Erase { account }
            | Self::Export { account }
            | Self::Quotas { account }
            | Self::ResetQuotas { account }
            | Self::Restore { account }
            | Self::SetQuotas { account, .. }
            | Self::Suspend { account, .. } => Some(account),
            Self::Sessions { account } => account.as_deref(),
            Self::Accounts { .. }
            | Self::AllowAll
            | Self::Audit { .. }
            | Self::Domains
            | Self::RemoveDomain { .. }
            | Self::Retention
            | Self::SetDomain { .. }
            | Self::SetRetention { .. } => None,
        }
    }
}
