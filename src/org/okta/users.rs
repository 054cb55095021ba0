//! Users: `/api/v1/users`, and where in their life they are.

use serde_json::{Map, Value, json};

use crate::idp::{Change, Person, Provisioner, Status as InDirectory};
use crate::org::okta::body::{flag, inner, object};
use crate::org::okta::credentials::Credentials;
use crate::org::okta::errors::Refusal;
use crate::org::okta::event::{self, Event, instant};
use crate::org::okta::listing::{Pages, filtered, page};
use crate::org::okta::{Okta, Pending, profile};
use crate::org::{Ask, Reply, Said};

const PAGES: Pages = Pages {
    usual: 200,
    most: 200,
};

/// A user of the org.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct User {
    /// 20 characters that begin with `00u`; the key in the engine's directory, too.
    pub(crate) id: String,
    /// Where in their life.
    pub(crate) status: Status,
    /// `firstName`, `login` …
    pub(crate) profile: Map<String, Value>,
    has_password: bool,
    question: Option<String>,
    created: String,
    activated: Option<String>,
    status_changed: Option<String>,
    password_changed: Option<String>,
    updated: String,
}

/// Where in their life users are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Created and never activated.
    Staged,
    /// Activated, without a password yet.
    Provisioned,
    /// In use.
    Active,
    /// Suspended, of which no application hears (okta.md 4.3).
    Suspended,
    /// Deactivated.
    Deprovisioned,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Staged => "STAGED",
            Self::Provisioned => "PROVISIONED",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::Deprovisioned => "DEPROVISIONED",
        }
    }

    /// As the engine knows it.
    pub(crate) fn in_directory(self) -> InDirectory {
        match self {
            Self::Staged => InDirectory::Staged,
            Self::Provisioned | Self::Active => InDirectory::Active,
            Self::Suspended => InDirectory::Suspended,
            Self::Deprovisioned => InDirectory::Deactivated,
        }
    }
}

impl User {
    /// By this they sign in.
    pub(crate) fn login(&self) -> &str {
        self.profile
            .get("login")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Whom people read.
    pub(crate) fn name(&self) -> String {
        let text = |name| self.profile.get(name).and_then(Value::as_str);
        match text("displayName") {
            Some(name) => name.to_owned(),
            None => format!(
                "{} {}",
                text("firstName").unwrap_or_default(),
                text("lastName").unwrap_or_default()
            ),
        }
    }

    /// As the System Log names them.
    pub(crate) fn target(&self) -> Value {
        event::user(&self.id, self.login(), &self.name())
    }

    /// What status they have once they are active.
    pub(crate) fn awake(&self) -> Status {
        match self.has_password {
            true => Status::Active,
            false => Status::Provisioned,
        }
    }

    /// They have another status from now on.
    pub(crate) fn become_of(&mut self, status: Status, now: &str) {
        if matches!(status, Status::Active | Status::Provisioned) && self.activated.is_none() {
            self.activated = Some(now.to_owned());
        }
        self.status = status;
        self.status_changed = Some(now.to_owned());
        self.updated = now.to_owned();
    }

    /// As the API shows them.
    pub(crate) fn shown(&self, base: &str) -> Value {
        let mut profile = Map::new();
        for name in ["mobilePhone", "secondEmail"] {
            profile.insert(name.to_owned(), Value::Null);
        }
        profile.extend(self.profile.clone());
        let mut credentials = Map::new();
        if self.has_password {
            credentials.insert("password".to_owned(), json!({}));
        }
        if let Some(question) = &self.question {
            credentials.insert(
                "recovery_question".to_owned(),
                json!({"question": question}),
            );
        }
        credentials.insert(
            "provider".to_owned(),
            json!({"type": "OKTA", "name": "OKTA"}),
        );
        json!({
            "id": self.id,
            "status": self.status.name(),
            "created": self.created,
            "activated": self.activated,
            "statusChanged": self.status_changed,
            "lastLogin": null,
            "lastUpdated": self.updated,
            "passwordChanged": self.password_changed,
            "type": {"id": "otyscimulateuser0001"},
            "profile": profile,
            "credentials": credentials,
            "_links": {"self": {"href": format!("{base}/api/v1/users/{}", self.id)}},
        })
    }
}

impl Okta {
    /// The user of that id or login, or of the part of the login before the `@` if only one has it.
    pub(crate) fn user(&self, name: &str) -> Result<&User, Refusal> {
        let missing = || Refusal::Missing(name.to_owned(), "User");
        let whole = self
            .users
            .iter()
            .find(|user| user.id == name || user.login().eq_ignore_ascii_case(name));
        if let Some(user) = whole {
            return Ok(user);
        }
        let mut short = self.users.iter().filter(|user| {
            let (part, _) = user.login().split_once('@').unwrap_or_default();
            part.eq_ignore_ascii_case(name)
        });
        match (short.next(), short.next()) {
            (Some(user), None) => Ok(user),
            _ => Err(missing()),
        }
    }

    /// The same, to be changed. The id must be one that there is.
    pub(crate) fn user_mut(&mut self, id: &str) -> &mut User {
        self.users
            .iter_mut()
            .find(|user| user.id == id)
            .expect("the user has been looked up")
    }

    /// `GET /api/v1/users?limit=&q=&filter=&search=`.
    pub(crate) fn list_users(&self, ask: &Ask) -> Result<Reply, Refusal> {
        let words = ask.parameter("q").unwrap_or_default().to_lowercase();
        let begins = |user: &User| {
            ["firstName", "lastName", "email"].iter().any(|name| {
                let text = user.profile.get(*name).and_then(Value::as_str);
                text.is_some_and(|text| text.to_lowercase().starts_with(&words))
            })
        };
        let asks = ask.parameter("filter").or(ask.parameter("search"));
        let shown = self
            .users
            .iter()
            .filter(|user| begins(user))
            // Those that are deactivated come only if a filter wants them.
            .filter(|user| asks.is_some() || user.status != Status::Deprovisioned)
            .map(|user| user.shown(&ask.base));
        page(ask, filtered(ask, shown.collect())?, PAGES)
    }

    /// `POST /api/v1/users?activate=true`.
    pub(crate) fn create_user(
        &mut self,
        ask: &Ask,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let activate = flag(ask, "activate", true)?;
        let body = object(ask)?;
        let given = inner(&body, "profile")?
            .ok_or_else(|| Refusal::invalid("profile", "The field cannot be left blank"))?;
        let profile = profile::merged(&Map::new(), given)?;
        self.check_login(&profile, None)?;
        let credentials = Credentials::of(&body)?;
        let groups = self.groups_of(&body)?;
        let now = instant(ask.at);
        let id = self.ids.okta("00u");
        let mut user = User {
            id: id.clone(),
            status: Status::Staged,
            profile,
            has_password: credentials.password.is_some(),
            question: credentials.question,
            created: now.clone(),
            activated: None,
            status_changed: None,
            password_changed: credentials.password.as_ref().map(|_| now.clone()),
            updated: now.clone(),
        };
        self.log(Event::new("user.lifecycle.create", "Create okta user", &now).at([user.target()]));
        if activate {
            let status = user.awake();
            user.become_of(status, &now);
            self.log(
                Event::new("user.lifecycle.activate", "Activate Okta user", &now)
                    .at([user.target()]),
            );
        }
        let shown = user.shown(&ask.base);
        self.users.push(user);
        self.place(&id, provisioner);
        let mut changes = Vec::new();
        for group in groups {
            changes.extend(self.add_member(&group, &id, &now, provisioner));
        }
        Ok(Said::Provision(
            changes,
            Pending::Reply(Reply::json(200, shown)),
        ))
    }

    /// `PUT` replaces the profile, `POST` writes over it.
    pub(crate) fn update_user(
        &mut self,
        ask: &Ask,
        name: &str,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let user = self.user(name)?.clone();
        if user.status == Status::Deprovisioned {
            return Err(Refusal::Status);
        }
        let body = object(ask)?;
        let replaces = ask.method == "PUT";
        let empty = Map::new();
        let before = if replaces { &empty } else { &user.profile };
        let after = match inner(&body, "profile")? {
            Some(given) => profile::merged(before, given)?,
            None if replaces => {
                return Err(Refusal::invalid(
                    "profile",
                    "The field cannot be left blank",
                ));
            }
            None => user.profile.clone(),
        };
        self.check_login(&after, Some(&user.id))?;
        let credentials = Credentials::of(&body)?;
        let now = instant(ask.at);
        let changed = profile::changed(&user.profile, &after);
        let is_changed = !changed.is_empty();
        if let Some(assignment) = self.assignments.get_mut(&user.id) {
            // The mapping writes an attribute anew when it changes at the user (okta.md 3.1).
            for name in changed {
                assignment.overrides.shift_remove(name);
            }
        }
        let (id, target) = (user.id.clone(), user.target());
        let user = self.user_mut(&id);
        user.profile = after;
        user.updated.clone_from(&now);
        let mut changes = Vec::new();
        if is_changed {
            self.log(
                Event::new(
                    "user.account.update_profile",
                    "Update user profile for Okta",
                    &now,
                )
                .at([target.clone()]),
            );
            self.place(&id, provisioner);
            changes.push(Change::Update(id.clone(), Map::new()));
        }
        if credentials.question.is_some() {
            self.user_mut(&id).question = credentials.question;
        }
        if let Some(password) = credentials.password {
            let user = self.user_mut(&id);
            user.has_password = true;
            user.password_changed = Some(now.clone());
            if user.status == Status::Provisioned {
                user.become_of(Status::Active, &now);
            }
            self.log(
                Event::new(
                    "user.account.update_password",
                    "User update password for Okta",
                    &now,
                )
                .at([target]),
            );
            changes.push(Change::SyncPassword(id.clone(), password));
        }
        let changes = self.allowed(changes, provisioner);
        let shown = self.user(&id)?.shown(&ask.base);
        Ok(Said::Provision(
            changes,
            Pending::Reply(Reply::json(200, shown)),
        ))
    }

    /// A login belongs to one user only; deactivated users keep theirs.
    fn check_login(&self, profile: &Map<String, Value>, own: Option<&str>) -> Result<(), Refusal> {
        let login = profile.get("login").and_then(Value::as_str);
        let taken = self.users.iter().any(|user| {
            Some(user.id.as_str()) != own
                && login.is_some_and(|login| user.login().eq_ignore_ascii_case(login))
        });
        match taken {
            true => Err(Refusal::invalid(
                "login",
                "An object with this field already exists in the current organization",
            )),
            false => Ok(()),
        }
    }

    /// Puts a user into the engine's directory as they are now, or changes them there. Whether they are assigned, and what
    /// roles they have, is left as it is.
    pub(crate) fn place(&mut self, id: &str, provisioner: &mut Provisioner) {
        let Ok(user) = self.user(id) else {
            return;
        };
        let profile = self.profile_at_application(user);
        let manager = profile
            .get("managerId")
            .and_then(Value::as_str)
            .filter(|manager| self.users.iter().any(|user| user.id == *manager))
            .map(str::to_owned);
        let (attributes, status) = (
            profile::attributes(id, &profile),
            user.status.in_directory(),
        );
        let people = &mut provisioner.directory_mut().people;
        let person = people.entry(id.to_owned()).or_default();
        *person = Person {
            attributes,
            status,
            manager,
            assigned: person.assigned,
            roles: std::mem::take(&mut person.roles),
        };
    }
}
