//! How two values stand to each other, as far as every server must see it so.

use std::cmp::Ordering;

use serde_json::Value;

use crate::scim::equality::instant_of;

/// The order of two values of an attribute; `None` where servers may differ: other letters than ASCII, punctuation, and
/// letter case, for which collations have their own rules.
pub(super) fn order(left: &Value, right: &Value, case_exact: bool) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        (Value::String(left), Value::String(right)) => {
            match (instant_of(left), instant_of(right)) {
                // Servers may know an instant more exactly than they write it.
                (Some(left), Some(right)) => match left.as_second().cmp(&right.as_second()) {
                    Ordering::Equal => None,
                    order => Some(order),
                },
                (None, None) => text_order(left, right, case_exact),
                _ => None,
            }
        }
        _ => None,
    }
}

fn text_order(left: &str, right: &str, case_exact: bool) -> Option<Ordering> {
    if left == right {
        return Some(Ordering::Equal);
    }
    if !left.is_ascii() || !right.is_ascii() {
        return None;
    }
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let same = |(left, right): &(&u8, &u8)| left.eq_ignore_ascii_case(right);
    let place = left.iter().zip(right).take_while(same).count();
    // A collation may look at letter case, and at punctuation, only where all else is equal.
    let is_plain = |text: &[u8]| text.iter().all(u8::is_ascii_alphanumeric);
    let (Some(first), Some(second)) = (left.get(place), right.get(place)) else {
        return match is_plain(left) && is_plain(right) && left.len() != right.len() {
            true => Some(left.len().cmp(&right.len())),
            false => None,
        };
    };
    let letters = first.is_ascii_alphabetic() && second.is_ascii_alphabetic();
    if !letters || (case_exact && left[..=place].iter().zip(right).any(differs_in_case)) {
        return None;
    }
    Some(first.to_ascii_lowercase().cmp(&second.to_ascii_lowercase()))
}

/// Letters of another case, of which a case-exact order says which comes first and others do not.
fn differs_in_case((left, right): (&u8, &u8)) -> bool {
    left.is_ascii_uppercase() != right.is_ascii_uppercase()
}

/// Whether two values are the same; `None` where it depends on how the server prepares texts before it compares them.
pub(super) fn equal(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => {
            // Servers may know an instant more exactly than they write it.
            let instants = instant_of(left).zip(instant_of(right));
            if let Some((left, right)) = instants {
                let apart = (left.as_second() - right.as_second()).abs() > 1;
                return apart.then_some(false);
            }
            if left == right {
                return Some(true);
            }
            // Case, width, spaces, the punctuation of a telephone number.
            let bare = |text: &str| -> String {
                // RFC 7643 4.1.2: telephone numbers may be kept as RFC 3966 has them.
                let text = text.strip_prefix("tel:").unwrap_or(text);
                let letters = text.chars().filter(|letter| letter.is_alphanumeric());
                letters.flat_map(char::to_lowercase).collect()
            };
            let prepared = !left.is_ascii() || !right.is_ascii() || bare(left) == bare(right);
            (!prepared).then_some(false)
        }
        (Value::Bool(left), Value::Bool(right)) => Some(left == right),
        (Value::Number(left), Value::Number(right)) => Some(left.as_f64() == right.as_f64()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use serde_json::{Value, json};

    use super::{equal, order};

    #[test]
    fn only_what_every_server_sees_so_is_ordered() {
        let ordered = |left: Value, right: Value| order(&left, &right, false);
        assert_eq!(ordered(json!("ada"), json!("Bob")), Some(Ordering::Less));
        assert_eq!(ordered(json!("ada"), json!("adam")), Some(Ordering::Less));
        assert_eq!(ordered(json!(3), json!(2)), Some(Ordering::Greater));
        assert_eq!(ordered(json!("a-b"), json!("ab")), None);
        assert_eq!(ordered(json!("a10"), json!("a2")), None);
        assert_eq!(ordered(json!("Ärger"), json!("Zorn")), None);
        assert_eq!(order(&json!("ada"), &json!("Bob"), true), None);
        let early = json!("2026-03-01T10:00:00Z");
        assert_eq!(
            ordered(early.clone(), json!("2026-03-01T12:00:00+01:00")),
            Some(Ordering::Less)
        );
        assert_eq!(ordered(early, json!("2026-03-01T10:00:00.5Z")), None);
    }

    #[test]
    fn what_servers_may_prepare_is_left_open() {
        assert_eq!(equal(&json!("ada"), &json!("bob")), Some(false));
        assert_eq!(equal(&json!("ada"), &json!("ada")), Some(true));
        assert_eq!(equal(&json!("ada"), &json!("ADA")), None);
        assert_eq!(equal(&json!("+46 46 555"), &json!("tel:+4646555")), None);
        assert_eq!(equal(&json!("+46 46 555"), &json!("+46-46-555")), None);
        assert_eq!(equal(&json!("true"), &json!(true)), None);
    }
}
