//! `verify: mapped`: everything that the provider has provisioned is read back, and must be as the directory says.

use std::time::Duration;

use serde_json::Value;

use crate::exchange::Exchange;
use crate::idp::{Provisioner, Subject as Provisioned};
use crate::plan::readback::Readback;
use crate::plan::script::{Script, Stage};
use crate::plan::stored::touched_by_body;
use crate::plan::{Expectation, Move, Round, Sent, Wants};
use crate::scenario::matcher::Matcher;
use crate::scenario::step::{Step, Subject, Verify};

/// A reading of all that was provisioned, under way.
pub(super) struct Mapped {
    because: Option<String>,
    /// What is still to be read, the next one last.
    waiting: Vec<(Provisioned, Option<Value>)>,
    /// What is being read, and which exchange of the step is its first.
    current: Option<(Provisioned, Verify, Readback, usize)>,
    expectations: Vec<Expectation>,
}

impl Script {
    /// The first reading of a `verify: mapped`.
    pub(super) fn verify_mapped(&mut self, step: &Step, because: Option<&str>) -> Move {
        let key = self.provided(step);
        let mut waiting: Vec<(Provisioned, Option<Value>)> = Vec::new();
        if let Some(provisioner) = self.provisioners.get_mut(&key) {
            for subject in &self.provisioned {
                if self.refused.contains_key(subject.key()) {
                    continue;
                }
                let mapped = provisioner.mapped(subject);
                if mapped.is_some() || is_gone(provisioner, subject) {
                    waiting.push((subject.clone(), mapped));
                }
            }
        }
        waiting.reverse();
        let mapped = Mapped {
            because: because.map(str::to_owned),
            waiting,
            current: None,
            expectations: Vec::new(),
        };
        self.read_mapped(step, mapped, &[])
    }

    /// The next reading, or the end.
    pub(super) fn read_mapped(
        &mut self,
        step: &Step,
        mut mapped: Mapped,
        seen: &[Exchange],
    ) -> Move {
        loop {
            if let Some((subject, verify, mut readback, first)) = mapped.current.take() {
                if let Some(request) = readback.next_request() {
                    mapped.current = Some((subject, verify, readback, first));
                    self.stage = Stage::Mapped(Box::new(mapped));
                    return Move::Send(Round {
                        wait: Duration::ZERO,
                        requests: vec![request],
                    });
                }
                let exchanges = &seen[first..];
                let sent = verify.sent.as_ref().and_then(|name| self.bodies.get(name));
                let mapped_now = sent.map(|sent| sent.body.clone()).unwrap_or_default();
                let mapped_before = self.mapped_before.insert(subject, mapped_now);
                let resources = &self.resources;
                let wants =
                    readback.wants(&verify, exchanges, resources, &self.bodies, &self.known);
                self.resources.note(&readback, exchanges);
                for (exchange, mut wants) in wants {
                    match &mut wants {
                        Wants::Found {
                            same_as: Some(by_id),
                            ..
                        } => *by_id += first,
                        // What was mapped and is no more, has been cleared one way or another (okta.md 3.5).
                        Wants::Resource(state) => {
                            if let Some(before) = &mapped_before {
                                touched_by_body(before, &mut state.touched);
                            }
                            state.sent_before.clone_from(&mapped_before);
                        }
                        _ => {}
                    }
                    mapped.expectations.push(Expectation {
                        because: mapped.because.clone(),
                        ..self.expectation(step, Some(first + exchange), wants)
                    });
                }
            }
            let Some((subject, document)) = mapped.waiting.pop() else {
                self.acted.clear();
                self.finish();
                if mapped.expectations.is_empty() {
                    let reason = "nothing was provisioned that could be read back".to_owned();
                    let nothing = self.expectation(step, None, Wants::Nothing(reason));
                    mapped.expectations.push(nothing);
                }
                return Move::End(mapped.expectations);
            };
            let verify = self.reading_of(&subject, document.as_ref());
            let lists = document
                .as_ref()
                .filter(|_| self.taken_over.contains(&subject))
                .map(lists_of);
            let readback = Readback::new(
                &verify,
                lists,
                document
                    .as_ref()
                    .and_then(|document| name_of(&subject, document)),
                step.tenant.as_deref(),
                self.limits(step),
                &mut self.scope,
                &self.resources,
            );
            match readback {
                Ok(readback) => mapped.current = Some((subject, verify, readback, seen.len())),
                Err(problem) => return self.unsendable(step, &problem),
            }
        }
    }

    /// How a subject is read, and what it must be; without a document it must be gone.
    fn reading_of(&mut self, subject: &Provisioned, document: Option<&Value>) -> Verify {
        let sent = document.map(|document| {
            let name = format!("what {subject} is mapped to");
            let after = self.resources.last_write.clone().unwrap_or_default();
            let sent = Sent {
                step: self.acted.get(subject).cloned().unwrap_or(after),
                method: "PUT".to_owned(),
                body: document.clone(),
            };
            self.bodies.insert(name.clone(), sent);
            name
        });
        let key = subject.key().to_owned();
        Verify {
            subject: match subject {
                Provisioned::User(_) => Subject::User(key),
                Provisioned::Group(_) => Subject::Group(key),
            },
            is: None,
            gone: sent.is_none(),
            sent,
            stored: None,
            rest_unchanged: true,
            neighbours: Vec::new(),
            by_id: true,
            // Who was not acted on since is only read by id.
            by_filter: self.acted.contains_key(subject),
            authority: Vec::new(),
            because: None,
        }
    }
}

/// Who was there before may have more e-mails than the provider's: each of the provider's must be among them.
fn lists_of(document: &Value) -> Matcher<Value> {
    let members = document.as_object().into_iter().flatten();
    let lists = members.filter_map(|(name, value)| {
        let items = value.as_array().filter(|_| name != "schemas")?;
        let elements = items.iter().map(element).collect();
        Some((name.clone(), Matcher::Contains(elements)))
    });
    Matcher::Members(lists.collect())
}

fn element(value: &Value) -> Matcher<Value> {
    match value {
        Value::Object(members) => Matcher::Members(
            members
                .iter()
                .map(|(name, value)| (name.clone(), Matcher::Equals(value.clone())))
                .collect(),
        ),
        other => Matcher::Equals(other.clone()),
    }
}

fn is_gone(provisioner: &Provisioner, subject: &Provisioned) -> bool {
    provisioner.memory().id(subject).is_none()
}

/// The name by which a filter must find the subject.
fn name_of(subject: &Provisioned, document: &Value) -> Option<String> {
    let attribute = match subject {
        Provisioned::User(_) => "userName",
        Provisioned::Group(_) => "displayName",
    };
    document.get(attribute)?.as_str().map(str::to_owned)
}
