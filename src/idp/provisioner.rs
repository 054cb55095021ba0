//! The provisioner: a provider at work on one target, with its directory, its memory and what is under way.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use crate::exchange::Exchange;
use crate::finding::Authority;
use crate::idp::mapping::Mapping;
use crate::idp::{
    Call, Change, Directory, Group, Job, Memory, Next, Outcome, Person, Phase, Provider, Reaction,
    Subject, Switches, World, entra, okta,
};
use crate::profile::ProfileId;

/// Which of the calls under way an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// A provider at work. Whoever holds it takes calls with [`begin`](Self::begin), sends them, and gives every answer to
/// [`answered`](Self::answered), which may return the next call of the same piece of work.
pub struct Provisioner {
    client: ProfileId,
    provider: &'static dyn Provider,
    directory: Directory,
    mapping: Mapping,
    switches: Switches,
    memory: Memory,
    phases: VecDeque<VecDeque<Box<dyn Job>>>,
    under_way: BTreeMap<Ticket, UnderWay>,
    tickets: u64,
    outcomes: Vec<Outcome>,
}

/// Somebody in the directory, by key.
enum Entry {
    Person(String, Option<Person>),
    Group(String, Option<Group>),
}

/// A job that waits for an answer.
struct UnderWay {
    job: Box<dyn Job>,
    call: Call,
    attempt: u32,
}

impl Provisioner {
    /// A provider that remembers what `memory` holds. `None` for clients that are no provider.
    pub fn new(
        client: ProfileId,
        directory: Directory,
        mapping: Option<Mapping>,
        switches: Switches,
        memory: Memory,
    ) -> Option<Self> {
        let authority = client.authority();
        let provider: &'static dyn Provider = match authority {
            Authority::Okta => &okta::Okta,
            Authority::Entra => &entra::Entra,
            Authority::Rfc | Authority::Snapshot => return None,
        };
        Some(Self {
            client,
            provider,
            directory,
            mapping: mapping.unwrap_or_else(|| Mapping::default_of(authority).clone()),
            switches,
            memory,
            phases: VecDeque::new(),
            under_way: BTreeMap::new(),
            tickets: 0,
            outcomes: Vec::new(),
        })
    }

    /// As whom.
    pub fn client(&self) -> ProfileId {
        self.client
    }

    /// The directory as it is now.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The directory, to put somebody into it or to take somebody out; what is done to those whom it has already is a
    /// [`Change`].
    pub fn directory_mut(&mut self) -> &mut Directory {
        &mut self.directory
    }

    /// How attributes become SCIM.
    pub(crate) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// What is remembered.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// What is remembered, to be saved.
    pub fn memory_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// An administrator causes something: the directory changes, and work waits.
    ///
    /// # Errors
    /// In words, why this cannot be done: somebody is not there, or the provider has no such thing. Then the directory is
    /// as it was.
    pub fn cause(&mut self, change: &Change) -> Result<(), String> {
        let before = change.changes().map(|subject| self.entry(subject));
        change.apply(&mut self.directory)?;
        let provider = self.provider;
        match provider.jobs(change, &mut self.world()) {
            Ok(phases) => self.wait(phases),
            Err(refusal) => {
                match before {
                    Some(Entry::Person(key, Some(person))) => {
                        self.directory.people.insert(key, person);
                    }
                    Some(Entry::Group(key, Some(group))) => {
                        self.directory.groups.insert(key, group);
                    }
                    // No change adds anybody.
                    _ => {}
                }
                return Err(refusal);
            }
        }
        Ok(())
    }

    fn entry(&self, subject: Subject) -> Entry {
        match subject {
            Subject::User(key) => {
                let person = self.directory.people.get(&key).cloned();
                Entry::Person(key, person)
            }
            Subject::Group(key) => {
                let group = self.directory.groups.get(&key).cloned();
                Entry::Group(key, group)
            }
        }
    }

    /// Gives up all work that waits or is under way, as if it had never been caused.
    pub fn abandon(&mut self) {
        self.phases.clear();
        self.under_way.clear();
        self.outcomes.clear();
    }

    /// Whatever differs between the directory and what is remembered, waits as work.
    pub fn catch_up(&mut self) {
        let provider = self.provider;
        let phases = provider.catch_up(&mut self.world());
        self.wait(phases);
    }

    /// The first call of the next piece of work that may begin now. `None`: nothing waits, or what waits depends on what
    /// is under way.
    pub fn begin(&mut self) -> Option<(Ticket, Call)> {
        loop {
            while self.phases.front().is_some_and(VecDeque::is_empty) && self.under_way.is_empty() {
                self.phases.pop_front();
            }
            let job = self.phases.front_mut()?.pop_front()?;
            let ticket = Ticket(self.tickets);
            self.tickets += 1;
            if let Some(call) = self.advance(ticket, job, None) {
                return Some((ticket, call));
            }
        }
    }

    /// An answer, or why there is none; what follows from it in the same piece of work.
    pub fn answered(&mut self, ticket: Ticket, exchange: &Exchange) -> Option<Call> {
        let mut work = self.under_way.remove(&ticket)?;
        let provider = self.provider;
        match provider.reaction(work.attempt, exchange, &self.world()) {
            Reaction::Pass => self.advance(ticket, work.job, Some(exchange)),
            Reaction::Again(after) => {
                // The target says how long, and may say anything.
                self.memory.now = self.memory.now.saturating_add(after);
                work.attempt += 1;
                work.call.after = after;
                work.call.attempt = work.attempt - 1;
                let call = work.call.clone();
                self.under_way.insert(ticket, work);
                Some(call)
            }
        }
    }

    /// Nothing waits and nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.under_way.is_empty() && self.phases.iter().all(VecDeque::is_empty)
    }

    /// What has come of the work since this was last asked for.
    pub fn take_outcomes(&mut self) -> Vec<Outcome> {
        std::mem::take(&mut self.outcomes)
    }

    /// What the target must hold of the subject by now, as a SCIM resource; `None`: nothing is known to be there.
    pub fn mapped(&mut self, subject: &Subject) -> Option<Value> {
        let provider = self.provider;
        let world = self.world();
        match subject {
            Subject::User(key) => provider.mapped_user(key, &world),
            Subject::Group(key) => provider.mapped_group(key, &world),
        }
    }

    fn world(&mut self) -> World<'_> {
        World {
            client: self.client,
            directory: &self.directory,
            mapping: &self.mapping,
            switches: &self.switches,
            memory: &mut self.memory,
        }
    }

    fn wait(&mut self, phases: Vec<Phase>) {
        self.phases
            .extend(phases.into_iter().map(VecDeque::from_iter));
    }

    fn advance(
        &mut self,
        ticket: Ticket,
        mut job: Box<dyn Job>,
        answer: Option<&Exchange>,
    ) -> Option<Call> {
        let did = match job.next(&mut self.world(), answer) {
            Next::Send(call) => {
                let work = UnderWay {
                    job,
                    call: (*call).clone(),
                    attempt: 1,
                };
                self.under_way.insert(ticket, work);
                return Some(*call);
            }
            Next::Done(did) => Ok(did),
            Next::Failed(admin) => Err(admin),
            Next::Stop(admin) => {
                self.phases.clear();
                Err(admin)
            }
        };
        self.outcomes.push(Outcome {
            ticket,
            subject: job.subject(),
            did,
        });
        None
    }
}
