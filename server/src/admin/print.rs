//! What an order brought, for a person at a terminal or, with `--json`, for a program.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use infrasound_spec::time::Timestamp;
use time::OffsetDateTime;

use super::{
    report::{AccountLine, AccountReport, Quotas, Report, Retention},
    table::{aligned, clean},
};
use crate::config::MIB;

const HEADING: Style = Style::new().bold();
const ALARM: Style = AnsiColor::Red.on_default();
const WAITING: Style = AnsiColor::Yellow.on_default();
const GOOD: Style = AnsiColor::Green.on_default();

/// Prints. Colours go to terminals only, and not where `NO_COLOR` is set.
pub(super) fn print(report: &Report, as_json: bool) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    if as_json {
        return writeln!(out, "{}", serde_json::to_string(report)?);
    }
    match report {
        Report::Account { account } => account_page(&mut out, account),
        Report::Accounts { accounts } => accounts_table(&mut out, accounts),
        Report::Audit { records } => {
            let rows = records.iter().map(|record| {
                [
                    record.number.to_string(),
                    at(record.time),
                    clean(&record.who),
                    record.action.clone(),
                    clean(&record.subject),
                    clean(&record.detail),
                ]
            });
            table(
                &mut out,
                ["NO", "WHEN", "WHO", "WHAT", "WHOM", "DETAIL"],
                &rows.collect::<Vec<_>>(),
                "No admin has done anything yet.",
            )
        }
        Report::Domains { rules } => {
            let rows = rules
                .iter()
                .map(|rule| [clean(&rule.domain), rule.verdict.clone(), rule.source.clone(), at(rule.since)]);
            table(
                &mut out,
                ["DOMAIN", "IS", "SAYS", "SINCE"],
                &rows.collect::<Vec<_>>(),
                "Nothing is said of any domain.",
            )
        }
        Report::Done { text } => writeln!(out, "{GOOD}✓{GOOD:#} {text}"),
        Report::Export { data } => writeln!(out, "{}", serde_json::to_string_pretty(data)?),
        Report::Quotas { quotas } => quotas_lines(&mut out, quotas),
        Report::Retention { retention } => retention_lines(&mut out, retention),
        Report::Sessions { sessions } => {
            let rows = sessions.iter().map(|session| {
                [
                    session.handle.clone(),
                    session.device.clone(),
                    clean(&session.name),
                    at(session.last_seen),
                    at(session.expires),
                ]
            });
            table(
                &mut out,
                ["ACCOUNT", "DEVICE", "NAME", "LAST SEEN", "UNTIL"],
                &rows.collect::<Vec<_>>(),
                "Nobody is signed in.",
            )
        }
    }
}

fn table<const N: usize>(
    out: &mut impl Write,
    heading: [&str; N],
    rows: &[[String; N]],
    none: &str,
) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "{none}");
    }
    let mut lines = aligned(heading, rows).into_iter();
    if let Some(heading) = lines.next() {
        writeln!(out, "{HEADING}{heading}{HEADING:#}")?;
    }
    lines.try_for_each(|line| writeln!(out, "{line}"))
}

fn accounts_table(out: &mut impl Write, accounts: &[AccountLine]) -> io::Result<()> {
    let rows = accounts.iter().map(|account| {
        let seen = account.last_seen.map_or_else(|| "never".to_owned(), at);
        [account.handle.clone(), account.devices.to_string(), seen, standing(account).1.to_owned()]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return writeln!(out, "There is no such account.");
    }
    let mut lines = aligned(["ACCOUNT", "DEVICES", "LAST SEEN", "STANDING"], &rows).into_iter();
    if let Some(heading) = lines.next() {
        writeln!(out, "{HEADING}{heading}{HEADING:#}")?;
    }
    for (line, account) in lines.zip(accounts) {
        let style = standing(account).0;
        writeln!(out, "{style}{line}{style:#}")?;
    }
    Ok(())
}

/// The worst that is to be said of an account, and how.
pub(super) fn standing(account: &AccountLine) -> (Style, &'static str) {
    match account {
        AccountLine { suspended: Some(_), .. } => (ALARM, "suspended"),
        AccountLine { asked: Some(_), .. } => (WAITING, "asks to be let in"),
        AccountLine { erased: Some(_), .. } => (Style::new(), "erased"),
        AccountLine { limited: true, .. } => (WAITING, "limited at the instance"),
        AccountLine { allowed: Some(_), .. } => (Style::new(), "allowed"),
        _ => (Style::new(), ""),
    }
}

fn account_page(out: &mut impl Write, account: &AccountReport) -> io::Result<()> {
    let line = &account.line;
    let (style, standing) = standing(line);
    writeln!(out, "{HEADING}{}{HEADING:#}  {style}{standing}{style:#}", line.handle)?;
    writeln!(out, "{}", line.uri)?;
    if let Some(role) = &account.role {
        writeln!(out, "role at the instance: {}", clean(role))?;
    }
    for (since, text) in [
        (line.asked, "asked to be let in"),
        (line.allowed, "allowed"),
        (line.suspended, "suspended"),
        (line.erased, "erased"),
    ] {
        if let Some(since) = since {
            writeln!(out, "{text} {}", at(since))?;
        }
    }
    if !account.reason.is_empty() {
        writeln!(out, "reason: {}", clean(&account.reason))?;
    }
    if let Some(refused) = &account.refused {
        writeln!(out, "{ALARM}not let in:{ALARM:#} {}", clean(refused))?;
    }
    writeln!(out, "{} sessions, {} conversations", account.sessions, account.conversations)?;
    quotas_lines(out, &account.quotas)?;
    let rows = account
        .device_list
        .iter()
        .map(|device| [device.device.clone(), clean(&device.name), at(device.created), at(device.last_seen)]);
    table(out, ["DEVICE", "NAME", "SINCE", "LAST SEEN"], &rows.collect::<Vec<_>>(), "It has no device.")
}

fn quotas_lines(out: &mut impl Write, quotas: &Quotas) -> io::Result<()> {
    let whose = if quotas.own { " (its own quotas)" } else { "" };
    writeln!(
        out,
        "files {} of {} MiB, devices {} of {}{whose}",
        quotas.file_bytes_used.div_ceil(MIB),
        quotas.file_bytes / MIB,
        quotas.devices_used,
        quotas.devices
    )
}

fn retention_lines(out: &mut impl Write, retention: &Retention) -> io::Result<()> {
    let by = if retention.set { "set by an admin" } else { "as configured" };
    writeln!(out, "entries stay for {} days at most ({by})", retention.days)?;
    let oldest =
        retention.oldest.map_or_else(String::new, |oldest| format!(", the oldest of {}", at(oldest)));
    writeln!(out, "{} entries, {} MiB{oldest}", retention.entries, retention.entry_bytes.div_ceil(MIB))?;
    writeln!(out, "{} files, {} MiB", retention.files, retention.file_bytes.div_ceil(MIB))
}

/// A time to the minute, in UTC as the relay's log has it.
pub(super) fn at(millis: u64) -> String {
    let seconds = i64::try_from(Timestamp::from_millis(millis).as_secs()).unwrap_or_default();
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (hour, minute, _) = time.to_hms();
    format!("{} {hour:02}:{minute:02}", time.date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_to_the_minute() {
        assert_eq!(at(1_704_067_260_000), "2024-01-01 00:01");
    }

    #[test]
    fn the_worst_is_said_of_an_account() {
        let account = AccountLine {
            uri: String::new(),
            handle: String::new(),
            devices: 0,
            last_seen: None,
            limited: true,
            asked: Some(1),
            allowed: None,
            suspended: Some(1),
            erased: None,
        };
        assert_eq!(standing(&account).1, "suspended");
        assert_eq!(standing(&AccountLine { suspended: None, ..account }).1, "asks to be let in");
    }
}
