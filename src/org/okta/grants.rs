//! Entitlements: what the target offers, and who is granted it, by `/governance/api/v1` (okta.md 8, 9.3).

use serde_json::{Map, Value, json};

use crate::exchange::Exchange;
use crate::idp::{Change, Provisioner, Role};
use crate::org::okta::assignments::Assignment;
use crate::org::okta::body::{inner, object, required, text};
use crate::org::okta::errors::Refusal;
use crate::org::okta::event::instant;
use crate::org::okta::listing::filtered;
use crate::org::okta::users::Status;
use crate::org::okta::{Okta, Pending};
use crate::org::work::Work;
use crate::org::{Ask, Reply, Said};
use crate::profile::ProfileId;
use crate::scim::urn;

/// Resource types whose values are sent as `roles` (okta.md 8.3).
const ROLE: &str = "urn:okta:scim:schemas:core:1.0:Role";

/// A kind of entitlement that the target has, with its values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entitlement {
    id: String,
    /// The name of the resource type.
    name: String,
    /// Its values are sent; Okta sends others than roles, too, and the engine does not.
    is_role: bool,
    values: Vec<Offered>,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
struct Offered {
    id: String,
    /// The target's id.
    external: String,
    name: String,
}

/// What somebody was granted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grant {
    id: String,
    user: String,
    entitlements: Value,
    created: String,
}

impl Okta {
    /// Learns from a connection test what the target offers.
    pub(crate) fn discovered(&mut self, work: &Work) {
        let answered = |ends: &str| {
            work.exchanges.iter().find(|exchange| {
                let path = exchange.request.target.split('?').next();
                path.is_some_and(|path| path.ends_with(ends))
            })
        };
        let Some(types) = answered("/ResourceTypes").map(resources) else {
            return;
        };
        let mut found = Vec::new();
        for kind in types {
            let text = |name: &str| kind[name].as_str().unwrap_or_default();
            let endpoint = format!("/{}", text("endpoint").trim_matches('/'));
            let is_discovered = !matches!(endpoint.as_str(), "/" | "/Users" | "/Groups");
            let Some(list) = answered(&endpoint).filter(|_| is_discovered) else {
                continue;
            };
            let values = resources(list)
                .iter()
                .filter_map(|value| {
                    Some(Offered {
                        id: self.ids.okta("ent"),
                        external: value["id"].as_str()?.to_owned(),
                        name: value["displayName"].as_str()?.to_owned(),
                    })
                })
                .collect();
            found.push(Entitlement {
                id: self.ids.okta("esp"),
                name: text("name").to_owned(),
                is_role: urn::same(ROLE, text("schema")),
                values,
            });
        }
        self.entitlements = found;
    }

    /// `/governance/api/v1/{rest}`.
    pub(crate) fn governance(
        &mut self,
        ask: &Ask,
        rest: &[&str],
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let reply = match (ask.method.as_str(), rest) {
            ("POST", ["grants"]) => return self.grant(ask, provisioner),
            ("GET", ["grants"]) => {
                let shown = self
                    .grants
                    .iter()
                    .map(|grant| self.shown_grant(&ask.base, grant));
                listed(ask, shown.collect())?
            }
            ("GET", ["grants", id]) => {
                let grant = self.grants.iter().find(|grant| grant.id == *id);
                let grant = grant.ok_or_else(|| Refusal::Missing((*id).to_owned(), "Grant"))?;
                Reply::json(200, self.shown_grant(&ask.base, grant))
            }
            ("GET", ["entitlements"]) => {
                let shown = self.entitlements.iter().map(|one| {
                    json!({
                        "id": one.id,
                        "name": one.name,
                        "externalValue": if one.is_role { "roles" } else { "entitlements" },
                        "parent": {"externalId": self.app.id, "type": "APPLICATION"},
                        "dataType": "array",
                        "multiValue": true,
                        "required": false,
                    })
                });
                listed(ask, shown.collect())?
            }
            ("GET", ["entitlements", id, "values"]) => {
                let found = self.entitlements.iter().find(|one| one.id == *id);
                let found =
                    found.ok_or_else(|| Refusal::Missing((*id).to_owned(), "Entitlement"))?;
                let shown = found.values.iter().map(|value| {
                    json!({"id": value.id, "name": value.name, "externalValue": value.external,
                        "externalId": value.external})
                });
                listed(ask, shown.collect())?
            }
            (_, ["grants" | "entitlements", ..]) => return Err(Refusal::Method),
            _ => return Err(Refusal::NoPath),
        };
        Ok(Said::Reply(reply))
    }

    /// `POST /governance/api/v1/grants`: from now on the user has these values and no others of the same kind.
    fn grant(
        &mut self,
        ask: &Ask,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let body = object(ask)?;
        if required(&body, "grantType")? != "CUSTOM" {
            return Err(Refusal::invalid("grantType", "Only CUSTOM is emulated"));
        }
        let target = one(&body, &["target"], "APPLICATION")?;
        self.is_ours(&target)?;
        let user = self.user(&one(&body, &["targetPrincipal", "principal"], "OKTA_USER")?)?;
        let (id, status) = (user.id.clone(), user.status);
        if self.app.client != ProfileId::OktaGov {
            return Err(Refusal::precondition(
                "target",
                "The application has no entitlement management; start the org with --as okta-gov",
            ));
        }
        if status == Status::Deprovisioned {
            return Err(Refusal::precondition(
                "targetPrincipal",
                "A deactivated user cannot be granted anything",
            ));
        }
        let entitlements = body.get("entitlements").cloned().unwrap_or(json!([]));
        let wanted = self.wanted(&entitlements)?;
        let now = instant(ask.at);
        if !self.assignments.contains_key(&id) {
            self.assignments
                .insert(id.clone(), Assignment::new(true, &now));
            self.log_membership("add", &id, &now);
            self.place(&id, provisioner);
        }
        let directory = provisioner.directory_mut();
        if let Some(person) = directory.people.get_mut(&id) {
            for (kind, roles) in wanted {
                let of_kind = format!("{kind}/");
                person.roles.retain(|role| !role.starts_with(&of_kind));
                for role in roles {
                    let key = format!("{of_kind}{}", role.value);
                    person.roles.push(key.clone());
                    directory.roles.insert(key, role);
                }
            }
        }
        let grant = Grant {
            id: self.ids.okta("gra"),
            user: id.clone(),
            entitlements,
            created: now,
        };
        let shown = self.shown_grant(&ask.base, &grant);
        self.grants.push(grant);
        let changes: Vec<Change> = self.provisioned_anew(&id, provisioner);
        Ok(Said::Provision(
            changes,
            Pending::Reply(Reply::json(200, shown)),
        ))
    }

    /// The roles that a grant wants, by the kind of entitlement.
    fn wanted(&self, entitlements: &Value) -> Result<Vec<(String, Vec<Role>)>, Refusal> {
        let wrong = |cause: String| Refusal::invalid("entitlements", cause);
        let list = entitlements
            .as_array()
            .ok_or_else(|| wrong("The value must be a list".to_owned()))?;
        let mut wanted = Vec::new();
        for entitlement in list {
            let id = entitlement["id"].as_str().unwrap_or_default();
            let known = self.entitlements.iter().find(|one| one.id == id);
            // Where the target offers nothing, whatever is granted is sent as it is written.
            let known = match (known, self.entitlements.is_empty()) {
                (None, false) => return Err(Refusal::Missing(id.to_owned(), "Entitlement")),
                (known, _) => known,
            };
            if known.is_some_and(|known| !known.is_role) {
                return Err(wrong(
                    "Only values of resource types with the schema of a role are provisioned"
                        .to_owned(),
                ));
            }
            let mut roles = Vec::new();
            for value in entitlement["values"].as_array().into_iter().flatten() {
                let id = value["id"].as_str().unwrap_or_default();
                let offered = known.map(|known| {
                    known
                        .values
                        .iter()
                        .find(|one| one.id == id || one.external == id)
                });
                roles.push(match offered {
                    Some(Some(offered)) => Role {
                        id: offered.id.clone(),
                        value: offered.external.clone(),
                        display: offered.name.clone(),
                    },
                    Some(None) => {
                        return Err(Refusal::Missing(id.to_owned(), "EntitlementValue"));
                    }
                    None if id.is_empty() => {
                        return Err(wrong("A value has no id".to_owned()));
                    }
                    None => Role {
                        id: id.to_owned(),
                        value: id.to_owned(),
                        display: value["name"].as_str().unwrap_or(id).to_owned(),
                    },
                });
            }
            wanted.push((id.to_owned(), roles));
        }
        Ok(wanted)
    }

    fn shown_grant(&self, base: &str, grant: &Grant) -> Value {
        json!({
            "id": grant.id,
            "grantType": "CUSTOM",
            "status": "ACTIVE",
            "action": "ALLOW",
            "actor": "ADMIN",
            "targetPrincipal": {"externalId": grant.user, "type": "OKTA_USER"},
            "target": {"externalId": self.app.id, "type": "APPLICATION"},
            "entitlements": grant.entitlements,
            "created": grant.created,
            "lastUpdated": grant.created,
            "_links": {"self": {"href": format!("{base}/governance/api/v1/grants/{}", grant.id)}},
        })
    }
}

/// The `externalId` of the first of these members, which must be of this type.
fn one(body: &Map<String, Value>, names: &[&str], kind: &str) -> Result<String, Refusal> {
    for name in names {
        if let Some(found) = inner(body, name)? {
            if !matches!(text(found, "type")?, None | Some(""))
                && text(found, "type")? != Some(kind)
            {
                return Err(Refusal::invalid(
                    name,
                    format!("Only the type {kind} is emulated"),
                ));
            }
            return Ok(required(found, "externalId")?.to_owned());
        }
    }
    Err(Refusal::invalid(names[0], "The field cannot be left blank"))
}

/// A list of the governance API: `{data: […]}`.
fn listed(ask: &Ask, objects: Vec<Value>) -> Result<Reply, Refusal> {
    let objects = filtered(ask, objects)?;
    let own = format!("{}/{}", ask.base, ask.path.join("/"));
    Ok(Reply::json(
        200,
        json!({"data": objects, "metadata": {"total": objects.len()}, "_links": {"self": {"href": own}}}),
    ))
}

/// The resources of a list.
fn resources(exchange: &Exchange) -> Vec<Value> {
    exchange
        .response()
        .and_then(|response| response.json())
        .and_then(|list| list["Resources"].as_array().cloned())
        .unwrap_or_default()
}
