//! At a terminal: progress, watching, completions and the manual.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, sleep};
use std::time::Duration;

use crate::project::{Project, assert_told};

/// Waits for what never comes, for a second and a half.
const LONG: &str = r#"title: A long story
steps:
  - name: wait for nobody
    get: /Users
    repeat: { until: { body: { totalResults: 7 } }, every: 300ms, at-most: 5 }
"#;

/// What a terminal shows of a command, in a pseudo-terminal of util-linux.
#[cfg(target_os = "linux")]
fn at_a_terminal(project: &Project, words: &str, environment: &[(&str, &str)]) -> String {
    let binary = assert_cmd::cargo::cargo_bin!("scimulate")
        .display()
        .to_string();
    let output = Command::new("script")
        .args(["-qec", &format!("{binary} {words}"), "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .env("TERM", "xterm")
        .envs(environment.iter().copied())
        .current_dir(project.path(""))
        .stdin(Stdio::null())
        .output()
        .expect("`script` of util-linux is there");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[cfg(target_os = "linux")]
#[test]
fn progress_is_shown_to_people_only_and_then_gone() {
    let project = Project::new();
    project.write("long.yaml", LONG);
    let shown = at_a_terminal(&project, "run long.yaml scenarios/create.yaml -j 1", &[]);
    assert!(shown.contains("0/3 scenarios"), "{shown}");
    assert!(
        shown.contains("scimulate, A long story: wait for nobody"),
        "{shown}"
    );
    assert!(shown.contains("1/3 scenarios, 1 step failed"), "{shown}");
    // The line is cleared before the report goes on, and at the end.
    let last = shown.rfind("/3 scenarios").expect("it was shown");
    assert!(shown[last..].contains("\u{1b}[2K"), "{shown}");
    assert!(shown[last..].contains("What to fix first"), "{shown}");
    for environment in [&[("CI", "true")], &[("TERM", "dumb")]] {
        let shown = at_a_terminal(&project, "run scenarios/create.yaml", environment);
        assert!(
            !shown.contains("/2 scenarios") && shown.contains("✓ pass"),
            "{shown}"
        );
    }
    let piped = at_a_terminal(&project, "run scenarios/create.yaml 2>&1 | cat", &[]);
    assert!(
        !piped.contains("/2 scenarios") && piped.contains("✓ pass"),
        "{piped}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_sync_tells_what_it_is_about() {
    let project = Project::new();
    project.write(
        "company.yaml",
        include_str!("../../fixtures/directories/company.yaml"),
    );
    let shown = at_a_terminal(&project, "sync company.yaml --as okta-oin", &[]);
    assert!(shown.contains(" requests  POST /scim/v2/Users"), "{shown}");
    let shown = at_a_terminal(&project, "sync company.yaml --as okta-oin", &[("CI", "1")]);
    assert!(!shown.contains(" requests  "), "{shown}");
}

/// A command that goes on, and its lines as they come.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn new(project: &Project, words: &str) -> Self {
        let binary = assert_cmd::cargo::cargo_bin!("scimulate").display();
        // Both streams as one, so that their lines stay in order.
        let mut child = Command::new("sh")
            .args(["-c", &format!("exec {binary} {words} 2>&1")])
            .env_clear()
            .current_dir(project.path(""))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let (tell, lines) = channel();
        let stream = BufReader::new(child.stdout.take().expect("it is piped"));
        thread::spawn(move || {
            let mut lines = stream.lines().map_while(Result::ok);
            lines.try_for_each(|line| tell.send(line))
        });
        Self { child, lines }
    }

    /// All lines up to one that has this in it.
    fn until(&self, wanted: &str) -> String {
        let mut seen = String::new();
        while !seen.contains(wanted) {
            let line = self.lines.recv_timeout(Duration::from_secs(20));
            let line = line.unwrap_or_else(|_| panic!("no {wanted:?} in\n{seen}"));
            seen.push_str(&format!("{line}\n"));
        }
        seen
    }

    /// Sends SIGINT; the exit code.
    fn interrupt(mut self) -> Option<i32> {
        let sent = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status();
        assert!(sent.expect("there is a kill command").success());
        for _ in 0..200 {
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                return status.code();
            }
            sleep(Duration::from_millis(50));
        }
        self.child.kill().expect("it still runs");
        panic!("it does not end")
    }
}

#[test]
fn a_run_is_run_again_when_a_file_changes() {
    let project = Project::new();
    let story = project.read("scenarios/create.yaml");
    let watching = Watching::new(
        &project,
        "run scenarios/create.yaml --watch --snapshots off",
    );
    watching.until("4 passed");
    watching.until("Ctrl-C ends it");
    // Another length, so that it is seen also where times are coarse.
    project.write(
        "scenarios/create.yaml",
        &story.replace("status: 201", "status: 299"),
    );
    let seen = watching.until("Ctrl-C ends it");
    assert!(seen.contains("answered 201, not 299"), "{seen}");
    // The screen is cleared only where there is one.
    assert!(!seen.contains('\u{1b}'), "{seen}");
    project.write("scenarios/create.yaml", "title: Torn\nsteps:\n  - nme: x\n");
    let seen = watching.until("Ctrl-C ends it");
    assert!(seen.contains("scenarios/create.yaml:3:5"), "{seen}");
    project.write("scenarios/create.yaml", &story);
    let seen = watching.until("Ctrl-C ends it");
    assert!(seen.contains("4 passed"), "{seen}");
    // Nothing has changed.
    sleep(Duration::from_millis(700));
    assert!(watching.lines.try_recv().is_err());
    assert_eq!(watching.interrupt(), Some(130));
}

#[test]
fn a_check_is_made_again_when_people_change() {
    let project = Project::new();
    std::fs::create_dir_all(project.path("fixtures/people")).expect("the folder can be written");
    project.write(
        "fixtures/people/zoe.yaml",
        "userName: zoe.${run}@example.test\n",
    );
    project.write(
        "scenarios/zoe.yaml",
        "title: Zoe\npeople: [zoe]\nsteps:\n  - get: /Users/${zoe.userName}\n",
    );
    let watching = Watching::new(&project, "check scenarios/zoe.yaml --watch");
    let seen = watching.until("Ctrl-C ends it");
    assert!(!seen.contains("error"), "{seen}");
    project.write("fixtures/people/zoe.yaml", "nickName: zoe\n");
    let seen = watching.until("Ctrl-C ends it");
    assert!(seen.contains("error"), "{seen}");
    assert_eq!(watching.interrupt(), Some(130));
}

#[test]
fn shells_can_complete_the_command_line() {
    let project = Project::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let said = project.scimulate(&format!("completions {shell}"));
        assert_eq!(said.code, Some(0), "{}", said.all());
        for word in ["sweep", "doctor", "report-md"] {
            assert!(said.stdout.contains(word), "{shell}: {word}");
        }
        project.write(&format!("completions.{shell}"), &said.stdout);
    }
    // Bash reads it, and offers what begins like that.
    let complete = ". ./completions.bash; COMP_WORDS=(scimulate doc); COMP_CWORD=1; _scimulate scimulate doc scimulate; echo ${COMPREPLY[@]}";
    let output = Command::new("bash")
        .args(["--norc", "-c", complete])
        .current_dir(project.path(""))
        .output()
        .expect("there is a bash");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim(), "doctor", "{output:?}");
    assert_eq!(project.scimulate("completions tcsh").code, Some(2));
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let project = Project::new();
    let said = project.scimulate("man");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(said.stdout.contains(".TH scimulate 1"), "{}", said.stdout);
    assert!(said.stdout.contains("Exit codes"), "{}", said.stdout);
    assert_eq!(project.scimulate("man --dir man/man1").code, Some(0));
    let pages = project.files("man/man1");
    for page in ["scimulate.1", "scimulate-run.1", "scimulate-sweep.1"] {
        assert!(pages.iter().any(|known| known == page), "{pages:?}");
    }
    assert!(
        project
            .read("man/man1/scimulate-doctor.1")
            .contains("cannot be tested")
    );
    project.write("taken", "a file");
    let said = project.scimulate("man --dir taken/man1");
    assert_told!("man_nowhere", said.all());
}
