//! What scalars without quotes mean: less than YAML says, so that everybody reads the same.

use serde_json::Number;

use crate::scenario::yaml::Kind;

/// What a scalar without quotes means, if it is not a text.
pub(crate) fn plain(text: &str) -> Option<Kind> {
    match text {
        "" | "~" | "null" => return Some(Kind::Null),
        "true" => return Some(Kind::Bool(true)),
        "false" => return Some(Kind::Bool(false)),
        _ => {}
    }
    let starts = text.starts_with('-') || text.starts_with(|first: char| first.is_ascii_digit());
    if !starts {
        return None;
    }
    // The JSON grammar, not YAML's: `012`, `0x1f` and `1_000` stay texts, and whoever wants a number hears about it.
    let value = serde_json::from_str::<Number>(text).ok()?;
    Some(Kind::Number {
        value,
        text: text.to_owned(),
    })
}

/// How a plain text should be written if a boolean or number was meant: the two readings that YAML libraries disagree on.
pub(crate) fn ambiguous(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "yes" | "y" | "on" | "true" => return Some("true".to_owned()),
        "no" | "n" | "off" | "false" => return Some("false".to_owned()),
        "null" => return Some("null".to_owned()),
        ".inf" | "+.inf" | "-.inf" | ".nan" => return Some("0".to_owned()),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let sign = if text.starts_with('-') { "-" } else { "" };
    if let Some(hexadecimal) = digits.strip_prefix("0x") {
        let value = i64::from_str_radix(hexadecimal, 16).ok()?;
        return Some(format!("{sign}{value}"));
    }
    if let Some(octal) = digits.strip_prefix("0o") {
        let value = i64::from_str_radix(octal, 8).ok()?;
        return Some(format!("{sign}{value}"));
    }
    let bare = digits.replace('_', "");
    let is_number = bare.starts_with(|first: char| first.is_ascii_digit())
        && bare.parse::<f64>().is_ok_and(f64::is_finite);
    if !is_number {
        return None;
    }
    let stripped = bare.trim_start_matches('0');
    let written = match stripped.chars().next() {
        Some(first) if first.is_ascii_digit() => stripped.to_owned(),
        _ => format!("0{stripped}"),
    };
    Some(format!("{sign}{written}"))
}
