//! State files: what a provider remembers, as JSON lines. The first line says of whom and of what; each of the others says
//! all there is about one subject, and a later one replaces an earlier one.
//!
//! ```json
//! {"scimulate-state":1,"client":"okta-oin","target":"https://example.com/scim/v2","tenant":null}
//! {"user":"ada","link":{"id":"42","pushed":{"userName":"ada"},"active":true}}
//! {"group":"finance","escrow":{"reason":"…","attempts":1,"due":{"secs":2400,"nanos":0}}}
//! {"cycle":{"now":{"secs":0,"nanos":0},"cycles":1}}
//! ```
//!
//! So what has changed can be appended, and a process that is killed while it writes loses the last line at most.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::idp::{Escrow, GroupLink, Memory, Quarantine, Subject, UserLink};
use crate::profile::ProfileId;

/// The format that this version writes and reads.
const FORMAT: u32 = 1;

/// Whose state of what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Header {
    #[serde(rename = "scimulate-state")]
    format: u32,
    /// As whom.
    pub client: ProfileId,
    /// Base URL of the target.
    pub target: String,
    /// Name of the tenant, if it is not the target itself.
    pub tenant: Option<String>,
}

impl Header {
    /// The header of a new file.
    pub fn new(client: ProfileId, target: String, tenant: Option<String>) -> Self {
        Self {
            format: FORMAT,
            client,
            target,
            tenant,
        }
    }

    /// Why a file with this header cannot serve where `wanted` is needed.
    pub fn refusal(&self, wanted: &Header) -> Option<String> {
        let tenant = |header: &Header| match &header.tenant {
            Some(tenant) => format!("the tenant `{tenant}`"),
            None => "no tenant".to_owned(),
        };
        if self.target != wanted.target {
            Some(format!(
                "it belongs to the target {}, not to {}",
                self.target, wanted.target
            ))
        } else if self.tenant != wanted.tenant {
            Some(format!(
                "it belongs to {}, not to {}",
                tenant(self),
                tenant(wanted)
            ))
        } else if self.client != wanted.client {
            Some(format!(
                "it belongs to the client {}, not to {}",
                self.client.name(),
                wanted.client.name()
            ))
        } else {
            None
        }
    }
}

/// A file as read.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The first line.
    pub header: Header,
    /// What the others say.
    pub memory: Memory,
    /// The last line breaks off; what it said is lost.
    pub torn: bool,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unreadable {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// In words.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    user: Option<String>,
    group: Option<String>,
    link: Option<Value>,
    escrow: Option<Escrow>,
    cycle: Option<Cycle>,
}

/// What is remembered of no subject in particular.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cycle {
    now: Duration,
    cycles: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quarantine: Option<Quarantine>,
}

impl Cycle {
    /// As it is remembered now.
    pub fn of(memory: &Memory) -> Self {
        Self {
            now: memory.now,
            cycles: memory.cycles,
            quarantine: memory.quarantine.clone(),
        }
    }

    /// Its line, with its line break.
    pub fn line(&self) -> String {
        format!("{}\n", json!({ "cycle": self }))
    }
}

/// All there is about a subject, as a line with its line break.
pub fn line_of(memory: &Memory, subject: &Subject) -> String {
    let mut line = match subject {
        Subject::User(key) => json!({ "user": key, "link": memory.user(key) }),
        Subject::Group(key) => json!({ "group": key, "link": memory.group(key) }),
    };
    if let Some(escrow) = memory.escrow(subject) {
        line["escrow"] = json!(escrow);
    }
    format!("{line}\n")
}

/// A whole file.
pub fn written(header: &Header, memory: &Memory) -> String {
    let mut text = format!("{}\n", json!(header));
    text.push_str(&Cycle::of(memory).line());
    let users = memory.users().map(|(key, _)| Subject::User(key.to_owned()));
    let groups = memory
        .groups()
        .map(|(key, _)| Subject::Group(key.to_owned()));
    let subjects: BTreeSet<Subject> = users.chain(groups).chain(memory.in_escrow()).collect();
    for subject in subjects {
        text.push_str(&line_of(memory, &subject));
    }
    text
}

/// Reads a file.
///
/// # Errors
/// The first line that is not what it should be, unless it is the last one and breaks off.
pub fn read(text: &str) -> Result<Read, Unreadable> {
    let mut lines = text.split_inclusive('\n').enumerate().peekable();
    let header = match lines.next() {
        Some((_, line)) => {
            known_format(line)?;
            serde_json::from_str::<Header>(line).map_err(|problem| unreadable(1, &problem))?
        }
        None => {
            return Err(Unreadable {
                line: 1,
                column: 1,
                message: "the state file is empty".to_owned(),
            });
        }
    };
    let mut read = Read {
        header,
        memory: Memory::default(),
        torn: false,
    };
    while let Some((index, line)) = lines.next() {
        let is_torn = lines.peek().is_none() && !line.ends_with('\n');
        let taken =
            serde_json::from_str::<Line>(line).and_then(|line| take(line, &mut read.memory));
        match taken {
            Ok(()) => {}
            Err(_) if is_torn => read.torn = true,
            Err(problem) => return Err(unreadable(index + 1, &problem)),
        }
    }
    read.memory.take_dirty();
    Ok(read)
}

/// Another format may have other members, so its number is looked at before anything else.
fn known_format(line: &str) -> Result<(), Unreadable> {
    #[derive(Deserialize)]
    struct Format {
        #[serde(rename = "scimulate-state")]
        format: u32,
    }
    match serde_json::from_str::<Format>(line) {
        Ok(Format { format }) if format != FORMAT => Err(Unreadable {
            line: 1,
            column: 1,
            message: format!("the state file has the format {format}, this version knows {FORMAT}"),
        }),
        // Whatever else is wrong is said of the whole header.
        _ => Ok(()),
    }
}

fn take(line: Line, memory: &mut Memory) -> Result<(), serde_json::Error> {
    use serde::de::Error;
    match (line.user, line.group, line.cycle) {
        (Some(key), None, None) => {
            let link: Option<UserLink> = line.link.map(serde_json::from_value).transpose()?;
            document(link.as_ref().map(|link| &link.pushed))?;
            memory.set_user(&key, link);
            memory.set_escrow(&Subject::User(key), line.escrow);
        }
        (None, Some(key), None) => {
            let link: Option<GroupLink> = line.link.map(serde_json::from_value).transpose()?;
            document(link.as_ref().map(|link| &link.pushed))?;
            memory.set_group(&key, link);
            memory.set_escrow(&Subject::Group(key), line.escrow);
        }
        (None, None, Some(cycle)) => {
            memory.now = cycle.now;
            memory.cycles = cycle.cycles;
            memory.quarantine = cycle.quarantine;
        }
        _ => {
            return Err(serde_json::Error::custom(
                "a line is about one `user`, one `group` or the `cycle`",
            ));
        }
    }
    Ok(())
}

/// What was pushed is a document, or nothing yet.
fn document(pushed: Option<&Value>) -> Result<(), serde_json::Error> {
    use serde::de::Error;
    match pushed {
        None | Some(Value::Null | Value::Object(_)) => Ok(()),
        Some(_) => Err(serde_json::Error::custom("`pushed` is no JSON object")),
    }
}

fn unreadable(line: usize, problem: &serde_json::Error) -> Unreadable {
    let text = problem.to_string();
    // The position is that inside the line, and is said apart.
    let message = text.split(" at line ").next().unwrap_or(&text);
    Unreadable {
        line,
        column: problem.column().max(1),
        message: format!("not a line of a state file: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::{Header, line_of, read, written};
    use crate::idp::{
        Directory, Escrow, GroupLink, Memory, Provisioner, Quarantine, Subject, Switches, UserLink,
    };
    use crate::profile::ProfileId;

    fn header() -> Header {
        Header::new(
            ProfileId::OktaOin,
            "http://127.0.0.1:1/scim/v2".into(),
            None,
        )
    }

    fn memory() -> Memory {
        let mut memory = Memory::default();
        memory.set_user(
            "ada",
            Some(UserLink {
                id: "4\n2".into(),
                pushed: json!({"userName": "ada\u{2028}"}),
                active: true,
                unsure: false,
            }),
        );
        memory.set_group(
            "finance",
            Some(GroupLink {
                id: "7".into(),
                pushed: json!({"displayName": "Finance"}),
                members: [("ada".to_owned(), "42".to_owned())].into(),
            }),
        );
        let escrow = Escrow {
            reason: "no".into(),
            attempts: 2,
            due: Duration::from_secs(2400),
        };
        memory.set_escrow(&Subject::User("bob".into()), Some(escrow));
        memory.now = Duration::from_millis(1500);
        memory.cycles = 3;
        memory.quarantine = Some(Quarantine::default());
        memory.take_dirty();
        memory
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let text = written(&header(), &memory());
        let back = read(&text).unwrap();
        assert_eq!(
            (back.header, back.memory, back.torn),
            (header(), memory(), false)
        );
    }

    #[test]
    fn a_later_line_replaces_an_earlier_one() {
        let mut now = memory();
        now.set_user("ada", None);
        now.set_escrow(&Subject::User("bob".into()), None);
        let text = written(&header(), &memory())
            + &line_of(&now, &Subject::User("ada".into()))
            + &line_of(&now, &Subject::User("bob".into()));
        now.take_dirty();
        assert_eq!(read(&text).unwrap().memory, now);
    }

    #[test]
    fn wherever_a_file_breaks_off_only_the_last_line_is_lost() {
        let text = written(&header(), &memory());
        let first = text.find('\n').unwrap();
        for end in first + 1..text.len() {
            if !text.is_char_boundary(end) {
                continue;
            }
            let back = read(&text[..end]).unwrap_or_else(|fault| panic!("{end}: {fault}"));
            let whole = text[..end].ends_with('\n') || text[end..].starts_with('\n');
            assert_eq!(back.torn, !whole, "{end}");
        }
    }

    #[test]
    fn a_bad_line_in_the_middle_is_named() {
        let text = written(&header(), &memory());
        let bad = text.replacen("{\"cycle\"", "{\"cycel\"", 1);
        let fault = read(&bad).unwrap_err();
        assert_eq!((fault.line, fault.column), (2, 8));
        assert!(fault.message.contains("cycel"), "{}", fault.message);
        assert_eq!(read("").unwrap_err().message, "the state file is empty");
        let newer = text.replacen("\"scimulate-state\":1", "\"scimulate-state\":2", 1);
        assert!(read(&newer).unwrap_err().message.contains("the format 2"));
        let newer = newer.replacen("{", "{\"written-by\":\"1.0\",", 1);
        assert!(read(&newer).unwrap_err().message.contains("the format 2"));
        let bad = text.replacen(r#"{"userName""#, r#"["userName"],"x":{"y""#, 1);
        assert_eq!(read(&bad).unwrap_err().line, 3);
        let bad = text.replacen(r#"{"displayName":"Finance"}"#, "[1]", 1);
        let fault = read(&bad).unwrap_err();
        assert!(fault.message.ends_with("`pushed` is no JSON object"));
        assert_eq!(fault.line, 5);
    }

    #[test]
    fn times_beyond_all_counting_end_nothing() {
        let mut endless = memory();
        endless.now = Duration::MAX;
        if let Some(quarantine) = &mut endless.quarantine {
            quarantine.since = Duration::MAX;
        }
        let memory = read(&written(&header(), &endless)).unwrap().memory;
        for client in [ProfileId::OktaOin, ProfileId::EntraLegacy] {
            let (directory, switches) = (Directory::default(), Switches::default());
            let provisioner = Provisioner::new(client, directory, None, switches, memory.clone());
            provisioner.unwrap().catch_up();
        }
    }

    #[test]
    fn another_target_tenant_or_client_is_refused() {
        let mut other = header();
        assert_eq!(header().refusal(&other), None);
        other.client = ProfileId::EntraLegacy;
        assert!(header().refusal(&other).is_some());
        other.tenant = Some("second".into());
        assert!(header().refusal(&other).unwrap().contains("tenant"));
        other.target = "http://127.0.0.1:2".into();
        assert!(header().refusal(&other).unwrap().contains("target"));
    }
}
