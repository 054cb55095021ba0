//! Values: what becomes of the texts in bodies and targets.

use serde_json::Value;

use super::attribute::{Attribute, Owner};
use super::body::Leaf;
use super::known::{Pieces, variable};
use super::naming::is_guid;
use super::people::{attribute_at, text};
use super::target::{self, Values};
use super::telling::Telling;
use crate::exchange::MASKED;
use crate::profile::FilterEscape;
use crate::scenario::template::{Text, Tree};

impl Telling<'_, '_> {
    /// What a text of a body becomes.
    pub(super) fn leaf(
        &mut self,
        owner: Owner,
        body: &Value,
        person: Option<usize>,
        leaf: &Leaf<'_>,
    ) -> Option<Text> {
        let value = leaf.value;
        let last = leaf.names.last().map_or("", String::as_str);
        let endpoint = owner;
        let (owner, attribute) = attribute_at(owner, body, leaf);
        if value.is_empty() || attribute.name == "schemas" || last == "op" {
            return None;
        }
        let is_search = text(body, "filter") == Some(value) && leaf.names == ["filter"];
        if is_search || (last == "path" && leaf.names.len() == 3) {
            let escape = FilterEscape::Json;
            return Some(target::filter(value, endpoint, escape, self));
        }
        if leaf.names.len() == 1 && body.get("filter").is_some() {
            return Some(self.known.text(value, true));
        }
        if owner == Owner::User && attribute.is("password") {
            return Some(self.password(value));
        }
        if owner == Owner::Group && attribute.is("displayname") {
            return Some(self.group_name(value));
        }
        if attribute.name == "x509certificates" && attribute.sub == "value" {
            return Some(self.cast.certificate(value));
        }
        if attribute.is_personal() {
            return Some(self.personal(person, value));
        }
        Some(self.known.text(value, attribute.is_reference()))
    }

    /// A value that may tell who somebody is.
    pub(super) fn personal(&mut self, person: Option<usize>, value: &str) -> Text {
        let own = person.and_then(|person| self.cast.people[person].variable(value));
        match own {
            Some(name) => variable(&name),
            None => match self.known.whole(value, false) {
                Some(text) => text,
                None => self.cast.disguised(value),
            },
        }
    }

    fn group_name(&mut self, value: &str) -> Text {
        let group = self.cast.group_called(value);
        match group.and_then(|group| self.cast.groups[group].variable(value)) {
            Some(name) => variable(&name),
            None => self.known.text(value, false),
        }
    }

    /// No password of anybody is written down, masked or not.
    fn password(&mut self, value: &str) -> Text {
        let kept = self.cast.runned(Text::literal(value));
        if kept.as_literal().is_none() {
            return kept;
        }
        // Which of them were equal, a mask does not tell.
        let known = self.passwords.iter().position(|known| known == value);
        let number = known.filter(|_| value != MASKED).unwrap_or_else(|| {
            self.passwords.push(value.to_owned());
            self.passwords.len() - 1
        });
        let mut pieces = Pieces::default();
        pieces.literal(&format!("Retold-{}-", number + 1));
        pieces.text(variable("run"), "");
        pieces.finish()
    }

    /// The text with the run's id in it, and its variables noted.
    pub(super) fn finished(&mut self, text: Text) -> Text {
        let text = self.cast.runned(text);
        self.known.note(&text);
        text
    }

    pub(super) fn finished_tree(&mut self, tree: Tree) -> Tree {
        match tree {
            Tree::Text(text) => Tree::Text(self.finished(text)),
            Tree::List(items) => Tree::List(
                items
                    .into_iter()
                    .map(|item| self.finished_tree(item))
                    .collect(),
            ),
            Tree::Map(members) => Tree::Map(
                members
                    .into_iter()
                    .map(|(name, member)| (name, self.finished_tree(member)))
                    .collect(),
            ),
            other => other,
        }
    }
}

impl Values for Telling<'_, '_> {
    fn reference(&mut self, value: &str) -> Text {
        let text = self.known.text(value, true);
        self.cast.runned(text)
    }

    fn filtered(&mut self, attribute: &Attribute, value: &str) -> Text {
        let text = match attribute.owner {
            _ if value.is_empty() => Text::literal(value),
            // Entra tests a connection with somebody whom nobody has (entra.md 2.1).
            _ if is_guid(value) && !attribute.is_reference() && !self.cast.knows(value) => {
                variable("uuid")
            }
            Owner::Group if attribute.is("displayname") => self.group_name(value),
            Owner::User if attribute.is_personal() => self.personal(None, value),
            _ => self.known.text(value, true),
        };
        self.cast.runned(text)
    }

    fn other(&mut self, value: &str) -> Text {
        let text = self.known.text(value, false);
        self.cast.runned(text)
    }

    fn inlined(&self, name: &str) -> Option<Text> {
        let (alias, key) = name.split_once('.')?;
        let mut everybody = self.cast.people.iter().chain(&self.cast.groups);
        let person = everybody.find(|person| person.alias == alias)?;
        let known = person.traits.iter().find(|known| known.key == key)?;
        Some(known.written.clone())
    }
}
