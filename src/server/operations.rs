//! Reading, creating, replacing, changing and deleting one resource (RFC 7644 3.3 to 3.6). Requests and bulk operations
//! both end up here.

use jiff::Timestamp;
use serde_json::Value;

use super::error::Refusal;
use super::etag;
use super::policy::Policy;
use super::projection::{Asked, Projection};
use super::rules::Rules;
use super::store::{Place, Store};
use super::{patch, patch_message};

/// One tenant's resources while a request is served.
pub(crate) struct Session<'a> {
    pub(crate) store: &'a mut Store,
    /// Base address under which the client reached the tenant.
    pub(crate) base: &'a str,
    /// What is not done.
    pub(crate) rules: &'a Rules,
    pub(crate) now: Timestamp,
    /// Makes a new id each time.
    pub(crate) fresh: &'a dyn Fn() -> String,
}

/// Preconditions of a request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Conditions<'a> {
    pub(crate) if_match: Option<&'a str>,
    pub(crate) if_none_match: Option<&'a str>,
}

/// What came out.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) place: Option<Place>,
    pub(crate) body: Option<Value>,
}

impl Session<'_> {
    pub(crate) fn read(&self, place: Place, asked: &Asked, conditions: Conditions<'_>) -> Outcome {
        let known = self
            .store
            .get(place)
            .is_some_and(|resource| etag::is_known(conditions.if_none_match, &resource.etag()));
        if known {
            return Outcome {
                status: 304,
                place: Some(place),
                body: None,
            };
        }
        self.shown(200, place, asked, Vec::new())
    }

    pub(crate) fn create(
        &mut self,
        shelf: usize,
        body: Value,
        asked: &Asked,
    ) -> Result<Outcome, Refusal> {
        self.rules.permit_create(self.store, shelf)?;
        let intake = self.store.read_resource(shelf, body)?;
        let written = intake.named.clone();
        let draft = self.store.draft_of(shelf, intake)?;
        let mut id = (self.fresh)();
        while self.store.place(&id).is_some() {
            id = (self.fresh)();
        }
        let place = self.store.insert(shelf, id, draft, self.now)?;
        Ok(self.shown(201, place, asked, written))
    }

    pub(crate) fn replace(
        &mut self,
        place: Place,
        body: Value,
        asked: &Asked,
        conditions: Conditions<'_>,
    ) -> Result<Outcome, Refusal> {
        self.rules.permit_write(self.store, place)?;
        self.check(place, conditions)?;
        let intake = self.store.read_resource(place.shelf, body)?;
        let written = intake.named.clone();
        let Some(mut draft) = self.store.begin(place) else {
            return Err(gone());
        };
        let done = self.store.overwrite(place.shelf, &mut draft, intake);
        let done = done.and_then(|()| self.rules.permit_change(self.store, place, &draft));
        if let Err(refusal) = done {
            self.store.roll_back(place, draft);
            return Err(refusal);
        }
        self.store.commit(place, draft, self.now)?;
        Ok(self.shown(200, place, asked, written))
    }

    pub(crate) fn patch(
        &mut self,
        place: Place,
        body: Value,
        asked: &Asked,
        conditions: Conditions<'_>,
    ) -> Result<Outcome, Refusal> {
        self.rules.permit_write(self.store, place)?;
        self.check(place, conditions)?;
        let operations = patch_message::read_operations(self.store, body)?;
        let written = patch_message::names_in(&operations);
        let Some(mut draft) = self.store.begin(place) else {
            return Err(gone());
        };
        let done = patch::apply(self.store, place, &mut draft, operations);
        let done = done.and_then(|()| self.rules.permit_change(self.store, place, &draft));
        if let Err(refusal) = done {
            self.store.roll_back(place, draft);
            return Err(refusal);
        }
        self.store.commit(place, draft, self.now)?;
        // Groups answer without a body unless asked: Entra wants 204 there, and a large group would be long (entra.md 7).
        let brief = self.store.shelves[place.shelf].has_members
            || !self.store.policies.first(Policy::PatchAnswer);
        if brief && asked.is_default() {
            return Ok(Outcome {
                status: 204,
                place: Some(place),
                body: None,
            });
        }
        Ok(self.shown(200, place, asked, written))
    }

    pub(crate) fn delete(
        &mut self,
        place: Place,
        conditions: Conditions<'_>,
    ) -> Result<Outcome, Refusal> {
        self.rules.permit_delete(self.store, place)?;
        self.check(place, conditions)?;
        self.store.remove(place, self.now);
        Ok(Outcome {
            status: 204,
            place: None,
            body: None,
        })
    }

    fn check(&self, place: Place, conditions: Conditions<'_>) -> Result<(), Refusal> {
        let Some(resource) = self.store.get(place) else {
            return Err(gone());
        };
        let Conditions {
            if_match,
            if_none_match,
        } = conditions;
        etag::check_write(
            if_match,
            if_none_match,
            &resource.etag(),
            &self.store.policies,
        )
    }

    fn shown(&self, status: u16, place: Place, asked: &Asked, written: Vec<String>) -> Outcome {
        let mut projection = Projection::of(asked, self.store, place.shelf);
        projection.written = written;
        Outcome {
            status,
            place: Some(place),
            body: Some(self.store.represent(place, self.base, &projection)),
        }
    }
}

fn gone() -> Refusal {
    Refusal::new(404, "the resource does not exist any more")
}
