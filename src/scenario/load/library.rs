//! Where scenario files come from.

use std::fs;
use std::path::{Path, PathBuf};

/// Files by the names that people see. A scenario on disk and one inside the binary load through the same code.
pub trait Library {
    /// The bytes of a file, or nothing if there is none. The name has `/` between its parts.
    fn read(&self, name: &str) -> Option<Vec<u8>>;
}

/// Files inside the binary: name and text.
#[derive(Debug, Clone, Copy)]
pub struct Embedded<'a>(pub &'a [(&'a str, &'a str)]);

impl Library for Embedded<'_> {
    fn read(&self, name: &str) -> Option<Vec<u8>> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| text.as_bytes().to_vec())
    }
}

/// Files on disk. Names that people see begin with `shown` where the disk has `folder`.
#[derive(Debug, Clone)]
pub struct Disk {
    folder: PathBuf,
    shown: String,
}

impl Disk {
    /// The disk as seen from a file that is shown under another name: the parts that both have at their end belong to
    /// each other.
    pub fn around(path: &Path, shown: &str) -> Self {
        let mut folder = path.to_owned();
        let mut rest = shown;
        loop {
            let (parent, name) = match rest.rsplit_once('/') {
                Some((parent, name)) => (parent, name),
                None => ("", rest),
            };
            let same = folder.file_name().is_some_and(|part| part == name);
            if !same || name.is_empty() {
                break;
            }
            folder.pop();
            rest = parent;
        }
        Self {
            folder,
            shown: rest.to_owned(),
        }
    }
}

impl Library for Disk {
    fn read(&self, name: &str) -> Option<Vec<u8>> {
        let rest = match self.shown.as_str() {
            "" => name,
            shown => name.strip_prefix(shown)?.trim_start_matches('/'),
        };
        let path = self.folder.join(rest);
        // A folder or a device is no file; a huge file is refused by its size before it is read.
        let about = fs::metadata(&path).ok()?;
        let limit = crate::scenario::yaml::FILE_BYTES as u64;
        if !about.is_file() || about.len() > limit {
            return None;
        }
        fs::read(&path).ok()
    }
}

/// The people that come with the program, so that scenarios outside its folders can use them, too.
const PEOPLE: [(&str, &str); 6] = [
    ("ada", include_str!("../../../fixtures/people/ada.yaml")),
    ("bob", include_str!("../../../fixtures/people/bob.yaml")),
    ("carol", include_str!("../../../fixtures/people/carol.yaml")),
    ("dan", include_str!("../../../fixtures/people/dan.yaml")),
    ("eve", include_str!("../../../fixtures/people/eve.yaml")),
    ("frank", include_str!("../../../fixtures/people/frank.yaml")),
];

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) shown: String,
    pub(crate) bytes: Vec<u8>,
}

/// Looks beside a file, then in every folder above it.
pub(crate) fn look_up(library: &dyn Library, from: &str, names: &[String]) -> Option<Found> {
    let mut folder = parent(from);
    // Folders deeper than this are not searched to their root.
    for _ in 0..32 {
        for name in names {
            let shown = join(folder, name);
            if let Some(bytes) = library.read(&shown) {
                return Some(Found { shown, bytes });
            }
        }
        if folder.is_empty() || folder == "/" {
            break;
        }
        folder = parent(folder);
    }
    None
}

/// A person's file: in `people` beside the scenario or above, then those that come with the program.
pub(crate) fn person(library: &dyn Library, from: &str, name: &str) -> Option<Found> {
    let names = [
        format!("people/{name}.yaml"),
        format!("fixtures/people/{name}.yaml"),
    ];
    look_up(library, from, &names).or_else(|| {
        let (name, text) = PEOPLE.iter().find(|(known, _)| *known == name)?;
        Some(Found {
            shown: format!("fixtures/people/{name}.yaml"),
            bytes: text.as_bytes().to_vec(),
        })
    })
}

/// The people that come with the program.
pub(crate) fn people() -> impl Iterator<Item = &'static str> {
    PEOPLE.iter().map(|(name, _)| *name)
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((parent, _)) => parent,
        None => "",
    }
}

fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        "/" => format!("/{name}"),
        _ => format!("{folder}/{name}"),
    }
}
