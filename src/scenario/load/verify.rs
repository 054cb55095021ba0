//! `verify`: reading back.

use crate::scenario::error::Problem;
use crate::scenario::load::Loader;
use crate::scenario::load::fields::{self, Fields};
use crate::scenario::nearest::nearest;
use crate::scenario::step::{Subject, Verify};
use crate::scenario::yaml::{Kind, Node};

/// Keys of `verify`.
pub(crate) const VERIFY_KEYS: [&str; 12] = [
    "user",
    "group",
    "at",
    "is",
    "sent",
    "stored",
    "gone",
    "rest",
    "neighbours",
    "by",
    "authority",
    "because",
];

impl Loader<'_> {
    pub(super) fn verify(&mut self, node: &Node) -> Option<Verify> {
        let fields = Fields::read(node, "`verify`", &VERIFY_KEYS, &mut self.errors)?;
        let (mut by_id, mut by_filter) = (true, true);
        if let Some(node) = fields.get("by") {
            let mut ways = Vec::new();
            for (written, node) in fields::words("by", node, &mut self.errors) {
                let known = ["id", "filter"];
                let named = |name: &str| known.contains(&name).then(|| name.to_owned());
                let errors = &mut self.errors;
                ways.extend(fields::word(
                    "way to read",
                    written,
                    node,
                    &known,
                    named,
                    errors,
                ));
            }
            if !ways.is_empty() {
                by_id = ways.iter().any(|way| way == "id");
                by_filter = ways.iter().any(|way| way == "filter");
            }
        }
        let subject = self.subject(&fields, by_id, &mut by_filter);
        let gone = fields
            .get("gone")
            .and_then(|node| fields::boolean("gone", node, &mut self.errors))
            .unwrap_or_default();
        if gone {
            for key in ["is", "sent", "stored"] {
                fields.exclusive("gone", key, &mut self.errors);
            }
        }
        let is = fields.get("is").and_then(|node| self.matcher(node));
        let sent = fields.get("sent").and_then(|node| self.sent(node));
        fields.exclusive("sent", "stored", &mut self.errors);
        let stored = fields.get("stored").map(|node| {
            if !matches!(node.kind, Kind::Map(_)) {
                self.errors
                    .push(fields::wrong_type("stored", "a mapping", node));
            }
            self.tree(node)
        });
        let rest_unchanged = match fields.get("rest") {
            Some(node) => {
                let written = fields::text("rest", node, &mut self.errors).unwrap_or("unchanged");
                let named = |name: &str| match name {
                    "unchanged" => Some(true),
                    "any" => Some(false),
                    _ => None,
                };
                let known = ["unchanged", "any"];
                let errors = &mut self.errors;
                fields::word("word for `rest`", written, node, &known, named, errors)
                    .unwrap_or(true)
            }
            None => true,
        };
        let neighbours = fields
            .get("neighbours")
            .map(|node| self.neighbours(node))
            .unwrap_or_default();
        let authority = self.authorities("authority", fields.get("authority"));
        let because = fields
            .get("because")
            .and_then(|node| fields::text("because", node, &mut self.errors))
            .map(|text| text.trim().to_owned());
        let subject = subject?;
        match &subject {
            Subject::User(alias) => self.verified.push((alias.clone(), false)),
            Subject::Group(alias) => self.verified.push((alias.clone(), true)),
            Subject::At(_) => {}
        }
        Some(Verify {
            subject,
            is,
            sent,
            stored,
            gone,
            rest_unchanged,
            neighbours,
            by_id,
            by_filter,
            authority,
            because,
        })
    }

    fn subject(
        &mut self,
        fields: &Fields<'_>,
        by_id: bool,
        by_filter: &mut bool,
    ) -> Option<Subject> {
        for (first, second) in [("user", "group"), ("user", "at"), ("group", "at")] {
            fields.exclusive(first, second, &mut self.errors);
        }
        if let Some(node) = fields.get("at") {
            *by_filter = false;
            return self.target("at", node).map(Subject::At);
        }
        let (key, attribute) = if fields.has("group") {
            ("group", "displayName")
        } else {
            ("user", "userName")
        };
        if !fields.has(key) {
            let problem = Problem::MissingKey {
                key: "user`, `group` or `at".to_owned(),
                place: "`verify`",
            };
            self.errors.push(problem.at(fields.place().clone()));
            return None;
        }
        let node = fields.get(key)?;
        let alias = self.known_text(key, node)?;
        // What must be stored says by which name it is found.
        let unnamed = *by_filter && !fields.has("stored");
        let wanted = [(by_id, "id"), (unnamed, attribute)];
        for (_, part) in wanted.into_iter().filter(|(wanted, _)| *wanted) {
            let name = format!("{alias}.{part}");
            if self.scope.knows(&name) || self.scope.alone {
                continue;
            }
            let near = self
                .scope
                .visible_names()
                .filter_map(|visible| visible.strip_suffix(".id"))
                .filter(|visible| *visible != alias);
            let near = nearest(&alias, near);
            let problem = Problem::NothingToVerify {
                name,
                alias: alias.clone(),
                near,
            };
            self.errors.push(problem.at(node.place.clone()));
            break;
        }
        Some(if key == "group" {
            Subject::Group(alias)
        } else {
            Subject::User(alias)
        })
    }

    fn sent(&mut self, node: &Node) -> Option<String> {
        let written = self.known_text("sent", node)?;
        // In a row, the step of the same row is meant first.
        let mut suffix = self.suffix.as_str();
        loop {
            let name = format!("{written}{suffix}");
            if self.requests.contains(&name) {
                return Some(name);
            }
            if suffix.is_empty() {
                break;
            }
            suffix = match suffix[1..].find(" [") {
                Some(next) => &suffix[next + 1..],
                None => "",
            };
        }
        // A fragment by itself does not see the steps of those who use it.
        if !self.scope.alone {
            self.unsent.push((written, node.place.clone()));
        }
        None
    }

    /// Reports what `sent` named in vain: at the end, because only then it is known whether it comes later.
    pub(super) fn report_unsent(&mut self) {
        for (name, place) in std::mem::take(&mut self.unsent) {
            let known = self.requests.iter().map(String::as_str);
            let problem = Problem::UnknownStep {
                near: nearest(&name, known),
                later: self.requests.contains(&name),
                name,
            };
            self.errors.push(problem.at(place));
        }
    }

    fn neighbours(&mut self, node: &Node) -> Vec<Subject> {
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            Kind::Text(_) => std::slice::from_ref(node),
            _ => {
                let expected = "a name or a list of names";
                self.errors
                    .push(fields::wrong_type("neighbours", expected, node));
                return Vec::new();
            }
        };
        let mut subjects = Vec::new();
        for item in items {
            let Some(alias) = self.known_text("neighbours", item) else {
                continue;
            };
            let found = self
                .verified
                .iter()
                .rev()
                .find(|(known, _)| *known == alias);
            match found {
                Some((alias, true)) => subjects.push(Subject::Group(alias.clone())),
                Some((alias, false)) => subjects.push(Subject::User(alias.clone())),
                None if self.scope.alone => {}
                None => {
                    let known = self.verified.iter().map(|(known, _)| known.as_str());
                    let problem = Problem::UnknownNeighbour {
                        near: nearest(&alias, known),
                        name: alias,
                    };
                    self.errors.push(problem.at(item.place.clone()));
                }
            }
        }
        subjects
    }
}
