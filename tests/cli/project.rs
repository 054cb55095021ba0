//! A folder with scenarios, and the binary in it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A folder with the scenarios of these tests.
pub struct Project {
    folder: TempDir,
}

/// What came of a command.
pub struct Said {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// `scimulate serve`, until it is dropped.
pub struct Serving {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Project {
    pub fn new() -> Self {
        let project = Self {
            folder: TempDir::new().expect("a folder for the project"),
        };
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/scenarios");
        fs::create_dir(project.path("scenarios")).expect("the folder is empty");
        for entry in fs::read_dir(here).expect("the folder is there") {
            let entry = entry.expect("it can be listed");
            let copy = project.path("scenarios").join(entry.file_name());
            fs::copy(entry.path(), copy).expect("it can be copied");
        }
        project
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the folder can be written");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|problem| panic!("{name}: {problem}"))
    }

    /// Names of the files in a folder of the project; none if it is not there.
    pub fn files(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path(folder))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Runs the binary with these words, in the project and with an empty environment.
    pub fn scimulate(&self, words: &str) -> Said {
        self.scimulate_with(words, &[], "")
    }

    pub fn scimulate_with(&self, words: &str, environment: &[(&str, &str)], stdin: &str) -> Said {
        let output = assert_cmd::cargo::cargo_bin_cmd!("scimulate")
            .env_clear()
            .envs(environment.iter().copied())
            .current_dir(self.folder.path())
            .args(words.split_whitespace())
            .write_stdin(stdin)
            .output()
            .expect("the binary starts");
        Said {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("it is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("it is UTF-8"),
        }
    }

    /// Starts the reference server on a free port.
    pub fn serve(&self, words: &str) -> Serving {
        self.start("serve", words, &[])
    }

    /// Starts a command that serves on a free port until it is stopped.
    pub fn start(&self, command: &str, words: &str, environment: &[(&str, &str)]) -> Serving {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("scimulate"))
            .env_clear()
            .envs(environment.iter().copied())
            .current_dir(self.folder.path())
            .args(command.split_whitespace())
            .args(["--port", "0"])
            .args(words.split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let lines = BufReader::new(child.stdout.take().expect("it is piped"));
        Serving { child, lines }
    }
}

impl Said {
    /// All of it, for a snapshot.
    pub fn all(&self) -> String {
        let code = self.code.map_or("none".to_owned(), |code| code.to_string());
        let errors = if self.stderr.is_empty() {
            ""
        } else {
            "\n--- stderr\n"
        };
        format!("exit {code}\n{}{errors}{}", self.stdout, self.stderr)
    }
}

impl Serving {
    /// The next line on stdout.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("it is UTF-8");
        line.trim_end().to_owned()
    }

    /// Sends SIGTERM; the exit code.
    pub fn terminate(mut self) -> Option<i32> {
        let sent = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .expect("there is a kill command");
        assert!(sent.success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Compares with a snapshot, without what differs from run to run.
macro_rules! assert_told {
    ($name:expr, $text:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!($name, crate::project::steady(&$text)));
    }};
}
pub(crate) use assert_told;

/// The text without what differs from run to run.
pub fn steady(text: &str) -> String {
    UNSTEADY
        .iter()
        .fold(text.to_owned(), |text, (pattern, name)| {
            let pattern = regex::Regex::new(pattern).expect("it is one");
            pattern.replace_all(&text, *name).into_owned()
        })
}

/// Patterns of what differs from run to run, and what stands in its place.
const UNSTEADY: &[(&str, &str)] = &[
    (r"\b\d+(\.\d+)? ?(ms|s)\b", "[time]"),
    (r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:[port]"),
    (r"\b(port) \d{4,5}", "${1} [port]"),
    (r"\brun [0-9a-z]{8}\b", "run [run]"),
    (r"(ada|nobody)\.[0-9a-z]{8}\b", "${1}.[run]"),
    (
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "[id]",
    ),
    (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "[instant]"),
    (
        concat!(r"\bscimulate([ /])", env!("CARGO_PKG_VERSION")),
        "scimulate${1}[version]",
    ),
    (r#"W/(\\*")\d+"#, "W/${1}[version]"),
];
