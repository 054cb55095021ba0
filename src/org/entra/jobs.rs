//! Jobs: the provisioning job of the application, what it can be told, and what it tells of itself.
//!
//! Time is virtual: a cycle runs when the job is started, and no interval is waited for. What Graph says of a job that this
//! emulation has nothing to say about (`nextAttempt` of a quarantine, `progress`) is left out or empty.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::fault::Fault;
use super::on_demand::OnDemand;
use super::{Answer, Call, Entra, Then, log, schema};
use crate::idp::{Change, Memory, Provisioner, Subject};
use crate::org::ids::Ids;
use crate::org::work::Work;
use crate::org::{Reply, Said};

/// The template of non-gallery applications.
const TEMPLATE: &str = "scim";
/// What a restart can reset, as Graph documents it.
const SCOPES: [&str; 7] = [
    "None",
    "ConnectorDataStore",
    "Escrows",
    "Watermark",
    "QuarantineState",
    "Full",
    "ForceDeletes",
];

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Job {
    pub(super) id: String,
    state: State,
    last: Option<Execution>,
    succeeded: Option<Execution>,
    exported: Option<Execution>,
    /// When everything was in order for the first time.
    steady: Option<Timestamp>,
    /// When it came into quarantine.
    quarantined: Option<Timestamp>,
    /// Runs in a row that failed as a whole.
    failures: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    NotRun,
    Active,
    Paused,
}

/// One run.
#[derive(Debug, Clone, PartialEq)]
struct Execution {
    id: String,
    state: &'static str,
    began: Timestamp,
    ended: Timestamp,
    /// Objects that were written to the target.
    exported: usize,
    /// Objects that could not be provisioned.
    escrowed: usize,
    error: Option<String>,
}

impl Job {
    /// A new job.
    pub(super) fn new(tenant: &str, ids: &mut Ids, runs: bool) -> Self {
        Self {
            id: log::job_id(tenant, ids),
            state: if runs { State::Active } else { State::NotRun },
            last: None,
            succeeded: None,
            exported: None,
            steady: None,
            quarantined: None,
            failures: 0,
        }
    }

    /// Whether it has been started and not been paused.
    pub(super) fn runs(&self) -> bool {
        self.state == State::Active
    }

    /// It has run.
    pub(super) fn ran(&mut self, works: &[Work], memory: &Memory, began: Timestamp, ids: &mut Ids) {
        let failed = works.iter().filter(|work| work.did.is_err());
        let wrote = |work: &&Work| {
            let mut requests = work.exchanges.iter().map(|exchange| &exchange.request);
            work.did.is_ok() && requests.any(|request| request.method != "GET")
        };
        let sent = works.iter().flat_map(|work| &work.exchanges);
        let elapsed: std::time::Duration = sent.map(|exchange| exchange.elapsed).sum();
        let ended = SignedDuration::try_from(elapsed)
            .ok()
            .and_then(|elapsed| began.checked_add(elapsed).ok());
        let execution = Execution {
            id: ids.uuid(),
            state: match (&memory.quarantine, failed.clone().count()) {
                (Some(_), _) => "Failed",
                (None, 0) => "Succeeded",
                (None, _) => "EntryLevelErrors",
            },
            began,
            ended: ended.unwrap_or(began),
            exported: works.iter().filter(wrote).count(),
            escrowed: failed.count(),
            error: memory
                .quarantine
                .as_ref()
                .map(|quarantine| quarantine.message.clone()),
        };
        match &memory.quarantine {
            Some(_) => {
                self.failures += 1;
                self.quarantined.get_or_insert(began);
            }
            None => {
                self.failures = 0;
                self.quarantined = None;
            }
        }
        if execution.state == "Succeeded" {
            self.steady.get_or_insert(execution.ended);
            self.succeeded = Some(execution.clone());
            if execution.exported > 0 {
                self.exported = Some(execution.clone());
            }
        }
        self.last = Some(execution);
    }

    fn shown(&self, memory: &Memory) -> Value {
        let code = match (&memory.quarantine, self.state) {
            (Some(_), State::Active) => "Quarantine",
            (_, State::NotRun) => "NotRun",
            (_, State::Active) => "Active",
            (_, State::Paused) => "Paused",
        };
        let run = |run: &Option<Execution>| run.as_ref().map(Execution::shown);
        let last = self.succeeded.as_ref().map(|run| run.ended.to_string());
        json!({
            "id": self.id,
            "templateId": TEMPLATE,
            "schedule": {
                "expiration": null,
                "interval": "PT40M",
                "state": if self.runs() { "Active" } else { "Disabled" },
            },
            "status": {
                "code": code,
                "countSuccessiveCompleteFailures": self.failures,
                "escrowsPruned": false,
                "lastExecution": run(&self.last),
                "lastSuccessfulExecution": run(&self.succeeded),
                "lastSuccessfulExecutionWithExports": run(&self.exported),
                "progress": [],
                "quarantine": self.quarantine(memory),
                "steadyStateFirstAchievedTime": self.steady.map(|at| at.to_string()),
                "steadyStateLastAchievedTime": last,
                "synchronizedEntryCountByType": [
                    { "key": schema::USERS, "value": memory.users().count() },
                    { "key": schema::GROUPS, "value": memory.groups().count() },
                ],
                "troubleshootingUrl": null,
            },
            "synchronizationJobSettings": [],
        })
    }

    /// The reason is Graph's word [doc]; the error's code is the name that the engine gives to the answer, or the reason.
    fn quarantine(&self, memory: &Memory) -> Value {
        let Some(quarantine) = &memory.quarantine else {
            return Value::Null;
        };
        let code = quarantine
            .message
            .split_once(':')
            .map(|(code, _)| code)
            .filter(|code| code.chars().all(|letter| letter.is_ascii_alphanumeric()));
        let began = self.quarantined.map(|began| began.to_string());
        json!({
            "reason": quarantine.reason,
            "currentBegan": began,
            "seriesBegan": began,
            "seriesCount": self.failures,
            "error": {
                "code": code.unwrap_or(&quarantine.reason),
                "message": quarantine.message,
                "tenantActionable": true,
            },
        })
    }
}

impl Execution {
    fn shown(&self) -> Value {
        json!({
            "activityIdentifier": self.id,
            "countEntitled": self.exported,
            "countEscrowed": self.escrowed,
            "countExported": self.exported,
            "error": self.error.as_ref().map(|message| json!({ "message": message })),
            "state": self.state,
            "timeBegan": self.began.to_string(),
            "timeEnded": self.ended.to_string(),
        })
    }
}

impl Entra {
    /// `…/synchronization…`.
    pub(super) fn synchronization(
        &mut self,
        call: Call<'_>,
        path: &[&str],
        provisioner: &mut Provisioner,
    ) -> Answer {
        match path {
            ["jobs"] => self.all_jobs(call, provisioner),
            ["jobs", "validatecredentials"] => self.validate(call, provisioner),
            ["jobs", id, rest @ ..] => {
                self.job(id)?;
                self.one_job(call, rest, provisioner)
            }
            ["secrets"] => self.secrets(call, provisioner),
            ["connectivityparameters"] => self.connectivity_parameters(call),
            _ => Err(Fault::unknown_path(&call.path())),
        }
    }

    fn job(&mut self, id: &str) -> Result<&mut Job, Fault> {
        self.job
            .as_mut()
            .filter(|job| job.id == id)
            .ok_or_else(|| Fault::no_such("synchronization job", id))
    }

    fn all_jobs(&mut self, call: Call<'_>, provisioner: &mut Provisioner) -> Answer {
        match call.method() {
            "GET" => {
                let jobs = self.job.iter().map(|job| job.shown(provisioner.memory()));
                let body = json!({
                    "@odata.context": call.context("synchronization/jobs"),
                    "value": jobs.collect::<Vec<_>>(),
                });
                Ok(Said::Reply(Reply::json(200, body)))
            }
            "POST" => {
                let body = call.body()?;
                match body.get("templateId").and_then(Value::as_str) {
                    Some(template) if template.eq_ignore_ascii_case(TEMPLATE) => {}
                    Some(other) => {
                        return Err(Fault::no_such("synchronization template", other));
                    }
                    None => {
                        return Err(Fault::query(format!(
                            "a job needs a `templateId`; it is `{TEMPLATE}` here"
                        )));
                    }
                }
                if let Some(job) = &self.job {
                    return Err(Fault {
                        status: 409,
                        code: "Conflict",
                        ..Fault::bad(format!(
                            "the application has the job `{}`; delete it first",
                            job.id
                        ))
                    });
                }
                let job = Job::new(self.access.tenant(), &mut self.ids, false);
                let shown = job.shown(provisioner.memory());
                self.job = Some(job);
                Ok(Said::Reply(Reply::json(201, shown)))
            }
            _ => Err(call.no_method("GET, POST")),
        }
    }

    /// The job is there.
    fn one_job(&mut self, call: Call<'_>, path: &[&str], provisioner: &mut Provisioner) -> Answer {
        let wanted = match path {
            [] => "GET or DELETE",
            ["schema"] => "GET",
            _ => "POST",
        };
        if !wanted.split(" or ").any(|method| method == call.method()) {
            return Err(call.no_method(wanted));
        }
        match path {
            [] if call.method() == "DELETE" => {
                self.job = None;
                provisioner.memory_mut().restart();
                Ok(Said::Reply(Reply::empty(204)))
            }
            [] => {
                let job = self.job.as_ref();
                let shown = job.map(|job| job.shown(provisioner.memory()));
                Ok(Said::Reply(Reply::json(200, shown.unwrap_or_default())))
            }
            ["schema"] => {
                let shown = schema::shown(provisioner.mapping(), self.job_id().unwrap_or_default());
                Ok(Said::Reply(Reply::json(200, shown)))
            }
            ["start"] => {
                self.set(State::Active);
                // Starting a job takes it out of quarantine [doc].
                provisioner.memory_mut().quarantine = None;
                self.changes.push(Change::IncrementalCycle);
                Ok(self.after(call, Reply::empty(204)))
            }
            ["pause"] => {
                self.set(State::Paused);
                Ok(Said::Reply(Reply::empty(204)))
            }
            ["restart"] => self.restart(call, provisioner),
            ["validatecredentials"] => self.validate(call, provisioner),
            ["provisionondemand"] => {
                let rule = schema::rule(self.job_id().unwrap_or_default());
                let on_demand = OnDemand::read(&call.body()?, &rule)?;
                let known = match &on_demand.subject {
                    Subject::User(id) => self.user_place(id).map(|_| ()),
                    Subject::Group(id) => self.group_place(id).map(|_| ()),
                };
                known?;
                self.changes
                    .push(Change::OnDemand(on_demand.subject.clone()));
                Ok(self.then(call, Then::OnDemand(on_demand)))
            }
            _ => Err(Fault::unknown_path(&call.path())),
        }
    }

    fn set(&mut self, state: State) {
        if let Some(job) = &mut self.job {
            job.state = state;
        }
    }

    fn restart(&mut self, call: Call<'_>, provisioner: &mut Provisioner) -> Answer {
        let is_empty = call.ask.body.as_deref().unwrap_or_default().is_empty();
        let body = if is_empty {
            serde_json::Map::new()
        } else {
            call.body()?
        };
        let scope = body
            .get("criteria")
            .and_then(|criteria| criteria.get("resetScope"))
            .map_or(Some("Full"), Value::as_str)
            .ok_or_else(|| Fault::query("`resetScope` must be a text"))?;
        let words: Vec<&str> = scope.split(',').map(str::trim).collect();
        if let Some(unknown) = words
            .iter()
            .find(|word| !SCOPES.iter().any(|known| known.eq_ignore_ascii_case(word)))
        {
            return Err(Fault::query(format!(
                "`resetScope` cannot be `{unknown}`; it can be {}",
                SCOPES.join(", ")
            )));
        }
        let resets = |names: &[&str]| {
            words
                .iter()
                .any(|word| names.iter().any(|name| name.eq_ignore_ascii_case(word)))
        };
        self.set(State::Active);
        let memory = provisioner.memory_mut();
        if resets(&["QuarantineState"]) {
            memory.quarantine = None;
        }
        if resets(&["Escrows"]) {
            let waiting: Vec<Subject> = memory.in_escrow().collect();
            for subject in waiting {
                memory.set_escrow(&subject, None);
            }
        }
        if resets(&["Full", "ConnectorDataStore", "Watermark"]) {
            self.changes.push(Change::InitialCycle);
        } else {
            self.changes.push(Change::IncrementalCycle);
        }
        Ok(self.after(call, Reply::empty(204)))
    }
}
