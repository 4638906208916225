//! `save`: the files of a message, fetched, checked and stored. Nothing is overwritten.

use std::path::{Path, PathBuf};

use infrasound_core::{message::Message, warning::Warning as CoreWarning};
use infrasound_native::Error;
use infrasound_spec::content::Attachment;

use super::End;
use crate::{
    app::App,
    arguments::MessageArgument,
    exit::CommandError,
    file,
    line::{Line, Saved, Warning},
    progress::Progress,
    reference::{self, Found},
};

pub(super) async fn save(
    app: &mut App,
    message: &MessageArgument,
    to: Option<PathBuf>,
) -> Result<End, CommandError> {
    let signed_out = app.catch_up_for_history().await?;
    app.show_warnings()?;
    if let Some(error) = signed_out {
        return Err(error);
    }
    let found = reference::message(&app.session, &message.message, message.within.as_deref()).await?;
    if found.message.attachments.is_empty() {
        return Err(CommandError::NotFound("that message has no files".to_owned()));
    }
    let places = places(&found.message, to.as_deref())?;
    for (attachment, place) in found.message.attachments.iter().zip(&places) {
        save_one(app, &found, attachment, place).await?;
    }
    Ok(End::Finish)
}

/// Where each file goes: into a directory under its own name, or, if there is one file, to where it is told to go.
fn places(message: &Message, to: Option<&Path>) -> Result<Vec<PathBuf>, CommandError> {
    let attachments = &message.attachments;
    let directory = match to {
        Some(to) if to.is_dir() => to,
        Some(to) if attachments.len() == 1 => return Ok(vec![to.to_owned()]),
        Some(to) => {
            let text = format!(
                "that message has {} files, and {} is not a directory",
                attachments.len(),
                to.display()
            );
            return Err(CommandError::Usage(text));
        }
        None => Path::new("."),
    };
    let mut names: Vec<String> = Vec::with_capacity(attachments.len());
    for (index, attachment) in attachments.iter().enumerate() {
        let name = file::safe_name(&attachment.name, index + 1);
        let is_taken = names.iter().any(|other| other.to_lowercase() == name.to_lowercase());
        names.push(if is_taken { format!("{}-{name}", index + 1) } else { name });
    }
    Ok(names.into_iter().map(|name| directory.join(name)).collect())
}

async fn save_one(
    app: &mut App,
    found: &Found,
    attachment: &Attachment,
    place: &Path,
) -> Result<(), CommandError> {
    let Some(blob) = &attachment.blob else {
        let text =
            format!("{}: its sender's software keeps it where this version cannot fetch it", place.display());
        return Err(CommandError::NotFound(text));
    };
    let progress = Progress::new(&app.screen, &attachment.name);
    let saved = app.session.save_file(blob, place, |done, total| progress.at(done, total)).await;
    drop(progress);
    match saved {
        Ok(()) => app.screen.show(&Line::Saved(Saved::new(attachment, place))),
        Err(Error::FileRefused(refused)) => {
            let warning = CoreWarning::BlobRefused {
                sender: found.message.sender.clone(),
                name: attachment.name.clone(),
                reason: refused.to_string(),
            };
            let conversation = Some(found.conversation.conversation);
            let line = Warning::new(&warning, conversation, &app.place(conversation));
            app.screen.show(&Line::Warning(line))?;
            Err(Error::FileRefused(refused).into())
        }
        Err(error) => Err(error.into()),
    }
}
