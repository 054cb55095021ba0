//! Expectations on an answer.

use crate::finding::{Authority, Strength};
use crate::scenario::error::Problem;
use crate::scenario::load::Loader;
use crate::scenario::load::fields::{self, Fields};
use crate::scenario::matcher::Matcher;
use crate::scenario::step::{Expect, StatusSet};
use crate::scenario::template::Tree;
use crate::scenario::yaml::{Kind, Node};

/// Keys of an expectation.
pub(crate) const EXPECT_KEYS: [&str; 11] = [
    "status", "headers", "body", "text", "size", "within", "untested", "by", "strength", "covers",
    "because",
];
/// Who can require something, as files write it.
pub(crate) const AUTHORITIES: [&str; 3] = ["rfc", "okta", "entra"];
/// How much something can bind, as files write it.
pub(crate) const STRENGTHS: [&str; 3] = ["must", "should", "may"];

impl Loader<'_> {
    pub(super) fn expectations(&mut self, node: &Node) -> Vec<Expect> {
        match &node.kind {
            Kind::List(items) => {
                if items.is_empty() {
                    let key = "expect".to_owned();
                    self.errors
                        .push(Problem::Empty { key }.at(node.place.clone()));
                }
                items
                    .iter()
                    .filter_map(|item| self.expectation(item))
                    .collect()
            }
            _ => self.expectation(node).into_iter().collect(),
        }
    }

    fn expectation(&mut self, node: &Node) -> Option<Expect> {
        let fields = Fields::read(node, "`expect`", &EXPECT_KEYS, &mut self.errors)?;
        let mut expect = self.answer(&fields);
        expect.within = fields
            .get("within")
            .and_then(|node| fields::duration("within", node, &mut self.errors));
        expect.text = fields.get("text").and_then(|node| self.matcher(node));
        expect.size = fields.get("size").and_then(|node| self.matcher(node));
        for key in ["status", "headers", "body", "text", "size", "within"] {
            fields.exclusive("untested", key, &mut self.errors);
        }
        expect.untested = fields
            .get("untested")
            .and_then(|node| fields::text("untested", node, &mut self.errors))
            .map(|text| text.trim().to_owned());
        expect.by = self.authorities("by", fields.get("by"));
        expect.strength = fields.get("strength").and_then(|node| {
            let written = fields::text("strength", node, &mut self.errors)?;
            let named = |name: &str| match name {
                "must" => Some(Strength::Must),
                "should" => Some(Strength::Should),
                "may" => Some(Strength::May),
                _ => None,
            };
            let errors = &mut self.errors;
            fields::word("strength", written, node, &STRENGTHS, named, errors)
        });
        expect.covers = self.covers(fields.get("covers"));
        expect.because = fields
            .get("because")
            .and_then(|node| fields::text("because", node, &mut self.errors))
            .map(|text| text.trim().to_owned());
        Some(expect)
    }

    /// What an answer must look like before a repetition ends.
    pub(super) fn until(&mut self, node: &Node) -> Option<Expect> {
        let known = ["status", "headers", "body"];
        let fields = Fields::read(node, "`until`", &known, &mut self.errors)?;
        Some(self.answer(&fields))
    }

    fn answer(&mut self, fields: &Fields<'_>) -> Expect {
        let mut expect = Expect::default();
        if let Some(node) = fields.get("status") {
            let items = match &node.kind {
                Kind::List(items) if items.is_empty() => {
                    let key = "status".to_owned();
                    self.errors
                        .push(Problem::Empty { key }.at(node.place.clone()));
                    &[]
                }
                Kind::List(items) => items.as_slice(),
                _ => std::slice::from_ref(node),
            };
            expect.status = items.iter().filter_map(|item| self.status(item)).collect();
        }
        if let Some(node) = fields.get("headers") {
            expect.headers = self.header_matchers(node);
        }
        if let Some(node) = fields.get("body") {
            expect.body = self.matcher(node);
        }
        expect
    }

    fn status(&mut self, node: &Node) -> Option<StatusSet> {
        match &node.kind {
            Kind::Number { .. } => {
                let status = fields::integer("status", node, 100..=599, &mut self.errors)?;
                u16::try_from(status).ok().map(StatusSet::One)
            }
            Kind::Text(scalar) => {
                let class = match scalar.text.as_bytes() {
                    [digit @ b'1'..=b'5', b'x' | b'X', b'x' | b'X'] => {
                        Some(u16::from(digit - b'0'))
                    }
                    _ => None,
                };
                if class.is_none() {
                    let expected = "a number, `2xx` or a list of these";
                    self.errors
                        .push(fields::wrong_type("status", expected, node));
                }
                class.map(StatusSet::Class)
            }
            _ => {
                let expected = "a number, `2xx` or a list of these";
                self.errors
                    .push(fields::wrong_type("status", expected, node));
                None
            }
        }
    }

    fn header_matchers(&mut self, node: &Node) -> Vec<(String, Matcher<Tree>)> {
        let Kind::Map(entries) = &node.kind else {
            self.errors
                .push(fields::wrong_type("headers", "a mapping", node));
            return Vec::new();
        };
        let mut headers = Vec::new();
        for entry in entries {
            self.check_header_name(entry);
            if let Some(matcher) = self.matcher(&entry.value) {
                headers.push((entry.key.to_ascii_lowercase(), matcher));
            }
        }
        headers
    }

    pub(super) fn authorities(&mut self, key: &str, node: Option<&Node>) -> Vec<Authority> {
        let Some(node) = node else { return Vec::new() };
        let named = |name: &str| match name {
            "rfc" => Some(Authority::Rfc),
            "okta" => Some(Authority::Okta),
            "entra" => Some(Authority::Entra),
            _ => None,
        };
        let mut authorities = Vec::new();
        for (written, node) in fields::words(key, node, &mut self.errors) {
            let errors = &mut self.errors;
            let found = fields::word("authority", written, node, &AUTHORITIES, named, errors);
            authorities.extend(found.filter(|authority| !authorities.contains(authority)));
        }
        authorities
    }
}
