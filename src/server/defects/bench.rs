//! Servers with and without a defect, for the tests of defects.

use std::cell::Cell;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Defect;
use crate::server::{Answer, Request, Rules, Server, Settings, Token};

/// The header that both tenants ask for.
pub(super) const TOKEN: (&str, &str) = ("authorization", "Bearer secret");

/// What came back.
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    /// `null` for none.
    pub(super) body: Value,
}

impl Seen {
    /// The first header of a name; empty for none.
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The member of the body at a JSON pointer; `null` for none.
    pub(super) fn at(&self, pointer: &str) -> Value {
        self.body.pointer(pointer).cloned().unwrap_or_default()
    }

    /// The id of the body; empty for none.
    pub(super) fn id(&self) -> String {
        self.at("/id").as_str().unwrap_or_default().to_owned()
    }
}

/// A server with the tenants `/scim/v2` and `/second/scim/v2`, both for the token `secret`.
pub(super) struct Bench {
    server: Server,
    drawn: Cell<u64>,
    time: Cell<Timestamp>,
    /// How much time passes with each request.
    tick: SignedDuration,
}

impl Bench {
    /// One on which a second passes with each request.
    pub(super) fn new(defects: Vec<&'static Defect>) -> Self {
        Self::ticking(defects, SignedDuration::from_secs(1))
    }

    /// One on which this much time passes with each request.
    pub(super) fn ticking(defects: Vec<&'static Defect>, tick: SignedDuration) -> Self {
        let tokens = vec![Token::new("secret")];
        let settings = Settings {
            tenants: vec![("second".to_owned(), tokens.clone())],
            tokens,
            defects,
            ..Settings::default()
        };
        Self {
            server: Server::new(settings).expect("the core schemas are fine"),
            drawn: Cell::new(0),
            time: Cell::new(Timestamp::from_second(1_767_225_600).expect("in range")),
            tick,
        }
    }

    /// Lets time pass.
    pub(super) fn pass(&self, time: SignedDuration) {
        self.time.set(self.time.get() + time);
    }

    /// What comes back to a method and address below `/scim/v2`, as in `GET /Users`. A body of `null` is none.
    pub(super) fn send(&self, line: &str, body: Value) -> Seen {
        self.send_with(line, body, &[TOKEN])
    }

    /// As [`Bench::send`], in the tenant `second`.
    pub(super) fn send_second(&self, line: &str, body: Value) -> Seen {
        self.exchange("/second/scim/v2", line, body, &[TOKEN])
    }

    /// As [`Bench::send`], with these headers alone.
    pub(super) fn send_with(&self, line: &str, body: Value, headers: &[(&str, &str)]) -> Seen {
        self.exchange("/scim/v2", line, body, headers)
    }

    fn exchange(&self, prefix: &str, line: &str, body: Value, headers: &[(&str, &str)]) -> Seen {
        let (method, path) = line.split_once(' ').expect("a method and an address");
        let answer = self.answer(method, &format!("{prefix}{path}"), headers, &body);
        Seen {
            status: answer.status,
            body: serde_json::from_slice(&answer.body).unwrap_or_default(),
            headers: answer.headers,
        }
    }

    /// The answer itself, to a target as it stands in the request line. A body of `null` is none.
    pub(super) fn answer(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let body = match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        let request = Request {
            method,
            target,
            headers,
            body: &body,
        };
        let now = self.time.get();
        self.pass(self.tick);
        self.server.handle(&request, now, &|| {
            self.drawn.set(self.drawn.get() + 1);
            format!("2819c223-7f76-453a-919d-{:012}", self.drawn.get())
        })
    }

    /// What comes back to a GET.
    pub(super) fn get(&self, path: &str) -> Seen {
        self.send(&format!("GET {path}"), Value::Null)
    }

    /// What comes back to a PATCH with these operations.
    pub(super) fn patch(&self, path: &str, operations: Value) -> Seen {
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
        self.send(
            &format!("PATCH {path}"),
            json!({"schemas": schemas, "Operations": operations}),
        )
    }

    /// What comes back to a new user with these attributes.
    pub(super) fn create(&self, attributes: Value) -> Seen {
        self.send("POST /Users", user(attributes))
    }

    /// The id of a new user of that name.
    pub(super) fn user(&self, name: &str) -> String {
        self.create(json!({"userName": name})).id()
    }

    /// The id of a new group.
    pub(super) fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        let schemas = ["urn:ietf:params:scim:schemas:core:2.0:Group"];
        let body = json!({"schemas": schemas, "displayName": name, "members": members});
        self.send("POST /Groups", body).id()
    }

    /// Puts in a user that no client created.
    pub(super) fn insert_local(&self, name: &str) {
        let tenant = &self.server.tenants[0];
        let mut state = tenant.state.lock().expect("no test panics with it");
        let rules = Rules {
            protected: vec![name.to_owned()],
            ..Rules::default()
        };
        rules.seed(&mut state.store);
    }

    /// How many users a filter finds.
    pub(super) fn found(&self, filter: &str) -> Value {
        let list = self.get(&format!("/Users?filter={}", encoded(filter)));
        list.at("/totalResults")
    }
}

/// A user with these attributes, as a client writes it.
pub(super) fn user(attributes: Value) -> Value {
    let mut user = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"]});
    for (name, value) in attributes.as_object().expect("attributes") {
        user[name] = value.clone();
    }
    user
}

/// A text as it stands in a query.
pub(super) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// A defect, what is looked at, what the sound server shows there, and what one with the defect does.
pub(super) type Case = (&'static str, fn(&Bench) -> Value, Value, Value);

/// Holds that each server shows what it should.
pub(super) fn tell_apart(cases: Vec<Case>) {
    for (id, look, right, wrong) in cases {
        differs(id, |defects| look(&Bench::new(defects)), right, wrong);
    }
}

/// What is seen of a sound server is `right`, and of one with the defect `wrong`.
pub(super) fn differs(
    id: &str,
    seen_with: impl Fn(Vec<&'static Defect>) -> Value,
    right: Value,
    wrong: Value,
) {
    let defect = Defect::named(id).expect("it is reproduced");
    assert_eq!(seen_with(Vec::new()), right, "{id}: the sound server");
    assert_eq!(seen_with(vec![defect]), wrong, "{id}: with the defect");
}
