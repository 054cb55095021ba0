//! The file: its head, the people in it, what is prepared, and the story.

use std::fmt::Write;

use super::again::Again;
use super::fold::Asked;
use super::known::Known;
use super::people::Cast;
use super::person::Person;
use super::prepare::Preparations;
use super::telling::{Telling, Told};
use super::{Options, text};
use crate::profile::{ProfileId, Recognised};
use crate::scenario::flow;
use crate::scenario::template::Text;

/// Largest file that is written, in bytes; the loader takes four MiB.
const FILE: usize = 3 * 1024 * 1024;

/// Writes the file.
pub(super) struct Writer<'a> {
    client: ProfileId,
    options: &'a Options<'a>,
    asked: &'a [Asked<'a>],
    again: &'a Again<'a>,
    cast: Cast,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        client: ProfileId,
        options: &'a Options<'a>,
        asked: &'a [Asked<'a>],
        again: &'a Again<'a>,
        cast: Cast,
    ) -> Self {
        Self {
            client,
            options,
            asked,
            again,
            cast,
        }
    }

    /// The text, how many lines are guessed, and how many requests are told.
    pub(super) fn write(
        mut self,
        preparations: &Preparations,
        recognised: &Recognised,
        notes: &mut Vec<String>,
    ) -> (String, usize, usize) {
        let fresh = self.cast.known();
        // Once to see what is used, so that nothing is kept in vain, and once for good.
        let first = self.tell(fresh.clone(), preparations, None);
        let told = self.tell(first.known.again(&fresh), preparations, Some(notes));
        let mut text = self.head(recognised, &told.deeds);
        let variables: Vec<Person> = self
            .cast
            .groups
            .iter()
            .chain(&self.cast.noise)
            .cloned()
            .collect();
        text.push_str(&named("people", &self.cast.people, &told.known));
        text.push_str(&named("vars", &variables, &told.known));
        text.push_str("steps:\n");
        text.push_str(&told.text);
        (text, told.guesses, told.requests)
    }

    /// Tells the story; without `notes` as a draft, for which nothing is judged.
    fn tell(
        &mut self,
        known: Known,
        preparations: &Preparations,
        notes: Option<&mut Vec<String>>,
    ) -> Told {
        let asked = self.asked;
        let draft = notes.is_none();
        let mut unheard = Vec::new();
        let notes = notes.unwrap_or(&mut unheard);
        let mut telling = Telling::new(
            self.client,
            self.options,
            asked,
            &mut self.cast,
            known,
            draft,
        );
        for prepared in &preparations.prepared {
            telling.prepare(prepared);
        }
        for (index, one) in asked.iter().enumerate() {
            if telling.length() + one.exchange.request.body.bytes().len() > FILE {
                notes.push(format!(
                    "only the first {index} of {} are told: a scenario has at most 4 MiB",
                    text::count(asked.len(), "request")
                ));
                break;
            }
            telling.tell(index, one, self.again.pair(index), notes);
        }
        telling.finish()
    }

    fn head(&self, recognised: &Recognised, deeds: &[String]) -> String {
        let mut head = String::new();
        let requests = text::count(self.asked.len(), "request");
        let origin = match self.options.origin {
            Some(origin) => format!("{}, {requests}", text::plain(origin)),
            None => requests,
        };
        let _ = writeln!(head, "# Retold from a recording: {origin}.");
        let _ = writeln!(
            head,
            "# Look at every line that says `guessed` before you rely on it."
        );
        let title = match self.options.title {
            Some(title) => text::plain(title),
            None => self.title(deeds),
        };
        let _ = writeln!(head, "title: {}", flow::quoted(title.trim()));
        let guessed = match recognised.client {
            Some(client) if client == self.client => "",
            _ if self.options.client.is_some() => "",
            _ if recognised.possible.contains(&self.client) => {
                "  # guessed: the recording does not tell which of the provider's clients it was"
            }
            _ => "  # guessed: none of the providers that we know",
        };
        let _ = writeln!(head, "as: {}{guessed}", self.client.name());
        let first = self.asked.first().map(|one| one.exchange.started.as_str());
        // Where no times were recorded, readers give the beginning of the epoch.
        let day = first
            .and_then(|started| started.get(..10))
            .filter(|day| *day != "1970-01-01");
        let day = day.map_or_else(String::new, |day| format!(" of {}", text::plain(day)));
        let _ = writeln!(
            head,
            "source: \"recording{} [recorded]\"",
            day.replace('"', "")
        );
        head
    }

    fn title(&self, deeds: &[String]) -> String {
        const MOST: usize = 3;
        let more = if deeds.len() > MOST { " …" } else { "" };
        let shown: Vec<&str> = deeds.iter().take(MOST).map(String::as_str).collect();
        match shown.is_empty() {
            true => format!("{} reads", self.sender()),
            false => format!("{}: {}{more}", self.sender(), shown.join(", ")),
        }
    }

    fn sender(&self) -> &'static str {
        match self.client {
            ProfileId::Scimulate => "A client",
            ProfileId::EntraCompliant | ProfileId::EntraLegacy => "Entra",
            _ => "Okta",
        }
    }
}

/// The values of people or groups that the story uses.
fn named(key: &str, all: &[Person], known: &Known) -> String {
    let mut text = String::new();
    for person in all {
        let used: Vec<(&str, &Text)> = person
            .traits
            .iter()
            .filter(|one| known.is_used(&format!("{}.{}", person.alias, one.key)))
            .map(|one| (one.key.as_str(), &one.written))
            .collect();
        if used.is_empty() {
            continue;
        }
        let members: Vec<String> = used
            .iter()
            .map(|(key, written)| format!("{key}: {}", flow::in_quotes(&written.to_string())))
            .collect();
        let _ = writeln!(
            text,
            "  {}: {{ {} }}",
            flow::name(&person.alias),
            members.join(", ")
        );
    }
    match text.is_empty() {
        true => text,
        false => format!("{key}:\n{text}"),
    }
}
