//! `chat`: an interactive conversation. What is typed goes; what arrives appears above the line that is being typed.

use infrasound_core::{
    event::{Answer, Event},
    input::Wish,
    message::{Body, Message as CoreMessage},
};
use infrasound_spec::{account::Handle, conversation::ConversationId};

use super::End;
use crate::{
    app::App,
    clean,
    exit::CommandError,
    input,
    line::{Line, Message},
    recipient::{Recipient, Written},
    reference::{self, Found},
    screen::Screen,
};

const HELP: &str = "  TEXT               send it
  /reply N TEXT      answer message N
  /react N [EMOJI]   react to message N; no emoji is a like
  /unreact N [EMOJI] take that back
  /edit N TEXT       change your message N
  /delete N          delete your message N
  /help              this
  /quit, Ctrl-D      leave
  A text that begins with a slash: write two.";
const SHOWN: usize = 20;

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Typed {
    Delete(u64),
    Edit(u64, String),
    Help,
    Nothing,
    Quit,
    React(u64, Option<String>),
    Reply(u64, String),
    Text(String),
    Unknown,
    Unreact(u64, Option<String>),
}

/// What a chat knows while it runs.
struct Chat {
    with: Recipient,
    /// The conversation; a first message makes it.
    here: Option<ConversationId>,
    online: bool,
    /// Who was last said to be typing.
    typing: Option<Handle>,
}

pub(super) async fn chat(app: &mut App, with: Written) -> Result<End, CommandError> {
    let online = app.catch_up().await?;
    app.show_warnings()?;
    let with = Recipient::find(&app.session, with).await?;
    let here = with.conversation(&app.session).await?;
    let mut chat = Chat { with, here, online, typing: None };
    if let Some(conversation) = here {
        show_latest(app, conversation).await?;
    }
    let interactive = Screen::is_terminal() && !app.screen.is_json();
    let mut lines = if interactive {
        let with = chat.with.name();
        app.screen.note(&format!("Talking with {with}. /help says what can be done; Ctrl-D leaves."))?;
        let (lines, printer) = input::edited_lines("> ")?;
        app.screen.write_above(printer);
        lines
    } else {
        input::lines()
    };
    loop {
        tokio::select! {
            line = lines.recv() => match line.as_deref().map_or(Typed::Quit, parse) {
                Typed::Quit => return chat.leave(app).await,
                typed => do_typed(app, &chat.with, typed).await?,
            },
            event = app.next_event() => match event {
                Some(event) => chat.show_event(app, &event).await?,
                None => return app.why_ended().map(|()| End::Leave),
            },
        }
    }
}

impl Chat {
    /// What was typed last still goes, and what became of it is said.
    async fn leave(&mut self, app: &mut App) -> Result<End, CommandError> {
        if app.session.offline().is_none() {
            app.settle().await?;
        }
        while let Some(event) = app.happened() {
            self.show_event(app, &event).await?;
        }
        Ok(End::Leave)
    }

    /// Shows what happens in this conversation; of others only what is wrong.
    async fn show_event(&mut self, app: &mut App, event: &Event) -> Result<(), CommandError> {
        if self.here.is_none() {
            self.here = self.with.conversation(&app.session).await?;
        }
        let is_here = |conversation: &ConversationId| Some(*conversation) == self.here;
        match event {
            Event::Message(message) if message.own && message.number.is_none() => {
                // What was just typed is shown when it has a number, which is what the commands take.
                if app.screen.shows_what_is_typed() { Ok(()) } else { show(app, message) }
            }
            Event::Message(message) if message.conversation == self.here => {
                self.typing = None;
                show(app, message)?;
                if let (Some(conversation), Some(number), false) =
                    (message.conversation, message.number, message.own)
                {
                    app.mark_read(conversation, number).await?;
                }
                Ok(())
            }
            Event::Message(message) if matches!(message.body, Body::Changes(_)) => Ok(()),
            Event::Message(message) => {
                app.screen.note(&format!("(a message from {}: see `infrasound inbox`)", message.sender))
            }
            Event::Typing { conversation, who } if is_here(conversation) => {
                // Said once until they have written.
                if self.typing.as_ref() == Some(who) {
                    return Ok(());
                }
                self.typing = Some(who.clone());
                app.show_event(event)
            }
            Event::Activity { conversation, own: false, .. }
            | Event::MessageState { conversation, .. }
            | Event::NotAdded { conversation, .. }
            | Event::JoinRequests { conversation, count: 1.., .. }
                if is_here(conversation) =>
            {
                app.show_event(event)
            }
            Event::IntentFailed { .. } | Event::Warning(..) => app.show_event(event),
            Event::CaughtUp | Event::Offline { .. } => {
                let now = matches!(event, Event::CaughtUp);
                if std::mem::replace(&mut self.online, now) == now { Ok(()) } else { app.show_event(event) }
            }
            _ => Ok(()),
        }
    }
}

async fn show_latest(app: &mut App, conversation: ConversationId) -> Result<(), CommandError> {
    let wish = Wish::Messages { conversation, before: None, limit: SHOWN };
    let Answer::Messages(messages) = app.session.wish(wish).await? else { return Ok(()) };
    for message in &messages {
        show(app, message)?;
    }
    if let Some(last) = messages.iter().rev().find_map(|message| message.number) {
        app.mark_read(conversation, last).await?;
    }
    Ok(())
}

fn show(app: &mut App, message: &CoreMessage) -> Result<(), CommandError> {
    let place = app.place(message.conversation);
    app.screen.show(&Line::Message(Message::new(message, &place)))
}

/// Does what was typed. What can't be done is said, and the conversation goes on.
async fn do_typed(app: &mut App, with: &Recipient, typed: Typed) -> Result<(), CommandError> {
    match wish_for(app, with, typed).await {
        Ok(Some(wanted)) => match app.session.wish(wanted).await.map_err(CommandError::from) {
            Ok(_) => Ok(()),
            Err(error) => say(app, error),
        },
        Ok(None) => Ok(()),
        Err(error) => say(app, error),
    }
}

/// Only what has to do with this wish is said; what ends the session ends the conversation.
fn say(app: &mut App, error: CommandError) -> Result<(), CommandError> {
    use infrasound_native::Error;
    match error {
        CommandError::NotFound(_)
        | CommandError::Usage(_)
        | CommandError::Client(Error::Refused(_) | Error::Offline(_)) => {
            let text = clean::lines(&error.to_string());
            app.screen.show(&Line::Error { code: error.code(), text, exit: error.exit() })
        }
        error => Err(error),
    }
}

async fn wish_for(app: &mut App, with: &Recipient, typed: Typed) -> Result<Option<Wish>, CommandError> {
    Ok(Some(match typed {
        Typed::Text(text) => with.send(text, None, Vec::new()),
        Typed::Reply(number, text) => {
            let found = find(app, with, number).await?;
            with.send(text, Some(found.message.id), Vec::new())
        }
        Typed::React(number, emoji) => {
            let found = find(app, with, number).await?;
            Wish::React { conversation: found.conversation.conversation, object: found.message.id, emoji }
        }
        Typed::Unreact(number, emoji) => {
            let found = find(app, with, number).await?;
            Wish::Unreact { conversation: found.conversation.conversation, object: found.message.id, emoji }
        }
        Typed::Edit(number, text) => {
            let found = find(app, with, number).await?;
            Wish::Edit { conversation: found.conversation.conversation, object: found.own()?, text }
        }
        Typed::Delete(number) => find(app, with, number).await?.delete()?,
        Typed::Help => {
            app.screen.note(HELP)?;
            return Ok(None);
        }
        Typed::Unknown => return Err(CommandError::Usage("that is not a command: see /help".to_owned())),
        Typed::Nothing | Typed::Quit => return Ok(None),
    }))
}

async fn find(app: &App, with: &Recipient, number: u64) -> Result<Found, CommandError> {
    let within = match with {
        Recipient::Person(handle) => handle.to_string(),
        Recipient::Group(conversation, _) => conversation.to_string(),
    };
    reference::message(&app.session, &number.to_string(), Some(&within)).await
}

fn parse(line: &str) -> Typed {
    let line = line.trim();
    if line.is_empty() {
        return Typed::Nothing;
    }
    let Some(command) = line.strip_prefix('/') else { return Typed::Text(line.to_owned()) };
    if command.starts_with('/') {
        return Typed::Text(command.to_owned());
    }
    let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let (number, text) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    let text = text.trim().to_owned();
    match (name, number.parse::<u64>(), text.is_empty()) {
        ("help", ..) => Typed::Help,
        ("quit" | "exit", ..) => Typed::Quit,
        ("react", Ok(number), empty) => Typed::React(number, Some(text).filter(|_| !empty)),
        ("unreact", Ok(number), empty) => Typed::Unreact(number, Some(text).filter(|_| !empty)),
        ("delete", Ok(number), true) => Typed::Delete(number),
        ("reply", Ok(number), false) => Typed::Reply(number, text),
        ("edit", Ok(number), false) => Typed::Edit(number, text),
        _ => Typed::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_a_text_or_a_command() {
        let cases = [
            ("hello /help", Typed::Text("hello /help".to_owned())),
            ("//etc/passwd", Typed::Text("/etc/passwd".to_owned())),
            ("  ", Typed::Nothing),
            ("/help", Typed::Help),
            ("/quit", Typed::Quit),
            ("/react 3", Typed::React(3, None)),
            ("/react 3 👍", Typed::React(3, Some("👍".to_owned()))),
            ("/unreact 3 👍", Typed::Unreact(3, Some("👍".to_owned()))),
            ("/reply  3  two words", Typed::Reply(3, "two words".to_owned())),
            ("/edit 3 x", Typed::Edit(3, "x".to_owned())),
            ("/delete 3", Typed::Delete(3)),
            ("/delete 3 4", Typed::Unknown),
            ("/reply three x", Typed::Unknown),
            ("/reply 3", Typed::Unknown),
            ("/nonsense", Typed::Unknown),
        ];
        for (line, typed) in cases {
            assert_eq!(parse(line), typed, "{line}");
        }
    }
}
