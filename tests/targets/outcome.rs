//! Starts the binary, and keeps all that came of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A run to be started.
pub struct Run {
    command: Command,
    folder: TempDir,
}

/// A run that is under way.
pub struct Running {
    child: Child,
    folder: TempDir,
    started: Instant,
}

/// What came of a run.
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub elapsed: Duration,
    /// Most memory that it had, in KiB, as far as it was seen.
    pub peak: u64,
    folder: TempDir,
}

/// A scenario file of these tests.
pub fn scenario(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/targets")
        .join(path)
}

impl Run {
    /// `scimulate run SCENARIO --target URL`, in an empty folder and with an empty environment.
    pub fn new(path: &str, url: &str) -> Self {
        let folder = TempDir::new().expect("a folder for the run");
        let mut command = Command::new(env!("CARGO_BIN_EXE_scimulate"));
        command
            .env_clear()
            .current_dir(folder.path())
            .arg("run")
            .arg(scenario(path))
            .args(["--target", url])
            .env("SCIMULATE_REPORT_JSON", "events.jsonl")
            .env("SCIMULATE_REPORT_JUNIT", "junit.xml")
            .env("SCIMULATE_REPORT_MD", "report.md")
            .env("SCIMULATE_JOURNAL_DIR", "journal")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self { command, folder }
    }

    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn start(mut self) -> Running {
        Running {
            started: Instant::now(),
            child: self.command.spawn().expect("the binary starts"),
            folder: self.folder,
        }
    }

    pub fn finish(self) -> Outcome {
        self.start().finish()
    }
}

impl Running {
    /// Sends a signal: `INT`, `TERM`, `KILL`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.child.id().to_string())
            .status()
            .expect("there is a kill command");
        assert!(sent.success());
    }

    /// Waits until this holds.
    pub fn until(&self, holds: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !holds() {
            assert!(Instant::now() < deadline, "nothing happens");
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn finish(mut self) -> Outcome {
        let status = format!("/proc/{}/status", self.child.id());
        let mut peak = 0;
        while self
            .child
            .try_wait()
            .expect("it can be waited for")
            .is_none()
        {
            assert!(
                self.started.elapsed() < Duration::from_secs(60),
                "it does not end"
            );
            peak = memory(&status).max(peak);
            thread::sleep(Duration::from_millis(5));
        }
        let output = self.child.wait_with_output().expect("it has ended");
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            elapsed: self.started.elapsed(),
            peak,
            folder: self.folder,
        }
    }
}

fn memory(status: &str) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|size| size.trim().trim_end_matches("kB").trim().parse().ok())
        .unwrap_or(0)
}

impl Outcome {
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The event log.
    pub fn events(&self) -> Vec<Value> {
        let log = fs::read_to_string(self.folder().join("events.jsonl")).unwrap_or_default();
        log.lines()
            .map(|line| serde_json::from_str(line).expect("a line is an event"))
            .collect()
    }

    /// The exchanges of all steps, in order.
    pub fn exchanges(&self) -> Vec<Value> {
        self.events()
            .iter()
            .filter(|event| event["event"] == "step-finished")
            .flat_map(|event| event["exchanges"].as_array().cloned().unwrap_or_default())
            .collect()
    }

    /// The messages of all findings that failed, in order.
    pub fn failures(&self) -> Vec<String> {
        self.events()
            .iter()
            .flat_map(|event| event["findings"].as_array().cloned().unwrap_or_default())
            .filter(|finding| finding["verdict"] == "fail" || finding["verdict"] == "error")
            .filter(|finding| finding["strength"] == "must")
            .map(|finding| finding["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The journals that were left.
    pub fn journals(&self) -> Vec<String> {
        fs::read_dir(self.folder().join("journal"))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| fs::read_to_string(entry.path()).ok())
            .collect()
    }

    /// Everything that it said, for a message.
    pub fn said(&self) -> String {
        format!(
            "exit {:?}\n--- stdout\n{}--- stderr\n{}",
            self.code, self.stdout, self.stderr
        )
    }

    /// What it said, without what differs from run to run.
    pub fn shown(&self, port: u16) -> String {
        let times = regex::Regex::new(r"\b\d+(\.\d+)? ?(ms|s)\b").expect("it is one");
        let runs = regex::Regex::new(r"\brun [0-9a-z]{8}\b").expect("it is one");
        let names = regex::Regex::new(r"\bada\.[0-9a-z]{8}\b").expect("it is one");
        let text = self
            .said()
            .replace(&port.to_string(), "[port]")
            .replace(&scenario("").display().to_string(), "")
            .replace(env!("CARGO_PKG_VERSION"), "[version]");
        let text = times.replace_all(&text, "[time]");
        let text = runs.replace_all(&text, "run [run]");
        names.replace_all(&text, "ada.[run]").into_owned()
    }
}
