//! Read-back: after a write, the resource is read by id and by filter, and its neighbours, too. Sent as ourselves.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::exchange::Exchange;
use crate::plan::request::{Unsendable, target};
use crate::plan::variables::Scope;
use crate::plan::{Known, Outgoing, Sent, State, Wants, stored};
use crate::profile::{ProfileId, QueryEncoding, encode_segment};
use crate::scenario::Limits;
use crate::scenario::matcher::Matcher;
use crate::scenario::step::{Subject, Verify};
use crate::scim::urn;

/// What read-backs saw last, by subject.
#[derive(Debug, Default)]
pub(crate) struct Resources {
    seen: BTreeMap<String, Value>,
    /// The step that wrote last, which is to blame for what has changed.
    pub(crate) last_write: Option<String>,
}

impl Resources {
    /// Remembers what this read-back saw.
    pub(crate) fn note(&mut self, readback: &Readback, exchanges: &[Exchange]) {
        for (read, exchange) in readback.reads.iter().zip(exchanges) {
            let Some(response) = exchange.response() else {
                continue;
            };
            match (&read.how, response.json()) {
                (How::ById, Some(resource)) if response.status == 200 => {
                    self.seen.insert(read.key.clone(), resource.clone());
                }
                (How::ById, _) if matches!(response.status, 404 | 410) => {
                    self.seen.remove(&read.key);
                }
                (How::OnlyByFilter, Some(list)) => {
                    if let Some(resource) = found_in(list, &read.id) {
                        self.seen.insert(read.key.clone(), resource.clone());
                    }
                }
                _ => {}
            }
        }
    }
}

/// Two tenants may have a resource of the same name, which says nothing about the other.
fn in_tenant(tenant: Option<&str>, name: &str) -> String {
    match tenant {
        Some(tenant) => format!("{tenant}: {name}"),
        None => name.to_owned(),
    }
}

/// The resource of that id in a list.
fn found_in<'a>(list: &'a Value, id: &str) -> Option<&'a Value> {
    list.get("Resources")?
        .as_array()?
        .iter()
        .find(|resource| resource.get("id").and_then(Value::as_str) == Some(id))
}

/// One read of a read-back.
#[derive(Debug)]
struct Read {
    key: String,
    subject: String,
    id: String,
    how: How,
    neighbour: bool,
    request: Option<Outgoing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    ById,
    /// After it was read by id.
    ByFilter,
    OnlyByFilter,
}

/// A read-back under way.
#[derive(Debug)]
pub(crate) struct Readback {
    is: Option<Matcher<Value>>,
    /// What must be stored, as far as the target's schemas have it.
    stored: Option<Value>,
    reads: Vec<Read>,
    position: usize,
}

impl Readback {
    /// Plans the reads of a `verify`. `name` is what a filter must find the subject by, if it is known.
    pub(crate) fn new(
        verify: &Verify,
        is: Option<Matcher<Value>>,
        name: Option<String>,
        tenant: Option<&str>,
        limits: Limits,
        scope: &mut Scope,
        resources: &Resources,
    ) -> Result<Self, Unsendable> {
        let stored = verify.stored.as_ref().map(|tree| scope.tree(tree));
        let mut stored = stored.transpose()?;
        // What it is says which of its attributes must be stored.
        let schema = match &verify.subject {
            Subject::User(_) => Some(urn::USER),
            Subject::Group(_) => Some(urn::GROUP),
            Subject::At(_) => None,
        };
        if let (Some(Value::Object(members)), Some(schema)) = (&mut stored, schema) {
            members
                .entry("schemas")
                .or_insert_with(|| Value::from(vec![schema]));
        }
        let name = name.or_else(|| {
            let name = match &verify.subject {
                Subject::User(_) => "userName",
                Subject::Group(_) => "displayName",
                Subject::At(_) => return None,
            };
            stored.as_ref()?.get(name)?.as_str().map(str::to_owned)
        });
        let mut reads = Vec::new();
        let outgoing = |target: String| Outgoing {
            limits,
            ..Outgoing::harness("GET", target, tenant.map(str::to_owned))
        };
        if let Subject::At(address) = &verify.subject {
            let target = target(address, &ProfileId::Scimulate.profile(), scope)?;
            reads.push(Read {
                key: in_tenant(tenant, &target),
                subject: target.clone(),
                id: String::new(),
                how: How::ById,
                neighbour: false,
                request: Some(outgoing(target)),
            });
        }
        let subjects = [(&verify.subject, false)]
            .into_iter()
            .chain(verify.neighbours.iter().map(|one| (one, true)));
        for (subject, neighbour) in subjects {
            let (endpoint, attribute, alias) = match subject {
                Subject::User(alias) => ("/Users", "userName", alias),
                Subject::Group(alias) => ("/Groups", "displayName", alias),
                Subject::At(_) => continue,
            };
            let id = match scope.value(&format!("{alias}.id"), None)? {
                Value::String(id) => id,
                other => other.to_string(),
            };
            if matches!(id.trim(), "" | "." | "..") {
                return Err(Unsendable::Segment(id));
            }
            let key = in_tenant(tenant, &format!("{endpoint}/{alias}"));
            let read = |how, target| Read {
                key: key.clone(),
                subject: subject.to_string(),
                id: id.clone(),
                how,
                neighbour,
                request: Some(outgoing(target)),
            };
            if verify.by_id || neighbour {
                reads.push(read(
                    How::ById,
                    format!("{endpoint}/{}", encode_segment(&id)),
                ));
            }
            if verify.by_filter && !neighbour {
                let named = name
                    .clone()
                    .or_else(|| is.as_ref().and_then(|is| stored::wanted(is, attribute)))
                    .or_else(|| {
                        resources
                            .seen
                            .get(&key)
                            .and_then(|seen| seen.get(attribute))
                            .and_then(Value::as_str)
                            .map(str::to_owned)
                    });
                let name = match named {
                    Some(name) => name,
                    None => match scope.value(&format!("{alias}.{attribute}"), None)? {
                        Value::String(name) => name,
                        other => other.to_string(),
                    },
                };
                let filter = format!("{attribute} eq {}", Value::String(name));
                let how = if verify.by_id {
                    How::ByFilter
                } else {
                    How::OnlyByFilter
                };
                reads.push(read(
                    how,
                    format!(
                        "{endpoint}?filter={}",
                        QueryEncoding::Percent.encode(&filter)
                    ),
                ));
            }
        }
        Ok(Self {
            is,
            stored,
            reads,
            position: 0,
        })
    }

    /// The next request, until all went out.
    pub(crate) fn next_request(&mut self) -> Option<Outgoing> {
        let request = self.reads.get_mut(self.position)?.request.take();
        self.position += 1;
        request
    }

    /// What each read must fulfil, with the number of its exchange.
    pub(crate) fn wants(
        &self,
        verify: &Verify,
        exchanges: &[Exchange],
        resources: &Resources,
        bodies: &BTreeMap<String, Sent>,
        known: &Known,
    ) -> Vec<(usize, Wants)> {
        let mut wants = Vec::new();
        let mut read_by_id = None;
        for (index, read) in self.reads.iter().enumerate().take(exchanges.len()) {
            let before = resources.seen.get(&read.key).cloned();
            if read.neighbour {
                let state = State {
                    subject: read.subject.clone(),
                    after: resources.last_write.clone(),
                    before,
                    neighbour: true,
                    ..State::default()
                };
                wants.push((index, Wants::Resource(Box::new(state))));
                continue;
            }
            if verify.gone {
                wants.push((
                    index,
                    match read.how {
                        How::ById => Wants::GoneById {
                            subject: read.subject.clone(),
                        },
                        How::ByFilter | How::OnlyByFilter => Wants::GoneByFilter {
                            id: read.id.clone(),
                        },
                    },
                ));
                continue;
            }
            let given = self.stored.as_ref().map(|body| Sent {
                step: resources.last_write.clone().unwrap_or_default(),
                method: "PUT".to_owned(),
                body: body.clone(),
            });
            let sent = verify.sent.as_ref().and_then(|step| bodies.get(step));
            let sent = given.as_ref().or(sent);
            let mut touched = Vec::new();
            if let Some(sent) = sent {
                stored::emptied_by_body(&sent.body, &mut touched);
            }
            let (sent, undeclared) = match sent {
                Some(sent) => {
                    let stored = stored::storable(&sent.body, self.is.as_ref(), known);
                    let sent = Sent {
                        body: stored.value,
                        ..sent.clone()
                    };
                    (Some(sent), stored.undeclared)
                }
                None => (None, Vec::new()),
            };
            if let Some(is) = &self.is {
                stored::touched_by_matcher(is, "", &mut touched);
            }
            if let Some(sent) = &sent {
                stored::touched_by_body(&sent.body, &mut touched);
            }
            let state = State {
                subject: read.subject.clone(),
                after: resources.last_write.clone(),
                is: self.is.clone(),
                sent,
                undeclared,
                sent_before: None,
                before: before.filter(|_| verify.rest_unchanged),
                touched,
                neighbour: false,
            };
            match read.how {
                How::ById => {
                    read_by_id = Some(index);
                    wants.push((index, Wants::Resource(Box::new(state))));
                }
                How::ByFilter => wants.push((
                    index,
                    Wants::Found {
                        id: read.id.clone(),
                        same_as: read_by_id,
                        state: None,
                    },
                )),
                How::OnlyByFilter => wants.push((
                    index,
                    Wants::Found {
                        id: read.id.clone(),
                        same_as: None,
                        state: Some(Box::new(state)),
                    },
                )),
            }
        }
        wants
    }
}
