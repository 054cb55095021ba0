//! Mapping files: YAML to [`Mapping`], with every mistake of a file at once.
//!
//! ```yaml
//! provider: entra
//! attributes: { badge: badge }     # names of your own, and what the directory calls them
//! users:
//!   - { from: userPrincipalName, to: userName, match: 1 }
//!   - { from: badge, to: "urn:example:1.0:User:badge" }
//! ```
//!
//! What a file leaves out, `users` or `groups`, is as the provider has it by default.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use crate::finding::Authority;
use crate::idp::mapping::{Expression, Mapping, Row, Standard};
use crate::idp::overlay;
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::load::fields::{Fields, integer, text, word, wrong_type};
use crate::scenario::nearest::nearest;
use crate::scenario::yaml::{self, Kind, Node};
use crate::scim::path::Path;

/// Keys of a mapping file.
const KEYS: [&str; 4] = ["provider", "attributes", "users", "groups"];

/// Reads a mapping file. `shown` is its name in messages.
///
/// # Errors
/// Every mistake of the file, by place.
pub fn load(shown: &str, bytes: &[u8]) -> Result<Mapping, Vec<ScenarioError>> {
    read(shown, bytes, Some(Mapping::standard_of)).map(|standard| standard.mapping)
}

/// Whether a file is meant as a mapping.
pub(crate) fn is_meant(root: &Node) -> bool {
    let Kind::Map(entries) = &root.kind else {
        return false;
    };
    entries.iter().any(|entry| entry.key == "provider")
}

/// Reads a file; `standard` gives what it may build on.
pub(super) fn read(
    shown: &str,
    bytes: &[u8],
    standard: Option<fn(Authority) -> &'static Standard>,
) -> Result<Standard, Vec<ScenarioError>> {
    let root = yaml::parse_as(yaml::MAPPING, shown, bytes)?;
    let mut errors = Vec::new();
    let found = mapping(&root, standard, &mut errors);
    errors.sort();
    match found {
        Some(found) if errors.is_empty() => Ok(found),
        _ => Err(errors),
    }
}

fn mapping(
    root: &Node,
    standard: Option<fn(Authority) -> &'static Standard>,
    errors: &mut Vec<ScenarioError>,
) -> Option<Standard> {
    let file = Fields::read(root, "a mapping file", &KEYS, errors)?;
    let node = file.required("provider", errors)?;
    let written = text("provider", node, errors)?;
    let named = |name: &str| match name {
        "okta" => Some(Authority::Okta),
        "entra" => Some(Authority::Entra),
        _ => None,
    };
    let provider = word("provider", written, node, &["okta", "entra"], named, errors)?;
    let standard = standard.map(|standard| standard(provider));
    if !file.has("users") && !file.has("groups") {
        file.required("users", errors);
    }
    let mut attributes = standard.map_or_else(BTreeMap::new, |known| known.attributes.clone());
    if let Some(node) = file.get("attributes") {
        own_names(node, &mut attributes, errors);
    }
    let mut rows = |key: &'static str, default: Option<&Vec<Row>>| match file.get(key) {
        Some(node) => rows(key, node, provider, &attributes, errors),
        None => default.cloned().unwrap_or_default(),
    };
    let users = rows("users", standard.map(|known| &known.mapping.users));
    let groups = rows("groups", standard.map(|known| &known.mapping.groups));
    Some(Standard {
        mapping: Mapping {
            provider,
            users,
            groups,
        },
        attributes,
    })
}

fn own_names(
    node: &Node,
    attributes: &mut BTreeMap<String, String>,
    errors: &mut Vec<ScenarioError>,
) {
    let Kind::Map(entries) = &node.kind else {
        errors.push(wrong_type("attributes", "a mapping", node));
        return;
    };
    for entry in entries {
        if let Some(name) = text(&entry.key, &entry.value, errors) {
            attributes.insert(entry.key.clone(), name.to_owned());
        }
    }
}

fn rows(
    key: &'static str,
    node: &Node,
    provider: Authority,
    attributes: &BTreeMap<String, String>,
    errors: &mut Vec<ScenarioError>,
) -> Vec<Row> {
    let Kind::List(items) = &node.kind else {
        errors.push(wrong_type(key, "a list", node));
        return Vec::new();
    };
    let before = errors.len();
    let mut targets = HashMap::new();
    let mut precedences = HashMap::new();
    let mut places = HashMap::new();
    let mut rows = Vec::new();
    for item in items {
        let Some(row) = Fields::read(item, "a row", &["from", "to", "match"], errors) else {
            continue;
        };
        let from = row
            .required("from", errors)
            .and_then(|node| expression(node, attributes, errors));
        let to = row
            .required("to", errors)
            .and_then(|node| target(node, provider, &mut targets, errors));
        let matching = row.get("match").and_then(|node| {
            let precedence = integer("match", node, 1..=100, errors)?;
            if let Some(line) = precedences.insert(precedence, node.place.line) {
                let message = format!("the row in line {line} has the number {precedence}, too");
                let repair = Some("each row that is matched by has a number of its own".to_owned());
                errors.push(Problem::Mapping { message, repair }.at(node.place.clone()));
            }
            u32::try_from(precedence).ok()
        });
        if let (Some(from), Some(to)) = (from, to) {
            places.insert(to.clone(), item.place.clone());
            rows.push(Row { from, to, matching });
        }
    }
    let targets = rows.iter().map(|row: &Row| row.to.as_str());
    for (target, problem) in blocked(targets, provider) {
        let place = places.get(target).unwrap_or(&node.place);
        errors.push(problem.at(place.clone()));
    }
    // A row that cannot be read may be the one.
    if errors.len() == before && rows.iter().all(|row| row.matching.is_none()) {
        let message = format!("no row of `{key}` is matched by");
        let repair = Some(
            "add `match: 1` to the row by which the provider finds what is there already"
                .to_owned(),
        );
        errors.push(Problem::Mapping { message, repair }.at(node.place.clone()));
    }
    rows
}

fn expression(
    node: &Node,
    attributes: &BTreeMap<String, String>,
    errors: &mut Vec<ScenarioError>,
) -> Option<Expression> {
    let written = text("from", node, errors)?;
    match Expression::parse(written, attributes) {
        Ok(expression) => Some(expression),
        Err(misread) => {
            let name = misread.unknown_name();
            let near = name.and_then(|name| nearest(name, attributes.keys().map(String::as_str)));
            let repair = match (near, name) {
                (Some(near), _) => Some(format!("did you mean `{near}`?")),
                (None, Some(name)) => Some(format!(
                    "a name of your own stands in `attributes`: `{name}: NAME-IN-THE-DIRECTORY`"
                )),
                (None, None) => None,
            };
            let at = name.and_then(|name| written.find(name)).unwrap_or(0);
            let message = misread.to_string();
            errors.push(Problem::Mapping { message, repair }.at(node.place_at(at)));
            None
        }
    }
}

fn target(
    node: &Node,
    provider: Authority,
    seen: &mut HashMap<String, usize>,
    errors: &mut Vec<ScenarioError>,
) -> Option<String> {
    let written = text("to", node, errors)?;
    if let Some(problem) = misplaced(written, provider) {
        errors.push(problem.at(node.place.clone()));
        return None;
    }
    if let Some(line) = seen.insert(written.to_lowercase(), node.place.line) {
        let message = format!("`{written}` is already the target of the row in line {line}");
        let repair = None;
        errors.push(Problem::Mapping { message, repair }.at(node.place.clone()));
    }
    Some(written.to_owned())
}

/// What is wrong with a target, if anything is.
pub(crate) fn misplaced(written: &str, provider: Authority) -> Option<Problem> {
    if path_of(written, provider).is_some_and(|path| path.parse::<Path>().is_ok()) {
        return None;
    }
    let message = format!("`{written}` is not a place in a SCIM resource");
    let example = match provider {
        Authority::Okta => "for example `name.givenName` or `emails.^[type=='work'].value`",
        _ => "for example `name.givenName` or `emails[type eq \"work\"].value`",
    };
    let repair = Some(example.to_owned());
    Some(Problem::Mapping { message, repair })
}

/// The targets that nothing can be written to because a row before has put a plain value there: `emails`, and then
/// `emails.^[primary==true].value`.
pub(crate) fn blocked<'a>(
    targets: impl Iterator<Item = &'a str>,
    provider: Authority,
) -> Vec<(&'a str, Problem)> {
    let mut document = Value::Object(Map::new());
    targets
        .filter_map(|written| {
            let path = path_of(written, provider)?;
            overlay::write(&mut document, &path, Some(Value::from("x"))).err()?;
            let message =
                format!("`{written}` is inside of what another row sends as a plain value");
            let repair = Some("take one of them away".to_owned());
            Some((written, Problem::Mapping { message, repair }))
        })
        .collect()
}

fn path_of(written: &str, provider: Authority) -> Option<String> {
    match provider {
        Authority::Okta => of_external_name(written),
        _ => Some(written.to_owned()),
    }
}

/// Okta's external name as a SCIM path: `emails.^[primary==true].value` is `emails[primary eq true].value` (okta.md 2.3).
fn of_external_name(name: &str) -> Option<String> {
    let Some((list, rest)) = name.split_once(".^[") else {
        return Some(name.to_owned());
    };
    let (condition, sub) = rest.split_once(']')?;
    let (attribute, value) = condition.split_once("==")?;
    let value = value.trim().replace('\'', "\"");
    Some(format!("{list}[{} eq {value}]{sub}", attribute.trim()))
}

#[cfg(test)]
mod tests {
    use super::load;
    use crate::idp::mapping::Expression;

    fn mistakes(text: &str) -> Vec<String> {
        let errors = load("m.yaml", text.as_bytes()).expect_err("it has mistakes");
        errors
            .iter()
            .map(|error| {
                let hint = error.hint().unwrap_or_default();
                format!("{}:{} {error} ({hint})", error.at.line, error.at.column)
            })
            .collect()
    }

    #[test]
    fn a_file_adds_names_and_keeps_what_it_leaves_out() {
        let mapping = load(
            "m.yaml",
            b"provider: entra\nattributes: { badge: badge }\nusers:\n  - { from: userPrincipalName, to: userName, match: 1 }\n  - { from: badge, to: 'urn:example:1.0:User:badge' }\n",
        )
        .unwrap();
        assert_eq!(mapping.users.len(), 2);
        assert_eq!(mapping.users[1].from, Expression::Attribute("badge".into()));
        assert_eq!(mapping.groups.len(), 3);
    }

    #[test]
    fn every_mistake_is_found_at_once() {
        assert_eq!(
            mistakes(
                "\
provider: okta
users:
  - { from: user.logn, to: userName }
  - { from: user.email, to: 'emails.^[primary==true].value' }
  - { from: user.title, to: 'emails.^[primary=true].value' }
  - { from: user.badge, to: badge, mtch: 1 }
  - { from: user.department, to: 'Emails.^[primary==true].value' }
  - { from: 'Mid([x], 1)', to: title, match: 0 }
groups:
  - { from: group.name, to: displayName }
"
            ),
            [
                "3:13 `user.logn` is no attribute that this provider knows (did you mean `user.login`?)",
                "5:29 `emails.^[primary=true].value` is not a place in a SCIM resource (for example `name.givenName` or `emails.^[type=='work'].value`)",
                "6:13 `user.badge` is no attribute that this provider knows (a name of your own stands in `attributes`: `user.badge: NAME-IN-THE-DIRECTORY`)",
                "6:36 unknown key `mtch` in a row (did you mean `match`?)",
                "7:34 `Emails.^[primary==true].value` is already the target of the row in line 4 ()",
                "8:14 the function `Mid` is not understood ()",
                "8:46 `match` must be a whole number from 1 to 100, not 0 ()",
                "10:3 no row of `groups` is matched by (add `match: 1` to the row by which the provider finds what is there already)",
            ]
        );
        assert_eq!(
            mistakes(
                "provider: okta\nusers:\n  - { from: user.login, to: userName, match: 1 }\n  - { from: user.email, to: emails }\n  - { from: user.email, to: 'emails.^[primary==true].value' }\n"
            ),
            [
                "5:5 `emails.^[primary==true].value` is inside of what another row sends as a plain value (take one of them away)"
            ]
        );
        assert_eq!(
            mistakes("provider: octa\n"),
            ["1:11 unknown provider `octa` (did you mean `okta`?)"]
        );
    }
}
