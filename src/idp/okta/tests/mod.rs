//! Okta's requests, byte for byte, from plain values.

mod answers;
mod groups;
mod users;

use std::time::Duration;

use serde_json::{Value, json};

use crate::exchange::{Api, Body, Exchange, Failure, Request, Response, Sender};
use crate::idp::{
    Call, Change, Did, Directory, Group, Memory, Person, Provisioner, Role, Subject, Switches,
    Ticket,
};
use crate::profile::ProfileId;

const ADA: &str = "2f0c9d7e-1111-4c1b-8a55-0d7f8c9e0001";
const BOB: &str = "2f0c9d7e-1111-4c1b-8a55-0d7f8c9e0002";
const FINANCE: &str = "7c1d0f6e-52a4-4a7e-9b0e-3f5b8f1f2a10";

fn person(attributes: Value) -> Person {
    Person {
        attributes: attributes.as_object().cloned().unwrap(),
        ..Person::default()
    }
}

/// The people of the reference's samples.
fn directory() -> Directory {
    let mut directory = Directory::default();
    directory.people.insert(
        "ada".into(),
        person(json!({
            "userName": "ada.lovell@example.test",
            "externalId": "00u1sampleuserid0001",
            "name": {"givenName": "Ada", "familyName": "Lovell"},
            "displayName": "Ada Lovell",
            "email": "ada.lovell@example.test",
            "locale": "en-US",
        })),
    );
    directory.people.insert(
        "bob".into(),
        person(json!({
            "userName": "bob.stone@example.test",
            "externalId": "00u1sampleuserid0002",
            "name": {"givenName": "Bob", "familyName": "Stone"},
            "displayName": "Bob Stone",
            "email": "bob.stone@example.test",
            "locale": "en-US",
        })),
    );
    directory.groups.insert(
        "finance".into(),
        Group {
            attributes: json!({"displayName": "Finance Staff"})
                .as_object()
                .cloned()
                .unwrap(),
            members: ["ada".to_owned()].into(),
            pushed: false,
        },
    );
    directory.roles.insert(
        "approver".into(),
        Role {
            id: "r7".into(),
            value: "role-7".into(),
            display: "Approver".into(),
        },
    );
    directory
}

/// A provider with whatever answers to it.
struct Desk {
    provisioner: Provisioner,
    lines: Vec<String>,
    bodies: Vec<String>,
    calls: Vec<Call>,
}

type Answer<'a> = &'a mut dyn FnMut(&Call) -> Exchange;

impl Desk {
    fn new(client: ProfileId, directory: Directory, switches: &[(&str, &str)]) -> Self {
        Self::remembering(client, directory, switches, Memory::default())
    }

    fn remembering(
        client: ProfileId,
        directory: Directory,
        switches: &[(&str, &str)],
        memory: Memory,
    ) -> Self {
        let mut set = Switches::default();
        for (name, value) in switches {
            set.set(name, value).unwrap();
        }
        Self {
            provisioner: Provisioner::new(client, directory, None, set, memory).unwrap(),
            lines: Vec::new(),
            bodies: Vec::new(),
            calls: Vec::new(),
        }
    }

    fn cause(&mut self, change: &Change, answer: Answer<'_>) -> Vec<Result<Did, String>> {
        self.provisioner.cause(change).unwrap();
        self.drain(answer)
    }

    fn catch_up(&mut self, answer: Answer<'_>) -> Vec<Result<Did, String>> {
        self.provisioner.catch_up();
        self.drain(answer)
    }

    fn drain(&mut self, answer: Answer<'_>) -> Vec<Result<Did, String>> {
        self.lines.clear();
        self.bodies.clear();
        self.calls.clear();
        while let Some((ticket, call)) = self.provisioner.begin() {
            self.walk(ticket, call, answer);
        }
        assert!(self.provisioner.is_idle());
        let outcomes = self.provisioner.take_outcomes();
        outcomes.into_iter().map(|outcome| outcome.did).collect()
    }

    fn walk(&mut self, ticket: Ticket, first: Call, answer: Answer<'_>) {
        let mut next = Some(first);
        while let Some(call) = next {
            let query: Vec<String> = call
                .query
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let mark = if query.is_empty() { "" } else { "?" };
            self.lines.push(format!(
                "{} /{}{mark}{}",
                call.method,
                call.path.join("/"),
                query.join("&")
            ));
            self.bodies
                .push(call.payload.as_ref().map_or_else(String::new, |payload| {
                    String::from_utf8(payload.bytes()).unwrap()
                }));
            let exchange = answer(&call);
            self.calls.push(call);
            next = self.provisioner.answered(ticket, &exchange);
        }
    }

    fn written(&self) -> Vec<&str> {
        self.bodies
            .iter()
            .map(String::as_str)
            .filter(|body| !body.is_empty())
            .collect()
    }
}

fn exchange(outcome: Result<Response, Failure>) -> Exchange {
    Exchange {
        sender: Sender::Client("okta-oin".to_owned()),
        request: Request {
            api: Api::Scim,
            method: "GET".to_owned(),
            origin: "https://scim.example.test:443".to_owned(),
            target: "/scim/v2".to_owned(),
            headers: Vec::new(),
            body: Body::default(),
        },
        outcome,
        started: "2026-11-21T10:00:00Z".to_owned(),
        elapsed: Duration::from_millis(1),
    }
}

fn answered(status: u16, body: Value) -> Exchange {
    let body = Body::new(if body.is_null() {
        String::new()
    } else {
        body.to_string()
    });
    exchange(Ok(Response::new(status, Vec::new(), body, None)))
}

fn throttled(retry_after: Option<&str>) -> Exchange {
    let headers = retry_after
        .map(|value| ("Retry-After".to_owned(), value.to_owned()))
        .into_iter()
        .collect();
    let body = Body::new(r#"{"detail":"slow down"}"#);
    exchange(Ok(Response::new(429, headers, body, None)))
}

fn list(total: usize, resources: &[Value]) -> Exchange {
    answered(
        200,
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": total,
            "startIndex": 1,
            "itemsPerPage": resources.len(),
            "Resources": resources,
        }),
    )
}

fn refused(status: u16, detail: &str) -> Exchange {
    answered(
        status,
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": status.to_string(),
            "detail": detail,
        }),
    )
}

/// okta.md 3.2: what the sample's server returned.
fn stored() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": ADA,
        "userName": "ada.lovell@example.test",
        "name": {"formatted": "Ada Lovell", "givenName": "Ada", "familyName": "Lovell"},
        "emails": [{"primary": true, "value": "ada.lovell@example.test", "type": "work"}],
        "active": true,
        "meta": {"resourceType": "User", "created": "2026-01-05T09:00:00Z", "lastModified": "2026-01-05T09:00:00Z"},
    })
}

/// An empty target that stores nothing and gives the reference's ids.
fn accepting(call: &Call) -> Exchange {
    let id = match call.subject.as_ref().map(Subject::key) {
        Some("bob") => BOB,
        Some("finance") => FINANCE,
        _ => ADA,
    };
    match call.method {
        "GET" if !call.query.is_empty() => list(0, &[]),
        "GET" if call.path[0] == "Users" => {
            let mut stored = stored();
            stored["id"] = id.into();
            answered(200, stored)
        }
        "GET" => answered(200, json!({"id": id, "displayName": "Finance Staff"})),
        "POST" => answered(201, json!({"id": id})),
        "DELETE" => answered(204, Value::Null),
        _ => answered(200, json!({"id": id})),
    }
}

fn assigned(client: ProfileId, switches: &[(&str, &str)]) -> Desk {
    let mut desk = Desk::new(client, directory(), switches);
    for key in ["ada", "bob"] {
        desk.cause(&Change::Assign(key.into()), &mut accepting);
    }
    desk
}

fn update(name: &str, value: Value) -> Change {
    let values = json!({name: value}).as_object().cloned().unwrap();
    Change::Update("ada".into(), values)
}
