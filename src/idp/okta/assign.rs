//! Assignments: looks a person up, and creates, links or reactivates the account (okta.md 2.1, 4.4).

use serde_json::{Map, Value};

use crate::exchange::Exchange;
use crate::idp::okta::activity::Activity;
use crate::idp::okta::answer::{Listing, PAGE};
use crate::idp::okta::document::{Document, sought};
use crate::idp::okta::place::quoted;
use crate::idp::okta::profile::Profile;
use crate::idp::okta::{answer, message, needs};
use crate::idp::{Call, Did, Job, Next, Payload, Subject, UserLink, World};

/// One person's assignment.
pub(super) struct Assign {
    key: String,
    stage: Stage,
    /// What it will have been when the profile is pushed; `None`: just that.
    did: Option<Did>,
}

enum Stage {
    Start,
    /// By this attribute and value.
    LookingUp(String, String),
    Creating(Value),
    Activating(Activity),
    Pushing(Profile),
}

impl Assign {
    /// Assigns.
    pub(super) fn new(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            stage: Stage::Start,
            did: Some(Did::Linked),
        }
    }

    fn start(&mut self, world: &mut World<'_>) -> Next {
        let Some(person) = world.directory.person(&self.key) else {
            return Next::Done(Did::Nothing);
        };
        if !person.is_active() {
            return Next::Done(Did::Nothing);
        }
        let link = world.memory.user(&self.key);
        if link.is_some_and(|link| link.active && !link.unsure) {
            self.did = None;
            return self.push(world, Profile::changed(&self.key));
        }
        let Some((attribute, value)) = sought(&self.key, person, world) else {
            return Next::Failed(format!("{} has no value to be looked up by", self.key));
        };
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let mut call = Call::new(
            world.client,
            "GET",
            &["Users"],
            format!("look {} up", self.key),
            "okta.md 2.1 [doc][recorded]",
        )
        .about(Subject::User(self.key.clone()))
        .query("filter", format!("{attribute} eq {}", quoted(&value)))
        .query("startIndex", "1")
        .query("count", PAGE.to_string());
        call.needs = needs::looked_up();
        // Who was renamed meanwhile is sought by a name that the account never had (okta.md 10 Q11).
        if let Some(link) = link.filter(|link| {
            link.pushed
                .get(&attribute)
                .is_none_or(|pushed| pushed.as_str() == Some(&value))
        }) {
            call = call.needing(needs::found_inactive(&link.id));
        }
        self.stage = Stage::LookingUp(attribute, value);
        Next::Send(Box::new(call))
    }

    fn found(&mut self, world: &mut World<'_>, exchange: &Exchange) -> Next {
        let Stage::LookingUp(attribute, value) = &self.stage else {
            return Next::Failed(message::cause(exchange));
        };
        // okta.md 2.1: a 404 says that there is nobody, too.
        if exchange.status() == Some(404) {
            return self.create(world);
        }
        let verifying = |cause: &str| message::verifying(value, cause);
        let Some(response) = answer::success(exchange) else {
            return message::failed(exchange, verifying(&message::cause(exchange)));
        };
        let listing = match Listing::of(response) {
            Ok(listing) => listing,
            Err(unreadable) => return Next::Failed(verifying(&message::listing(unreadable))),
        };
        match (listing.total, listing.resources) {
            (0, _) => self.create(world),
            (1, [Value::Object(hit)]) => match answer::id_of(hit) {
                Some(id) => self.link(world, id, hit),
                None => Next::Failed(verifying("the user that was found has no id")),
            },
            (1, _) => Next::Failed(verifying("No results for users returned")),
            (several, _) => Next::Failed(message::several("users", attribute, several)),
        }
    }

    fn create(&mut self, world: &World<'_>) -> Next {
        let Some(document) = Document::of(&self.key, world) else {
            return Next::Done(Did::Nothing);
        };
        let body = document.created();
        let mut call = Call::new(
            world.client,
            "POST",
            &["Users"],
            format!("create {}", self.key),
            "okta.md 2.2 [doc][recorded]",
        )
        .about(Subject::User(self.key.clone()))
        .creating();
        call.needs = needs::created_user(&body);
        self.stage = Stage::Creating(document.pushed());
        Next::Send(Box::new(call.body(Payload::Document(body))))
    }

    fn created(&mut self, world: &mut World<'_>, exchange: &Exchange) -> Next {
        let Some(response) = answer::success(exchange) else {
            return message::failed(exchange, message::creating(&self.key, exchange, world));
        };
        let Some(id) = answer::document(response).and_then(answer::id_of) else {
            return Next::Failed(message::empty_user(&self.key, world));
        };
        let Stage::Creating(pushed) = std::mem::replace(&mut self.stage, Stage::Start) else {
            return Next::Done(Did::Created);
        };
        let link = UserLink {
            id,
            pushed,
            active: true,
            unsure: false,
        };
        world.memory.set_user(&self.key, Some(link));
        Next::Done(Did::Created)
    }

    /// Okta stores the id of the hit at once; what it had pushed to another account says nothing about this one.
    fn link(&mut self, world: &mut World<'_>, id: String, hit: &Map<String, Value>) -> Next {
        let pushed = world
            .memory
            .user(&self.key)
            .filter(|link| link.id == id)
            .map_or(Value::Null, |link| link.pushed.clone());
        let inactive = answer::is_inactive(hit);
        let link = UserLink {
            id,
            pushed,
            active: !inactive,
            unsure: false,
        };
        world.memory.set_user(&self.key, Some(link));
        if inactive {
            self.did = Some(Did::Activated);
            let mut activity = Activity::new(&self.key, true);
            let next = activity.next(world, None);
            self.stage = Stage::Activating(activity);
            return next;
        }
        self.push(world, Profile::whole(&self.key))
    }

    fn push(&mut self, world: &mut World<'_>, mut profile: Profile) -> Next {
        let next = profile.next(world, None);
        self.stage = Stage::Pushing(profile);
        next
    }
}

impl Job for Assign {
    fn subject(&self) -> Option<Subject> {
        Some(Subject::User(self.key.clone()))
    }

    fn next(&mut self, world: &mut World<'_>, answer: Option<&Exchange>) -> Next {
        let Some(exchange) = answer else {
            return self.start(world);
        };
        match &mut self.stage {
            Stage::Start | Stage::LookingUp(..) => self.found(world, exchange),
            Stage::Creating(_) => self.created(world, exchange),
            Stage::Activating(activity) => match activity.next(world, answer) {
                Next::Done(_) => self.push(world, Profile::whole(&self.key)),
                next => next,
            },
            Stage::Pushing(profile) => match profile.next(world, answer) {
                Next::Done(did) => Next::Done(self.did.unwrap_or(did)),
                next => next,
            },
        }
    }
}
