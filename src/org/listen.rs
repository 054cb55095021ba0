//! An org on a loopback port: takes calls one after the other, lets the engine provision, and gives back what it created.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Response, header};
use axum::serve::ListenerExt;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::idp::{Change, Provisioner};
use crate::org::work::{Work, Works};
use crate::org::{Ask, Org, Reply, Said};
use crate::run::client::Client;
use crate::run::created::{Created, Removed};
use crate::run::drive::{Kept, Route, Told, drive};
use crate::run::journal::Journal;
use crate::run::preflight::{self, Untestable};
use crate::run::{Bounds, fresh_run_id};
use crate::target::Target;

/// Most bytes of a call's body.
pub(crate) const LARGEST_BODY: usize = 1024 * 1024;

/// Where an org listens, and what it provisions.
pub(crate) struct Settings {
    /// 0: any free one.
    pub(crate) port: u16,
    /// Where the provider provisions.
    pub(crate) target: Target,
    /// Which of its tenants.
    pub(crate) tenant: Option<String>,
    /// Limits of each request to the target.
    pub(crate) bounds: Bounds,
    /// Where the journal is kept; `None` where nothing can be left behind.
    pub(crate) journal: Option<PathBuf>,
    /// What was created stays when the org ends.
    pub(crate) keep: bool,
}

/// Why an org cannot begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The port is in use.
    #[error("port {0} is taken")]
    Taken(u16),
    /// No socket.
    #[error("cannot listen: {0}")]
    Socket(#[source] io::Error),
    /// No HTTP client can be made.
    #[error("{0}")]
    Client(String),
    /// The client is that of no provider.
    #[error("the client is that of no provider")]
    NoProvider,
    /// Nothing is created without a journal.
    #[error("the journal in `{}` cannot be written: {problem}", path.display())]
    Journal {
        /// Its directory.
        path: PathBuf,
        /// Why.
        problem: io::Error,
    },
}

/// An org that listens.
pub(crate) struct Running<O: Org> {
    address: SocketAddr,
    untestable: Option<Untestable>,
    desk: Arc<Shell<O>>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

struct Shell<O: Org> {
    base: String,
    /// `None` when the org has ended.
    desk: Mutex<Option<Desk<O>>>,
}

/// An org with the provider behind it.
struct Desk<O: Org> {
    org: O,
    provisioner: Provisioner,
    route: Route,
    target: Target,
    created: Option<Created>,
}

/// Starts an org on the loopback address.
///
/// # Errors
/// It cannot listen, or what it needs is not there. That the target cannot be reached is no error: the provider would find
/// out, too; see [`Running::untestable`].
pub(crate) async fn start<O: Org>(
    settings: Settings,
    org: O,
    provisioner: Provisioner,
) -> Result<Running<O>, Fault> {
    let target = settings.target;
    let client = Client::new(&target, target.mask(), settings.bounds);
    let client = Arc::new(client.map_err(Fault::Client)?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port))
        .await
        .map_err(|problem| match problem.kind() {
            io::ErrorKind::AddrInUse => Fault::Taken(settings.port),
            _ => Fault::Socket(problem),
        })?;
    let address = listener.local_addr().map_err(Fault::Socket)?;
    let (_, untestable) =
        preflight::first_question(&client, &target, settings.tenant.as_deref()).await;
    // What is left in a server that is thrown away goes with it.
    let created = match settings.keep || target.disposable {
        true => None,
        false => {
            let run = fresh_run_id();
            let journal = match settings.journal {
                None => None,
                Some(path) => {
                    let base = target.base.to_string();
                    let journal = Journal::open(&path, &run, &base, Arc::clone(client.secrets()));
                    Some(journal.map_err(|problem| Fault::Journal { path, problem })?)
                }
            };
            Some(Created::new(&run, &target, journal))
        }
    };
    let route = Route {
        client,
        tenant: settings.tenant,
        // One after the other, as what follows from an answer may depend on the one before.
        jobs: 1,
        at_most: None,
        dry: false,
    };
    let mut desk = Desk {
        org,
        provisioner,
        route,
        target,
        created,
    };
    let base = format!("http://{address}");
    desk.open(&base).await;
    let shell = Arc::new(Shell {
        base,
        desk: Mutex::new(Some(desk)),
    });
    let router = Router::new()
        .fallback(serve::<O>)
        .with_state(Arc::clone(&shell));
    // Without this the last part of an answer may wait for the client's acknowledgement, about 40 ms.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let asked = async move { drop(stopped.await) };
        axum::serve(listener, router)
            .with_graceful_shutdown(asked)
            .await
    });
    Ok(Running {
        address,
        untestable,
        desk: shell,
        stop,
        task,
    })
}

impl<O: Org> Running<O> {
    /// Where it is, without a slash at its end.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Why the target cannot be provisioned, if it cannot.
    pub(crate) fn untestable(&self) -> Option<&Untestable> {
        self.untestable.as_ref()
    }

    /// Answers the calls that are there already, stops, and removes from the target what was created.
    pub(crate) async fn stop(self) -> Removed {
        // The receiver is gone only when the task has ended by itself.
        let _ = self.stop.send(());
        let desk = self.desk.desk.lock().await.take();
        // Idle keep-alive connections of a client may outlive it; nobody waits for those.
        let _ = tokio::time::timeout(Duration::from_millis(200), self.task).await;
        match desk {
            Some(Desk {
                created: Some(created),
                route,
                target,
                ..
            }) => created.remove(&route.client, &target).await,
            _ => Removed::default(),
        }
    }
}

impl<O: Org> Desk<O> {
    async fn reply(&mut self, ask: &Ask) -> Reply {
        match self.org.asked(ask, &mut self.provisioner) {
            Said::Reply(reply) => reply,
            Said::Provision(changes, pending) => {
                let works = self.provision_all(&changes).await;
                let provisioner = &self.provisioner;
                self.org
                    .provisioned(&ask.base, pending, &works, provisioner)
            }
        }
    }

    async fn open(&mut self, base: &str) {
        let (changes, pending) = self.org.opened(Timestamp::now());
        let works = self.provision_all(&changes).await;
        if let Some(pending) = pending {
            // Nobody has asked.
            let _ = self
                .org
                .provisioned(base, pending, &works, &self.provisioner);
        }
    }

    async fn provision_all(&mut self, changes: &[Change]) -> Vec<Work> {
        let mut works = Vec::new();
        for change in changes {
            match self.provisioner.cause(change) {
                Ok(()) => works.append(&mut self.provision().await),
                Err(reason) => works.push(Work::refused(change, reason)),
            }
        }
        works
    }

    async fn provision(&mut self) -> Vec<Work> {
        let (mut works, mut done) = (Works::default(), Vec::new());
        let kept = Kept {
            state: None,
            created: self.created.as_mut(),
        };
        let tell = |told: Told<'_>| match told {
            Told::Answered(ticket, exchange) => works.answered(ticket, exchange),
            Told::Outcome(outcome, _) => done.push(works.over(outcome)),
            Told::Dry { .. } | Told::Waiting(_) => {}
        };
        let never = CancellationToken::new();
        drive(&self.route, &mut self.provisioner, kept, &never, tell)
            .await
            .expect("only a state file can fail to be written, and there is none");
        done
    }
}

async fn serve<O: Org>(
    State(shell): State<Arc<Shell<O>>>,
    request: axum::extract::Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let path = parts.uri.path();
    let ask = Ask {
        method: parts.method.as_str().to_owned(),
        path: path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(decoded)
            .collect(),
        query: url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect(),
        headers: parts
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect(),
        body: to_bytes(body, LARGEST_BODY)
            .await
            .ok()
            .map(|body| body.to_vec()),
        at: Timestamp::now(),
        base: shell.base.clone(),
    };
    // A client that hangs up must not break off what is being provisioned: the work goes on beside it.
    let answered = tokio::spawn(async move {
        match shell.desk.lock().await.as_mut() {
            Some(desk) => desk.reply(&ask).await,
            None => Reply::empty(503),
        }
    });
    response(answered.await.unwrap_or_else(|_| Reply::empty(500)))
}

fn response(reply: Reply) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    if let Ok(status) = reply.status.try_into() {
        *response.status_mut() = status;
    }
    for (name, value) in &reply.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            response.headers_mut().append(name, value);
        }
    }
    if let Some(body) = reply.body {
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        *response.body_mut() = Body::from(body.to_string());
    }
    response
}
