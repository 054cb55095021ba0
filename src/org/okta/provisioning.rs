//! What the System Log says of provisioning: events from what the engine did, with the event types and messages of
//! okta.md 1.3, 2.1 and 7.1 to 7.6.
//!
//! One request is one event, reads before a write belonging to that write. The display messages of user events are Okta's
//! own; those of group events are not published and are ours.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::exchange::Exchange;
use crate::idp::{Did, Directory, Memory, Subject};
use crate::org::okta::apps::App;
use crate::org::okta::event::{self, Actor, Event, instant};
use crate::org::work::Work;

/// What is known of those whom work is about.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    /// The application.
    pub(crate) app: &'a App,
    /// People and groups.
    pub(crate) directory: &'a Directory,
    /// Their ids at the target.
    pub(crate) memory: &'a Memory,
    /// When, where nothing was sent.
    pub(crate) at: Timestamp,
}

/// An event type with its display message.
type Kind = (&'static str, &'static str);

const VERIFY_USER: Kind = (
    "application.provision.user.verify_exists",
    "Verify user exists in external application",
);
const PUSH_USER: Kind = (
    "application.provision.user.push",
    "Push new user to external application",
);
const PUSH_PROFILE: Kind = (
    "application.provision.user.push_profile",
    "Push users profile to external application",
);
const SYNC_USER: Kind = (
    "application.provision.user.sync",
    "Sync user in external application",
);
const DEACTIVATE_USER: Kind = (
    "application.provision.user.deactivate",
    "Deactivate user in external application",
);
const REACTIVATE_USER: Kind = (
    "application.provision.user.reactivate",
    "Reactivate user in external application",
);
const PUSH_PASSWORD: Kind = (
    "application.provision.user.push_password",
    "Push user password to external application",
);
const DELETE_USER: Kind = (
    "application.provision.user.delete",
    "Delete user in external application",
);
const IMPORT_USERS: Kind = (
    "application.provision.user.import",
    "Import users from external application",
);
const VERIFY_GROUP: Kind = (
    "application.provision.group.verify_exists",
    "Verify group exists in external application",
);
const ADD_GROUP: Kind = (
    "application.provision.group.add",
    "Add group to external application",
);
const UPDATE_GROUP: Kind = (
    "application.provision.group.update",
    "Update group in external application",
);
const REMOVE_GROUP: Kind = (
    "application.provision.group.remove",
    "Remove group from external application",
);
const ADD_MEMBERS: Kind = (
    "application.provision.group_membership.add",
    "Add users to group in external application",
);
const REMOVE_MEMBERS: Kind = (
    "application.provision.group_membership.remove",
    "Remove users from group in external application",
);
const UPDATE_MEMBERS: Kind = (
    "application.provision.group_membership.update",
    "Update group membership in external application",
);
const PUSHED: Kind = (
    "application.provision.group_push.pushed",
    "Push group to external application",
);
const PUSH_UPDATED: Kind = (
    "application.provision.group_push.updated",
    "Update pushed group in external application",
);
const PUSH_REMOVED: Kind = (
    "application.provision.group_push.removed",
    "Remove pushed group from external application",
);
const MAPPING_FAILED: Kind = (
    "application.provision.group_push.mapping.update.or.delete.failed",
    "Update or delete group push mapping failed, it will be tried again",
);
const MAPPING_FAILED_FOR_GOOD: Kind = (
    "application.provision.group_push.mapping.update.or.delete.failed.with.error",
    "Update or delete group push mapping failed",
);
const CALL_API: Kind = (
    "application.provision.integration.call_api",
    "Call the API of the external application",
);
const RATE_LIMIT: Kind = (
    "application.integration.rate_limit_exceeded",
    "Rate limit of the external application exceeded",
);

/// Okta's words for a failure that has no reason in the log (okta.md 2.1).
const WITHOUT_REASON: &str = "application.provision.user.sync FAILURE, reason: null";

/// The events of a piece of work, in the order in which they happened.
pub(crate) fn events(work: &Work, known: Known<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    for (index, exchange) in work.exchanges.iter().enumerate() {
        let is_last = index + 1 == work.exchanges.len();
        if exchange.status() == Some(429) {
            let refused = refusal("Too Many Requests".to_owned());
            events.push(one(RATE_LIMIT, refused, work, known, Some(exchange)));
        }
        let failure = match (&work.did, is_last) {
            (Err(reason), true) => Some(reason),
            // The same call was sent again: what came of it is told of the last attempt.
            _ if again(exchange, work.exchanges.get(index + 1)) => continue,
            _ => None,
        };
        let kinds = match (&work.subject, failure) {
            (Some(Subject::User(key)), failure) => {
                let before = index.checked_sub(1).map(|before| &work.exchanges[before]);
                of_user(key, exchange, before, failure, known)
            }
            (Some(Subject::Group(_)), _) => of_group(exchange),
            (None, _) => Vec::new(),
        };
        for kind in kinds {
            let outcome = failure.map_or(Ok(()), |reason| refusal(reason.clone()));
            events.push(one(kind, outcome, work, known, Some(exchange)));
        }
    }
    let last = work.exchanges.last();
    events.extend(
        at_the_end(work)
            .into_iter()
            .map(|(kind, outcome)| one(kind, outcome, work, known, last)),
    );
    events
}

/// What is told of the work as a whole.
fn at_the_end(work: &Work) -> Vec<(Kind, Result<(), Option<String>>)> {
    match (&work.subject, &work.did) {
        (None, Ok(Did::Imported { .. })) => vec![(IMPORT_USERS, Ok(()))],
        (None, Ok(_)) => vec![(CALL_API, Ok(()))],
        (None, Err(reason)) => vec![(CALL_API, refusal(reason.clone()))],
        (Some(Subject::Group(_)), Ok(did)) if !work.exchanges.is_empty() => match did {
            Did::Created | Did::Linked => vec![(PUSHED, Ok(()))],
            Did::Updated => vec![(PUSH_UPDATED, Ok(()))],
            Did::Deleted => vec![(PUSH_REMOVED, Ok(()))],
            _ => Vec::new(),
        },
        (Some(Subject::Group(_)), Err(reason)) => {
            let status = work.exchanges.last().and_then(Exchange::status);
            // okta.md 6.5: what is transient is tried again, bad credentials are not; a group that is gone is told of.
            let kind = match status {
                Some(404) => VERIFY_GROUP,
                None | Some(408 | 429 | 500..) => MAPPING_FAILED,
                Some(_) => MAPPING_FAILED_FOR_GOOD,
            };
            vec![(kind, refusal(reason.clone()))]
        }
        (Some(Subject::User(_)), Err(reason)) if work.exchanges.is_empty() => {
            vec![(SYNC_USER, refusal(reason.clone()))]
        }
        _ => Vec::new(),
    }
}

/// Nothing but what a later attempt repeats.
fn again(exchange: &Exchange, next: Option<&Exchange>) -> bool {
    let repeated = next.is_some_and(|next| {
        (&next.request.method, &next.request.target)
            == (&exchange.request.method, &exchange.request.target)
    });
    repeated && exchange.status() == Some(429)
}

fn of_user(
    key: &str,
    exchange: &Exchange,
    before: Option<&Exchange>,
    failure: Option<&String>,
    known: Known<'_>,
) -> Vec<Kind> {
    if failure.is_some_and(|reason| reason.contains(WITHOUT_REASON)) {
        return vec![SYNC_USER];
    }
    let kind = match exchange.request.method.as_str() {
        "GET" if exchange.request.target.contains("?filter=") => VERIFY_USER,
        // A read belongs to the write that it stands before; alone it is told of only if it failed.
        "GET" if failure.is_none() => return Vec::new(),
        "GET" => {
            let person = known.directory.people.get(key);
            match person.is_some_and(|person| person.is_active()) {
                true => PUSH_PROFILE,
                false => DEACTIVATE_USER,
            }
        }
        "POST" => PUSH_USER,
        "DELETE" => DELETE_USER,
        _ => written(exchange, before),
    };
    vec![kind]
}

/// What a PUT or a PATCH of a user is for, given what was read before it.
fn written(exchange: &Exchange, before: Option<&Exchange>) -> Kind {
    let body: Value = serde_json::from_slice(exchange.request.body.bytes()).unwrap_or_default();
    let value = &body["Operations"][0]["value"];
    if value.get("password").is_some() {
        return PUSH_PASSWORD;
    }
    let was_inactive = before
        .and_then(|before| before.response()?.json()?.get("active"))
        .is_some_and(|active| *active == Value::Bool(false));
    match (exchange.request.method.as_str(), value.get("active")) {
        ("PATCH", Some(Value::Bool(true))) => REACTIVATE_USER,
        ("PATCH", Some(_)) => DEACTIVATE_USER,
        // okta.md 4.2: a PUT that leaves an account inactive is a deactivation; nothing else pushes one.
        ("PUT", _) if body.get("active") == Some(&Value::Bool(false)) => DEACTIVATE_USER,
        // okta.md 4.4: and one that turns what was read inactive is a reactivation.
        ("PUT", _) if was_inactive => REACTIVATE_USER,
        _ => PUSH_PROFILE,
    }
}

fn of_group(exchange: &Exchange) -> Vec<Kind> {
    match exchange.request.method.as_str() {
        "GET" if exchange.request.target.contains("?filter=") => vec![VERIFY_GROUP],
        "GET" => Vec::new(),
        "POST" => vec![ADD_GROUP],
        "DELETE" => vec![REMOVE_GROUP],
        "PATCH" => patched(exchange),
        _ => vec![UPDATE_GROUP],
    }
}

fn patched(exchange: &Exchange) -> Vec<Kind> {
    let body: Value = serde_json::from_slice(exchange.request.body.bytes()).unwrap_or_default();
    let mut kinds = Vec::new();
    for operation in body["Operations"].as_array().into_iter().flatten() {
        let of_members = operation["path"]
            .as_str()
            .is_some_and(|path| path.starts_with("members"))
            || operation["value"].get("members").is_some();
        let kind = match operation["op"].as_str() {
            _ if !of_members => UPDATE_GROUP,
            Some("add") => ADD_MEMBERS,
            Some("remove") => REMOVE_MEMBERS,
            _ => UPDATE_MEMBERS,
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}

/// A failure with its reason. What is said in the message already is not said again, as in okta.md 2.4.
fn refusal(reason: String) -> Result<(), Option<String>> {
    if reason.contains(WITHOUT_REASON) {
        return Err(None);
    }
    let said = format!("{} FAILURE: ", PUSH_USER.1);
    match reason.strip_prefix(&said) {
        Some(rest) => Err(Some(rest.to_owned())),
        None => Err(Some(reason)),
    }
}

fn one(
    (kind, message): Kind,
    outcome: Result<(), Option<String>>,
    work: &Work,
    known: Known<'_>,
    exchange: Option<&Exchange>,
) -> Event {
    let started = exchange.and_then(|exchange| exchange.started.parse().ok());
    Event {
        outcome,
        actor: Actor::System,
        debug: exchange.map(debug).unwrap_or_default(),
        ..Event::new(kind, message, &instant(started.unwrap_or(known.at)))
    }
    .at(targets(work, known))
}

fn targets(work: &Work, known: Known<'_>) -> Vec<Value> {
    let app = event::app(known.app);
    match &work.subject {
        None => vec![app],
        Some(Subject::User(key)) => {
            let id = known.memory.user(key).map(|link| link.id.as_str());
            let Some(person) = known.directory.people.get(key) else {
                return vec![event::app_user(id, key, key), app];
            };
            let (login, name) = (
                person.text("userName").unwrap_or(key),
                event::name_of(person),
            );
            let own = person.text("externalId").unwrap_or(key);
            vec![
                event::app_user(id, login, &name),
                app,
                event::user(own, login, &name),
            ]
        }
        Some(Subject::Group(key)) => {
            let group = known.directory.groups.get(key);
            let name = group
                .and_then(|group| group.text("displayName"))
                .unwrap_or(key);
            let mut targets = vec![event::group(key, name), app];
            if let Some(link) = known.memory.group(key) {
                targets.push(event::app_group(&link.id, name));
            }
            targets
        }
    }
}

/// What was sent and what came back. Okta shows nothing of the kind; whoever tests a target wants to see it.
fn debug(exchange: &Exchange) -> Map<String, Value> {
    let request = format!(
        "{} {}{}",
        exchange.request.method, exchange.request.origin, exchange.request.target
    );
    let answer = match &exchange.outcome {
        Ok(response) => json!(response.status),
        Err(failure) => json!(failure.to_string()),
    };
    Map::from_iter([
        ("scimRequest".to_owned(), Value::from(request)),
        ("scimResponse".to_owned(), answer),
    ])
}
