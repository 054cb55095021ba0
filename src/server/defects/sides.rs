//! A server with a defect beside a sound one, for the tests of defects.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::bench::{self, Bench, TOKEN};
use crate::scim::urn;
use crate::server::{Answer, BASE_PATH};

/// A server that a test talks to, by the names of people. No time passes by itself.
pub(super) struct Side(Bench);

impl Side {
    /// Lets time pass.
    pub(super) fn pass(&self, milliseconds: i64) {
        self.0.pass(SignedDuration::from_millis(milliseconds));
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
        let headers = [&[("host", "test.example"), TOKEN], headers].concat();
        let target = format!("{BASE_PATH}{path}?{query}");
        self.0.answer(method, &target, &headers, body)
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
    let told = |defects| story(&Side(Bench::ticking(defects, SignedDuration::ZERO)));
    bench::differs(id, told, right, wrong);
}
