//! insta's snapshot format: front matter in YAML between two lines `---`, then the contents.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Version of what stands under `info.scimulate`.
pub const FORMAT: u32 = 1;

/// A snapshot as it is in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotFile {
    /// The scenario.
    pub source: String,
    /// Line of the step in the scenario; only in pending files, as insta has it.
    pub line: Option<usize>,
    /// Shown by reviewers: who does what, in which step.
    /// insta's `expression` is left out: cargo-insta formats it as Rust.
    pub description: String,
    /// Our own data; `None` in a file that is not ours.
    pub info: Option<Info>,
    /// Everything behind the front matter, without the last line break.
    pub contents: String,
}

/// What stands under `info.scimulate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// [`FORMAT`].
    pub format: u32,
    /// Path of the scenario.
    pub scenario: String,
    /// Name of the profile.
    pub client: String,
    /// Name of the step.
    pub step: String,
}

/// Why a snapshot cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no snapshot.
    #[error("{} is not a snapshot: {reason}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// The front matter, as insta writes it, too. Unknown keys are of no interest.
#[derive(Debug, Deserialize)]
struct Head {
    source: Option<String>,
    assertion_line: Option<usize>,
    description: Option<String>,
    info: Option<HeadInfo>,
}

#[derive(Debug, Deserialize)]
struct HeadInfo {
    scimulate: Option<Info>,
}

impl SnapshotFile {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// In words, without the path.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.replace("\r\n", "\n");
        let rest = text
            .strip_prefix("---\n")
            .ok_or("it does not begin with `---`")?;
        let (head, contents) = match rest.strip_prefix("---\n") {
            Some(contents) => ("{}", contents),
            None => rest
                .split_once("\n---\n")
                .ok_or("the front matter has no end")?,
        };
        let head: Head = serde_saphyr::from_str(head).map_err(|error| error.to_string())?;
        Ok(Self {
            source: head.source.unwrap_or_default(),
            line: head.assertion_line,
            description: head.description.unwrap_or_default(),
            info: head.info.and_then(|info| info.scimulate),
            contents: contents.trim_end_matches('\n').to_owned(),
        })
    }

    /// The text of a file. Texts are written as JSON has them, which is YAML, too.
    pub fn text(&self) -> String {
        let mut lines = vec![
            "---".to_owned(),
            format!("source: {}", quoted(&self.source)),
        ];
        lines.extend(self.line.map(|line| format!("assertion_line: {line}")));
        lines.push(format!("description: {}", quoted(&self.description)));
        if let Some(info) = &self.info {
            lines.push("info:".to_owned());
            lines.push("  scimulate:".to_owned());
            lines.push(format!("    format: {}", info.format));
            lines.push(format!("    scenario: {}", quoted(&info.scenario)));
            lines.push(format!("    client: {}", quoted(&info.client)));
            lines.push(format!("    step: {}", quoted(&info.step)));
        }
        lines.push("---".to_owned());
        lines.push(self.contents.clone());
        let mut text = lines.join("\n");
        text.push('\n');
        text
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or is no snapshot.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let bytes = fs::read(path).map_err(|error| FileError::Unreadable {
            path: path.to_owned(),
            error,
        })?;
        let malformed = |reason: String| FileError::Malformed {
            path: path.to_owned(),
            reason,
        };
        let text = String::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8".to_owned()))?;
        Self::parse(&text).map_err(malformed)
    }

    /// Writes a file, whole or not at all; its folder is made if need be.
    ///
    /// # Errors
    /// What writing gives.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut beside = path.as_os_str().to_owned();
        beside.push(".tmp");
        let beside = PathBuf::from(beside);
        fs::write(&beside, self.text())?;
        fs::rename(&beside, path)
    }
}

/// A JSON text; DEL and the C1 controls are escaped, too, since YAML does not allow them as they are.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    for letter in serde_json::Value::from(text).to_string().chars() {
        match u32::from(letter) {
            code @ (0x7f..=0x9f | 0x2028 | 0x2029 | 0xfeff | 0xfffe | 0xffff) => {
                quoted.push_str(&format!("\\u{code:04x}"))
            }
            _ => quoted.push(letter),
        }
    }
    quoted
}
