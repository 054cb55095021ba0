//! A recorder on a port: takes connections, and ends in good order.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::record::connection::serve;
use crate::record::desk::{Desk, Summary};
use crate::record::under_way::Traffic;
use crate::record::upstream::Upstream;
use crate::record::{Message, ROOM, Shared};

/// Exchanges that are under way when the recorder is stopped have so long to end.
const GRACE: Duration = Duration::from_secs(5);

/// Where a recorder listens, and how it passes things on.
pub(crate) struct Settings {
    pub(crate) address: IpAddr,
    /// 0: any free one.
    pub(crate) port: u16,
    pub(crate) upstream: Upstream,
    /// The endpoint is told the host that the client asked for.
    pub(crate) keep_host: bool,
    /// Addresses of the endpoint in answers become the recorder's.
    pub(crate) rewrite: bool,
    /// Most bytes of a body that are kept.
    pub(crate) limit: u64,
}

/// Why a recorder cannot begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The port is in use.
    #[error("port {0} is taken")]
    Taken(u16),
    /// No socket.
    #[error("cannot listen on {0}: {1}")]
    Socket(IpAddr, #[source] io::Error),
    /// No thread.
    #[error("cannot start: {0}")]
    Thread(#[source] io::Error),
}

/// A recorder that listens.
pub(crate) struct Running {
    address: SocketAddr,
    shared: Arc<Shared>,
    connections: TaskTracker,
    desk: JoinHandle<Summary>,
}

/// Starts a recorder.
///
/// # Errors
/// It cannot listen. That the endpoint cannot be reached is no error: the client would find out, too.
pub(crate) async fn start(settings: Settings, desk: Desk) -> Result<Running, Fault> {
    let listener = TcpListener::bind((settings.address, settings.port))
        .await
        .map_err(|problem| match problem.kind() {
            io::ErrorKind::AddrInUse => Fault::Taken(settings.port),
            _ => Fault::Socket(settings.address, problem),
        })?;
    let address = listener
        .local_addr()
        .map_err(|problem| Fault::Socket(settings.address, problem))?;
    let (told, messages) = channel();
    let desk = std::thread::Builder::new()
        .name("desk".to_owned())
        .spawn(move || desk.run(&messages))
        .map_err(Fault::Thread)?;
    let shared = Arc::new(Shared {
        upstream: settings.upstream,
        keep_host: settings.keep_host,
        rewrite: settings.rewrite,
        limit: settings.limit,
        port: address.port(),
        traffic: Traffic::default(),
        stop: CancellationToken::new(),
        halt: CancellationToken::new(),
        told,
        room: Arc::new(Semaphore::new(ROOM)),
    });
    let connections = TaskTracker::new();
    tokio::spawn(accept(listener, Arc::clone(&shared), connections.clone()));
    Ok(Running {
        address,
        shared,
        connections,
        desk,
    })
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, connections: TaskTracker) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = shared.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(serve(Arc::clone(&shared), stream));
            }
            // Too many open files, say: some will be closed.
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

impl Running {
    /// Where clients find the endpoint: its own base URL, at the recorder.
    pub(crate) fn base_url(&self) -> String {
        let theirs = self.shared.upstream.base.to_string();
        let rest = theirs.strip_prefix(self.shared.upstream.base.origin());
        format!("http://{}{}", self.address, rest.unwrap_or_default())
    }

    /// Takes no further request, lets those under way end, and has everything written.
    pub(crate) async fn stop(self) -> Summary {
        self.shared.stop.cancel();
        self.connections.close();
        if timeout(GRACE, self.connections.wait()).await.is_err() {
            self.shared.halt.cancel();
            // A client that does not read cannot be waited for.
            let _ = timeout(Duration::from_secs(1), self.connections.wait()).await;
        }
        // The desk is there as long as nobody has told it to end.
        let _ = self.shared.told.send(Message::End);
        let joined = tokio::task::spawn_blocking(move || self.desk.join()).await;
        match joined {
            Ok(Ok(summary)) => summary,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => Summary::default(),
        }
    }
}
