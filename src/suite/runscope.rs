//! Suites that Runscope exports, version 1.0 (okta.md 9.1 describes two of them).

use serde_json::Value;

use crate::scenario::error::ScenarioError;
use crate::suite::condition::{Claim, Condition, Part};
use crate::suite::document::Spot;
use crate::suite::script;
use crate::suite::script::expression::joined;
use crate::suite::{
    Assertion, Authorization, Body, Capture, Format, From, Item, REQUESTS, Suite, one_line,
    too_many,
};

/// The version of the format that is read.
const VERSION: &str = "1.0";

pub(super) fn read(shown: &str, root: &Spot<'_>, mistakes: &mut Vec<ScenarioError>) -> Suite {
    match root.value.get("version") {
        Some(Value::String(version)) if version == VERSION => {}
        Some(version) => {
            let version = match version {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let what = format!("is `{}`, and only `{VERSION}` is known", one_line(&version));
            let repair = "export the suite again from Runscope";
            mistakes.push(root.wrong("version", &what, Some(repair)));
        }
        None => mistakes.push(root.wrong(
            "version",
            "is missing",
            Some("export the suite again from Runscope"),
        )),
    }
    let mut suite = Suite {
        format: Format::Runscope,
        shown: shown.to_owned(),
        title: one_line(root.text("name").unwrap_or("Runscope suite")),
        description: one_line(root.text("description").unwrap_or_default()),
        items: Vec::new(),
        initial: initial_of(root),
        remarks: Vec::new(),
    };
    for name in [
        "initial_scripts",
        "initial_script",
        "scripts",
        "script_library",
    ] {
        for script in texts(root, name) {
            let found = script::read(script);
            suite.initial.extend(found.values);
            let unread = found.unread.into_iter();
            suite
                .remarks
                .extend(unread.map(|text| format!("`{name}`: {text}")));
        }
    }
    match root.get("steps") {
        Some(steps) if steps.value.is_array() => read_steps(&steps, &mut suite, mistakes),
        Some(_) => mistakes.push(root.wrong("steps", "is not a list", None)),
        None => mistakes.push(root.wrong(
            "steps",
            "is missing",
            Some("export the suite again from Runscope"),
        )),
    }
    suite
}

/// Values of variables: in `initial_variables`, in `variables`, or in the first environment that has some.
fn initial_of(root: &Spot<'_>) -> Vec<(String, String)> {
    let environments = root.list("environments");
    let mut places = vec![root.get("environment")];
    places.extend(environments.into_iter().map(Some));
    places.push(Some(root.clone()));
    let mut initial = Vec::new();
    for place in places.into_iter().flatten() {
        for name in ["initial_variables", "variables"] {
            let Some(values) = place.get(name) else {
                continue;
            };
            match values.value {
                Value::Object(members) => initial.extend(
                    members
                        .iter()
                        .map(|(name, value)| (name.clone(), plain(value))),
                ),
                _ => initial.extend(values.items().iter().filter_map(|item| {
                    let name = item.text("name").or_else(|| item.text("key"))?;
                    Some((name.to_owned(), plain(item.value.get("value")?)))
                })),
            }
        }
    }
    initial
}

/// A value as text.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The texts of a member that is one or a list of them, without empty ones.
fn texts<'d>(spot: &Spot<'d>, name: &str) -> Vec<&'d str> {
    let value = spot.value.get(name);
    let one = value.and_then(Value::as_str);
    let many = value.and_then(Value::as_array).into_iter().flatten();
    one.into_iter()
        .chain(many.filter_map(Value::as_str))
        .filter(|text| !text.trim().is_empty())
        .collect()
}

fn read_steps(steps: &Spot<'_>, suite: &mut Suite, mistakes: &mut Vec<ScenarioError>) {
    let mut pause = 0;
    for step in steps.items() {
        if suite.items.len() >= REQUESTS {
            mistakes.push(too_many(&step));
            return;
        }
        if !step.value.is_object() {
            mistakes.push(step.wrong("", "is not a step", None));
            continue;
        }
        let skipped = step.flag("skipped");
        match step.text("step_type") {
            Some("pause") => {
                let seconds = step.value.get("duration").and_then(Value::as_u64);
                match seconds {
                    _ if skipped => {}
                    Some(seconds) if seconds <= 3600 => pause += seconds,
                    _ => mistakes.push(step.wrong(
                        "duration",
                        "is not a number of seconds up to 3600",
                        None,
                    )),
                }
            }
            Some("request") if skipped => left_out(&step, "switched off in the suite", suite),
            Some("request") => {
                if let Some(mut item) = request(&step, mistakes) {
                    item.pause = std::mem::take(&mut pause);
                    suite.take(item);
                }
            }
            Some(other) => {
                let why = format!(
                    "a step of type `{}`, which is not translated",
                    one_line(other)
                );
                left_out(&step, &why, suite);
            }
            None => mistakes.push(step.wrong(
                "step_type",
                "is missing",
                Some("a step is a `request` or a `pause`"),
            )),
        }
    }
}

/// Lists a step that is not translated, with every assertion in it and in the steps inside.
fn left_out(step: &Spot<'_>, why: &str, suite: &mut Suite) {
    let name = name_of(step);
    suite
        .remarks
        .push(format!("`{name}` is {why} ({})", step.path()));
    for assertion in step.list("assertions") {
        let says = read_assertion(&assertion).says;
        suite.remarks.push(format!("`{name}`: {says}"));
    }
    for inner in step.list("steps") {
        left_out(&inner, "inside of it", suite);
    }
}

fn name_of(step: &Spot<'_>) -> String {
    let note = one_line(
        step.text("note")
            .or_else(|| step.text("name"))
            .unwrap_or_default(),
    );
    match note.is_empty() {
        true => {
            let method = step.text("method").unwrap_or("step");
            one_line(&format!(
                "{method} {}",
                step.text("url").unwrap_or_default()
            ))
        }
        false => note,
    }
}

fn request(step: &Spot<'_>, mistakes: &mut Vec<ScenarioError>) -> Option<Item> {
    let known = mistakes.len();
    let method = step.text("method").unwrap_or_default().to_ascii_uppercase();
    let url = step.text("url").unwrap_or_default().trim();
    for (name, value) in [("method", method.as_str()), ("url", url)] {
        if value.is_empty() {
            let what = "is missing: a request needs a method and a URL";
            mistakes.push(step.wrong(name, what, None));
        }
    }
    let mut item = Item {
        name: name_of(step),
        place: step.place(),
        method,
        url: url.to_owned(),
        headers: headers(step),
        authorization: Authorization::None,
        body: body(step),
        pause: 0,
        assertions: Vec::new(),
        captures: Vec::new(),
        values: Vec::new(),
        remarks: Vec::new(),
    };
    if let Some(auth) = step.get("auth")
        && auth
            .value
            .as_object()
            .is_some_and(|members| !members.is_empty())
    {
        item.authorization = Authorization::Own;
    }
    for assertion in step.list("assertions") {
        item.assertions.push(read_assertion(&assertion));
    }
    for variable in step.list("variables") {
        // The export of the CRUD suite has one without a name.
        let Some(name) = variable.text("name").filter(|name| !name.trim().is_empty()) else {
            continue;
        };
        match capture(&variable) {
            Ok(from) => item.captures.push(Capture {
                name: name.to_owned(),
                from,
            }),
            Err(reason) => item
                .remarks
                .push(format!("variable `{}`: {reason}", one_line(name))),
        }
    }
    for (when, name) in [("before", "before_scripts"), ("after", "scripts")] {
        for text in texts(step, name) {
            let found = script::read(text);
            if name == "scripts" {
                item.assertions.extend(found.assertions);
            } else {
                let says = found.assertions.into_iter().map(|assertion| assertion.says);
                item.remarks
                    .extend(says.map(|says| format!("script {when} the request: {says}")));
            }
            item.captures.extend(found.captures);
            item.values.extend(found.values);
            let unread = found.unread.into_iter();
            item.remarks
                .extend(unread.map(|text| format!("script {when} the request: {text}")));
        }
    }
    (mistakes.len() == known).then_some(item)
}

/// Values are texts or lists of them, which are one header (RFC 9110 5.3).
fn headers(step: &Spot<'_>) -> Vec<(String, String)> {
    let members = step.value.get("headers").and_then(Value::as_object);
    let members = members.into_iter().flatten();
    members
        .map(|(name, value)| {
            let value = match value {
                Value::Array(values) => {
                    let values: Vec<String> = values.iter().map(plain).collect();
                    values.join(", ")
                }
                other => plain(other),
            };
            (name.trim().to_owned(), value)
        })
        .filter(|(name, _)| !name.is_empty())
        .collect()
}

fn body(step: &Spot<'_>) -> Body {
    if !step.list("multipart_form").is_empty() {
        return Body::Other("a multipart form");
    }
    if step.get("binary_body").is_some() {
        return Body::Other("a binary body");
    }
    if step
        .value
        .get("form")
        .and_then(Value::as_object)
        .is_some_and(|form| !form.is_empty())
    {
        return Body::Other("a form");
    }
    match step.value.get("body") {
        Some(Value::String(text)) if !text.is_empty() => Body::Text(text.clone()),
        _ => Body::None,
    }
}

fn capture(variable: &Spot<'_>) -> Result<From, String> {
    let property = variable.text("property").unwrap_or_default();
    match variable.text("source").unwrap_or_default() {
        "response_json" => match json_path(property) {
            Some(path) => Ok(From::Json(path)),
            None => Err(format!("`{property}` is no path that is known")),
        },
        "response_headers" => Ok(From::Header(property.to_owned())),
        "response_status" => Ok(From::Status),
        other => Err(format!(
            "it is taken from `{}`, which no scenario can keep",
            one_line(other)
        )),
    }
}

fn read_assertion(assertion: &Spot<'_>) -> Assertion {
    let source = assertion.text("source").unwrap_or_default();
    let comparison = assertion.text("comparison").unwrap_or_default();
    let property = assertion.text("property").unwrap_or_default();
    let value = assertion.value.get("value").cloned().unwrap_or_default();
    let says: Vec<String> = [
        source.to_owned(),
        property.to_owned(),
        comparison.to_owned(),
    ]
    .into_iter()
    .chain((!value.is_null()).then(|| plain(&value)))
    .map(|word| one_line(&word))
    .filter(|word| !word.is_empty())
    .collect();
    let says = says.join(" ");
    match meaning(source, property, comparison, value) {
        Ok(claim) => Assertion::of(says, vec![claim]),
        Err(reason) => Assertion {
            says,
            claims: Vec::new(),
            untranslated: Some(reason),
            is_script: false,
        },
    }
}

/// What an assertion means. Runscope compares what is equal by its text: `"status": 401` and `"401"` both pass.
fn meaning(source: &str, property: &str, comparison: &str, value: Value) -> Result<Claim, String> {
    let unknown_path = || format!("`{}` is no path that is known", one_line(property));
    let mut of = match source {
        "response_status" => Part::Status,
        "response_json" => Part::Json(json_path(property).ok_or_else(unknown_path)?),
        "response_headers" => Part::Header(property.to_owned()),
        "response_time" => Part::Time,
        "response_text" => Part::Text,
        "response_size" => Part::Size,
        other => return Err(format!("there is no source `{}`", one_line(other))),
    };
    let text = || Value::from(plain(&value));
    let number = || match &value {
        Value::Number(number) => number.as_f64(),
        other => plain(other).trim().parse().ok(),
    };
    // A bound is a number, or a variable that will be one.
    let bound = || match number().and_then(serde_json::Number::from_f64) {
        Some(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => {
            Value::from(number.as_f64().unwrap_or_default() as i64)
        }
        Some(number) => Value::Number(number),
        None => text(),
    };
    let between = |least: bool, exclusive: bool| Condition::Between {
        least: least.then(bound),
        most: (!least).then(bound),
        exclusive,
    };
    let is = match comparison {
        "equal" | "equals" => Condition::Text(text()),
        "not_equal" | "does_not_equal" => Condition::Text(text()).not(),
        "equal_number" => match number() {
            Some(number) => Condition::Number(number),
            None => Condition::Text(text()),
        },
        "not_empty" | "is_not_empty" => Condition::Filled,
        "empty" | "is_empty" => Condition::Filled.not(),
        "has_value" | "contains" => Condition::Contains(text()),
        "does_not_contain" => Condition::Contains(text()).not(),
        "is_a_number" => Condition::IsNumber,
        "is_less_than" => between(false, true),
        "is_less_than_or_equal" | "is_less_than_or_equals" => between(false, false),
        "is_greater_than" => between(true, true),
        "is_greater_than_or_equal" | "is_greater_than_or_equals" => between(true, false),
        "is_null" => Condition::Exactly(Value::Null),
        "has_key" => match &mut of {
            Part::Json(path) => {
                *path = joined(path, &plain(&value));
                Condition::Exists
            }
            _ => return Err("only JSON has keys".to_owned()),
        },
        other => return Err(format!("there is no comparison `{}`", one_line(other))),
    };
    Ok(Claim::new(of, is))
}

/// The JSONPath of a property: `Resources[0].name.givenName`, `["urn:…:User"].department`, `urn:…:2.0:User.department`;
/// nothing means the whole.
pub(super) fn json_path(property: &str) -> Option<String> {
    let mut path = "$".to_owned();
    let mut rest = property.trim();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix('[') {
            let quoted = after
                .chars()
                .next()
                .filter(|quote| matches!(quote, '"' | '\''));
            let (name, after) = match quoted {
                Some(quote) => {
                    let (name, after) = after[1..].split_once(quote)?;
                    (joined(&path, name), after.strip_prefix(']')?)
                }
                None => {
                    let (index, after) = after.split_once(']')?;
                    let index: usize = index.trim().parse().ok()?;
                    (format!("{path}[{index}]"), after)
                }
            };
            path = name;
            rest = after;
            continue;
        }
        // The version in a schema's URN is no end of its name.
        let from = match rest.starts_with("urn:") {
            true => rest.rfind(':').unwrap_or_default(),
            false => 0,
        };
        let end = rest[from..]
            .find(['.', '['])
            .map_or(rest.len(), |end| from + end);
        path = joined(&path, &rest[..end]);
        rest = &rest[end..];
    }
    Some(path)
}
