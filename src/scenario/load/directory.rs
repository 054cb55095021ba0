//! What a file gives of a provider's directory and settings: `crowds`, `groups`, `roles`, `mapping`, `switches`.

use std::collections::BTreeMap;

use crate::scenario::error::Problem;
use crate::scenario::load::Loader;
use crate::scenario::load::fields::{self, Fields};
use crate::scenario::load::scope::Origin;
use crate::scenario::nearest::nearest;
use crate::scenario::template::Tree;
use crate::scenario::yaml::{Entry, Kind, Node};
use crate::scenario::{DirectoryPart, MappingRow};

/// Most people of a crowd.
const CROWD: i64 = 20_000;

impl Loader<'_> {
    pub(super) fn directory(&mut self, fields: &Fields<'_>) -> DirectoryPart {
        let crowds = self.crowds(fields.get("crowds"));
        let roles = self.roles(fields.get("roles"));
        let mut members = BTreeMap::new();
        let groups = self.groups(fields.get("groups"), &mut members);
        DirectoryPart {
            groups,
            members,
            roles,
            crowds,
            mapping: self.mapping_part(fields.get("mapping")),
            switches: self.switches(fields.get("switches")),
        }
    }

    fn entries<'n>(&mut self, key: &str, node: Option<&'n Node>) -> &'n [Entry] {
        match node.map(|node| (&node.kind, node)) {
            None => &[],
            Some((Kind::Map(entries), _)) => entries,
            Some((_, node)) => {
                self.errors.push(fields::wrong_type(key, "a mapping", node));
                &[]
            }
        }
    }

    fn crowds(&mut self, node: Option<&Node>) -> Vec<(String, usize)> {
        let mut crowds = Vec::new();
        for entry in self.entries("crowds", node) {
            let size = fields::integer(&entry.key, &entry.value, 1..=CROWD, &mut self.errors);
            let tree = Tree::Null;
            if self.define(&entry.key, Origin::Provisioned, &entry.place, &tree)
                && let Some(size) = size.and_then(|size| usize::try_from(size).ok())
            {
                crowds.push((entry.key.clone(), size));
            }
        }
        self.crowds.clone_from(&crowds);
        crowds
    }

    fn roles(&mut self, node: Option<&Node>) -> Vec<(String, Tree)> {
        let mut roles = Vec::new();
        for entry in self.entries("roles", node) {
            let known = ["id", "value", "display"];
            let read = Fields::read(&entry.value, "a role", &known, &mut self.errors);
            let Some(fields) = read else { continue };
            fields.required("value", &mut self.errors);
            self.user = format!("the role `{}`", entry.key);
            roles.push((entry.key.clone(), self.tree(&entry.value)));
            self.roles.push(entry.key.clone());
        }
        roles
    }

    fn groups(
        &mut self,
        node: Option<&Node>,
        members: &mut BTreeMap<String, Vec<String>>,
    ) -> Vec<(String, Tree)> {
        let mut groups = Vec::new();
        for entry in self.entries("groups", node) {
            let Kind::Map(attributes) = &entry.value.kind else {
                let error = fields::wrong_type(&entry.key, "a mapping", &entry.value);
                self.errors.push(error);
                continue;
            };
            if !attributes.iter().any(|one| one.key == "displayName") {
                let problem = Problem::MissingKey {
                    key: "displayName".to_owned(),
                    place: "a group",
                };
                self.errors.push(problem.at(entry.place.clone()));
            }
            self.user = format!("the group `{}`", entry.key);
            let mut tree = Vec::new();
            for one in attributes {
                if one.key == "members" {
                    let names = self.group_members(&one.value);
                    members.insert(entry.key.clone(), names);
                } else {
                    let name = crate::scenario::template::Text::literal(one.key.clone());
                    tree.push((name, self.tree(&one.value)));
                }
            }
            let tree = Tree::Map(tree);
            if self.define(&entry.key, Origin::Variable, &entry.place, &tree) {
                self.groups.push(entry.key.clone());
                groups.push((entry.key.clone(), tree));
            }
        }
        groups
    }

    fn group_members(&mut self, node: &Node) -> Vec<String> {
        let mut names = Vec::new();
        for (name, node) in fields::words("members", node, &mut self.errors) {
            if let Some((crowd, size)) = self.crowds.iter().find(|(crowd, _)| crowd == name) {
                names.extend((1..=*size).map(|number| format!("{crowd}{number}")));
            } else if self.people.iter().any(|known| known == name) {
                self.scope.knows(name);
                names.push(name.to_owned());
            } else {
                let problem = Problem::UnknownWord {
                    what: "person",
                    word: name.to_owned(),
                    near: nearest(name, self.people.iter().map(String::as_str)),
                    known: self.people.join(", "),
                };
                self.errors.push(problem.at(node.place.clone()));
            }
        }
        names
    }

    fn mapping_part(&mut self, node: Option<&Node>) -> Vec<(String, Vec<MappingRow>)> {
        let mut mapping = Vec::new();
        for entry in self.entries("mapping", node) {
            let known = ["okta", "entra"];
            let named = |name: &str| known.contains(&name).then_some(());
            let errors = &mut self.errors;
            fields::word("provider", &entry.key, &entry.value, &known, named, errors);
            let Kind::List(items) = &entry.value.kind else {
                let error = fields::wrong_type(&entry.key, "a list of rows", &entry.value);
                self.errors.push(error);
                continue;
            };
            let rows = items.iter().filter_map(|item| self.mapping_row(item));
            mapping.push((entry.key.clone(), rows.collect()));
        }
        mapping
    }

    fn mapping_row(&mut self, node: &Node) -> Option<MappingRow> {
        let known = ["from", "to", "match"];
        let fields = Fields::read(node, "a row of a mapping", &known, &mut self.errors)?;
        let to = fields.required("to", &mut self.errors)?;
        let to = fields::text("to", to, &mut self.errors)?.to_owned();
        let from = fields.required("from", &mut self.errors)?;
        let from = match &from.kind {
            // The row is taken away.
            Kind::Null => None,
            _ => Some(fields::text("from", from, &mut self.errors)?.to_owned()),
        };
        let matching = fields
            .get("match")
            .and_then(|node| fields::integer("match", node, 1..=9, &mut self.errors))
            .and_then(|number| u32::try_from(number).ok());
        Some(MappingRow {
            from,
            to,
            matching,
            place: node.place.clone(),
        })
    }

    fn switches(&mut self, node: Option<&Node>) -> Vec<(String, String, crate::scenario::Place)> {
        let mut switches = Vec::new();
        for entry in self.entries("switches", node) {
            let value = match &entry.value.kind {
                Kind::Number { text, .. } => text.clone(),
                Kind::Text(scalar) => scalar.text.clone(),
                _ => {
                    let error = fields::wrong_type(&entry.key, "a word or a number", &entry.value);
                    self.errors.push(error);
                    continue;
                }
            };
            switches.push((entry.key.clone(), value, entry.place.clone()));
        }
        switches
    }
}
