//! Bodies: their bytes as they were sent, with variables in place of values.

use serde_json::Value;

use super::known::Pieces;
use crate::idp::overlay;
use crate::scenario::template::{Piece, Text, Tree};

/// Values that an overlay writes at most; larger ones are a body of their own.
const NODES: usize = 300;

/// A text or number in a body.
pub(super) struct Leaf<'l> {
    /// Names and places of list elements that lead to it.
    pub(super) names: &'l [String],
    pub(super) value: &'l str,
}

/// The JSON text with what `of` makes of its texts; everything else stays byte for byte. `json` must be JSON.
pub(super) fn json_text(json: &str, of: &mut dyn FnMut(&Leaf<'_>) -> Option<Text>) -> Text {
    let mut walk = Walk {
        names: Vec::new(),
        pieces: Pieces::default(),
    };
    let bytes = json.as_bytes();
    let mut at = 0;
    let mut copied = 0;
    // Whether each open bracket is that of an object.
    let mut objects: Vec<bool> = Vec::new();
    let mut is_name = false;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => {
                objects.push(true);
                walk.names.push(String::new());
                is_name = true;
            }
            b'[' => {
                objects.push(false);
                walk.names.push("0".to_owned());
            }
            b'}' | b']' => {
                objects.pop();
                walk.names.pop();
            }
            b':' => is_name = false,
            b',' => {
                is_name = objects.last() == Some(&true);
                if let (Some(false), Some(place)) = (objects.last(), walk.names.last_mut()) {
                    let next = place.parse::<usize>().unwrap_or_default() + 1;
                    *place = next.to_string();
                }
            }
            b'"' => {
                let end = end_of_text(bytes, at);
                let raw = &json[at..end];
                let value = serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned());
                if is_name {
                    if let Some(name) = walk.names.last_mut() {
                        *name = value;
                    }
                } else if let Some(text) = of(&Leaf {
                    names: &walk.names,
                    value: &value,
                })
                .filter(|text| text.as_literal() != Some(value.as_str()))
                {
                    walk.pieces.literal(&json[copied..=at]);
                    walk.quoted(text, &raw[1..raw.len() - 1]);
                    copied = end - 1;
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    walk.pieces.literal(&json[copied..]);
    walk.pieces.finish()
}

struct Walk {
    names: Vec<String>,
    pieces: Pieces,
}

impl Walk {
    /// A text between the quotes of a JSON text; `raw` is what stood there.
    fn quoted(&mut self, text: Text, raw: &str) {
        let escaped = Text {
            pieces: text
                .pieces
                .into_iter()
                .map(|piece| match piece {
                    Piece::Literal(literal) => {
                        let quoted = Value::from(literal).to_string();
                        Piece::Literal(quoted[1..quoted.len() - 1].to_owned())
                    }
                    variable => variable,
                })
                .collect(),
        };
        self.pieces.text(escaped, raw);
    }
}

/// Behind the closing quote of the JSON text that begins here.
fn end_of_text(bytes: &[u8], begin: usize) -> usize {
    let mut at = begin + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// What is written over the earlier document to get exactly this body, if that is shorter than the body itself.
pub(super) fn overlay_of(before: &Value, body: &Value) -> Option<Vec<(String, Option<Value>)>> {
    let (old, new) = (before.as_object()?, body.as_object()?);
    let mut with: Vec<(String, Option<Value>)> = Vec::new();
    for (name, value) in new {
        if old.get(name) == Some(value) {
            continue;
        }
        with.push((name.clone(), Some(value.clone())));
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        with.push((name.clone(), None));
    }
    let kept = old
        .iter()
        .filter(|(name, value)| new.get(*name) == Some(value))
        .count();
    let size: usize = with.iter().flat_map(|(_, value)| value).map(nodes).sum();
    // At least its id, and something that only the target can tell; and no more than a reader can look through.
    if kept < 2 || !old.contains_key("id") || size > NODES {
        return None;
    }
    let mut built = before.clone();
    for (name, value) in &with {
        overlay::write(&mut built, name, value.clone()).ok()?;
    }
    // Equality of values does not see their order.
    let bytes = |value: &Value| serde_json::to_vec(value).ok();
    (bytes(&built) == bytes(body)).then_some(with)
}

fn nodes(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(nodes).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(nodes).sum::<usize>(),
        _ => 1,
    }
}

/// A value with what `of` makes of its texts.
pub(super) fn tree(
    value: &Value,
    names: &mut Vec<String>,
    of: &mut dyn FnMut(&Leaf<'_>) -> Option<Text>,
) -> Tree {
    match value {
        Value::String(text) => {
            let leaf = Leaf { names, value: text };
            Tree::Text(of(&leaf).unwrap_or_else(|| Text::literal(text.clone())))
        }
        Value::Array(items) => Tree::List(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    names.push(index.to_string());
                    let item = tree(item, names, of);
                    names.pop();
                    item
                })
                .collect(),
        ),
        Value::Object(members) => Tree::Map(
            members
                .iter()
                .map(|(name, member)| {
                    names.push(name.clone());
                    let member = tree(member, names, of);
                    names.pop();
                    (Text::literal(name.clone()), member)
                })
                .collect(),
        ),
        other => Tree::from(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{json_text, overlay_of};
    use crate::retell::known::variable;

    #[test]
    fn a_body_keeps_its_bytes_and_gets_variables() {
        let json =
            "{ \"a\" : [ 1.0, \"x\\u0041\", {\"b\":\"id\"} ],\n\"id\":\"id\", \"é\":\"$id\" }";
        let mut places = Vec::new();
        let text = json_text(json, &mut |leaf| {
            places.push(leaf.names.join("/"));
            (leaf.value == "id").then(|| variable("ada.id"))
        });
        assert_eq!(places, ["a/1", "a/2/b", "id", "é"]);
        assert_eq!(text.to_string(), json.replace(":\"id\"", ":\"${ada.id}\""));
    }

    #[test]
    fn a_put_is_written_over_what_was_read() {
        let read = json!({"id": "7", "meta": {"version": "1"}, "active": true, "title": "x"});
        let sent = json!({"id": "7", "meta": {"version": "1"}, "active": false, "title": "x"});
        assert_eq!(
            overlay_of(&read, &sent),
            Some(vec![("active".to_owned(), Some(json!(false)))])
        );
        let reordered = json!({"meta": {"version": "1"}, "id": "7", "active": true, "title": "x"});
        assert_eq!(overlay_of(&read, &reordered), None);
    }
}
