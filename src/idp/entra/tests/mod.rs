//! Entra against a target of plain values.

mod cycles;
mod reactions;
mod shapes;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::exchange::{Api, Body, Exchange, Failure, Request, Response, Sender};
use crate::finding::Authority;
use crate::idp::mapping::{Expression, Mapping, RolesForm, Row};
use crate::idp::{
    Call, Change, Directory, Group, Memory, Outcome, Person, Provisioner, Role, Subject, Switches,
    overlay,
};
use crate::profile::ProfileId;
use crate::scim::locate::select;
use crate::scim::urn;

/// A target that keeps what it is sent, and can be told to answer otherwise.
#[derive(Default)]
struct Target {
    users: BTreeMap<String, Value>,
    groups: BTreeMap<String, Value>,
    created: usize,
    /// Answers instead: the method, the start of the path, status and body, how often.
    instead: Vec<Instead>,
    /// Attributes that are dropped.
    drops: Vec<&'static str>,
    /// Phone numbers lose their spaces.
    reformats_phones: bool,
    /// `method path?query` and body, in the order of arrival.
    log: Vec<String>,
}

struct Instead {
    method: &'static str,
    path: &'static str,
    outcome: Result<Said, Failure>,
    times: usize,
}

/// Status, headers, body.
type Said = (u16, Vec<(String, String)>, String);

impl Target {
    fn instead(&mut self, method: &'static str, path: &'static str, status: u16, body: &str) {
        self.instead.push(Instead {
            method,
            path,
            outcome: Ok((status, Vec::new(), body.to_owned())),
            times: usize::MAX,
        });
    }

    fn once(&mut self, method: &'static str, path: &'static str, status: u16, body: &str) {
        self.instead(method, path, status, body);
        if let Some(instead) = self.instead.last_mut() {
            instead.times = 1;
        }
    }

    /// A resource that is there already.
    fn holds(&mut self, id: &str, resource: Value) {
        let mut resource = resource;
        resource["id"] = Value::from(id);
        resource["schemas"] = json!([urn::USER]);
        self.users.insert(id.to_owned(), resource);
    }

    fn answer(&mut self, call: &Call) -> Exchange {
        let path = format!("/{}", call.path.join("/"));
        let query: Vec<String> = call
            .query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let body = call
            .payload
            .as_ref()
            .map(|payload| String::from_utf8(payload.bytes()).expect("bodies are UTF-8"))
            .unwrap_or_default();
        let line = format!("{} {path}{mark}{} {body}", call.method, query.join("&"));
        self.log.push(line.trim_end().to_owned());
        let instead = self.instead.iter_mut().find(|instead| {
            instead.times > 0 && instead.method == call.method && path.starts_with(instead.path)
        });
        let outcome = match instead {
            Some(instead) => {
                instead.times -= 1;
                instead.outcome.clone()
            }
            None => {
                let (status, body) = self.serve(call);
                Ok((
                    status,
                    Vec::new(),
                    body.map(|body| body.to_string()).unwrap_or_default(),
                ))
            }
        };
        Exchange {
            sender: Sender::Client(call.client.name().to_owned()),
            request: Request {
                api: Api::Scim,
                method: call.method.to_owned(),
                origin: "http://target.test".to_owned(),
                target: path,
                headers: Vec::new(),
                body: Body::new(body),
            },
            outcome: outcome.map(|(status, headers, body)| {
                Response::new(status, headers, Body::new(body), None)
            }),
            started: "2026-01-05T09:00:00Z".to_owned(),
            elapsed: Duration::ZERO,
        }
    }

    fn serve(&mut self, call: &Call) -> (u16, Option<Value>) {
        let is_user = call.path[0] == "Users";
        let id = call.path.get(1).cloned();
        let document = call
            .payload
            .as_ref()
            .map(|payload| payload.document().clone());
        let store = if is_user {
            &mut self.users
        } else {
            &mut self.groups
        };
        match (call.method, id, document) {
            ("GET", None, _) => {
                let filter = call.query.iter().find(|(name, _)| *name == "filter");
                let found: Vec<Value> = store
                    .values()
                    .filter(|resource| {
                        filter.is_none_or(|(_, filter)| {
                            let (path, wanted) = filter.rsplit_once(" eq ").expect("it compares");
                            // Two conditions are no path: nobody meets them.
                            let Ok(path) = path.parse() else {
                                return false;
                            };
                            select(resource, &path)
                                .iter()
                                .any(|found| super::user::literal(found) == wanted)
                        })
                    })
                    .cloned()
                    .collect();
                (200, Some(list(found)))
            }
            ("GET", Some(id), _) => match store.get(&id) {
                Some(resource) => (200, Some(resource.clone())),
                None => (404, None),
            },
            ("DELETE", Some(id), _) => match store.remove(&id) {
                Some(_) => (204, None),
                None => (404, None),
            },
            ("POST", None, Some(mut document)) => {
                self.created += 1;
                let id = format!("{}-{}", if is_user { "u" } else { "g" }, self.created);
                document["id"] = Value::from(id.as_str());
                store.insert(id.clone(), document);
                self.tidy(&id);
                let store = if is_user { &self.users } else { &self.groups };
                (201, store.get(&id).cloned())
            }
            ("PATCH", Some(id), Some(document)) => {
                let Some(resource) = store.get_mut(&id) else {
                    return (404, None);
                };
                for operation in document["Operations"].as_array().expect("there are some") {
                    change(resource, operation);
                }
                self.tidy(&id);
                (204, None)
            }
            other => panic!("{other:?}"),
        }
    }

    fn tidy(&mut self, id: &str) {
        let Some(Value::Object(user)) = self.users.get_mut(id) else {
            return;
        };
        for name in &self.drops {
            user.shift_remove(*name);
        }
        if self.reformats_phones {
            let phones = user.get_mut("phoneNumbers").and_then(Value::as_array_mut);
            for phone in phones.into_iter().flatten() {
                let plain = phone["value"].as_str().map(|text| text.replace(' ', ""));
                phone["value"] = plain.into();
            }
        }
    }

    /// What changed something, since the last time.
    fn writes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
            .into_iter()
            .filter(|line| !line.starts_with("GET"))
            .collect()
    }
}

fn list(found: Vec<Value>) -> Value {
    json!({"schemas": [urn::LIST_RESPONSE], "totalResults": found.len(), "Resources": found})
}

/// As a lenient server takes Entra's operations.
fn change(resource: &mut Value, operation: &Value) {
    let word = operation["op"]
        .as_str()
        .expect("it is a text")
        .to_lowercase();
    let path = operation["path"].as_str();
    let value = match &operation["value"] {
        Value::String(text) if path == Some("active") => Value::Bool(text == "True"),
        Value::String(text) if path.is_some_and(|path| path.ends_with(":manager")) => {
            match text.as_str() {
                "" => Value::Null,
                id => json!({"value": id}),
            }
        }
        other => other.clone(),
    };
    match (word.as_str(), path) {
        ("add", Some("members" | "roles")) => {
            let path = path.expect("it has one");
            let mut held = resource[path].as_array().cloned().unwrap_or_default();
            held.extend(value.as_array().cloned().unwrap_or_default());
            resource[path] = Value::Array(held);
        }
        ("remove", Some(path)) if !path.starts_with("members") => {
            overlay::write(resource, path, None).expect("the path can be written");
        }
        ("remove", Some(path)) => {
            let members = resource["members"].as_array_mut().expect("it has members");
            members.retain(|member| {
                let id = member["value"].as_str().expect("it has an id");
                !path.contains(&format!("\"{id}\""))
                    && !value.to_string().contains(&format!("\"{id}\""))
            });
        }
        (_, Some(path)) if path.starts_with("roles[") => {
            resource["roles"] = json!([{"primary": true, "value": value}]);
        }
        (_, Some(path)) => {
            let _ = overlay::write(resource, path, None);
            overlay::write(resource, path, Some(value)).expect("the path can be written");
        }
        (_, None) => {
            for (path, value) in value.as_object().expect("it has members") {
                overlay::write(resource, path, Some(value.clone())).expect("it can be written");
            }
        }
    }
}

/// A provider and its target.
struct Play {
    provisioner: Provisioner,
    target: Target,
}

impl Play {
    fn new(client: ProfileId, directory: Directory) -> Self {
        Self::with(client, directory, &[], None)
    }

    fn with(
        client: ProfileId,
        directory: Directory,
        switches: &[(&str, &str)],
        mapping: Option<Mapping>,
    ) -> Self {
        let mut set = Switches::default();
        for (name, value) in switches {
            set.set(name, value).expect("there is such a switch");
        }
        let provisioner = Provisioner::new(client, directory, mapping, set, Memory::default())
            .expect("it is a provider");
        Self {
            provisioner,
            target: Target::default(),
        }
    }

    fn cause(&mut self, change: Change) -> Vec<Outcome> {
        self.provisioner.cause(&change).expect("it can be caused");
        self.work()
    }

    fn work(&mut self) -> Vec<Outcome> {
        while let Some((ticket, call)) = self.provisioner.begin() {
            let mut call = Some(call);
            while let Some(next) = call {
                let exchange = self.target.answer(&next);
                call = self.provisioner.answered(ticket, &exchange);
            }
        }
        assert!(self.provisioner.is_idle());
        self.provisioner.take_outcomes()
    }

    fn log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.target.log)
    }

    fn memory(&self) -> &Memory {
        self.provisioner.memory()
    }
}

fn attributes(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn person(value: Value) -> Person {
    Person {
        attributes: attributes(value),
        assigned: true,
        ..Person::default()
    }
}

/// The person of entra.md 4.2.
fn ava() -> Person {
    person(json!({
        "userName": "ava.lindqvist@corp.example",
        "displayName": "Ava Lindqvist",
        "title": "Site Engineer",
        "email": "ava.lindqvist@corp.example",
        "preferredLanguage": "sv-SE",
        "name": {"givenName": "Ava", "familyName": "Lindqvist"},
        "office": "HQ 4-112",
        "address": {"street": "Ridgatan 9", "city": "Lund", "region": "Skane", "postalCode": "22350", "country": "SE"},
        "phone": "+46 46 555 0101",
        "mobile": "+46 70 555 0102",
        "fax": "+46 46 555 0103",
        "mailNickname": "ava.lindqvist",
        "employeeNumber": "10442",
        "department": "Field Ops",
    }))
}

/// Somebody of whom little is known.
fn plain(name: &str) -> Person {
    person(json!({"userName": name, "displayName": name, "mailNickname": name}))
}

fn group(name: &str, members: &[&str]) -> Group {
    Group {
        attributes: attributes(
            json!({"displayName": name, "objectId": "5c0f0a34-7d8e-4f5e-9a53-2a7be2c1d0f1"}),
        ),
        members: members.iter().map(|member| (*member).to_owned()).collect(),
        pushed: true,
    }
}

fn directory(people: &[(&str, Person)], groups: &[(&str, Group)]) -> Directory {
    let role = |id: &str, value: &str, display: &str| Role {
        id: id.to_owned(),
        value: value.to_owned(),
        display: display.to_owned(),
    };
    Directory {
        people: people
            .iter()
            .map(|(key, person)| ((*key).to_owned(), person.clone()))
            .collect(),
        groups: groups
            .iter()
            .map(|(key, group)| ((*key).to_owned(), group.clone()))
            .collect(),
        roles: BTreeMap::from([
            (
                "editor".to_owned(),
                role("6f0e5a52-3a0c-4a55-9d6e-0f6d6b7f1a10", "editor", "Editor"),
            ),
            (
                "viewer".to_owned(),
                role("0c1b6f0e-55a3-4a0c-8d6e-7f1a106f0e5a", "viewer", "Viewer"),
            ),
        ]),
    }
}

fn mapping_with_roles(form: RolesForm) -> Mapping {
    let mut mapping = Mapping::default_of(Authority::Entra).clone();
    mapping.users.push(Row {
        from: Expression::Roles(form),
        to: match form {
            RolesForm::Single => r#"roles[primary eq "True"].value"#.to_owned(),
            RolesForm::Complex | RolesForm::Assertive => "roles".to_owned(),
        },
        matching: None,
    });
    mapping
}

fn mapping_without(path: &str) -> Mapping {
    let mut mapping = Mapping::default_of(Authority::Entra).clone();
    mapping.users.retain(|row| row.to != path);
    mapping
}

fn key(key: &str) -> String {
    key.to_owned()
}

fn user(key: &str) -> Subject {
    Subject::User(key.to_owned())
}

fn update(who: &str, value: Value) -> Change {
    Change::Update(key(who), attributes(value))
}
