//! For any directory and any list of changes, what the target holds in the end is what the directory says, for every
//! client, with faults and restarts on the way.
//!
//! What must be there is said twice: by the provider ([`Provisioner::mapped`]), and by an oracle in this file that knows
//! the directory only and never saw a mapping.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use proptest::test_runner::TestCaseError;
use scimulate::exchange::{Api, Body, Exchange, Failure, Request as Sent, Response, Sender};
use scimulate::finding::Authority;
use scimulate::idp::state::{self, Header};
use scimulate::idp::{Call, Change, Directory, Memory, Provisioner, Subject, Switches};
use scimulate::idp::{Status, directory_file};
use scimulate::profile::{ProfileId, encode_segment};
use scimulate::scim::equality::{Options, differences};
use scimulate::server::{Request, Server, Settings};
use serde_json::{Value, json};

const CLIENTS: [ProfileId; 6] = [
    ProfileId::OktaOin,
    ProfileId::OktaAiw,
    ProfileId::OktaOinUserpatch,
    ProfileId::OktaGov,
    ProfileId::EntraLegacy,
    ProfileId::EntraCompliant,
];

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A server in this process, behind a network that loses things.
struct Target {
    server: Server,
    ids: Cell<u64>,
    chance: Chance,
    /// Of 100 requests, so many meet a fault.
    faults: u64,
    writes: u64,
    /// Something was created, and the answer was lost.
    lost_creates: bool,
    /// There were faults.
    lossy: bool,
}

impl Target {
    fn new(seed: u64) -> Self {
        Self {
            server: Server::new(Settings::default()).expect("valid settings"),
            ids: Cell::new(0),
            chance: Chance(seed),
            faults: 0,
            writes: 0,
            lost_creates: false,
            lossy: false,
        }
    }

    fn handled(&self, method: &str, target: &str, body: &[u8]) -> Response {
        let fresh = || {
            self.ids.set(self.ids.get() + 1);
            format!("id-{}", self.ids.get())
        };
        let headers = [
            ("host", "test.example"),
            ("content-type", "application/scim+json"),
        ];
        let target = format!("/scim/v2{target}");
        let request = Request {
            method,
            target: &target,
            headers: &headers,
            body,
        };
        let answer = self.server.handle(&request, Timestamp::UNIX_EPOCH, &fresh);
        let headers = answer
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        let mut headers: Vec<_> = headers.collect();
        headers.push(("content-type".into(), "application/scim+json".into()));
        Response::new(answer.status, headers, Body::new(answer.body), None)
    }

    /// Sends a call, or loses it, or its answer.
    fn exchange(&mut self, call: &Call) -> Exchange {
        let profile = call.client.profile();
        let path: String = call
            .path
            .iter()
            .map(|segment| format!("/{}", encode_segment(segment)))
            .collect();
        let query: Vec<String> = call
            .query
            .iter()
            .map(|(name, value)| format!("{name}={}", profile.query.encode(value)))
            .collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let target = format!("{path}{mark}{}", query.join("&"));
        let body = call
            .payload
            .as_ref()
            .map_or_else(Vec::new, |payload| payload.bytes());
        self.writes += u64::from(call.is_write());
        let fault = if self.chance.below(100) < self.faults {
            self.chance.below(5)
        } else {
            u64::MAX
        };
        let refused = |status: u16| {
            let error = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                "status": status.to_string(),
                "detail": "try again later",
            });
            let headers = vec![("retry-after".to_owned(), "1".to_owned())];
            Ok(Response::new(
                status,
                headers,
                Body::new(error.to_string().into_bytes()),
                None,
            ))
        };
        let outcome = match fault {
            0 => refused(429),
            1 => refused(503),
            2 => refused(500),
            3 => Err(Failure::Protocol("the connection was reset".into())),
            4 => {
                self.handled(call.method, &target, &body);
                self.lost_creates |= call.method == "POST";
                Err(Failure::Timeout(60_000))
            }
            _ => Ok(self.handled(call.method, &target, &body)),
        };
        Exchange {
            sender: Sender::Client(profile.id.name().to_owned()),
            request: Sent {
                api: Api::Scim,
                method: call.method.to_owned(),
                origin: "http://test.example".into(),
                target: format!("/scim/v2{target}"),
                headers: Vec::new(),
                body: Body::new(body),
            },
            outcome,
            started: String::new(),
            elapsed: Duration::ZERO,
        }
    }

    fn all(&self, kind: &str) -> BTreeMap<String, Value> {
        let list = self.handled("GET", &format!("/{kind}?count=1000"), b"");
        let list = list.json().expect("a list").clone();
        list["Resources"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|resource| {
                let id = resource["id"].as_str().expect("an id");
                (id.to_owned(), resource.clone())
            })
            .collect()
    }

    /// Does all that waits, up to three calls at once, answered in any order.
    fn drain(&mut self, provisioner: &mut Provisioner) {
        let mut under_way = Vec::new();
        for _ in 0..20_000 {
            while under_way.len() < 3 {
                match provisioner.begin() {
                    Some(next) => under_way.push(next),
                    None => break,
                }
            }
            if under_way.is_empty() {
                return;
            }
            let index = self.chance.below(under_way.len() as u64) as usize;
            let (ticket, call) = under_way.swap_remove(index);
            let exchange = self.exchange(&call);
            if let Some(call) = provisioner.answered(ticket, &exchange) {
                under_way.push((ticket, call));
            }
        }
        panic!("the provider never comes to an end");
    }
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// Something that happens, people and groups by number.
#[derive(Debug, Clone)]
enum Event {
    Change(Change),
    /// The process ends and begins again: only what is in the state file is left.
    Restart,
    /// A cycle.
    CatchUp,
}

fn person() -> impl Strategy<Value = String> {
    (1..=6u32).prop_map(|number| format!("p{number:05}"))
}

fn group() -> impl Strategy<Value = String> {
    (1..=2u32).prop_map(|number| format!("g{number:05}"))
}

fn event() -> impl Strategy<Value = Event> {
    let word = "[A-Za-zé'& ]{1,12}[a-z]";
    let people = || prop::collection::vec(person(), 1..4);
    let change = prop_oneof![
        3 => (person(), prop_oneof!["title", "department", "nickName"], word).prop_map(
            |(key, name, value)| {
                let values = json!({ name: value });
                Change::Update(key, values.as_object().expect("it is one").clone())
            }
        ),
        1 => (person(), any::<u16>()).prop_map(|(key, number)| {
            let name = format!("{key}.{number}@example.test");
            Change::Rename(key, name)
        }),
        1 => person().prop_map(Change::Assign),
        2 => person().prop_map(Change::Unassign),
        1 => person().prop_map(Change::Deactivate),
        2 => person().prop_map(Change::Reassign),
        1 => person().prop_map(Change::Suspend),
        1 => person().prop_map(Change::Delete),
        2 => (person(), prop::option::of(person())).prop_map(|(key, to)| Change::SetManager(key, to)),
        2 => (group(), people()).prop_map(|(key, people)| Change::AddMembers(key, people)),
        2 => (group(), people()).prop_map(|(key, people)| Change::RemoveMembers(key, people)),
        1 => (group(), any::<u16>()).prop_map(|(key, number)| {
            let name = format!("{key} {number}");
            Change::RenameGroup(key, name)
        }),
        1 => group().prop_map(Change::PushGroup),
        1 => group().prop_map(|group| Change::UnlinkGroup { group, delete: true }),
    ];
    prop_oneof![
        8 => change.prop_map(Event::Change),
        1 => proptest::strategy::Just(Event::Restart),
        1 => proptest::strategy::Just(Event::CatchUp),
    ]
}

fn directory(seed: u16) -> Directory {
    let text =
        format!("generate: {{ people: 6, groups: 2, members: 3, managers: true, seed: {seed} }}\n");
    directory_file::load("generated", text.as_bytes()).expect("it is sound")
}

/// What a new process knows: what was written, read back.
fn remembered(memory: &Memory, client: ProfileId) -> Memory {
    let header = Header::new(client, "http://test.example".into(), None);
    let text = state::written(&header, memory);
    state::read(&text).expect("what was written is read").memory
}

/// Entra never sends a member who was out of scope when the group's turn came (entra.md 7): here, it shall.
fn switches(client: ProfileId) -> Switches {
    let mut switches = Switches::default();
    if client.authority() == Authority::Entra {
        let set = switches.set("entra.late-references", "repair");
        set.expect("there is such a switch");
    }
    switches
}

fn restarted(old: &Provisioner) -> Provisioner {
    Provisioner::new(
        old.client(),
        old.directory().clone(),
        None,
        switches(old.client()),
        remembered(old.memory(), old.client()),
    )
    .expect("it is a provider")
}

/// What the directory says about the target, whatever the provider thinks.
fn oracle(provisioner: &Provisioner, target: &Target) -> Vec<String> {
    let (directory, memory) = (provisioner.directory(), provisioner.memory());
    let (users, groups) = (target.all("Users"), target.all("Groups"));
    let mut wrong = Vec::new();
    for (key, person) in &directory.people {
        let name = person.text("userName").unwrap_or_default();
        let found: Vec<&Value> = users
            .values()
            .filter(|user| user["userName"] == name)
            .collect();
        let usable =
            person.is_active() && !matches!(person.status, Status::Suspended | Status::Staged);
        let gone = !person.assigned
            || matches!(
                person.status,
                Status::Deactivated | Status::Deleted | Status::Purged
            );
        match found.as_slice() {
            [user] if usable => {
                if user["active"] != true {
                    wrong.push(format!("{key} should be active: {user}"));
                }
                if memory.user(key).map(|link| link.id.as_str()) != user["id"].as_str() {
                    wrong.push(format!("{key} is not linked to {}", user["id"]));
                }
                for (attribute, value) in [
                    ("title", &user["title"]),
                    ("department", &user[ENTERPRISE]["department"]),
                    ("name.familyName", &user["name"]["familyName"]),
                    ("email", &user["emails"][0]["value"]),
                ] {
                    if let Some(wanted) = person.text(attribute)
                        && value != wanted
                    {
                        wrong.push(format!("{key}: {attribute} is {value}, not {wanted}"));
                    }
                }
            }
            [] if usable => wrong.push(format!("{key} is missing")),
            [user] if gone => {
                // Of whom the provider never heard that it was created, it cannot know.
                let known = !target.lost_creates || memory.user(key).is_some();
                if known && user["active"] == true {
                    wrong.push(format!("{key} should not be active: {user}"));
                }
            }
            [] | [_] => {}
            several => wrong.push(format!("{key} is there {} times", several.len())),
        }
    }
    let key_of: BTreeMap<&str, &str> = memory
        .users()
        .map(|(key, link)| (link.id.as_str(), key))
        .collect();
    // Such an app has no group push (okta.md 8.1).
    let pushes = provisioner.client() != ProfileId::OktaGov;
    for (key, group) in directory.groups.iter().filter(|_| pushes) {
        let name = group.text("displayName").unwrap_or_default();
        let found: Vec<&Value> = groups
            .values()
            .filter(|found| found["displayName"] == name)
            .collect();
        match found.as_slice() {
            [found] if group.pushed => {
                let members = found["members"].as_array().into_iter().flatten();
                let members: BTreeSet<&str> = members
                    .filter_map(|member| key_of.get(member["value"].as_str()?).copied())
                    .collect();
                for member in &group.members {
                    let usable = directory
                        .people
                        .get(member)
                        .is_some_and(|person| person.assigned && person.status == Status::Active);
                    if usable && !members.contains(member.as_str()) {
                        wrong.push(format!("{member} is missing in {key}: {found}"));
                    }
                }
                // Entra never reads members: whoever was added without an answer, and left since, is not known to it.
                let known = !target.lossy;
                for member in members {
                    // Okta leaves who is not active out of removals, too (okta.md 6.1).
                    let counts = provisioner.client().authority() == Authority::Entra
                        || directory
                            .people
                            .get(member)
                            .is_some_and(|person| person.is_active());
                    if known && counts && !group.members.contains(member) {
                        wrong.push(format!("{member} should not be in {key}"));
                    }
                }
            }
            [] if group.pushed => wrong.push(format!("{key} is missing")),
            [_, _, ..] => wrong.push(format!("{key} is there {} times", found.len())),
            _ => {}
        }
    }
    wrong
}

/// A complex value of which no part is left is no value.
fn empty_is_nothing(value: &mut Value) {
    if let Value::Object(members) = value {
        members.values_mut().for_each(empty_is_nothing);
        if members.values().all(Value::is_null) {
            *value = Value::Null;
        }
    }
}

/// What the provider says about the target.
fn promised(provisioner: &mut Provisioner, target: &Target) -> Vec<String> {
    let (users, groups) = (target.all("Users"), target.all("Groups"));
    let keys = provisioner.directory();
    let subjects: Vec<Subject> = keys
        .people
        .keys()
        .cloned()
        .map(Subject::User)
        .chain(keys.groups.keys().cloned().map(Subject::Group))
        .collect();
    let mut wrong = Vec::new();
    for subject in subjects {
        let Some(mut mapped) = provisioner.mapped(&subject) else {
            continue;
        };
        empty_is_nothing(&mut mapped);
        let id = provisioner.memory().id(&subject).unwrap_or_default();
        // Which schemas are in use, and what a manager is called, is the server's to say (RFC 7643 4.3).
        let mut ignored = vec![
            "schemas".to_owned(),
            format!("{ENTERPRISE}:manager.displayName"),
        ];
        if target.lossy {
            ignored.push("members".to_owned());
        }
        let options = Options {
            subset: true,
            ignored,
        };
        match users.get(id).or_else(|| groups.get(id)) {
            None => wrong.push(format!("{subject} is not there as `{id}`")),
            Some(found) => {
                let differences = differences(&mapped, found, &options);
                if !differences.is_empty() {
                    wrong.push(format!("{subject} is not as mapped: {differences:#?}"));
                }
            }
        }
    }
    wrong
}

fn play(client: ProfileId, seed: u16, faults: u64, events: &[Event]) -> Result<(), TestCaseError> {
    let mut target = Target::new(u64::from(seed));
    let mut provisioner = Provisioner::new(
        client,
        directory(seed),
        None,
        switches(client),
        Memory::default(),
    )
    .expect("it is a provider");
    target.faults = faults;
    target.lossy = faults > 0;
    provisioner.catch_up();
    target.drain(&mut provisioner);
    for event in events {
        match event {
            // A provider may have no such thing; the directory has changed all the same.
            Event::Change(change) => drop(provisioner.cause(change)),
            Event::Restart => provisioner = restarted(&provisioner),
            Event::CatchUp => provisioner.catch_up(),
        }
        target.drain(&mut provisioner);
    }
    target.faults = 0;
    let mut wrong = Vec::new();
    // What failed waits for its time, up to a day; each cycle brings the next attempt nearer by 40 minutes.
    for _ in 0..80 {
        provisioner.catch_up();
        target.drain(&mut provisioner);
        // A lost answer leaves the provider with a promise about what it does not know; the oracle sees more.
        wrong = match target.lossy {
            true => Vec::new(),
            false => promised(&mut provisioner, &target),
        };
        wrong.extend(oracle(&provisioner, &target));
        if wrong.is_empty() && provisioner.memory().escrowed() == 0 {
            break;
        }
    }
    if !wrong.is_empty() {
        return Err(TestCaseError::fail(format!(
            "{}: {}",
            client.name(),
            wrong.join("\n")
        )));
    }
    let before = target.writes;
    let mut again = restarted(&provisioner);
    again.catch_up();
    target.drain(&mut again);
    if target.writes != before {
        return Err(TestCaseError::fail(format!(
            "{}: a cycle that has nothing to do has sent {} writes",
            client.name(),
            target.writes - before
        )));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_target_becomes_what_the_directory_says(
        seed in any::<u16>(),
        faults in prop_oneof![proptest::strategy::Just(0u64), 1..30u64],
        events in prop::collection::vec(event(), 0..16),
    ) {
        for client in CLIENTS {
            play(client, seed, faults, &events)?;
        }
    }
}

/// A deactivation whose answer is lost has happened all the same: whoever comes back must be active again.
#[test]
fn a_lost_deactivation_does_not_outlive_the_return() {
    let events = [
        Event::Change(Change::Deactivate("p00003".to_owned())),
        Event::Change(Change::Reassign("p00003".to_owned())),
    ];
    for client in CLIENTS {
        play(client, 48833, 6, &events).expect("the account is as the directory says");
    }
}
