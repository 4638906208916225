//! `send`: a message goes now, or is stored and goes when it can.

use std::path::PathBuf;

use infrasound_core::{
    event::{Answer, Event},
    message::MessageState,
};
use infrasound_native::Error;
use infrasound_spec::{
    blob::BlobId,
    content::{Attachment, ObjectId},
    limits::MAX_ATTACHMENTS,
};

use super::{End, wait};
use crate::{
    app::{App, ONLINE},
    clean,
    exit::CommandError,
    file,
    line::{Line, Send, message_state},
    progress::Progress,
    recipient::Recipient,
};

/// A message with files. Each is sealed first; from then on the original is not needed.
pub(super) async fn send_files(
    app: &mut App,
    to: Recipient,
    text: String,
    files: &[PathBuf],
) -> Result<End, CommandError> {
    if files.len() > MAX_ATTACHMENTS {
        return Err(CommandError::Usage(format!("a message has at most {MAX_ATTACHMENTS} files")));
    }
    let mut attachments = Vec::with_capacity(files.len());
    for path in files {
        let blob = Some(app.session.seal_file(path).await?);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let media_type = file::media_type(path).to_owned();
        attachments.push(Attachment { media_type, name, width: None, height: None, thumbnail: None, blob });
    }
    send(app, to, text, None, attachments).await
}

pub(super) async fn send(
    app: &mut App,
    to: Recipient,
    text: String,
    in_reply_to: Option<ObjectId>,
    attachments: Vec<Attachment>,
) -> Result<End, CommandError> {
    let files = attachments.clone();
    let wish = to.send(text, in_reply_to, attachments);
    let Answer::Queued { message, .. } = app.session.wish(wish).await? else { return Ok(End::Finish) };
    watch_files(app, &message, &files).await;
    let fate = match wait::fate(&app.session, &to, &message, ONLINE).await {
        Ok(fate) => fate,
        // A device that is signed out sends nothing any more.
        Err(error @ CommandError::Client(Error::NeedsLogin(_))) => return Err(error),
        Err(error) => {
            // Whoever sees only the error would write it again.
            let reason = Some(clean::line(&error.to_string()));
            let (id, to) = (message.to_string(), to.name());
            app.screen.show(&Line::Send(Send { id, to, conversation: None, state: "queued", reason }))?;
            return Err(error);
        }
    };
    let fate = match fate {
        MessageState::Pending(None) => MessageState::Pending(wait::relays_reason(app)),
        fate => fate,
    };
    let offline = matches!(fate, MessageState::Pending(_));
    let conversation = to.conversation(&app.session).await?.map(|id| id.to_string());
    let (state, reason) = message_state(&fate);
    app.screen.show(&Line::Send(Send {
        id: message.to_string(),
        to: to.name(),
        conversation,
        state,
        reason,
    }))?;
    match fate {
        MessageState::Failed(reason) => Err(wait::failure(app, &message, &reason)),
        _ if offline => Ok(End::Leave),
        _ => Ok(End::Finish),
    }
}

/// Shows how the files of a message go, until it has gone, or nothing goes for a while.
async fn watch_files(app: &mut App, message: &ObjectId, files: &[Attachment]) {
    let mut bar: Option<(BlobId, Progress)> = None;
    while !files.is_empty() {
        let Some(event) = app.wait_event(ONLINE).await else { return };
        match event {
            Event::Uploading { object, blob, sent, total } if object == *message => {
                if bar.as_ref().is_none_or(|(shown, _)| *shown != blob) {
                    let is_it = |file: &&Attachment| file.blob.as_ref().is_some_and(|one| one.id == blob);
                    let name = files.iter().find(is_it).map_or("", |file| &file.name);
                    bar = Some((blob, Progress::new(&app.screen, name)));
                }
                if let Some((_, progress)) = &bar {
                    progress.at(sent, total);
                }
            }
            event => {
                let is_over = match &event {
                    Event::MessageState { object, .. } | Event::IntentFailed { object, .. } => {
                        object == message
                    }
                    Event::Offline { .. } | Event::SignedOut(_) => true,
                    _ => false,
                };
                app.put_back(event);
                if is_over {
                    return;
                }
            }
        }
    }
}
