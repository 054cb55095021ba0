//! Deeds of a provider's log, written as a story with acts: the client decides again what to send for each.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::capture::{Deed, Done};
use crate::finding::Authority;
use crate::profile::ProfileId;

/// People that come with the program.
const PEOPLE: [&str; 6] = ["ada", "bob", "carol", "dan", "eve", "frank"];
/// Deeds that are told at most; nobody reads a longer story.
const MOST: usize = 1000;

/// How deeds are told.
#[derive(Debug, Clone, Copy)]
pub struct ActOptions<'a> {
    /// Who did them.
    pub client: ProfileId,
    /// One line; else one is made.
    pub title: Option<&'a str>,
    /// The file, as the user named it.
    pub origin: &'a str,
    /// The people of the log stay; else others stand in for them.
    pub keep_people: bool,
}

/// A story with acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acts {
    /// The scenario file.
    pub text: String,
    /// What somebody should know who runs it, one sentence each.
    pub notes: Vec<String>,
}

/// Writes deeds, in their order, as a scenario.
pub fn retell_deeds(deeds: &[Deed], options: &ActOptions<'_>) -> Acts {
    let mut story = Story {
        options: *options,
        people: Vec::new(),
        groups: Vec::new(),
        steps: String::new(),
        notes: Vec::new(),
        asked: BTreeMap::new(),
    };
    for deed in deeds.iter().take(MOST) {
        story.tell(deed);
    }
    if deeds.len() > MOST {
        let more = deeds.len() - MOST;
        story.notes.push(format!(
            "{more} more entries are left out; the first {MOST} are told"
        ));
    }
    story.finish()
}

struct Story<'a> {
    options: ActOptions<'a>,
    /// Names in the log; the place is that of the person.
    people: Vec<String>,
    groups: Vec<String>,
    steps: String,
    notes: Vec<String>,
    /// Variables that the log does not say, with what they are for.
    asked: BTreeMap<String, String>,
}

impl Story<'_> {
    fn tell(&mut self, deed: &Deed) {
        let mut comment = format!("{} of the log", deed.at);
        if !deed.time.is_empty() {
            comment.push_str(&format!(", {}", one_line(&deed.time)));
        }
        match &deed.failed {
            Some(reason) => comment.push_str(&format!(": failed, {}", self.anonymous(reason))),
            None => comment.push_str(": went well"),
        }
        let is_group = matches!(
            deed.done,
            Done::PushGroup | Done::RenameGroup(_) | Done::ChangeMembers | Done::DeleteGroup
        );
        let (key, is_new) = match (&deed.done, is_group) {
            (Done::Import, _) => (String::new(), false),
            (_, true) => self.group(&deed.name),
            (_, false) => self.person(&deed.name),
        };
        match &deed.done {
            _ if !is_new => {}
            Done::Create | Done::PushGroup => {}
            _ if is_group => self.prepare(&format!("push-group: {key}")),
            _ => self.prepare(&format!("assign: {key}")),
        }
        let act = match &deed.done {
            Done::Create => format!("{{ assign: {key} }}"),
            Done::Update(changes) => match self.update(&key, changes) {
                Some(act) => act,
                None => return,
            },
            Done::Deactivate => format!("{{ unassign: {key} }}"),
            Done::Reactivate => format!("{{ reassign: {key} }}"),
            Done::Delete => format!("{{ purge: {key} }}"),
            Done::Password => format!("{{ sync-password: {key}, to: \"Changed-1001-${{run}}\" }}"),
            Done::Import => "import".to_owned(),
            Done::PushGroup => format!("{{ push-group: {key} }}"),
            Done::RenameGroup(name) => {
                let name = match self.options.keep_people {
                    true => format!("{} ${{run}}", one_line(name)),
                    false => format!("Renamed {key} ${{run}}"),
                };
                format!("{{ rename-group: {key}, to: {} }}", quoted_with_run(&name))
            }
            Done::ChangeMembers => {
                self.ask(&key, "members", "who came and who went");
                // Only Okta has a button for it.
                if self.options.client.authority() == Authority::Entra {
                    return;
                }
                format!("{{ push-now: {key} }}")
            }
            Done::DeleteGroup => format!("{{ unlink-group: {key} }}"),
        };
        self.steps
            .push_str(&format!("  # {comment}\n  - act: {act}\n"));
    }

    /// What the log does not tell and must have been.
    fn prepare(&mut self, act: &str) {
        self.steps.push_str(&format!(
            "  # guessed: it was there before the log begins\n  - act: {{ {act} }}\n"
        ));
    }

    fn update(&mut self, key: &str, changes: &[(String, Option<String>)]) -> Option<String> {
        if changes.is_empty() {
            self.ask(
                key,
                "title",
                "which attribute was changed, and to what; the title stands for it",
            );
            return Some(format!(
                "{{ update: {key}, with: {{ title: \"${{var.{key}_title:-Changed}}\" }} }}"
            ));
        }
        let mut with = Vec::new();
        let mut renamed = None;
        for (name, value) in changes {
            let Some(attribute) = attribute_of(name) else {
                let name = one_line(name);
                self.notes.push(format!("the change of `{name}` of {key} is left out: no attribute of the directory is known for it"));
                continue;
            };
            if attribute == "userName" {
                renamed = value.clone();
                continue;
            }
            let value = match value {
                None => "null".to_owned(),
                Some(value) if self.options.keep_people => quoted(value),
                Some(value) => disguised(attribute, key).unwrap_or_else(|| quoted(value)),
            };
            with.push(format!("{attribute}: {value}"));
        }
        if let Some(name) = renamed {
            let name = match self.options.keep_people {
                true => unique(&name),
                false => format!("renamed.{key}.${{run}}@example.test"),
            };
            let act = format!(
                "  - act: {{ rename: {key}, to: {} }}\n",
                quoted_with_run(&name)
            );
            self.steps.push_str(&act);
        }
        (!with.is_empty()).then(|| format!("{{ update: {key}, with: {{ {} }} }}", with.join(", ")))
    }

    /// What a provider says of a failure, without the people in it.
    fn anonymous(&self, reason: &str) -> String {
        let plain = one_line(reason);
        if self.options.keep_people {
            return plain;
        }
        let words = plain.split(' ').map(|word| match word.contains('@') {
            true => "[address]",
            false => word,
        });
        words.collect::<Vec<_>>().join(" ")
    }

    fn ask(&mut self, key: &str, what: &str, about: &str) {
        self.asked.insert(format!("{key}_{what}"), about.to_owned());
    }

    /// The person's key, and whether it is new.
    fn person(&mut self, name: &str) -> (String, bool) {
        let place = self
            .people
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name));
        let is_new = place.is_none();
        let place = place.unwrap_or_else(|| {
            self.people.push(name.to_owned());
            self.people.len() - 1
        });
        (person_key(place), is_new)
    }

    fn group(&mut self, name: &str) -> (String, bool) {
        let place = self.groups.iter().position(|known| known == name);
        let is_new = place.is_none();
        let place = place.unwrap_or_else(|| {
            self.groups.push(name.to_owned());
            self.groups.len() - 1
        });
        (format!("group{}", place + 1), is_new)
    }

    fn finish(mut self) -> Acts {
        let origin = one_line(self.options.origin);
        let title = match self.options.title {
            Some(title) => title.to_owned(),
            None => format!("What {origin} tells"),
        };
        let mut text = format!(
            "# Written from {origin}, which tells what was done and not what was sent.\ntitle: {}\nas: {}\n",
            quoted(&title),
            self.options.client.name()
        );
        if !self.people.is_empty() {
            text.push_str(&self.cast());
        }
        if !self.groups.is_empty() {
            text.push_str("groups:\n");
            for (place, name) in self.groups.iter().enumerate() {
                let name = match self.options.keep_people {
                    true => format!("{} ${{run}}", one_line(name)),
                    false => format!("Group {} ${{run}}", place + 1),
                };
                text.push_str(&format!(
                    "  group{}: {{ displayName: {}, members: [] }}\n",
                    place + 1,
                    quoted_with_run(&name)
                ));
            }
        }
        text.push_str("steps:\n");
        text.push_str(&self.steps);
        text.push_str(
            "  # guessed: everything must be as the directory has it\n  - verify: mapped\n",
        );
        let asked = std::mem::take(&mut self.asked);
        for (name, about) in asked {
            match name.ends_with("_members") {
                true => self.notes.push(format!(
                    "the log does not say {about} in {}: write `add-members` and `remove-members` into the scenario",
                    name.trim_end_matches("_members")
                )),
                false => self.notes.push(format!("the log does not say {about}: `--var {name}=VALUE`")),
            }
        }
        Acts {
            text,
            notes: self.notes,
        }
    }

    /// The people, by the names of those who come with the program, or written out.
    fn cast(&self) -> String {
        if self.people.len() <= PEOPLE.len() && !self.options.keep_people {
            return format!("people: [{}]\n", PEOPLE[..self.people.len()].join(", "));
        }
        let mut text = "people:\n".to_owned();
        for (place, name) in self.people.iter().enumerate() {
            let key = person_key(place);
            let (given, family) = match self.options.keep_people {
                true => names_of(name),
                false => ("Person".to_owned(), format!("Number{}", place + 1)),
            };
            let user_name = match self.options.keep_people {
                true => unique(name),
                false => format!("{key}.${{run}}@example.test"),
            };
            let display = quoted_with_run(&format!("{given} {family} ${{run}}"));
            let user_name = quoted_with_run(&user_name);
            text.push_str(&format!(
                "  {key}:\n    userName: {user_name}\n    externalId: \"{key}-${{run}}\"\n    mailNickname: \"{key}.${{run}}\"\n    displayName: {display}\n    name: {{ givenName: {}, familyName: {} }}\n    email: {user_name}\n",
                quoted(&given),
                quoted(&family)
            ));
        }
        text
    }
}

fn person_key(place: usize) -> String {
    PEOPLE
        .get(place)
        .map_or_else(|| format!("person{}", place + 1), |name| (*name).to_owned())
}

/// `ada.lovell@example.com` as it is unique in every run.
fn unique(name: &str) -> String {
    match name.split_once('@') {
        Some((local, host)) => format!("{}.${{run}}@{}", escaped(local), escaped(host)),
        None => format!("{}.${{run}}", escaped(name)),
    }
}

/// Given and family name, as far as a user name has them.
fn names_of(name: &str) -> (String, String) {
    let local = name.split('@').next().unwrap_or_default();
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect())
            .unwrap_or_default()
    };
    match local.split_once(['.', '_', '-']) {
        Some((given, family)) => (capital(given), capital(family)),
        None => (capital(local), "Unknown".to_owned()),
    }
}

/// The directory's attribute behind one of the target, as the default mappings have it (entra.md 2).
fn attribute_of(target: &str) -> Option<&'static str> {
    let plain = target
        .rsplit_once(":2.0:User:")
        .map_or(target, |(_, attribute)| attribute);
    let known = [
        "userName",
        "displayName",
        "name.givenName",
        "name.familyName",
        "name.formatted",
        "nickName",
        "title",
        "preferredLanguage",
        "userType",
        "locale",
        "timezone",
        "department",
        "division",
        "organization",
        "costCenter",
        "employeeNumber",
    ];
    if let Some(known) = known.into_iter().find(|known| *known == plain) {
        return Some(known);
    }
    let (list, part) = plain.split_once('[')?;
    let part = part.rsplit_once("].").map_or("", |(_, part)| part);
    let is_mobile = plain.contains("mobile");
    Some(match (list, part) {
        ("emails", "value") => "email",
        ("phoneNumbers", "value") if is_mobile => "mobile",
        ("phoneNumbers", "value") if plain.contains("work") => "phone",
        ("addresses", "streetAddress") => "address.street",
        ("addresses", "locality") => "address.city",
        ("addresses", "region") => "address.region",
        ("addresses", "postalCode") => "address.postalCode",
        ("addresses", "country") => "address.country",
        _ => return None,
    })
}

/// What stands for a value that tells who somebody is.
fn disguised(attribute: &str, key: &str) -> Option<String> {
    Some(match attribute {
        "displayName" | "name.formatted" => format!("\"Changed {key} ${{run}}\""),
        "name.givenName" | "name.familyName" | "nickName" => "Changed".to_owned(),
        "email" => format!("\"changed.{key}.${{run}}@example.test\""),
        "phone" | "mobile" => "\"+1 555 0100 299\"".to_owned(),
        "employeeNumber" => "\"2002\"".to_owned(),
        "address.street" => "2 Market Street".to_owned(),
        _ => return None,
    })
}

/// A text of YAML, whatever is in it; no variable.
fn quoted(text: &str) -> String {
    Value::from(escaped(text)).to_string()
}

/// A text of YAML that holds `${run}`.
fn quoted_with_run(text: &str) -> String {
    Value::from(text).to_string()
}

fn escaped(text: &str) -> String {
    text.replace("${", "$${")
}

/// Safe behind `#`.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    escaped(&words.join(" "))
        .chars()
        .filter(|letter| !letter.is_control())
        .collect()
}
