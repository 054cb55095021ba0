//! The exported file as JSON in which everything knows its place.

use std::collections::HashMap;

use serde_json::Value;

use crate::scenario::Place;
use crate::scenario::error::{Problem, ScenarioError};
use crate::scim::json::{self, JsonFault};

/// Largest file that is read, in bytes. Exports are some hundred KiB.
const BYTES: usize = 32 * 1024 * 1024;

/// A JSON file.
pub(super) struct Document {
    shown: String,
    root: Value,
    /// Line and column of each object and list, by its JSON pointer.
    places: HashMap<String, (usize, usize)>,
}

impl Document {
    /// Reads a file. `shown` is its name in messages.
    pub(super) fn read(shown: &str, bytes: &[u8]) -> Result<Self, Box<ScenarioError>> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let limits = json::Limits {
            bytes: BYTES,
            ..json::Limits::default()
        };
        let document = json::parse(bytes, limits).map_err(|fault| {
            let position = fault.position();
            let place = Place {
                file: shown.to_owned(),
                line: position.map_or(1, |position| position.line),
                column: position.map_or(1, |position| position.column),
            };
            let repair = "a suite is the JSON file that Runscope or Postman exports".to_owned();
            Box::new(problem(said(&fault), Some(repair)).at(place))
        })?;
        let text = String::from_utf8_lossy(bytes);
        Ok(Self {
            shown: shown.to_owned(),
            root: document.value,
            places: places_of(&text),
        })
    }

    /// The whole.
    pub(super) fn root(&self) -> Spot<'_> {
        Spot {
            document: self,
            pointer: String::new(),
            value: &self.root,
        }
    }
}

/// What keeps the file from being JSON, without the place, which is shown with its line.
fn said(fault: &JsonFault) -> String {
    match fault {
        JsonFault::Empty => "the file is empty".to_owned(),
        JsonFault::TooLarge { size, limit } => {
            format!("the file has {size} bytes, more than the {limit} that are read")
        }
        other => {
            let whole = other.to_string();
            let message = whole.split(" at line ").next().unwrap_or_default();
            format!("not JSON: {message}")
        }
    }
}

/// A mistake of a suite.
pub(super) fn problem(message: String, repair: Option<String>) -> Problem {
    Problem::Suite { message, repair }
}

/// A value and where it is.
#[derive(Clone)]
pub(super) struct Spot<'d> {
    document: &'d Document,
    pointer: String,
    pub(super) value: &'d Value,
}

impl<'d> Spot<'d> {
    /// A member of an object; one that is null counts as missing.
    pub(super) fn get(&self, name: &str) -> Option<Spot<'d>> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(self.below(name, value))
    }

    /// A text member.
    pub(super) fn text(&self, name: &str) -> Option<&'d str> {
        self.value.get(name)?.as_str()
    }

    /// A member that is set to true.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.value.get(name).and_then(Value::as_bool) == Some(true)
    }

    /// Elements of a list member; none if it is missing or of another type.
    pub(super) fn list(&self, name: &str) -> Vec<Spot<'d>> {
        self.get(name).map(|spot| spot.items()).unwrap_or_default()
    }

    /// Elements, if it is a list.
    pub(super) fn items(&self) -> Vec<Spot<'d>> {
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items
            .map(|(index, value)| self.below(&index.to_string(), value))
            .collect()
    }

    fn below(&self, name: &str, value: &'d Value) -> Spot<'d> {
        Spot {
            document: self.document,
            pointer: format!("{}/{}", self.pointer, escaped(name)),
            value,
        }
    }

    /// Where it stands: its own line if it is an object or a list, else that of what holds it.
    pub(super) fn place(&self) -> Place {
        let mut pointer = self.pointer.as_str();
        let (line, column) = loop {
            if let Some(place) = self.document.places.get(pointer) {
                break *place;
            }
            match pointer.rsplit_once('/') {
                Some((above, _)) => pointer = above,
                None => break (1, 1),
            }
        };
        Place {
            file: self.document.shown.clone(),
            line,
            column,
        }
    }

    /// The place as a path for messages: `steps[3].url`.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for part in self.pointer.split('/').skip(1) {
            if part.bytes().all(|byte| byte.is_ascii_digit()) {
                path.push_str(&format!("[{part}]"));
            } else {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&part.replace("~1", "/").replace("~0", "~"));
            }
        }
        path
    }

    /// A mistake here; `what` is said of the member `name`.
    pub(super) fn wrong(&self, name: &str, what: &str, repair: Option<&str>) -> ScenarioError {
        let path = match (self.path().as_str(), name) {
            ("", name) => name.to_owned(),
            (path, "") => path.to_owned(),
            (path, name) => format!("{path}.{name}"),
        };
        let message = match path.as_str() {
            "" => format!("the file {what}"),
            path => format!("`{path}` {what}"),
        };
        problem(message, repair.map(str::to_owned)).at(self.place())
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// An object or a list that is being read.
enum Open {
    Object { pointer: String, name: String },
    List { pointer: String, index: usize },
}

impl Open {
    fn next(&self) -> String {
        match self {
            Self::Object { pointer, name } => format!("{pointer}/{}", escaped(name)),
            Self::List { pointer, index } => format!("{pointer}/{index}"),
        }
    }
}

/// Where each object and list of a JSON text begins. The text is JSON, as was found before.
fn places_of(text: &str) -> HashMap<String, (usize, usize)> {
    let mut places = HashMap::new();
    let mut open: Vec<Open> = Vec::new();
    let (mut line, mut column) = (1, 0);
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        column += 1;
        match letter {
            '\n' => {
                line += 1;
                column = 0;
            }
            '{' | '[' => {
                let pointer = open.last().map(Open::next).unwrap_or_default();
                places.insert(pointer.clone(), (line, column));
                open.push(match letter {
                    '{' => Open::Object {
                        pointer,
                        name: String::new(),
                    },
                    _ => Open::List { pointer, index: 0 },
                });
            }
            '}' | ']' => {
                open.pop();
            }
            ',' => {
                if let Some(Open::List { index, .. }) = open.last_mut() {
                    *index += 1;
                }
            }
            '"' => {
                let mut end = text.len();
                let mut escaped = false;
                for (at, letter) in letters.by_ref() {
                    column += 1;
                    match letter {
                        _ if escaped => escaped = false,
                        '\\' => escaped = true,
                        '"' => {
                            end = at + 1;
                            break;
                        }
                        _ => {}
                    }
                }
                let is_name = text[end..].trim_start().starts_with(':');
                if let (true, Some(Open::Object { name, .. })) = (is_name, open.last_mut()) {
                    *name = serde_json::from_str(&text[at..end]).unwrap_or_default();
                }
            }
            _ => {}
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::Document;

    #[test]
    fn everything_knows_its_line_and_path() {
        let text = "{\n \"a,b\": [1, {\"c/d\": {}}],\n \"e\": \"x\\\"{\", \"f\":\n [ [] ]\n}";
        let document = Document::read("suite.json", text.as_bytes()).expect("it is JSON");
        let root = document.root();
        let inner = &root.list("a,b")[1].get("c/d").expect("it is there");
        assert_eq!(inner.path(), "a,b[1].c/d");
        assert_eq!(inner.place().to_string(), "suite.json:2:21");
        let list = &root.list("f")[0];
        assert_eq!(list.place().to_string(), "suite.json:4:4");
        // A text stands where its object does.
        let text = root.get("e").expect("it is there");
        assert_eq!(text.place().to_string(), "suite.json:1:1");
    }
}
