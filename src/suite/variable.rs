//! The variables of a suite: what each of them is, and where its value comes from.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::suite::template::{Part, parts};
use crate::suite::url::Bases;
use crate::suite::{Item, Suite};

/// Names that Okta's initial scripts make by chance (okta.md 9.1, 9.2), made from the run's id: so every run has its own,
/// and what it creates can be told from anything else. The domain is reserved for tests (RFC 6761). `…Caps` is the same
/// name in other letters, as the check of letter case needs it.
const MADE: [(&str, &str); 15] = [
    ("randomGivenName", "Runscope${run}"),
    ("randomFamilyName", "Tester${run}"),
    ("randomUsername", "runscope.tester.${run}@example.test"),
    ("randomUserName", "runscope.tester.${run}@example.test"),
    ("randomEmail", "runscope.tester.${run}@example.test"),
    ("randomUsernameCaps", "RUNSCOPE.TESTER.${run}@EXAMPLE.TEST"),
    ("InvalidUserEmail", "nobody.${run}@example.test"),
    ("UserIdThatDoesNotExist", "010101001010101011001010101011"),
    ("okta_user_firstname", "Runscope${run}"),
    ("okta_user_firstname_update", "Runscope${run}update"),
    ("okta_user_lastname", "Tester${run}"),
    ("okta_user_email", "runscope.tester.${run}@example.test"),
    ("okta_user_title", "Engineer"),
    ("okta_user_primaryphone", "415.123.4567"),
    ("randomUserEmail", "runscope.tester.${run}@example.test"),
];

/// Variables that the runners make themselves.
const BUILT_IN: [(&str, &str); 12] = [
    ("$guid", "${uuid}"),
    ("$randomUUID", "${uuid}"),
    ("uuid", "${uuid}"),
    ("$isoTimestamp", "${now}"),
    ("$randomEmail", "postman.${run}@example.test"),
    ("$randomUserName", "postman.${run}"),
    ("$randomFirstName", "Postman${run}"),
    ("$randomLastName", "Tester${run}"),
    ("$randomFullName", "Postman Tester${run}"),
    ("$randomAlphaNumeric", "${run}"),
    ("$randomPassword", "Pw-${run}"),
    ("random_string", "${run}"),
];

/// Words before a variable in an `Authorization` header.
const SCHEMES: [&str; 4] = ["", "Bearer", "Basic", "Token"];

/// All variables of a suite.
pub(super) struct Variables<'s> {
    /// In which items each is kept, in order.
    kept: BTreeMap<&'s str, Vec<usize>>,
    names: Vec<&'s str>,
    initial: BTreeMap<&'s str, &'s str>,
    target: BTreeSet<String>,
    services: BTreeMap<String, String>,
    /// Those that a credential of the target is made of.
    credentials: BTreeSet<String>,
    /// What was filled in from `vars`.
    from_vars: BTreeSet<String>,
    /// What was asked for.
    asked: BTreeSet<String>,
    /// What a later item takes from an earlier one, as the pair of the name and the number of the item that keeps it.
    used: BTreeSet<(String, usize)>,
}

impl<'s> Variables<'s> {
    pub(super) fn new(suite: &'s Suite, bases: &Bases) -> Self {
        let mut kept: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, item) in suite.items.iter().enumerate() {
            for capture in &item.captures {
                kept.entry(capture.name.as_str()).or_default().push(number);
            }
        }
        Self {
            kept,
            names: suite.items.iter().map(|item| item.name.as_str()).collect(),
            initial: suite
                .initial
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect(),
            target: bases
                .target_variables()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            services: bases
                .services
                .iter()
                .map(|service| (service.variable.clone(), service.name.clone()))
                .collect(),
            credentials: BTreeSet::new(),
            from_vars: BTreeSet::new(),
            asked: BTreeSet::new(),
            used: BTreeSet::new(),
        }
    }

    /// Whether the value of an `Authorization` header stands for the target's credential: a variable, perhaps behind the
    /// name of a scheme. Anything else is sent as it is written, such as a token that must not be accepted.
    pub(super) fn is_credential(&mut self, value: &str) -> bool {
        let found = parts(value.trim());
        let name = match found.as_slice() {
            [Part::Variable(name)] => name,
            [Part::Literal(scheme), Part::Variable(name)]
                if SCHEMES
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(scheme.trim())) =>
            {
                name
            }
            _ => return false,
        };
        self.credentials.insert((*name).to_owned());
        true
    }

    /// A text of the suite as scenarios have it, `${` in it escaped.
    pub(super) fn text(&mut self, text: &str, item: usize) -> String {
        parts(text)
            .into_iter()
            .map(|part| match part {
                Part::Literal(text) => text.replace("${", "$${"),
                Part::Variable(name) => self.variable(name, item),
            })
            .collect()
    }

    /// The same in the quotes of YAML.
    pub(super) fn quoted(&mut self, text: &str, item: usize) -> String {
        Value::from(self.text(text, item)).to_string()
    }

    /// How a scenario writes a variable in the step of an item.
    pub(super) fn variable(&mut self, name: &str, item: usize) -> String {
        let before = self.kept.get(name).and_then(|kept| {
            let earlier = kept.iter().rev().find(|keeper| **keeper < item);
            earlier.copied()
        });
        if let Some(keeper) = before {
            self.used.insert((name.to_owned(), keeper));
            return format!("${{{}}}", plain_name(name));
        }
        let bare = name.split('(').next().unwrap_or(name);
        if let Some((_, value)) = BUILT_IN.iter().find(|(known, _)| *known == bare) {
            return (*value).to_owned();
        }
        if self.initial.contains_key(name) || made(name).is_some() {
            self.from_vars.insert(name.to_owned());
            return format!("${{{}}}", self.var_name(name));
        }
        self.asked.insert(name.to_owned());
        format!("${{var.{}}}", plain_name(name))
    }

    /// What a variable of `vars` is called: a name that is also kept later cannot be used twice.
    fn var_name(&self, name: &str) -> String {
        match self.kept.contains_key(name) {
            true => format!("{}_at_first", plain_name(name)),
            false => plain_name(name),
        }
    }

    /// Whether a later step takes what an item keeps.
    pub(super) fn is_used(&self, name: &str, item: usize) -> bool {
        self.used.contains(&(name.to_owned(), item))
    }

    /// The lines of `vars`, each after those that it uses.
    pub(super) fn vars(&mut self) -> Vec<(String, String)> {
        let mut lines: Vec<(String, String)> = Vec::new();
        let mut done: BTreeSet<String> = BTreeSet::new();
        let mut waiting: Vec<String> = self.from_vars.iter().rev().cloned().collect();
        let mut open: BTreeSet<String> = BTreeSet::new();
        while let Some(name) = waiting.last().cloned() {
            if done.contains(&name) {
                waiting.pop();
                continue;
            }
            let value = match self.initial.get(name.as_str()) {
                Some(initial) => (*initial).to_owned(),
                None => {
                    let value = made(&name).unwrap_or_default();
                    lines.push((self.var_name(&name), Value::from(value).to_string()));
                    done.insert(name);
                    continue;
                }
            };
            let inner: Vec<String> = parts(&value)
                .into_iter()
                .filter_map(|part| match part {
                    Part::Variable(inner) => Some(inner.to_owned()),
                    Part::Literal(_) => None,
                })
                .filter(|inner| self.initial.contains_key(inner.as_str()) || made(inner).is_some())
                .filter(|inner| !done.contains(inner) && *inner != name)
                .collect();
            // Of variables that are made of each other, one stays as it is written.
            if !inner.is_empty() && open.insert(name.clone()) {
                waiting.extend(inner);
                continue;
            }
            let is_plain = parts(&value).len() < 2 && !value.contains(['{', '}', '\n', '"', '$']);
            // A value of the suite can be replaced; one that is made of others cannot.
            let text = match is_plain {
                true => format!("${{var.{}:-{value}}}", plain_name(&name)),
                false => self.text(&value, 0),
            };
            lines.push((self.var_name(&name), Value::from(text).to_string()));
            done.insert(name);
        }
        lines
    }

    /// Every variable with what it is and where its value comes from, by name.
    pub(super) fn explained(&self) -> Vec<(String, String)> {
        let mut lines: BTreeMap<String, String> = BTreeMap::new();
        for name in &self.asked {
            let plain = plain_name(name);
            let text = format!(
                "asked for: `--var {plain}=VALUE`, or `--var-env {plain}=NAME` for a secret"
            );
            lines.insert(name.clone(), text);
        }
        for name in &self.from_vars {
            let text = match self.initial.get(name.as_str()) {
                Some(value) => format!("the suite gives it: `{}`", super::one_line(value)),
                None => "a name of chance in the suite; here it is made from `${run}`, see `vars`"
                    .to_owned(),
            };
            lines.insert(name.clone(), text);
        }
        for (name, keeper) in &self.used {
            let step = self.names.get(*keeper).copied().unwrap_or_default();
            lines.insert(name.clone(), format!("kept by `{step}`"));
        }
        for name in &self.credentials {
            lines.insert(
                name.clone(),
                "the target's credential: `--token-env NAME` and the like".to_owned(),
            );
        }
        for (name, service) in &self.services {
            let text = format!(
                "another service, `on: {service}`: `--var {}=URL`, or a tenant `{service}` of the target with `api = \"management\"`",
                plain_name(name)
            );
            lines.insert(name.clone(), text);
        }
        for name in &self.target {
            let text = "the target, `--target`: it is whatever stands before /Users and the other endpoints";
            lines.entry(name.clone()).or_insert_with(|| text.to_owned());
        }
        lines.into_iter().collect()
    }

    /// What the target is called, and its credential: no `--var` gives them.
    pub(super) fn given_by_target(&self) -> (Vec<String>, Vec<String>) {
        let plain = |names: &BTreeSet<String>| {
            names
                .iter()
                .filter(|name| !self.asked.contains(*name))
                .map(|name| plain_name(name))
                .collect()
        };
        (plain(&self.target), plain(&self.credentials))
    }
}

/// The items' variables that are kept, in the order in which they are: the last of each name counts.
pub(super) fn captures_of(item: &Item) -> Vec<&super::Capture> {
    let captures = item.captures.iter().enumerate();
    captures
        .filter(|(at, capture)| {
            let later = &item.captures[at + 1..];
            later.iter().all(|later| later.name != capture.name)
        })
        .map(|(_, capture)| capture)
        .collect()
}

fn made(name: &str) -> Option<&'static str> {
    MADE.iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| *value)
}

/// A name that variables of scenarios can have.
pub(super) fn plain_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| match letter {
            letter if letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-') => letter,
            _ => '_',
        })
        .collect();
    match plain.as_str() {
        "" => "_".to_owned(),
        "run" | "uuid" | "now" | "var" | "env" => format!("suite_{plain}"),
        _ => plain,
    }
}
