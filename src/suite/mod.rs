//! Suites of other testers: exported Runscope suites and Postman collections, read into one model and written as a
//! scenario. Pure, and strict like the loader of scenarios: what is not understood is said with its place, and an
//! assertion that cannot be translated is listed, never dropped. Scripts are never executed.

mod condition;
mod document;
mod postman;
mod request;
mod runscope;
mod script;
mod template;
mod translation;
mod url;
mod variable;
mod write;

pub(crate) use translation::Translation;
pub(crate) use write::Options;

use crate::finding::Authority;
use crate::scenario::Place;
use crate::scenario::error::ScenarioError;
use crate::suite::condition::Claim;
use crate::suite::document::{Document, Spot, problem};

/// Most requests of a suite. Each becomes at least one step, and a scenario has at most 10,000.
const REQUESTS: usize = 5_000;

/// What exports a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// BlazeMeter Runscope, version 1.0.
    Runscope,
    /// Postman collections, v2.0 and v2.1.
    Postman,
}

impl Format {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Runscope => "Runscope",
            Self::Postman => "Postman",
        }
    }
}

/// A suite as it was exported.
#[derive(Debug)]
pub(crate) struct Suite {
    pub(crate) format: Format,
    /// The file as the user named it.
    pub(crate) shown: String,
    /// One line.
    pub(crate) title: String,
    description: String,
    items: Vec<Item>,
    /// Values that the file gives to variables, the last one counts.
    initial: Vec<(String, String)>,
    /// What else of the file is not translated.
    remarks: Vec<String>,
}

/// A request with what is asserted of its answer.
#[derive(Debug)]
struct Item {
    name: String,
    place: Place,
    method: String,
    /// With variables, as it is written.
    url: String,
    /// In the order written, credentials among them.
    headers: Vec<(String, String)>,
    authorization: Authorization,
    body: Body,
    /// Seconds to wait before it.
    pause: u64,
    assertions: Vec<Assertion>,
    captures: Vec<Capture>,
    /// Values that its scripts give to variables.
    values: Vec<(String, String)>,
    /// What of it is not translated, beside assertions.
    remarks: Vec<String>,
}

/// How a suite says that a request is authenticated, beside its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Authorization {
    /// Not at all.
    None,
    /// The value of the header, with variables.
    Header(String),
    /// In a way whose value only the runner makes.
    Own,
}

/// What a request carries.
#[derive(Debug, PartialEq, Eq)]
enum Body {
    None,
    Text(String),
    /// Something that cannot be written as text, and what.
    Other(&'static str),
}

/// Something that is asserted of an answer.
#[derive(Debug, Clone, PartialEq)]
struct Assertion {
    /// As the suite has it, in words.
    says: String,
    /// What it means.
    claims: Vec<Claim>,
    /// Why it is not translated, or not as a whole.
    untranslated: Option<String>,
    /// It is a script without a name of its own, and is not counted as an assertion.
    is_script: bool,
}

impl Assertion {
    fn of(says: String, claims: Vec<Claim>) -> Self {
        Self {
            says,
            claims,
            untranslated: None,
            is_script: false,
        }
    }
}

/// A variable that an answer gives.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Capture {
    name: String,
    from: From,
}

/// Where in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum From {
    /// A JSONPath.
    Json(String),
    Header(String),
    Status,
}

impl Suite {
    /// The requests that the file has.
    pub(crate) fn requests(&self) -> usize {
        self.items.len()
    }

    /// The assertions that the file has.
    pub(crate) fn assertions(&self) -> usize {
        let assertions = self.items.iter().flat_map(|item| &item.assertions);
        assertions.filter(|assertion| !assertion.is_script).count()
    }

    /// Takes a request in. A value that its scripts give to a variable is that variable's value, unless it has another one.
    fn take(&mut self, mut item: Item) {
        for (name, value) in std::mem::take(&mut item.values) {
            match self.initial.iter().rev().find(|(known, _)| *known == name) {
                Some((_, known)) if *known == value => {}
                Some(_) => item.remarks.push(format!(
                    "a script gives `{name}` another value: `{}`",
                    one_line(&value)
                )),
                None => self.initial.push((name, value)),
            }
        }
        self.items.push(item);
    }

    /// Who wrote it, by what it says of itself.
    pub(crate) fn authority(&self) -> Authority {
        let names = self.items.iter().map(|item| item.url.as_str());
        let about: Vec<String> = [self.title.as_str(), self.description.as_str()]
            .into_iter()
            .chain(names)
            .map(str::to_ascii_lowercase)
            .collect();
        let mentions = |word: &str| about.iter().any(|text| text.contains(word));
        let entra = [
            "microsoft",
            "scimreferencecode",
            "entra",
            "azure",
            "scim reference api",
        ];
        // The endpoint that Microsoft's reference code has under a name of its own.
        let is_sample = || mentions("/serviceconfiguration");
        if mentions("okta") {
            Authority::Okta
        } else if entra.into_iter().any(mentions) || is_sample() {
            Authority::Entra
        } else {
            Authority::Rfc
        }
    }
}

/// What a JSON file is, as far as suites are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Suite(Format),
    /// Something that people mistake for a suite, and what it is.
    Other(&'static str, &'static str),
    Unknown,
}

/// Whether these bytes look like an exported suite, or like something that is exported beside one. What is neither is
/// perhaps a payload of SCIM.
pub(crate) fn is_meant(bytes: &[u8]) -> bool {
    Document::read("", bytes).is_ok_and(|document| kind_of(&document.root()) != Kind::Unknown)
}

fn kind_of(root: &Spot<'_>) -> Kind {
    let has = |name: &str| root.value.get(name).is_some();
    if has("steps") && (has("trigger_url") || has("exported_at") || !has("schemas")) {
        return Kind::Suite(Format::Runscope);
    }
    if let Some(info) = root.get("info")
        && (info.value.get("_postman_id").is_some() || info.text("schema").is_some() || has("item"))
    {
        return Kind::Suite(Format::Postman);
    }
    if has("_postman_variable_scope") || has("values") && has("name") {
        return Kind::Other(
            "a Postman environment, not a collection",
            "give the collection, and the values of this file with `--var NAME=VALUE`",
        );
    }
    if has("requests") && has("order") {
        return Kind::Other(
            "a Postman collection of version 1",
            "open it in Postman and export it as Collection v2.1",
        );
    }
    if root
        .get("collection")
        .is_some_and(|inner| inner.value.get("info").is_some())
    {
        return Kind::Other(
            "what Postman's API answers, with the collection inside",
            "save what is in `collection` as a file of its own",
        );
    }
    if root
        .get("log")
        .is_some_and(|log| log.value.get("entries").is_some())
    {
        return Kind::Other(
            "a HAR recording, not a suite",
            "a recording asserts nothing; export the suite from Runscope or Postman",
        );
    }
    Kind::Unknown
}

/// Reads an exported suite. `format`: what the user says that it is.
///
/// # Errors
/// Every mistake that is found, by place.
pub(crate) fn read(
    shown: &str,
    bytes: &[u8],
    format: Option<Format>,
) -> Result<Suite, Vec<ScenarioError>> {
    let document = Document::read(shown, bytes).map_err(|mistake| vec![*mistake])?;
    let root = document.root();
    if !root.value.is_object() {
        return Err(vec![root.wrong(
            "",
            "is no suite: it is not a JSON object",
            Some(KNOWN),
        )]);
    }
    let found = match kind_of(&root) {
        Kind::Suite(found) => found,
        Kind::Other(what, repair) => {
            return Err(vec![root.wrong("", &format!("is {what}"), Some(repair))]);
        }
        Kind::Unknown => {
            let what = "is no suite that is known";
            return Err(vec![root.wrong("", what, Some(KNOWN))]);
        }
    };
    if let Some(wanted) = format.filter(|wanted| *wanted != found) {
        let what = format!("is a suite of {}, not of {}", found.name(), wanted.name());
        let command = found.name().to_ascii_lowercase();
        let repair = format!("write `scimulate import {command} {shown}`");
        return Err(vec![root.wrong("", &what, Some(&repair))]);
    }
    let mut mistakes = Vec::new();
    let suite = match found {
        Format::Runscope => runscope::read(shown, &root, &mut mistakes),
        Format::Postman => postman::read(shown, &root, &mut mistakes),
    };
    if mistakes.is_empty() && suite.items.is_empty() {
        let member = match found {
            Format::Runscope => "steps",
            Format::Postman => "item",
        };
        let at = root.get(member).unwrap_or_else(|| root.clone());
        mistakes.push(
            problem(
                format!("the suite is empty: `{member}` holds no request"),
                Some("export it again, with its requests".to_owned()),
            )
            .at(at.place()),
        );
    }
    match mistakes.is_empty() {
        true => Ok(suite),
        false => Err(mistakes),
    }
}

/// What can be read.
const KNOWN: &str = "Runscope exports (version 1.0, with `steps`) and Postman collections (v2.x, with `info` and `item`) are known";

/// That a suite has more requests than are read, at the first that is too many.
fn too_many(spot: &Spot<'_>) -> ScenarioError {
    problem(
        format!("the suite has more than {REQUESTS} requests"),
        Some("export it in parts".to_owned()),
    )
    .at(spot.place())
}

/// A text on one line.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests;
