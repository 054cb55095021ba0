//! `act` steps: the provider's calls go out one after the other, each judged by what the provider needs of it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use serde_json::Value;

use crate::exchange::Exchange;
use crate::finding::requirement::Requirement;
use crate::finding::{Authority, Strength};
use crate::idp::{Call, Did, Need, Outcome, Provisioner, Subject, Ticket};
use crate::plan::people::changes;
use crate::plan::request::from_call;
use crate::plan::script::{Provided, Script, Stage};
use crate::plan::{Duty, Expectation, Move, Outgoing, Round, Wants};
use crate::scenario::act::{Act, ActExpect};
use crate::scenario::step::Step;

/// Longest real wait for a target that asks for one; beyond that, time is virtual (design section 3).
const PATIENCE: Duration = Duration::from_secs(5);

/// An act under way.
pub(super) struct Acting {
    key: Provided,
    /// The call that is out.
    out: Option<(Ticket, Call)>,
    expectations: Vec<Expectation>,
    /// What went out, in order.
    sent: Vec<Went>,
}

/// A request that went out.
struct Went {
    /// Method and address: `PATCH /Users/42`.
    line: String,
    /// It writes.
    writes: bool,
    /// That the provider writes so is only concluded.
    inferred: bool,
}

impl Script {
    /// The call of a provider that is out.
    pub fn call(&self) -> Option<&Call> {
        match &self.stage {
            Stage::Acting(acting) => acting.out.as_ref().map(|(_, call)| call),
            _ => None,
        }
    }

    /// Which provider a step's act is for: client and tenant.
    pub(super) fn provided(&self, step: &Step) -> Provided {
        (step.client.unwrap_or(self.client), step.tenant.clone())
    }

    /// Makes the changes in the provider's directory; its calls wait then.
    ///
    /// # Errors
    /// In words, why the step is left out.
    pub(super) fn cause(&mut self, step: &Step, act: &Act) -> Result<(), String> {
        let key = self.provided(step);
        let changes = changes(act, &self.setting.directory, &mut self.scope)
            .map_err(|missing| missing.to_string())?;
        let provisioner = match self.provisioners.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let client = entry.key().0;
                let provisioner = self.setting.provisioner(client).ok_or_else(|| {
                    format!(
                        "`{}` is no provider, and acts need one: `as: okta-oin`",
                        client.name()
                    )
                })?;
                entry.insert(provisioner)
            }
        };
        for change in changes {
            if let Err(refusal) = provisioner.cause(&change) {
                // The step is left out, so nothing of it may go out with the next one.
                provisioner.abandon();
                return Err(refusal);
            }
        }
        Ok(())
    }

    /// The first call of an act, or its end if nothing is sent.
    pub(super) fn act(&mut self, step: &Step, act: &Act, expect: &ActExpect) -> Move {
        let acting = Acting {
            key: self.provided(step),
            out: None,
            expectations: Vec::new(),
            sent: Vec::new(),
        };
        self.act_goes_on(step, act, expect, acting)
    }

    /// An answer arrived.
    pub(super) fn act_answered(
        &mut self,
        step: &Step,
        act: &Act,
        expect: &ActExpect,
        mut acting: Acting,
        seen: &[Exchange],
    ) -> Move {
        if let (Some((ticket, call)), Some(answer), Some(provisioner)) = (
            acting.out.take(),
            seen.last(),
            self.provisioners.get_mut(&acting.key),
        ) {
            let next = provisioner.answered(ticket, answer);
            // What is sent again was not what the provider needs yet, and is no failure.
            if next.as_ref().is_none_or(|next| next.attempt == 0) {
                acting
                    .expectations
                    .extend(needs(&call, answer, seen.len() - 1));
            }
            if let Some(call) = next {
                return self.send_call(step, acting, ticket, call);
            }
        }
        self.act_goes_on(step, act, expect, acting)
    }

    fn act_goes_on(&mut self, step: &Step, act: &Act, expect: &ActExpect, acting: Acting) -> Move {
        let provisioner = self.provisioners.get_mut(&acting.key);
        match provisioner.and_then(Provisioner::begin) {
            Some((ticket, call)) => self.send_call(step, acting, ticket, call),
            None => self.act_ends(step, act, expect, acting),
        }
    }

    fn send_call(&mut self, step: &Step, mut acting: Acting, ticket: Ticket, call: Call) -> Move {
        let request = match from_call(&call, step.tenant.as_deref()) {
            Ok(request) => Outgoing {
                limits: self.limits(step),
                ..request
            },
            Err(problem) => {
                // What waits for this call's answer would wait for ever.
                if let Some(provisioner) = self.provisioners.get_mut(&acting.key) {
                    provisioner.abandon();
                }
                return self.unsendable(step, &problem);
            }
        };
        acting.sent.push(Went {
            line: format!("{} {}", request.method, request.target),
            writes: call.is_write(),
            inferred: !call.source.contains("[doc]") && !call.source.contains("[recorded]"),
        });
        let wait = call.after.min(PATIENCE);
        acting.out = Some((ticket, call));
        self.stage = Stage::Acting(Box::new(acting));
        Move::Send(Round {
            wait,
            requests: vec![request],
        })
    }

    fn act_ends(&mut self, step: &Step, act: &Act, expect: &ActExpect, mut acting: Acting) -> Move {
        self.finish();
        let outcomes = self
            .provisioners
            .get_mut(&acting.key)
            .map(Provisioner::take_outcomes)
            .unwrap_or_default();
        let mut writes = acting.sent.iter().filter(|went| went.writes).peekable();
        if writes.peek().is_some() {
            self.inferred = writes.all(|went| went.inferred);
        }
        let duties = self.duties_of_act(step);
        let last = acting.sent.len().checked_sub(1);
        let mut claim = |exchange: Option<usize>, wants: Wants| {
            acting.expectations.push(Expectation {
                exchange,
                wants,
                duties: duties.clone(),
                because: expect.because.clone(),
                source: self.source(step),
            });
        };
        for (subject, of_one) in by_subject(&outcomes) {
            let admin = of_one.iter().find_map(|outcome| outcome.did.clone().err());
            let mut words = of_one.iter().map(|outcome| word_of(outcome));
            // A group is created and then filled: either is what came of pushing it.
            let found = match &expect.outcome {
                _ if admin.is_some() => "failed",
                Some(wanted) => words
                    .clone()
                    .find(|word| word == wanted)
                    .or_else(|| words.next_back())
                    .unwrap_or("nothing"),
                None => words.next_back().unwrap_or("nothing"),
            };
            let wanted = match &expect.outcome {
                Some(wanted) => wanted.as_str(),
                None if admin.is_some() => "done",
                None => found,
            };
            let wants = Wants::Outcome {
                subject: subject.map_or_else(|| act.to_string(), Subject::to_string),
                wanted: wanted.to_owned(),
                found: found.to_owned(),
                admin,
            };
            claim(last, wants);
        }
        let silent = expect.requests.is_none() && expect.writes.is_none();
        if acting.sent.is_empty() && silent && expect.outcome.is_none() {
            claim(
                None,
                Wants::Nothing("the provider had nothing to send".to_owned()),
            );
        }
        if let Some(most) = expect.requests {
            let sent = acting.sent.iter().map(|went| went.line.clone()).collect();
            claim(last, Wants::Traffic { most, sent });
        }
        if let Some(most) = expect.writes {
            let writes = acting
                .sent
                .iter()
                .enumerate()
                .filter(|(_, went)| went.writes);
            let (places, sent): (Vec<usize>, Vec<String>) = writes
                .map(|(index, went)| (index, went.line.clone()))
                .unzip();
            claim(
                places.first().copied().or(last),
                Wants::Traffic { most, sent },
            );
        }
        self.learn(step, &acting.key, &outcomes);
        Move::End(acting.expectations)
    }

    /// On whose authority an act, and what is read back after it, must be as it should: where it is only concluded that
    /// the provider writes so, that is no reason to fail a target.
    pub(super) fn duties_of_act(&self, step: &Step) -> Vec<Duty> {
        let mut duties = self.duties(step, &[], None, &step.covers);
        let foreign = duties
            .iter_mut()
            .filter(|duty| duty.authority != Authority::Rfc);
        if self.inferred {
            foreign.for_each(|duty| duty.strength = Strength::May);
        }
        duties
    }

    /// What an act has changed, as variables: ids, and the attributes that people and groups have now.
    fn learn(&mut self, step: &Step, key: &Provided, outcomes: &[Outcome]) {
        let Some(provisioner) = self.provisioners.get(key) else {
            return;
        };
        self.resources.last_write = Some(step.name.clone());
        let deeds = self.deeds.entry(key.clone()).or_default();
        for outcome in outcomes {
            let Some(subject) = &outcome.subject else {
                continue;
            };
            let alias = subject.key().to_owned();
            deeds.acted.insert(subject.clone(), step.name.clone());
            if let Some(id) = provisioner.memory().id(subject) {
                let before = deeds.provisioned.insert(subject.clone(), id.to_owned());
                if before.is_none() && outcome.did != Ok(Did::Created) {
                    deeds.taken_over.insert(subject.clone());
                }
            }
            match &outcome.did {
                Ok(_) => {
                    self.refused.remove(&alias);
                }
                Err(admin) => {
                    let answer = format!("the administrator reads: {admin}");
                    self.refused.insert(alias, (step.name.clone(), answer));
                }
            }
        }
        let memory = provisioner.memory();
        let directory = provisioner.directory();
        let people = directory
            .people
            .iter()
            .map(|(key, person)| (Subject::User(key.clone()), &person.attributes));
        let groups = directory
            .groups
            .iter()
            .map(|(key, group)| (Subject::Group(key.clone()), &group.attributes));
        for (subject, attributes) in people.chain(groups) {
            self.scope
                .set(subject.key(), Value::Object(attributes.clone()));
            let id = format!("{}.id", subject.key());
            match memory.id(&subject) {
                Some(known) => self.scope.set(&id, Value::from(known)),
                None if self.scope.value(&id, None).is_err() => {
                    let reason = format!("`{}` did not link it", step.name);
                    self.scope.set_missing(&id, reason);
                }
                None => {}
            }
        }
    }
}

/// Outcomes of each subject together, subjects in the order in which they were first met.
fn by_subject(outcomes: &[Outcome]) -> Vec<(Option<&Subject>, Vec<&Outcome>)> {
    let mut groups: Vec<(Option<&Subject>, Vec<&Outcome>)> = Vec::new();
    let mut places = BTreeMap::new();
    for outcome in outcomes {
        let subject = outcome.subject.as_ref();
        let place = *places.entry(subject).or_insert_with(|| {
            groups.push((subject, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(outcome);
    }
    groups
}

/// What the answer to a call is judged by.
fn needs(call: &Call, answer: &Exchange, exchange: usize) -> Vec<Expectation> {
    // A conflict is the RFC's own answer to what is there already, whatever the provider expected (RFC 7644 3.3).
    let conflict = call.method == "POST" && answer.status() == Some(409);
    let expectation = |need: Need| {
        let own = call.client.authority();
        let of_rfc = |authority| {
            need.covers
                .iter()
                .filter(move |_| authority == Authority::Rfc)
        };
        let duty = |authority: Authority| {
            let covers: Vec<&str> = of_rfc(authority).copied().collect();
            let level = covers
                .iter()
                .filter_map(|id| Requirement::find(id))
                .map(|requirement| Strength::of_keyword(&requirement.level))
                .max();
            Duty {
                authority,
                strength: level.unwrap_or(need.strength),
                requirements: covers.into_iter().map(str::to_owned).collect(),
            }
        };
        let mut duties = vec![duty(need.by.unwrap_or(own))];
        if need.by.is_none() && !need.covers.is_empty() {
            duties.push(duty(Authority::Rfc));
        }
        duties.retain(|duty| duty.authority != Authority::Rfc || !conflict);
        Expectation {
            exchange: Some(exchange),
            wants: Wants::Answer {
                status: need.status,
                headers: Vec::new(),
                body: need.body,
                text: None,
                size: None,
                within: None,
            },
            duties,
            because: Some(need.because.to_owned()).filter(|because| !because.is_empty()),
            source: Some(call.source.to_owned()),
        }
    };
    let expectations = call.judged_by().into_iter().map(expectation);
    expectations
        .filter(|expectation| !expectation.duties.is_empty())
        .collect()
}

/// One of [`OUTCOMES`](crate::scenario::act::OUTCOMES), or `nothing`.
fn word_of(outcome: &Outcome) -> &'static str {
    match &outcome.did {
        Ok(did) => did.word(),
        Err(_) => "failed",
    }
}
