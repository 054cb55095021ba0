//! Texts with variables, and values made of them.

use crate::scenario::Place;
use crate::scenario::error::Problem;
use crate::scenario::load::Loader;
use crate::scenario::load::fields;
use crate::scenario::load::scope::{Resolved, member, spliced, static_value};
use crate::scenario::scalar::ambiguous;
use crate::scenario::template::{Piece, Text, Tree, parse_with_offsets};
use crate::scenario::yaml::{Kind, Node, Style};

/// A text that stands for any value: every member of it exists.
pub(crate) fn anything() -> Text {
    Text {
        pieces: vec![Piece::Variable {
            name: "run".to_owned(),
            default: None,
        }],
    }
}

impl Loader<'_> {
    /// A value; texts may hold variables.
    pub(super) fn tree(&mut self, node: &Node) -> Tree {
        match &node.kind {
            Kind::Null => Tree::Null,
            Kind::Bool(flag) => Tree::Bool(*flag),
            Kind::Number { value, .. } => Tree::Number(value.clone()),
            Kind::Text(scalar) => {
                if matches!(scalar.style, Style::Plain { .. }) {
                    self.refuse_ambiguous(&scalar.text, node);
                }
                self.text_or_bound(&scalar.text, node)
            }
            Kind::List(items) => Tree::List(items.iter().map(|item| self.tree(item)).collect()),
            Kind::Map(entries) => Tree::Map(
                entries
                    .iter()
                    .map(|entry| {
                        let name = self.text_at(&entry.key, &mut |_| entry.place.clone());
                        (name, self.tree(&entry.value))
                    })
                    .collect(),
            ),
        }
    }

    pub(super) fn refuse_ambiguous(&mut self, text: &str, node: &Node) {
        if let Some(plain) = ambiguous(text) {
            let written = text.to_owned();
            let problem = Problem::Ambiguous { written, plain };
            self.errors.push(problem.at(node.place.clone()));
        }
    }

    /// The text of a scalar that is a text, or of a number that may stand for one.
    pub(super) fn scalar_text(&mut self, key: &str, node: &Node) -> Option<Text> {
        match &node.kind {
            Kind::Text(scalar) => {
                Some(self.text_at(&scalar.text, &mut |offset| node.place_at(offset)))
            }
            Kind::Number { text, .. } => Some(Text::literal(text.clone())),
            _ => {
                self.errors.push(fields::wrong_type(key, "a text", node));
                None
            }
        }
    }

    fn text_or_bound(&mut self, written: &str, node: &Node) -> Tree {
        let text = self.text_at(written, &mut |offset| node.place_at(offset));
        if self.inline
            && let Some((name, _)) = text.as_variable()
            && let Some(tree) = self.bound_value(name)
        {
            return tree;
        }
        Tree::Text(text)
    }

    fn bound_value(&self, name: &str) -> Option<Tree> {
        let (head, rest) = name.split_once('.').unwrap_or((name, ""));
        let bound = &self.scope.bound(head)?.tree;
        let found = if rest.is_empty() {
            Some(bound)
        } else {
            member(bound, rest)
        };
        found.cloned()
    }

    /// A text; `place_at` tells where a byte of it stands.
    pub(super) fn text_at(
        &mut self,
        written: &str,
        place_at: &mut dyn FnMut(usize) -> Place,
    ) -> Text {
        let (text, offsets) = match parse_with_offsets(written) {
            Ok(parsed) => parsed,
            Err(error) => {
                let message = error.message.clone();
                let place = place_at(error.offset);
                self.errors.push(Problem::Template { message }.at(place));
                return Text::literal(written);
            }
        };
        let lone = text.as_variable().is_some();
        let mut offsets = offsets.into_iter();
        let mut pieces = Vec::with_capacity(text.pieces.len());
        for piece in text.pieces {
            let Piece::Variable { name, default } = piece else {
                pieces.push(piece);
                continue;
            };
            let place = place_at(offsets.next().unwrap_or_default());
            match self.scope.resolve(&name, &self.user, &place) {
                Resolved::Name(name) => {
                    self.scope.note_outside(&name, default.as_deref());
                    pieces.push(Piece::Variable { name, default });
                }
                Resolved::Bound(tree) if self.inline && !lone => match spliced(&tree) {
                    Some(spliced) => pieces.extend(spliced.pieces),
                    None => {
                        let what = "a value inside a text";
                        self.errors
                            .push(Problem::NotStatic { what, name }.at(place));
                    }
                },
                Resolved::Bound(_) => pieces.push(Piece::Variable { name, default }),
            }
        }
        Text {
            pieces: merged(pieces),
        }
    }

    /// A text that must be known now: only columns and parameters may stand in it.
    pub(super) fn known_text(&mut self, what: &'static str, node: &Node) -> Option<String> {
        let Kind::Text(scalar) = &node.kind else {
            self.errors.push(fields::wrong_type(what, "a text", node));
            return None;
        };
        if scalar.text.trim().is_empty() {
            let key = what.to_owned();
            self.errors
                .push(Problem::Empty { key }.at(node.place.clone()));
            return None;
        }
        self.known_text_at(what, &scalar.text, &mut |offset| node.place_at(offset))
    }

    /// The same for any text, such as a key.
    pub(super) fn known_text_at(
        &mut self,
        what: &'static str,
        written: &str,
        place_at: &mut dyn FnMut(usize) -> Place,
    ) -> Option<String> {
        self.known(what, written, place_at, false)
    }

    /// The name of a variable, known now: `${who.id}` with `ada` for `who` is the name `ada.id`.
    pub(super) fn known_name(&mut self, written: &str, place: &Place) -> Option<String> {
        self.known("a capture's name", written, &mut |_| place.clone(), true)
    }

    fn known(
        &mut self,
        what: &'static str,
        written: &str,
        place_at: &mut dyn FnMut(usize) -> Place,
        as_name: bool,
    ) -> Option<String> {
        let (text, offsets) = match parse_with_offsets(written) {
            Ok(parsed) => parsed,
            Err(error) => {
                let message = error.message.clone();
                let place = place_at(error.offset);
                self.errors.push(Problem::Template { message }.at(place));
                return None;
            }
        };
        let mut offsets = offsets.into_iter();
        let mut known = String::new();
        for piece in &text.pieces {
            match piece {
                Piece::Literal(literal) => known.push_str(literal),
                Piece::Variable { name, .. } => {
                    let place = place_at(offsets.next().unwrap_or_default());
                    let renamed = name.split_once('.').filter(|_| as_name);
                    let renamed = renamed.and_then(|(head, rest)| {
                        let alias = self.bound_value(head).as_ref().and_then(static_value)?;
                        Some(format!("{alias}.{rest}"))
                    });
                    let value =
                        renamed.or_else(|| self.bound_value(name).as_ref().and_then(static_value));
                    match value {
                        Some(value) => known.push_str(&value),
                        None => {
                            let name = name.clone();
                            self.errors
                                .push(Problem::NotStatic { what, name }.at(place));
                            return None;
                        }
                    }
                }
            }
        }
        Some(known)
    }
}

fn merged(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut merged: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        if let (Some(Piece::Literal(before)), Piece::Literal(text)) = (merged.last_mut(), &piece) {
            before.push_str(text);
        } else {
            merged.push(piece);
        }
    }
    merged
}
