//! `login`: from the relay's URL to a device of the account.

use std::{path::Path, pin::pin};

use infrasound_core::event::{Event, Person};
use infrasound_native::{
    Error, Events, Linking, RelayUrl, Session, SignIn, StartOver, Ticketed, signed_in_at,
};
use infrasound_spec::{api::devices::DeviceInfo, limits::MAX_DEVICE_NAME, link::LinkMode};

use crate::{
    app::App,
    clean,
    exit::CommandError,
    input,
    line::{Account, Compare, Device, Line},
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
    pub(super) link: bool,
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
    let ticketed = match &login.token {
        Some(token) => sign_in.exchange(token).await?,
        None => with_browser(&sign_in, &mut screen).await?,
    };
    let (session, events) = match decide(&ticketed, &login, &mut screen).await? {
        Way::Link => link(home, ticketed, login.device_name, &mut screen).await?,
        Way::First => Session::register(home, ticketed, login.device_name, StartOver::No).await?,
        Way::StartOver => Session::register(home, ticketed, login.device_name, StartOver::Yes).await?,
    };
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

/// How this installation becomes a device of the account.
enum Way {
    First,
    Link,
    StartOver,
}

/// An account that has devices is told what each way costs, and decides.
async fn decide(ticketed: &Ticketed, login: &Login, screen: &mut Screen) -> Result<Way, CommandError> {
    let signed_in = &ticketed.signed_in;
    if login.start_over {
        return Ok(Way::StartOver);
    }
    if signed_in.devices.is_empty() {
        return Ok(Way::First);
    }
    if login.link {
        return Ok(Way::Link);
    }
    let handle = &signed_in.handle;
    let cost = format!(
        "{handle} already has a device.\n\
         To link this one costs nothing: it gets your key and your history from another, which you need at hand.\n\
         To start over instead:\n\
         - the other devices are signed out, and the history stays there; this one begins empty\n\
         - the account gets a new key: your contacts are warned, and each conversation goes on only after the \
         contact has confirmed it"
    );
    if !input::is_interactive() || screen.is_json() {
        return Err(CommandError::HasDevice(format!("{cost}\nSay --link to link it, or --start-over.")));
    }
    screen.note(&cost)?;
    for row in rows(&signed_in.devices) {
        screen.note(&row)?;
    }
    let question = "\nPress Enter to link this device, type \"start over\" to start over, anything else to leave \
                    everything as it is: ";
    match input::ask(question).await?.trim_matches('"') {
        "" | "link" => Ok(Way::Link),
        answer if answer.eq_ignore_ascii_case("start over") => Ok(Way::StartOver),
        _ => Err(CommandError::HasDevice("nothing was changed".to_owned())),
    }
}

/// Shows what the other device needs, lets the person compare, and takes the history in.
async fn link(
    home: &Path,
    ticketed: Ticketed,
    device_name: String,
    screen: &mut Screen,
) -> Result<(Session, Events), CommandError> {
    let mut linking = Linking::begin(home, ticketed, device_name).await?;
    loop {
        match linking.next().await? {
            Event::LinkOpened { code, uri } => {
                screen.show(&Line::Link { code: clean::line(&code), uri: uri.to_string() })?;
            }
            // Who has read the address from this screen is known by that.
            Event::LinkCompare { mode: LinkMode::Uri, .. } => {}
            Event::LinkCompare { number, mode, .. } => {
                screen.show(&Line::Compare(Compare::new(&number, mode, None)))?;
                if !compared(&mut linking).await? {
                    linking.cancel().await;
                    return Err(CommandError::HasDevice("the device was not linked".to_owned()));
                }
                linking.confirm();
            }
            Event::LinkProgress { records } => screen.show(&Line::LinkProgress { records })?,
            Event::LinkDone => return Ok(linking.finish().await?),
            _ => {}
        }
    }
}

/// Whether the person says that the numbers are the same. The other device shows its number only after one more answer
/// from here, so the link goes on meanwhile.
async fn compared(linking: &mut Linking) -> Result<bool, CommandError> {
    let mut answer = pin!(input::is_yes("Type \"yes\" if the other device shows the same number: "));
    loop {
        tokio::select! {
            answer = &mut answer => return answer,
            // Before both have confirmed, nothing more happens than that the link fails.
            event = linking.next() => drop(event?),
        }
    }
}

fn rows(devices: &[DeviceInfo]) -> Vec<String> {
    let devices: Vec<Device> = devices.iter().map(|device| Device::new(device, false)).collect();
    render::devices(&devices)
}
