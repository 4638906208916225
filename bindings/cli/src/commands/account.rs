//! `whoami`, `safety-number`.

use infrasound_core::{event::Answer, input::Wish};
use infrasound_spec::account::Handle;

use super::End;
use crate::{
    app::App,
    exit::CommandError,
    line::{Account, Line},
};

pub(super) async fn whoami(app: &mut App) -> Result<End, CommandError> {
    let device = app.session.device().await?.to_string();
    let relay = app.session.relay().as_str().to_owned();
    let account = Account::new(app.session.person(), device, &relay, &app.home);
    app.screen.show(&Line::Account(account))?;
    Ok(End::Leave)
}

pub(super) async fn safety_number(app: &mut App, who: Handle) -> Result<End, CommandError> {
    let Answer::SafetyNumber(number) = app.session.wish(Wish::SafetyNumber { who }).await? else {
        return Ok(End::Leave);
    };
    app.screen.show(&Line::SafetyNumber {
        with: number.who.to_string(),
        number: number.to_string(),
        groups: number.groups.to_vec(),
        pinned: number.pinned,
    })?;
    Ok(End::Leave)
}
