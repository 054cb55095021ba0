//! How a failure looks, free of ids, names and everything else that differs from one scenario to the next.

use std::collections::BTreeSet;

use serde_json::Value;

use super::group::Group;
use super::request::Kind;
use crate::exchange::Exchange;
use crate::finding::template::{common, is_telling, template, unquoted};
use crate::finding::{Authority, Difference, Finding, Verdict};

/// Rules about what is read back after a write: what is wrong lies in the write.
const READ_BACK: [&str; 7] = [
    "read-back",
    "created-as-sent",
    "rest-unchanged",
    "neighbour-unchanged",
    "filter-agrees",
    "gone",
    "gone-by-filter",
];
/// Rules about what a provider made of the answers: what is wrong lies in an answer before.
const CONSEQUENCES: [&str; 2] = ["traffic", "provisioned"];
/// Rules that a scenario states for one answer, so that they mean something only for its kind of request.
const OF_ONE_ANSWER: [&str; 8] = [
    "expected-body",
    "captured",
    "found-by-filter",
    "expected-header",
    "expected-text",
    "expected-size",
    "expected-time",
    "rate",
];

/// What all wrong statuses are about.
const STATUS: &str = "status";
/// Titles show so many letters of what a target or a finding says.
const LONGEST: usize = 140;
/// Titles name so many things.
const FEW: usize = 3;

/// Parameters that some clients add to every search.
const PAGING: [&str; 2] = ["startIndex", "count"];

/// A request with what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) kind: Kind,
    pub(super) traits: BTreeSet<String>,
}

/// When two failures that look alike have one cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Joining {
    /// Their signs are the same.
    Same,
    /// They share a sign that no request has that was accepted.
    Suspects,
    /// The signs of one are among those of the other.
    Within,
    /// They break one rule in the same words, at whatever attribute.
    Words,
    /// One message goes on where the other ends.
    Begins,
}

/// What a failure can follow from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Follows {
    /// It stands for itself.
    Nothing,
    /// What is wrong with the same answer: that it is not that of last time says no more.
    Answer,
    /// The last failure of its scenario: what a provider does depends on all answers before.
    Scenario,
}

/// How one failed finding looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Symptom {
    /// What must be equal for one cause.
    pub(super) about: Vec<String>,
    /// What may differ, and how much.
    pub(super) signs: BTreeSet<String>,
    pub(super) joining: Joining,
    /// The request that is at fault, if it is known.
    pub(super) kind: Option<Kind>,
    /// Which failure it follows from, if there is one.
    pub(super) follows: Follows,
    pub(super) title: Title,
}

/// What the cause's title is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Title {
    /// The request, how it is answered, and the target's reason in its own words.
    Refused(String, String),
    /// Where the values are wrong that the signs tell.
    Values(String),
    /// Where something is wrong, if that matters, and the message of the finding.
    Message(String, String),
}

impl Symptom {
    /// How a failed finding about an exchange looks; `write` is what was written before it was read back.
    pub(super) fn of(
        finding: &Finding,
        exchange: Option<(&Exchange, &Asked)>,
        write: Option<&Asked>,
    ) -> Self {
        let asked = exchange.map(|(_, asked)| asked);
        if let Some(status) = wrong_status(finding)
            && let Some((exchange, asked)) = exchange
            && !(finding.id.starts_with("gone") && status < 300)
        {
            return Self::refused(finding, exchange, asked, status);
        }
        if finding.verdict == Verdict::Error
            && let Some(asked) = asked
        {
            return Self::unusable(finding, asked);
        }
        let is_read_back = READ_BACK.contains(&finding.id.as_str());
        let at_fault = if is_read_back { write.or(asked) } else { asked };
        let mut about = vec![group_of(&finding.id).to_owned()];
        if (is_read_back || OF_ONE_ANSWER.contains(&finding.id.as_str()))
            && let Some(asked) = at_fault
        {
            about.push(asked.kind.to_string());
            about.extend(verbs(asked, &finding.differences));
        }
        let changes_more = finding.id.ends_with("-unchanged");
        let signs: BTreeSet<String> = match changes_more {
            true => BTreeSet::new(),
            false => finding.differences.iter().map(sign).collect(),
        };
        let message = template(&finding.message);
        // A rule for all answers that names what is wrong says the same of one attribute as of another.
        let is_rule = about.len() == 1 && finding.authority != Authority::Snapshot;
        let by_words = is_rule && !signs.is_empty() && message.contains('…');
        if finding.differences.is_empty() || by_words {
            about.push(message);
        }
        let place = |asked: &Asked, before: &str| {
            let verbs: Vec<String> = verbs(asked, &finding.differences).into_iter().collect();
            match verbs.is_empty() {
                true => format!("{before} {}", asked.kind),
                false => format!("{before} {} ({})", asked.kind, verbs.join(", ")),
            }
        };
        let said = finding.message.clone();
        let title = match at_fault {
            Some(asked) if !signs.is_empty() && is_read_back => {
                Title::Values(place(asked, "after"))
            }
            Some(asked) if !signs.is_empty() && finding.id == "expected-body" => {
                Title::Values(place(asked, "in the answer to"))
            }
            _ if finding.authority == Authority::Snapshot && !signs.is_empty() => {
                Title::Values("compared with the snapshot".to_owned())
            }
            Some(asked) if is_read_back => Title::Message(place(asked, "after"), said),
            _ => Title::Message(String::new(), said),
        };
        Self {
            about,
            signs,
            joining: if by_words {
                Joining::Words
            } else {
                Joining::Within
            },
            kind: at_fault.map(|asked| asked.kind.clone()),
            follows: match finding.authority {
                Authority::Snapshot => Follows::Answer,
                _ if CONSEQUENCES.contains(&finding.id.as_str()) => Follows::Scenario,
                _ => Follows::Nothing,
            },
            title,
        }
    }

    /// Whether it is an answer with a status that it must not have.
    pub(super) fn is_status(&self) -> bool {
        self.about.first().is_some_and(|about| about == STATUS)
    }

    /// An answer with a status that it must not have.
    fn refused(finding: &Finding, exchange: &Exchange, asked: &Asked, status: u16) -> Self {
        let (kind, detail) = reason(exchange);
        let template = template(detail);
        let mut about = vec![STATUS.to_owned(), status.to_string()];
        // That nothing is there, or that it broke, is said in the same words for everything.
        let says_why = matches!(status, 400 | 402 | 406..=499);
        let (signs, joining) = if says_why && is_telling(&template, usize::from(!kind.is_empty())) {
            about.push(kind.to_owned());
            (BTreeSet::from([template]), Joining::Begins)
        } else {
            about.push(asked.kind.to_string());
            match status {
                // What should have been refused is told apart by what it must not have.
                ..=399 => {
                    about.extend(finding.requirements.iter().cloned());
                    let names_it = !finding.requirements.is_empty();
                    let traits = if names_it {
                        BTreeSet::new()
                    } else {
                        asked.traits.clone()
                    };
                    (traits, Joining::Same)
                }
                401 | 403 | 429 => (BTreeSet::new(), Joining::Same),
                _ => (asked.traits.clone(), Joining::Suspects),
            }
        };
        let mut refused = format!("{} is answered {status}", asked.kind);
        if let (..=399, Some(wanted)) = (status, wanted_status(finding)) {
            refused.push_str(&format!(", not {wanted}"));
        }
        if !kind.is_empty() {
            refused.push_str(&format!(" {kind}"));
        }
        Self {
            about,
            signs,
            joining,
            kind: Some(asked.kind.clone()),
            follows: Follows::Nothing,
            title: Title::Refused(refused, detail.to_owned()),
        }
    }

    /// No answer, or one that cannot be used.
    fn unusable(finding: &Finding, asked: &Asked) -> Self {
        let (_, what) = finding
            .message
            .split_once(": ")
            .unwrap_or(("", &finding.message));
        Self {
            about: vec![finding.id.clone(), template(what)],
            signs: BTreeSet::new(),
            joining: Joining::Same,
            kind: Some(asked.kind.clone()),
            follows: Follows::Nothing,
            title: Title::Message(asked.kind.to_string(), what.to_owned()),
        }
    }
}

/// One line about failures with one cause, of which `shown` is the most telling one.
pub(super) fn title(shown: &Symptom, all: &[&Symptom], group: &Group) -> String {
    let signs = &group.signs;
    let said = common(all.iter().filter_map(|symptom| match &symptom.title {
        Title::Refused(_, said) | Title::Message(_, said) => Some(said.as_str()),
        Title::Values(_) => None,
    }));
    let said = shortened(&said);
    match &shown.title {
        Title::Values(place) => format!("{} {place}", few(signs)),
        // What the words leave open.
        Title::Message(..) if shown.joining == Joining::Words && signs.len() > 1 => {
            format!("{said} ({})", few(signs))
        }
        Title::Message(place, _) if place.is_empty() => said,
        Title::Message(place, _) => format!("{place}: {said}"),
        Title::Refused(refused, _) => {
            let asked = match group.are_suspects && signs.len() <= FEW {
                true => format!(" ({})", few(signs)),
                false => String::new(),
            };
            match said.is_empty() {
                true => format!("{refused}{asked}"),
                false => format!("{refused}{asked}: {said}"),
            }
        }
    }
}

/// Targets can say a lot.
fn shortened(text: &str) -> String {
    let mut letters = text.chars();
    let begin: String = letters.by_ref().take(LONGEST).collect();
    match letters.next() {
        None => begin,
        Some(_) => format!("{}…", begin.trim_end_matches([' ', '…'])),
    }
}

/// The first of them.
fn few(signs: &BTreeSet<String>) -> String {
    let shown: Vec<&str> = signs.iter().map(String::as_str).take(FEW).collect();
    let more = match signs.len() {
        ..=FEW => String::new(),
        all => format!(", and {} more", all - FEW),
    };
    format!("{}{more}", shown.join(", "))
}

/// Rules that ask the same.
fn group_of(rule: &str) -> &str {
    match rule {
        "created-as-sent" => "read-back",
        "gone-by-filter" => "gone",
        rule => rule,
    }
}

/// The status that came where another was expected.
fn wrong_status(finding: &Finding) -> Option<u16> {
    let difference = finding
        .differences
        .iter()
        .find(|difference| difference.path == "status")?;
    let received = difference.received.as_ref()?.as_u64()?;
    u16::try_from(received).ok()
}

/// The statuses that would have been right.
fn wanted_status(finding: &Finding) -> Option<String> {
    let mut differences = finding.differences.iter();
    let status = differences.find(|difference| difference.path == "status")?;
    Some(match status.expected.as_ref()? {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

/// `scimType` and `detail` of an error, empty where there is none.
fn reason(exchange: &Exchange) -> (&str, &str) {
    let body = exchange.response().and_then(|response| response.json());
    let text = |name: &str| {
        body.and_then(|body| body.get(name))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    (text("scimType"), text("detail"))
}

/// What a write does to the attributes that are wrong: an attribute can be added well and replaced badly.
fn verbs(asked: &Asked, differences: &[Difference]) -> BTreeSet<String> {
    if asked.kind.method == "GET" {
        let is_searched = asked.traits.iter().any(|asks| asks.starts_with("filter "));
        let tells = |asks: &&String| !(is_searched && PAGING.contains(&asks.as_str()));
        return asked.traits.iter().filter(tells).cloned().collect();
    }
    if asked.kind.method != "PATCH" {
        return BTreeSet::new();
    }
    asked
        .traits
        .iter()
        .map(|asks| asks.strip_prefix("path-less ").unwrap_or(asks))
        .filter_map(|asks| asks.split_once(' '))
        .filter(|(_, path)| {
            differences.iter().any(|difference| {
                let head = attribute(&difference.path);
                path.to_ascii_lowercase()
                    .contains(&head.to_ascii_lowercase())
            })
        })
        .map(|(op, _)| op.to_ascii_lowercase())
        .collect()
}

/// `emails[type eq "work"].value` is of `emails`; an extension's attribute is its last part.
fn attribute(path: &str) -> &str {
    let bare = path.rsplit_once(':').map_or(path, |(_, name)| name);
    bare.split(['.', '[']).next().unwrap_or(bare)
}

/// `active has another value`.
fn sign(difference: &Difference) -> String {
    let path = if difference.path.is_empty() {
        "the whole value".to_owned()
    } else {
        format!("`{}`", without_selection(&difference.path))
    };
    let what = match (&difference.expected, &difference.received) {
        _ if difference.only_case => "has other letter case",
        (Some(_), None) => "is missing",
        (None, Some(_)) => "is there and must not be",
        _ => "is not as it must be",
    };
    format!("{path} {what}")
}

/// The path without what is in brackets: `members[3].value` is `members.value`.
fn without_selection(path: &str) -> String {
    let mut plain = String::new();
    let mut depth = 0_usize;
    for letter in unquoted(path).chars() {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => plain.push(letter),
            _ => {}
        }
    }
    plain
}
