//! The part of the command line that is about groups.

use clap::{Args, Subcommand, ValueEnum};
use infrasound_spec::{
    account::Handle,
    policy::{JoinMode, Role},
};

/// What to do with groups.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// Make a group, and invite people
    Create {
        /// What it is called
        name: String,
        /// Whom to invite
        #[arg(value_name = "@USER@HOST")]
        members: Vec<Handle>,
        /// What it is about
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        description: String,
    },
    /// Show a group: who is in it, who may do what, links, requests
    Show(GroupArgument),
    /// List groups
    List {
        /// Those put away, left and ignored, too
        #[arg(long)]
        all: bool,
    },
    /// Let people in
    Add(MembersArgument),
    /// Take people out; they may come back
    Remove(MembersArgument),
    /// Take people out for good
    Ban(MembersArgument),
    /// Let somebody off who was banned
    Unban {
        #[command(flatten)]
        group: GroupArgument,
        /// Whom: @USER@HOST, or the URI that `group show` prints
        #[arg(value_name = "@USER@HOST|URI")]
        who: String,
    },
    /// Give somebody a role
    Role {
        #[command(flatten)]
        group: GroupArgument,
        /// To whom
        #[arg(value_name = "@USER@HOST")]
        who: Handle,
        /// Which
        role: RoleArgument,
    },
    /// Set what a group is called, and who may do what
    Set(SetArguments),
    /// Close a group: nobody comes in, and nothing is said any more
    Close(GroupArgument),
    /// Open a group again that was closed
    Reopen(GroupArgument),
    /// Make a link by which others come in, or ask to, as `group set --join` says
    #[command(
        long_about = "Make a link by which others come in, or ask to be let in, as `group set --join` says.\n\nThe link \
        is a secret: whoever has it can use it. It ends by itself; when somebody is removed from the group, all links do."
    )]
    Link {
        #[command(flatten)]
        group: GroupArgument,
        /// For how many days it is good
        #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u64).range(1..=90))]
        days: u64,
        /// How many may come in by it, with --join open [default: any number]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        uses: Option<u32>,
    },
    /// End a link
    Unlink {
        #[command(flatten)]
        group: GroupArgument,
        /// Which, as `group show` prints it, or its beginning; not needed if there is only one
        #[arg(conflicts_with = "all")]
        key: Option<String>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
    /// List who asks to be let in
    Requests(GroupArgument),
    /// Let somebody in who asks
    Approve(MembersArgument),
    /// Do not let somebody in who asks
    Decline {
        #[command(flatten)]
        group: GroupArgument,
        /// Whom
        #[arg(value_name = "@USER@HOST")]
        who: Handle,
    },
    /// Come in by a link, or ask to be let in
    Join {
        /// The link, or - to read it from standard input: others on this machine can see arguments
        link: String,
    },
    /// Accept an invitation
    Accept(GroupArgument),
    /// Put an invitation or a group away; nobody is told
    Ignore(GroupArgument),
    /// Leave a group, or decline an invitation
    Leave(GroupArgument),
    /// Make a group's encryption anew when its members cannot go on: the last resort, for owners
    Renew {
        #[command(flatten)]
        group: GroupArgument,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// A group.
#[derive(Debug, Clone, Args)]
pub(crate) struct GroupArgument {
    /// Which: '#NAME', its id, or the beginning of its id
    #[arg(value_name = "GROUP")]
    pub(crate) group: String,
}

/// A group, and people.
#[derive(Debug, Args)]
pub(crate) struct MembersArgument {
    #[command(flatten)]
    pub(crate) group: GroupArgument,
    /// Whom
    #[arg(value_name = "@USER@HOST", required = true)]
    pub(crate) who: Vec<Handle>,
}

/// What to set; what is not given stays as it is.
#[derive(Debug, Args)]
pub(crate) struct SetArguments {
    #[command(flatten)]
    pub(crate) group: GroupArgument,
    #[command(flatten)]
    pub(crate) changes: Changes,
}

/// What to set.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Changes {
    /// What it is called
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// What it is about
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// The least role that may add people
    #[arg(long, value_name = "ROLE")]
    pub(crate) add: Option<RoleArgument>,
    /// The least role that may change name and description
    #[arg(long, value_name = "ROLE")]
    pub(crate) rename: Option<RoleArgument>,
    /// The least role that may write
    #[arg(long, value_name = "ROLE")]
    pub(crate) post: Option<RoleArgument>,
    /// What a link gives
    #[arg(long, value_name = "HOW")]
    pub(crate) join: Option<JoinArgument>,
}

/// A role, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArgument {
    /// Everything
    Owner,
    /// Remove and ban, make links
    Moderator,
    /// Anybody in the group
    Member,
}

/// What a link gives, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum JoinArgument {
    /// Nothing: people are added
    Invite,
    /// The right to ask
    Approval,
    /// The right to come in
    Open,
}

impl From<RoleArgument> for Role {
    fn from(role: RoleArgument) -> Self {
        match role {
            RoleArgument::Owner => Self::Owner,
            RoleArgument::Moderator => Self::Moderator,
            RoleArgument::Member => Self::Member,
        }
    }
}

impl From<JoinArgument> for JoinMode {
    fn from(join: JoinArgument) -> Self {
        match join {
            JoinArgument::Invite => Self::Invite,
            JoinArgument::Approval => Self::Approval,
            JoinArgument::Open => Self::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::arguments::{Arguments, Command};

    fn parsed(arguments: &[&str]) -> Result<GroupCommand, clap::Error> {
        let arguments = [&["infrasound", "group"], arguments].concat();
        match Arguments::try_parse_from(arguments)?.command {
            Command::Group { command } => Ok(command),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_group_is_made_with_any_number_of_people() {
        let GroupCommand::Create { name, members, description } =
            parsed(&["create", "Herd", "@a@b", "@c@d", "--description", "Old and grey"]).unwrap()
        else {
            panic!("another command");
        };
        assert_eq!((name.as_str(), members.len(), description.as_str()), ("Herd", 2, "Old and grey"));
        assert!(parsed(&["create", "Herd"]).is_ok());
        assert!(parsed(&["create", "Herd", "bob"]).is_err());
    }

    #[test]
    fn what_makes_no_sense_is_refused_before_anything_is_done() {
        let senseless: [&[&str]; 8] = [
            &["add", "#Herd"],
            &["set", "#Herd"],
            &["role", "#Herd", "@a@b", "king"],
            &["set", "#Herd", "--join", "never"],
            &["link", "#Herd", "--days", "91"],
            &["link", "#Herd", "--uses", "0"],
            &["unlink", "#Herd", "key", "--all"],
            &["show"],
        ];
        for arguments in senseless {
            assert!(parsed(arguments).is_err(), "{arguments:?}");
        }
    }

    #[test]
    fn several_things_are_set_at_once() {
        let GroupCommand::Set(SetArguments { group, changes }) =
            parsed(&["set", "#Herd", "--name", "The herd", "--join", "approval", "--post", "moderator"])
                .unwrap()
        else {
            panic!("another command");
        };
        assert_eq!((group.group.as_str(), changes.name.as_deref()), ("#Herd", Some("The herd")));
        assert_eq!(changes.join.map(JoinMode::from), Some(JoinMode::Approval));
        assert_eq!((changes.post.map(Role::from), changes.add), (Some(Role::Moderator), None));
    }
}
