//! Where a value goes: Okta's external names, read once for each document (okta.md 2.3).

use serde_json::{Map, Value};

use crate::profile::FilterEscape;
use crate::scim::urn;

/// An external name: `[urn:]name`, `[urn:]name.sub` or `[urn:]name.^[key==literal].sub`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// The extension's URN; core attributes have none.
    pub(super) extension: Option<String>,
    /// The attribute.
    pub(super) name: String,
    /// What tells the element of a multi-valued attribute apart: a member and its literal.
    pub(super) element: Option<(String, Value)>,
    /// The sub-attribute.
    pub(super) sub: Option<String>,
}

impl Place {
    /// Reads an external name. What is not understood is one attribute name.
    pub(super) fn parse(text: &str) -> Self {
        let (head, element, rest) = match text.split_once(".^[") {
            Some((head, rest)) => match rest.split_once(']') {
                Some((condition, rest)) => (head, condition.split_once("=="), rest),
                None => (text, None, ""),
            },
            None => (text, None, ""),
        };
        let (extension, head) = match head.rsplit_once(':') {
            Some((container, head)) if urn::is_urn(container) => {
                (Some(container).filter(|urn| !is_core(urn)), head)
            }
            _ => (None, head),
        };
        let (name, sub) = match (element, head.split_once('.')) {
            (None, Some((name, sub))) => (name, Some(sub)),
            _ => (head, rest.strip_prefix('.')),
        };
        Self {
            extension: extension.map(str::to_owned),
            name: name.to_owned(),
            element: element.map(|(key, literal)| (key.trim().to_owned(), literal_of(literal))),
            sub: sub.map(str::to_owned),
        }
    }

    /// The attribute, or its element, as a SCIM path: all rows of one path are sent as one value.
    pub(super) fn path(&self) -> String {
        let mut path = self
            .extension
            .as_ref()
            .map_or_else(String::new, |urn| format!("{urn}:"));
        path.push_str(&self.name);
        if let Some((key, literal)) = &self.element {
            path.push_str(&element_filter(key, literal));
        }
        path
    }

    /// The attribute by which a filter names it: `emails.^[primary==true].value` is looked up as `emails.value`.
    pub(super) fn searched(&self) -> String {
        let plain = Self {
            element: None,
            ..self.clone()
        };
        match &self.sub {
            Some(sub) => format!("{}.{sub}", plain.path()),
            None => plain.path(),
        }
    }

    /// Puts a value into what is sent at [`path`](Self::path). The literal of the filter comes first (okta.md 2.3).
    pub(super) fn put(&self, at: &mut Value, value: Value) {
        let Some(sub) = &self.sub else {
            *at = value;
            return;
        };
        if !at.is_object() {
            let mut members = Map::new();
            if let Some((key, literal)) = &self.element {
                members.insert(key.clone(), literal.clone());
            }
            *at = Value::Object(members);
        }
        if let Value::Object(members) = at {
            members.insert(sub.clone(), value);
        }
    }
}

/// `[primary eq true]`.
pub(super) fn element_filter(key: &str, literal: &Value) -> String {
    format!("[{key} eq {literal}]")
}

/// A text between the quotes of a filter (okta.md 0.6 [inferred]).
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", FilterEscape::Json.escape(text))
}

fn literal_of(text: &str) -> Value {
    let text = text.trim();
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => Value::from(text.trim_matches(['\'', '"'])),
    }
}

fn is_core(container: &str) -> bool {
    urn::same(container, urn::USER) || urn::same(container, urn::GROUP)
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn external_names_become_paths() {
        for (external, path, searched) in [
            ("userName", "userName", "userName"),
            ("name.givenName", "name", "name.givenName"),
            (
                "emails.^[primary==true].value",
                "emails[primary eq true]",
                "emails.value",
            ),
            (
                "entitlements.^[type=='license'].value",
                "entitlements[type eq \"license\"]",
                "entitlements.value",
            ),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            ),
            (
                "urn:ietf:params:scim:schemas:core:2.0:User:title",
                "title",
                "title",
            ),
        ] {
            let place = Place::parse(external);
            assert_eq!(place.path(), path);
            assert_eq!(place.searched(), searched);
        }
    }
}
