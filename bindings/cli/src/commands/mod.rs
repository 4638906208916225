//! The commands, one file each.

mod account;
mod chat;
mod contacts;
mod conversations;
mod devices;
mod group;
mod inbox;
mod login;
mod message;
mod policy;
mod read;
mod save;
mod send;
mod wait;

use std::path::Path;

use infrasound_core::input::Wish;
use infrasound_spec::consent::ContactState;

use crate::{
    app::App,
    arguments::{Command, GroupCommand},
    exit::CommandError,
    input,
    recipient::Recipient,
    screen::Screen,
};

/// Does what the command line says.
pub(crate) async fn run(command: Command, home: &Path, screen: Screen) -> Result<(), CommandError> {
    if let Command::Login { relay, token, device_name, link, start_over } = command {
        let login = login::Login { relay, token, device_name, link, start_over };
        return login::login(home, screen, login).await;
    }
    // What is wrong with the text is said before anything is opened.
    let command = with_input(command)?;
    let mut app = App::open(home, screen).await?;
    match in_session(command, &mut app).await {
        Ok(End::Finish) => app.finish().await,
        Ok(End::Leave) => app.leave().await,
        Err(error) => {
            // Warnings that came along matter more than a second error.
            let _ = app.leave().await;
            Err(error)
        }
    }
}

/// How a command ends.
pub(super) enum End {
    /// What is due still goes out.
    Finish,
    /// At once.
    Leave,
}

fn with_input(command: Command) -> Result<Command, CommandError> {
    Ok(match command {
        Command::Send { to, text, files } => {
            Command::Send { to, text: text.map(input::text).transpose()?, files }
        }
        Command::Reply { message, text } => Command::Reply { message, text: input::text(text)? },
        Command::Edit { message, text } => Command::Edit { message, text: input::text(text)? },
        Command::Group { command: GroupCommand::Join { link } } => {
            Command::Group { command: GroupCommand::Join { link: input::text(link)? } }
        }
        other => other,
    })
}

async fn in_session(command: Command, app: &mut App) -> Result<End, CommandError> {
    match command {
        // Answered before there is a session.
        Command::Login { .. } => Ok(End::Leave),
        Command::Whoami => account::whoami(app).await,
        Command::Devices { change } => devices::devices(app, change).await,
        Command::LinkDevice { shown } => devices::link(app, shown).await,
        Command::SafetyNumber { who } => account::safety_number(app, who).await,
        Command::Send { to, text, files } => {
            let to = Recipient::find(&app.session, to).await?;
            send::send_files(app, to, text.unwrap_or_default(), &files).await
        }
        Command::Save { message, to } => save::save(app, &message, to).await,
        Command::Inbox { follow } => inbox::inbox(app, follow).await,
        Command::Requests => contacts::requests(app).await,
        Command::Accept { who } => contacts::set(app, "accept", who, ContactState::Accepted).await,
        Command::Ignore { who } => contacts::set(app, "ignore", who, ContactState::Ignored).await,
        Command::Block { who } => contacts::set(app, "block", who, ContactState::Blocked).await,
        Command::Unblock { who } => contacts::set(app, "unblock", who, ContactState::None).await,
        Command::Conversations { all } => conversations::conversations(app, all).await,
        Command::Read { conversation, limit } => read::read(app, &conversation, limit).await,
        Command::Chat { with } => chat::chat(app, with).await,
        Command::Reply { message, text } => message::reply(app, &message, text).await,
        Command::React { message, emoji } => {
            let wish = |conversation, object| Wish::React { conversation, object, emoji };
            message::change_any(app, "react", &message, wish).await
        }
        Command::Unreact { message, emoji } => {
            let wish = |conversation, object| Wish::Unreact { conversation, object, emoji };
            message::change_any(app, "unreact", &message, wish).await
        }
        Command::Edit { message, text } => {
            let wish = |conversation, object| Wish::Edit { conversation, object, text };
            message::change(app, "edit", &message, wish).await
        }
        Command::Delete { message } => message::delete(app, &message).await,
        Command::Resend { message } => {
            let wish = |_, object| Wish::SendAgain { object };
            message::change(app, "resend", &message, wish).await
        }
        Command::Discard { message } => {
            let wish = |_, object| Wish::Discard { object };
            message::change(app, "discard", &message, wish).await
        }
        Command::Policy(changes) => policy::policy(app, &changes).await,
        Command::RenewLeaf { conversation } => message::renew_leaf(app, &conversation).await,
        Command::Group { command } => group::group(app, command).await,
        Command::Mute(which) => {
            let wish = |conversation| Wish::Mute { conversation, muted: true };
            conversations::set(app, "mute", &which, wish).await
        }
        Command::Unmute(which) => {
            let wish = |conversation| Wish::Mute { conversation, muted: false };
            conversations::set(app, "unmute", &which, wish).await
        }
        Command::Archive(which) => {
            let wish = |conversation| Wish::Archive { conversation, archived: true };
            conversations::set(app, "archive", &which, wish).await
        }
        Command::Unarchive(which) => {
            let wish = |conversation| Wish::Archive { conversation, archived: false };
            conversations::set(app, "unarchive", &which, wish).await
        }
    }
}
