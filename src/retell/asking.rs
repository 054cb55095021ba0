//! Asking: target, headers and body of a request, as scenarios write them.

use super::attribute::Owner;
use super::body::{json_text, overlay_of, tree};
use super::fold::Asked;
use super::known::Pieces;
use super::target;
use super::telling::Telling;
use super::text::block;
use crate::profile::Profile;
use crate::scenario::flow;
use crate::scenario::template::Text;

impl<'a> Telling<'_, 'a> {
    pub(super) fn target(&mut self, asked: &Asked<'_>, owner: Owner, profile: &Profile) -> String {
        if let Some(id) = asked.address.id()
            && !self.known.has(id)
            && let Some(address) = self.addresses.get(id).cloned()
        {
            self.known.note_name(&address);
            let query = asked.address.raw.split_once('?');
            let query = query.map_or(String::new(), |(_, query)| format!("?{query}"));
            return format!("{{ raw: \"${{{address}}}{query}\" }}");
        }
        let (line, used) = target::written(&asked.address, owner, profile, self);
        used.iter().for_each(|text| self.known.note(text));
        line
    }

    /// Headers that mean something and are not those that the client sends by itself.
    pub(super) fn headers(
        &mut self,
        asked: &Asked<'_>,
        profile: &Profile,
        lines: &mut Vec<String>,
    ) {
        const CONDITIONS: [&str; 4] = [
            "If-Match",
            "If-None-Match",
            "Prefer",
            "X-HTTP-Method-Override",
        ];
        let request = &asked.exchange.request;
        let mut headers = Vec::new();
        for name in CONDITIONS {
            if let Some(value) = request.header(name) {
                let value = self.listed(value);
                headers.push(format!("{name}: {}", flow::in_quotes(&value.to_string())));
            }
        }
        let usual = |name: &str| {
            let mut of = profile.headers.iter();
            of.find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| *value)
        };
        for (name, usual) in [
            ("Accept", usual("accept")),
            (
                "Content-Type",
                (!request.body.is_empty()).then_some(profile.content_type),
            ),
        ] {
            match request.header(name) {
                Some(value) if Some(value) != usual => {
                    headers.push(format!("{name}: {}", flow::quoted(value)));
                }
                // What was typed into a ticket has no headers at all.
                None if usual.is_some() && !request.headers.is_empty() && !self.options.sparse => {
                    headers.push(format!("{name}: null"));
                }
                _ => {}
            }
        }
        if let Some(authorization) = self.world.other_authorization(asked) {
            self.guesses += 1;
            lines.push("    # guessed: sent without the usual credentials".to_owned());
            headers.push(format!("Authorization: {authorization}"));
        }
        if !headers.is_empty() {
            lines.push(format!("    headers: {{ {} }}", headers.join(", ")));
        }
    }

    /// A header's value: a list of entity tags, or one text.
    fn listed(&mut self, value: &str) -> Text {
        let mut pieces = Pieces::default();
        for (index, part) in value.split(", ").enumerate() {
            if index > 0 {
                pieces.literal(", ");
            }
            pieces.text(self.known.text(part, true), part);
        }
        self.finished(pieces.finish())
    }

    pub(super) fn body(
        &mut self,
        asked: &'a Asked<'a>,
        owner: Owner,
        name: &str,
        lines: &mut Vec<String>,
        notes: &mut Vec<String>,
    ) {
        let bytes = asked.exchange.request.body.bytes();
        if bytes.is_empty() {
            return;
        }
        let person = self.person_in(asked, owner);
        let Some(body) = &asked.body else {
            let Ok(text) = std::str::from_utf8(bytes) else {
                notes.push(format!(
                    "the body of `{name}` is not UTF-8: scenarios hold texts, so what is none is sent as U+FFFD"
                ));
                self.guesses += 1;
                lines.push("    # guessed: the body is not UTF-8 in the recording".to_owned());
                let text = String::from_utf8_lossy(bytes).into_owned();
                lines.push(format!("    {}", block("body-text", &Text::literal(text))));
                return;
            };
            let written = self.known.text(text, false);
            let written = self.finished(written);
            lines.push(format!("    {}", block("body-text", &written)));
            return;
        };
        let read = asked
            .address
            .id()
            .filter(|_| asked.method() == "PUT")
            .and_then(|id| self.reads.get(id))
            .and_then(|read| {
                let is_compact = body.to_string().as_bytes() == bytes;
                let with = overlay_of(read.document, body).filter(|_| is_compact)?;
                Some((read.name.clone(), with))
            });
        if let Some((read, with)) = read {
            self.known.note_name(&read);
            lines.push(format!("    over: \"${{{read}}}\"\n    with:"));
            if with.is_empty() {
                // Everything as it was read: one member is written once more.
                lines.pop();
                lines.push(format!("    body: \"${{{read}}}\""));
            }
            for (member, value) in with {
                let value = match value {
                    None => "$remove".to_owned(),
                    Some(value) => {
                        let written = tree(&value, &mut vec![member.clone()], &mut |leaf| {
                            self.leaf(owner, body, person, leaf)
                        });
                        let written = self.finished_tree(written);
                        flow::tree(&written)
                    }
                };
                lines.push(format!("      {}: {value}", flow::name(&member)));
            }
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        let mut fixed = false;
        let written = json_text(&text, &mut |leaf| {
            let text = self.leaf(owner, body, person, leaf);
            let is_name = leaf.names == ["userName"] || leaf.names == ["displayName"];
            let run = |text: &Text| self.cast.runned(text.clone()).as_literal().is_some();
            fixed |= is_name && text.as_ref().is_none_or(run);
            text
        });
        let written = self.finished(written);
        // A name that is no name is no mistake of the file: somebody tests what comes of it.
        let key = match fixed && asked.method() == "POST" {
            true => "body-text",
            false => "body",
        };
        lines.push(format!("    {}", block(key, &written)));
    }

    fn person_in(&self, asked: &Asked<'_>, owner: Owner) -> Option<usize> {
        if owner != Owner::User {
            return None;
        }
        let id = asked.address.id();
        id.and_then(|id| self.cast.person_of(id))
            .or_else(|| self.named_in(asked))
    }
}
