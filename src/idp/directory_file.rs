//! Directory files: YAML to [`Directory`], with every mistake of a file at once.
//!
//! ```yaml
//! attributes: [badge]          # names of your own, beside those of fixtures/people
//! roles:
//!   editor: { id: r-1, value: editor, display: Editor }
//! people:
//!   ada: { userName: ada@example.test, name: { givenName: Ada }, manager: bob, roles: [editor] }
//!   bob: { userName: bob@example.test, status: suspended }
//! groups:
//!   finance: { displayName: Finance, members: [ada, bob] }
//! generate: { people: 10000, groups: 200, members: 50, managers: true, seed: 7 }
//! ```

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::idp::generate::{self, Wanted};
use crate::idp::{Directory, Group, Person, Role, Status};
use crate::scenario::Place;
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::load::fields::{Fields, boolean, integer, text, word, words, wrong_type};
use crate::scenario::nearest::nearest;
use crate::scenario::scalar::ambiguous;
use crate::scenario::yaml::{self, Entry, Kind, Node, Style};

/// Keys of a directory file.
const KEYS: [&str; 5] = ["attributes", "roles", "people", "groups", "generate"];
/// What a person has beside attributes.
const PERSON_KEYS: [&str; 4] = ["status", "assigned", "manager", "roles"];
/// The directory's own names for attributes, as the mappings use them.
const ATTRIBUTES: [&str; 26] = [
    "userName",
    "externalId",
    "displayName",
    "name",
    "nickName",
    "email",
    "secondaryEmail",
    "phone",
    "mobile",
    "fax",
    "title",
    "department",
    "division",
    "organization",
    "costCenter",
    "employeeNumber",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "address",
    "office",
    "profileUrl",
    "mailNickname",
    "objectId",
    "password",
];
const NAME_PARTS: [&str; 6] = [
    "formatted",
    "familyName",
    "givenName",
    "middleName",
    "honorificPrefix",
    "honorificSuffix",
];
const ADDRESS_PARTS: [&str; 6] = [
    "formatted",
    "street",
    "city",
    "region",
    "postalCode",
    "country",
];
/// All names, those of parts with a dot.
pub(crate) fn attributes() -> Vec<String> {
    let parts = |of: &'static str, parts: &'static [&'static str]| {
        parts.iter().map(move |part| format!("{of}.{part}"))
    };
    ATTRIBUTES
        .iter()
        .map(|name| (*name).to_owned())
        .chain(parts("name", &NAME_PARTS))
        .chain(parts("address", &ADDRESS_PARTS))
        .collect()
}

/// Most names that a hint lists.
const LISTED: usize = 12;

/// Reads a directory file. `shown` is its name in messages.
///
/// # Errors
/// Every mistake of the file, by place.
pub fn load(shown: &str, bytes: &[u8]) -> Result<Directory, Vec<ScenarioError>> {
    let root = yaml::parse_as(yaml::DIRECTORY, shown, bytes)?;
    let mut loader = Loader::default();
    loader.file(&root);
    let Loader {
        directory,
        mut errors,
        ..
    } = loader;
    if errors.is_empty() {
        return Ok(directory);
    }
    errors.sort();
    errors.dedup();
    Err(errors)
}

/// Whether a file is meant as a directory, not as a scenario: it has people as a mapping, or has them generated.
pub(crate) fn is_meant(root: &Node) -> bool {
    let Kind::Map(entries) = &root.kind else {
        return false;
    };
    let get = |key: &str| entries.iter().find(|entry| entry.key == key);
    get("generate").is_some()
        || get("people").is_some_and(|people| matches!(people.value.kind, Kind::Map(_)))
            && get("steps").is_none()
}

#[derive(Default)]
struct Loader {
    directory: Directory,
    /// Names of attributes that this file adds.
    own: Vec<String>,
    /// Names that must be there, looked up when everything is read.
    wanted: Vec<(What, String, Place)>,
    errors: Vec<ScenarioError>,
}

/// What a name in the file stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Person,
    Role,
}

impl Loader {
    fn file(&mut self, root: &Node) {
        let Some(file) = Fields::read(root, "a directory file", &KEYS, &mut self.errors) else {
            return;
        };
        if !file.has("generate") {
            file.required("people", &mut self.errors);
        }
        if let Some(node) = file.get("attributes") {
            let own = words("attributes", node, &mut self.errors);
            self.own = own.iter().map(|(name, _)| (*name).to_owned()).collect();
        }
        for entry in self.entries("roles", &file) {
            if let Some(role) = self.role(entry) {
                self.directory.roles.insert(entry.key.clone(), role);
            }
        }
        let mut people = Names::default();
        for entry in self.entries("people", &file) {
            if let Some(person) = self.person(entry, &mut people) {
                self.directory.people.insert(entry.key.clone(), person);
            }
        }
        let mut groups = Names::default();
        for entry in self.entries("groups", &file) {
            if let Some(group) = self.group(entry, &mut groups) {
                self.directory.groups.insert(entry.key.clone(), group);
            }
        }
        if let Some(node) = file.get("generate")
            && let Some(wanted) = self.wanted(node)
        {
            generate::into(&mut self.directory, wanted);
            self.generated(node, &people, &groups);
        }
        self.look_up();
    }

    fn entries<'n>(&mut self, key: &'static str, file: &Fields<'n>) -> &'n [Entry] {
        match file.get(key).map(|node| (&node.kind, node)) {
            Some((Kind::Map(entries), _)) => entries,
            Some((_, node)) => {
                self.errors.push(wrong_type(key, "a mapping", node));
                &[]
            }
            None => &[],
        }
    }

    fn role(&mut self, entry: &Entry) -> Option<Role> {
        let known = ["id", "value", "display"];
        let role = Fields::read(&entry.value, "a role", &known, &mut self.errors)?;
        let mut read = |key: &str| {
            let node = role.required(key, &mut self.errors)?;
            literal(key, node, &mut self.errors)
        };
        let (id, value, display) = (read("id"), read("value"), read("display"));
        Some(Role {
            id: id?,
            value: value?,
            display: display?,
        })
    }

    fn person(&mut self, entry: &Entry, names: &mut Names) -> Option<Person> {
        let own: Vec<&str> = self.own.iter().map(String::as_str).collect();
        let known: Vec<&str> = [&ATTRIBUTES[..], &PERSON_KEYS, &own].concat();
        let person = Fields::read(&entry.value, "a person", &known, &mut self.errors)?;
        if let Some(node) = person.required("userName", &mut self.errors)
            && let Some(name) = text("userName", node, &mut self.errors)
        {
            names.take(name, entry, &node.place, "person", &mut self.errors);
        }
        let status = person.get("status").and_then(|node| {
            let written = text("status", node, &mut self.errors)?;
            let known = Status::ALL.map(Status::name);
            word(
                "status",
                written,
                node,
                &known,
                Status::named,
                &mut self.errors,
            )
        });
        let assigned = person
            .get("assigned")
            .and_then(|node| boolean("assigned", node, &mut self.errors));
        let manager = person.get("manager").and_then(|node| {
            let key = text("manager", node, &mut self.errors)?.to_owned();
            self.wanted
                .push((What::Person, key.clone(), node.place.clone()));
            Some(key)
        });
        Some(Person {
            status: status.unwrap_or_default(),
            assigned: assigned.unwrap_or(true),
            manager,
            roles: self.keys("roles", What::Role, person.get("roles")),
            attributes: self.attributes(entry),
        })
    }

    fn attributes(&mut self, person: &Entry) -> Map<String, Value> {
        let Kind::Map(entries) = &person.value.kind else {
            return Map::new();
        };
        let mut attributes = Map::new();
        for entry in entries {
            let is_own = self.own.contains(&entry.key);
            let (what, parts): (_, &[&str]) = match entry.key.as_str() {
                "name" if !is_own => ("a name", &NAME_PARTS),
                "address" if !is_own => ("an address", &ADDRESS_PARTS),
                key if ATTRIBUTES.contains(&key) || is_own => ("", &[]),
                _ => continue,
            };
            let value = if parts.is_empty() {
                literal(&entry.key, &entry.value, &mut self.errors).map(Value::from)
            } else {
                self.parts(&entry.value, what, parts).map(Value::Object)
            };
            if let Some(value) = value {
                attributes.insert(entry.key.clone(), value);
            }
        }
        attributes
    }

    fn parts(
        &mut self,
        node: &Node,
        what: &'static str,
        known: &[&str],
    ) -> Option<Map<String, Value>> {
        Fields::read(node, what, known, &mut self.errors)?;
        let Kind::Map(entries) = &node.kind else {
            return None;
        };
        let mut parts = Map::new();
        for entry in entries {
            if let Some(text) = literal(&entry.key, &entry.value, &mut self.errors) {
                parts.insert(entry.key.clone(), Value::from(text));
            }
        }
        Some(parts)
    }

    fn group(&mut self, entry: &Entry, names: &mut Names) -> Option<Group> {
        let known = ["displayName", "objectId", "members", "pushed"];
        let group = Fields::read(&entry.value, "a group", &known, &mut self.errors)?;
        let mut attributes = Map::new();
        if let Some(node) = group.required("displayName", &mut self.errors)
            && let Some(name) = literal("displayName", node, &mut self.errors)
        {
            // Providers match groups by their name.
            names.take(&name, entry, &node.place, "group", &mut self.errors);
            attributes.insert("displayName".to_owned(), Value::from(name));
        }
        if let Some(node) = group.get("objectId")
            && let Some(id) = literal("objectId", node, &mut self.errors)
        {
            attributes.insert("objectId".to_owned(), Value::from(id));
        }
        let pushed = group
            .get("pushed")
            .and_then(|node| boolean("pushed", node, &mut self.errors));
        let members = self.keys("members", What::Person, group.get("members"));
        Some(Group {
            attributes,
            members: members.into_iter().collect(),
            pushed: pushed.unwrap_or(true),
        })
    }

    /// A list of names of people or roles.
    fn keys(&mut self, key: &'static str, what: What, node: Option<&Node>) -> Vec<String> {
        let Some(node) = node else {
            return Vec::new();
        };
        let mut keys = Vec::new();
        for (name, node) in words(key, node, &mut self.errors) {
            self.wanted
                .push((what, name.to_owned(), node.place.clone()));
            keys.push(name.to_owned());
        }
        keys
    }

    fn wanted(&mut self, node: &Node) -> Option<Wanted> {
        let known = ["people", "groups", "members", "managers", "seed"];
        let wanted = Fields::read(node, "`generate`", &known, &mut self.errors)?;
        let mut number = |key: &str, most: i64| {
            let found = wanted
                .get(key)
                .map(|node| integer(key, node, 0..=most, &mut self.errors));
            found.unwrap_or(Some(0))
        };
        let people = number("people", 1_000_000);
        let groups = number("groups", 100_000);
        let members = number("members", 1_000_000);
        let seed = number("seed", i64::MAX);
        wanted.required("people", &mut self.errors);
        let managers = wanted
            .get("managers")
            .and_then(|node| boolean("managers", node, &mut self.errors));
        Some(Wanted {
            people: usize::try_from(people?).ok()?,
            groups: usize::try_from(groups?).ok()?,
            members: usize::try_from(members?).ok()?,
            managers: managers.unwrap_or(false),
            seed: seed?.unsigned_abs(),
        })
    }

    /// Whoever was made must not have the name of somebody who is written out under another key.
    fn generated(&mut self, node: &Node, people: &Names, groups: &Names) {
        let made = |number: &str| number.bytes().all(|digit| digit.is_ascii_digit());
        let named = self
            .directory
            .people
            .iter()
            .filter(|(key, _)| key.strip_prefix('p').is_some_and(made))
            .filter_map(|(key, person)| Some((key, person.text("userName")?, "person", people)));
        let pushed = self
            .directory
            .groups
            .iter()
            .filter(|(key, _)| key.strip_prefix('g').is_some_and(made))
            .filter_map(|(key, group)| Some((key, group.text("displayName")?, "group", groups)));
        for (key, name, of, taken) in named.chain(pushed) {
            if let Some((line, owner)) = taken.0.get(&name.to_lowercase())
                && owner != key
            {
                let problem = Problem::DuplicateName {
                    name: name.to_owned(),
                    what: format!("the {of} in line {line}, and `generate` makes `{key}` with it"),
                };
                self.errors.push(problem.at(node.place.clone()));
            }
        }
    }

    /// Every name that stands for somebody or something must be there.
    fn look_up(&mut self) {
        for (what, name, place) in std::mem::take(&mut self.wanted) {
            let (noun, known): (_, Vec<&str>) = match what {
                What::Person if self.directory.people.contains_key(&name) => continue,
                What::Role if self.directory.roles.contains_key(&name) => continue,
                What::Person => {
                    let known = self.directory.people.keys();
                    ("person", known.map(String::as_str).collect())
                }
                What::Role => {
                    let known = self.directory.roles.keys();
                    ("role", known.map(String::as_str).collect())
                }
            };
            let mut listed = known[..known.len().min(LISTED)].join(", ");
            if known.len() > LISTED {
                listed.push_str(", …");
            } else if known.is_empty() {
                listed = match what {
                    What::Person => "the people of this file: it has none".to_owned(),
                    What::Role => "the roles of this file: it has none".to_owned(),
                };
            }
            let problem = Problem::UnknownWord {
                what: noun,
                near: nearest(&name, known.iter().copied()),
                word: name,
                known: listed,
            };
            self.errors.push(problem.at(place));
        }
    }
}

/// Names that two of a kind cannot both have, in any case of letters: in which line, and whose key it is.
#[derive(Default)]
struct Names(HashMap<String, (usize, String)>);

impl Names {
    fn take(
        &mut self,
        name: &str,
        entry: &Entry,
        place: &Place,
        of: &str,
        errors: &mut Vec<ScenarioError>,
    ) {
        let owner = (place.line, entry.key.clone());
        if let Some((line, _)) = self.0.insert(name.to_lowercase(), owner) {
            let problem = Problem::DuplicateName {
                name: name.to_owned(),
                what: format!("the {of} in line {line}"),
            };
            errors.push(problem.at(place.clone()));
        }
    }
}

/// A text as it stands; nothing for `null`.
fn literal(key: &str, node: &Node, errors: &mut Vec<ScenarioError>) -> Option<String> {
    let Kind::Text(scalar) = &node.kind else {
        if node.kind != Kind::Null {
            errors.push(wrong_type(key, "a text", node));
        }
        return None;
    };
    if matches!(scalar.style, Style::Plain { .. })
        && let Some(plain) = ambiguous(&scalar.text)
    {
        let written = scalar.text.clone();
        errors.push(Problem::Ambiguous { written, plain }.at(node.place.clone()));
    }
    if let Some(at) = scalar.text.find("${") {
        let name = scalar.text[at + 2..].split('}').next().unwrap_or_default();
        let name = name.to_owned();
        errors.push(Problem::VariableInDirectory { name }.at(node.place_at(at)));
    }
    Some(scalar.text.clone())
}

#[cfg(test)]
mod tests {
    use super::load;

    fn mistakes(text: &str) -> Vec<String> {
        let errors = load("d.yaml", text.as_bytes()).expect_err("it has mistakes");
        errors
            .iter()
            .map(|error| {
                let hint = error.hint().unwrap_or_default();
                format!("{}:{} {error} ({hint})", error.at.line, error.at.column)
            })
            .collect()
    }

    #[test]
    fn the_shipped_directories_load() {
        let small = load("s", include_bytes!("../../fixtures/directories/small.yaml")).unwrap();
        assert_eq!((small.people.len(), small.groups.len()), (3, 1));
        let company = load(
            "c",
            include_bytes!("../../fixtures/directories/company.yaml"),
        )
        .unwrap();
        assert_eq!((company.people.len(), company.groups.len()), (12, 4));
        let large = load("l", include_bytes!("../../fixtures/directories/large.yaml")).unwrap();
        assert_eq!((large.people.len(), large.groups.len()), (10_000, 200));
        assert!(large.groups.values().all(|group| group.members.len() == 50));
    }

    #[test]
    fn every_mistake_is_found_at_once() {
        assert_eq!(
            mistakes(
                "\
people:
  ada: { userName: ada@example.test, costcentre: CC-1, manager: bobb, roles: [editor] }
  bob: { userName: ADA@example.test, employeeNumber: 1002, status: activ, assigned: \"no\" }
  eve: { name: { givenname: Eve }, email: 'eve.${run}@example.test', locale: no }
groups:
  finance: { displayName: Finance, members: [ada, zoe] }
  other: { displayName: finance, member: [bob] }
generate: { people: -1 }
"
            ),
            [
                "2:38 unknown key `costcentre` in a person (did you mean `costCenter`?)",
                "2:65 unknown person `bobb` (did you mean `bob`?)",
                "2:79 unknown role `editor` (one of the roles of this file: it has none)",
                "3:20 `ADA@example.test` is already the name of the person in line 2 ()",
                "3:54 `employeeNumber` must be a text, this is the number `1002` (write `\"1002\"`)",
                "3:68 unknown status `activ` (did you mean `active`?)",
                "3:85 `assigned` must be `true` or `false`, this is the text `no` ()",
                "4:8 a person needs the key `userName` ()",
                "4:18 unknown key `givenname` in a name (did you mean `givenName`?)",
                "4:48 a directory holds values as they are, not variables such as `${run}` (write the value itself)",
                "4:78 `no` without quotes means different things to different YAML readers (write `false`, or `\"no\"` for the text)",
                "6:51 unknown person `zoe` (one of ada, bob, eve)",
                "7:25 `finance` is already the name of the group in line 6 ()",
                "7:34 unknown key `member` in a group (did you mean `members`?)",
                "8:21 `people` must be a whole number from 0 to 1000000, not -1 ()",
            ]
        );
    }

    #[test]
    fn nobody_who_is_made_has_the_name_of_somebody_who_is_written_out() {
        let text = "people:\n  ada: { userName: P00002@example.test }\n  p00001: { userName: p00001@example.test }\ngenerate: { people: 3 }\n";
        assert_eq!(
            mistakes(text),
            [
                "4:11 `p00002@example.test` is already the name of the person in line 2, and `generate` makes `p00002` with it ()"
            ]
        );
    }

    #[test]
    fn ten_thousand_people_may_be_written_out() {
        let mut text = "people:\n".to_owned();
        for number in 0..10_000 {
            text.push_str(&format!(
                "  u{number}: {{ userName: u{number}@example.test, title: Lead, department: Sales }}\n"
            ));
        }
        let directory = load("d.yaml", text.as_bytes()).unwrap();
        assert_eq!(directory.people.len(), 10_000);
        assert_eq!(
            mistakes("# nobody\n"),
            ["1:1 the file is empty (begin with `people:`)"]
        );
    }

    #[test]
    fn names_of_ones_own_are_declared() {
        let text = "attributes: [badge]\npeople:\n  ada: { userName: ada, badge: \"7\" }\n";
        let directory = load("d.yaml", text.as_bytes()).unwrap();
        assert_eq!(directory.people["ada"].text("badge"), Some("7"));
    }
}
