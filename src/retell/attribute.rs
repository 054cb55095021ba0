//! Attributes: what a text in a body is the value of, and whether it may tell who somebody is.

use serde_json::Value;

use crate::scim::urn;

/// Whose attributes a text stands among.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    User,
    Group,
    Other,
}

/// The attribute that a text is a value of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) owner: Owner,
    /// In lower case; empty where the text stands for no attribute.
    pub(super) name: String,
    /// In lower case; empty for a value without parts.
    pub(super) sub: String,
}

/// Attributes of users that tell nobody apart: what RFC 7643 defines as words, places in the world and references.
const OPEN: [&str; 24] = [
    "schemas",
    "id",
    "meta",
    "active",
    "locale",
    "preferredlanguage",
    "timezone",
    "usertype",
    "roles",
    "entitlements",
    "groups",
    "members",
    "manager",
    "operations",
    "op",
    "path",
    "type",
    "primary",
    "country",
    "$ref",
    "resourcetype",
    "value",
    "failonerrors",
    "password",
];
/// Parts of attributes that tell nobody apart.
const OPEN_PARTS: [&str; 5] = ["type", "primary", "country", "$ref", "resourcetype"];

impl Attribute {
    /// The attribute of a filter or PATCH path: `emails[type eq "work"].value`, `urn:…:User:department`.
    pub(super) fn of_path(owner: Owner, path: &str) -> Self {
        let path = without_urn(path);
        let mut name = String::new();
        let mut sub = String::new();
        let mut depth = 0;
        let mut behind = false;
        for letter in path.chars() {
            match letter {
                '[' => depth += 1,
                ']' => depth -= 1,
                _ if depth > 0 => {}
                '.' => behind = true,
                _ if behind => sub.push(letter.to_ascii_lowercase()),
                _ => name.push(letter.to_ascii_lowercase()),
            }
        }
        Self { owner, name, sub }
    }

    /// The attribute of a text in a body, by the names around it. `path` is that of its PATCH operation.
    pub(super) fn of_place(owner: Owner, names: &[&str], path: Option<&str>) -> Self {
        let written: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| name.parse::<usize>().is_err())
            .filter(|name| !is_extension(name))
            .collect();
        let mut attribute = Self::of_path(owner, path.unwrap_or_default());
        for name in written {
            let inner = Self::of_path(owner, name);
            if attribute.name.is_empty() {
                attribute = inner;
            } else if attribute.sub.is_empty() {
                attribute.sub = inner.name;
            }
        }
        attribute
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name == name && self.sub.is_empty()
    }

    /// Whether it may tell who somebody is. Attributes that nobody knows may.
    pub(super) fn is_personal(&self) -> bool {
        match self.owner {
            // What references people shows their names.
            _ if ["members", "manager"].contains(&self.name.as_str()) => {
                ["display", "displayname"].contains(&self.sub.as_str())
            }
            Owner::User => {
                !self.name.is_empty()
                    && !OPEN.contains(&self.name.as_str())
                    && !OPEN_PARTS.contains(&self.sub.as_str())
            }
            Owner::Group | Owner::Other => false,
        }
    }

    /// Whether values here are ids of resources.
    pub(super) fn is_reference(&self) -> bool {
        let last = match self.sub.as_str() {
            "" => self.name.as_str(),
            sub => sub,
        };
        [
            "id",
            "value",
            "$ref",
            "manager",
            "managerid",
            "members",
            "location",
        ]
        .contains(&last)
    }
}

fn is_extension(name: &str) -> bool {
    urn::is_urn(name) && without_urn(name) == name
}

/// A path without the URN of a schema in front: what stands behind the version and the resource's name.
fn without_urn(path: &str) -> &str {
    if !urn::is_urn(path) {
        return path;
    }
    // A filter may hold colons of its own.
    let end = path.find('[').unwrap_or(path.len());
    let Some(version) = path[..end]
        .rfind(":2.0:")
        .or_else(|| path[..end].rfind(":1.0:"))
    else {
        return path;
    };
    let rest = &path[version + 5..];
    match rest.split_once(':') {
        Some((_, attribute)) => attribute,
        None => path,
    }
}

/// Where in a body a text stands: whose attribute it is, the names around it from there, and the path of its operation.
pub(super) fn place<'b>(
    endpoint: Owner,
    body: &'b Value,
    names: &'b [String],
) -> (Owner, &'b [String], Option<&'b str>) {
    let first = names.first().map(String::as_str).unwrap_or_default();
    let Some(operation) = first
        .eq_ignore_ascii_case("operations")
        .then(|| body.get(first)?.get(names.get(1)?.parse::<usize>().ok()?))
        .flatten()
    else {
        return (endpoint, names, None);
    };
    let text = |name: &str| operation.get(name).and_then(Value::as_str);
    match names.get(2).map(String::as_str) {
        // An operation of a bulk request holds a body of its own.
        Some("data") if names.len() > 3 => {
            let path = text("path").unwrap_or_default();
            let owner = owner_of(path.trim_start_matches('/').split('/').next().unwrap_or(""));
            let inner = operation.get("data").unwrap_or(&Value::Null);
            place(owner, inner, &names[3..])
        }
        Some("value") => (endpoint, &names[3..], text("path")),
        _ => (Owner::Other, &names[2..], None),
    }
}

pub(super) fn owner_of(endpoint: &str) -> Owner {
    if endpoint.eq_ignore_ascii_case("Users") || endpoint.eq_ignore_ascii_case("Me") {
        Owner::User
    } else if endpoint.eq_ignore_ascii_case("Groups") {
        Owner::Group
    } else {
        Owner::Other
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Attribute, Owner, place};

    fn attribute(body: &serde_json::Value, names: &[&str]) -> Attribute {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let (owner, rest, path) = place(Owner::User, body, &names);
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        Attribute::of_place(owner, &rest, path)
    }

    #[test]
    fn a_text_is_the_value_of_an_attribute_wherever_it_stands() {
        let body = json!({"Operations": [
            {"path": "emails[type eq \"work\"].value", "value": "a@b.test"},
            {"value": {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "x"}},
        ]});
        let email = attribute(&body, &["Operations", "0", "value"]);
        assert_eq!(
            (email.name.as_str(), email.sub.as_str()),
            ("emails", "value")
        );
        assert!(email.is_personal());
        let path = attribute(&body, &["Operations", "0", "path"]);
        assert!(!path.is_personal());
        let long = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
        let department = attribute(&body, &["Operations", "1", "value", long]);
        assert_eq!(department.name, "department");
    }

    #[test]
    fn the_urn_of_an_extension_is_no_attribute() {
        let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let manager = attribute(&json!({}), &[urn, "manager", "value"]);
        assert_eq!(
            (manager.name.as_str(), manager.sub.as_str()),
            ("manager", "value")
        );
        assert!(!manager.is_personal() && manager.is_reference());
        assert!(attribute(&json!({}), &["name", "familyName"]).is_personal());
        assert!(!attribute(&json!({}), &["schemas", "0"]).is_personal());
    }
}
