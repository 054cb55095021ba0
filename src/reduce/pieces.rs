//! The pieces of a scenario's text that can be left out, as ranges of its lines.

use serde_json::Value;

use crate::scenario::yaml::{self, Entry, Kind, Node, Style};

/// Keys without which a scenario would not tell what it is about.
const KEPT: [&str; 16] = [
    "title",
    "as",
    "on",
    "name",
    "feature",
    "source",
    "because",
    "by",
    "authority",
    "strength",
    "needs",
    "services",
    "policies",
    "preset",
    "steps",
    "wait",
];
/// Members without which a request would be wrong for another reason (RFC 7643 3, RFC 7644 3.5.2).
const KEPT_MEMBERS: [&str; 3] = ["schemas", "op", "Operations"];

/// Lines that can be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// The first line, counted from 0.
    pub(super) from: usize,
    /// The line behind the last one.
    pub(super) to: usize,
    /// What stands there instead, with its line break.
    pub(super) instead: Option<String>,
}

impl Piece {
    /// The text without it.
    pub(super) fn taken_out_of(&self, text: &str) -> String {
        let mut shorter = String::with_capacity(text.len());
        for (index, line) in text.split_inclusive('\n').enumerate() {
            if index == self.from {
                shorter.push_str(self.instead.as_deref().unwrap_or_default());
            }
            if index < self.from || index >= self.to {
                shorter.push_str(line);
            }
        }
        shorter
    }
}

/// The steps, and those of the cleanup.
pub(super) fn steps(text: &str) -> Vec<Vec<Piece>> {
    let lines = Lines::of(text);
    top(text)
        .iter()
        .filter(|entry| matches!(entry.key.as_str(), "steps" | "cleanup"))
        .filter_map(|entry| lines.items(&entry.value))
        .collect()
}

/// Items of lists inside of steps: rows, requests side by side, steps of a block.
pub(super) fn inner_items(text: &str) -> Vec<Vec<Piece>> {
    let lines = Lines::of(text);
    let mut lists = Vec::new();
    for entry in top(text).iter().filter(|entry| entry.key == "steps") {
        let Kind::List(steps) = &entry.value.kind else {
            continue;
        };
        for step in steps {
            walk(step, &mut |node| lists.extend(lines.items(node)));
        }
    }
    lists
}

/// Elements of lists that are written in one line: `[ada, bob]`.
pub(super) fn listed(text: &str) -> Vec<Vec<Piece>> {
    let lines = Lines::of(text);
    let mut lists = Vec::new();
    for entry in top(text).iter().filter(|entry| entry.key != "as") {
        walk(&entry.value, &mut |node| {
            lists.extend(lines.elements(node).into_iter().map(|one| vec![one]));
        });
    }
    lists
}

/// Members of bodies that are written as JSON, each a line that is written anew without it.
pub(super) fn members(text: &str) -> Vec<Vec<Piece>> {
    let mut lists = Vec::new();
    for entry in top(text) {
        walk(&entry.value, &mut |node| {
            let Kind::Map(entries) = &node.kind else {
                return;
            };
            let body = entries.iter().find(|entry| entry.key == "body");
            // One list for each member: two of them would each bring back what the other one takes out.
            lists.extend(
                body.into_iter()
                    .flat_map(|body| of_json(&body.value))
                    .map(|one| vec![one]),
            );
        });
    }
    lists
}

/// Keys of steps, and entries of the mappings at the top.
pub(super) fn keys(text: &str) -> Vec<Vec<Piece>> {
    let lines = Lines::of(text);
    let mut lists = Vec::new();
    let tops = top(text);
    lists.push(lines.entries(&tops));
    for entry in &tops {
        walk(&entry.value, &mut |node| {
            if let Kind::Map(entries) = &node.kind {
                lists.push(lines.entries(entries));
            }
        });
    }
    lists.retain(|list| !list.is_empty());
    lists
}

/// A key at the top with its lines.
pub(super) fn top_key(text: &str, key: &str) -> Option<Piece> {
    let tops = top(text);
    let entry = tops.iter().find(|entry| entry.key == key)?;
    Lines::of(text).entry(entry)
}

/// Entries of the file; nothing of a file that is no mapping.
fn top(text: &str) -> Vec<Entry> {
    match yaml::parse("", text.as_bytes()).map(|root| root.kind) {
        Ok(Kind::Map(entries)) => entries,
        _ => Vec::new(),
    }
}

/// The node and all in it, from the outside.
fn walk(node: &Node, found: &mut impl FnMut(&Node)) {
    found(node);
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| walk(item, found)),
        Kind::Map(entries) => entries.iter().for_each(|entry| walk(&entry.value, found)),
        Kind::Null | Kind::Bool(_) | Kind::Number { .. } | Kind::Text(_) => {}
    }
}

/// The lines of a text.
struct Lines<'a>(Vec<&'a str>);

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self(text.lines().collect())
    }

    /// The items of a list whose dashes stand below each other.
    fn items(&self, node: &Node) -> Option<Vec<Piece>> {
        let Kind::List(items) = &node.kind else {
            return None;
        };
        let dash = node.place.column.checked_sub(1)?;
        let mut pieces: Vec<Piece> = Vec::new();
        for item in items {
            let from = item.place.line.checked_sub(1)?;
            let line = self.0.get(from)?;
            if indent(line) != dash || !line.trim_start().starts_with('-') {
                return None;
            }
            let after = pieces.last().map_or(0, |piece| piece.to);
            pieces.push(self.piece(from, dash, after));
        }
        (!pieces.is_empty()).then_some(pieces)
    }

    /// The line of a list without each of its elements, as long as they are plain words.
    fn elements(&self, node: &Node) -> Vec<Piece> {
        let begin = node.place.column - 1;
        let line = self.0.get(node.place.line - 1).copied().unwrap_or_default();
        let inside = line
            .get(begin..)
            .and_then(|rest| rest.strip_prefix('[')?.split_once(']'));
        let (Kind::List(_), Some((inside, rest))) = (&node.kind, inside) else {
            return Vec::new();
        };
        let elements: Vec<&str> = inside.split(',').map(str::trim).collect();
        if elements.len() < 2 || inside.contains(['[', '{', '"', '\'']) {
            return Vec::new();
        }
        let without = |index: usize| {
            let mut left = elements.clone();
            left.remove(index);
            Piece {
                from: node.place.line - 1,
                to: node.place.line,
                instead: Some(format!("{}[{}]{rest}\n", &line[..begin], left.join(", "))),
            }
        };
        (0..elements.len()).map(without).collect()
    }

    /// The entries of a mapping that have lines of their own and may go.
    fn entries(&self, entries: &[Entry]) -> Vec<Piece> {
        entries
            .iter()
            .filter(|entry| !KEPT.contains(&entry.key.as_str()))
            .filter_map(|entry| self.entry(entry))
            .collect()
    }

    fn entry(&self, entry: &Entry) -> Option<Piece> {
        let from = entry.place.line.checked_sub(1)?;
        let column = entry.place.column.checked_sub(1)?;
        (indent(self.0.get(from)?) == column).then(|| self.piece(from, column, from))
    }

    /// What begins at a line with that indentation, with the comments above it, but none of the lines before `after`.
    fn piece(&self, begin: usize, column: usize, after: usize) -> Piece {
        let ends = |line: &&str| !line.trim().is_empty() && indent(line) <= column;
        let rest = self.0.iter().skip(begin + 1);
        let to = begin + 1 + rest.take_while(|line| !ends(line)).count();
        let is_comment = |line: &str| indent(line) == column && line.trim_start().starts_with('#');
        let mut from = begin;
        while from > after && is_comment(self.0[from - 1]) {
            from -= 1;
        }
        Piece {
            from,
            to,
            instead: None,
        }
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// A literal block of JSON, once for each member or element that it could do without, the inner ones last.
fn of_json(node: &Node) -> Vec<Piece> {
    let Kind::Text(scalar) = &node.kind else {
        return Vec::new();
    };
    let Style::Literal { line, indent } = scalar.style else {
        return Vec::new();
    };
    let Ok(body) = serde_json::from_str::<Value>(&scalar.text) else {
        return Vec::new();
    };
    let mut places = Vec::new();
    addresses(&body, "", &mut places);
    let lines = scalar.text.lines().count();
    let shorter = places.into_iter().map(|address| {
        let mut shorter = body.clone();
        remove(&mut shorter, &address);
        Piece {
            from: line - 1,
            to: line - 1 + lines,
            instead: Some(format!("{:indent$}{shorter}\n", "")),
        }
    });
    shorter.collect()
}

/// JSON pointers of what may go.
fn addresses(value: &Value, at: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| *name != "schemas")
            .map(|(name, member)| (name.replace('~', "~0").replace('/', "~1"), member))
            .collect(),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items
                .map(|(index, item)| (index.to_string(), item))
                .collect()
        }
        _ => Vec::new(),
    };
    for (name, member) in inner {
        let address = format!("{at}/{name}");
        if !KEPT_MEMBERS.contains(&name.as_str()) {
            found.push(address.clone());
        }
        addresses(member, &address, found);
    }
}

fn remove(value: &mut Value, address: &str) {
    let Some((holder, name)) = address.rsplit_once('/') else {
        return;
    };
    match value.pointer_mut(holder) {
        Some(Value::Object(members)) => {
            members.shift_remove(&name.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(items)) => {
            if let Ok(index) = name.parse::<usize>() {
                items.remove(index);
            }
        }
        _ => {}
    }
}
