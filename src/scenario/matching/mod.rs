//! Holds a JSON value against a [`Matcher`] and says where it does not fit.

mod assign;
mod place;
mod words;

pub(crate) use place::join;

use jiff::Timestamp;
use regex::Regex;
use serde_json::Value;
use serde_json_path::JsonPath;

use crate::finding::Difference;
use crate::scenario::matcher::{Form, Kind, Matcher};
use crate::scenario::matching::assign::assigned;
use crate::scenario::matching::place::equal;
use crate::scenario::matching::words::{described, form_name, kind_name};
use crate::scim::locate::select;
use crate::scim::path::Path;

/// Every place where the value does not fit; empty if it does. `None` stands for a member that is missing.
pub fn mismatches(matcher: &Matcher<Value>, value: Option<&Value>) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(matcher, value, "", &mut found);
    found
}

/// Whether the value fits.
pub fn fits(matcher: &Matcher<Value>, value: Option<&Value>) -> bool {
    mismatches(matcher, value).is_empty()
}

fn compare(
    matcher: &Matcher<Value>,
    value: Option<&Value>,
    path: &str,
    found: &mut Vec<Difference>,
) {
    let there = value.filter(|value| !is_absent(value));
    let mut wrong = |expected: String| {
        found.push(Difference {
            path: path.to_owned(),
            expected: Some(Value::String(expected)),
            received: value.cloned(),
            only_case: false,
        });
    };
    match matcher {
        Matcher::Equals(expected) => found.extend(equal(expected, value, path)),
        Matcher::Exactly(expected) => {
            if value != Some(expected) {
                found.push(Difference {
                    path: path.to_owned(),
                    expected: Some(expected.clone()),
                    received: value.cloned(),
                    only_case: false,
                });
            }
        }
        Matcher::Members(members) => match value {
            Some(object @ Value::Object(_)) => {
                for (name, member) in members {
                    compare(member, at(object, name).as_ref(), &join(path, name), found);
                }
            }
            _ if members.iter().all(|(_, member)| fits(member, None)) => {}
            _ => wrong("an object".to_owned()),
        },
        Matcher::Elements(expected) => elements(expected, value, path, found),
        Matcher::Kind(kind) => {
            if !value.is_some_and(|value| is_kind(*kind, value)) {
                wrong(kind_name(*kind).to_owned());
            }
        }
        Matcher::NonEmpty => {
            let filled = there.is_some_and(|value| match value {
                Value::String(text) => !text.is_empty(),
                Value::Object(members) => !members.is_empty(),
                _ => true,
            });
            if !filled {
                wrong("something that is not empty".to_owned());
            }
        }
        Matcher::Form(form) => {
            if !value
                .and_then(Value::as_str)
                .is_some_and(|text| has_form(*form, text))
            {
                wrong(form_name(*form).to_owned());
            }
        }
        Matcher::Present => {
            if there.is_none() {
                wrong("any value".to_owned());
            }
        }
        Matcher::Absent => {
            if there.is_some() {
                found.push(Difference {
                    path: path.to_owned(),
                    expected: None,
                    received: value.cloned(),
                    only_case: false,
                });
            }
        }
        Matcher::Any => {}
        Matcher::Pattern(pattern) => {
            let text = there.and_then(plain_text);
            // The loader has compiled it once; one that does not compile fits nothing.
            if !text
                .is_some_and(|text| Regex::new(pattern).is_ok_and(|regex| regex.is_match(&text)))
            {
                wrong(format!("a text that matches `{pattern}`"));
            }
        }
        Matcher::AnyOf(choices) => {
            if !choices.iter().any(|choice| fits(choice, value)) {
                let mut words = choices.iter().map(described).collect::<Vec<_>>();
                words.dedup();
                wrong(words.join(" or "));
            }
        }
        Matcher::AllOf(all) => {
            for one in all {
                compare(one, value, path, found);
            }
        }
        Matcher::Not(inner) => {
            if fits(inner, value) {
                wrong(format!("not {}", described(inner)));
            }
        }
        Matcher::Contains(parts) => contains(parts, there, path, found),
        Matcher::Each(inner) => match there {
            None => {}
            Some(Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    compare(inner, Some(item), &format!("{path}[{index}]"), found);
                }
            }
            Some(_) => wrong("a list".to_owned()),
        },
        Matcher::Size(from, to) => {
            let size = match there {
                None => Some(0),
                Some(Value::Array(items)) => Some(items.len()),
                Some(Value::String(text)) => Some(text.chars().count()),
                Some(_) => None,
            };
            let (least, most) = (number(from), to.as_ref().map(number));
            let within = size.is_some_and(|size| {
                size as f64 >= least.unwrap_or(0.0)
                    && most.flatten().is_none_or(|most| size as f64 <= most)
            });
            if !within {
                let wanted = match to {
                    Some(to) if to == from => format!("{from} elements"),
                    Some(to) => format!("{from} to {to} elements"),
                    None => format!("at least {from} elements"),
                };
                wrong(match size {
                    Some(size) => format!("{wanted}, not {size}"),
                    None => wanted,
                });
            }
        }
        Matcher::Unique => {
            if let Some(Value::Array(items)) = there {
                let mut seen = std::collections::HashSet::new();
                for item in items {
                    if !seen.insert(item.to_string()) {
                        wrong(format!("no element twice, but {item} is"));
                        return;
                    }
                }
            }
        }
        Matcher::AtLeast(least) => {
            if !there
                .and_then(number)
                .zip(number(least))
                .is_some_and(|(value, least)| value >= least)
            {
                wrong(format!("at least {least}"));
            }
        }
        Matcher::AtMost(most) => {
            if !there
                .and_then(number)
                .zip(number(most))
                .is_some_and(|(value, most)| value <= most)
            {
                wrong(format!("at most {most}"));
            }
        }
        Matcher::After(earlier) => {
            if there
                .and_then(instant)
                .zip(instant(earlier))
                .is_none_or(|(value, earlier)| value <= earlier)
            {
                wrong(format!("an instant after {earlier}"));
            }
        }
        Matcher::NotBefore(earlier) => {
            if there
                .and_then(instant)
                .zip(instant(earlier))
                .is_none_or(|(value, earlier)| value < earlier)
            {
                wrong(format!("an instant not before {earlier}"));
            }
        }
        Matcher::At(places) => {
            for (written, inner) in places {
                let place = match written.trim_start_matches('$').trim_start_matches('.') {
                    "" => path.to_owned(),
                    place => join(path, place),
                };
                compare(inner, led_to(written, value).as_ref(), &place, found);
            }
        }
        Matcher::Text(expected) => {
            if value.map(text_of) != Some(text_of(expected)) {
                found.push(Difference {
                    path: path.to_owned(),
                    expected: Some(expected.clone()),
                    received: value.cloned(),
                    only_case: false,
                });
            }
        }
    }
}

/// As many elements as expected, each expected one with an element of its own.
fn elements(
    expected: &[Matcher<Value>],
    value: Option<&Value>,
    path: &str,
    found: &mut Vec<Difference>,
) {
    let empty = Vec::new();
    let items = match value {
        None | Some(Value::Null) => &empty,
        Some(Value::Array(items)) => items,
        Some(other) => {
            found.push(Difference {
                path: path.to_owned(),
                expected: Some(Value::String(format!("a list of {}", expected.len()))),
                received: Some(other.clone()),
                only_case: false,
            });
            return;
        }
    };
    let (unmatched, spare) = assigned(expected, items);
    let mut spare = spare.into_iter();
    for index in unmatched {
        // The nearest spare element explains best what is wrong; without one, the element is missing.
        match spare.next() {
            Some(item) => compare(
                &expected[index],
                Some(&items[item]),
                &format!("{path}[{item}]"),
                found,
            ),
            None => found.push(Difference {
                path: path.to_owned(),
                expected: Some(Value::String(format!(
                    "an element like {}",
                    described(&expected[index])
                ))),
                received: None,
                only_case: false,
            }),
        }
    }
    for item in spare {
        found.push(Difference {
            path: format!("{path}[{item}]"),
            expected: None,
            received: Some(items[item].clone()),
            only_case: false,
        });
    }
}

fn contains(
    parts: &[Matcher<Value>],
    there: Option<&Value>,
    path: &str,
    found: &mut Vec<Difference>,
) {
    // A whole list as a part, as a captured variable gives it, stands for its elements.
    let parts: Vec<Matcher<Value>> = parts
        .iter()
        .flat_map(|part| match part {
            Matcher::Equals(Value::Array(items)) => {
                items.iter().cloned().map(Matcher::Equals).collect()
            }
            other => vec![other.clone()],
        })
        .collect();
    let missing: Vec<String> = match there {
        Some(Value::Array(items)) => {
            let unmatched = assigned(&parts, items).0;
            unmatched
                .into_iter()
                .map(|index| described(&parts[index]))
                .collect()
        }
        Some(Value::String(text)) => parts
            .iter()
            .filter(|part| !is_in(part, text))
            .map(described)
            .collect(),
        _ => parts.iter().map(described).collect(),
    };
    if missing.is_empty() {
        return;
    }
    // Many are not told one by one: the first ones show what is missing.
    let shown = missing
        .iter()
        .take(5)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let expected = match missing.len() {
        0..=5 => format!("contains {shown}"),
        many => format!("contains {shown} and {} more that are missing", many - 5),
    };
    found.push(Difference {
        path: path.to_owned(),
        expected: Some(Value::String(expected)),
        received: there.cloned(),
        only_case: false,
    });
}

fn is_in(part: &Matcher<Value>, text: &str) -> bool {
    match part {
        Matcher::Equals(Value::String(part)) | Matcher::Exactly(Value::String(part)) => {
            text.contains(part)
        }
        Matcher::Text(part) => text.contains(&text_of(part)),
        _ => false,
    }
}

/// The member of that name, in any case, or what the SCIM path leads to.
fn at(object: &Value, name: &str) -> Option<Value> {
    let members = object.as_object()?;
    if let Some(value) = members.get(name) {
        return Some(value.clone());
    }
    if let Some((_, value)) = members
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
    {
        return Some(value.clone());
    }
    let path: Path = name.parse().ok()?;
    let found = select(object, &path);
    match found.as_slice() {
        [] => None,
        [one] => Some((*one).clone()),
        many => Some(Value::Array(
            many.iter().map(|value| (*value).clone()).collect(),
        )),
    }
}

fn is_absent(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

fn is_kind(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::String => value.is_string(),
        Kind::Number => value.is_number(),
        Kind::Integer => value.is_i64() || value.is_u64(),
        Kind::Boolean => value.is_boolean(),
        Kind::Array => value.is_array(),
        Kind::Object => value.is_object(),
    }
}

fn has_form(form: Form, text: &str) -> bool {
    match form {
        Form::Instant => text.parse::<Timestamp>().is_ok(),
        Form::Uri => url::Url::parse(text).is_ok(),
        Form::Uuid => text.len() == 36 && uuid::Uuid::try_parse(text).is_ok(),
    }
}

fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// What a JSONPath leads to; several places as a list.
fn led_to(path: &str, value: Option<&Value>) -> Option<Value> {
    // The loader has read it once; one that cannot be read leads nowhere.
    let path = JsonPath::parse(path).ok()?;
    match path.query(value?).all().as_slice() {
        [] => None,
        [one] => Some((*one).clone()),
        many => Some(many.iter().map(|&one| one.clone()).collect()),
    }
}

/// A value written as text: a string as it is, anything else as JSON.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}

fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{fits, mismatches};
    use crate::scenario::matcher::{Kind, Matcher};

    fn equals(value: Value) -> Matcher<Value> {
        Matcher::Equals(value)
    }

    fn members(members: &[(&str, Matcher<Value>)]) -> Matcher<Value> {
        Matcher::Members(
            members
                .iter()
                .map(|(name, member)| ((*name).to_owned(), member.clone()))
                .collect(),
        )
    }

    #[test]
    fn mappings_are_subsets_and_names_have_no_case() {
        let user = json!({"USERNAME": "ada", "name": {"givenName": "Ada", "familyName": "L"}, "title": null});
        assert!(fits(
            &members(&[("userName", equals(json!("ada")))]),
            Some(&user)
        ));
        assert!(fits(
            &members(&[("name.givenName", equals(json!("Ada")))]),
            Some(&user)
        ));
        assert!(fits(
            &members(&[("title", Matcher::Absent), ("emails", equals(json!([])))]),
            Some(&user)
        ));
        let wrong = mismatches(
            &members(&[("name", members(&[("givenName", equals(json!("Eve")))]))]),
            Some(&user),
        );
        assert_eq!(wrong.len(), 1);
        assert_eq!(wrong[0].path, "name.givenName");
    }

    #[test]
    fn letter_case_alone_is_marked() {
        let wrong = mismatches(
            &members(&[("userName", equals(json!("Ada")))]),
            Some(&json!({"userName": "ada"})),
        );
        assert!(wrong[0].only_case, "{wrong:?}");
        let wrong = mismatches(
            &members(&[("id", equals(json!("Ada")))]),
            Some(&json!({"id": "ada"})),
        );
        assert!(!wrong[0].only_case, "{wrong:?}");
    }

    #[test]
    fn lists_match_as_wholes_without_order() {
        let three = json!([{"value": "1", "display": "a"}, {"value": "2"}, {"value": "3"}]);
        let element = |value: &str| members(&[("value", equals(json!(value)))]);
        assert!(fits(
            &Matcher::Elements(vec![element("3"), element("1"), element("2")]),
            Some(&three)
        ));
        let wrong = mismatches(
            &Matcher::Elements(vec![element("1"), element("2")]),
            Some(&three),
        );
        assert_eq!(
            (wrong.len(), wrong[0].received.clone()),
            (1, Some(json!({"value": "3"})))
        );
        assert!(fits(&Matcher::Contains(vec![element("2")]), Some(&three)));
        assert!(!fits(&Matcher::Contains(vec![element("4")]), Some(&three)));
        let captured = Matcher::Contains(vec![equals(json!(["b", "a"]))]);
        assert!(fits(&captured, Some(&json!(["a", "b", "c"]))));
        assert!(!fits(&captured, Some(&json!(["a", "c"]))));
        // `Any` must leave element 1 to the matcher that only fits there.
        assert!(fits(
            &Matcher::Elements(vec![Matcher::Any, element("1")]),
            Some(&json!([{"value": "1"}, {"value": "9"}]))
        ));
    }

    #[test]
    fn jsonpaths_and_texts() {
        let at = |path: &str, inner| Matcher::At(vec![(path.to_owned(), inner)]);
        let text = |text: &str| Matcher::Text(json!(text));
        let list = json!({"Resources": [{"id": 7, "active": true}], "status": "401"});
        for (path, written) in [
            ("$.Resources[0].id", "7"),
            ("$.Resources[0].active", "true"),
            ("$.status", "401"),
        ] {
            assert!(fits(&at(path, text(written)), Some(&list)), "{path}");
        }
        let wrong = mismatches(&at("$.Resources[0].id", text("8")), Some(&list));
        assert_eq!(wrong[0].path, "Resources[0].id");
        let missing = at("$.Resources[1].id", text("7"));
        assert!(!fits(&missing, Some(&list)));
        assert!(!fits(&text("A"), Some(&json!("a"))));
        assert!(fits(
            &Matcher::Contains(vec![text("7")]),
            Some(&json!([6, 7]))
        ));
    }

    #[test]
    fn types_sizes_and_instants() {
        assert!(fits(&Matcher::Kind(Kind::Integer), Some(&json!(3))));
        assert!(!fits(&Matcher::Kind(Kind::Integer), Some(&json!("3"))));
        assert!(fits(
            &Matcher::Size(json!(2), Some(json!(2))),
            Some(&json!([1, 2]))
        ));
        assert!(!fits(&Matcher::Size(json!(1), None), None));
        assert!(!fits(&Matcher::Unique, Some(&json!(["a", "b", "a"]))));
        assert!(fits(
            &Matcher::After(json!("2026-01-01T00:00:00Z")),
            Some(&json!("2026-01-01T01:00:01+01:00"))
        ));
        assert!(fits(
            &equals(json!("2026-01-01T00:00:00Z")),
            Some(&json!("2026-01-01T01:00:00+01:00"))
        ));
        assert!(fits(
            &Matcher::Not(Box::new(Matcher::Present)),
            Some(&json!(null))
        ));
    }
}
