//! Logs of providers: what was done to whom. They hold no requests, so they are read into deeds, not exchanges.
//!
//! Entra: Graph's `provisioningObjectSummary`, a page with `value`, a list as the portal downloads it, or one object a line.
//! Okta: LogEvents of the System Log, a list as the API gives it, or one event a line (okta.md 7.6).

use std::io::BufRead;

use serde_json::Value;

use super::elements::{Fault, elements};
use super::{Account, At, CaptureError, Kind, Remark};

/// Largest entry of a log.
const LARGEST: usize = 16 * 1024 * 1024;

/// Whose log it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Provisioning logs of Microsoft Entra ID.
    Entra,
    /// The System Log of Okta.
    Okta,
}

impl Provider {
    /// What its log is called.
    pub fn log(self) -> &'static str {
        match self {
            Self::Entra => "a provisioning log of Entra",
            Self::Okta => "a System Log of Okta",
        }
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// A user was created or matched.
    Create,
    /// Attributes of a user were changed, by the names that the target has for them; `None`: to nothing. Empty where the log
    /// names none.
    Update(Vec<(String, Option<String>)>),
    /// A user was deactivated.
    Deactivate,
    /// A user was activated again.
    Reactivate,
    /// A user was deleted.
    Delete,
    /// A password was sent.
    Password,
    /// Users were imported.
    Import,
    /// A group was created or matched.
    PushGroup,
    /// A group was renamed.
    RenameGroup(String),
    /// Members came or went; the log names them by the ids of the target, or not at all.
    ChangeMembers,
    /// A group was deleted.
    DeleteGroup,
}

/// An entry of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Where it stands.
    pub at: At,
    /// When, as it is written there.
    pub time: String,
    /// What was done.
    pub done: Done,
    /// To whom: the name of a user or a group; empty for an import.
    pub name: String,
    /// Why it failed, if it did.
    pub failed: Option<String>,
}

/// Reads a log; its deeds in the order of time.
///
/// # Errors
/// Nothing can be read.
pub fn read_log(
    provider: Provider,
    input: &mut dyn BufRead,
) -> Result<(Vec<Deed>, Account), CaptureError> {
    let mut deeds = Vec::new();
    let mut account = Account::default();
    let mut entry = 0;
    let mut take = |value: Result<Value, serde_json::Error>| {
        entry += 1;
        let at = At::Entry(entry);
        let deed = match &value {
            Ok(value) if value.is_object() => match provider {
                Provider::Entra => entra(value, at),
                Provider::Okta => okta(value, at),
            },
            Ok(_) => None,
            Err(problem) => {
                let what = format!("it is no JSON: {problem}");
                account.remark(Remark::new(Kind::Unread, at, what));
                return;
            }
        };
        account.exchanges += 1;
        match deed {
            Some(deed) => deeds.push(deed),
            None => account.elsewhere += 1,
        }
    };
    let start = input.fill_buf()?;
    let first = start
        .iter()
        .find(|byte| !byte.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(byte));
    let is_page = String::from_utf8_lossy(&start[..start.len().min(4096)]).contains("\"value\"");
    let walked = match first {
        None => return Err(CaptureError::Empty),
        Some(b'[') => elements(input, &[], LARGEST, &mut |bytes| {
            take(serde_json::from_slice(bytes))
        }),
        Some(b'{') if is_page => elements(input, &["value"], LARGEST, &mut |bytes| {
            take(serde_json::from_slice(bytes));
        }),
        Some(_) => {
            let mut read = Ok(());
            for value in serde_json::Deserializer::from_reader(&mut *input).into_iter::<Value>() {
                match value {
                    Ok(value) => take(Ok(value)),
                    Err(problem) if problem.is_eof() => read = Err(Fault::Cut),
                    Err(problem) => read = Err(Fault::Syntax(problem.to_string())),
                }
            }
            read
        }
    };
    match walked {
        Ok(()) => {}
        Err(fault) if deeds.is_empty() => {
            return Err(CaptureError::Wrong {
                format: provider.log(),
                reason: fault.to_string(),
            });
        }
        Err(fault) => {
            let at = At::Entry(account.exchanges + 1);
            account.ended = Some(Remark::new(Kind::Unread, at, fault.to_string()));
        }
    }
    if deeds.is_empty() {
        return Err(CaptureError::Wrong {
            format: provider.log(),
            reason: "no entry of it says what was provisioned".to_owned(),
        });
    }
    // Portals show the newest first. Instants of one log are written alike.
    deeds.sort_by(|one, other| one.time.cmp(&other.time));
    Ok((deeds, account))
}

fn entra(entry: &Value, at: At) -> Option<Deed> {
    let action = text(entry, "provisioningAction").or_else(|| text(entry, "action"))?;
    let source = entry.get("sourceIdentity")?;
    let is_group =
        text(source, "identityType").is_some_and(|kind| kind.eq_ignore_ascii_case("group"));
    let changes: Vec<(String, Option<String>)> = entry
        .get("modifiedProperties")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|property| {
            let name = text(property, "displayName")?.to_owned();
            Some((name, text(property, "newValue").map(unquoted)))
        })
        .collect();
    let changed = |name: &str| changes.iter().find(|(known, _)| known == name);
    let is_active = changed("active").and_then(|(_, value)| value.as_deref());
    let done = match (action.to_ascii_lowercase().as_str(), is_group) {
        ("create", false) => Done::Create,
        ("update", false)
            if is_active.is_some_and(|active| active.eq_ignore_ascii_case("true")) =>
        {
            Done::Reactivate
        }
        ("update", false) => Done::Update(changes),
        ("disable" | "stageddelete", false) => Done::Deactivate,
        ("delete", false) => Done::Delete,
        ("create", true) => Done::PushGroup,
        ("update", true) => match changed("displayName") {
            Some((_, Some(name))) => Done::RenameGroup(name.clone()),
            _ => Done::ChangeMembers,
        },
        ("delete" | "disable" | "stageddelete", true) => Done::DeleteGroup,
        _ => return None,
    };
    let status = entry
        .get("provisioningStatusInfo")
        .or_else(|| entry.get("statusInfo"))?;
    let error = status.get("errorInformation");
    let failed =
        text(status, "status").is_some_and(|status| status.eq_ignore_ascii_case("failure"));
    let said = |name: &str| {
        error
            .and_then(|error| text(error, name))
            .filter(|said| !said.is_empty())
    };
    let reason = match (said("errorCode"), said("reason")) {
        (Some(code), Some(reason)) => format!("{code}: {reason}"),
        (Some(said), None) | (None, Some(said)) => said.to_owned(),
        (None, None) => "no reason is told".to_owned(),
    };
    let name = source
        .get("details")
        .and_then(|details| text(details, "userPrincipalName"))
        .filter(|name| !name.is_empty())
        .or_else(|| text(source, "displayName"))
        .or_else(|| text(source, "id"))?;
    Some(Deed {
        at,
        time: text(entry, "activityDateTime")
            .unwrap_or_default()
            .to_owned(),
        done,
        name: name.to_owned(),
        failed: failed.then_some(reason),
    })
}

/// Entra writes texts of its log as JSON now and then: `"\"Lead\""`.
fn unquoted(text: &str) -> String {
    serde_json::from_str(text).unwrap_or_else(|_| text.to_owned())
}

fn okta(event: &Value, at: At) -> Option<Deed> {
    let kind = text(event, "eventType")?.strip_prefix("application.provision.")?;
    let outcome = event.get("outcome");
    let failed = outcome
        .and_then(|outcome| text(outcome, "result"))
        .is_some_and(|result| result == "FAILURE");
    let done = match kind {
        "user.push" => Done::Create,
        "user.verify_exists" if failed => Done::Create,
        "user.push_profile" => Done::Update(Vec::new()),
        "user.sync" if failed => Done::Update(Vec::new()),
        "user.deactivate" => Done::Deactivate,
        "user.reactivate" => Done::Reactivate,
        "user.delete" => Done::Delete,
        "user.push_password" | "user.push_okta_password" => Done::Password,
        "user.import" => Done::Import,
        "group_push.pushed" => Done::PushGroup,
        "group_push.updated" | "group_push.push_memberships" => Done::ChangeMembers,
        "group_push.mapping.update.or.delete.failed"
        | "group_push.mapping.update.or.delete.failed.with.error" => Done::ChangeMembers,
        "group_push.removed" | "group_push.delete_appgroup" => Done::DeleteGroup,
        // The requests of a push are told beside the push as a whole.
        _ => return None,
    };
    let of_group = matches!(
        done,
        Done::PushGroup | Done::ChangeMembers | Done::DeleteGroup
    );
    let targets = event.get("target").and_then(Value::as_array);
    let named = |types: [&str; 2], name: &str| {
        targets?.iter().find_map(|target| {
            let is_it = text(target, "type").is_some_and(|kind| types.contains(&kind));
            let name = text(target, name)?;
            (is_it && !name.is_empty()).then(|| name.to_owned())
        })
    };
    let name = match (&done, of_group) {
        (Done::Import, _) => Some(String::new()),
        (_, true) => named(["UserGroup", "AppGroup"], "displayName"),
        (_, false) => named(["User", "AppUser"], "alternateId"),
    };
    let reason = outcome.and_then(|outcome| text(outcome, "reason"));
    Some(Deed {
        at,
        time: text(event, "published").unwrap_or_default().to_owned(),
        done,
        name: name?,
        failed: failed.then(|| reason.unwrap_or("no reason is told").to_owned()),
    })
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}
