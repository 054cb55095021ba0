//! Steps of every kind, and the rows of `cases` written out.

use crate::profile::ProfileId;
use crate::scenario::error::Problem;
use crate::scenario::load::Loader;
use crate::scenario::load::fields::{self, Fields};
use crate::scenario::load::request::{METHODS, REQUEST_KEYS};
use crate::scenario::nearest::nearest;
use crate::scenario::step::{Action, Condition, Step};
use crate::scenario::yaml::{Kind, Node};
use crate::scenario::{Feature, Limits, Place, Source};

/// Keys that every step may have.
pub(crate) const STEP_KEYS: [&str; 12] = [
    "name",
    "feature",
    "as",
    "on",
    "source",
    "covers",
    "certifies",
    "needs",
    "limits",
    "when",
    "cases",
    "snapshot",
];
/// Most steps once everything is written out: rows in rows multiply.
const STEPS: usize = 10_000;

/// What a step does, before its details are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Request,
    Verify,
    Parallel,
    Use,
    That,
    Act,
    Block,
}

/// What a block gives to the steps inside.
#[derive(Clone, Default)]
pub(super) struct Inherited {
    client: Option<ProfileId>,
    tenant: Option<String>,
    feature: Option<Feature>,
    source: Option<Source>,
    covers: Vec<String>,
    certifies: Vec<String>,
    needs: Vec<String>,
    limits: Limits,
    when: Vec<Condition>,
    is_chance: bool,
}

impl Loader<'_> {
    /// The steps of a list.
    pub(super) fn step_list(&mut self, key: &str, node: &Node, steps: &mut Vec<Step>) {
        self.inner_steps(key, node, &Inherited::default(), steps);
    }

    pub(super) fn inner_steps(
        &mut self,
        key: &str,
        node: &Node,
        inherited: &Inherited,
        steps: &mut Vec<Step>,
    ) {
        let Kind::List(items) = &node.kind else {
            self.errors
                .push(fields::wrong_type(key, "a list of steps", node));
            return;
        };
        if items.is_empty() {
            let key = key.to_owned();
            self.errors
                .push(Problem::Empty { key }.at(node.place.clone()));
        }
        for item in items {
            self.step(item, inherited, false, steps);
        }
    }

    fn step(&mut self, node: &Node, inherited: &Inherited, beside: bool, steps: &mut Vec<Step>) {
        let Some((sort, fields)) = self.sort(node, beside) else {
            return;
        };
        let Some(cases) = fields.get("cases") else {
            self.plain_step(sort, &fields, inherited, beside, steps);
            return;
        };
        if beside {
            let key = "cases".to_owned();
            self.errors
                .push(Problem::InParallel { key }.at(cases.place.clone()));
            return;
        }
        let rows = self.rows(cases);
        let branch = match fields.get("name").map(|node| &node.kind) {
            Some(Kind::Text(scalar)) => format!("a row of `{}`", scalar.text),
            _ => format!("a row of the `cases` in line {}", cases.place.line),
        };
        for row in rows {
            let suffix = self.suffix.clone();
            self.suffix = format!(" [{}]{suffix}", row.case);
            let bindings = self.scope.bindings.len();
            self.scope.bindings.extend(row.columns);
            let mark = self.scope.enter(branch.clone());
            let mut given = inherited.clone();
            // Not every step of a block judges what its row is about: there, the steps that do say so.
            if !matches!(sort, Sort::Block | Sort::Use) {
                given.covers.extend(row.covers.iter().cloned());
            }
            given.certifies.extend(row.certifies);
            given.needs.extend(row.needs);
            let outer = self.row_covers.replace(row.covers);
            self.plain_step(sort, &fields, &given, beside, steps);
            self.row_covers = outer;
            self.scope.leave(mark);
            self.scope.bindings.truncate(bindings);
            self.suffix = suffix;
            if self.steps > STEPS {
                return;
            }
        }
    }

    /// Finds out what a step is, and reads its keys as those of that kind.
    fn sort<'n>(&mut self, node: &'n Node, beside: bool) -> Option<(Sort, Fields<'n>)> {
        let Kind::Map(entries) = &node.kind else {
            self.errors
                .push(fields::wrong_type("step", "a mapping", node));
            return None;
        };
        let mut sorts = Vec::new();
        for entry in entries {
            let sort = match entry.key.as_str() {
                "verify" => Sort::Verify,
                "parallel" => Sort::Parallel,
                "use" => Sort::Use,
                "that" => Sort::That,
                "act" => Sort::Act,
                "steps" => Sort::Block,
                key if METHODS.contains(&key) => Sort::Request,
                _ => continue,
            };
            sorts.push((sort, entry));
        }
        let sort = match sorts.as_slice() {
            [(sort, _)] => *sort,
            [] => {
                let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
                let meant = keys
                    .iter()
                    .find_map(|key| nearest(key, METHODS).map(|near| (*key, near)));
                let found = match meant {
                    Some((key, near)) => format!("none (is `{key}` meant to be `{near}`?)"),
                    None => "none of them".to_owned(),
                };
                self.errors
                    .push(Problem::StepKind { found }.at(node.place.clone()));
                return None;
            }
            [(_, first), .., (_, last)] => {
                let found = format!("`{}` and `{}`", first.key, last.key);
                self.errors
                    .push(Problem::StepKind { found }.at(last.place.clone()));
                return None;
            }
        };
        if beside && sort != Sort::Request {
            self.errors
                .push(Problem::ParallelStep.at(node.place.clone()));
            return None;
        }
        let mut known: Vec<&str> = STEP_KEYS.to_vec();
        let what = match sort {
            Sort::Request => {
                known.extend(REQUEST_KEYS);
                known.push(sorts[0].1.key.as_str());
                "a request"
            }
            Sort::Verify => {
                known.push("verify");
                "a `verify` step"
            }
            Sort::Parallel => {
                known.push("parallel");
                "a `parallel` step"
            }
            Sort::Use => {
                known.extend(["use", "with"]);
                "a `use` step"
            }
            Sort::That => {
                known.extend(["that", "is"]);
                "a `that` step"
            }
            Sort::Act => {
                known.extend(["act", "expect"]);
                "an `act` step"
            }
            Sort::Block => {
                known.push("steps");
                "a block of `cases`"
            }
        };
        let fields = Fields::read(node, what, &known, &mut self.errors)?;
        if sort == Sort::Block {
            fields.required("cases", &mut self.errors)?;
        }
        Some((sort, fields))
    }

    fn plain_step(
        &mut self,
        sort: Sort,
        fields: &Fields<'_>,
        inherited: &Inherited,
        beside: bool,
        steps: &mut Vec<Step>,
    ) {
        self.steps += 1;
        if self.steps > STEPS {
            if self.steps == STEPS + 1 {
                let place = fields.place().clone();
                self.errors
                    .push(Problem::TooManySteps { limit: STEPS }.at(place));
            }
            return;
        }
        let is_block = matches!(sort, Sort::Block | Sort::Use);
        let written = match fields.get("name") {
            Some(node) => self.known_text("a step's name", node),
            None => None,
        };
        let name = match written {
            _ if is_block => String::new(),
            Some(written) => self.given_name(&written, fields.place()),
            None => {
                let base = self.name_of(sort, fields);
                self.free_name(&base, fields.place())
            }
        };
        self.user = if is_block {
            format!("the block in line {}", fields.place().line)
        } else {
            format!("step `{name}`")
        };
        let common = self.common(fields, inherited);
        let action = match sort {
            Sort::Block => {
                if let Some(node) = fields.get("steps") {
                    self.inner_steps("steps", node, &common, steps);
                }
                return;
            }
            Sort::Use => {
                self.use_step(fields, &common, steps);
                return;
            }
            Sort::Request => self
                .request(&name, fields, beside)
                .map(|request| Action::Request(Box::new(request))),
            Sort::Verify => fields.get("verify").and_then(|node| self.verify_step(node)),
            Sort::Parallel => fields
                .get("parallel")
                .and_then(|node| self.parallel(&name, node)),
            Sort::That => self.claim(fields).map(Action::Claim),
            Sort::Act => self.act(fields),
        };
        if sort == Sort::Request {
            self.requests.push(name.clone());
        }
        let Some(action) = action else { return };
        steps.push(Step {
            name,
            place: fields.place().clone(),
            client: common.client,
            tenant: common.tenant,
            feature: common.feature,
            source: common.source,
            covers: common.covers,
            certifies: common.certifies,
            needs: common.needs,
            limits: common.limits,
            when: common.when,
            is_chance: common.is_chance,
            row: self.scope.row(),
            action,
        });
    }

    fn common(&mut self, fields: &Fields<'_>, inherited: &Inherited) -> Inherited {
        let mut common = inherited.clone();
        if let Some(node) = fields.get("as")
            && let Some(written) = self.known_text("as", node)
        {
            common.client = self.client(&written, node).or(common.client);
        }
        if let Some(node) = fields.get("on") {
            common.tenant = self.known_text("on", node).or(common.tenant);
        }
        if let Some(node) = fields.get("feature") {
            common.feature = self.feature(node).or(common.feature);
        }
        if let Some(node) = fields.get("source") {
            common.source = self.source(node).or(common.source);
        }
        common.covers.extend(self.covers(fields.get("covers")));
        common
            .certifies
            .extend(self.certifies(fields.get("certifies")));
        common.needs.extend(self.needs(fields.get("needs")));
        let limits = self.limits(fields.get("limits"));
        common.limits.timeout = limits.timeout.or(common.limits.timeout);
        common.limits.body = limits.body.or(common.limits.body);
        if let Some(node) = fields.get("when") {
            common.when.extend(self.condition(node));
        }
        if let Some(node) = fields.get("snapshot") {
            common.is_chance |= fields::boolean("snapshot", node, &mut self.errors) == Some(false);
        }
        common
    }

    fn condition(&mut self, node: &Node) -> Option<Condition> {
        let fields = Fields::read(node, "`when`", &["that", "is"], &mut self.errors)?;
        self.claim(&fields)
    }

    fn claim(&mut self, fields: &Fields<'_>) -> Option<Condition> {
        let that = fields
            .required("that", &mut self.errors)
            .map(|node| self.tree(node));
        let is = fields
            .required("is", &mut self.errors)
            .and_then(|node| self.matcher(node));
        Some(Condition {
            that: that?,
            is: is?,
        })
    }

    fn parallel(&mut self, name: &str, node: &Node) -> Option<Action> {
        let Kind::List(items) = &node.kind else {
            self.errors
                .push(fields::wrong_type("parallel", "a list of requests", node));
            return None;
        };
        if items.is_empty() {
            let key = "parallel".to_owned();
            self.errors
                .push(Problem::Empty { key }.at(node.place.clone()));
        }
        let mut steps = Vec::new();
        let mut kept = Vec::new();
        for item in items {
            let mark = self.scope.enter(format!("another request of `{name}`"));
            self.step(item, &Inherited::default(), true, &mut steps);
            kept.extend(self.scope.split_off(mark));
        }
        self.scope.restore(kept);
        Some(Action::Parallel(steps))
    }

    /// What a step without a name is called.
    fn name_of(&mut self, sort: Sort, fields: &Fields<'_>) -> String {
        let text = |node: &Node| match &node.kind {
            Kind::Text(scalar) => Some(scalar.text.clone()),
            _ => None,
        };
        match sort {
            Sort::Verify => {
                let subject = fields.get("verify").and_then(|node| match &node.kind {
                    Kind::Map(entries) => entries
                        .iter()
                        .find(|entry| matches!(entry.key.as_str(), "user" | "group" | "at"))
                        .map(|entry| &entry.value),
                    _ => None,
                });
                let alias = subject.and_then(text).map(|text| self.readable(&text));
                format!("verify {}", alias.unwrap_or_default())
                    .trim()
                    .to_owned()
            }
            Sort::Parallel => "parallel".to_owned(),
            Sort::Act => self.name_of_act(fields),
            Sort::That => {
                let that = fields.get("that").and_then(text).unwrap_or_default();
                format!("claim {}", self.readable(&that)).trim().to_owned()
            }
            _ => {
                let method = METHODS
                    .into_iter()
                    .find(|method| fields.has(method))
                    .unwrap_or_default();
                let target = fields.get(method).and_then(|node| match &node.kind {
                    Kind::Map(entries) => entries.first().and_then(|entry| text(&entry.value)),
                    _ => text(node),
                });
                let target = target.unwrap_or_default();
                let path = target.split('?').next().unwrap_or_default();
                let path = self.readable(path);
                format!("{} {path}", method.to_ascii_uppercase())
            }
        }
    }

    /// A text for people: known columns and parameters filled in, other variables as written, cut at 80 letters.
    pub(super) fn readable(&mut self, written: &str) -> String {
        let mut text = written.to_owned();
        for binding in self.scope.bindings.iter().rev() {
            if let Some(value) = crate::scenario::load::scope::static_value(&binding.tree) {
                text = text.replace(&format!("${{{}}}", binding.name), &value);
                text = text.replace(&format!("${{{}.", binding.name), &format!("${{{value}."));
            }
        }
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(80)
            .collect()
    }

    fn given_name(&mut self, written: &str, place: &Place) -> String {
        let name = format!("{}{}", written.trim(), self.suffix);
        if let Some(first) = self.names.insert(name.clone(), place.clone()) {
            let problem = Problem::DuplicateStep {
                name: name.clone(),
                first,
            };
            self.errors.push(problem.at(place.clone()));
        }
        name
    }

    fn free_name(&mut self, base: &str, place: &Place) -> String {
        let mut name = format!("{base}{}", self.suffix);
        let mut number = 1;
        while self.names.contains_key(&name) {
            number += 1;
            name = format!("{base} {number}{}", self.suffix);
        }
        self.names.insert(name.clone(), place.clone());
        name
    }
}
