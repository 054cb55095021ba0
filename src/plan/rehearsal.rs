//! Goes through a scenario without a target: the exact requests, with what only an answer can tell shown by its name.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use serde_json::Value;

use crate::plan::Outgoing;
use crate::plan::request::outgoing;
use crate::plan::variables::{Scope, Sources};
use crate::profile::{Profile, ProfileId};
use crate::scenario::Scenario;
use crate::scenario::step::{Action, Body, Repeat, RequestStep, Step, Subject, Verify};
use crate::scenario::template::{Text, Tree};

/// A step as it would be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsed {
    /// The step's name.
    pub name: String,
    /// What it would send or claim, in lines.
    pub text: String,
}

/// Begins and ends the name of a value that is not known yet; no request holds these characters otherwise.
const MARKS: (char, char) = ('\u{e000}', '\u{e001}');

/// All steps of a scenario as one client. `given` are values of `--var`.
pub fn of(
    scenario: &Arc<Scenario>,
    client: ProfileId,
    given: BTreeMap<String, String>,
) -> Vec<Rehearsed> {
    let sources = Sources {
        run: "RUN00000".to_owned(),
        given,
        environment: BTreeMap::new(),
        now: Box::new(|| format!("{}now{}", MARKS.0, MARKS.1)),
        uuid: Box::new(|| format!("{}uuid{}", MARKS.0, MARKS.1)),
    };
    let mut scope = Scope::rehearsing(sources, |name| {
        Value::String(format!("{}{name}{}", MARKS.0, MARKS.1))
    });
    for (name, tree) in scenario.people.iter().chain(&scenario.variables) {
        if let Ok(value) = scope.tree(tree) {
            scope.set(name, value);
        }
    }
    let steps = scenario
        .steps
        .iter()
        .map(|step| (step, ""))
        .chain(scenario.cleanup.iter().map(|step| (step, "cleanup: ")));
    steps
        .map(|(step, prefix)| Rehearsed {
            name: format!("{prefix}{}", step.name),
            text: named(&lines(step, client, &mut scope)),
        })
        .collect()
}

fn lines(step: &Step, client: ProfileId, scope: &mut Scope) -> String {
    let mut row = BTreeMap::new();
    for (name, tree) in &step.row {
        row.insert(name.clone(), scope.tree(tree).unwrap_or_default());
    }
    scope.set_row(row);
    let mut text = String::new();
    if !step.when.is_empty() {
        text.push_str("(only when its condition holds)\n");
    }
    match &step.action {
        Action::Request(request) => text.push_str(&request_lines(step, request, client, scope)),
        Action::Parallel(steps) => {
            text.push_str("(all at once)\n");
            for step in steps {
                text.push_str(&lines(step, client, scope));
                text.push('\n');
            }
        }
        Action::Verify(verify) => text.push_str(&verify_lines(verify)),
        Action::Claim(_) => text.push_str("(sends nothing: a claim about what was captured)\n"),
        Action::Act(_) => text.push_str(
            "(the provider decides what to send; `scimulate expand` writes out what it sends when all goes well)\n",
        ),
        Action::VerifyMapped(_) => {
            text.push_str("(all that was provisioned is read back as ourselves)\n");
        }
    }
    text
}

fn request_lines(
    step: &Step,
    request: &RequestStep,
    client: ProfileId,
    scope: &mut Scope,
) -> String {
    let mut text = String::new();
    match &request.repeat {
        Some(Repeat::For { variable, .. }) => {
            let _ = writeln!(text, "(for each value of ${{{variable}}})");
            scope.set(
                variable,
                Value::String(format!("{}{variable}{}", MARKS.0, MARKS.1)),
            );
        }
        Some(Repeat::Until { .. }) => text.push_str("(until the answer fits)\n"),
        Some(Repeat::Load {
            accepted, at_once, ..
        }) => {
            let _ = writeln!(text, "(until {accepted} are accepted, {at_once} at once)");
        }
        None => {}
    }
    if !request.wait.is_zero() {
        let _ = writeln!(text, "(after {} s)", request.wait.as_secs_f64());
    }
    let profile: Profile = step.client.unwrap_or(client).profile();
    // An overlay needs the earlier answer, so it is shown as what it is made of.
    let (shown, overlay) = match &request.body {
        Body::Overlay { over, with } => {
            let shown = RequestStep {
                body: Body::Text(Text::default()),
                ..request.clone()
            };
            (shown, Some(overlay_line(over, with, scope)))
        }
        _ => (request.clone(), None),
    };
    match outgoing(&shown, &profile, step.tenant.as_deref(), step.limits, scope) {
        Ok(request) => text.push_str(&wire(&request, overlay)),
        Err(problem) => {
            let _ = writeln!(text, "(cannot be shown: {problem})");
        }
    }
    text
}

/// A request as it is written, but for the base URL and credentials. `overlay` stands in for a body that is not known yet.
pub(crate) fn wire(request: &Outgoing, overlay: Option<String>) -> String {
    let mut text = format!("{} {}\n", request.method, request.target);
    for (name, value) in &request.headers {
        let _ = writeln!(text, "{name}: {value}");
    }
    let body = overlay.or_else(|| {
        request
            .body
            .as_ref()
            .map(|body| String::from_utf8_lossy(body).into_owned())
    });
    if let Some(body) = body {
        let _ = writeln!(text, "\n{body}");
    }
    text
}

fn overlay_line(over: &Tree, with: &[(Text, Option<Tree>)], scope: &mut Scope) -> String {
    let over = scope.tree(over).unwrap_or_default();
    let mut line = format!("{} with", over.as_str().unwrap_or("an earlier body"));
    for (path, value) in with {
        let path = scope.text(path).unwrap_or_default();
        let value = value
            .as_ref()
            .map(|value| scope.tree(value).unwrap_or_default());
        let value = value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
        let _ = write!(line, "\n  {path} = {value}");
    }
    line
}

fn verify_lines(verify: &Verify) -> String {
    let mut text = String::from("(read back as ourselves)\n");
    let subjects = [&verify.subject].into_iter().chain(&verify.neighbours);
    for (index, subject) in subjects.enumerate() {
        let (endpoint, attribute, alias) = match subject {
            Subject::User(alias) => ("Users", "userName", alias),
            Subject::Group(alias) => ("Groups", "displayName", alias),
            Subject::At(_) => continue,
        };
        if verify.by_id || index > 0 {
            let _ = writeln!(text, "GET /{endpoint}/${{{alias}.id}}");
        }
        if verify.by_filter && index == 0 {
            let _ = writeln!(
                text,
                "GET /{endpoint}?filter={attribute} eq \"${{{alias}.{attribute}}}\""
            );
        }
    }
    text
}

/// The text with every marked name as `${name}`, also where it was percent-encoded.
fn named(text: &str) -> String {
    text.replace("%EE%80%80", "${")
        .replace("%EE%80%81", "}")
        .replace("%ee%80%80", "${")
        .replace("%ee%80%81", "}")
        .replace(MARKS.0, "${")
        .replace(MARKS.1, "}")
}
