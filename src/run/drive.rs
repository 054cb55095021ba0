//! Drives a provider: takes its calls, several at once, sends them, gives it the answers, and keeps on disk what it must not
//! forget.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::exchange::{Api, Body, Exchange, Failure, Request, Sender};
use crate::idp::{Call, Outcome, Provisioner, Ticket};
use crate::plan::Outgoing;
use crate::plan::request::from_call;
use crate::run::client::Client;
use crate::run::created::Created;
use crate::run::dry::Assumed;
use crate::run::state_file::StateFile;

/// Longest time that is really waited because a target asks for it; all longer waits of a provider are virtual.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// So many requests in a row without any answer end it: the target is gone, and thousands of jobs would find out one by
/// one.
const SILENCE: u32 = 20;

/// Where calls go, and how many.
pub(crate) struct Route {
    /// Sends them.
    pub(crate) client: Arc<Client>,
    /// To which tenant of the target.
    pub(crate) tenant: Option<String>,
    /// How many at once.
    pub(crate) jobs: usize,
    /// Most requests.
    pub(crate) at_most: Option<u64>,
    /// Reads are sent; writes are only told, and taken for done.
    pub(crate) dry: bool,
}

/// What is kept on disk on the way.
#[derive(Default)]
pub(crate) struct Kept<'a> {
    /// What the provider remembers.
    pub(crate) state: Option<&'a mut StateFile>,
    /// What was created, to be removed in the end.
    pub(crate) created: Option<&'a mut Created>,
}

/// What happens on the way.
pub(crate) enum Told<'a> {
    /// A request came back, or did not.
    Answered(Ticket, &'a Exchange),
    /// In a dry run: a request.
    Dry {
        /// What it is for.
        title: String,
        /// As it is written.
        outgoing: Box<Outgoing>,
        /// It only reads what is really there, so it is sent.
        is_sent: bool,
    },
    /// A piece of work of this provisioner is over.
    Outcome(Outcome, &'a Provisioner),
    /// The target asks for a pause, and gets it.
    Waiting(Duration),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Everything was tried.
    Finished,
    /// A signal ended it; what was under way was finished and saved.
    Interrupted,
    /// As many requests were sent as were allowed.
    OutOfRequests,
    /// The target cannot be reached, or no longer.
    Untestable {
        /// Why.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
}

/// What came of it as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finished {
    /// How it ended.
    pub(crate) ending: Ending,
    /// Requests of the provider that were sent.
    pub(crate) requests: u64,
    /// From the first of them to the last answer.
    pub(crate) elapsed: Duration,
}

/// Does all work that waits in the provisioner.
///
/// # Errors
/// The state cannot be written; what is on disk is then still right.
pub(crate) async fn drive(
    route: &Route,
    provisioner: &mut Provisioner,
    kept: Kept<'_>,
    cancel: &CancellationToken,
    tell: impl FnMut(Told<'_>),
) -> io::Result<Finished> {
    let drive = Drive {
        assumed: route.dry.then(Assumed::default),
        route,
        provisioner,
        kept,
        cancel,
        tell,
        under_way: JoinSet::new(),
        requests: 0,
        silent: 0,
        ending: Ending::Finished,
    };
    drive.ended().await
}

struct Drive<'a, T> {
    route: &'a Route,
    provisioner: &'a mut Provisioner,
    kept: Kept<'a>,
    cancel: &'a CancellationToken,
    tell: T,
    under_way: JoinSet<(Ticket, Outgoing, Option<Exchange>)>,
    assumed: Option<Assumed>,
    requests: u64,
    /// Requests in a row without an answer.
    silent: u32,
    ending: Ending,
}

impl<T: FnMut(Told<'_>)> Drive<'_, T> {
    async fn ended(mut self) -> io::Result<Finished> {
        let clock = Instant::now();
        loop {
            while self.under_way.len() < self.route.jobs.max(1) && self.goes_on() {
                let Some((ticket, call)) = self.provisioner.begin() else {
                    break;
                };
                self.take(ticket, call, None)?;
            }
            let Some(joined) = self.under_way.join_next().await else {
                break;
            };
            // A task only sends, and nothing in there panics; if it did, its answer is lost like on a broken connection.
            if let Ok((ticket, outgoing, Some(exchange))) = joined {
                self.heard(ticket, &exchange);
                if let Some(created) = &mut self.kept.created {
                    created.after(&outgoing, &exchange);
                }
                self.answered(ticket, exchange)?;
            }
        }
        self.told()?;
        if let Some(state) = &mut self.kept.state {
            state.compact(self.provisioner.memory_mut())?;
        }
        Ok(Finished {
            ending: self.ending,
            requests: self.requests,
            elapsed: clock.elapsed(),
        })
    }

    /// Whether another request may be sent.
    fn goes_on(&mut self) -> bool {
        if self.ending != Ending::Finished {
            return false;
        }
        if self.cancel.is_cancelled() {
            self.ending = Ending::Interrupted;
        } else if self.route.at_most == Some(self.requests) && !self.provisioner.is_idle() {
            self.ending = Ending::OutOfRequests;
        }
        self.ending == Ending::Finished
    }

    /// An answer, and all that follows from it without another one.
    fn answered(&mut self, ticket: Ticket, exchange: Exchange) -> io::Result<()> {
        let next = self.provisioner.answered(ticket, &exchange);
        self.told()?;
        match next {
            Some(call) if self.goes_on() => self.take(ticket, call, Some(&exchange)),
            _ => Ok(()),
        }
    }

    /// Sends a call, or answers it by assumption.
    fn take(&mut self, ticket: Ticket, call: Call, before: Option<&Exchange>) -> io::Result<()> {
        let mut next = Some((call, before.and_then(wait_asked_for)));
        while let Some((call, asked)) = next.take() {
            let written = from_call(&call, self.route.tenant.as_deref());
            let outgoing = match written.map_err(|problem| problem.to_string()) {
                Ok(outgoing) => outgoing,
                Err(problem) => {
                    next = self.followed(ticket, &unsent(&call, problem))?;
                    continue;
                }
            };
            let assumed = self
                .assumed
                .as_mut()
                .map(|assumed| assumed.answer(&outgoing));
            if let Some(answer) = &assumed {
                (self.tell)(Told::Dry {
                    title: call.title.clone(),
                    outgoing: Box::new(outgoing.clone()),
                    is_sent: answer.is_none(),
                });
            }
            if let Some(exchange) = assumed.flatten() {
                next = self.followed(ticket, &exchange)?;
                continue;
            }
            let refusal = self
                .kept
                .created
                .as_mut()
                .and_then(|created| created.before(&outgoing).err());
            if let Some(problem) = refusal {
                let problem = format!(
                    "the journal cannot be written, and nothing is created without it: {problem}"
                );
                next = self.followed(ticket, &unsent(&call, problem))?;
                continue;
            }
            // What the provider waits is virtual, but who asks for a pause shall have one.
            let wait = asked.map_or(Duration::ZERO, |asked| asked.min(LONGEST_WAIT));
            if !wait.is_zero() {
                (self.tell)(Told::Waiting(wait));
            }
            self.requests += 1;
            let client = Arc::clone(&self.route.client);
            let cancel = self.cancel.clone();
            self.under_way.spawn(async move {
                if !wait.is_zero() {
                    tokio::select! {
                        () = sleep(wait) => {}
                        () = cancel.cancelled() => return (ticket, outgoing, None),
                    }
                }
                let exchange = client.send(&outgoing).await;
                (ticket, outgoing, Some(exchange))
            });
        }
        Ok(())
    }

    /// What follows from an answer that was not waited for.
    fn followed(
        &mut self,
        ticket: Ticket,
        exchange: &Exchange,
    ) -> io::Result<Option<(Call, Option<Duration>)>> {
        let next = self.provisioner.answered(ticket, exchange);
        self.told()?;
        Ok(next.filter(|_| self.goes_on()).map(|call| (call, None)))
    }

    /// Saves what was learnt before anything else is sent because of it, and tells what is over.
    fn told(&mut self) -> io::Result<()> {
        if let Some(state) = &mut self.kept.state {
            state.append(self.provisioner.memory_mut())?;
        }
        for outcome in self.provisioner.take_outcomes() {
            (self.tell)(Told::Outcome(outcome, &*self.provisioner));
        }
        Ok(())
    }

    fn heard(&mut self, ticket: Ticket, exchange: &Exchange) {
        (self.tell)(Told::Answered(ticket, exchange));
        // Nobody asks how it was let in, and it may take days.
        drop(self.route.client.take_aside());
        if let (Some(fault), Ending::Finished) = (self.route.client.token_fault(), &self.ending) {
            self.ending = Ending::Untestable {
                message: format!("the access token has ended, and there is no new one: {fault}"),
                hint: Some(fault.hint()),
            };
        }
        match &exchange.outcome {
            Ok(_) | Err(Failure::NotSent(_)) => self.silent = 0,
            Err(failure) => {
                self.silent += 1;
                if self.silent >= SILENCE && self.ending == Ending::Finished {
                    self.ending = Ending::Untestable {
                        message: format!(
                            "the target has not answered the last {SILENCE} requests: {failure}"
                        ),
                        hint: Some(
                            "look whether it is still running, and into its log; the next sync goes on from here"
                                .to_owned(),
                        ),
                    };
                }
            }
        }
    }
}

/// How long the target asks to be left alone (RFC 9110 10.2.3, in seconds only).
fn wait_asked_for(exchange: &Exchange) -> Option<Duration> {
    let response = exchange.response()?;
    if !matches!(response.status, 429 | 503) {
        return None;
    }
    let seconds = response.header("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// What its job learns of a call that must not be sent.
fn unsent(call: &Call, problem: String) -> Exchange {
    Exchange {
        sender: Sender::Client(call.client.name().to_owned()),
        request: Request {
            api: Api::Scim,
            method: call.method.to_owned(),
            origin: String::new(),
            target: format!("/{}", call.path.join("/")),
            headers: Vec::new(),
            body: Body::default(),
        },
        outcome: Err(Failure::NotSent(problem)),
        started: String::new(),
        elapsed: Duration::ZERO,
    }
}
