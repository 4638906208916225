//! `devices` and `link-device`: the account's devices, from one of them.

use infrasound_core::{
    event::{Answer, Event},
    input::{LinkBy, Wish},
};
use infrasound_spec::{account::DeviceId, api::devices::DeviceInfo, limits::MAX_DEVICE_NAME, link::LinkMode};

use super::End;
use crate::{
    app::App,
    arguments::DevicesCommand,
    clean,
    exit::CommandError,
    input,
    line::{Compare, Device, Done, Line},
    render,
};

pub(super) async fn devices(app: &mut App, change: Option<DevicesCommand>) -> Result<End, CommandError> {
    match change {
        None => list(app).await,
        Some(DevicesCommand::Rename { name, device }) => rename(app, name, device).await,
        Some(DevicesCommand::Revoke { device }) => {
            let device = find(app, &device).await?;
            app.session.wish(Wish::RevokeDevice { device }).await?;
            done(app, "devices revoke")
        }
    }
}

async fn all(app: &App) -> Result<Vec<DeviceInfo>, CommandError> {
    match app.session.wish(Wish::Devices).await? {
        Answer::Devices(devices) => Ok(devices),
        _ => Ok(Vec::new()),
    }
}

async fn list(app: &mut App) -> Result<End, CommandError> {
    let this = app.session.device().await?;
    let devices = all(app).await?;
    let devices: Vec<Device> =
        devices.iter().map(|device| Device::new(device, device.device == this)).collect();
    let lines: Vec<Line> = devices.iter().cloned().map(Line::Device).collect();
    app.screen.list(&lines, || render::devices(&devices), "there is no device")?;
    Ok(End::Leave)
}

async fn rename(app: &mut App, name: String, device: Option<String>) -> Result<End, CommandError> {
    if name.trim().is_empty() || name.len() > MAX_DEVICE_NAME {
        return Err(CommandError::Usage(format!("a device's name has 1 to {MAX_DEVICE_NAME} bytes")));
    }
    let device = match device {
        Some(device) => find(app, &device).await?,
        None => app.session.device().await?,
    };
    app.session.wish(Wish::RenameDevice { device, name }).await?;
    done(app, "devices rename")
}

/// The device of this id, or whose id begins so.
async fn find(app: &App, text: &str) -> Result<DeviceId, CommandError> {
    let devices = all(app).await?;
    let mut found =
        devices.iter().filter(|device| !text.is_empty() && device.device.to_string().starts_with(text));
    match (found.next(), found.next()) {
        (Some(device), None) => Ok(device.device),
        (None, _) => Err(CommandError::NotFound(format!(
            "there is no device {}: `infrasound devices` lists them",
            clean::line(text)
        ))),
        (Some(_), Some(_)) => Err(CommandError::Usage(format!(
            "more than one device begins with {}: write more of its id",
            clean::line(text)
        ))),
    }
}

fn done(app: &mut App, command: &'static str) -> Result<End, CommandError> {
    app.screen.show(&Line::Done(Done { command, state: "done", ..Done::default() }))?;
    Ok(End::Leave)
}

/// Links the new device that shows this code or URI.
pub(super) async fn link(app: &mut App, shown: Option<String>) -> Result<End, CommandError> {
    let shown = match shown {
        Some(shown) => shown,
        None => input::ask("The code that the new device shows (XXXX-XXXX), or its address: ").await?,
    };
    let by = match shown.parse() {
        Ok(uri) => LinkBy::Uri(uri),
        Err(_) if shown.starts_with("infrasound-link:") => {
            let text = "this is not the whole address: copy all of it, from `infrasound-link:` to its end";
            return Err(CommandError::Usage(text.to_owned()));
        }
        Err(_) => LinkBy::Code(shown),
    };
    app.session.wish(Wish::JoinLink(by)).await?;
    loop {
        let Some(event) = app.next_event().await else {
            app.why_ended()?;
            return Ok(End::Leave);
        };
        match event {
            Event::LinkCompare { number, mode, device } => {
                app.screen.show(&Line::Compare(Compare::new(&number, mode, device.as_deref())))?;
                if !input::is_yes(question(mode)).await? {
                    app.session.wish(Wish::CancelLink).await?;
                    return Err(CommandError::Usage(
                        "the device was not linked, and nothing was handed over".to_owned(),
                    ));
                }
                app.session.wish(Wish::ConfirmLink).await?;
                app.screen.note("Handing the history over. Leave this running.")?;
            }
            Event::LinkProgress { records } => app.screen.show(&Line::LinkProgress { records })?,
            Event::LinkDone => return done(app, "link-device"),
            Event::LinkFailed(failure) => return Err(infrasound_native::Error::from(failure).into()),
            other @ (Event::Warning(..) | Event::Offline { .. }) => app.show_event(&other)?,
            _ => {}
        }
    }
}

fn question(mode: LinkMode) -> &'static str {
    match mode {
        LinkMode::Number => "Type \"yes\" if the new device shows the same number: ",
        LinkMode::Uri => "Type \"yes\" if it is yours: ",
    }
}
