//! The server on a socket: a thin shell that gives the clock and fresh ids to [`Server::handle`].

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::{fs, io};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderValue, Response, header};
use axum::serve::ListenerExt;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::auth::end_of;
use super::error::Refusal;
use super::{Answer, Request, Server, Settings};

/// A server that listens.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    shell: Arc<Shell>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

#[derive(Debug)]
struct Shell {
    server: Server,
    seed: u64,
    drawn: AtomicU64,
    state_file: Option<PathBuf>,
    changed: AtomicBool,
}

/// Starts a server on the loopback address. It stops when the returned value is stopped or dropped.
pub async fn start(mut settings: Settings) -> io::Result<Running> {
    let end = end_of(settings.token_life, Timestamp::now());
    let tenants = settings.tenants.iter_mut().map(|(_, tokens)| tokens);
    for token in tenants.chain([&mut settings.tokens]).flatten() {
        token.expires = token.expires.or(end);
    }
    let seed = settings
        .seed
        .unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    let state_file = settings.state_file.clone();
    let address = settings.address.unwrap_or(Ipv4Addr::LOCALHOST.into());
    let port = settings.port;
    let server = Server::new(settings)
        .map_err(|fault| io::Error::new(io::ErrorKind::InvalidInput, fault))?;
    if let Some(path) = state_file.as_ref().filter(|path| path.exists()) {
        let document = serde_json::from_slice(&fs::read(path)?)?;
        server
            .load(&document)
            .map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault))?;
    }
    let listener = TcpListener::bind((address, port)).await?;
    let address = listener.local_addr()?;
    let shell = Arc::new(Shell {
        server,
        seed,
        drawn: AtomicU64::new(0),
        state_file,
        changed: AtomicBool::new(false),
    });
    let router = Router::new().fallback(serve).with_state(Arc::clone(&shell));
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
        shell,
        stop,
        task,
    })
}

impl Running {
    /// Base address of the default tenant, without a slash at its end.
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, self.base_path())
    }

    /// Base address of a named tenant.
    pub fn tenant_url(&self, name: &str) -> String {
        format!("http://{}/{name}{}", self.address, self.base_path())
    }

    /// Address of the default tenant's token endpoint, if there is a client that may use it.
    pub fn token_url(&self) -> Option<String> {
        let client = self.shell.server.oauth.as_ref();
        client.map(|_| format!("http://{}{}", self.address, super::oauth::PATH))
    }

    fn base_path(&self) -> &str {
        // The default tenant is the first.
        &self.shell.server.tenants[0].prefix
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The server itself, to look inside or to fill it without requests.
    pub fn server(&self) -> &Server {
        &self.shell.server
    }

    /// Finishes requests that are being served, writes the state file and stops.
    pub async fn stop(self) -> io::Result<()> {
        // The receiver is gone only when the task has ended by itself.
        let _ = self.stop.send(());
        // Idle keep-alive connections of a client may outlive it; nobody waits for those.
        match tokio::time::timeout(std::time::Duration::from_millis(200), self.task).await {
            Ok(Ok(ended)) => ended?,
            Ok(Err(panicked)) => return Err(io::Error::other(panicked)),
            Err(_) => {}
        }
        self.shell.save()
    }
}

impl Shell {
    /// The next id: a version 4 UUID that depends only on the seed and the number of ids before it.
    fn fresh_id(&self) -> String {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        let high = mixed(self.seed.wrapping_add(number.wrapping_mul(2)));
        let low = mixed(
            self.seed
                .wrapping_add(number.wrapping_mul(2))
                .wrapping_add(1),
        );
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high.to_be_bytes());
        bytes[8..].copy_from_slice(&low.to_be_bytes());
        uuid::Builder::from_random_bytes(bytes)
            .into_uuid()
            .to_string()
    }

    fn save(&self) -> io::Result<()> {
        let Some(path) = &self.state_file else {
            return Ok(());
        };
        if !self.changed.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        // Written beside and moved into place, so that a crash leaves the old state or the new one.
        let beside = path.with_extension("new");
        fs::write(&beside, self.server.dump().to_string())?;
        fs::rename(&beside, path)
    }
}

/// SplitMix64.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

async fn serve(State(shell): State<Arc<Shell>>, request: axum::extract::Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let limit = shell.server.body_limit;
    let answer = match to_bytes(body, limit).await {
        Err(_) => Refusal::new(413, format!("the body is larger than {limit} bytes")).into_answer(),
        Ok(body) => {
            let headers: Vec<(&str, &str)> = parts
                .headers
                .iter()
                .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
                .collect();
            let target = parts
                .uri
                .path_and_query()
                .map_or("/", |target| target.as_str());
            let request = Request {
                method: parts.method.as_str(),
                target,
                headers: &headers,
                body: &body,
            };
            let answer = shell
                .server
                .handle(&request, Timestamp::now(), &|| shell.fresh_id());
            if answer.status < 300 && !matches!(request.method, "GET" | "HEAD" | "OPTIONS") {
                shell.changed.store(true, Ordering::Relaxed);
            }
            answer
        }
    };
    if !answer.wait.is_zero() {
        tokio::time::sleep(answer.wait).await;
    }
    response(answer)
}

fn response(answer: Answer) -> Response<Body> {
    let mut response = Response::builder().status(answer.status);
    if let Some(headers) = response.headers_mut() {
        for (name, value) in answer.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        if !answer.body.is_empty() {
            headers
                .entry(header::CONTENT_TYPE)
                .or_insert(HeaderValue::from_static(super::MEDIA_TYPE));
        }
    }
    response
        .body(Body::from(answer.body))
        .unwrap_or_else(|_| Response::new(Body::empty()))
}
