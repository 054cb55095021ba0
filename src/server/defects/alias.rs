//! Ids that clients see in place of those of the server behind.

use serde_json::{Map, Value};

use super::Answer;
use super::visit::{Visit, change_body};

/// How an id is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Text,
    Number,
}

const REAL: &str = "real";
const SHOWN: &str = "shown";

/// From now on the resource is known to clients by another id.
pub(super) fn rename(memory: &mut Map<String, Value>, real: &str, shown: &str) {
    for (table, from, to) in [(SHOWN, real, shown), (REAL, shown, real)] {
        let table = memory
            .entry(table)
            .or_insert_with(|| Value::Object(Map::new()));
        table[from] = Value::from(to);
    }
}

fn look_up<'m>(memory: &'m Map<String, Value>, table: &str, id: &str) -> Option<&'m str> {
    memory.get(table)?.get(id)?.as_str()
}

/// The id that clients know a resource by, if it has one.
pub(super) fn shown_of(memory: &Map<String, Value>, real: &str) -> Option<String> {
    look_up(memory, SHOWN, real).map(str::to_owned)
}

/// What the server behind answers when ids that clients know are replaced by the real ones in path, filter and body.
pub(super) fn inwards(visit: &Visit<'_>) -> Answer {
    let memory = visit.memory().clone();
    let mut draft = visit.draft();
    if let Some(real) = visit.id.and_then(|id| look_up(&memory, REAL, id)) {
        let query = match visit.query {
            "" => String::new(),
            query => format!("?{query}"),
        };
        draft.target = format!("{}/{}/{real}{query}", visit.prefix, visit.endpoint);
    }
    let known = memory.get(REAL).and_then(Value::as_object);
    for (shown, real) in known.into_iter().flatten() {
        let Some(real) = real.as_str().filter(|_| draft.target.contains(shown)) else {
            continue;
        };
        for quote in ["%22", "\""] {
            let (from, to) = (format!("{quote}{shown}{quote}"), format!("%22{real}%22"));
            draft.target = draft.target.replace(&from, &to);
        }
    }
    if let Some(mut body) = visit.json() {
        walk(&mut body, &|text| {
            look_up(&memory, REAL, text).map(Value::from)
        });
        draft.body = body.to_string().into_bytes();
    }
    visit.send(&draft)
}

/// Puts the ids that clients know into an answer, also at the ends of addresses.
pub(super) fn outwards(answer: &mut Answer, memory: &Map<String, Value>, form: Shown) {
    let address = |text: &str| {
        let (front, last) = text.rsplit_once('/')?;
        let (shown, is_text) = (look_up(memory, SHOWN, last)?, front.starts_with("http"));
        is_text.then(|| format!("{front}/{shown}"))
    };
    for (_, value) in &mut answer.headers {
        if let Some(text) = address(value) {
            *value = text;
        }
    }
    change_body(answer, |body| {
        walk(body, &|text| match look_up(memory, SHOWN, text) {
            Some(shown) if form == Shown::Number => shown.parse::<u64>().ok().map(Value::from),
            Some(shown) => Some(Value::from(shown)),
            None => address(text).map(Value::from),
        });
    });
}

/// Replaces texts and numbers, wherever they stand.
fn walk(value: &mut Value, replacement: &dyn Fn(&str) -> Option<Value>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, replacement)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| walk(member, replacement)),
        Value::String(text) => {
            if let Some(other) = replacement(text) {
                *value = other;
            }
        }
        Value::Number(number) => {
            if let Some(other) = replacement(&number.to_string()) {
                *value = other;
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}
