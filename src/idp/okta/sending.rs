//! What is sent of a group's name and members: PATCHes in four shapes, or the complete document (okta.md 6.3, 6.4).

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};

use crate::idp::okta::membership::{Scope, found, is_pushable, member, name_of, pushable};
use crate::idp::okta::needs;
use crate::idp::okta::place::quoted;
use crate::idp::{Call, GroupLink, Payload, Subject, World};
use crate::scim::urn;

/// What the target holds when a call was a success.
pub(super) enum Effect {
    /// This name.
    Name(String),
    /// Members came and went.
    Delta {
        added: Vec<(String, String)>,
        removed: Vec<String>,
    },
    /// Exactly these members, and nobody whom Okta does not know.
    Exactly(BTreeMap<String, String>),
    /// The complete document; with or without the members that were there before.
    All {
        name: String,
        members: BTreeMap<String, String>,
        keeps_found: bool,
    },
}

/// A group between what the target holds and what it should hold.
pub(super) struct Sending<'a> {
    key: &'a str,
    link: &'a GroupLink,
    /// The name that goes out.
    name: String,
    /// Keys and ids of the members that can be pushed.
    wanted: BTreeMap<String, String>,
    /// Who is missing at the target.
    added: Vec<(String, String)>,
    /// Who has left.
    removed: Vec<String>,
}

impl<'a> Sending<'a> {
    /// `None`: the directory has no such group.
    pub(super) fn of(key: &'a str, link: &'a GroupLink, world: &World<'_>) -> Option<Self> {
        let group = world.directory.group(key)?;
        let wanted = pushable(key, world);
        let added = wanted
            .iter()
            .filter(|(key, id)| link.members.get(*key) != Some(*id))
            .map(|(key, id)| (key.clone(), id.clone()))
            .collect();
        let removed = link
            .members
            .keys()
            .filter(|key| !group.members.contains(*key) && is_pushable(key, world))
            .cloned()
            .collect();
        Some(Self {
            key,
            link,
            name: name_of(key, world),
            wanted,
            added,
            removed,
        })
    }

    /// Whether there is something to send.
    pub(super) fn is_due(&self, scope: Scope) -> bool {
        let known = self.link.pushed.get("displayName").and_then(Value::as_str);
        let renamed = known != Some(self.name.as_str());
        let moved = !self.added.is_empty() || !self.removed.is_empty();
        match scope {
            Scope::Name => renamed,
            Scope::Members => moved,
            Scope::Changes | Scope::Link => renamed || moved,
            Scope::Repeat | Scope::Overwrite => true,
        }
    }

    fn call(
        &self,
        method: &'static str,
        title: String,
        source: &'static str,
        world: &World<'_>,
    ) -> Call {
        Call::new(
            world.client,
            method,
            &["Groups", &self.link.id],
            title,
            source,
        )
        .about(Subject::Group(self.key.to_owned()))
    }

    fn members_title(&self) -> String {
        format!("change {}'s members", self.key)
    }

    /// `GET /Groups/{id}`, in front of a PUT.
    pub(super) fn read(&self, world: &World<'_>) -> Call {
        let title = format!("read {}", self.key);
        self.call("GET", title, "okta.md 6.2, 6.4 [recorded]", world)
            .covering(&["rfc7644-3.4.1-get-200"])
            .needing(needs::read(&self.link.id))
    }

    /// The complete list, members that were there before the group was linked included (okta.md 6.4, 6.5).
    pub(super) fn put(&self, overwrite: bool, world: &World<'_>) -> (Call, Effect) {
        let mut members = Vec::new();
        if !overwrite {
            let ours: HashSet<&str> = self.wanted.values().map(String::as_str).collect();
            members.extend(found(self.link).into_iter().filter(|member| {
                let id = member.get("value").and_then(Value::as_str);
                id.is_some_and(|id| !ours.contains(id))
            }));
        }
        members.extend(self.wanted.iter().map(|(key, id)| member(key, id, world)));
        let document = json!({
            "schemas": [urn::GROUP],
            "id": self.link.id,
            "displayName": self.name,
            "members": members,
        });
        let title = format!("push {}", self.key);
        let (source, inferred) = match overwrite {
            true => ("okta.md 6.5 [inferred]", true),
            false => ("okta.md 6.3, 6.4 [doc][recorded]", false),
        };
        let need = needs::put_group(&self.link.id);
        let call = self
            .call("PUT", title, source, world)
            .body(Payload::Document(document))
            .covering(&["rfc7644-3.5.1-200-full-body", "rfc7644-3.5.1-group-members"])
            .needing(if inferred { need.recommended() } else { need });
        let effect = Effect::All {
            name: self.name.clone(),
            members: self.wanted.clone(),
            keeps_found: !overwrite,
        };
        (call, effect)
    }

    /// What is sent to a target that PATCHes groups.
    pub(super) fn patches(&self, scope: Scope, world: &World<'_>) -> Vec<(Call, Effect)> {
        let shape = match (world.switches.get("okta.membership"), scope) {
            ("delta", Scope::Overwrite) => "replace",
            // okta.md 6.5: who was in a group before it was linked must stay.
            (_, Scope::Link) => "delta",
            (shape, _) => shape,
        };
        let moved = scope == Scope::Overwrite || !self.added.is_empty() || !self.removed.is_empty();
        let moving = moved && scope != Scope::Name;
        let mut patches = Vec::new();
        // okta.md 6.3: the name accompanies every change of members; Push Now was seen without (okta.md 11), and the
        // last shape has the name in it.
        let carried = shape == "replace-with-id-and-name" && moving;
        if scope != Scope::Overwrite && !carried {
            patches.push(self.name_patch(world));
        }
        if moving {
            match shape {
                "delta" => patches.extend(self.delta(world)),
                _ => patches.push(self.replacement(shape, world)),
            }
        }
        patches
    }

    fn name_patch(&self, world: &World<'_>) -> (Call, Effect) {
        let operation = json!({
            "op": "replace",
            "value": {"id": self.link.id, "displayName": self.name},
        });
        let need = needs::patched(
            "Okta sends the name, and the id inside the value, with every change of members; the id is the group's own \
             and changes nothing. Refused, no group can be renamed.",
        );
        let call = self
            .call(
                "PATCH",
                format!("send {}'s name", self.key),
                "okta.md 6.3 [doc][recorded]",
                world,
            )
            .body(Payload::patch(vec![operation]))
            // Without requirement ids: `id` is readOnly, and RFC 7644 3.5.2 lets a server refuse the whole request over it.
            .needing(need);
        (call, Effect::Name(self.name.clone()))
    }

    /// Removals first, one operation each, then one addition; not more changes in one PATCH than the batch size.
    fn delta(&self, world: &World<'_>) -> Vec<(Call, Effect)> {
        let batch = world.switches.number("okta.batch");
        let mut removed = self.removed.as_slice();
        let mut added = self.added.as_slice();
        let mut patches = Vec::new();
        while !removed.is_empty() || !added.is_empty() {
            let (out, later) = removed.split_at(removed.len().min(batch));
            let (new, after) = added.split_at(added.len().min(batch - out.len()));
            (removed, added) = (later, after);
            let mut operations: Vec<Value> = out
                .iter()
                .filter_map(|key| self.link.members.get(key))
                .map(|id| json!({"op": "remove", "path": format!("members[value eq {}]", quoted(id))}))
                .collect();
            if !new.is_empty() {
                let members: Vec<Value> =
                    new.iter().map(|(key, id)| member(key, id, world)).collect();
                operations.push(json!({"op": "add", "path": "members", "value": members}));
            }
            let covers: &[&str] = match (out, new) {
                ([], _) => &["rfc7644-3.5.2-200-or-204", "rfc7644-3.5.2.1-members-add"],
                (_, []) => &[
                    "rfc7644-3.5.2-200-or-204",
                    "rfc7644-3.5.2.2-members-by-filter",
                ],
                _ => &[
                    "rfc7644-3.5.2-200-or-204",
                    "rfc7644-3.5.2.2-members-by-filter",
                    "rfc7644-3.5.2.1-members-add",
                ],
            };
            let need = needs::patched(
                "Okta sends removals and then one addition, members with value and display only, and takes all of it as \
                 done.",
            );
            let call = self
                .call(
                    "PATCH",
                    self.members_title(),
                    "okta.md 6.4 [doc][recorded]",
                    world,
                )
                .body(Payload::patch(operations))
                .covering(covers)
                .needing(need);
            let effect = Effect::Delta {
                added: new.to_vec(),
                removed: out.to_vec(),
            };
            patches.push((call, effect));
        }
        patches
    }

    /// The whole list, in one of the three shapes; Push Now of an empty group sends `[]` (okta.md 6.4 B, C, D).
    fn replacement(&self, shape: &str, world: &World<'_>) -> (Call, Effect) {
        let bare = || -> Vec<Value> {
            let ids = self.wanted.values();
            ids.map(|id| json!({"value": id})).collect()
        };
        let (operation, source, covers): (Value, &str, &[&str]) = match shape {
            "replace-without-path" => (
                json!({"op": "replace", "value": {"members": bare()}}),
                "okta.md 6.4 C [recorded]",
                &["rfc7644-3.5.2-200-or-204", "rfc7644-3.5.2.3-nopath-mv"],
            ),
            "replace-with-id-and-name" => (
                json!({"op": "replace", "value": {
                    "members": bare(),
                    "id": self.link.id,
                    "displayName": self.name,
                }}),
                "okta.md 6.4 D [recorded]",
                // As with the name alone: the RFC lets a server refuse `id`.
                &[],
            ),
            _ => {
                let members: Vec<Value> = self
                    .wanted
                    .iter()
                    .map(|(key, id)| member(key, id, world))
                    .collect();
                (
                    json!({"op": "replace", "path": "members", "value": members}),
                    "okta.md 6.4 B [doc][recorded]",
                    if self.wanted.is_empty() {
                        &["rfc7644-3.5.2-200-or-204", "rfc7644-3.5.2.3-path-mv-empty"]
                    } else {
                        &["rfc7644-3.5.2-200-or-204", "rfc7644-3.5.2.3-members-full"]
                    },
                )
            }
        };
        let need = needs::patched(
            "Okta means the whole list, also when it is empty; a server that adds instead leaves people in the group who \
             have left it.",
        );
        let call = self
            .call("PATCH", self.members_title(), source, world)
            .body(Payload::patch(vec![operation]))
            .covering(covers)
            .needing(need);
        let effect = match shape {
            "replace-with-id-and-name" => Effect::All {
                name: self.name.clone(),
                members: self.wanted.clone(),
                keeps_found: false,
            },
            _ => Effect::Exactly(self.wanted.clone()),
        };
        (call, effect)
    }
}
