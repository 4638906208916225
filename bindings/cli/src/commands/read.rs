//! `read`: a conversation's latest messages. What was read is marked so.

use infrasound_core::{event::Answer, input::Wish};

use super::End;
use crate::{
    app::App,
    exit::CommandError,
    line::{Line, Message},
    reference,
};

pub(super) async fn read(app: &mut App, written: &str, limit: usize) -> Result<End, CommandError> {
    let signed_out = app.catch_up_for_history().await?;
    app.show_warnings()?;
    let summary = reference::conversation(&app.session, written).await?;
    let conversation = summary.conversation;
    let wish = Wish::Messages { conversation, before: None, limit };
    let Answer::Messages(messages) = app.session.wish(wish).await? else { return Ok(End::Finish) };
    let place = app.place(Some(conversation));
    for message in &messages {
        app.screen.show(&Line::Message(Message::new(message, &place)))?;
    }
    if messages.is_empty() {
        app.screen.note("there are no messages yet")?;
    }
    if let Some(waiting) = &summary.waiting {
        app.screen.note(&format!("Messages wait: {}", crate::clean::line(waiting)))?;
    }
    if let Some(error) = signed_out {
        return Err(error);
    }
    if let Some(last) = messages.iter().rev().find_map(|message| message.number) {
        app.mark_read(conversation, last).await?;
    }
    Ok(End::Finish)
}
