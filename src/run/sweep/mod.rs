//! Sweeping: finds what killed runs have left at a target, and removes it. What we did not create is never touched.

mod belonging;
mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::exchange::{Exchange, Failure};
use crate::plan::Outgoing;
use crate::profile::{QueryEncoding, encode_segment};
use crate::run::cleanup::clean;
use crate::run::client::Client;
use crate::run::journal_file::{Intent, OldJournal};
use crate::run::ledger::{Address, Ledger};
use crate::run::naming::text_of;
use crate::run::sweep::belonging::{is_of, name_of, run_in};
use crate::run::sweep::pages::{Listing, list};
use crate::target::Target;

/// What to look for beside what journals name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ByName {
    /// What has a name of this run.
    Run(String),
    /// What has a name of any run, and is older than this; a run may be going on elsewhere.
    Any(Duration),
}

/// A resource that a run has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leftover {
    pub(crate) address: Address,
    pub(crate) name: String,
    /// The run's id, as far as it is known.
    pub(crate) run: String,
    /// Which of the journals names it; `None`: its name does.
    pub(crate) journal: Option<usize>,
}

/// Something that a journal or a name points to, and that is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftAlone {
    /// Path below the base URL.
    pub(crate) path: String,
    pub(crate) tenant: Option<String>,
    pub(crate) reason: String,
    pub(crate) journal: Option<usize>,
}

/// What a search came to.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// In the order in which it is to be removed.
    pub(crate) leftovers: Vec<Leftover>,
    pub(crate) left_alone: Vec<LeftAlone>,
}

/// A search under way.
struct Sweep<'a> {
    client: &'a Client,
    target: &'a Target,
    found: Found,
    known: BTreeSet<Address>,
    /// Endpoints where filters are of no use, with all that is there.
    listed: BTreeMap<(Option<String>, String), Listing>,
}

/// Looks for what these journals name, and for more by its name.
pub(crate) async fn find(
    client: &Client,
    target: &Target,
    journals: &[OldJournal],
    by_name: Option<&ByName>,
) -> Found {
    let mut sweep = Sweep {
        client,
        target,
        found: Found::default(),
        known: BTreeSet::new(),
        listed: BTreeMap::new(),
    };
    for (number, journal) in journals.iter().enumerate() {
        sweep.of_journal(number, journal).await;
    }
    if let Some(by_name) = by_name {
        sweep.of_names(journals, by_name).await;
    }
    let mut found = sweep.found;
    // A group goes before its members; otherwise the order is that of the journals, newest first.
    found
        .leftovers
        .sort_by_key(|leftover| !leftover.address.path.starts_with("/Groups/"));
    found
}

/// So many are removed under one limit of time.
const AT_ONCE: usize = 100;

/// Removes what was found. Gives what is still there, and why.
pub(crate) async fn remove(
    client: &Client,
    target: &Target,
    leftovers: &[Leftover],
) -> Vec<(Leftover, String)> {
    let mut left = Vec::new();
    for some in leftovers.chunks(AT_ONCE) {
        let addresses = some.iter().rev().map(|leftover| leftover.address.clone());
        let mut ledger = Ledger::of_created(target.base.path(), addresses);
        let (exchanges, _) = clean(&mut ledger, client, &target.base, None, drop).await;
        let still: BTreeSet<Address> = ledger.left().into_iter().collect();
        let there = some
            .iter()
            .filter(|leftover| still.contains(&leftover.address));
        left.extend(there.map(|leftover| {
            let base = leftover.address.tenant.as_ref();
            let base = base.and_then(|tenant| target.tenants.get(tenant));
            let sent = base.unwrap_or(target).base.target(&leftover.address.path);
            let last = exchanges
                .iter()
                .rev()
                .find(|exchange| exchange.request.target == sent);
            let reason = last.map_or("it was not tried any more".to_owned(), |exchange| {
                came_to("DELETE", exchange)
            });
            (leftover.clone(), reason)
        }));
    }
    left
}

impl Sweep<'_> {
    async fn of_journal(&mut self, number: usize, journal: &OldJournal) {
        let names: BTreeSet<String> = journal
            .intents
            .iter()
            .map(|intent| intent.name.to_lowercase())
            .collect();
        let is_ours =
            |name: &str| is_of(name, &journal.run) || names.contains(&name.to_lowercase());
        for address in &journal.created {
            self.ask(number, journal, address, &is_ours).await;
        }
        for intent in &journal.intents {
            self.search(number, journal, intent).await;
        }
    }

    /// Asks for a resource that was created: whether it is still there, and still ours.
    async fn ask(
        &mut self,
        number: usize,
        journal: &OldJournal,
        address: &Address,
        is_ours: &dyn Fn(&str) -> bool,
    ) {
        if !self.known.insert(address.clone()) {
            return;
        }
        let reason = match self.tenant_fault(address.tenant.as_deref()) {
            Some(fault) => fault,
            None => {
                let exchange = self.get(&address.path, address.tenant.clone()).await;
                let body = exchange.response().and_then(|response| response.json());
                match (exchange.status(), body.and_then(name_of)) {
                    (Some(404 | 410), _) => return,
                    (Some(200), Some(name)) if is_ours(name) => {
                        let run = journal.run.clone();
                        self.leftover(address.clone(), name, run, Some(number));
                        return;
                    }
                    (Some(200), Some(name)) => {
                        format!("its name is now `{name}`: it is not that of the run any more")
                    }
                    (Some(200), None) => "it has no name by which it can be known".to_owned(),
                    _ => came_to("GET", &exchange),
                }
            }
        };
        self.leave(address, reason, Some(number));
    }

    /// Searches for what a create may have made whose answer nobody noted.
    async fn search(&mut self, number: usize, journal: &OldJournal, intent: &Intent) {
        let is_found = |leftover: &Leftover| {
            leftover.address.tenant == intent.tenant
                && leftover.name.eq_ignore_ascii_case(&intent.name)
        };
        if self.found.leftovers.iter().any(is_found) {
            return;
        }
        let asked_for = Address {
            tenant: intent.tenant.clone(),
            path: intent.endpoint.clone(),
        };
        if let Some(fault) = self.tenant_fault(intent.tenant.as_deref()) {
            self.leave(&asked_for, fault, Some(number));
            return;
        }
        let value = Value::from(intent.name.as_str());
        let filter = format!("{} eq {value}", attribute_of(&intent.endpoint));
        let is_wanted = |name: &str| name.eq_ignore_ascii_case(&intent.name);
        let listing = self
            .filtered(&intent.endpoint, &intent.tenant, &filter, &is_wanted)
            .await;
        if let Some(problem) = listing.problem {
            let reason = format!("whether `{}` is there is not known: {problem}", intent.name);
            self.leave(&asked_for, reason, Some(number));
        }
        // An org gives names that anybody may have given; who was there before may be the reason why it was not created.
        let is_own = is_of(&intent.name, &journal.run);
        for resource in listing.resources {
            if !name_of(&resource).is_some_and(is_wanted) {
                continue;
            }
            let (endpoint, tenant) = (&intent.endpoint, &intent.tenant);
            if is_own {
                let run = journal.run.clone();
                self.take(endpoint, tenant, &resource, run, Some(number));
            } else if let Some(address) = address_of(endpoint, tenant, &resource)
                && !self.known.contains(&address)
            {
                let reason = format!(
                    "`{}` was to be created, but it is not noted that it was: it may have been there before",
                    intent.name
                );
                self.leave(&address, reason, Some(number));
            }
        }
    }

    async fn of_names(&mut self, journals: &[OldJournal], by_name: &ByName) {
        let tenants = self
            .target
            .tenants
            .iter()
            .filter(|(_, tenant)| tenant.api.is_scim())
            .map(|(name, _)| Some(name.clone()));
        let tenants: Vec<Option<String>> = [None].into_iter().chain(tenants).collect();
        let mut runs: BTreeSet<String> =
            journals.iter().map(|journal| journal.run.clone()).collect();
        let word = match by_name {
            ByName::Run(run) => {
                runs.insert(run.clone());
                run.chars().take(belonging::OF_RUN).collect()
            }
            ByName::Any(_) => belonging::DOMAIN.to_owned(),
        };
        // Users first: their names tell of runs that nobody has named.
        for tenant in &tenants {
            let filter = format!("userName co {}", Value::from(word.as_str()));
            let of_any = matches!(by_name, ByName::Any(_));
            let runs_now = runs.clone();
            let is_wanted = move |name: &str| {
                runs_now.iter().any(|run| is_of(name, run)) || (of_any && run_in(name).is_some())
            };
            let listing = self.filtered("/Users", tenant, &filter, &is_wanted).await;
            for resource in self.whole("/Users", tenant, listing) {
                let name = name_of(&resource).unwrap_or_default();
                let known = runs.iter().find(|run| is_of(name, run)).cloned();
                let told = || of_any.then(|| run_in(name)).flatten();
                if let Some(run) = known.or_else(told) {
                    runs.insert(run.clone());
                    self.take_if_old("/Users", tenant, &resource, run, by_name);
                }
            }
        }
        for tenant in &tenants {
            let listing = match by_name {
                ByName::Run(run) => {
                    let filter = format!("displayName co {}", Value::from(word.as_str()));
                    self.filtered("/Groups", tenant, &filter, &|name| is_of(name, run))
                        .await
                }
                ByName::Any(_) => list(self.client, "/Groups", tenant, None).await,
            };
            for resource in self.whole("/Groups", tenant, listing) {
                let name = name_of(&resource).unwrap_or_default();
                if let Some(run) = runs.iter().find(|run| is_of(name, run)).cloned() {
                    self.take_if_old("/Groups", tenant, &resource, run, by_name);
                }
            }
        }
    }

    /// What a filter finds; where it is refused or of no use, everything. Whoever asks looks at each name.
    async fn filtered(
        &mut self,
        endpoint: &str,
        tenant: &Option<String>,
        filter: &str,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Listing {
        let key = (tenant.clone(), endpoint.to_owned());
        if let Some(listing) = self.listed.get(&key) {
            return listing.clone();
        }
        let encoded = QueryEncoding::Percent.encode(filter);
        let found = list(self.client, endpoint, tenant, Some(&encoded)).await;
        let is_right = |resource: &Value| name_of(resource).is_some_and(is_wanted);
        // Every target has to know `eq` of a name; that it finds nothing by `co` may have another reason.
        let is_sharp = filter.contains(" eq ") || !found.resources.is_empty();
        if found.problem.is_none() && is_sharp && found.resources.iter().all(is_right) {
            return found;
        }
        let listing = list(self.client, endpoint, tenant, None).await;
        self.listed.insert(key, listing.clone());
        listing
    }

    /// The resources of a listing; what it lacks is said.
    fn whole(&mut self, endpoint: &str, tenant: &Option<String>, listing: Listing) -> Vec<Value> {
        if let Some(problem) = listing.problem {
            let address = Address {
                tenant: tenant.clone(),
                path: endpoint.to_owned(),
            };
            self.leave(&address, format!("not all was looked at: {problem}"), None);
        }
        listing.resources
    }

    fn take_if_old(
        &mut self,
        endpoint: &str,
        tenant: &Option<String>,
        resource: &Value,
        run: String,
        by_name: &ByName,
    ) {
        let ByName::Any(age) = by_name else {
            return self.take(endpoint, tenant, resource, run, None);
        };
        let created = resource
            .get("meta")
            .and_then(|meta| meta.get("created")?.as_str()?.parse::<Timestamp>().ok());
        let seconds = created.map(|created| Timestamp::now().duration_since(created).as_secs());
        let reason = match seconds {
            Some(seconds) if seconds >= age.as_secs() as i64 => {
                return self.take(endpoint, tenant, resource, run, None);
            }
            Some(_) => format!("it is new, and run {run} may still be going on"),
            None => format!("how old it is is not told, and run {run} may still be going on"),
        };
        if let Some(address) = address_of(endpoint, tenant, resource)
            && !self.known.contains(&address)
        {
            let name = name_of(resource).unwrap_or_default();
            self.leave(&address, format!("`{name}`: {reason}"), None);
        }
    }

    fn take(
        &mut self,
        endpoint: &str,
        tenant: &Option<String>,
        resource: &Value,
        run: String,
        journal: Option<usize>,
    ) {
        if let Some(address) = address_of(endpoint, tenant, resource)
            && self.known.insert(address.clone())
        {
            let name = name_of(resource).unwrap_or_default();
            self.leftover(address, name, run, journal);
        }
    }

    fn leftover(&mut self, address: Address, name: &str, run: String, journal: Option<usize>) {
        self.found.leftovers.push(Leftover {
            address,
            name: name.to_owned(),
            run,
            journal,
        });
    }

    fn leave(&mut self, address: &Address, reason: String, journal: Option<usize>) {
        self.found.left_alone.push(LeftAlone {
            path: address.path.clone(),
            tenant: address.tenant.clone(),
            reason,
            journal,
        });
    }

    fn tenant_fault(&self, tenant: Option<&str>) -> Option<String> {
        let name = tenant?;
        let known = self.target.tenants.get(name);
        let is_known = known.is_some_and(|tenant| tenant.api.is_scim());
        (!is_known).then(|| format!("its tenant `{name}` is not in scimulate.toml"))
    }

    async fn get(&self, path: &str, tenant: Option<String>) -> Exchange {
        self.client
            .send(&Outgoing::harness("GET", path.to_owned(), tenant))
            .await
    }
}

fn attribute_of(endpoint: &str) -> &'static str {
    match endpoint {
        "/Users" => "userName",
        _ => "displayName",
    }
}

fn address_of(endpoint: &str, tenant: &Option<String>, resource: &Value) -> Option<Address> {
    let id = text_of(resource.get("id")?)?;
    let is_segment = !matches!(id.trim(), "" | "." | "..");
    is_segment.then(|| Address {
        tenant: tenant.clone(),
        path: format!("{endpoint}/{}", encode_segment(&id)),
    })
}

/// What came of a request that was to succeed.
fn came_to(method: &str, exchange: &Exchange) -> String {
    match &exchange.outcome {
        Ok(response) => format!("{method} answers {}", response.status),
        Err(failure @ Failure::NotSent(_)) => failure.to_string(),
        Err(failure) => format!("{method} gets no answer: {failure}"),
    }
}
