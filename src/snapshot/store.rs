//! A directory of snapshots.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::file::{FileError, SnapshotFile};

/// Longer parts of a name are cut; file systems end at 255 bytes.
const LONGEST_PART: usize = 70;

/// Where the snapshots of a target are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    folder: PathBuf,
}

/// A snapshot that waits for a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The `.snap.new` file.
    pub new: PathBuf,
    /// The `.snap` file that it would replace; it need not exist.
    pub old: PathBuf,
}

/// Why a pending snapshot could not be accepted or rejected.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// The pending file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The directory.
    #[error("cannot write {}: {error}", path.display())]
    Unwritable {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Store {
    /// The snapshots of that directory, which need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The directory.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// File of a step's snapshot.
    pub fn path_of(&self, scenario: &str, client: &str, step: &str) -> PathBuf {
        self.folder.join(format!(
            "{}{}.snap",
            prefix_of(scenario, client),
            slug(step)
        ))
    }

    /// File of the snapshot that waits to replace `snapshot`.
    pub fn pending_of(snapshot: &Path) -> PathBuf {
        snapshot.with_extension("snap.new")
    }

    /// All `.snap` files, by name.
    pub fn snapshots(&self) -> Vec<PathBuf> {
        self.files(".snap")
    }

    /// All that waits for a review, by name.
    pub fn pending(&self) -> Vec<Pending> {
        self.files(".snap.new")
            .into_iter()
            .map(|new| Pending {
                old: new.with_extension(""),
                new,
            })
            .collect()
    }

    fn files(&self, ending: &str) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = WalkDir::new(&self.folder)
            .into_iter()
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_file())
            .filter(|entry| entry.file_name().to_string_lossy().ends_with(ending))
            .map(walkdir::DirEntry::into_path)
            .collect();
        files.sort();
        files
    }
}

impl Pending {
    /// Makes the new snapshot the one that counts.
    ///
    /// # Errors
    /// The pending file is no snapshot, or the directory cannot be written.
    pub fn accept(&self) -> Result<(), ReviewError> {
        let mut file = SnapshotFile::read(&self.new)?;
        // insta keeps the line in pending files only: it would change whenever the scenario is edited.
        file.line = None;
        file.write(&self.old)
            .map_err(|error| ReviewError::Unwritable {
                path: self.old.clone(),
                error,
            })?;
        self.reject()
    }

    /// Throws the new snapshot away.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn reject(&self) -> Result<(), ReviewError> {
        fs::remove_file(&self.new).map_err(|error| ReviewError::Unwritable {
            path: self.new.clone(),
            error,
        })
    }
}

/// What the names of all snapshots of a scenario as one client begin with.
pub(super) fn prefix_of(scenario: &str, client: &str) -> String {
    let path = scenario.replace('\\', "/");
    let path = path.trim_start_matches("./").trim_start_matches('/');
    let path = path.strip_prefix("scenarios/").unwrap_or(path);
    let stem = path
        .strip_suffix(".yaml")
        .or_else(|| path.strip_suffix(".yml"))
        .unwrap_or(path);
    format!("{}__{}__", slug(stem), slug(client))
}

/// A text as part of a file name. A space becomes `_` and a slash `.`; whatever else no file system takes is replaced by
/// `-`, and a hash of the text keeps such names apart.
fn slug(text: &str) -> String {
    let mut exact = true;
    let mut name = String::new();
    for letter in text.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' => name.push(letter),
            ' ' => name.push('_'),
            '/' => name.push('.'),
            _ => {
                exact = false;
                if !name.ends_with('-') {
                    name.push('-');
                }
            }
        }
    }
    // `__` parts a name, and a dot at the end is lost on Windows.
    exact &= !name.contains("__") && !name.ends_with(['.', '_']) && !name.starts_with(['.', '_']);
    if exact && !name.is_empty() && name.len() <= LONGEST_PART {
        return name;
    }
    name.truncate(LONGEST_PART);
    while name.contains("__") {
        name = name.replace("__", "_");
    }
    let name = name.trim_matches(['-', '.', '_']);
    let hash = hash_of(text);
    if name.is_empty() {
        format!("{hash:06x}")
    } else {
        format!("{name}-{hash:06x}")
    }
}

/// FNV-1a, folded to 24 bits: the same on every machine and in every version.
fn hash_of(text: &str) -> u32 {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (hash >> 24) ^ (hash & 0x00ff_ffff)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Store, slug};

    #[test]
    fn names_are_readable_stable_and_apart() {
        let store = Store::new("snapshots");
        assert_eq!(
            store.path_of("./scenarios/okta/deactivate.yaml", "okta-oin", "create ada"),
            Path::new("snapshots/okta.deactivate__okta-oin__create_ada.snap")
        );
        assert_eq!(slug("GET /Users 2"), "GET_.Users_2");
        let texts = [
            "a b", "a_b", "a-b", "a/b", "a.b", "a:b", "a b ", " a b", "a  b", "", "\u{e4}", "a__b",
            "a\"b",
        ];
        let slugs: Vec<String> = texts.iter().map(|text| slug(text)).collect();
        for (position, slug) in slugs.iter().enumerate() {
            assert!(!slugs[..position].contains(slug), "{slugs:?}");
            assert!(!slug.contains("__") && !slug.is_empty(), "{slug}");
        }
        assert!(slug(&"x".repeat(500)).len() < 80);
        insta::assert_debug_snapshot!(slugs);
    }
}
