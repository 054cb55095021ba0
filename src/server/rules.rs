//! What a vendor's server does not do although SCIM has it, and whom it protects. Vendors publish such rules in the guides
//! for their customers' administrators (integrations.md).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::error::Refusal;
use super::policy::Policy;
use super::store::{Draft, Place, Store};

/// When the accounts were made that are there from the beginning: before any server was started.
const BEFORE: Timestamp = Timestamp::constant(1_704_067_200, 0);

/// Something that a server does not do. It answers 501 (RFC 7644 3.12) where a client asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refused {
    /// Users are not created.
    Create,
    /// Attributes of users are not changed, but for `active`.
    Update,
    /// `active` is not changed.
    Deactivate,
    /// Users are not deleted.
    Delete,
    /// Groups are not written.
    GroupPush,
}

impl Refused {
    /// All of them.
    pub const ALL: [Refused; 5] = [
        Self::Create,
        Self::Update,
        Self::Deactivate,
        Self::Delete,
        Self::GroupPush,
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Deactivate => "deactivate",
            Self::Delete => "delete",
            Self::GroupPush => "group-push",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refused| refused.name() == name)
    }

    fn detail(self) -> &'static str {
        match self {
            Self::Create => "users cannot be created here",
            Self::Update => "only `active` of a user can be changed here",
            Self::Deactivate => "users cannot be deactivated or activated here",
            Self::Delete => "users cannot be deleted here",
            Self::GroupPush => "groups cannot be written here",
        }
    }
}

/// The rules of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// What it does not do.
    pub refused: Vec<Refused>,
    /// User names of accounts that are there from the beginning, and that nobody may change or delete: 403.
    pub protected: Vec<String>,
}

impl Rules {
    fn permit(&self, refused: Refused) -> Result<(), Refusal> {
        match self.refused.contains(&refused) {
            true => Err(Refusal::new(501, refused.detail())),
            false => Ok(()),
        }
    }

    /// Whether a resource may be created.
    pub(crate) fn permit_create(&self, store: &Store, shelf: usize) -> Result<(), Refusal> {
        let shelf = &store.shelves[shelf];
        match (shelf.has_groups, shelf.has_members) {
            (true, _) => self.permit(Refused::Create),
            (_, true) => self.permit(Refused::GroupPush),
            _ => Ok(()),
        }
    }

    /// Whether a resource may be written at all.
    pub(crate) fn permit_write(&self, store: &Store, place: Place) -> Result<(), Refusal> {
        if store.shelves[place.shelf].has_members {
            return self.permit(Refused::GroupPush);
        }
        let name = store
            .get(place)
            .and_then(|resource| resource.attributes.get("userName"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        let is_protected = |known: &String| known.eq_ignore_ascii_case(name);
        match self.protected.iter().any(is_protected) {
            true => Err(Refusal::new(
                403,
                format!(
                    "`{name}` is an owner or administrator of the organisation, and is not managed by SCIM"
                ),
            )),
            false => Ok(()),
        }
    }

    /// Whether a resource may be deleted.
    pub(crate) fn permit_delete(&self, store: &Store, place: Place) -> Result<(), Refusal> {
        self.permit_write(store, place)?;
        match store.shelves[place.shelf].has_groups {
            true => self.permit(Refused::Delete),
            false => Ok(()),
        }
    }

    /// Whether a user may become what a draft says. What is the same as before is no change: clients send whole resources
    /// to change `active` alone (okta.md 4.1).
    pub(crate) fn permit_change(
        &self,
        store: &Store,
        place: Place,
        draft: &Draft,
    ) -> Result<(), Refusal> {
        let Some(before) = store
            .get(place)
            .filter(|_| store.shelves[place.shelf].has_groups)
        else {
            return Ok(());
        };
        let (old, new) = (&before.attributes, &draft.attributes);
        if old.get("active") != new.get("active") {
            self.permit(Refused::Deactivate)?;
        }
        let others = |attributes: &Map<String, Value>| {
            let mut others = attributes.clone();
            others.shift_remove("active");
            others
        };
        if self.refused.contains(&Refused::Update) && others(old) != others(new) {
            self.permit(Refused::Update)?;
        }
        Ok(())
    }

    /// Puts the accounts into a store that are there from the beginning, as far as it does not have them yet.
    pub(crate) fn seed(&self, store: &mut Store) {
        self.seed_protected(store);
        if !store.policies.first(Policy::FirstUser) {
            seed_first_user(store);
        }
    }

    /// Puts the protected accounts into a store that does not have them yet.
    fn seed_protected(&self, store: &mut Store) {
        let Some(shelf) = store.shelves.iter().position(|shelf| shelf.has_groups) else {
            return;
        };
        for (number, name) in self.protected.iter().enumerate() {
            let draft = Draft {
                attributes: Map::from_iter([
                    ("userName".to_owned(), Value::from(name.as_str())),
                    ("active".to_owned(), Value::Bool(true)),
                ]),
                ..Draft::default()
            };
            // The only thing that can be wrong is that it is there already.
            let _ = store.insert(shelf, format!("protected-{}", number + 1), draft, BEFORE);
        }
    }
}

/// Somebody with all that Okta's suite asks of the first user (okta.md 9.1).
fn seed_first_user(store: &mut Store) {
    let Some(shelf) = store.shelves.iter().position(|shelf| shelf.has_groups) else {
        return;
    };
    let attributes = json!({
        "userName": "first.user@example.test",
        "name": {"givenName": "First", "familyName": "User"},
        "emails": [{"value": "first.user@example.test", "type": "work", "primary": true}],
        "active": true,
    });
    let Value::Object(attributes) = attributes else {
        return;
    };
    let draft = Draft {
        attributes,
        ..Draft::default()
    };
    // The only thing that can be wrong is that it is there already.
    let _ = store.insert(shelf, "first-user".to_owned(), draft, BEFORE);
}
