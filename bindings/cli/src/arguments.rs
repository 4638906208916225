//! The command line. What stands here is what `--help` prints.

mod group;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use infrasound_spec::{account::Handle, consent::Verdict};

pub(crate) use self::group::{Changes, GroupArgument, GroupCommand, MembersArgument, SetArguments};
use crate::recipient;

const EXAMPLES: &str = "\
Examples:
  infrasound login --relay https://relay.example     sign in with a browser
  infrasound send @bob@social.example 'Hello Bob'    write to somebody
  infrasound send @bob@social.example --file a.png   send a file
  infrasound inbox --follow                          see what arrives, as it arrives
  infrasound chat @bob@social.example                talk
  infrasound react @bob@social.example/12 👍          react to message 12
  infrasound group create Herd @bob@social.example   make a group
  infrasound send '#Herd' 'Hello all'                write to it; quote the name, since # begins a comment
  infrasound --json read @bob@social.example         for a program

How to name a conversation: @USER@HOST, '#NAME' of a group if only one has it, its id, or the beginning of its id.
How to name a message: CONVERSATION/NUMBER, as `read` and `inbox` print it.

Exit codes:
  0  done (also: stored, and goes when the relay is reachable)
  1  failed or refused; the text says why
  2  the command line, or the relay's URL, makes no sense
  3  nobody is signed in, or the device was signed out: run `infrasound login`
  4  the relay cannot be reached; nothing is lost
  5  another process is using the home directory
  6  files of the home directory cannot be used, or there is no room for them
  7  there is a device already; say --link to link this one, or --start-over to give it up

Environment:
  INFRASOUND_HOME           the home directory; --home wins
  INFRASOUND_TOKEN          an access token for `login`; --token wins
  INFRASOUND_INSECURE_HTTP  set to accept http:// relays on other machines (test networks only)
  NO_COLOR                  set for no colour

One process uses a home directory at a time. With --json every line of standard output is one JSON object; the shapes
are described in bindings/cli/JSON.md and are kept.";

/// End-to-end encrypted messages beside your Mastodon account.
///
/// Messages are encrypted on this device for the devices of the person you write to. The relay stores ciphertext. Compare safety numbers to be sure that nobody is in between.
#[derive(Debug, Parser)]
#[command(name = "infrasound", version, after_help = EXAMPLES, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// Where this device keeps its keys and messages [default: the user's data directory, ~/.local/share/infrasound]
    #[arg(long, global = true, env = "INFRASOUND_HOME", value_name = "DIR", hide_env_values = true)]
    pub(crate) home: Option<PathBuf>,
    /// Print one JSON object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sign in with your instance and make this a device of your account
    #[command(
        long_about = "Sign in with your instance and make this a device of your account.\n\nWithout a token, this prints the \
        address of a page. Open it in any browser, sign in at your instance, and type the code that the page shows at \
        the end.\n\nIf the account has devices already you are asked whether to link this one: type the code that it \
        shows into `infrasound link-device` on another, and it gets your key and history. Or start over: the other devices \
        are signed out and keep their history for themselves, and your conversations go on only after each contact has \
        confirmed your new key."
    )]
    Login {
        /// The relay of your instance, like https://relay.example
        #[arg(long, value_name = "URL")]
        relay: String,
        /// An access token of your instance; prefer the variable, since others on this machine can see arguments
        #[arg(long, value_name = "TOKEN", env = "INFRASOUND_TOKEN", hide_env_values = true)]
        token: Option<String>,
        /// What this device is called in your list of devices
        #[arg(long, value_name = "NAME", default_value = "command line")]
        device_name: String,
        /// Link this device to those that the account has, without being asked
        #[arg(long, conflicts_with = "start_over")]
        link: bool,
        /// Give up the devices that the account has, and what this home has, without being asked
        #[arg(long)]
        start_over: bool,
    },
    /// Say whose device this is
    Whoami,
    /// List the account's devices, rename or revoke one
    #[command(args_conflicts_with_subcommands = true)]
    Devices {
        #[command(subcommand)]
        change: Option<DevicesCommand>,
    },
    /// Link a new device from this one: it gets the account's key and the history
    #[command(
        long_about = "Link a new device from this one.\n\nOn the new device run `infrasound login` and choose to link it. Type \
        here the code that it shows, compare the number that both show then, and say yes on both. Or give the address \
        that it shows as a QR code: then there is nothing to compare. The new device gets your account's key and all of \
        your history; link none that is not in your hands."
    )]
    LinkDevice {
        /// The code that the new device shows, or the address beginning with infrasound-link:
        #[arg(value_name = "CODE")]
        shown: Option<String>,
    },
    /// Show the number that you and somebody else compare, to be sure that nobody is in between
    SafetyNumber {
        /// With whom
        #[arg(value_name = "@USER@HOST")]
        who: Handle,
    },
    /// Write to somebody or into a group; queued when offline, sent when back
    Send {
        /// To whom: @USER@HOST, '#GROUP', or the beginning of a conversation's id
        to: recipient::Written,
        /// What, or - for standard input
        #[arg(allow_hyphen_values = true, required_unless_present = "files")]
        text: Option<String>,
        /// A file to go with it; may be given several times
        #[arg(long = "file", value_name = "PATH")]
        files: Vec<PathBuf>,
    },
    /// Save the files of a message; nothing is overwritten
    Save {
        #[command(flatten)]
        message: MessageArgument,
        /// The directory, or for a single file its name [default: here]
        #[arg(long, value_name = "DIR|FILE")]
        to: Option<PathBuf>,
    },
    /// Show what has arrived since the last time, requests included
    Inbox {
        /// Stay, and show what arrives as it arrives
        #[arg(long)]
        follow: bool,
    },
    /// List people who want to write to you, and groups that you are invited to
    Requests,
    /// Accept somebody's messages; also confirms a key that has changed
    Accept {
        /// Whom
        #[arg(value_name = "@USER@HOST")]
        who: Handle,
    },
    /// Put somebody's request away; they are not told
    Ignore {
        /// Whom
        #[arg(value_name = "@USER@HOST")]
        who: Handle,
    },
    /// Let nothing of somebody come through
    Block {
        /// Whom
        #[arg(value_name = "@USER@HOST")]
        who: Handle,
    },
    /// Undo `block` or `ignore`: their next message is a request
    Unblock {
        /// Whom
        #[arg(value_name = "@USER@HOST")]
        who: Handle,
    },
    /// List conversations
    Conversations {
        /// Blocked, ignored and archived ones, too
        #[arg(long)]
        all: bool,
    },
    /// Show a conversation, and mark it as read
    Read {
        /// Which: @USER@HOST, '#GROUP', an id, or the beginning of one
        conversation: String,
        /// How many messages, the newest
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Talk with somebody or in a group; /help there says more
    Chat {
        /// With whom: @USER@HOST, '#GROUP', or the beginning of a conversation's id
        with: recipient::Written,
    },
    /// Answer a message
    Reply {
        #[command(flatten)]
        message: MessageArgument,
        /// What, or - for standard input
        #[arg(allow_hyphen_values = true)]
        text: String,
    },
    /// React to a message
    React {
        #[command(flatten)]
        message: MessageArgument,
        /// With what; nothing is a like
        emoji: Option<String>,
    },
    /// Take your reaction back
    Unreact {
        #[command(flatten)]
        message: MessageArgument,
        /// The emoji that it has; nothing is a like
        emoji: Option<String>,
    },
    /// Change a message of yours
    Edit {
        #[command(flatten)]
        message: MessageArgument,
        /// The new text, or - for standard input
        #[arg(allow_hyphen_values = true)]
        text: String,
    },
    /// Delete a message of yours, for everybody who honours that
    Delete {
        #[command(flatten)]
        message: MessageArgument,
    },
    /// Send a message of yours again that has failed
    Resend {
        #[command(flatten)]
        message: MessageArgument,
    },
    /// Let go of a message of yours that has failed
    Discard {
        #[command(flatten)]
        message: MessageArgument,
    },
    /// Show or set who may write to you without having been accepted
    #[command(
        long_about = "Show or set what happens to a first message, in Mastodon's words.\n\naccept: it arrives like any \
        other. filter: it is a request. drop: it is refused. The strictest answer that applies counts; people you have \
        accepted always pass."
    )]
    Policy(PolicyArguments),
    /// Renew this device's key in a conversation: who had stolen the old one loses it
    RenewLeaf {
        /// Which: @USER@HOST, '#GROUP', an id, or the beginning of one
        conversation: String,
    },
    /// Make groups, and look after them
    #[command(
        long_about = "Make groups, and look after them.\n\nA group has owners, who may do everything, moderators, who remove \
        people and make links, and members. What is said in it, its name and its description are encrypted for who is in \
        it; the relay sees who that is.\n\nA change waits for the relay. If that cannot be reached, it is stored and goes \
        later, as a message does."
    )]
    Group {
        #[command(subcommand)]
        command: GroupCommand,
    },
    /// Do not show what arrives in a conversation while `inbox --follow` runs
    Mute(ConversationArgument),
    /// Undo `mute`
    Unmute(ConversationArgument),
    /// Put a conversation away: `conversations` lists it with --all only
    Archive(ConversationArgument),
    /// Undo `archive`
    Unarchive(ConversationArgument),
}

/// A conversation.
#[derive(Debug, clap::Args)]
pub(crate) struct ConversationArgument {
    /// Which: @USER@HOST, '#GROUP', an id, or the beginning of one
    pub(crate) conversation: String,
}

/// What to do with a device.
#[derive(Debug, Subcommand)]
pub(crate) enum DevicesCommand {
    /// Give this device another name, or the one of --device
    Rename {
        /// The name
        name: String,
        /// Which: its id, or the beginning of it
        #[arg(long, value_name = "DEVICE", allow_hyphen_values = true)]
        device: Option<String>,
    },
    /// Take a device away from the account, for good: it is signed out
    Revoke {
        /// Which: its id, or the beginning of it
        #[arg(allow_hyphen_values = true)]
        device: String,
    },
}

/// A message, as `read` and `inbox` print it.
#[derive(Debug, clap::Args)]
pub(crate) struct MessageArgument {
    /// Which: CONVERSATION/NUMBER, like @bob@social.example/12 or '#Herd/12'
    pub(crate) message: String,
    /// The conversation, when MESSAGE is only the number or the id
    #[arg(long = "in", value_name = "CONVERSATION")]
    pub(crate) within: Option<String>,
}

/// What to set; nothing shows it.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_field_names, reason = "the names are Mastodon's")]
pub(crate) struct PolicyArguments {
    /// For people you do not follow
    #[arg(long, value_name = "WHAT")]
    pub(crate) for_not_following: Option<VerdictArgument>,
    /// For people who do not follow you
    #[arg(long, value_name = "WHAT")]
    pub(crate) for_not_followers: Option<VerdictArgument>,
    /// For accounts younger than 30 days
    #[arg(long, value_name = "WHAT")]
    pub(crate) for_new_accounts: Option<VerdictArgument>,
    /// For anybody whom you have not accepted
    #[arg(long, value_name = "WHAT")]
    pub(crate) for_private_mentions: Option<VerdictArgument>,
    /// For accounts that a moderator has limited
    #[arg(long, value_name = "WHAT")]
    pub(crate) for_limited_accounts: Option<VerdictArgument>,
}

/// A verdict, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerdictArgument {
    /// It arrives like any other
    Accept,
    /// It is a request
    Filter,
    /// It is refused
    Drop,
}

impl From<VerdictArgument> for Verdict {
    fn from(verdict: VerdictArgument) -> Self {
        match verdict {
            VerdictArgument::Accept => Self::Accept,
            VerdictArgument::Filter => Self::Filter,
            VerdictArgument::Drop => Self::Drop,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_exit_code_is_in_the_help() {
        let help = Arguments::command().render_help().to_string();
        for code in 0..=7 {
            assert!(help.contains(&format!("\n  {code}  ")), "{code}");
        }
    }

    #[test]
    fn a_text_may_begin_with_a_hyphen() {
        let parsed = Arguments::try_parse_from(["infrasound", "send", "@a@b", "- a list\n- of two"]).unwrap();
        assert!(matches!(parsed.command, Command::Send { text: Some(text), .. } if text.starts_with('-')));
    }

    #[test]
    fn a_file_needs_no_text() {
        let parsed = Arguments::try_parse_from(["infrasound", "send", "@a@b", "--file", "x", "--file", "y"]);
        let Command::Send { text: None, files, .. } = parsed.unwrap().command else { panic!("a text") };
        assert_eq!(files.len(), 2);
        assert!(Arguments::try_parse_from(["infrasound", "send", "@a@b"]).is_err());
    }

    #[test]
    fn a_handle_is_checked_before_anything_is_done() {
        assert!(Arguments::try_parse_from(["infrasound", "send", "bob", "x"]).is_err());
    }
}
