//! The story, request by request.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

use serde_json::Value;

use super::answer;
use super::attribute::{Attribute, Owner, owner_of};
use super::body::{Leaf, json_text, overlay_of, tree};
use super::expect::World;
use super::fold::Asked;
use super::known::{Known, Pieces, variable};
use super::people::{Cast, attribute_at, is_guid, text};
use super::prepare::Prepared;
use super::target::{self, Values};
use super::text::{block, plain};
use crate::checks::Watch;
use crate::exchange::MASKED;
use crate::finding::Verdict;
use crate::profile::{FilterEscape, Profile, ProfileId};
use crate::scenario::flow;
use crate::scenario::template::{Text, Tree};

/// What came of it.
pub(super) struct Told {
    pub(super) text: String,
    pub(super) known: Known,
    pub(super) guesses: usize,
    pub(super) requests: usize,
    pub(super) deeds: Vec<String>,
}

/// A document that was read, which a later PUT may be written over.
pub(super) struct Read<'a> {
    /// The name by which it is kept.
    pub(super) name: String,
    pub(super) document: &'a Value,
}

/// Tells one request after the other.
pub(super) struct Telling<'t, 'a> {
    pub(super) client: ProfileId,
    verify: bool,
    asked: &'a [Asked<'a>],
    pub(super) cast: &'t mut Cast,
    pub(super) known: Known,
    pub(super) world: World,
    /// Judges what was recorded; not in a draft.
    watch: Option<Watch>,
    pub(super) text: String,
    names: HashMap<String, usize>,
    /// By id: what was read last.
    pub(super) reads: HashMap<String, Read<'a>>,
    /// By id: the capture of an address that ends in it, where the id itself was never told.
    pub(super) addresses: HashMap<String, String>,
    /// A write that nothing has looked at since.
    pub(super) unread: bool,
    pub(super) guesses: usize,
    requests: usize,
    /// What the client did, for the title.
    deeds: Vec<String>,
    /// In the order in which they occurred.
    passwords: Vec<String>,
    /// Aliases of those who do not have their first name any more.
    pub(super) renamed: BTreeSet<String>,
}

impl<'t, 'a> Telling<'t, 'a> {
    pub(super) fn new(
        client: ProfileId,
        verify: bool,
        asked: &'a [Asked<'a>],
        cast: &'t mut Cast,
        known: Known,
        draft: bool,
    ) -> Self {
        Self {
            client,
            verify,
            asked,
            cast,
            known,
            world: World::new(asked),
            watch: (!draft).then(Watch::default),
            text: String::new(),
            names: HashMap::new(),
            reads: HashMap::new(),
            addresses: HashMap::new(),
            unread: false,
            guesses: 0,
            requests: 0,
            deeds: Vec::new(),
            passwords: Vec::new(),
            renamed: BTreeSet::new(),
        }
    }

    pub(super) fn length(&self) -> usize {
        self.text.len()
    }

    /// Creates what existed before the recording.
    pub(super) fn prepare(&mut self, prepared: &Prepared) {
        let (endpoint, kind) = match prepared.owner {
            Owner::Group => ("Groups", &self.cast.groups),
            _ => ("Users", &self.cast.people),
        };
        let alias = kind[prepared.number].alias.clone();
        let name = self.free_name(&format!("prepare {alias}"));
        self.guesses += 1;
        let _ = writeln!(
            self.text,
            "  # guessed: it existed before the recording, because {}",
            prepared.why
        );
        let _ = writeln!(self.text, "  - name: {}", flow::quoted(&name));
        if self.client != ProfileId::Scimulate {
            let _ = writeln!(self.text, "    as: scimulate");
        }
        let person = (prepared.owner == Owner::User).then_some(prepared.number);
        let body = prepared.body.to_string();
        let written = json_text(&body, &mut |leaf| {
            self.leaf(prepared.owner, &prepared.body, person, leaf)
        });
        let written = self.finished(written);
        let _ = writeln!(
            self.text,
            "    post: /{endpoint}\n    {}",
            block("body", &written)
        );
        let _ = writeln!(self.text, "    expect: {{ status: 201 }}");
        self.world
            .born(prepared.owner, prepared.id.as_deref(), Some(&prepared.body));
        let id = prepared
            .id
            .as_deref()
            .and_then(|id| self.known.capture(id, &format!("{alias}.id")));
        if let Some(id) = id.filter(|id| self.known.is_used(id)) {
            let _ = writeln!(self.text, "    keep: {{ {id}: $.id }}");
        }
        self.unread = true;
    }

    /// Tells one request, what is expected of its answer and what is kept of it, and proposes a read-back.
    /// `pair` is the same request in a second recording.
    pub(super) fn tell(
        &mut self,
        index: usize,
        asked: &'a Asked<'a>,
        pair: Option<&Asked<'_>>,
        notes: &mut Vec<String>,
    ) {
        self.requests += 1;
        let owner = owner_of(asked.address.endpoint());
        let title = self.title(asked, owner);
        let client = self.client_of(asked);
        let is_write = !["GET", "HEAD", "OPTIONS"].contains(&asked.method());
        if is_write && client == self.client && !self.deeds.contains(&title) {
            self.deeds.push(title.clone());
        }
        let name = self.free_name(&title);
        let profile = client.profile();
        let mut lines = vec![format!("  - name: {}", flow::quoted(&name))];
        if client != self.client {
            lines.push(format!("    as: {}", client.name()));
        }
        let method = asked.method().to_ascii_lowercase();
        lines.push(format!(
            "    {method}: {}",
            self.target(asked, owner, &profile)
        ));
        self.headers(asked, &profile, &mut lines);
        self.body(asked, owner, &name, &mut lines, notes);
        let expected = self.expect(asked, pair, client, &mut lines);
        let keep = answer::captures(self, index, asked, &expected);
        let keep: Vec<String> = keep
            .into_iter()
            .filter(|(name, _)| self.known.is_used(name))
            .map(|(name, from)| format!("{}: {}", flow::name(&name), super::text::scalar(&from)))
            .collect();
        if !keep.is_empty() {
            lines.push(format!("    keep: {{ {} }}", keep.join(", ")));
        }
        if lines.iter().any(|line| line.contains(MASKED)) {
            self.guesses += 1;
            lines.insert(
                0,
                format!("  # guessed: a secret stood where `{MASKED}` stands"),
            );
            notes.push(format!(
                "`{name}` had a secret that was masked: write `${{env.NAME}}` where `{MASKED}` stands"
            ));
        }
        for line in lines {
            self.text.push_str(&line);
            self.text.push('\n');
        }
        if expected.iter().any(|status| *status < 300) {
            self.world.intend(asked);
        }
        self.world.see(asked);
        match asked.method() {
            "GET" | "HEAD" => self.unread = false,
            "OPTIONS" => {}
            // Nobody knows what came of it, nor by which id.
            _ if asked.exchange.response().is_none() => {}
            _ if expected.is_empty() || expected.iter().any(|status| *status < 300) => {
                self.unread = true;
                let last = index + 1 == self.asked.len();
                if self.verify || last {
                    self.propose(asked, owner, &name);
                }
            }
            _ => {}
        }
    }

    pub(super) fn finish(mut self) -> Told {
        if self.unread || self.requests == 0 {
            let _ = writeln!(
                self.text,
                "  # proposed: something that looks at what was written\n  - name: \"look once more\"\n    as: scimulate\n    get: /Users?count=1\n    expect: {{ status: 200 }}"
            );
        }
        Told {
            text: self.text,
            known: self.known,
            guesses: self.guesses,
            requests: self.requests,
            deeds: self.deeds,
        }
    }

    pub(super) fn free_name(&mut self, title: &str) -> String {
        let used = self.names.entry(title.to_owned()).or_default();
        *used += 1;
        match *used {
            1 => title.to_owned(),
            number => format!("{title} ({number})"),
        }
    }

    /// Who sends it: scimulate's own requests of a scenario have its User-Agent.
    fn client_of(&self, asked: &Asked<'_>) -> ProfileId {
        let agent = asked.exchange.request.header("user-agent");
        match agent.is_some_and(|agent| agent.starts_with("scimulate/")) {
            true => ProfileId::Scimulate,
            false => self.client,
        }
    }

    /// What somebody would call the request.
    fn title(&self, asked: &Asked<'_>, owner: Owner) -> String {
        let id = asked.address.id();
        let alias = match owner {
            Owner::User => id
                .and_then(|id| self.cast.person_of(id))
                .or_else(|| self.named_in(asked))
                .map(|person| self.cast.people[person].alias.clone()),
            Owner::Group => id
                .and_then(|id| self.cast.group_of(id))
                .or_else(|| self.group_in(asked))
                .map(|group| self.cast.groups[group].alias.clone()),
            Owner::Other => None,
        };
        let active = asked
            .body
            .as_ref()
            .and_then(|body| super::proposal::told(owner, body))
            .filter(|told| told.len() == 1)
            .and_then(|told| told.get("active")?.as_bool());
        let verb = match (asked.method(), id.is_some(), active) {
            ("GET", true, _) => "read",
            ("GET", false, _) => "look up",
            ("POST", false, _) => "create",
            ("PUT", true, _) => "write",
            ("PATCH", true, Some(true)) => "activate",
            ("PATCH", true, Some(false)) => "deactivate",
            ("PATCH", true, None) => "change",
            ("DELETE", true, _) => "delete",
            _ => "",
        };
        match (alias, verb) {
            (Some(alias), verb) if !verb.is_empty() => format!("{verb} {alias}"),
            _ => {
                let endpoint: String = plain(asked.address.endpoint()).chars().take(40).collect();
                let rest = if asked.address.path.len() > 1 {
                    "/…"
                } else {
                    ""
                };
                format!("{} /{endpoint}{rest}", asked.method())
            }
        }
    }

    fn named_in(&self, asked: &Asked<'_>) -> Option<usize> {
        let looked_up = asked.address.looked_up();
        let name = looked_up
            .filter(|(attribute, _)| attribute.eq_ignore_ascii_case("userName"))
            .map(|(_, value)| value)
            .or_else(|| text(asked.body.as_ref()?, "userName"))?;
        self.cast.named(name)
    }

    fn group_in(&self, asked: &Asked<'_>) -> Option<usize> {
        let looked_up = asked.address.looked_up();
        let name = looked_up
            .filter(|(attribute, _)| attribute.eq_ignore_ascii_case("displayName"))
            .map(|(_, value)| value)
            .or_else(|| text(asked.body.as_ref()?, "displayName"))?;
        self.cast.group_called(name)
    }

    fn target(&mut self, asked: &Asked<'_>, owner: Owner, profile: &Profile) -> String {
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
    fn headers(&mut self, asked: &Asked<'_>, profile: &Profile, lines: &mut Vec<String>) {
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
                None if usual.is_some() && !request.headers.is_empty() => {
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

    fn body(
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

    /// What a text of a body becomes.
    pub(super) fn leaf(
        &mut self,
        owner: Owner,
        body: &Value,
        person: Option<usize>,
        leaf: &Leaf<'_>,
    ) -> Option<Text> {
        let value = leaf.value;
        let last = leaf.names.last().map_or("", String::as_str);
        let endpoint = owner;
        let (owner, attribute) = attribute_at(owner, body, leaf);
        if value.is_empty() || attribute.name == "schemas" || last == "op" {
            return None;
        }
        let is_search = text(body, "filter") == Some(value) && leaf.names == ["filter"];
        if is_search || (last == "path" && leaf.names.len() == 3) {
            let escape = FilterEscape::Json;
            return Some(target::filter(value, endpoint, escape, self));
        }
        if leaf.names.len() == 1 && body.get("filter").is_some() {
            return Some(self.known.text(value, true));
        }
        if owner == Owner::User && attribute.is("password") {
            return Some(self.password(value));
        }
        if owner == Owner::Group && attribute.is("displayname") {
            return Some(self.group_name(value));
        }
        if attribute.name == "x509certificates" && attribute.sub == "value" {
            return Some(self.cast.certificate(value));
        }
        if attribute.is_personal() {
            return Some(self.personal(person, value));
        }
        Some(self.known.text(value, attribute.is_reference()))
    }

    /// A value that may tell who somebody is.
    fn personal(&mut self, person: Option<usize>, value: &str) -> Text {
        let own = person.and_then(|person| self.cast.people[person].variable(value));
        match own {
            Some(name) => variable(&name),
            None => match self.known.whole(value, false) {
                Some(text) => text,
                None => self.cast.disguised(value),
            },
        }
    }

    fn group_name(&mut self, value: &str) -> Text {
        let group = self.cast.group_called(value);
        match group.and_then(|group| self.cast.groups[group].variable(value)) {
            Some(name) => variable(&name),
            None => self.known.text(value, false),
        }
    }

    /// No password of anybody is written down, masked or not.
    fn password(&mut self, value: &str) -> Text {
        let kept = self.cast.runned(Text::literal(value));
        if kept.as_literal().is_none() {
            return kept;
        }
        // Which of them were equal, a mask does not tell.
        let known = self.passwords.iter().position(|known| known == value);
        let number = known.filter(|_| value != MASKED).unwrap_or_else(|| {
            self.passwords.push(value.to_owned());
            self.passwords.len() - 1
        });
        let mut pieces = Pieces::default();
        pieces.literal(&format!("Retold-{}-", number + 1));
        pieces.text(variable("run"), "");
        pieces.finish()
    }

    /// The text with the run's id in it, and its variables noted.
    pub(super) fn finished(&mut self, text: Text) -> Text {
        let text = self.cast.runned(text);
        self.known.note(&text);
        text
    }

    pub(super) fn finished_tree(&mut self, tree: Tree) -> Tree {
        match tree {
            Tree::Text(text) => Tree::Text(self.finished(text)),
            Tree::List(items) => Tree::List(
                items
                    .into_iter()
                    .map(|item| self.finished_tree(item))
                    .collect(),
            ),
            Tree::Map(members) => Tree::Map(
                members
                    .into_iter()
                    .map(|(name, member)| (name, self.finished_tree(member)))
                    .collect(),
            ),
            other => other,
        }
    }

    /// Writes what is expected, and gives the statuses.
    fn expect(
        &mut self,
        asked: &Asked<'_>,
        pair: Option<&Asked<'_>>,
        client: ProfileId,
        lines: &mut Vec<String>,
    ) -> Vec<u16> {
        let expected = self.world.expected(asked, client);
        let response = match &asked.exchange.outcome {
            Ok(response) => response,
            Err(failure) => {
                lines.push(format!(
                    "    # the recording has no answer, so nothing is expected: {}",
                    plain(&failure.to_string())
                ));
                return Vec::new();
            }
        };
        for broken in self.broken(asked) {
            lines.push(format!("    # recorded: {broken}"));
        }
        if let Some(because) = expected.because {
            self.guesses += 1;
            let detail = response.json().and_then(|body| text(body, "detail"));
            let detail = detail.map_or(String::new(), |detail| {
                format!(": {}", plain(&self.cast.covered(detail)))
            });
            lines.push(format!("    # recorded: {}{detail}", response.status));
            lines.push(format!("    # guessed: {because}"));
        }
        let status = match expected.status.as_slice() {
            [status] => status.to_string(),
            several => {
                let several: Vec<String> = several.iter().map(u16::to_string).collect();
                format!("[{}]", several.join(", "))
            }
        };
        let intended = asked.address.id().and_then(|id| self.world.intended(id));
        let found = response
            .json()
            .and_then(|body| body.get("active")?.as_bool());
        if let (Some(intended), Some(found), "GET") = (intended, found, asked.method())
            && intended != found
        {
            self.guesses += 1;
            lines.push(format!("    # recorded: `active` is {found}"));
            lines.push("    # guessed: it should be as it was written before".to_owned());
        }
        let body = match expected.recorded && expected.status.len() == 1 {
            true => answer::body(self, asked, pair),
            false => None,
        };
        let body = body.map_or(String::new(), |body| format!(", body: {body}"));
        lines.push(format!("    expect: {{ status: {status}{body} }}"));
        expected.status
    }

    /// What our checks say of the answer, each fault once.
    fn broken(&mut self, asked: &Asked<'_>) -> Vec<String> {
        let Some(watch) = &mut self.watch else {
            return Vec::new();
        };
        let findings = watch.judge(std::slice::from_ref(asked.exchange), false);
        let mut broken: Vec<String> = Vec::new();
        for finding in findings {
            let message = plain(&self.cast.covered(&finding.message));
            let line = format!("{message} ({})", finding.id);
            if finding.verdict == Verdict::Fail && !broken.contains(&line) {
                broken.push(line);
            }
        }
        broken
    }

    /// A read-back after a write.
    fn propose(&mut self, asked: &Asked<'_>, owner: Owner, name: &str) {
        let Some(verify) = answer::read_back(self, asked, owner, name) else {
            return;
        };
        let _ = writeln!(self.text, "  # proposed\n  - verify: {verify}");
        self.unread = false;
    }
}

impl Values for Telling<'_, '_> {
    fn reference(&mut self, value: &str) -> Text {
        let text = self.known.text(value, true);
        self.cast.runned(text)
    }

    fn filtered(&mut self, attribute: &Attribute, value: &str) -> Text {
        let text = match attribute.owner {
            _ if value.is_empty() => Text::literal(value),
            // Entra tests a connection with somebody whom nobody has (entra.md 2.1).
            _ if is_guid(value) && !attribute.is_reference() && !self.cast.knows(value) => {
                variable("uuid")
            }
            Owner::Group if attribute.is("displayname") => self.group_name(value),
            Owner::User if attribute.is_personal() => self.personal(None, value),
            _ => self.known.text(value, true),
        };
        self.cast.runned(text)
    }

    fn other(&mut self, value: &str) -> Text {
        let text = self.known.text(value, false);
        self.cast.runned(text)
    }

    fn inlined(&self, name: &str) -> Option<Text> {
        let (alias, key) = name.split_once('.')?;
        let mut everybody = self.cast.people.iter().chain(&self.cast.groups);
        let person = everybody.find(|person| person.alias == alias)?;
        let known = person.traits.iter().find(|known| known.key == key)?;
        Some(known.written.clone())
    }
}
