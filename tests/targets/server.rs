//! A target made of a bare socket: it keeps the bytes that it received, and answers whatever a test wants.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    pub method: String,
    /// The raw request target.
    pub target: String,
    /// In order, names as sent.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Discovery of the run itself.
    pub fn is_preflight(&self) -> bool {
        self.method == "GET"
            && [
                "/Users?startIndex=1&count=1",
                "/ServiceProviderConfig",
                "/Schemas",
            ]
            .iter()
            .any(|known| self.target.ends_with(known))
    }
}

type Writer = Box<dyn FnOnce(&mut TcpStream) + Send>;

/// What is sent back.
pub enum Reply {
    /// A whole answer; the connection stays open.
    Whole(Vec<u8>),
    /// These bytes; then the connection is closed.
    Bytes(Vec<u8>),
    /// Whatever this writes; then the connection is closed.
    Written(Writer),
}

impl Reply {
    pub fn json(status: u16, body: impl AsRef<str>) -> Self {
        Self::with(
            status,
            &["Content-Type: application/scim+json"],
            body.as_ref().as_bytes(),
        )
    }

    pub fn with(status: u16, headers: &[&str], body: &[u8]) -> Self {
        let mut bytes = format!("HTTP/1.1 {status} Status\r\n").into_bytes();
        for header in headers {
            bytes.extend_from_slice(header.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        if status != 204 {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        Self::Whole(bytes)
    }

    pub fn empty_list() -> Self {
        Self::list("")
    }

    /// A list with these resources, written as JSON.
    pub fn list(resources: &str) -> Self {
        let total = usize::from(!resources.is_empty());
        Self::json(
            200,
            format!(
                r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":{total},"startIndex":1,"itemsPerPage":{total},"Resources":[{resources}]}}"#
            ),
        )
    }

    pub fn error(status: u16, detail: &str) -> Self {
        Self::json(
            status,
            format!(
                r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"{status}","detail":"{detail}"}}"#
            ),
        )
    }

    /// What a healthy target says to a request of discovery.
    pub fn preflight(received: &Received) -> Self {
        if received.target.contains("/Users") {
            Self::empty_list()
        } else {
            Self::error(404, "not here")
        }
    }

    pub fn written(write: impl FnOnce(&mut TcpStream) + Send + 'static) -> Self {
        Self::Written(Box::new(write))
    }
}

/// A listening socket on this machine.
pub struct Server {
    port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    connections: Arc<Mutex<usize>>,
}

impl Server {
    /// Answers every request as `answer` says; it gets all requests so far, the current one last.
    pub fn start(answer: impl Fn(&Received, &[Received]) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(Mutex::new(0));
        let server = Self {
            port,
            received: Arc::clone(&received),
            connections: Arc::clone(&connections),
        };
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                *connections.lock().expect("no one panics") += 1;
                let (received, answer) = (Arc::clone(&received), Arc::clone(&answer));
                thread::spawn(move || {
                    serve(stream, &received, &*answer);
                });
            }
        });
        server
    }

    /// A healthy target, but for requests that are not discovery.
    pub fn after_preflight(
        answer: impl Fn(&Received, &[Received]) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start(move |received, all| {
            if received.is_preflight() {
                Reply::preflight(received)
            } else {
                answer(received, all)
            }
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/scim/v2", self.port)
    }

    /// What came, discovery included.
    pub fn all(&self) -> Vec<Received> {
        self.received.lock().expect("no one panics").clone()
    }

    /// What came, discovery left out.
    pub fn received(&self) -> Vec<Received> {
        self.all()
            .into_iter()
            .filter(|received| !received.is_preflight())
            .collect()
    }

    /// Methods and paths of what came, discovery left out.
    pub fn lines(&self) -> Vec<String> {
        self.received().iter().map(Received::line).collect()
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().expect("no one panics")
    }
}

fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Received>>,
    answer: &(impl Fn(&Received, &[Received]) -> Reply + ?Sized),
) {
    let mut buffer = Vec::new();
    while let Some(received) = request(&mut stream, &mut buffer) {
        let all = {
            let mut log = log.lock().expect("no one panics");
            log.push(received.clone());
            log.clone()
        };
        match answer(&received, &all) {
            Reply::Whole(bytes) => {
                if stream.write_all(&bytes).is_err() {
                    return;
                }
            }
            Reply::Bytes(bytes) => {
                let _ = stream.write_all(&bytes);
                break;
            }
            Reply::Written(write) => {
                write(&mut stream);
                break;
            }
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    // A socket that is closed with unread bytes is reset, and what was written may be lost.
    let _ = stream.set_read_timeout(Some(Duration::from_millis(200)));
    let _ = stream.read(&mut [0; 1024]);
}

/// Reads one request; `None`: the other side has closed.
fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Received> {
    let end = loop {
        if let Some(end) = position(buffer, b"\r\n\r\n") {
            break end;
        }
        more(stream, buffer)?;
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    buffer.drain(..end + 4);
    while buffer.len() < length {
        more(stream, buffer)?;
    }
    let body = buffer.drain(..length).collect();
    Some(Received {
        method,
        target,
        headers,
        body,
    })
}

fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 16 * 1024];
    match stream.read(&mut chunk) {
        Ok(0) | Err(_) => None,
        Ok(read) => {
            buffer.extend_from_slice(&chunk[..read]);
            Some(())
        }
    }
}

fn position(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes
        .windows(needle.len())
        .position(|window| window == needle)
}
