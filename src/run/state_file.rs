//! The state file of a provider on disk: locked, appended to as soon as something changes, and written anew at the end.

use std::fs::{File, OpenOptions, TryLockError, create_dir_all, rename};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::exchange::Mask;
use crate::idp::Memory;
use crate::idp::state::{self, Cycle, Header, Unreadable, line_of};

/// Appending less than this is never worth writing the file anew.
const LEAST_ROOM: usize = 4 << 20;

/// An open state file. Nobody else can open it until this one is dropped.
pub(crate) struct StateFile {
    path: PathBuf,
    header: Header,
    mask: Mask,
    file: File,
    /// Bytes appended since it was written anew.
    appended: usize,
    /// How many may be.
    room: usize,
    /// The last line of this kind that was written.
    cycle: Cycle,
    /// Locked. It is another file because the state itself is replaced as a whole.
    _lock: File,
}

/// Why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateFault {
    /// The disk.
    #[error("the state file `{}` cannot be used: {problem}", path.display())]
    Disk { path: PathBuf, problem: io::Error },
    /// Another process has it.
    #[error("the state file `{}` is in use by another sync", .0.display())]
    Locked(PathBuf),
    /// It is another one's.
    #[error("the state file `{}` is not for this: {reason}", path.display())]
    Foreign { path: PathBuf, reason: String },
    /// It cannot be understood.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

impl StateFault {
    /// What to do.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Disk { .. } => "name a file that can be written with `--state FILE`",
            Self::Locked(_) => "wait for it, or name another file with `--state FILE`",
            Self::Foreign { .. } => {
                "name another file with `--state FILE`: each target, tenant and client has its own"
            }
            Self::Unreadable(_) => {
                "restore the file, or move it away: the next sync then begins anew and links what it finds"
            }
        }
    }
}

/// What was found on disk.
pub(crate) struct Found {
    /// What is remembered.
    pub(crate) memory: Memory,
    /// The last line was broken off and is lost.
    pub(crate) torn: bool,
}

/// What a state file holds, without opening it for writing. Nothing, if there is none.
///
/// # Errors
/// It cannot be read, or is not for this target and client.
pub(crate) fn look(path: &Path, header: &Header) -> Result<Found, StateFault> {
    let disk = |problem| StateFault::Disk {
        path: path.to_owned(),
        problem,
    };
    let nothing = Found {
        memory: Memory::default(),
        torn: false,
    };
    let bytes = match std::fs::read(path) {
        Ok(bytes) if bytes.is_empty() => return Ok(nothing),
        Ok(bytes) => bytes,
        Err(problem) if problem.kind() == ErrorKind::NotFound => return Ok(nothing),
        Err(problem) => return Err(disk(problem)),
    };
    // A line that breaks off may break off inside a letter.
    let text = String::from_utf8_lossy(&bytes);
    let read = state::read(&text)?;
    if let Some(reason) = read.header.refusal(header) {
        let path = path.to_owned();
        return Err(StateFault::Foreign { path, reason });
    }
    Ok(Found {
        memory: read.memory,
        torn: read.torn,
    })
}

impl StateFile {
    /// Opens a state file, or makes one.
    ///
    /// # Errors
    /// Another sync has it open, it cannot be read or written, or it is not for this target and client.
    pub(crate) fn open(
        path: &Path,
        header: Header,
        mask: Mask,
    ) -> Result<(Self, Found), StateFault> {
        let disk = |problem| StateFault::Disk {
            path: path.to_owned(),
            problem,
        };
        if let Some(folder) = path.parent() {
            create_dir_all(folder).map_err(disk)?;
        }
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(beside(path, ".lock"))
            .map_err(disk)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateFault::Locked(path.to_owned())),
            Err(TryLockError::Error(problem)) => return Err(disk(problem)),
        }
        let found = look(path, &header)?;
        // Written anew: a torn line must not be continued, and a file must never be without its header.
        let (file, bytes) = replaced(path, &header, &found.memory, &mask).map_err(disk)?;
        let opened = Self {
            path: path.to_owned(),
            header,
            mask,
            file,
            appended: 0,
            room: room_for(bytes),
            cycle: Cycle::of(&found.memory),
            _lock: lock,
        };
        Ok((opened, found))
    }

    /// Appends what has changed. When this returns, a killed process has it on disk.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn append(&mut self, memory: &mut Memory) -> io::Result<()> {
        let mut text = String::new();
        for subject in memory.take_dirty() {
            text.push_str(&line_of(memory, &subject));
        }
        let cycle = Cycle::of(memory);
        if cycle != self.cycle {
            text.push_str(&cycle.line());
            self.cycle = cycle;
        }
        if text.is_empty() {
            return Ok(());
        }
        let text = self.mask.text(&text);
        self.file.write_all(text.as_bytes())?;
        self.appended += text.len();
        // A large group that changes member by member is written again each time.
        if self.appended > self.room {
            self.compact(memory)?;
        }
        Ok(())
    }

    /// Writes the whole file anew, one line a subject.
    ///
    /// # Errors
    /// The file cannot be written; the old one is still there then.
    pub(crate) fn compact(&mut self, memory: &mut Memory) -> io::Result<()> {
        memory.take_dirty();
        self.cycle = Cycle::of(memory);
        let (file, bytes) = replaced(&self.path, &self.header, memory, &self.mask)?;
        self.file = file;
        self.appended = 0;
        self.room = room_for(bytes);
        Ok(())
    }
}

/// The path with something behind its name.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Replaces a file as a whole: whoever is killed here leaves the old one or the new one.
fn replaced(
    path: &Path,
    header: &Header,
    memory: &Memory,
    mask: &Mask,
) -> io::Result<(File, usize)> {
    let new = beside(path, ".new");
    let mut file = File::create(&new)?;
    let text = mask.text(&state::written(header, memory));
    file.write_all(text.as_bytes())?;
    file.sync_data()?;
    rename(&new, path)?;
    Ok((file, text.len()))
}

/// How many bytes may be appended to a file of that size before it is written anew: so many that writing it anew costs
/// little beside them.
fn room_for(bytes: usize) -> usize {
    bytes.saturating_mul(4).max(LEAST_ROOM)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{StateFault, StateFile, look};
    use crate::exchange::Mask;
    use crate::idp::state::Header;
    use crate::idp::{Memory, UserLink};
    use crate::profile::ProfileId;

    fn header() -> Header {
        Header::new(ProfileId::OktaOin, "http://127.0.0.1:1".into(), None)
    }

    fn link(memory: &mut Memory, key: &str) {
        let link = UserLink {
            id: "canary-token".into(),
            pushed: json!({}),
            active: true,
            unsure: false,
        };
        memory.set_user(key, Some(link));
    }

    #[test]
    fn a_subject_that_changes_again_and_again_does_not_fill_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.state");
        let (mut file, _) = StateFile::open(&path, header(), Mask::default()).unwrap();
        let mut memory = Memory::default();
        let pushed = json!({ "title": "x".repeat(100_000) });
        for round in 0..200 {
            let link = UserLink {
                id: round.to_string(),
                pushed: pushed.clone(),
                active: true,
                unsure: false,
            };
            memory.set_user("ada", Some(link));
            file.append(&mut memory).unwrap();
        }
        let bytes = std::fs::metadata(&path).unwrap().len();
        assert!(bytes < 8 << 20, "{bytes}");
        let found = look(&path, &header()).unwrap();
        assert_eq!(found.memory.user("ada").unwrap().id, "199");
    }

    #[test]
    fn what_was_appended_is_there_without_an_end_in_good_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/a.state");
        let (mut file, found) = StateFile::open(&path, header(), Mask::default()).unwrap();
        let mut memory = found.memory;
        link(&mut memory, "ada");
        file.append(&mut memory).unwrap();
        link(&mut memory, "bob");
        memory.cycles = 1;
        file.append(&mut memory).unwrap();
        assert_eq!(look(&path, &header()).unwrap().memory, memory);
        file.compact(&mut memory).unwrap();
        memory.cycles = 2;
        file.append(&mut memory).unwrap();
        drop(file);
        assert_eq!(look(&path, &header()).unwrap().memory, memory);
    }

    #[test]
    fn two_cannot_have_it_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.state");
        let open = || StateFile::open(&path, header(), Mask::default());
        let first = open().unwrap();
        assert!(matches!(open(), Err(StateFault::Locked(_))));
        drop(first);
        assert!(open().is_ok());
    }

    #[test]
    fn a_torn_line_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.state");
        let (mut file, found) = StateFile::open(&path, header(), Mask::default()).unwrap();
        let mut memory = found.memory;
        link(&mut memory, "ada");
        file.append(&mut memory).unwrap();
        drop(file);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(b"{\"user\":\"b\xc3");
        std::fs::write(&path, &bytes).unwrap();
        let (mut file, found) = StateFile::open(&path, header(), Mask::default()).unwrap();
        assert!(found.torn);
        link(&mut memory, "bob");
        file.append(&mut memory).unwrap();
        assert!(!look(&path, &header()).unwrap().torn);
    }

    #[test]
    fn secrets_are_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.state");
        let mut mask = Mask::default();
        mask.add("canary-token");
        let (mut file, found) = StateFile::open(&path, header(), mask).unwrap();
        let mut memory = found.memory;
        link(&mut memory, "ada");
        file.append(&mut memory).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("canary-token"), "{text}");
    }
}
