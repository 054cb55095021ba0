//! Titles: what somebody would call a request.

use super::attribute::Owner;
use super::fold::Asked;
use super::people::text;
use super::telling::Telling;
use super::text::plain;

impl Telling<'_, '_> {
    /// What somebody would call the request.
    pub(super) fn title(&self, asked: &Asked<'_>, owner: Owner) -> String {
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

    pub(super) fn named_in(&self, asked: &Asked<'_>) -> Option<usize> {
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
}
