//! A normalised answer: what a snapshot holds.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// What a target answered to one request, with names in the place of values that change from run to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Method and target: `GET /Users/[id-1]`.
    pub request: String,
    /// HTTP status.
    pub status: u16,
    /// The headers that matter, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Body,
}

/// A normalised body.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// No bytes.
    Nothing,
    /// JSON.
    Json(Value),
    /// Anything else.
    Text(String),
}

/// The contents of a snapshot are not answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the snapshot does not hold an answer: {0}")]
pub struct NoAnswer(pub String);

/// The answers as readable JSON: one mapping, or a list of them where a step has several.
pub fn contents_of(answers: &[Answer]) -> String {
    let value = match answers {
        [answer] => answer.to_json(),
        answers => answers.iter().map(|answer| answer.to_json()).collect(),
    };
    serde_json::to_string_pretty(&value).expect("a JSON value can be written")
}

/// Reads [`contents_of`] back.
///
/// # Errors
/// The contents are no JSON, or not of that shape.
pub fn answers_of(contents: &str) -> Result<Vec<Answer>, NoAnswer> {
    let value: Value =
        serde_json::from_str(contents).map_err(|error| NoAnswer(error.to_string()))?;
    match &value {
        Value::Array(items) => items.iter().map(Answer::from_json).collect(),
        item => Ok(vec![Answer::from_json(item)?]),
    }
}

impl Answer {
    fn to_json(&self) -> Value {
        let mut members = Map::new();
        members.insert("request".to_owned(), json!(self.request));
        members.insert("status".to_owned(), json!(self.status));
        if !self.headers.is_empty() {
            members.insert("headers".to_owned(), json!(self.headers));
        }
        match &self.body {
            Body::Nothing => {}
            Body::Json(value) => {
                members.insert("body".to_owned(), value.clone());
            }
            Body::Text(text) => {
                members.insert("text".to_owned(), json!(text));
            }
        }
        Value::Object(members)
    }

    fn from_json(value: &Value) -> Result<Self, NoAnswer> {
        let status = value
            .get("status")
            .and_then(Value::as_u64)
            .and_then(|status| u16::try_from(status).ok())
            .ok_or_else(|| NoAnswer("`status` is not a number".to_owned()))?;
        let headers = match value.get("headers") {
            None => BTreeMap::new(),
            Some(headers) => serde_json::from_value(headers.clone())
                .map_err(|_| NoAnswer("`headers` is not a mapping of texts".to_owned()))?,
        };
        let body = match (value.get("body"), value.get("text").and_then(Value::as_str)) {
            (Some(body), _) => Body::Json(body.clone()),
            (None, Some(text)) => Body::Text(text.to_owned()),
            (None, None) => Body::Nothing,
        };
        let request = value
            .get("request")
            .and_then(Value::as_str)
            .unwrap_or_default();
        Ok(Self {
            request: request.to_owned(),
            status,
            headers,
            body,
        })
    }
}
