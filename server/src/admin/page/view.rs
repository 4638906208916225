//! What the page shows: one account, or the lists.

use std::fmt::Write as _;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::{
    html::{document, escape, table},
    visit::Visit,
};
use crate::{
    admin::{
        Order, Report, carry_out,
        order::Only,
        print::{at, standing},
        report::{AccountLine, AccountReport, DomainLine, Record},
    },
    app::App,
    config::MIB,
    error::ApiError,
};

/// Accounts on one page.
const PAGE: u64 = 50;
/// Records of the audit log that are shown.
const RECORDS: u64 = 20;

/// What somebody wants to look at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    account: String,
    after: String,
    after_uri: String,
}

/// The page for who is signed in.
pub(super) async fn whole(app: &App, visit: &Visit, look: &Look) -> Result<String, ApiError> {
    let csrf = &visit.csrf;
    let message = visit.message.as_ref().map(|text| format!("<p role=\"status\">{}</p>", escape(text)));
    let body = if look.account.trim().is_empty() {
        lists(app, csrf, look).await?
    } else {
        one(app, csrf, look.account.trim()).await?
    };
    let main = format!(
        "<nav><a href=\"/admin\">Overview</a> <span>{} {}</span></nav><h1>Administration of this relay</h1>{}\
         <form method=\"get\" action=\"/admin\"><label for=\"find\">Account (@name@host or URI)</label> \
         <input id=\"find\" name=\"account\" required value=\"{}\"> <button>Show</button></form>{body}",
        escape(visit.handle.as_str()),
        form(csrf, "/admin/sign-out", &[], "Sign out", "Sign out"),
        message.unwrap_or_default(),
        escape(&look.account),
    );
    Ok(document("Administration", &main))
}

/// A form of one button. `name` is what a screen reader calls it.
fn form(csrf: &str, action: &str, fields: &[(&str, &str)], label: &str, name: &str) -> String {
    let mut hidden = String::new();
    for (name, value) in fields {
        let _ = write!(hidden, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value));
    }
    format!(
        "<form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"csrf\" value=\"{csrf}\">{hidden}\
         <button aria-label=\"{}\">{}</button></form>",
        escape(name),
        escape(label)
    )
}

fn order(csrf: &str, order: &str, account: &str, label: &str) -> String {
    form(csrf, "/admin", &[("order", order), ("account", account)], label, &format!("{label}: {account}"))
}

async fn lists(app: &App, csrf: &str, look: &Look) -> Result<String, ApiError> {
    let asked = accounts(app, Only::Asked, &Look::default()).await?;
    let all = accounts(app, Only::All, look).await?;
    let Report::Domains { rules } = carry_out(app, "", Order::Domains).await? else {
        return Ok(String::new());
    };
    let Report::Audit { records } = carry_out(app, "", Order::Audit { limit: RECORDS }).await? else {
        return Ok(String::new());
    };
    let next = match all.last() {
        Some(last) if all.len() as u64 == PAGE => {
            let (handle, uri) = (encoded(&last.handle), encoded(&last.uri));
            format!("<p><a href=\"/admin?after={handle}&amp;after_uri={uri}\">More accounts</a></p>")
        }
        _ => String::new(),
    };
    let waiting = if asked.is_empty() { String::new() } else { waiting_table(csrf, &asked) };
    Ok(format!("{waiting}{}{next}{}{}", accounts_table(&all), domains(csrf, &rules), audit(&records)))
}

async fn accounts(app: &App, only: Only, look: &Look) -> Result<Vec<AccountLine>, ApiError> {
    let Look { after, after_uri, .. } = look.clone();
    let order = Order::Accounts { only, after, after_uri, limit: PAGE };
    match carry_out(app, "", order).await? {
        Report::Accounts { accounts } => Ok(accounts),
        _ => Ok(Vec::new()),
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn link(handle: &str) -> String {
    format!("<a href=\"/admin?account={}\">{}</a>", encoded(handle), escape(handle))
}

fn waiting_table(csrf: &str, asked: &[AccountLine]) -> String {
    let row = |account: &AccountLine| {
        let since = account.asked.map(at).unwrap_or_default();
        [link(&account.handle), since, order(csrf, "allow", &account.handle, "Allow")]
    };
    table("Who asks to be let in", ["Account", "Since", "Answer"], &asked.iter().map(row).collect::<Vec<_>>())
}

fn accounts_table(accounts: &[AccountLine]) -> String {
    let row = |account: &AccountLine| {
        let seen = account.last_seen.map_or_else(|| "never".to_owned(), at);
        [link(&account.handle), account.devices.to_string(), seen, standing(account).1.to_owned()]
    };
    let rows: Vec<_> = accounts.iter().map(row).collect();
    table("Accounts (times in UTC)", ["Account", "Devices", "Last seen", "Standing"], &rows)
}

fn domains(csrf: &str, rules: &[DomainLine]) -> String {
    let row = |rule: &DomainLine| {
        let remove = if rule.source == "admin" {
            let fields = [("order", "remove-domain"), ("domain", rule.domain.as_str())];
            form(csrf, "/admin", &fields, "Remove", &format!("Remove the rule for {}", rule.domain))
        } else {
            String::new()
        };
        [escape(&rule.domain), rule.verdict.clone(), rule.source.clone(), at(rule.since), remove]
    };
    let rows: Vec<_> = rules.iter().map(row).collect();
    let table = table("Other domains", ["Domain", "Is", "Says", "Since", "Change"], &rows);
    format!(
        "{table}<form method=\"post\" action=\"/admin\"><input type=\"hidden\" name=\"csrf\" value=\"{csrf}\">\
         <label for=\"domain\">Domain</label> <input id=\"domain\" name=\"domain\" required> \
         <button name=\"order\" value=\"block-domain\">Block</button> \
         <button name=\"order\" value=\"allow-domain\">Allow</button></form>"
    )
}

fn audit(records: &[Record]) -> String {
    let row = |record: &Record| {
        [
            record.number.to_string(),
            at(record.time),
            escape(&record.who),
            escape(&record.action),
            escape(&record.subject),
            escape(&record.detail),
        ]
    };
    let rows: Vec<_> = records.iter().map(row).collect();
    table("What admins did last", ["Number", "When", "Who", "What", "Whom", "Detail"], &rows)
}

async fn one(app: &App, csrf: &str, name: &str) -> Result<String, ApiError> {
    match carry_out(app, "", Order::Account { account: name.to_owned() }).await {
        Ok(Report::Account { account }) => Ok(account_section(csrf, &account)),
        Ok(_) => Ok(String::new()),
        Err(error) => Ok(format!("<p role=\"alert\">{}</p>", escape(&error.0.detail))),
    }
}

fn account_section(csrf: &str, account: &AccountReport) -> String {
    let (line, quotas) = (&account.line, &account.quotas);
    let handle = line.handle.as_str();
    let refused = account.refused.as_ref().map(|text| format!("<p>Not let in: {}</p>", escape(text)));
    let rows: Vec<_> = account
        .device_list
        .iter()
        .map(|device| {
            [escape(&device.name), escape(&device.device), at(device.created), at(device.last_seen)]
        })
        .collect();
    let decision = if line.suspended.is_some() {
        order(csrf, "restore", handle, "Restore")
    } else {
        suspend(csrf, handle)
    };
    let allow = if line.allowed.is_some() { ("disallow", "Disallow") } else { ("allow", "Allow") };
    format!(
        "<h2>{}</h2><p>{} {}</p>{}<p>{} sessions, {} conversations; files {} of {} MiB; devices {} of {}</p>{}\
         <h3>Decide</h3>{decision}{}{}{}{}",
        escape(handle),
        escape(&line.uri),
        standing(line).1,
        refused.unwrap_or_default(),
        account.sessions,
        account.conversations,
        quotas.file_bytes_used.div_ceil(MIB),
        quotas.file_bytes / MIB,
        quotas.devices_used,
        quotas.devices,
        table("Devices", ["Name", "Id", "Since", "Last seen"], &rows),
        order(csrf, allow.0, handle, allow.1),
        order(csrf, "end-sessions", handle, "End sessions"),
        order(csrf, "export", handle, "Export data"),
        erase(csrf, handle),
    )
}

fn suspend(csrf: &str, handle: &str) -> String {
    let handle = escape(handle);
    format!(
        "<form method=\"post\" action=\"/admin\"><input type=\"hidden\" name=\"csrf\" value=\"{csrf}\">\
         <input type=\"hidden\" name=\"order\" value=\"suspend\"><input type=\"hidden\" name=\"account\" value=\"{handle}\">\
         <label for=\"reason\">Reason, which the person is shown</label> <input id=\"reason\" name=\"reason\" maxlength=\"500\"> \
         <button aria-label=\"Suspend: {handle}\">Suspend</button></form>"
    )
}

fn erase(csrf: &str, handle: &str) -> String {
    let handle = escape(handle);
    format!(
        "<form method=\"post\" action=\"/admin\"><input type=\"hidden\" name=\"csrf\" value=\"{csrf}\">\
         <input type=\"hidden\" name=\"order\" value=\"erase\"><input type=\"hidden\" name=\"account\" value=\"{handle}\">\
         <input type=\"checkbox\" id=\"yes\" name=\"yes\" value=\"yes\" required> \
         <label for=\"yes\">Erase all that is kept of this account; this cannot be undone</label> \
         <button aria-label=\"Erase: {handle}\">Erase</button></form>"
    )
}
