//! `act` steps, and `verify: mapped` that reads back what they did.

use crate::scenario::act::{Act, ActExpect, Argument, OUTCOMES, Object, Verb};
use crate::scenario::error::Problem;
use crate::scenario::load::Loader;
use crate::scenario::load::fields::{self, Fields};
use crate::scenario::load::scope::{Definition, Origin};
use crate::scenario::nearest::nearest;
use crate::scenario::step::Action;
use crate::scenario::yaml::{Kind, Node};

/// Keys of an act beside its verb.
pub(crate) const ARGUMENT_KEYS: [&str; 5] = ["to", "with", "people", "roles", "then"];
/// Keys of the `expect` of an act.
pub(crate) const ACT_EXPECT_KEYS: [&str; 4] = ["writes", "requests", "outcome", "because"];

impl Loader<'_> {
    /// `verify: mapped`, or `verify` of one resource.
    pub(super) fn verify_step(&mut self, node: &Node) -> Option<Action> {
        if matches!(&node.kind, Kind::Text(scalar) if scalar.text == "mapped") {
            return Some(Action::VerifyMapped(None));
        }
        if let Kind::Text(scalar) = &node.kind {
            // The one word that there is.
            let problem = Problem::UnknownWord {
                what: "kind of `verify`",
                near: nearest(&scalar.text, ["mapped"]),
                known: "mapped, or a mapping such as `{ user: NAME }`".to_owned(),
                word: scalar.text.clone(),
            };
            self.errors.push(problem.at(node.place.clone()));
            return None;
        }
        if let Kind::Map(entries) = &node.kind
            && entries.iter().any(|entry| entry.key == "mapped")
        {
            let known = ["mapped", "because"];
            let fields = Fields::read(node, "`verify: mapped`", &known, &mut self.errors)?;
            if let Some(node) = fields.get("mapped")
                && fields::boolean("mapped", node, &mut self.errors) == Some(false)
            {
                let error = fields::wrong_type("mapped", "`true`: it is left out otherwise", node);
                self.errors.push(error);
            }
            let because = fields
                .get("because")
                .and_then(|node| fields::text("because", node, &mut self.errors));
            return Some(Action::VerifyMapped(
                because.map(|text| text.trim().to_owned()),
            ));
        }
        self.verify(node)
            .map(|verify| Action::Verify(Box::new(verify)))
    }

    pub(super) fn act(&mut self, fields: &Fields<'_>) -> Option<Action> {
        let expect = fields
            .get("expect")
            .map(|node| self.act_expect(node))
            .unwrap_or_default();
        let act = self.act_of(fields.get("act")?)?;
        Some(Action::Act(Box::new((act, expect))))
    }

    fn act_of(&mut self, node: &Node) -> Option<Act> {
        let (verb, object, fields) = match &node.kind {
            Kind::Text(scalar) => (self.verb(&scalar.text, node)?, None, None),
            Kind::Map(entries) => {
                let known: Vec<&str> = Verb::words().into_iter().chain(ARGUMENT_KEYS).collect();
                let fields = Fields::read(node, "`act`", &known, &mut self.errors)?;
                let mut verbs = entries
                    .iter()
                    .filter(|entry| Verb::named(&entry.key).is_some());
                let Some(first) = verbs.next() else {
                    let key = "assign` or another verb, such as `update".to_owned();
                    let problem = Problem::MissingKey {
                        key,
                        place: "`act`",
                    };
                    self.errors.push(problem.at(node.place.clone()));
                    return None;
                };
                if let Some(second) = verbs.next() {
                    let found = format!("`{}` and `{}`", first.key, second.key);
                    self.errors
                        .push(Problem::ActKind { found }.at(second.place.clone()));
                    return None;
                }
                (Verb::named(&first.key)?, Some(&first.value), Some(fields))
            }
            _ => {
                self.errors
                    .push(fields::wrong_type("act", "a verb or a mapping", node));
                return None;
            }
        };
        let who = self.who(verb, object, node)?;
        let mut act = Act {
            verb,
            who,
            to: None,
            with: None,
            others: Vec::new(),
            leave: false,
        };
        let argument = verb.argument().key();
        for key in ARGUMENT_KEYS {
            let given = fields.as_ref().and_then(|fields| fields.get(key));
            match (given, argument.filter(|(known, _)| *known == key)) {
                (Some(given), Some(_)) => self.act_argument(&mut act, given),
                (Some(given), None) => {
                    let problem = Problem::UnknownKey {
                        key: key.to_owned(),
                        place: "an act of this kind",
                        near: None,
                        known: argument.map_or("none", |(known, _)| known).to_owned(),
                    };
                    self.errors.push(problem.at(given.place.clone()));
                }
                (None, Some((_, true))) => {
                    let key = key.to_owned();
                    let problem = Problem::MissingKey {
                        key,
                        place: "`act`",
                    };
                    self.errors.push(problem.at(node.place.clone()));
                }
                (None, _) => {}
            }
        }
        Some(act)
    }

    fn verb(&mut self, written: &str, node: &Node) -> Option<Verb> {
        let errors = &mut self.errors;
        fields::word("act", written, node, &Verb::words(), Verb::named, errors)
    }

    /// Whom an act is about; from here on they may have an id.
    fn who(&mut self, verb: Verb, node: Option<&Node>, act: &Node) -> Option<Vec<String>> {
        let object = verb.object();
        let Some(node) = node.filter(|node| !matches!(node.kind, Kind::Null)) else {
            if object == Object::Nobody {
                self.may_have_ids(&[self.people.as_slice(), &self.groups].concat());
                return Some(Vec::new());
            }
            let problem = Problem::MissingKey {
                key: format!("{}: NAME", verb.word()),
                place: "`act`",
            };
            self.errors.push(problem.at(act.place.clone()));
            return None;
        };
        if object == Object::Nobody {
            let expected = "a verb alone: nobody is named with it";
            self.errors
                .push(fields::wrong_type(verb.word(), expected, node));
            return None;
        }
        let who = self.names(verb.word(), object, node);
        self.may_have_ids(&who);
        Some(who)
    }

    fn act_argument(&mut self, act: &mut Act, node: &Node) {
        match act.verb.argument() {
            Argument::To => act.to = Some(self.tree(node)),
            Argument::ToPerson => act.others = self.names("to", Object::People, node),
            Argument::With => {
                if !matches!(node.kind, Kind::Map(_)) {
                    self.errors
                        .push(fields::wrong_type("with", "a mapping of attributes", node));
                }
                act.with = Some(self.tree(node));
            }
            Argument::People => act.others = self.names("people", Object::People, node),
            Argument::Roles => {
                for (role, node) in fields::words("roles", node, &mut self.errors) {
                    let known: Vec<&str> = self.roles.iter().map(String::as_str).collect();
                    let named = |name: &str| known.contains(&name).then(|| name.to_owned());
                    let errors = &mut self.errors;
                    act.others
                        .extend(fields::word("role", role, node, &known, named, errors));
                }
            }
            Argument::Then => {
                let written = fields::text("then", node, &mut self.errors).unwrap_or("delete");
                let known = ["delete", "leave"];
                let named = |name: &str| known.contains(&name).then(|| name == "leave");
                let errors = &mut self.errors;
                act.leave = fields::word("end of a link", written, node, &known, named, errors)
                    .unwrap_or_default();
            }
            Argument::Nothing => {}
        }
    }

    /// Keys of people or groups; a crowd stands for all of its people.
    fn names(&mut self, key: &str, object: Object, node: &Node) -> Vec<String> {
        let mut names = Vec::new();
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        for item in items {
            let Some(name) = self.known_text("a name in `act`", item) else {
                continue;
            };
            if let Some((crowd, size)) = self.crowds.iter().find(|(crowd, _)| *crowd == name)
                && object != Object::Groups
            {
                names.extend((1..=*size).map(|number| format!("{crowd}{number}")));
                continue;
            }
            let people = matches!(object, Object::People | Object::Either)
                && (self.people.contains(&name) || self.is_in_a_crowd(&name));
            let groups =
                matches!(object, Object::Groups | Object::Either) && self.groups.contains(&name);
            // What a fragment is about, only its user knows.
            if !people && !groups && !self.scope.alone {
                let (what, known) = match object {
                    Object::Groups => ("group", self.groups.clone()),
                    _ => ("person", self.people.clone()),
                };
                let problem = Problem::UnknownWord {
                    what,
                    near: nearest(&name, known.iter().map(String::as_str)),
                    known: known.join(", "),
                    word: name,
                };
                self.errors.push(problem.at(item.place.clone()));
                continue;
            }
            self.scope.knows(&name);
            names.push(name);
        }
        if items.is_empty() {
            let key = key.to_owned();
            self.errors
                .push(Problem::Empty { key }.at(node.place.clone()));
        }
        names
    }

    fn is_in_a_crowd(&self, name: &str) -> bool {
        self.crowds.iter().any(|(crowd, size)| {
            name.strip_prefix(crowd.as_str())
                .and_then(|number| number.parse::<usize>().ok())
                .is_some_and(|number| (1..=*size).contains(&number))
        })
    }

    fn may_have_ids(&mut self, names: &[String]) {
        // A crowd has thousands: what is defined already is asked for once.
        let mut defined = self.scope.names();
        for name in names {
            let id = format!("{name}.id");
            if !defined.insert(id.clone()) {
                continue;
            }
            let definition = Definition {
                name: id,
                origin: Origin::Provisioned,
                place: super::start_of(&self.shown),
                tree: None,
                outlives: true,
            };
            self.scope.define(definition, "");
        }
    }

    fn act_expect(&mut self, node: &Node) -> ActExpect {
        let what = "the `expect` of an act";
        let Some(fields) = Fields::read(node, what, &ACT_EXPECT_KEYS, &mut self.errors) else {
            return ActExpect::default();
        };
        let errors = &mut self.errors;
        let mut count = |key: &str| {
            fields
                .get(key)
                .and_then(|node| fields::integer(key, node, 0..=1_000_000, errors))
                .and_then(|number| u64::try_from(number).ok())
        };
        let (writes, requests) = (count("writes"), count("requests"));
        let outcome = fields.get("outcome").and_then(|node| {
            let written = fields::text("outcome", node, &mut self.errors)?;
            let named = |word: &str| OUTCOMES.contains(&word).then(|| word.to_owned());
            let errors = &mut self.errors;
            fields::word("outcome", written, node, &OUTCOMES, named, errors)
        });
        let because = fields
            .get("because")
            .and_then(|node| fields::text("because", node, &mut self.errors))
            .map(|text| text.trim().to_owned());
        ActExpect {
            writes,
            requests,
            outcome,
            because,
        }
    }

    /// What an act without a name is called: `assign ada`.
    pub(super) fn name_of_act(&mut self, fields: &Fields<'_>) -> String {
        let Some(node) = fields.get("act") else {
            return "act".to_owned();
        };
        match &node.kind {
            Kind::Text(scalar) => scalar.text.replace('-', " "),
            Kind::Map(entries) => {
                let Some(entry) = entries
                    .iter()
                    .find(|entry| Verb::named(&entry.key).is_some())
                else {
                    return "act".to_owned();
                };
                let who = match &entry.value.kind {
                    Kind::Text(scalar) => self.readable(&scalar.text),
                    Kind::List(items) => {
                        let names = items.iter().filter_map(|item| match &item.kind {
                            Kind::Text(scalar) => Some(scalar.text.as_str()),
                            _ => None,
                        });
                        names.collect::<Vec<_>>().join(", ")
                    }
                    _ => String::new(),
                };
                format!("{} {who}", entry.key.replace('-', " "))
                    .trim()
                    .to_owned()
            }
            _ => "act".to_owned(),
        }
    }
}
