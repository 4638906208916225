//! `login`: from the relay's URL to a device of the account.

use std::path::Path;

use infrasound_core::event::Person;
use infrasound_native::{Error, RelayUrl, Session, SignIn, StartOver, Ticketed, signed_in_at};
use infrasound_spec::{api::devices::DeviceInfo, limits::MAX_DEVICE_NAME};

use crate::{
    app::App,
    clean,
    exit::CommandError,
    input,
    line::{Account, Device, Line},
    render,
    screen::Screen,
    time,
};

const TRIES: usize = 3;

/// What the command line says.
pub(super) struct Login {
    pub(super) relay: String,
    pub(super) token: Option<String>,
    pub(super) device_name: String,
    pub(super) start_over: bool,
}

pub(super) async fn login(home: &Path, mut screen: Screen, login: Login) -> Result<(), CommandError> {
    if login.device_name.is_empty() || login.device_name.len() > MAX_DEVICE_NAME {
        return Err(CommandError::Usage(format!("a device's name has 1 to {MAX_DEVICE_NAME} bytes")));
    }
    let relay: RelayUrl = login.relay.parse().map_err(Error::from)?;
    // Before the person signs in for nothing.
    if let Some(Person { handle, .. }) = signed_in_at(home)?
        && !login.start_over
    {
        return Err(CommandError::HasDevice(format!(
            "{} already is a device of {handle}. Use it, choose another --home, or say --start-over: \
             what is there is then set aside, not deleted",
            home.display()
        )));
    }
    let sign_in = SignIn::at(&relay)?;
    let ticketed = match login.token {
        Some(token) => sign_in.exchange(&token).await?,
        None => with_browser(&sign_in, &mut screen).await?,
    };
    let start_over = decide(&ticketed, login.start_over, &mut screen).await?;
    let (session, events) = Session::register(home, ticketed, login.device_name, start_over).await?;
    let mut app = App::with(session, events, home, screen).await?;
    let device = app.session.device().await?.to_string();
    let account = Account::new(app.session.person(), device, relay.as_str(), home);
    // Until then nobody could write to this device: its key packages go up.
    app.settle().await?;
    app.screen.show(&Line::Account(account))?;
    app.screen.note(
        "Signed in. Write with `infrasound send @USER@HOST TEXT`; `infrasound inbox` shows what arrives.",
    )?;
    app.leave().await
}

async fn with_browser(sign_in: &SignIn, screen: &mut Screen) -> Result<Ticketed, CommandError> {
    let started = sign_in.start().await?;
    let url = clean::line(&started.authorize_url);
    screen.show(&Line::Authorize { url, expires: time::rfc3339(started.expires) })?;
    let mut tries = 1;
    loop {
        let code = input::ask("Then type the code that the page shows (XXXX-XXXX): ").await?;
        if code.is_empty() {
            return Err(CommandError::Usage(
                "no code was typed; sign in again with `infrasound login`".to_owned(),
            ));
        }
        match sign_in.finish(started.sign_in, &code).await {
            Err(Error::Refused(failure)) if tries < TRIES => {
                screen.note(&clean::line(&failure.text))?;
                tries += 1;
            }
            result => return Ok(result?),
        }
    }
}

/// An account that has a device is told what starting over costs, and decides.
async fn decide(
    ticketed: &Ticketed,
    start_over: bool,
    screen: &mut Screen,
) -> Result<StartOver, CommandError> {
    let signed_in = &ticketed.signed_in;
    if start_over {
        return Ok(StartOver::Yes);
    }
    if signed_in.devices.is_empty() {
        return Ok(StartOver::No);
    }
    let handle = &signed_in.handle;
    let cost = format!(
        "{handle} already has a device. Using this one instead means to start over:\n\
         - the other device is signed out, and its history stays there; this one begins empty\n\
         - the account gets a new key: your contacts are warned, and each conversation goes on only after the \
         contact has confirmed it"
    );
    if !input::is_interactive() || screen.is_json() {
        return Err(CommandError::HasDevice(format!("{cost}\nSay --start-over to do so.")));
    }
    screen.note(&cost)?;
    for row in rows(&signed_in.devices) {
        screen.note(&row)?;
    }
    let answer =
        input::ask("\nType \"start over\" to go on, anything else to leave everything as it is: ").await?;
    if answer.trim_matches('"').eq_ignore_ascii_case("start over") {
        return Ok(StartOver::Yes);
    }
    Err(CommandError::HasDevice("nothing was changed".to_owned()))
}

fn rows(devices: &[DeviceInfo]) -> Vec<String> {
    let devices: Vec<Device> = devices.iter().map(|device| Device::new(device, false)).collect();
    render::devices(&devices)
}
