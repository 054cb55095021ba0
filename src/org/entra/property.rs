//! Properties: what a user and a group have in Graph, of which type, and what the directory calls those that provisioning
//! reads. Names and types are Graph's (v1.0 and beta, resource types `user` and `group`); properties that no mapping can read
//! are kept as they come.

use serde_json::{Map, Value, json};

use super::fault::Fault;

/// The JSON type of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    Texts,
    Object,
}

/// One property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Property {
    /// Graph's name.
    pub(super) name: &'static str,
    /// What it must be.
    pub(super) kind: Kind,
    /// The directory's name, if a mapping can read it.
    pub(super) directory: Option<&'static str>,
    /// v1.0 gives it without being asked for it by `$select`.
    pub(super) usual: bool,
    /// Only Graph writes it.
    pub(super) fixed: bool,
}

const fn text(name: &'static str, directory: &'static str, usual: bool) -> Property {
    Property {
        name,
        kind: Kind::Text,
        directory: Some(directory),
        usual,
        fixed: false,
    }
}

const fn kept(name: &'static str, kind: Kind) -> Property {
    Property {
        name,
        kind,
        directory: None,
        usual: false,
        fixed: false,
    }
}

const fn fixed(name: &'static str, usual: bool) -> Property {
    Property {
        name,
        kind: Kind::Text,
        directory: None,
        usual,
        fixed: true,
    }
}

/// Properties of a user.
pub(super) const USER: [Property; 38] = [
    Property {
        name: "businessPhones",
        kind: Kind::Texts,
        directory: Some("phone"),
        usual: true,
        fixed: false,
    },
    text("displayName", "displayName", true),
    text("givenName", "name.givenName", true),
    text("jobTitle", "title", true),
    text("mail", "email", true),
    text("mobilePhone", "mobile", true),
    text("officeLocation", "office", true),
    text("preferredLanguage", "preferredLanguage", true),
    text("surname", "name.familyName", true),
    text("userPrincipalName", "userName", true),
    fixed("id", true),
    kept("accountEnabled", Kind::Flag),
    text("mailNickname", "mailNickname", false),
    text("department", "department", false),
    text("companyName", "organization", false),
    text("employeeId", "employeeNumber", false),
    text("streetAddress", "address.street", false),
    text("city", "address.city", false),
    text("state", "address.region", false),
    text("postalCode", "address.postalCode", false),
    text("country", "address.country", false),
    text("faxNumber", "fax", false),
    kept("employeeOrgData", Kind::Object),
    kept("employeeType", Kind::Text),
    kept("employeeHireDate", Kind::Text),
    kept("employeeLeaveDateTime", Kind::Text),
    kept("usageLocation", Kind::Text),
    kept("userType", Kind::Text),
    kept("otherMails", Kind::Texts),
    kept("proxyAddresses", Kind::Texts),
    kept("ageGroup", Kind::Text),
    kept("consentProvidedForMinor", Kind::Text),
    kept("onPremisesExtensionAttributes", Kind::Object),
    kept("onPremisesImmutableId", Kind::Text),
    kept("passwordPolicies", Kind::Text),
    kept("showInAddressList", Kind::Flag),
    fixed("createdDateTime", false),
    fixed("deletedDateTime", false),
];

/// Properties of a group.
pub(super) const GROUP: [Property; 12] = [
    fixed("id", true),
    fixed("deletedDateTime", true),
    fixed("createdDateTime", true),
    text("displayName", "displayName", true),
    Property {
        usual: true,
        ..kept("description", Kind::Text)
    },
    Property {
        usual: true,
        ..kept("groupTypes", Kind::Texts)
    },
    Property {
        usual: true,
        ..kept("mailEnabled", Kind::Flag)
    },
    Property {
        usual: true,
        ..kept("mailNickname", Kind::Text)
    },
    Property {
        usual: true,
        ..kept("securityEnabled", Kind::Flag)
    },
    Property {
        usual: true,
        ..kept("visibility", Kind::Text)
    },
    Property {
        usual: true,
        ..kept("isAssignableToRole", Kind::Flag)
    },
    fixed("mail", true),
];

/// Checks what somebody writes, and puts it into the properties of an object. `null` clears.
///
/// # Errors
/// A property that there is not, that only Graph writes, or that has a value of another type.
pub(super) fn write(
    table: &[Property],
    what: &str,
    written: &Map<String, Value>,
    into: &mut Map<String, Value>,
) -> Result<(), Fault> {
    for (name, value) in written {
        // Graph ignores annotations that it does not know.
        if name.starts_with('@') {
            continue;
        }
        let Some(property) = table
            .iter()
            .find(|property| property.name.eq_ignore_ascii_case(name))
        else {
            return Err(Fault::bad(format!(
                "property `{name}` does not exist on a {what}, or is not emulated"
            )));
        };
        if property.fixed {
            return Err(Fault::invalid(
                property.name,
                format!("property `{}` is read-only", property.name),
            ));
        }
        if !value.is_null() && !property.kind.fits(value) {
            return Err(Fault::invalid(
                property.name,
                format!(
                    "property `{}` of a {what} must be {}",
                    property.name,
                    property.kind.words()
                ),
            ));
        }
        match value {
            Value::Null => {
                into.shift_remove(property.name);
            }
            value => {
                into.insert(property.name.to_owned(), value.clone());
            }
        }
    }
    Ok(())
}

/// Refuses an object that lacks one of these properties, or has it as an empty text.
///
/// # Errors
/// The first that is missing.
pub(super) fn require(
    names: &[&str],
    what: &str,
    properties: &Map<String, Value>,
) -> Result<(), Fault> {
    for name in names {
        match properties.get(*name) {
            None | Some(Value::Null) => {
                return Err(Fault::invalid(
                    name,
                    format!("a {what} needs a value for property `{name}`"),
                ));
            }
            Some(Value::String(empty)) if empty.trim().is_empty() => {
                return Err(Fault::invalid(
                    name,
                    format!("property `{name}` of a {what} must not be empty"),
                ));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// What the directory has of these properties.
pub(super) fn attributes(
    table: &[Property],
    id: &str,
    properties: &Map<String, Value>,
) -> Map<String, Value> {
    let mut attributes = json!({ "objectId": id });
    let mut put = |name: &str, value: &Value| {
        let place = name
            .split('.')
            .fold(&mut attributes, |value, part| &mut value[part]);
        *place = value.clone();
    };
    for property in table {
        let value = match (property.kind, properties.get(property.name)) {
            // Of several phones the service reads the first [inferred].
            (Kind::Texts, Some(Value::Array(several))) => several.first(),
            (_, value) => value,
        };
        if let (Some(name), Some(value)) = (property.directory, value) {
            put(name, value);
        }
    }
    if let Some(Value::Object(parts)) = properties.get("employeeOrgData") {
        for name in ["costCenter", "division"] {
            if let Some(value) = parts.get(name).filter(|value| value.is_string()) {
                put(name, value);
            }
        }
    }
    match attributes {
        Value::Object(attributes) => attributes,
        _ => Map::new(),
    }
}

/// The object as Graph shows it: every property, `null` where it has none.
pub(super) fn shown(table: &[Property], properties: &Map<String, Value>) -> Map<String, Value> {
    table
        .iter()
        .map(|property| {
            let value = match properties.get(property.name) {
                Some(value) => value.clone(),
                None if property.kind == Kind::Texts => json!([]),
                None => Value::Null,
            };
            (property.name.to_owned(), value)
        })
        .collect()
}

/// The names of all properties.
pub(super) fn names(table: &[Property]) -> Vec<&'static str> {
    table.iter().map(|property| property.name).collect()
}

/// The names of those that v1.0 gives unasked.
pub(super) fn usual(table: &[Property]) -> Vec<String> {
    table
        .iter()
        .filter(|property| property.usual)
        .map(|property| property.name.to_owned())
        .collect()
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::Texts => value
                .as_array()
                .is_some_and(|elements| elements.iter().all(Value::is_string)),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Flag => "true or false",
            Self::Texts => "a list of texts",
            Self::Object => "an object",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{USER, attributes, write};

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_provisioning_reads_has_the_directorys_names() {
        let mut properties = Map::new();
        let written = json!({
            "userPrincipalName": "ada@example.test",
            "givenName": "Ada",
            "businessPhones": ["+1 555 0100", "+1 555 0101"],
            "officeLocation": "4-112",
            "city": "Lund",
            "employeeOrgData": {"costCenter": "42", "division": null},
            "usageLocation": "SE",
        });
        write(&USER, "user", &map(written), &mut properties).unwrap();
        assert_eq!(
            Value::Object(attributes(&USER, "u-1", &properties)),
            json!({
                "objectId": "u-1",
                "phone": "+1 555 0100",
                "name": {"givenName": "Ada"},
                "office": "4-112",
                "userName": "ada@example.test",
                "address": {"city": "Lund"},
                "costCenter": "42",
            })
        );
        write(&USER, "user", &map(json!({"city": null})), &mut properties).unwrap();
        assert!(!attributes(&USER, "u-1", &properties).contains_key("address"));
    }

    #[test]
    fn what_is_no_property_or_has_another_type_is_refused() {
        let refused = |written: Value| {
            write(&USER, "user", &map(written), &mut Map::new())
                .unwrap_err()
                .message
        };
        assert_eq!(
            refused(json!({"shoeSize": 44})),
            "property `shoeSize` does not exist on a user, or is not emulated"
        );
        assert_eq!(
            refused(json!({"accountEnabled": "no"})),
            "property `accountEnabled` of a user must be true or false"
        );
        assert_eq!(
            refused(json!({"otherMails": "a@example.test"})),
            "property `otherMails` of a user must be a list of texts"
        );
        assert_eq!(refused(json!({"ID": "x"})), "property `id` is read-only");
    }
}
