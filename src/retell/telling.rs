//! The story, request by request.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

use serde_json::Value;

use super::Options;
use super::answer;
use super::attribute::{Owner, owner_of};
use super::body::json_text;
use super::expect::World;
use super::fold::Asked;
use super::known::Known;
use super::people::{Cast, text};
use super::prepare::Prepared;
use super::readback;
use super::text::{block, plain};
use crate::checks::Watch;
use crate::exchange::MASKED;
use crate::finding::Verdict;
use crate::profile::ProfileId;
use crate::scenario::flow;

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
    pub(super) options: &'a Options<'a>,
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
    pub(super) passwords: Vec<String>,
    /// Aliases of those who do not have their first name any more.
    pub(super) renamed: BTreeSet<String>,
}

impl<'t, 'a> Telling<'t, 'a> {
    pub(super) fn new(
        client: ProfileId,
        options: &'a Options<'a>,
        asked: &'a [Asked<'a>],
        cast: &'t mut Cast,
        known: Known,
        draft: bool,
    ) -> Self {
        Self {
            client,
            options,
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
                if self.options.verify || last {
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
        let Some(verify) = readback::read_back(self, asked, owner, name) else {
            return;
        };
        let _ = writeln!(self.text, "  # proposed\n  - verify: {verify}");
        self.unread = false;
    }
}
