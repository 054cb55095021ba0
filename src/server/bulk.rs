//! Several operations in one request (RFC 7644 3.7), with references to resources that the same request creates.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::error::Refusal;
use super::operations::{Conditions, Outcome, Session};
use super::patch_message::check_message;
use super::policy::Policy;
use super::projection::Asked;
use super::store::Place;
use crate::scim::urn;

/// One operation as it was sent, and what came out.
struct Job {
    method: String,
    path: String,
    bulk_id: Option<String>,
    version: Option<String>,
    data: Option<Value>,
    fault: Option<Refusal>,
    result: Option<Value>,
}

/// Members of a group that could not be set yet, because they refer to what comes later.
struct Later {
    group: String,
    members: Vec<Value>,
}

/// Processes a BulkRequest.
pub(crate) fn process(
    session: &mut Session<'_>,
    body: Value,
    most: usize,
) -> Result<Value, Refusal> {
    let Value::Object(body) = body else {
        return Err(Refusal::syntax("the body must be a JSON object"));
    };
    let get = |name: &str| {
        body.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    };
    check_message(session.store, get("schemas"), urn::BULK_REQUEST)?;
    let Some(Value::Array(operations)) = get("Operations") else {
        return Err(Refusal::syntax("`Operations` must be a list"));
    };
    if operations.len() > most {
        let detail = format!(
            "{} operations are more than the maxOperations of {most}",
            operations.len()
        );
        return Err(Refusal::new(413, detail));
    }
    let fail_on_errors = match get("failOnErrors") {
        None | Some(Value::Null) => None,
        Some(value) => match value.as_u64() {
            Some(number) if number > 0 => Some(number),
            _ => {
                return Err(Refusal::value(
                    "`failOnErrors` must be a whole number above 0",
                ));
            }
        },
    };
    let mut bulk = Bulk {
        jobs: read_jobs(operations)?,
        ids: HashMap::new(),
        later: Vec::new(),
        errors: 0,
    };
    bulk.run(session, fail_on_errors);
    let results: Vec<Value> = bulk.jobs.into_iter().filter_map(|job| job.result).collect();
    Ok(json!({"schemas": [urn::BULK_RESPONSE], "Operations": results}))
}

fn read_jobs(operations: &[Value]) -> Result<Vec<Job>, Refusal> {
    let mut seen: Vec<String> = Vec::new();
    let mut jobs = Vec::with_capacity(operations.len());
    for operation in operations {
        let Value::Object(members) = operation else {
            return Err(Refusal::syntax("each operation must be an object"));
        };
        let get = |name: &str| {
            members
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        };
        let text = |name: &str| get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(method) = text("method") else {
            return Err(Refusal::syntax("each operation needs a `method`"));
        };
        let Some(path) = text("path") else {
            return Err(Refusal::syntax("each operation needs a `path`"));
        };
        let mut job = Job {
            method: method.to_ascii_uppercase(),
            path,
            bulk_id: text("bulkId"),
            version: text("version"),
            data: get("data").cloned(),
            fault: None,
            result: None,
        };
        job.fault = job.flaw();
        if let Some(id) = &job.bulk_id {
            if seen.contains(id) {
                return Err(Refusal::value(format!(
                    "the bulkId `{id}` stands at two operations"
                )));
            }
            seen.push(id.clone());
        }
        jobs.push(job);
    }
    Ok(jobs)
}

impl Job {
    fn flaw(&self) -> Option<Refusal> {
        match self.method.as_str() {
            "POST" if self.bulk_id.is_none() => Some(Refusal::syntax("POST needs a `bulkId`")),
            "POST" | "PUT" | "PATCH" if self.data.is_none() => {
                Some(Refusal::syntax(format!("{} needs `data`", self.method)))
            }
            "POST" | "PUT" | "PATCH" | "DELETE" => None,
            other => Some(Refusal::syntax(format!(
                "`method` is POST, PUT, PATCH or DELETE, not `{other}`"
            ))),
        }
    }

    /// The bulkIds that the operation refers to.
    fn references(&self) -> Vec<String> {
        let mut found = Vec::new();
        for part in self.path.split('/') {
            found.extend(part.strip_prefix("bulkId:").map(str::to_owned));
        }
        if let Some(data) = &self.data {
            collect(data, &mut found);
        }
        found
    }
}

struct Bulk {
    jobs: Vec<Job>,
    ids: HashMap<String, String>,
    later: Vec<Later>,
    errors: u64,
}

impl Bulk {
    /// Runs operations in their order; those that refer to later ones wait for them.
    fn run(&mut self, session: &mut Session<'_>, fail_on_errors: Option<u64>) {
        let mut waiting: Vec<usize> = (0..self.jobs.len()).collect();
        while !waiting.is_empty() {
            let mut still = Vec::new();
            for index in waiting.iter().copied() {
                if fail_on_errors.is_some_and(|most| self.errors >= most) {
                    return;
                }
                if self.must_wait(index) {
                    still.push(index);
                } else {
                    self.run_one(session, index);
                }
            }
            if still.len() == waiting.len() {
                // A circle: groups begin without the members that do not exist yet.
                let broken = still.iter().position(|index| self.without_members(*index));
                let index = still.remove(broken.unwrap_or(0));
                if broken.is_none() {
                    self.jobs[index].fault = Some(Refusal::new(
                        409,
                        "the operations refer to each other in a circle that cannot be resolved",
                    ));
                }
                self.run_one(session, index);
            }
            waiting = still;
        }
        self.finish_groups(session);
    }

    /// Whether an operation refers to one that will still create what it needs.
    fn must_wait(&self, index: usize) -> bool {
        let job = &self.jobs[index];
        let comes = |id: &String| {
            self.jobs.iter().any(|other| {
                other.bulk_id.as_ref() == Some(id)
                    && other.method == "POST"
                    && other.result.is_none()
                    && other.fault.is_none()
            })
        };
        job.fault.is_none()
            && job
                .references()
                .iter()
                .any(|id| !self.ids.contains_key(id) && comes(id))
    }

    /// Sets members aside that refer to what does not exist yet; says whether that freed the operation.
    fn without_members(&mut self, index: usize) -> bool {
        let ids = &self.ids;
        let job = &mut self.jobs[index];
        let Some(bulk_id) = job.bulk_id.clone().filter(|_| job.method == "POST") else {
            return false;
        };
        let Some(Value::Array(members)) =
            job.data.as_mut().and_then(|data| data.get_mut("members"))
        else {
            return false;
        };
        let unresolved = |member: &Value| {
            let mut found = Vec::new();
            collect(member, &mut found);
            found.iter().any(|id| !ids.contains_key(id))
        };
        let (aside, kept): (Vec<Value>, Vec<Value>) =
            std::mem::take(members).into_iter().partition(unresolved);
        *members = kept;
        self.later.push(Later {
            group: bulk_id,
            members: aside,
        });
        !self.must_wait(index)
    }

    /// Adds the members that were set aside. What still cannot be found makes the group's operation a conflict.
    fn finish_groups(&mut self, session: &mut Session<'_>) {
        for later in std::mem::take(&mut self.later) {
            let Some(id) = self.ids.get(&later.group).cloned() else {
                continue;
            };
            let mut members = Value::Array(later.members);
            resolve(&mut members, &self.ids);
            let data = json!({"schemas": [urn::PATCH_OP], "Operations": [{"op": "add", "path": "members", "value": members}]});
            let done = match session.store.place(&id) {
                Some(place) => session
                    .patch(place, data, &Asked::Default, Conditions::default())
                    .map(|_| place),
                None => Err(Refusal::not_found("group", &id)),
            };
            let Some(job) = self
                .jobs
                .iter_mut()
                .find(|job| job.bulk_id.as_ref() == Some(&later.group))
            else {
                continue;
            };
            let Some(result) = job.result.as_mut().and_then(Value::as_object_mut) else {
                continue;
            };
            match done {
                Ok(place) => {
                    if let Some(resource) = session.store.get(place) {
                        result.insert("version".to_owned(), json!(resource.etag()));
                    }
                }
                Err(refusal) => {
                    let refusal = Refusal::new(
                        409,
                        format!("members could not be resolved: {}", refusal.detail),
                    );
                    result.insert("status".to_owned(), status_of(session, 409));
                    result.insert("response".to_owned(), refusal.body());
                }
            }
        }
    }

    fn run_one(&mut self, session: &mut Session<'_>, index: usize) {
        let job = &mut self.jobs[index];
        let mut data = job.data.take();
        let mut path = job.path.clone();
        let outcome = match job.fault.take() {
            Some(fault) => Err(fault),
            None => {
                for (id, real) in &self.ids {
                    path = path
                        .split('/')
                        .map(|part| {
                            if part.strip_prefix("bulkId:") == Some(id) {
                                real
                            } else {
                                part
                            }
                        })
                        .collect::<Vec<_>>()
                        .join("/");
                }
                if let Some(data) = &mut data {
                    resolve(data, &self.ids);
                }
                let mut left = Vec::new();
                if let Some(data) = &data {
                    collect(data, &mut left);
                }
                match left.first() {
                    Some(id) => Err(Refusal::value(format!(
                        "no operation has created `bulkId:{id}`"
                    ))),
                    None => execute(session, &job.method, &path, data, job.version.as_deref()),
                }
            }
        };
        let mut result = Map::new();
        result.insert("method".to_owned(), json!(job.method));
        if let Some(id) = &job.bulk_id {
            result.insert("bulkId".to_owned(), json!(id));
        }
        let (status, place) = match &outcome {
            Ok((outcome, _)) => (outcome.status, outcome.place),
            Err(refusal) => (refusal.status, None),
        };
        if let Some(resource) = place.and_then(|place| session.store.get(place)) {
            result.insert("version".to_owned(), json!(resource.etag()));
        }
        let location = match (&outcome, place) {
            (_, Some(place)) => Some(session.store.location(place, session.base)),
            (_, None) if job.method != "POST" => {
                Some(format!("{}/{}", session.base, path.trim_matches('/')))
            }
            _ => None,
        };
        if let Some(location) = location {
            result.insert("location".to_owned(), json!(location));
        }
        result.insert("status".to_owned(), status_of(session, status));
        match outcome {
            Ok((_, Some(id))) => {
                if let Some(bulk_id) = &job.bulk_id {
                    self.ids.insert(bulk_id.clone(), id);
                }
            }
            Ok(_) => {}
            Err(refusal) => {
                self.errors += 1;
                result.insert("response".to_owned(), refusal.body());
            }
        }
        job.result = Some(Value::Object(result));
    }
}

fn status_of(session: &Session<'_>, status: u16) -> Value {
    if session.store.policies.first(Policy::BulkStatus) {
        json!(status.to_string())
    } else {
        json!({"code": status.to_string()})
    }
}

/// Runs one operation; also gives the id of what a POST created.
fn execute(
    session: &mut Session<'_>,
    method: &str,
    path: &str,
    data: Option<Value>,
    version: Option<&str>,
) -> Result<(Outcome, Option<String>), Refusal> {
    let mut parts = path.trim_matches('/').splitn(2, '/');
    let endpoint = format!("/{}", parts.next().unwrap_or_default());
    let id = parts.next();
    let found = session
        .store
        .shelves
        .iter()
        .position(|shelf| shelf.resource_type.endpoint == endpoint);
    let Some(shelf) = found else {
        return Err(Refusal::not_found("path", path));
    };
    let conditions = Conditions {
        if_match: version,
        if_none_match: None,
    };
    let data = data.unwrap_or(Value::Null);
    match (method, id) {
        ("POST", None) => {
            let outcome = session.create(shelf, data, &Asked::Default)?;
            let id = outcome
                .place
                .and_then(|place| session.store.get(place))
                .map(|resource| resource.id.clone());
            Ok((outcome, id))
        }
        ("POST", Some(_)) => Err(Refusal::method("POST", "PUT, PATCH, DELETE")),
        (_, None) => Err(Refusal::method(method, "POST")),
        (_, Some(id)) => {
            let place: Place = session.store.find(shelf, id)?;
            let outcome = match method {
                "PUT" => session.replace(place, data, &Asked::Default, conditions),
                "PATCH" => session.patch(place, data, &Asked::Default, conditions),
                _ => session.delete(place, conditions),
            }?;
            Ok((outcome, None))
        }
    }
}

/// Finds `bulkId:x` in texts, and in texts inside value filters.
fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            if let Some(at) = text.find("bulkId:") {
                let rest = &text[at + "bulkId:".len()..];
                let end = rest.find(['"', ']', '/', ' ']).unwrap_or(rest.len());
                found.push(rest[..end].to_owned());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(members) => members.values().for_each(|member| collect(member, found)),
        _ => {}
    }
}

/// Puts real ids in the place of `bulkId:x`.
fn resolve(value: &mut Value, ids: &HashMap<String, String>) {
    match value {
        Value::String(text) if text.contains("bulkId:") => {
            let mut found = Vec::new();
            collect(&Value::String(text.clone()), &mut found);
            for id in found {
                if let Some(real) = ids.get(&id) {
                    *text = text.replace(&format!("bulkId:{id}"), real);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, ids)),
        Value::Object(members) => members.values_mut().for_each(|member| resolve(member, ids)),
        _ => {}
    }
}
