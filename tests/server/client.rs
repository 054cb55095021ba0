//! A client that calls the server directly.

use std::cell::Cell;

use jiff::{SignedDuration, Timestamp};
use scimulate::server::{Answer, Policies, Request, Server, Settings};
use serde_json::{Value, json};

pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

pub struct Client {
    pub server: Server,
    ids: Cell<u64>,
    seconds: Cell<i64>,
}

impl Client {
    pub fn new(settings: Settings) -> Client {
        let server = Server::new(settings).expect("valid settings");
        Client {
            server,
            ids: Cell::new(0),
            seconds: Cell::new(1_800_000_000),
        }
    }

    pub fn tolerant() -> Client {
        Client::new(Settings::default())
    }

    pub fn strict() -> Client {
        Client::new(Settings {
            policies: Policies::strict(),
            ..Settings::default()
        })
    }

    pub fn with_policy(choice: &str) -> Client {
        let mut policies = Policies::default();
        policies.choose(choice).expect("a policy");
        Client::new(Settings {
            policies,
            ..Settings::default()
        })
    }

    /// Lets virtual time pass.
    pub fn wait(&self, seconds: i64) {
        self.seconds.set(self.seconds.get() + seconds);
    }

    pub fn raw(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(self.seconds.get());
        let fresh = || {
            self.ids.set(self.ids.get() + 1);
            format!("id-{}", self.ids.get())
        };
        let mut all = vec![("host", "test.example")];
        all.extend_from_slice(headers);
        self.server.handle(
            &Request {
                method,
                target,
                headers: &all,
                body,
            },
            now,
            &fresh,
        )
    }

    /// A request below the default tenant; spaces and quotes in the path are encoded.
    pub fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.send(method, path, &[], body);
        (answer.status, parsed(&answer))
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let target = format!("/scim/v2{}", encoded(path));
        let mut all = vec![("content-type", "application/scim+json")];
        all.extend_from_slice(headers);
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        self.raw(method, &target, &all, &body)
    }

    pub fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, &Value::Null);
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    pub fn create(&self, path: &str, body: &Value) -> String {
        let (status, created) = self.call("POST", path, body);
        assert_eq!(status, 201, "POST {path}: {created}");
        created["id"].as_str().expect("an id").to_owned()
    }

    /// A user with a name and whatever else.
    pub fn user(&self, name: &str, more: Value) -> String {
        let schemas = if more.get(ENTERPRISE).is_some() {
            vec![USER, ENTERPRISE]
        } else {
            vec![USER]
        };
        let mut body = json!({"schemas": schemas, "userName": name});
        body.as_object_mut()
            .expect("an object")
            .extend(more.as_object().cloned().unwrap_or_default());
        self.create("/Users", &body)
    }

    pub fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        self.create(
            "/Groups",
            &json!({"schemas": [GROUP], "displayName": name, "members": members}),
        )
    }

    pub fn patch(&self, path: &str, operations: &Value) -> (u16, Value) {
        self.call(
            "PATCH",
            path,
            &json!({"schemas": [PATCH], "Operations": operations}),
        )
    }

    /// Names of the resources that a filter finds, sorted.
    pub fn found(&self, endpoint: &str, filter: &str) -> Result<Vec<String>, String> {
        let (status, body) = self.call("GET", &format!("{endpoint}?filter={filter}"), &Value::Null);
        if status != 200 {
            return Err(format!(
                "{status} {}",
                body["scimType"].as_str().unwrap_or_default()
            ));
        }
        let mut names: Vec<String> = body["Resources"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|item| {
                item["userName"]
                    .as_str()
                    .or(item["displayName"].as_str())
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect();
        names.sort();
        Ok(names)
    }
}

pub fn parsed(answer: &Answer) -> Value {
    if answer.body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&answer.body).expect("a JSON body")
    }
}

fn encoded(path: &str) -> String {
    path.replace('%', "%25")
        .replace(' ', "%20")
        .replace('"', "%22")
        .replace('+', "%2B")
        .replace('\\', "%5C")
        .replace('#', "%23")
}
