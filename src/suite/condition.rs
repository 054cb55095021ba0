//! What a suite asserts of an answer, whatever the format, and how a scenario writes it.

use serde_json::Value;

use crate::scenario::flow;

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Status,
    /// In milliseconds.
    Time,
    /// The body as text.
    Text,
    /// The body's bytes.
    Size,
    /// A header by its name.
    Header(String),
    /// What a JSONPath leads to in the body.
    Json(String),
}

/// What must hold of a part. Texts in values may have `{{variables}}`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    /// The same when written as text.
    Text(Value),
    /// The same as a number.
    Number(f64),
    /// The same JSON.
    Exactly(Value),
    /// A list with this, or a text with this part.
    Contains(Value),
    /// Neither missing nor empty.
    Filled,
    /// A number, or a text that is one.
    IsNumber,
    /// There, whatever it is.
    Exists,
    /// What JavaScript takes for true.
    Truthy,
    /// Of that JSON type, by the matcher's name without `$`.
    Kind(&'static str),
    /// A regular expression finds something.
    Matches(String),
    /// A number within these bounds, both included unless `exclusive`.
    Between {
        least: Option<Value>,
        most: Option<Value>,
        exclusive: bool,
    },
    /// So many elements or letters.
    Length(u64),
    /// At least one holds.
    Any(Vec<Condition>),
    /// Does not hold.
    Not(Box<Condition>),
}

/// Something that an answer must fulfil.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claim {
    pub(super) of: Part,
    pub(super) is: Condition,
}

/// Fills variables of a suite in, as the scenario calls them: the text as YAML, in quotes.
pub(super) type Filling<'f> = dyn FnMut(&str) -> String + 'f;

impl Claim {
    pub(super) fn new(of: Part, is: Condition) -> Self {
        Self { of, is }
    }

    /// The keys of an expectation that say it: `status: 200`.
    ///
    /// # Errors
    /// In words, why no expectation says it.
    pub(super) fn written(&self, fill: &mut Filling<'_>) -> Result<String, String> {
        Ok(match &self.of {
            Part::Status => format!("status: {}", statuses(&self.is)?),
            Part::Time => format!("within: {}", time(&self.is)?),
            Part::Text => format!("text: {}", self.is.written(fill)),
            Part::Size => format!("size: {}", self.is.written(fill)),
            Part::Header(name) => {
                let name = flow::name(&name.to_ascii_lowercase());
                format!("headers: {{ {name}: {} }}", self.is.written(fill))
            }
            Part::Json(path) if path == "$" => format!("body: {}", self.is.written(fill)),
            Part::Json(path) => {
                let path = flow::name(path);
                format!("body: {{ $at: {{ {path}: {} }} }}", self.is.written(fill))
            }
        })
    }
}

impl Condition {
    pub(super) fn not(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    fn written(&self, fill: &mut Filling<'_>) -> String {
        let mut value = |value: &Value| written_value(value, fill);
        match self {
            Self::Text(text) => format!("{{ $text: {} }}", value(text)),
            Self::Number(number) => {
                let plain = plain(*number);
                format!(
                    "{{ $any-of: [{{ $text: \"{plain}\" }}, {{ $at-least: {plain}, $at-most: {plain} }}] }}"
                )
            }
            Self::Exactly(exact) => format!("{{ $exactly: {} }}", value(exact)),
            Self::Contains(part) => format!("{{ $contains: [{{ $text: {} }}] }}", value(part)),
            Self::Filled => "$nonempty".to_owned(),
            Self::IsNumber => {
                "{ $any-of: [$number, { $pattern: \"^ *-?[0-9]+([.][0-9]+)? *$\" }] }".to_owned()
            }
            Self::Exists => EXISTS.to_owned(),
            Self::Truthy => format!(
                "{{ $all-of: [{EXISTS}, {{ $not: {{ $any-of: [{{ $exactly: false }}, {{ $exactly: 0 }}, {{ $exactly: \"\" }}, {{ $exactly: null }}] }} }}] }}"
            ),
            Self::Kind(kind) => format!("${kind}"),
            Self::Matches(pattern) => format!("{{ $pattern: {} }}", Value::from(pattern.as_str())),
            Self::Between {
                least,
                most,
                exclusive: false,
            } => {
                let least = least
                    .as_ref()
                    .map(|least| format!("$at-least: {}", value(least)));
                let most = most
                    .as_ref()
                    .map(|most| format!("$at-most: {}", value(most)));
                let both: Vec<String> = least.into_iter().chain(most).collect();
                format!("{{ {} }}", both.join(", "))
            }
            Self::Between { least, most, .. } => {
                let above = least
                    .as_ref()
                    .map(|least| format!("{{ $not: {{ $at-most: {} }} }}", value(least)));
                let below = most
                    .as_ref()
                    .map(|most| format!("{{ $not: {{ $at-least: {} }} }}", value(most)));
                let both: Vec<String> = above.into_iter().chain(below).collect();
                format!("{{ $all-of: [$number, {}] }}", both.join(", "))
            }
            Self::Length(length) => format!("{{ $size: {length} }}"),
            Self::Any(choices) => {
                let choices: Vec<String> =
                    choices.iter().map(|choice| choice.written(fill)).collect();
                format!("{{ $any-of: [{}] }}", choices.join(", "))
            }
            Self::Not(inner) => format!("{{ $not: {} }}", inner.written(fill)),
        }
    }

    /// The one whole number that fulfils it, if it says so.
    fn number(&self) -> Option<f64> {
        let number = match self {
            Self::Number(number) => Some(*number),
            Self::Text(Value::Number(number)) | Self::Exactly(Value::Number(number)) => {
                number.as_f64()
            }
            Self::Text(Value::String(text)) | Self::Exactly(Value::String(text)) => {
                text.trim().parse().ok()
            }
            _ => None,
        };
        number.filter(|number| number.fract() == 0.0)
    }

    /// Whether a number fulfils it; `None` where that cannot be told before a run.
    fn holds(&self, number: f64) -> Option<bool> {
        let operand = |value: &Value| match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let bound = |bound: &Option<Value>, fits: &dyn Fn(f64) -> bool| match bound {
            Some(bound) => operand(bound).map(fits),
            None => Some(true),
        };
        Some(match self {
            Self::Text(value) | Self::Exactly(value) => operand(value)? == number,
            Self::Number(value) => *value == number,
            Self::Contains(value) => {
                let part = operand(value).map(plain)?;
                plain(number).contains(&part)
            }
            Self::Filled | Self::IsNumber | Self::Exists | Self::Truthy => true,
            Self::Kind(kind) => matches!(*kind, "number" | "integer"),
            Self::Between {
                least,
                most,
                exclusive,
            } => {
                let strict = *exclusive;
                bound(least, &|least| number > least || !strict && number == least)?
                    && bound(most, &|most| number < most || !strict && number == most)?
            }
            Self::Any(choices) => {
                let held: Option<Vec<bool>> =
                    choices.iter().map(|choice| choice.holds(number)).collect();
                held?.contains(&true)
            }
            Self::Not(inner) => !inner.holds(number)?,
            Self::Matches(_) | Self::Length(_) => return None,
        })
    }
}

/// There, whatever it is: `$present` leaves out null and the empty list.
const EXISTS: &str = "{ $any-of: [$present, { $exactly: null }, { $exactly: [] }] }";

/// A value as YAML, variables of its texts filled in.
fn written_value(value: &Value, fill: &mut Filling<'_>) -> String {
    match value {
        Value::String(text) => fill(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| written_value(item, fill)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, member)| {
                    format!("{}: {}", flow::quoted(name), written_value(member, fill))
                })
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
        other => other.to_string(),
    }
}

fn plain(number: f64) -> String {
    // `Display` writes a whole number without a fraction.
    number.to_string()
}

/// The statuses that fulfil a condition, as `expect` has them: classes where a whole class does.
fn statuses(is: &Condition) -> Result<String, String> {
    // By far the most say which one it is.
    if let Some(status) = is.number().filter(|status| (100.0..600.0).contains(status)) {
        return Ok(plain(status));
    }
    let mut accepted = Vec::new();
    for class in 1..=5_u16 {
        let fitting: Option<Vec<u16>> = (class * 100..class * 100 + 100)
            .filter_map(|status| match is.holds(f64::from(status)) {
                Some(true) => Some(Some(status)),
                Some(false) => None,
                None => Some(None),
            })
            .collect();
        let fitting = fitting.ok_or("which statuses it accepts is known only in a run")?;
        match fitting.len() {
            100 => accepted.push(format!("{class}xx")),
            _ => accepted.extend(fitting.iter().map(u16::to_string)),
        }
    }
    match accepted.as_slice() {
        [] => Err("no status can fulfil it".to_owned()),
        [one] => Ok(one.clone()),
        several => Ok(format!("[{}]", several.join(", "))),
    }
}

/// The longest time that fulfils a condition.
fn time(is: &Condition) -> Result<String, String> {
    let Condition::Between {
        least: None,
        most: Some(most),
        ..
    } = is
    else {
        return Err("of a time, a scenario can only say how long it may be at most".to_owned());
    };
    let most = match most {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match most {
        // No answer takes longer than a day.
        Some(most) if (0.0..=86_400_000.0).contains(&most) => Ok(format!("{}ms", plain(most))),
        _ => Err("the longest time is not a number of milliseconds".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Claim, Condition, Part};

    fn written(of: Part, is: Condition) -> Result<String, String> {
        Claim::new(of, is).written(&mut |text| Value::from(text).to_string())
    }

    fn between(least: Option<Value>, most: Option<Value>, exclusive: bool) -> Condition {
        Condition::Between {
            least,
            most,
            exclusive,
        }
    }

    #[test]
    fn statuses_are_counted_out() {
        let status = |is| written(Part::Status, is).expect("it can be said");
        assert_eq!(status(Condition::Number(204.0)), "status: 204");
        assert_eq!(
            status(between(Some(json!("200")), Some(json!(300)), true)),
            format!(
                "status: [{}]",
                (201..300)
                    .map(|status| status.to_string())
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        );
        assert_eq!(
            status(between(Some(json!(200)), Some(json!(299)), false)),
            "status: 2xx"
        );
        assert!(status(Condition::Text(json!("500")).not()).starts_with("status: [1xx, 2xx, 3xx"));
        assert!(written(Part::Status, Condition::Text(json!("{{x}}"))).is_err());
        assert!(written(Part::Status, Condition::Number(700.0)).is_err());
    }

    #[test]
    fn parts_have_their_keys() {
        let less = between(None, Some(json!("600")), true);
        assert_eq!(written(Part::Time, less).as_deref(), Ok("within: 600ms"));
        assert!(written(Part::Time, Condition::Filled).is_err());
        assert_eq!(
            written(
                Part::Json("$.Resources[0].id".to_owned()),
                Condition::Text(json!("7"))
            )
            .as_deref(),
            Ok("body: { $at: { \"$.Resources[0].id\": { $text: \"7\" } } }")
        );
        assert_eq!(
            written(Part::Header("ETag".to_owned()), Condition::Filled).as_deref(),
            Ok("headers: { etag: $nonempty }")
        );
    }
}
