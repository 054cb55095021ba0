//! `verify: mapped`: everything that the provider has provisioned is read back, and must be as the directory says.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::exchange::Exchange;
use crate::idp::{Provisioner, Subject as Provisioned};
use crate::plan::readback::Readback;
use crate::plan::script::{Provided, Script, Stage};
use crate::plan::stored::touched_by_body;
use crate::plan::{Expectation, Move, Round, Sent, Wants};
use crate::scenario::matcher::Matcher;
use crate::scenario::step::{Step, Subject, Verify};

/// A reading of all that was provisioned, under way.
pub(super) struct Mapped {
    because: Option<String>,
    /// What is still to be read, the next one last: whom, by which id, and what it is mapped to.
    waiting: Vec<Waiting>,
    /// What is being read, and which exchange of the step is its first.
    current: Option<(Provisioned, Verify, Readback, usize)>,
    expectations: Vec<Expectation>,
}

/// A reading to come.
struct Waiting {
    subject: Provisioned,
    /// The id by which the provider knows it, or knew it before it was gone.
    id: String,
    /// What it is mapped to; `None`: it must be gone.
    document: Option<Value>,
}

impl Script {
    /// The first reading of a `verify: mapped`.
    pub(super) fn verify_mapped(&mut self, step: &Step, because: Option<&str>) -> Move {
        let key = self.provided(step);
        let mut waiting: Vec<Waiting> = Vec::new();
        if let (Some(provisioner), Some(deeds)) =
            (self.provisioners.get_mut(&key), self.deeds.get(&key))
        {
            for (subject, id) in &deeds.provisioned {
                if self.refused.contains_key(subject.key()) {
                    continue;
                }
                let document = provisioner.mapped(subject);
                if document.is_some() || is_gone(provisioner, subject) {
                    waiting.push(Waiting {
                        subject: subject.clone(),
                        id: id.clone(),
                        document,
                    });
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

    /// Why there is nothing to read back: the acts that were not accepted, if there are any.
    fn nothing_mapped(&self) -> String {
        let steps = self.refused.values().map(|(step, _)| format!("`{step}`"));
        let refused: Vec<String> = steps.collect::<BTreeSet<_>>().into_iter().collect();
        let nothing = "nothing was provisioned that could be read back";
        match refused.as_slice() {
            [] => nothing.to_owned(),
            [step] => format!("{nothing}: {step} was not accepted"),
            steps => format!("{nothing}: {} were not accepted", steps.join(", ")),
        }
    }

    /// The next reading, or the end.
    pub(super) fn read_mapped(
        &mut self,
        step: &Step,
        mut mapped: Mapped,
        seen: &[Exchange],
    ) -> Move {
        let key = self.provided(step);
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
                let deeds = self.deeds.entry(key.clone()).or_default();
                let mapped_before = deeds.mapped_before.insert(subject, mapped_now);
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
                        duties: self.duties_of_act(step),
                        ..self.expectation(step, Some(first + exchange), wants)
                    });
                }
            }
            let Some(Waiting {
                subject,
                id,
                document,
            }) = mapped.waiting.pop()
            else {
                self.deeds.entry(key).or_default().acted.clear();
                self.finish();
                if mapped.expectations.is_empty() {
                    let reason = self.nothing_mapped();
                    let nothing = self.expectation(step, None, Wants::Nothing(reason));
                    mapped.expectations.push(nothing);
                }
                return Move::End(mapped.expectations);
            };
            let verify = self.reading_of(&key, &subject, document.as_ref());
            let is_taken_over = self
                .deeds
                .get(&key)
                .is_some_and(|deeds| deeds.taken_over.contains(&subject));
            let lists = document.as_ref().filter(|_| is_taken_over).map(lists_of);
            // Another client or tenant may have acted since, and the variable is its id then.
            let variable = format!("{}.id", subject.key());
            let latest = self.scope.value(&variable, None);
            self.scope.set(&variable, Value::from(id));
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
            if let Ok(latest) = latest {
                self.scope.set(&variable, latest);
            }
            match readback {
                Ok(readback) => mapped.current = Some((subject, verify, readback, seen.len())),
                Err(problem) => return self.unsendable(step, &problem),
            }
        }
    }

    /// How a subject is read, and what it must be; without a document it must be gone.
    fn reading_of(
        &mut self,
        provided: &Provided,
        subject: &Provisioned,
        document: Option<&Value>,
    ) -> Verify {
        let act = self
            .deeds
            .get(provided)
            .and_then(|deeds| deeds.acted.get(subject))
            .cloned();
        // Who was not acted on since is only read by id.
        let by_filter = act.is_some();
        let sent = document.map(|document| {
            let name = format!("what {subject} is mapped to");
            let after = self.resources.last_write.clone().unwrap_or_default();
            let sent = Sent {
                step: act.unwrap_or(after),
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
            by_filter,
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
