//! A tenant of Microsoft Entra: users, groups, one application with a provisioning job, and what scripts do by Microsoft
//! Graph (entra.md 3, 8, 9).
//!
//! ```text
//! Ask ─► token, path ─► users, groups, assignments … ─► directory, Change ─► Provisioner
//!                                                Work ─► provisioning log, job
//! ```
//!
//! What Graph knows is kept here; the provisioner's directory is what the provisioning service sees of it. A change reaches
//! the target before the answer, if the job runs and is eager; else with the next start of the job. The calls are those that
//! the gallery's validation template makes, and those that a script for its tests 1 to 14 makes beside them.

mod access;
mod application;
mod assignments;
mod deleted;
mod fault;
mod filter;
mod groups;
mod jobs;
pub(crate) mod log;
mod members;
mod on_demand;
mod property;
mod query;
mod schema;
mod scope;
mod secrets;
mod users;

use jiff::Timestamp;
use serde_json::{Map, Value};

use self::access::Access;
pub(crate) use self::application::Application;
use self::assignments::Assignment;
use self::fault::Fault;
use self::groups::Group;
use self::jobs::Job;
use self::on_demand::OnDemand;
use self::users::User;
use crate::idp::{Change, Directory, Provisioner, Role};
use crate::org::ids::Ids;
use crate::org::listen::LARGEST_BODY;
use crate::org::work::Work;
use crate::org::{Ask, Org, Reply, Said};

/// So many entries of the log are kept; Entra keeps those of 7 or 30 days.
const KEPT: usize = 20_000;

/// A tenant of Entra.
pub(crate) struct Entra {
    ids: Ids,
    access: Access,
    application: Application,
    /// Changes are provisioned at once while the job runs.
    eager: bool,
    job: Option<Job>,
    users: Vec<User>,
    groups: Vec<Group>,
    assignments: Vec<Assignment>,
    /// The provisioning log, oldest first.
    log: Vec<Value>,
    /// What the call at hand causes.
    changes: Vec<Change>,
}

/// Who may call, and what there is from the beginning.
pub(crate) struct Beginning {
    /// The tenant's GUID.
    pub(crate) tenant: String,
    /// The GUID of the registration that calls Graph.
    pub(crate) client: String,
    /// Its secret.
    pub(crate) secret: String,
    /// What tokens are drawn from.
    pub(crate) tokens: Ids,
    /// Changes are provisioned at once while the job runs.
    pub(crate) eager: bool,
    /// The application that provisions.
    pub(crate) application: Application,
}

/// What is answered when provisioning is over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pending {
    at: Timestamp,
    then: Then,
}

#[derive(Debug, Clone, PartialEq)]
enum Then {
    /// This.
    Reply(Reply),
    /// Whether the connection test went well.
    Validated,
    /// What was done on demand.
    OnDemand(OnDemand),
}

/// What comes of a call.
type Answer = Result<Said<Pending>, Fault>;

/// A call of Graph.
#[derive(Clone, Copy)]
struct Call<'a> {
    ask: &'a Ask,
    /// `v1.0` or `beta`.
    version: &'a str,
}

impl Call<'_> {
    fn method(&self) -> &str {
        &self.ask.method
    }

    /// The path behind the version.
    fn path(&self) -> String {
        self.ask.path.get(1..).unwrap_or_default().join("/")
    }

    fn is_beta(&self) -> bool {
        self.version == "beta"
    }

    /// `@odata.context`.
    fn context(&self, what: &str) -> String {
        format!("{}/{}/$metadata#{what}", self.ask.base, self.version)
    }

    /// The body as an object.
    fn body(&self) -> Result<Map<String, Value>, Fault> {
        let is_json = self.ask.header("content-type").is_some_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default();
            kind.trim().eq_ignore_ascii_case("application/json")
        });
        if !is_json {
            return Err(Fault::query(
                "a request with a body must have the header `Content-Type: application/json`",
            ));
        }
        let bytes = self.ask.body.as_deref().unwrap_or_default();
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(body)) => Ok(body),
            Ok(_) => Err(Fault::query("the body must be a JSON object")),
            Err(problem) => Err(Fault::query(format!("the body is no JSON: {problem}"))),
        }
    }

    fn no_method(&self, known: &str) -> Fault {
        Fault::method(self.method(), &self.path(), known)
    }
}

/// The id at the end of a reference, such as `…/directoryObjects/5c0f0a34-…`.
fn referred(body: &Map<String, Value>) -> Result<String, Fault> {
    body.get("@odata.id")
        .and_then(Value::as_str)
        .map(last_segment)
        .ok_or_else(|| {
            Fault::bad("the body needs `@odata.id`, the address of the object that is referred to")
        })
}

fn last_segment(address: &str) -> String {
    let address = address.trim_end_matches('/');
    address
        .rsplit('/')
        .next()
        .unwrap_or(address)
        .to_ascii_lowercase()
}

impl Entra {
    /// A tenant without anybody in it, whose job runs.
    pub(crate) fn new(beginning: Beginning, mut ids: Ids) -> Self {
        let job = Job::new(&beginning.tenant, &mut ids, true);
        Self {
            access: Access::new(
                beginning.tenant,
                beginning.client,
                beginning.secret,
                beginning.tokens,
            ),
            application: beginning.application,
            eager: beginning.eager,
            job: Some(job),
            users: Vec::new(),
            groups: Vec::new(),
            assignments: Vec::new(),
            log: Vec::new(),
            changes: Vec::new(),
            ids,
        }
    }

    /// What the provisioner's directory holds before anybody is created: the roles of the application.
    pub(crate) fn directory() -> Directory {
        Directory {
            roles: application::ROLES
                .into_iter()
                .map(|(id, name)| {
                    let role = Role {
                        id: id.to_owned(),
                        value: name.to_owned(),
                        display: name.to_owned(),
                    };
                    (id.to_owned(), role)
                })
                .collect(),
            ..Directory::default()
        }
    }

    /// The id of the job that there is in the beginning.
    pub(crate) fn job_id(&self) -> Option<&str> {
        self.job.as_ref().map(|job| job.id.as_str())
    }

    fn decided(&mut self, ask: &Ask, provisioner: &mut Provisioner) -> Answer {
        let version = match ask.path.first().map(String::as_str) {
            Some(version @ ("v1.0" | "beta")) => version,
            _ => return Err(Fault::unknown_path(&ask.path.join("/"))),
        };
        self.access.admit(ask)?;
        let call = Call { ask, version };
        // Graph takes its own names in any case; ids are GUIDs in lower case, and names of users have no case.
        let path: Vec<String> = ask.path[1..]
            .iter()
            .map(|segment| segment.to_lowercase())
            .collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["users"] => self.all_users(call, provisioner),
            ["users", id] => self.one_user(call, id, provisioner),
            ["users", id, "manager"] => self.manager(call, id),
            ["users", id, "manager", "$ref"] => self.manager_reference(call, id, provisioner),
            ["groups"] => self.all_groups(call, provisioner),
            ["groups", id] => self.one_group(call, id, provisioner),
            ["groups", id, "members"] => self.members(call, id),
            ["groups", id, "members", "$ref"] => self.member_references(call, id, provisioner),
            ["groups", id, "members", member, "$ref"] => {
                self.member_reference(call, id, member, provisioner)
            }
            ["directory", "deleteditems", rest @ ..] => self.deleted_items(call, rest, provisioner),
            [
                kind @ ("users" | "groups"),
                id,
                "approleassignments",
                rest @ ..,
            ] => {
                let principal = self.principal(kind, id)?;
                self.assigned(call, Some(&principal), rest, provisioner)
            }
            ["serviceprincipals"] => self.service_principals(call),
            [keyed, rest @ ..] if keyed.starts_with("serviceprincipals(") => {
                self.application.is_keyed(keyed)?;
                self.service_principal(call, rest, provisioner)
            }
            ["serviceprincipals", id, rest @ ..] => {
                self.application.is_ours(id)?;
                self.service_principal(call, rest, provisioner)
            }
            ["auditlogs", "provisioning"] => self.provisioning_log(call),
            _ => Err(Fault::unknown_path(&call.path())),
        }
    }

    fn service_principal(
        &mut self,
        call: Call<'_>,
        path: &[&str],
        provisioner: &mut Provisioner,
    ) -> Answer {
        match path {
            [] => self.one_service_principal(call),
            ["approleassignedto", rest @ ..] => self.assigned(call, None, rest, provisioner),
            ["synchronization", rest @ ..] => self.synchronization(call, rest, provisioner),
            _ => Err(Fault::unknown_path(&call.path())),
        }
    }

    fn provisioning_log(&self, call: Call<'_>) -> Answer {
        if call.method() != "GET" {
            return Err(call.no_method("GET"));
        }
        let options = query::Options::read(call.ask, &log::FILTERABLE, &log::OTHERS)?;
        let entries = log::newest_first(&self.log).into_iter().cloned().collect();
        let context = call.context("auditLogs/provisioning");
        let list = options.list(call.ask, &context, entries, None);
        Ok(Said::Reply(Reply::json(200, list)))
    }

    /// The reply, after whatever the call has caused.
    fn after(&mut self, call: Call<'_>, reply: Reply) -> Said<Pending> {
        match self.changes.is_empty() {
            true => Said::Reply(reply),
            false => self.then(call, Then::Reply(reply)),
        }
    }

    /// What is to be answered after whatever the call has caused.
    fn then(&mut self, call: Call<'_>, then: Then) -> Said<Pending> {
        let pending = Pending {
            at: call.ask.at,
            then,
        };
        Said::Provision(std::mem::take(&mut self.changes), pending)
    }

    /// Whether a change is provisioned at once.
    fn provisions(&self) -> bool {
        self.eager && self.job.as_ref().is_some_and(Job::runs)
    }

    /// Writes into the log what the engine did. What needed nothing at all is told only to who has asked for it.
    fn logged(
        &mut self,
        works: &[Work],
        at: Timestamp,
        directory: &Directory,
        on_demand: bool,
    ) -> Vec<Value> {
        let Some(job) = &self.job else {
            return Vec::new();
        };
        let place = self.application.place(self.access.tenant(), &job.id);
        let (cycle, at) = (self.ids.uuid(), at.to_string());
        let all = on_demand && works.iter().all(log::is_quiet);
        let entries: Vec<Value> = works
            .iter()
            .filter(|work| all || !log::is_quiet(work))
            .filter_map(|work| place.entry(&cycle, &mut self.ids, work, directory, &at))
            .collect();
        self.log.extend(entries.iter().cloned());
        let oldest = self.log.len().saturating_sub(KEPT);
        self.log.drain(..oldest);
        entries
    }

    fn refused(&mut self, ask: &Ask, fault: &Fault) -> Reply {
        let mut reply = Reply::json(
            fault.status,
            fault.body(&self.ids.uuid(), &ask.at.to_string()),
        );
        if fault.status == 401 {
            let challenge = format!("Bearer realm=\"\", authorization_uri=\"{}\"", ask.base);
            reply
                .headers
                .push(("www-authenticate".to_owned(), challenge));
        }
        reply
    }
}

impl Org for Entra {
    type Pending = Pending;

    fn asked(&mut self, ask: &Ask, provisioner: &mut Provisioner) -> Said<Pending> {
        let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
        if let [tenant, "oauth2", "v2.0", "token"] = path.as_slice() {
            return Said::Reply(self.access.token(tenant, ask, &mut self.ids));
        }
        let answer = match ask.body {
            None => Err(Fault::query(format!(
                "the body is larger than {LARGEST_BODY} bytes"
            ))),
            Some(_) => self.decided(ask, provisioner),
        };
        match answer {
            Ok(said) => said,
            Err(fault) => {
                // What is refused changes nothing.
                self.changes.clear();
                Said::Reply(self.refused(ask, &fault))
            }
        }
    }

    fn provisioned(
        &mut self,
        _base: &str,
        pending: Pending,
        works: &[Work],
        provisioner: &Provisioner,
    ) -> Reply {
        let on_demand = matches!(pending.then, Then::OnDemand(_));
        let entries = self.logged(works, pending.at, provisioner.directory(), on_demand);
        // A connection test is no cycle, and neither is what the service refuses to do on demand.
        let refused = on_demand && works.iter().all(|work| work.exchanges.is_empty());
        if let Some(job) = &mut self.job
            && pending.then != Then::Validated
            && !refused
        {
            job.ran(works, provisioner.memory(), pending.at, &mut self.ids);
        }
        match pending.then {
            Then::Reply(reply) => reply,
            Then::Validated => secrets::validated(works, &self.ids.uuid(), pending.at),
            Then::OnDemand(on_demand) => match on_demand.reply(&entries, works) {
                Ok(reply) => reply,
                Err(fault) => {
                    Reply::json(400, fault.body(&self.ids.uuid(), &pending.at.to_string()))
                }
            },
        }
    }
}
