//! A story: requests as others can send them again. What an answer gave and a later request needs becomes a variable, and so
//! does what differs from run to run.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::capture::{UNRECORDED, base_of};
use crate::exchange::curl::MARKS;
use crate::exchange::{Body, Exchange, Failure, MASKED, Request, Sender};

/// What the base URL is called.
pub(super) const BASE: &str = "SCIM_BASE";
/// What the run's id is called.
pub(super) const RUN: &str = "SCIM_RUN";
/// Its value where a file must name one.
pub(super) const FIRST_RUN: &str = "run1";
/// Ids of so many letters are found wherever they stand; shorter ones only where an id belongs.
const LONG: usize = 8;

/// What is exported, beside the exchanges.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// One line.
    pub title: String,
    /// The base URL to send to, instead of the one that was recorded.
    pub base: Option<String>,
    /// The ids of the run that was recorded, as its scenarios have them: names that they made unique are made unique anew.
    pub runs: Vec<String>,
    /// Also what scimulate sent as itself: read-backs and removals.
    pub own: bool,
}

/// Requests with variables between [`MARKS`].
#[derive(Debug)]
pub(super) struct Story {
    pub(super) title: String,
    pub(super) base: String,
    pub(super) calls: Vec<Call>,
    /// Some name of a run stands in it.
    pub(super) has_run: bool,
    /// Some head has a covered credential.
    pub(super) has_token: bool,
    /// Some body has one.
    pub(super) has_secret: bool,
}

/// A request that is sent again.
#[derive(Debug)]
pub(super) struct Call {
    /// `create user`, unique by its number.
    pub(super) name: String,
    /// Its URL stands in the target as a whole; headers that a client sets by itself are left out.
    pub(super) request: Request,
    /// What was answered.
    pub(super) status: Option<u16>,
    /// What its answer gives to later requests.
    pub(super) keeps: Vec<Keep>,
}

/// A value of an answer that later requests need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keep {
    /// The variable.
    pub(super) name: String,
    /// Of a list, the resource at this place; `None`: of the resource itself.
    pub(super) listed: Option<usize>,
}

/// An id that was seen in an answer.
struct Known {
    id: String,
    variable: String,
    call: usize,
    listed: Option<usize>,
    is_used: bool,
}

impl Story {
    pub(super) fn of(exchanges: &[Exchange], options: &Options) -> Self {
        let told: Vec<&Exchange> = exchanges
            .iter()
            .filter(|exchange| is_told(exchange, options.own))
            .collect();
        let recorded = told.iter().find_map(|exchange| base_of(&exchange.request));
        let runs: Vec<&String> = options
            .runs
            .iter()
            .filter(|run| run.len() >= LONG)
            .collect();
        let mut known: Vec<Known> = Vec::new();
        let mut counts = BTreeMap::new();
        let mut calls: Vec<Call> = Vec::new();
        for exchange in told {
            let mut request = exchange.request.clone();
            request.headers.retain(|(name, _)| !is_by_client(name));
            with_variables(&mut request, recorded.as_deref(), &runs, &mut known);
            let call = calls.len();
            for (id, listed) in ids_of(exchange) {
                if known.iter().all(|one| one.id != id) {
                    let variable = variable(&exchange.request, &mut counts);
                    known.push(Known {
                        id,
                        variable,
                        call,
                        listed,
                        is_used: false,
                    });
                }
            }
            calls.push(Call {
                name: name_of(&exchange.request, exchange.status()),
                request,
                status: exchange.status(),
                keeps: Vec::new(),
            });
        }
        for one in known.into_iter().filter(|one| one.is_used) {
            calls[one.call].keeps.push(Keep {
                name: one.variable,
                listed: one.listed,
            });
        }
        let marked = |name: &str| format!("{}{name}{}", MARKS.0, MARKS.1);
        let run_mark = marked(RUN);
        let in_head = |request: &Request, part: &str| {
            request.target.contains(part)
                || request
                    .headers
                    .iter()
                    .any(|(_, value)| value.contains(part))
        };
        let in_body = |request: &Request, part: &str| request.body.text().contains(part);
        let any = |holds: &dyn Fn(&Request) -> bool| calls.iter().any(|call| holds(&call.request));
        Self {
            title: options.title.clone(),
            base: options
                .base
                .clone()
                .or(recorded)
                .unwrap_or_else(|| "https://scim.example.test".to_owned()),
            has_run: any(&|request| in_head(request, &run_mark) || in_body(request, &run_mark)),
            has_token: any(&|request| in_head(request, MASKED)),
            has_secret: any(&|request| in_body(request, MASKED)),
            calls,
        }
    }
}

/// The parts of a text between variables: `Ok` a text, `Err` the name of a variable.
pub(super) fn parts(text: &str) -> Vec<Result<&str, &str>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once(MARKS.0) {
        let Some((name, behind)) = inside.split_once(MARKS.1) else {
            break;
        };
        parts.push(Ok(before));
        parts.push(Err(name));
        rest = behind;
    }
    parts.push(Ok(rest));
    parts
}

/// The text with `{{name}}` for every variable, as Postman and editors have it.
pub(super) fn braced(text: &str, covered: &str) -> String {
    let text: String = parts(text)
        .into_iter()
        .map(|part| match part {
            Ok(text) => text.to_owned(),
            Err(name) => format!("{{{{{}}}}}", lower(name)),
        })
        .collect();
    text.replace(MASKED, &format!("{{{{{covered}}}}}"))
}

/// `SCIM_BASE` as the others call it: `base`.
pub(super) fn lower(name: &str) -> String {
    name.trim_start_matches("SCIM_").to_ascii_lowercase()
}

pub(super) fn is_told(exchange: &Exchange, own: bool) -> bool {
    let was_sent = match &exchange.outcome {
        Err(Failure::NotSent(reason)) => reason == UNRECORDED,
        _ => true,
    };
    was_sent && exchange.request.api.is_scim() && (own || exchange.sender != Sender::Harness)
}

/// What every client makes for itself.
fn is_by_client(name: &str) -> bool {
    [
        "host",
        "content-length",
        "connection",
        "accept-encoding",
        "transfer-encoding",
    ]
    .iter()
    .any(|known| name.eq_ignore_ascii_case(known))
}

/// Writes variables into a request, and notes which of them it needs.
fn with_variables(
    request: &mut Request,
    base: Option<&str>,
    runs: &[&String],
    known: &mut [Known],
) {
    let mark = |name: &str| format!("{}{name}{}", MARKS.0, MARKS.1);
    let strip = |text: &str| text.replace([MARKS.0, MARKS.1], "");
    let url = strip(&request.url());
    let below = base.and_then(|base| url.strip_prefix(base));
    let mut target = below.unwrap_or(&url).to_owned();
    let mut body = std::str::from_utf8(request.body.bytes()).ok().map(strip);
    known.sort_by_key(|one| std::cmp::Reverse(one.id.len()));
    for one in known.iter_mut() {
        let mark = mark(&one.variable);
        let in_target = replaced_in_target(&target, &one.id, &mark);
        let in_body = body
            .as_deref()
            .map(|body| replaced_in_body(body, &one.id, &mark));
        one.is_used |= in_target != target || in_body != body;
        target = in_target;
        body = in_body;
    }
    for (place, run) in runs.iter().enumerate() {
        // What scenarios of one run create must not meet.
        let unique = match place {
            0 => mark(RUN),
            _ => format!("{}x{place}", mark(RUN)),
        };
        target = target.replace(run.as_str(), &unique);
        body = body.map(|body| body.replace(run.as_str(), &unique));
    }
    // What was read is often sent again as a whole, with the address that it has there.
    if let Some(base) = base {
        body = body.map(|body| body.replace(base, &mark(BASE)));
    }
    request.origin = String::new();
    request.target = match below {
        Some(_) => format!("{}{target}", mark(BASE)),
        None => target,
    };
    if let Some(body) = body {
        request.body = Body::new(body);
    }
}

fn replaced_in_target(target: &str, id: &str, mark: &str) -> String {
    if id.len() >= LONG {
        return target.replace(id, mark);
    }
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| (path, Some(query)));
    let segments: Vec<&str> = path
        .split('/')
        .map(|segment| if segment == id { mark } else { segment })
        .collect();
    let path = segments.join("/");
    match query {
        Some(query) => format!(
            "{path}?{}",
            query.replace(&format!("%22{id}%22"), &format!("%22{mark}%22"))
        ),
        None => path,
    }
}

fn replaced_in_body(body: &str, id: &str, mark: &str) -> String {
    if id.len() >= LONG {
        return body.replace(id, mark);
    }
    let mut text = body.replace(&format!("\\\"{id}\\\""), &format!("\\\"{mark}\\\""));
    for (before, after) in [
        ("\"value\":", ""),
        ("\"value\": ", ""),
        ("\"id\":", ""),
        ("\"id\": ", ""),
    ] {
        text = text.replace(
            &format!("{before}\"{id}\"{after}"),
            &format!("{before}\"{mark}\"{after}"),
        );
    }
    text
}

/// Ids in an answer, and where in a list.
fn ids_of(exchange: &Exchange) -> Vec<(String, Option<usize>)> {
    let accepted = exchange.response().filter(|_| exchange.is_accepted());
    let Some(body) = accepted.and_then(|response| response.json()) else {
        return Vec::new();
    };
    let id = |resource: &Value| match resource.get("id")? {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    let listed = body.get("Resources").and_then(Value::as_array);
    let found: Vec<(String, Option<usize>)> = match listed {
        Some(listed) => listed
            .iter()
            .enumerate()
            .filter_map(|(place, resource)| Some((id(resource)?, Some(place))))
            .collect(),
        None => id(body).map(|id| (id, None)).into_iter().collect(),
    };
    found.into_iter().filter(|(id, _)| !id.is_empty()).collect()
}

/// `user_1_id`.
fn variable(request: &Request, counts: &mut BTreeMap<String, usize>) -> String {
    let kind = endpoint(request).to_ascii_lowercase();
    let kind: String = kind
        .trim_end_matches('s')
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let kind = match kind.as_str() {
        "" => "resource".to_owned(),
        _ => kind,
    };
    let count = counts.entry(kind.clone()).or_insert(0);
    *count += 1;
    format!("{kind}_{count}_id")
}

/// `Users` of `/scim/v2/Users/7?x`.
fn endpoint(request: &Request) -> &str {
    let path = request.target.split('?').next().unwrap_or_default();
    let mut segments = path.trim_end_matches('/').rsplit('/');
    let last = segments.next().unwrap_or_default();
    match last.starts_with(|letter: char| letter.is_ascii_uppercase())
        && last.ends_with(|letter: char| letter.is_ascii_alphabetic())
    {
        true => last,
        false => segments.next().unwrap_or_default(),
    }
}

/// `PATCH /Users/{id} (200)`: nothing in it differs from one run to the next.
fn name_of(request: &Request, status: Option<u16>) -> String {
    let path = request.target.split('?').next().unwrap_or_default();
    let endpoint = endpoint(request);
    let mut name = format!("{} /{endpoint}", request.method);
    let behind = path
        .find(endpoint)
        .map_or("", |at| &path[at + endpoint.len()..]);
    if behind == "/.search" {
        name.push_str(behind);
    } else if behind.len() > 1 {
        name.push_str("/{id}");
    }
    if request.target.contains("filter=") {
        name.push_str(" by filter");
    }
    if let Some(status) = status {
        name.push_str(&format!(" ({status})"));
    }
    name
}
