//! One text for all values that are equal, so that arrays can be matched by hashing.

use std::fmt::Write;

use jiff::Timestamp;
use serde_json::{Number, Value};

use super::is_absent;

/// A text that two values share exactly if they are equal with letter case counted.
pub fn key(value: &Value) -> String {
    let mut text = String::new();
    write_key(value, false, &mut text);
    text
}

/// The same with every text in lower case.
pub(super) fn folded_key(value: &Value) -> String {
    key(value).to_lowercase()
}

/// The instant, if the text is an RFC 3339 date and time with an offset.
pub fn instant_of(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    // jiff also reads other notations, which SCIM does not have.
    let looks_right = bytes.len() >= 20
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4] == b'-'
        && matches!(bytes[10], b'T' | b't')
        && bytes[13] == b':';
    if looks_right { text.parse().ok() } else { None }
}

/// Arrays in which the order has a meaning: bulk and PATCH operations are carried out one after the other (RFC 7644 3.5.2, 3.7).
pub(super) fn is_ordered(name: &str) -> bool {
    name.eq_ignore_ascii_case("Operations")
}

fn write_key(value: &Value, ordered: bool, text: &mut String) {
    match value {
        Value::Null => text.push('n'),
        Value::Bool(true) => text.push('1'),
        Value::Bool(false) => text.push('0'),
        Value::Number(number) => write_number(number, text),
        Value::String(string) => match instant_of(string) {
            Some(instant) => put(text, format_args!("t{};", instant.as_nanosecond())),
            None => put(text, format_args!("s{}:{string}", string.len())),
        },
        // An empty array is as good as null.
        Value::Array(items) if items.is_empty() => text.push('n'),
        Value::Array(items) => {
            let mut keys: Vec<String> = items.iter().map(key).collect();
            if !ordered {
                keys.sort_unstable();
            }
            text.push('[');
            for key in keys {
                text.push_str(&key);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut keys: Vec<(String, String)> = members
                .iter()
                .filter(|(_, value)| !is_absent(value))
                .map(|(name, value)| {
                    let mut text = String::new();
                    write_key(value, is_ordered(name), &mut text);
                    (name.to_lowercase(), text)
                })
                .collect();
            keys.sort_unstable();
            text.push('{');
            for (name, key) in keys {
                put(text, format_args!("{}:{name}{key}", name.len()));
            }
            text.push('}');
        }
    }
}

fn write_number(number: &Number, text: &mut String) {
    let whole = number.as_i64().map(i128::from);
    match whole.or_else(|| number.as_u64().map(i128::from)) {
        Some(whole) => put(text, format_args!("i{whole};")),
        None => match number.as_f64() {
            // Rust writes a whole float without a fraction, so that 1.0 is 1.
            Some(0.0) => text.push_str("i0;"),
            Some(float) => put(text, format_args!("i{float};")),
            None => put(text, format_args!("i{number};")),
        },
    }
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments)
        .expect("writing to a String cannot fail");
}
