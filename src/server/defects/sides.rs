//! A server with a defect beside a sound one, for the tests of defects.

use std::cell::Cell;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Defect;
use crate::scim::urn;
use crate::server::{Answer, BASE_PATH, Request, Server, Settings};

/// A server that a test talks to.
pub(super) struct Side {
    server: Server,
    made: Cell<u64>,
    clock: Cell<i64>,
}

impl Side {
    fn new(defects: Vec<&'static Defect>) -> Side {
        let settings = Settings {
            defects,
            ..Settings::default()
        };
        Side {
            server: Server::new(settings).expect("no schemas of its own"),
            made: Cell::new(0),
            clock: Cell::new(1_800_000_000_000),
        }
    }

    /// Lets time pass.
    pub(super) fn pass(&self, milliseconds: i64) {
        self.clock.set(self.clock.get() + milliseconds);
    }

    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = query.replace(' ', "%20").replace('"', "%22");
        let text = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let mut all = vec![("host", "test.example")];
        all.extend_from_slice(headers);
        let fresh = || {
            self.made.set(self.made.get() + 1);
            format!("id-{}", self.made.get())
        };
        self.server.handle(
            &Request {
                method,
                target: &format!("{BASE_PATH}{path}?{query}"),
                headers: &all,
                body: text.as_bytes(),
            },
            Timestamp::UNIX_EPOCH + SignedDuration::from_millis(self.clock.get()),
            &fresh,
        )
    }

    /// A request below the base path: its status and body.
    pub(super) fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.send(method, path, &[], body);
        let body = serde_json::from_slice(&answer.body).unwrap_or_default();
        (answer.status, body)
    }

    pub(super) fn get(&self, path: &str) -> Value {
        self.call("GET", path, &Value::Null).1
    }

    /// A PATCH with these operations; the resource is `/Users/id`.
    pub(super) fn patch(&self, path: &str, operations: Value) -> (u16, Value) {
        let body = json!({"schemas": [urn::PATCH_OP], "Operations": operations});
        self.call("PATCH", path, &body)
    }

    /// Makes a user of these attributes; gives `/Users/id`.
    pub(super) fn user(&self, attributes: Value) -> String {
        let mut body = json!({"schemas": [urn::USER], "userName": "ada"});
        if let (Some(body), Some(attributes)) = (body.as_object_mut(), attributes.as_object()) {
            body.extend(attributes.clone());
        }
        let (status, made) = self.call("POST", "/Users", &body);
        assert_eq!(status, 201, "{made}");
        format!("/Users/{}", made["id"].as_str().expect("an id"))
    }

    /// The id of a user by name, who is made when new.
    pub(super) fn id(&self, name: &str) -> String {
        let found = self.get(&format!("/Users?filter=userName eq \"{name}\""));
        match found["Resources"][0]["id"].as_str() {
            Some(id) => id.to_owned(),
            None => self.user(json!({"userName": name}))[7..].to_owned(),
        }
    }

    /// Makes a group of users by their names; gives `/Groups/id`.
    pub(super) fn group(&self, names: &[&str]) -> String {
        let members: Vec<Value> = names
            .iter()
            .map(|name| json!({"value": self.id(name), "type": "User"}))
            .collect();
        let body = json!({"schemas": [urn::GROUP], "displayName": "Team", "members": members});
        let (status, made) = self.call("POST", "/Groups", &body);
        assert_eq!(status, 201, "{made}");
        format!("/Groups/{}", made["id"].as_str().expect("an id"))
    }

    /// Names of the members of a group, in their order.
    pub(super) fn members(&self, group: &str) -> Value {
        let group = self.get(group);
        let members = group["members"].as_array().cloned().unwrap_or_default();
        let name = |member: &Value| {
            let user = self.get(&format!("/Users/{}", member["value"].as_str()?));
            Some(user["userName"].clone())
        };
        members.iter().filter_map(name).collect()
    }
}

/// A story ends as `right` with a sound server, and as `wrong` with one that has the defect.
pub(super) fn differs(id: &str, story: impl Fn(&Side) -> Value, right: Value, wrong: Value) {
    let defect = Defect::named(id).expect("the server has it");
    assert_eq!(story(&Side::new(Vec::new())), right, "{id}, sound");
    assert_eq!(
        story(&Side::new(vec![defect])),
        wrong,
        "{id}, with the defect"
    );
}
