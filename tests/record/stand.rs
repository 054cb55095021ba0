//! A recorder with what is needed around it: an endpoint of raw bytes, a client of raw bytes.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The first line of every answer that a test does not care about.
pub const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

/// `scimulate record`, until it is dropped.
pub struct Recorder {
    folder: TempDir,
    child: Child,
    /// As it was printed.
    pub base: String,
}

impl Recorder {
    /// A recorder that writes `log.jsonl`.
    pub fn start(upstream: &str, words: &str) -> Self {
        Self::with(upstream, &format!("--out log.jsonl {words}"), &[])
    }

    pub fn with(upstream: &str, words: &str, environment: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("scimulate"));
        command.args(["record", "--port", "0", "--upstream", upstream]);
        command.args(words.split_whitespace());
        Self::spawned(folder, command, environment)
    }

    /// Any command that ends up as a recorder.
    pub fn spawned(folder: TempDir, mut command: Command, environment: &[(&str, &str)]) -> Self {
        let stderr = File::create(folder.path().join("stderr")).expect("the folder is empty");
        let mut child = command
            .env_clear()
            .envs(environment.iter().copied())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the command starts");
        let mut base = String::new();
        BufReader::new(child.stdout.take().expect("it is piped"))
            .read_line(&mut base)
            .expect("it is UTF-8");
        Self {
            base: base.trim_end().to_owned(),
            child,
            folder,
        }
    }

    pub fn address(&self) -> &str {
        let rest = self.base.strip_prefix("http://").expect("it is a URL");
        rest.split('/').next().expect("there is a first part")
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).expect("it listens");
        let limit = Some(Duration::from_secs(10));
        stream.set_read_timeout(limit).expect("it is a socket");
        stream
    }

    /// Sends these bytes on a new connection, and reads to its end.
    pub fn ask(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).expect("it is sent");
        let mut answer = Vec::new();
        // A connection that breaks off has said something before.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|problem| panic!("{name}: {problem}"))
    }

    pub fn id(&self) -> String {
        self.child.id().to_string()
    }

    /// Sends SIGTERM; the exit code.
    pub fn stop(&mut self) -> Option<i32> {
        kill("-TERM", &self.id());
        self.child.wait().expect("it ends").code()
    }

    /// The exchanges of the log so far, each with its `response` or its `failure`.
    pub fn exchanges(&self) -> Vec<Value> {
        let steps = events(&self.read("log.jsonl"));
        steps
            .into_iter()
            .filter(|event| event["event"] == "step-finished")
            .map(|event| {
                let mut exchange = event["exchanges"][0].clone();
                let outcome = exchange["outcome"].take();
                for (name, value) in outcome.as_object().expect("it is one").clone() {
                    exchange[name] = value;
                }
                exchange
            })
            .collect()
    }

    /// The exchanges of the log once there are so many.
    pub fn recorded(&self, count: usize) -> Vec<Value> {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let exchanges = self.exchanges();
            if exchanges.len() >= count {
                return exchanges;
            }
            assert!(
                Instant::now() < end,
                "{} of {count} exchanges\n{}",
                exchanges.len(),
                self.read("stderr")
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The whole lines of a log.
pub fn events(log: &str) -> Vec<Value> {
    log.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .map(|line| {
            serde_json::from_str(line).unwrap_or_else(|problem| panic!("{line}: {problem}"))
        })
        .collect()
}

pub fn kill(signal: &str, id: &str) {
    let sent = Command::new("kill").args([signal, id]).status();
    assert!(sent.expect("there is a kill command").success());
}

/// An endpoint that does with each connection what a test says, and tells what the test sends on.
pub struct Endpoint {
    pub port: u16,
    pub told: Receiver<Vec<u8>>,
}

impl Endpoint {
    /// `serve` has each connection in turn, its number from 0, and a way to tell what it read.
    pub fn serving(
        serve: impl Fn(usize, &mut TcpStream, &dyn Fn(&[u8])) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (sender, told) = channel::<Vec<u8>>();
        thread::spawn(move || {
            let serve = std::sync::Arc::new(serve);
            for (number, stream) in listener.incoming().flatten().enumerate() {
                let (serve, sender) = (std::sync::Arc::clone(&serve), sender.clone());
                let mut stream = stream;
                thread::spawn(move || {
                    // The test may have ended.
                    serve(number, &mut stream, &|bytes| {
                        drop(sender.send(bytes.to_vec()))
                    });
                });
            }
        });
        Self { port, told }
    }

    /// Reads a head, and answers with these bytes and the end of the connection.
    pub fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::serving(move |_, stream, tell| {
            let head = read_until(stream, b"\r\n\r\n");
            tell(&head);
            // The other side may be gone.
            let _ = stream.write_all(&answer);
        })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What was read next.
    pub fn next(&self) -> String {
        let bytes = self.told.recv_timeout(Duration::from_secs(10));
        String::from_utf8_lossy(&bytes.expect("the endpoint was asked")).into_owned()
    }
}

/// Reads until these bytes have come, or nothing more comes.
pub fn read_until(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut byte = [0; 1];
    while !bytes.ends_with(end) && matches!(stream.read(&mut byte), Ok(1)) {
        bytes.push(byte[0]);
    }
    bytes
}

/// Reads so many bytes.
pub fn read_exactly(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream
        .read_exact(&mut bytes)
        .unwrap_or_else(|problem| panic!("{count} bytes were to come: {problem}"));
    bytes
}
