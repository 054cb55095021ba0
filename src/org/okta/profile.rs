//! Profiles: the properties of an Okta user, those of the application's user, and what the directory of the engine makes
//! of both.

use serde_json::{Map, Value};

use crate::finding::Authority;
use crate::idp::mapping::Mapping;
use crate::org::okta::errors::Refusal;

/// Properties of the application's user and the property of the Okta user that is mapped to each (okta.md 2.3).
const VARIABLES: [(&str, &str); 29] = [
    ("givenName", "firstName"),
    ("familyName", "lastName"),
    ("middleName", "middleName"),
    ("honorificPrefix", "honorificPrefix"),
    ("honorificSuffix", "honorificSuffix"),
    ("email", "email"),
    ("title", "title"),
    ("displayName", "displayName"),
    ("nickName", "nickName"),
    ("profileUrl", "profileUrl"),
    ("primaryPhone", "primaryPhone"),
    ("streetAddress", "streetAddress"),
    ("locality", "city"),
    ("region", "state"),
    ("postalCode", "zipCode"),
    ("country", "countryCode"),
    ("formatted", "postalAddress"),
    ("preferredLanguage", "preferredLanguage"),
    ("locale", "locale"),
    ("timezone", "timezone"),
    ("userType", "userType"),
    ("employeeNumber", "employeeNumber"),
    ("costCenter", "costCenter"),
    ("organization", "organization"),
    ("division", "division"),
    ("department", "department"),
    ("managerValue", "managerId"),
    ("managerDisplayName", "manager"),
    ("userName", "login"),
];

/// Types of values, which the default mapping always sets to `work` (okta.md 2.3).
const TYPES: [(&str, &str); 3] = [
    ("emailType", "email"),
    ("primaryPhoneType", "primaryPhone"),
    ("addressType", "streetAddress"),
];

/// Properties that no default attribute of the application is mapped from.
const OTHERS: [&str; 2] = ["secondEmail", "mobilePhone"];

/// A user's profile with what is given written over it, `null` taking away; checked as a whole.
pub(crate) fn merged(
    profile: &Map<String, Value>,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    let mut merged = profile.clone();
    let mut causes = Vec::new();
    for (name, value) in given {
        let known =
            VARIABLES.iter().any(|(_, user)| user == name) || OTHERS.contains(&name.as_str());
        match value {
            _ if !known => causes.push((name, "The property is not in the user's schema")),
            Value::Null => {
                merged.shift_remove(name);
            }
            Value::String(_) => {
                merged.insert(name.clone(), value.clone());
            }
            _ => causes.push((name, "The value must be a string")),
        }
    }
    let blank = |name: &str| {
        let text = merged.get(name).and_then(Value::as_str);
        text.is_none_or(|text| text.trim().is_empty())
    };
    let required = ["firstName", "lastName", "email", "login"].map(str::to_owned);
    for name in &required {
        if blank(name) {
            causes.push((name, "The field cannot be left blank"));
        }
    }
    let is_email = |name: &str| {
        let text = merged.get(name).and_then(Value::as_str).unwrap_or_default();
        let halves = text.split_once('@');
        let whole = |part: &str| !part.is_empty() && !part.contains(['@', ' ']);
        halves.is_some_and(|(user, host)| whole(user) && whole(host))
    };
    if !blank("email") && !is_email("email") {
        causes.push((&required[2], "Does not match required pattern"));
    }
    if !blank("login") && !is_email("login") {
        causes.push((
            &required[3],
            "Username must be in the form of an email address",
        ));
    }
    let Some((first, _)) = causes.first() else {
        return Ok(merged);
    };
    let object = (*first).clone();
    let causes = causes
        .into_iter()
        .map(|(name, cause)| format!("{name}: {cause}"));
    Err(Refusal::Invalid(object, causes.collect()))
}

/// What is given for the application's user alone, by the names of the Okta user's properties. What the mapping gives
/// anyway is no override. `null`: no value, whatever the user has.
pub(crate) fn overrides(
    given: &Map<String, Value>,
    user: &Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    let mut overrides = Map::new();
    for (name, value) in given {
        if !matches!(value, Value::Null | Value::String(_)) {
            return Err(Refusal::invalid(name, "The value must be a string"));
        }
        if TYPES.iter().any(|(known, _)| known == name) {
            if !matches!(value.as_str(), None | Some("" | "work")) {
                return Err(Refusal::invalid(
                    name,
                    "The default mapping sets it to work, and nothing else is emulated",
                ));
            }
            continue;
        }
        let Some((_, source)) = VARIABLES.iter().find(|(known, _)| known == name) else {
            return Err(Refusal::invalid(
                name,
                "The property is not in the application user's schema",
            ));
        };
        let value = match value.as_str() {
            None | Some("") => &Value::Null,
            Some(_) => value,
        };
        let mapped = user.get(*source).unwrap_or(&Value::Null);
        if value != mapped {
            overrides.insert((*source).to_owned(), value.clone());
        }
    }
    Ok(overrides)
}

/// The user's properties that properties of the application's user are mapped from.
pub(crate) fn sources(given: &Map<String, Value>) -> impl Iterator<Item = &'static str> {
    VARIABLES
        .iter()
        .filter(|(name, _)| given.contains_key(*name))
        .map(|(_, source)| *source)
}

/// The properties that differ between two profiles of a user.
pub(crate) fn changed<'a>(
    before: &'a Map<String, Value>,
    after: &'a Map<String, Value>,
) -> Vec<&'a str> {
    let mut names: Vec<&str> = before
        .keys()
        .filter(|name| after.get(*name) != before.get(*name))
        .map(String::as_str)
        .collect();
    names.extend(
        after
            .keys()
            .filter(|name| !before.contains_key(*name))
            .map(String::as_str),
    );
    names
}

/// A user's profile as the application gets it.
pub(crate) fn overridden(
    user: &Map<String, Value>,
    overrides: &[&Map<String, Value>],
) -> Map<String, Value> {
    let mut profile = user.clone();
    for (name, value) in overrides.iter().copied().flatten() {
        match value {
            Value::Null => profile.shift_remove(name),
            value => profile.insert(name.clone(), value.clone()),
        };
    }
    profile
}

/// The application user's profile as the API shows it, from [`overridden`].
pub(crate) fn of_application(profile: &Map<String, Value>) -> Map<String, Value> {
    let has = |name: &str| {
        let text = profile.get(name).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    };
    let mut shown = Map::new();
    for (name, source) in VARIABLES {
        if name == "userName" {
            continue;
        }
        if let Some(text) = has(source) {
            shown.insert(name.to_owned(), Value::from(text));
        }
    }
    for (name, source) in TYPES {
        if has(source).is_some() {
            shown.insert(name.to_owned(), Value::from("work"));
        }
    }
    shown
}

/// The attributes of the directory, from [`overridden`]. Manager and roles are apart.
pub(crate) fn attributes(id: &str, profile: &Map<String, Value>) -> Map<String, Value> {
    let names = Mapping::attributes_of(Authority::Okta);
    let mut attributes = Map::new();
    for (name, value) in profile {
        let Some(place) = names.get(&format!("user.{name}")) else {
            continue;
        };
        match place.split_once('.') {
            None => {
                attributes.insert(place.clone(), value.clone());
            }
            Some((outer, inner)) => {
                let entry = attributes
                    .entry(outer)
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(members) = entry {
                    members.insert(inner.to_owned(), value.clone());
                }
            }
        }
    }
    attributes.insert("externalId".to_owned(), Value::from(id));
    attributes
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{attributes, changed, merged, of_application, overridden, overrides};
    use crate::org::okta::errors::Refusal;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn ada() -> Map<String, Value> {
        map(
            json!({"firstName": "Ada", "lastName": "Lovell", "email": "ada@example.test",
            "login": "ada@example.test", "city": "Kiel"}),
        )
    }

    #[test]
    fn every_mistake_of_a_profile_is_named_at_once() {
        let given = map(json!({"lastName": "", "login": "ada", "shoeSize": "39", "title": 7}));
        let Err(Refusal::Invalid(object, causes)) = merged(&Map::new(), &given) else {
            panic!("it is wrong in many ways");
        };
        assert_eq!(object, "shoeSize");
        assert_eq!(
            causes,
            [
                "shoeSize: The property is not in the user's schema",
                "title: The value must be a string",
                "firstName: The field cannot be left blank",
                "lastName: The field cannot be left blank",
                "email: The field cannot be left blank",
                "login: Username must be in the form of an email address",
            ]
        );
    }

    #[test]
    fn what_the_mapping_gives_anyway_is_no_override() {
        let given = map(
            json!({"givenName": "Ada", "familyName": "King", "title": "", "emailType": "work"}),
        );
        let found = overrides(&given, &ada()).unwrap();
        assert_eq!(found, map(json!({"lastName": "King"})));
        let profile = overridden(&ada(), &[&found, &map(json!({"city": null}))]);
        let shown = of_application(&profile);
        assert_eq!(
            Value::Object(shown),
            json!({"givenName": "Ada", "familyName": "King", "email": "ada@example.test", "emailType": "work"})
        );
        assert_eq!(
            Value::Object(attributes("00u1", &profile)),
            json!({"name": {"givenName": "Ada", "familyName": "King"}, "email": "ada@example.test",
                "userName": "ada@example.test", "externalId": "00u1"})
        );
        assert!(overrides(&map(json!({"emailType": "home"})), &ada()).is_err());
        assert!(overrides(&map(json!({"firstName": "Ada"})), &ada()).is_err());
    }

    #[test]
    fn properties_that_come_go_or_change_differ() {
        let mut after = ada();
        after.shift_remove("city");
        after.insert("title".into(), json!("Analyst"));
        after.insert("lastName".into(), json!("King"));
        assert_eq!(changed(&ada(), &after), ["lastName", "city", "title"]);
    }
}
