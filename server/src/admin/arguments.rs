//! The command line of `infrasound-relay admin`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{
    AdminError, Order,
    order::{AdminVerdict, Only},
};
use crate::config::{Config, ConfigError, ConfigFile, InstanceConfig};

const EXAMPLES: &str = "\
Examples:
  infrasound-relay admin --data /var/lib/infrasound accounts list --only asked
  infrasound-relay admin --data /var/lib/infrasound accounts allow @alice@social.example
  infrasound-relay admin --data /var/lib/infrasound accounts suspend @bob@social.example --reason 'Spam'
  infrasound-relay admin --data /var/lib/infrasound audit --json

Run it on the relay's host, as the relay's user. It works whether the relay runs or not. No order reads a message.";

/// What `admin` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub struct AdminArguments {
    /// The relay's configuration, if it has a file.
    #[arg(long, value_name = "FILE", env = "INFRASOUND_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// The relay's data directory [default: ./infrasound-data].
    #[arg(long, value_name = "DIR", env = "INFRASOUND_DATA", global = true)]
    data: Option<PathBuf>,
    /// Print JSON, one object.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    noun: Noun,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Who is here, who may be, who may not.
    #[command(subcommand)]
    Accounts(Accounts),
    /// Who is signed in.
    #[command(subcommand)]
    Sessions(Sessions),
    /// What single accounts may have.
    #[command(subcommand)]
    Quotas(Quotas),
    /// Other domains that this relay has nothing to do with, beside those that the instance blocks.
    #[command(subcommand)]
    Blocks(Blocks),
    /// How long entries stay, and how much there is.
    #[command(subcommand)]
    Retention(Retention),
    /// What admins did, the newest first.
    Audit {
        /// How many.
        #[arg(long, default_value_t = 50)]
        last: u64,
    },
}

#[derive(Debug, Subcommand)]
enum Accounts {
    /// Lists accounts by handle.
    List {
        /// Only some of them.
        #[arg(long, value_enum, default_value_t)]
        only: Only,
        /// Those after this handle, for the next page.
        #[arg(long, value_name = "HANDLE", default_value = "")]
        after: String,
        /// And, should more accounts have had that handle, of them those after this URI.
        #[arg(long, value_name = "URI", default_value = "", requires = "after")]
        after_uri: String,
        /// How many.
        #[arg(long, default_value_t = 100)]
        limit: u64,
    },
    /// Shows what there is of one.
    Show(Named),
    /// Lets an account in, where the policy asks for an admin's word.
    Allow(Named),
    /// Lets in all who are here now, before a stricter policy.
    AllowAll,
    /// Takes back that one is let in.
    Disallow(Named),
    /// Keeps an account out until it is restored; its data is kept.
    Suspend {
        #[command(flatten)]
        named: Named,
        /// Why. The person is shown this.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Ends a suspension.
    Restore(Named),
    /// Prints what the relay knows of an account, as JSON, to be given to its owner.
    Export(Named),
    /// Erases an account's data for good.
    Erase {
        #[command(flatten)]
        named: Named,
        /// It cannot be undone: say that you mean it.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
struct Named {
    /// The account: @name@host, or its URI.
    account: String,
}

#[derive(Debug, Subcommand)]
enum Sessions {
    /// Lists sessions, of one account or of all.
    List {
        /// The account: @name@host, or its URI.
        account: Option<String>,
    },
    /// Ends sessions. A device begins a new one by itself unless its account is suspended.
    End {
        #[command(flatten)]
        named: Named,
        /// Of this device only.
        #[arg(long, value_name = "ID")]
        device: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum Quotas {
    /// Shows what an account may have, and has.
    Show(Named),
    /// Gives an account quotas of its own.
    #[command(arg_required_else_help = true)]
    Set {
        #[command(flatten)]
        named: Named,
        /// MiB of all its files.
        #[arg(long, value_name = "MIB", required_unless_present = "devices")]
        files: Option<u64>,
        /// Devices.
        #[arg(long, value_name = "NUMBER")]
        devices: Option<u64>,
    },
    /// Gives it the quotas that all have.
    Reset(Named),
}

#[derive(Debug, Subcommand)]
enum Blocks {
    /// Lists what is said of domains, by the instance and by admins of this relay.
    List,
    /// Blocks a domain and those below it.
    Add {
        /// Such as other.example.
        domain: String,
    },
    /// Allows a domain that the instance blocks, or does not list.
    Allow {
        /// Such as other.example.
        domain: String,
    },
    /// Takes back what admins of this relay said of a domain.
    Remove {
        /// Such as other.example.
        domain: String,
    },
}

#[derive(Debug, Subcommand)]
enum Retention {
    /// Shows how long entries stay, and how much there is.
    Show,
    /// Sets after how many days entries go, read or not. It holds at once, and over the configuration; files that are
    /// attached already keep the time that they were given.
    Set {
        /// 1 to 365.
        days: u64,
    },
    /// Lets the configuration say it again.
    Reset,
}

impl AdminArguments {
    /// Where the relay's data is, and what else its configuration says.
    pub(super) fn configure(&self) -> Result<Config, ConfigError> {
        let file = self.config.as_deref().map(ConfigFile::read).transpose()?.unwrap_or_default();
        let data = self.data.clone().or_else(|| file.data.clone());
        let data = data.unwrap_or_else(|| PathBuf::from("infrasound-data"));
        // Only a command that works in the relay's place needs more than the directory.
        let instance = file.instance.clone().map_or(InstanceConfig::Demo, InstanceConfig::At);
        file.configure(instance, data)
    }

    /// The order that the words mean.
    pub(super) fn order(self) -> Result<Order, AdminError> {
        Ok(match self.noun {
            Noun::Accounts(accounts) => accounts.order()?,
            Noun::Sessions(Sessions::List { account }) => Order::Sessions { account },
            Noun::Sessions(Sessions::End { named, device }) => {
                Order::EndSessions { account: named.account, device }
            }
            Noun::Quotas(Quotas::Show(named)) => Order::Quotas { account: named.account },
            Noun::Quotas(Quotas::Set { named, files, devices }) => {
                Order::SetQuotas { account: named.account, file_mib: files, devices }
            }
            Noun::Quotas(Quotas::Reset(named)) => Order::ResetQuotas { account: named.account },
            Noun::Blocks(Blocks::List) => Order::Domains,
            Noun::Blocks(Blocks::Add { domain }) => Order::SetDomain { domain, verdict: AdminVerdict::Block },
            Noun::Blocks(Blocks::Allow { domain }) => {
                Order::SetDomain { domain, verdict: AdminVerdict::Allow }
            }
            Noun::Blocks(Blocks::Remove { domain }) => Order::RemoveDomain { domain },
            Noun::Retention(Retention::Show) => Order::Retention,
            Noun::Retention(Retention::Set { days }) => Order::SetRetention { days: Some(days) },
            Noun::Retention(Retention::Reset) => Order::SetRetention { days: None },
            Noun::Audit { last } => Order::Audit { limit: last },
        })
    }
}

impl Accounts {
    fn order(self) -> Result<Order, AdminError> {
        Ok(match self {
            Self::List { only, after, after_uri, limit } => Order::Accounts { only, after, after_uri, limit },
            Self::Show(named) => Order::Account { account: named.account },
            Self::Allow(named) => Order::Allow { account: named.account },
            Self::AllowAll => Order::AllowAll,
            Self::Disallow(named) => Order::Disallow { account: named.account },
            Self::Suspend { named, reason } => Order::Suspend { account: named.account, reason },
            Self::Restore(named) => Order::Restore { account: named.account },
            Self::Export(named) => Order::Export { account: named.account },
            Self::Erase { named, yes: true } => Order::Erase { account: named.account },
            Self::Erase { yes: false, .. } => return Err(AdminError::NotConfirmed),
        })
    }
}
