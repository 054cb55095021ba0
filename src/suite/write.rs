//! A suite written as a scenario: YAML that the normal loader reads.

use std::fmt::Write;

use serde_json::Value;

use crate::finding::Authority;
use crate::scenario::{Place, flow};
use crate::suite::request::{body, target};
use crate::suite::translation::Translation;
use crate::suite::url::{Bases, Goal};
use crate::suite::variable::{Variables, captures_of, plain_name};
use crate::suite::{Assertion, Authorization, Body, From, Item, Suite};

/// How a suite is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// On whose authority it asserts; `None`: by what it says of itself.
    pub(crate) by: Option<Authority>,
    /// Its pauses are kept.
    pub(crate) keep_pauses: bool,
}

impl Suite {
    /// Writes it as a scenario.
    pub(crate) fn translated(&self, options: Options) -> Translation {
        let urls: Vec<&str> = self.items.iter().map(|item| item.url.as_str()).collect();
        let (bases, goals) = Bases::of(&urls);
        let by = options.by.unwrap_or_else(|| self.authority());
        // Once to see which variables are used, so that nothing is kept in vain, and once for good.
        let mut variables = Variables::new(self, &bases);
        let mut writer = Writer::new(self, by, options);
        writer.steps(&goals, &bases, &mut variables);
        let mut writer = Writer::new(self, by, options);
        writer.steps(&goals, &bases, &mut variables);
        writer.finish(&bases, &goals, &mut variables)
    }
}

struct Writer<'s> {
    suite: &'s Suite,
    by: Authority,
    options: Options,
    steps: String,
    /// How many lines `steps` has.
    lines: usize,
    /// Lines of `steps` at which steps begin, from 0.
    places: Vec<(usize, Place)>,
    names: std::collections::HashMap<String, usize>,
    untranslated: Vec<(Option<Place>, String)>,
    /// What of it no step tells.
    untold: Vec<String>,
    kept: usize,
    scripts: usize,
    dropped: u64,
}

impl<'s> Writer<'s> {
    fn new(suite: &'s Suite, by: Authority, options: Options) -> Self {
        Self {
            suite,
            by,
            options,
            steps: String::new(),
            lines: 0,
            places: Vec::new(),
            names: std::collections::HashMap::new(),
            untranslated: suite
                .remarks
                .iter()
                .map(|what| (None, what.clone()))
                .collect(),
            untold: suite.remarks.clone(),
            kept: 0,
            scripts: 0,
            dropped: 0,
        }
    }

    fn steps(&mut self, goals: &[Goal], bases: &Bases, variables: &mut Variables<'_>) {
        for (number, (item, goal)) in self.suite.items.iter().zip(goals).enumerate() {
            self.step(number, item, goal, bases, variables);
        }
    }

    fn step(
        &mut self,
        number: usize,
        item: &Item,
        goal: &Goal,
        bases: &Bases,
        variables: &mut Variables<'_>,
    ) {
        let name = self.free_name(&item.name, &item.method);
        let mut step = String::new();
        let mut lost: Vec<String> = item.remarks.clone();
        let told = lost.iter().map(|what| format!("{name}: {what}"));
        self.untold.extend(told);
        let (service, rest) = match goal {
            Goal::Target(rest) => (None, rest),
            Goal::Service(service, rest) => (Some(&bases.services[*service]), rest),
        };
        if let Some(service) = service {
            let _ = writeln!(step, "    on: {}", flow::name(&service.name));
        }
        let method = item.method.to_ascii_lowercase();
        let _ = writeln!(step, "    {method}: {}", target(rest, number, variables));
        if item.pause > 0 && self.options.keep_pauses {
            let _ = writeln!(step, "    wait: {}s", item.pause);
        }
        if !self.options.keep_pauses {
            self.dropped += item.pause;
        }
        if let Body::Other(what) = &item.body {
            // Without its body it would be another request: it is not sent at all.
            lost.push(format!("{what}, so that the request is not sent"));
            let reason = Value::from(format!(
                "a request with {what} cannot be written as a scenario"
            ));
            let _ = writeln!(step, "    when: {{ that: {reason}, is: \"sent\" }}");
        }
        self.headers(
            &mut step,
            number,
            item,
            service.is_some(),
            &mut lost,
            variables,
        );
        if let Body::Text(text) = &item.body {
            step.push_str(&body(text, number, variables));
        }
        let expect = self.expectations(number, item, &mut lost, variables);
        if !expect.is_empty() {
            let _ = write!(step, "    expect:\n{expect}");
        }
        let keep: Vec<String> = captures_of(item)
            .into_iter()
            .filter(|capture| variables.is_used(&capture.name, number))
            .map(|capture| {
                let from = match &capture.from {
                    From::Json(path) => Value::from(path.as_str()).to_string(),
                    From::Header(name) => {
                        Value::from(format!("header {}", name.to_ascii_lowercase())).to_string()
                    }
                    From::Status => "status".to_owned(),
                };
                format!("{}: {from}", plain_name(&capture.name))
            })
            .collect();
        if !keep.is_empty() {
            let _ = writeln!(step, "    keep: {{ {} }}", keep.join(", "));
        }
        for what in &lost {
            let _ = writeln!(self.steps, "  # not translated: {}", comment(what));
            let at = Some(item.place.clone());
            self.untranslated.push((at, format!("{name}: {what}")));
        }
        self.places
            .push((self.lines + lost.len(), item.place.clone()));
        self.lines += lost.len() + 1 + step.matches('\n').count();
        let _ = write!(self.steps, "  - name: {}\n{step}", flow::quoted(&name));
    }

    fn free_name(&mut self, written: &str, method: &str) -> String {
        let title = match written.trim() {
            "" => method.to_owned(),
            name => name.to_owned(),
        };
        let used = self.names.entry(title.clone()).or_default();
        *used += 1;
        match *used {
            1 => title,
            number => {
                let name = format!("{title} ({number})");
                self.names.entry(name.clone()).or_insert(1);
                name
            }
        }
    }

    /// The suite's own headers, and none of ours beside them.
    fn headers(
        &mut self,
        step: &mut String,
        number: usize,
        item: &Item,
        is_service: bool,
        lost: &mut Vec<String>,
        variables: &mut Variables<'_>,
    ) {
        let mut lines: Vec<(String, String)> = Vec::new();
        let mut authorized = false;
        let mut known: Vec<String> = Vec::new();
        for (name, value) in &item.headers {
            let lower = name.to_ascii_lowercase();
            if known.contains(&lower) {
                lost.push(format!("a second header `{name}`"));
                continue;
            }
            known.push(lower.clone());
            if lower == "authorization" {
                authorized = true;
                if !is_service && variables.is_credential(value) {
                    continue;
                }
            }
            if matches!(lower.as_str(), "content-length" | "host" | "connection") {
                continue;
            }
            let is_name = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
            if !is_name {
                lost.push(format!(
                    "the header `{name}`, which has no name that a header can have"
                ));
                continue;
            }
            lines.push((name.clone(), variables.quoted(value, number)));
        }
        let own = &item.authorization;
        match own {
            _ if authorized => {}
            Authorization::Header(value) if !is_service && variables.is_credential(value) => {}
            Authorization::Header(value) => {
                lines.push(("Authorization".to_owned(), variables.quoted(value, number)));
            }
            Authorization::Own if !is_service => {}
            Authorization::Own => {
                lost.push("its authentication, which the runner makes itself".to_owned())
            }
            Authorization::None if !is_service => {
                lines.push(("Authorization".to_owned(), "null".to_owned()));
            }
            Authorization::None => {}
        }
        let mut absent = vec!["Accept", "User-Agent"];
        if matches!(item.body, Body::Text(_)) {
            absent.push("Content-Type");
        }
        for name in absent {
            if !known.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                lines.push((name.to_owned(), "null".to_owned()));
            }
        }
        step.push_str("    headers:\n");
        for (name, value) in lines {
            let _ = writeln!(step, "      {}: {value}", flow::name(&name));
        }
    }

    /// One expectation for each claim, so that each is judged by itself, and one that is not judged for what is lost.
    fn expectations(
        &mut self,
        number: usize,
        item: &Item,
        lost: &mut Vec<String>,
        variables: &mut Variables<'_>,
    ) -> String {
        let by = match self.by {
            Authority::Okta => "        by: okta\n",
            Authority::Entra => "        by: entra\n",
            Authority::Rfc | Authority::Snapshot => "",
        };
        let mut text = String::new();
        for assertion in &item.assertions {
            self.scripts += usize::from(assertion.is_script);
            let (claims, reason) = written(assertion, number, variables);
            for claim in &claims {
                let because = Value::from(assertion.says.as_str());
                let _ = write!(text, "      - {claim}\n{by}        because: {because}\n");
            }
            match reason {
                None => self.kept += usize::from(!assertion.is_script),
                Some(reason) => {
                    let what = format!("{}: {reason}", assertion.says);
                    let untested = Value::from(format!("not translated: {what}"));
                    let _ = write!(text, "      - untested: {untested}\n{by}");
                    lost.push(what);
                }
            }
        }
        text
    }

    fn finish(
        mut self,
        bases: &Bases,
        goals: &[Goal],
        variables: &mut Variables<'_>,
    ) -> Translation {
        let suite = self.suite;
        let assertions = suite.assertions();
        let vars = variables.vars();
        let mut head = format!(
            "# Written by `scimulate import {} {}`.\n# {}: {} requests, {} assertions, {} of them kept as expectations.\n",
            suite.format.name().to_ascii_lowercase(),
            comment(file_name(&suite.shown)),
            comment(&suite.title),
            suite.requests(),
            assertions,
            self.kept,
        );
        let explained = variables.explained();
        if !explained.is_empty() {
            head.push_str("#\n# Variables of the suite\n");
            let width = explained
                .iter()
                .map(|(name, _)| name.chars().count())
                .max()
                .unwrap_or_default()
                .min(32);
            for (name, text) in explained {
                let _ = writeln!(head, "#   {:width$}  {}", comment(&name), comment(&text));
            }
        }
        if !self.untranslated.is_empty() {
            head.push_str("#\n# Not translated, and so not tested\n");
            for (_, what) in &self.untranslated {
                let _ = writeln!(head, "#   {}", comment(what));
            }
        }
        let source = format!(
            "{} ({} export) [doc]",
            file_name(&suite.shown),
            suite.format.name()
        );
        let _ = write!(
            head,
            "title: {}\nas: scimulate\nsource: {}\nalone: true\n",
            Value::from(suite.title.as_str()),
            Value::from(source)
        );
        let policies = policies(suite, goals);
        if !policies.is_empty() {
            let _ = writeln!(head, "policies: [{}]", policies.join(", "));
        }
        if !bases.services.is_empty() {
            head.push_str("services:\n");
            for service in &bases.services {
                let _ = writeln!(
                    head,
                    "  {}: \"${{var.{}}}\"",
                    flow::name(&service.name),
                    plain_name(&service.variable)
                );
            }
        }
        if !vars.is_empty() {
            head.push_str("vars:\n");
            for (name, value) in vars {
                let _ = writeln!(head, "  {}: {value}", flow::name(&name));
            }
        }
        head.push_str("steps:\n");
        let above = head.matches('\n').count();
        for (line, _) in &mut self.places {
            *line += above + 1;
        }
        let (target_variables, credential_variables) = variables.given_by_target();
        Translation {
            text: head + &self.steps,
            requests: suite.requests(),
            assertions,
            kept: self.kept,
            scripts: self.scripts,
            untranslated: self.untranslated,
            untold: self.untold,
            target_variables,
            credential_variables,
            dropped: self.dropped,
            shown: suite.shown.clone(),
            places: self.places,
        }
    }
}

/// What the embedded server needs for the suite to be about it.
fn policies(suite: &Suite, goals: &[Goal]) -> Vec<&'static str> {
    let path = |goal: &Goal| match goal {
        Goal::Target(rest) => rest.split('?').next().unwrap_or_default().to_owned(),
        Goal::Service(..) => String::new(),
    };
    let mut policies = Vec::new();
    let is_sample = goals
        .iter()
        .any(|goal| matches!(path(goal).as_str(), "/serviceConfiguration" | "/Token"));
    if is_sample {
        policies.push("sample=microsoft");
    }
    // Suites that begin with the first user of a list ask for one who was there before (okta.md 9.1).
    let creates = |item: &&Item| item.method == "POST";
    let first = suite
        .items
        .iter()
        .zip(goals)
        .take_while(|(item, _)| !creates(item));
    let asks_for_one = first.into_iter().any(|(item, goal)| {
        let of_first = |path: &str| path.starts_with("$.Resources[0]");
        path(goal) == "/Users"
            && item
                .captures
                .iter()
                .any(|capture| matches!(&capture.from, From::Json(path) if of_first(path)))
    });
    if asks_for_one && !goals.iter().any(|goal| matches!(goal, Goal::Service(..))) {
        policies.push("first-user=present");
    }
    policies
}

/// The claims of an assertion as keys of an expectation, and why the assertion is not, or not wholly, translated.
fn written(
    assertion: &Assertion,
    number: usize,
    variables: &mut Variables<'_>,
) -> (Vec<String>, Option<String>) {
    let mut reasons: Vec<String> = assertion.untranslated.iter().cloned().collect();
    let mut claims = Vec::new();
    for claim in &assertion.claims {
        match claim.written(&mut |text| variables.quoted(text, number)) {
            Ok(text) => claims.push(text),
            Err(reason) => reasons.push(reason),
        }
    }
    (claims, (!reasons.is_empty()).then(|| reasons.join("; ")))
}

/// A text that can stand behind `#`.
fn comment(text: &str) -> String {
    super::one_line(text)
}

fn file_name(shown: &str) -> &str {
    shown.rsplit('/').next().unwrap_or(shown)
}
