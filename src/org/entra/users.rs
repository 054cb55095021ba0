//! Users, and the manager of each.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::property::{self, USER};
use super::query::Options;
use super::{Answer, Call, Entra, referred};
use crate::idp::{Change, Provisioner};
use crate::org::{Reply, Said};

/// What Graph demands of a new user, beside a password.
const REQUIRED: [&str; 4] = [
    "accountEnabled",
    "displayName",
    "mailNickname",
    "userPrincipalName",
];

/// A user.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct User {
    /// A GUID.
    pub(super) id: String,
    /// By Graph's names; nothing is `null`.
    pub(super) properties: Map<String, Value>,
    /// The id of the manager.
    pub(super) manager: Option<String>,
    /// Deleted softly.
    pub(super) is_deleted: bool,
}

impl User {
    pub(super) fn text(&self, name: &str) -> &str {
        self.properties
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.properties.get("accountEnabled") != Some(&Value::Bool(false))
    }

    /// As Graph shows it.
    pub(super) fn shown(&self) -> Value {
        Value::Object(property::shown(&USER, &self.properties))
    }
}

impl Entra {
    /// `GET` and `POST /users`.
    pub(super) fn all_users(&mut self, call: Call<'_>, provisioner: &mut Provisioner) -> Answer {
        let options = Options::read(call.ask, &property::names(&USER), &[])?;
        match call.method() {
            "GET" => {
                let users = self.users.iter().filter(|user| !user.is_deleted);
                let users = users.map(User::shown).collect();
                let usual = unasked(call);
                let list = options.list(call.ask, &call.context("users"), users, usual.as_deref());
                Ok(Said::Reply(Reply::json(200, list)))
            }
            "POST" => self.create_user(call, provisioner),
            _ => Err(call.no_method("GET, POST")),
        }
    }

    fn create_user(&mut self, call: Call<'_>, provisioner: &mut Provisioner) -> Answer {
        let mut body = call.body()?;
        password(&mut body, true)?;
        let id = self.ids.uuid();
        let mut properties = Map::new();
        property::write(&USER, "user", &body, &mut properties)?;
        property::require(&REQUIRED, "user", &properties)?;
        self.check_names(&id, &properties)?;
        properties.insert("id".to_owned(), Value::from(id.as_str()));
        let created = call.ask.at.to_string();
        properties.insert("createdDateTime".to_owned(), Value::from(created));
        let user = User {
            id: id.clone(),
            properties,
            manager: None,
            is_deleted: false,
        };
        let reply = Reply::json(201, entity(call, user.shown()));
        self.users.push(user);
        // Nobody who has just been created is assigned, so nothing follows from it.
        self.put_user(&id, provisioner);
        Ok(Said::Reply(reply))
    }

    /// `/users/{id}`; the id may be the userPrincipalName.
    pub(super) fn one_user(
        &mut self,
        call: Call<'_>,
        id: &str,
        provisioner: &mut Provisioner,
    ) -> Answer {
        let options = Options::read(call.ask, &property::names(&USER), &[])?;
        let place = self.user_place(id)?;
        match call.method() {
            "GET" => {
                let usual = unasked(call);
                let user = options.shown(self.users[place].shown(), usual.as_deref());
                let user = with_context(call, "users/$entity", user);
                Ok(Said::Reply(Reply::json(200, user)))
            }
            "PATCH" => {
                let mut body = call.body()?;
                password(&mut body, false)?;
                let mut properties = self.users[place].properties.clone();
                property::write(&USER, "user", &body, &mut properties)?;
                property::require(&REQUIRED, "user", &properties)?;
                let id = self.users[place].id.clone();
                self.check_names(&id, &properties)?;
                self.users[place].properties = properties;
                self.provision_user(&id, provisioner);
                Ok(self.after(call, Reply::empty(204)))
            }
            "DELETE" => {
                let id = self.users[place].id.clone();
                self.users[place].is_deleted = true;
                self.users[place].properties.insert(
                    "deletedDateTime".to_owned(),
                    Value::from(call.ask.at.to_string()),
                );
                self.provision_user(&id, provisioner);
                Ok(self.after(call, Reply::empty(204)))
            }
            _ => Err(call.no_method("GET, PATCH, DELETE")),
        }
    }

    /// `GET /users/{id}/manager`.
    pub(super) fn manager(&self, call: Call<'_>, id: &str) -> Answer {
        if call.method() != "GET" {
            return Err(call.no_method("GET"));
        }
        let options = Options::read(call.ask, &property::names(&USER), &[])?;
        let manager = self.manager_of(id)?;
        let usual = unasked(call);
        let mut shown = options.shown(manager.shown(), usual.as_deref());
        shown["@odata.type"] = Value::from("#microsoft.graph.user");
        let shown = with_context(call, "directoryObjects/$entity", shown);
        Ok(Said::Reply(Reply::json(200, shown)))
    }

    /// `GET`, `PUT` and `DELETE /users/{id}/manager/$ref`.
    pub(super) fn manager_reference(
        &mut self,
        call: Call<'_>,
        id: &str,
        provisioner: &mut Provisioner,
    ) -> Answer {
        let manager = match call.method() {
            "GET" => {
                let manager = &self.manager_of(id)?.id;
                let body = json!({
                    "@odata.context": call.context("$ref"),
                    "@odata.id": format!("{}/{}/users/{manager}", call.ask.base, call.version),
                });
                return Ok(Said::Reply(Reply::json(200, body)));
            }
            "PUT" => {
                let wanted = referred(&call.body()?)?;
                let manager = self.users[self.user_place(&wanted)?].id.clone();
                Some(manager)
            }
            "DELETE" => {
                self.manager_of(id)?;
                None
            }
            _ => return Err(call.no_method("GET, PUT, DELETE")),
        };
        let place = self.user_place(id)?;
        let id = self.users[place].id.clone();
        if manager.as_ref() == Some(&id) {
            return Err(Fault::bad(format!("`{id}` cannot be their own manager")));
        }
        self.set_manager(&id, manager, provisioner);
        Ok(self.after(call, Reply::empty(204)))
    }

    /// Sets or removes a manager, here and at the target.
    pub(super) fn set_manager(
        &mut self,
        id: &str,
        manager: Option<String>,
        provisioner: &mut Provisioner,
    ) {
        if let Some(user) = self.users.iter_mut().find(|user| user.id == id) {
            user.manager.clone_from(&manager);
        }
        let changed = self.put_user(id, provisioner);
        if changed && self.provisions() {
            self.changes
                .push(Change::SetManager(id.to_owned(), manager));
        }
    }

    fn manager_of(&self, id: &str) -> Result<&User, Fault> {
        let user = &self.users[self.user_place(id)?];
        user.manager
            .as_ref()
            .and_then(|manager| {
                self.users
                    .iter()
                    .find(|user| user.id == *manager && !user.is_deleted)
            })
            .ok_or_else(|| Fault::missing("manager of user", id))
    }

    /// Where a user is who has not been deleted.
    pub(super) fn user_place(&self, id: &str) -> Result<usize, Fault> {
        self.users
            .iter()
            .position(|user| {
                !user.is_deleted
                    && (user.id == id || user.text("userPrincipalName").to_lowercase() == id)
            })
            .ok_or_else(|| Fault::missing("user", id))
    }

    /// A userPrincipalName is an address that nobody else has, not even somebody deleted softly.
    fn check_names(&self, id: &str, properties: &Map<String, Value>) -> Result<(), Fault> {
        let text = |name: &str| {
            properties
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let name = text("userPrincipalName");
        let is_address = name
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        if !is_address || name.contains(char::is_whitespace) {
            return Err(Fault::invalid(
                "userPrincipalName",
                format!("`{name}` is no userPrincipalName; it has the form `name@domain`"),
            ));
        }
        if text("mailNickname").contains(['@', ' ']) {
            return Err(Fault::invalid(
                "mailNickname",
                "a mailNickname has no `@` and no space in it",
            ));
        }
        let taken = self.users.iter().any(|user| {
            user.id != id && user.text("userPrincipalName").to_lowercase() == name.to_lowercase()
        });
        match taken {
            true => Err(Fault::conflict("userPrincipalName", name)),
            false => Ok(()),
        }
    }
}

/// A password is checked and forgotten: nothing provisions it, and nothing must show it.
fn password(body: &mut Map<String, Value>, required: bool) -> Result<(), Fault> {
    let profile = body.shift_remove("passwordProfile");
    match profile {
        None | Some(Value::Null) if !required => Ok(()),
        Some(Value::Object(profile))
            if profile
                .get("password")
                .is_some_and(|password| password.as_str().is_some_and(|text| !text.is_empty()))
                || (!required && !profile.contains_key("password")) =>
        {
            Ok(())
        }
        _ => Err(Fault::invalid(
            "passwordProfile",
            "property `passwordProfile` must be an object with a `password`",
        )),
    }
}

/// What a call gets without `$select`: some in v1.0, all in beta.
pub(super) fn unasked(call: Call<'_>) -> Option<Vec<String>> {
    (!call.is_beta()).then(|| property::usual(&USER))
}

fn entity(call: Call<'_>, user: Value) -> Value {
    let usual = unasked(call);
    let user = match (user, usual) {
        (Value::Object(members), Some(names)) => members
            .into_iter()
            .filter(|(name, _)| names.contains(name))
            .collect::<Map<String, Value>>()
            .into(),
        (user, _) => user,
    };
    with_context(call, "users/$entity", user)
}

/// With `@odata.context` in front.
pub(super) fn with_context(call: Call<'_>, what: &str, resource: Value) -> Value {
    let mut body = Map::new();
    body.insert("@odata.context".to_owned(), Value::from(call.context(what)));
    if let Value::Object(members) = resource {
        body.extend(members);
    }
    Value::Object(body)
}

/// When it is now, as Graph writes it.
pub(super) fn instant(at: Timestamp) -> Value {
    Value::from(at.to_string())
}
