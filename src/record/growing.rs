//! A file that grows while it is recorded: every entry is in it when it has been told, it is whole after each of them,
//! and a disk that is full costs what could not be written, not what was.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file that entries are added to.
pub(crate) struct Growing {
    path: PathBuf,
    file: File,
    /// What stands behind the last entry, and is written over by the next one.
    end: &'static [u8],
    /// Bytes up to the end of the last whole entry.
    good: u64,
    /// Entries that could not be written.
    lost: u64,
    /// The last attempt has failed.
    is_failing: bool,
}

/// What changed with an attempt to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    /// Nothing: written as before, or failed as before.
    AsBefore,
    /// It fails from now on.
    Fails(String),
    /// It works again.
    Again,
}

impl Growing {
    /// A new file without entries, and what stands before and behind them.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn create(path: &Path, begin: &[u8], end: &'static [u8]) -> io::Result<Self> {
        let mut growing = Self {
            file: File::create(path)?,
            path: path.to_owned(),
            end,
            good: 0,
            lost: 0,
            is_failing: false,
        };
        growing.attempt(begin)?;
        Ok(growing)
    }

    /// Its name, for people.
    pub(crate) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// Entries that it does not have.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// Adds bytes that hold so many entries.
    pub(crate) fn add(&mut self, bytes: &[u8], entries: u64) -> Written {
        let written = self.attempt(bytes);
        let failed_before = std::mem::replace(&mut self.is_failing, written.is_err());
        match written {
            Ok(()) if failed_before => Written::Again,
            Ok(()) => Written::AsBefore,
            Err(problem) => {
                self.lost += entries;
                // Half an entry would make those behind it unreadable. The end was there before, so it has room.
                let _ = self.file.set_len(self.good);
                let _ = self.attempt(b"");
                match failed_before {
                    true => Written::AsBefore,
                    false => Written::Fails(problem.to_string()),
                }
            }
        }
    }

    fn attempt(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.good))?;
        // In one piece, so that a recorder that is killed leaves all of an entry or nothing.
        self.file.write_all(&[bytes, self.end].concat())?;
        self.good += bytes.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Growing, Written};

    #[test]
    fn the_file_is_whole_after_each_entry() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let text = || std::fs::read_to_string(&path).unwrap();
        let mut list = Growing::create(&path, b"[0", b"]\n").unwrap();
        assert_eq!(text(), "[0]\n");
        assert_eq!(list.add(b",1", 1), Written::AsBefore);
        assert_eq!(list.add(b",22", 1), Written::AsBefore);
        assert_eq!(text(), "[0,1,22]\n");
        assert_eq!(list.lost(), 0);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_device_that_takes_nothing_is_no_file_to_record_to() {
        let full = std::path::Path::new("/dev/full");
        assert!(Growing::create(full, b"[", b"]").is_err());
        // Without anything to write it can be opened, and then fails with the first entry, once.
        let mut log = Growing::create(full, b"", b"").unwrap();
        assert!(matches!(log.add(b"1", 1), Written::Fails(_)));
        assert_eq!(log.add(b"2", 1), Written::AsBefore);
        assert_eq!(log.lost(), 2);
    }
}
