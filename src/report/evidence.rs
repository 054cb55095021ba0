//! Evidence: a folder that holds all of a run, for a submission or a customer, with the hash of every file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::Reporter;
use super::clean::one_line;
use super::html::{Html, Rules};
use super::json::JsonLines;
use super::junit::Junit;
use super::paint::Paint;
use super::readiness;
use crate::event::{Event, Readiness};
use crate::exchange::{Exchange, Sender};

/// Writes the folder as the run goes on, and its list of hashes at the end.
pub struct Evidence {
    folder: PathBuf,
    reporters: Vec<Box<dyn Reporter>>,
    /// What was played, by name, with the hash of its text.
    packs: Vec<(String, String)>,
    about: Value,
    /// Scenarios that are not over: the file's name, and the exchanges so far.
    open: BTreeMap<usize, (String, String)>,
    readiness: Option<Readiness>,
}

impl Evidence {
    /// In a folder that is made if it is not there, for scenarios of which the text is given beside the name. The page is told
    /// what is known of rules.
    ///
    /// # Errors
    /// The folder cannot be made, or a file in it.
    pub fn new<'p>(
        folder: &Path,
        rules: Rules,
        packs: impl IntoIterator<Item = (&'p str, String)>,
    ) -> io::Result<Self> {
        fs::create_dir_all(folder.join(EXCHANGES))?;
        let made =
            |name: &str| Ok::<_, io::Error>(BufWriter::new(File::create(folder.join(name))?));
        let reporters: Vec<Box<dyn Reporter>> = vec![
            Box::new(JsonLines::new(made("events.jsonl")?)),
            Box::new(Junit::new(made("junit.xml")?)),
            Box::new(Html::new(made("report.html")?, rules)),
        ];
        let packs = packs.into_iter();
        Ok(Self {
            folder: folder.to_owned(),
            reporters,
            packs: packs
                .map(|(name, text)| (name.to_owned(), hash(text.as_bytes())))
                .collect(),
            about: Value::Null,
            open: BTreeMap::new(),
            readiness: None,
        })
    }

    fn write(&self, name: &str, content: &str) -> io::Result<()> {
        fs::write(self.folder.join(name), content)
    }

    /// What can only be written when all is known.
    fn conclude(&self) -> io::Result<()> {
        if let Some(readiness) = &self.readiness {
            let text = serde_json::to_string_pretty(readiness).map_err(io::Error::other)?;
            self.write("readiness.json", &format!("{text}\n"))?;
            let verdict = readiness::text(readiness, Paint::PLAIN, true);
            self.write("verdict.txt", &format!("{verdict}\n"))?;
        }
        let packs: Vec<Value> = self
            .packs
            .iter()
            .map(|(name, hash)| json!({ "name": name, "sha256": hash }))
            .collect();
        let mut manifest = self.about.clone();
        manifest["scenarios"] = Value::from(packs);
        if let Some(readiness) = &self.readiness {
            manifest["gate"] = Value::from(readiness.gate.as_str());
            manifest["rules"] = Value::from(readiness.rules.as_str());
            manifest["parts"] = readiness
                .parts
                .iter()
                .map(|part| json!({ "id": part.id, "source": part.source, "date": part.date }))
                .collect();
        }
        let manifest = serde_json::to_string_pretty(&manifest).map_err(io::Error::other)?;
        self.write("manifest.json", &format!("{manifest}\n"))?;
        self.write(SUMS, &sums(&self.folder)?)
    }
}

/// The folder of exchanges.
const EXCHANGES: &str = "exchanges";
/// The list of hashes, as `sha256sum --check` reads it.
const SUMS: &str = "SHA256SUMS";

impl Reporter for Evidence {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        for reporter in &mut self.reporters {
            reporter.on(event)?;
        }
        match event {
            Event::RunStarted {
                version,
                run,
                started,
                target,
                target_name,
                ..
            } => {
                self.about = json!({
                    "tool": "scimulate",
                    "version": version,
                    "run": run,
                    "started": started,
                    "target": target,
                    "targetName": target_name,
                });
            }
            Event::ScenarioStarted {
                scenario,
                path,
                title,
                client,
                ..
            } => {
                let name = format!("{scenario:04}-{}-{client}.http", stem(path));
                let head = format!("# {}, as {}\n", one_line(title), one_line(client));
                self.open.insert(*scenario, (name, head));
            }
            Event::StepFinished {
                scenario,
                step,
                verdict,
                exchanges,
                ..
            } => {
                if let Some((_, text)) = self.open.get_mut(scenario) {
                    let _ = write!(text, "\n### {}: {}\n", one_line(step), verdict.name());
                    exchanges.iter().for_each(|exchange| add(text, exchange));
                }
            }
            Event::ScenarioFinished {
                scenario, cleanup, ..
            } => {
                if let Some((name, mut text)) = self.open.remove(scenario) {
                    if !cleanup.is_empty() {
                        text.push_str("\n### cleanup\n");
                        cleanup.iter().for_each(|exchange| add(&mut text, exchange));
                    }
                    fs::write(self.folder.join(EXCHANGES).join(name), text)?;
                }
            }
            Event::Readiness(readiness) => self.readiness = Some(readiness.clone()),
            Event::RunFinished { .. } => {
                // Whoever was interrupted is in the evidence, too.
                for (name, text) in std::mem::take(&mut self.open).into_values() {
                    fs::write(self.folder.join(EXCHANGES).join(name), text)?;
                }
                self.conclude()?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// An exchange as it went over the wire, secrets masked.
fn add(text: &mut String, exchange: &Exchange) {
    let request = &exchange.request;
    let sender = match &exchange.sender {
        Sender::Client(name) => name.as_str(),
        Sender::Harness => "scimulate itself",
    };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "\n# {} by {sender}", exchange.started);
    let _ = writeln!(
        text,
        "{} {}{}",
        request.method, request.origin, request.target
    );
    let headers = |text: &mut String, headers: &[(String, String)]| {
        for (name, value) in headers {
            let _ = writeln!(text, "{name}: {value}");
        }
    };
    headers(text, &request.headers);
    if !request.body.is_empty() {
        let _ = writeln!(text, "\n{}", request.body.text());
    }
    match &exchange.outcome {
        Ok(response) => {
            let _ = writeln!(text, "\nHTTP/1.1 {}", response.status);
            headers(text, &response.headers);
            if !response.body.is_empty() {
                let _ = writeln!(text, "\n{}", response.body.text());
            }
            if let Some(broken) = &response.broken {
                let _ = writeln!(text, "\n# {broken}");
            }
        }
        Err(failure) => {
            let _ = writeln!(text, "\n# {failure}");
        }
    }
    let _ = writeln!(text, "# {} ms", exchange.elapsed.as_millis());
}

/// `scenarios/okta/spec.yaml` as part of a file's name.
fn stem(path: &str) -> String {
    let path = path
        .trim_end_matches(".yaml")
        .trim_start_matches("scenarios/");
    path.chars()
        .map(|letter| match letter {
            letter if letter.is_ascii_alphanumeric() => letter,
            _ => '-',
        })
        .collect()
}

/// The hash of every file of the folder but the list itself, in the order of names.
fn sums(folder: &Path) -> io::Result<String> {
    let mut names: Vec<String> = Vec::new();
    for place in ["", EXCHANGES] {
        for entry in fs::read_dir(folder.join(place))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_file() && name != SUMS {
                let inside = if place.is_empty() {
                    name
                } else {
                    format!("{place}/{name}")
                };
                names.push(inside);
            }
        }
    }
    names.sort();
    let mut lines = String::new();
    for name in names {
        let hash = hash(&fs::read(folder.join(&name))?);
        let _ = writeln!(lines, "{hash}  {name}");
    }
    Ok(lines)
}

/// SHA-256 in hexadecimal digits.
fn hash(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in digest(&SHA256, bytes).as_ref() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
