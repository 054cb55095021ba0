//! Strict reading of JSON bytes, for requests that arrive at the server and for answers that are judged.
//!
//! `serde_json` alone would hide three things that matter here: names that occur twice in an object, names that differ
//! only in case (attribute names have no case, RFC 7643 2.1), and where in the bytes the mistake is.

use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How much a document may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Largest size in bytes.
    pub bytes: usize,
    /// Deepest nesting of objects and arrays; at most 120, because the reader recurses.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            bytes: 64 * 1024 * 1024,
            depth: 100,
        }
    }
}

/// A place in the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Bytes before the place.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {} (byte {})",
            self.line, self.column, self.offset
        )
    }
}

/// Why bytes are not the JSON document that they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// Nothing but white space.
    #[error("the body is empty")]
    Empty,
    /// Larger than allowed; nothing was read.
    #[error("the body has {size} bytes, more than the {limit} that are allowed")]
    TooLarge {
        /// Size in bytes.
        size: usize,
        /// Allowed size in bytes.
        limit: usize,
    },
    /// Not UTF-8 (RFC 7644 3.8 asks for it).
    #[error("invalid UTF-8 at {at}")]
    NotUtf8 {
        /// The first byte that does not belong.
        at: Position,
    },
    /// Nested deeper than allowed.
    #[error("nested deeper than {limit} levels at {at}")]
    TooDeep {
        /// The bracket that is one too many.
        at: Position,
        /// Allowed depth.
        limit: usize,
    },
    /// Not JSON.
    #[error("{message} at {at}")]
    Syntax {
        /// Where reading stopped.
        at: Position,
        /// What is wrong there.
        message: String,
    },
}

impl JsonFault {
    /// Where the fault is, if it has a place.
    pub fn position(&self) -> Option<Position> {
        match self {
            JsonFault::Empty | JsonFault::TooLarge { .. } => None,
            JsonFault::NotUtf8 { at }
            | JsonFault::TooDeep { at, .. }
            | JsonFault::Syntax { at, .. } => Some(*at),
        }
    }
}

/// A member name that an object has more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatedName {
    /// The object that holds it, as `Operations[0].value`; empty for the document itself.
    pub within: String,
    /// The name as it stands the second time.
    pub name: String,
    /// The name as it stood before.
    pub earlier: String,
}

impl RepeatedName {
    /// True when both are letter for letter the same; false when they differ only in case.
    pub fn is_exact(&self) -> bool {
        self.name == self.earlier
    }
}

/// A document that was read. Of an exactly repeated name the last value stays, as most readers do.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The document.
    pub value: Value,
    /// Names that occur more than once in their object, in the order of the bytes.
    pub repeated: Vec<RepeatedName>,
}

/// Reads a whole document from raw bytes.
pub fn parse(bytes: &[u8], limits: Limits) -> Result<Document, JsonFault> {
    if bytes.len() > limits.bytes {
        return Err(JsonFault::TooLarge {
            size: bytes.len(),
            limit: limits.bytes,
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|fault| JsonFault::NotUtf8 {
        at: position(bytes, fault.valid_up_to()),
    })?;
    if text.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
        return Err(JsonFault::Empty);
    }
    check_depth(bytes, limits.depth.min(120))?;

    let mut repeated = Vec::new();
    let mut path = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Reader {
        path: &mut path,
        repeated: &mut repeated,
    }
    .deserialize(&mut reader)
    .and_then(|value| reader.end().map(|()| value))
    .map_err(|fault| syntax_fault(bytes, &fault))?;
    Ok(Document { value, repeated })
}

/// Depth is counted before anything recurses, so that no input can exhaust the stack.
fn check_depth(bytes: &[u8], limit: usize) -> Result<(), JsonFault> {
    let mut depth = 0usize;
    let mut in_string = false;
    let mut escaped = false;
    for (offset, byte) in bytes.iter().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return Err(JsonFault::TooDeep {
                        at: position(bytes, offset),
                        limit,
                    });
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

fn position(bytes: &[u8], offset: usize) -> Position {
    let before = &bytes[..offset.min(bytes.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let line_start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    Position {
        offset,
        line,
        column: before.len() - line_start + 1,
    }
}

fn syntax_fault(bytes: &[u8], fault: &serde_json::Error) -> JsonFault {
    let mut line_start = 0;
    for _ in 1..fault.line() {
        match bytes[line_start..].iter().position(|byte| *byte == b'\n') {
            Some(length) => line_start += length + 1,
            None => break,
        }
    }
    let offset = (line_start + fault.column().saturating_sub(1)).min(bytes.len());
    let text = fault.to_string();
    let message = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(message, _)| message)
        .to_owned();
    JsonFault::Syntax {
        at: position(bytes, offset),
        message,
    }
}

enum Segment {
    Name(String),
    Index(usize),
}

struct Reader<'a> {
    path: &'a mut Vec<Segment>,
    repeated: &'a mut Vec<RepeatedName>,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        loop {
            self.path.push(Segment::Index(array.len()));
            let item = items.next_element_seed(Reader {
                path: self.path,
                repeated: self.repeated,
            })?;
            self.path.pop();
            match item {
                Some(value) => array.push(value),
                None => return Ok(Value::Array(array)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        let mut names = SeenNames::default();
        while let Some(name) = members.next_key::<String>()? {
            if let Some(earlier) = names.earlier(&object, &name) {
                let within = path_text(self.path);
                self.repeated.push(RepeatedName {
                    within,
                    name: name.clone(),
                    earlier,
                });
            }
            self.path.push(Segment::Name(name));
            let value = members.next_value_seed(Reader {
                path: self.path,
                repeated: self.repeated,
            })?;
            let Some(Segment::Name(name)) = self.path.pop() else {
                return Err(A::Error::custom("path out of step"));
            };
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// Finds repeated names without comparing every pair of a large object.
#[derive(Default)]
struct SeenNames {
    lower: HashMap<String, String>,
}

impl SeenNames {
    const SMALL: usize = 16;

    fn earlier(&mut self, object: &Map<String, Value>, name: &str) -> Option<String> {
        if object.len() < Self::SMALL {
            return object
                .keys()
                .find(|other| other.eq_ignore_ascii_case(name))
                .cloned();
        }
        if self.lower.is_empty() {
            self.lower = object
                .keys()
                .map(|known| (known.to_ascii_lowercase(), known.clone()))
                .collect();
        }
        self.lower
            .insert(name.to_ascii_lowercase(), name.to_owned())
    }
}

fn path_text(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Name(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{JsonFault, Limits, parse};
    use serde_json::json;

    #[test]
    fn reads_what_serde_json_reads() {
        let text = r#"{"a":[1,-2,1.5,true,null,"\ud83d\ude00"],"b":{"c":{}}}"#;
        let document = parse(text.as_bytes(), Limits::default()).expect("valid");
        assert_eq!(
            document.value,
            serde_json::from_str::<serde_json::Value>(text).expect("valid")
        );
        assert!(document.repeated.is_empty());
    }

    #[test]
    fn repeated_names_are_listed_with_their_place() {
        let text = r#"{"a":1,"a":2,"Operations":[{"value":{"active":true,"Active":false}}]}"#;
        let document = parse(text.as_bytes(), Limits::default()).expect("valid");
        assert_eq!(document.value["a"], json!(2));
        let places: Vec<_> = document
            .repeated
            .iter()
            .map(|found| (found.within.as_str(), found.name.as_str(), found.is_exact()))
            .collect();
        assert_eq!(
            places,
            [("", "a", true), ("Operations[0].value", "Active", false)]
        );
    }

    #[test]
    fn repeated_names_are_found_in_large_objects() {
        let mut text = String::from("{");
        for number in 0..5000 {
            text.push_str(&format!("\"name{number}\":1,"));
        }
        text.push_str("\"NAME4000\":2,\"name17\":3}");
        let document = parse(text.as_bytes(), Limits::default()).expect("valid");
        assert_eq!(document.repeated.len(), 2);
        assert_eq!(document.repeated[0].earlier, "name4000");
    }

    #[test]
    fn deep_documents_do_not_exhaust_the_stack() {
        let text = "[".repeat(10_000);
        let fault = parse(text.as_bytes(), Limits::default()).expect_err("too deep");
        assert!(matches!(fault, JsonFault::TooDeep { at, limit: 100 } if at.offset == 100));
        let objects = "{\"a\":".repeat(10_000);
        assert!(matches!(
            parse(objects.as_bytes(), Limits::default()),
            Err(JsonFault::TooDeep { .. })
        ));
    }

    #[test]
    fn brackets_inside_strings_do_not_count_as_depth() {
        let text = format!("\"{}\\\"{}\"", "[".repeat(500), "{".repeat(500));
        assert!(parse(text.as_bytes(), Limits::default()).is_ok());
    }

    #[test]
    fn faults_say_where() {
        let fault = parse(b"{\n  \"a\": \xff\n}", Limits::default()).expect_err("bad bytes");
        assert!(
            matches!(fault, JsonFault::NotUtf8 { at } if at.offset == 9 && at.line == 2 && at.column == 8)
        );
        let fault = parse(b"{\n  \"a\": nope\n}", Limits::default()).expect_err("bad value");
        assert!(
            matches!(&fault, JsonFault::Syntax { at, .. } if at.line == 2),
            "{fault:?}"
        );
        assert!(matches!(
            parse(b"{} x", Limits::default()),
            Err(JsonFault::Syntax { .. })
        ));
        assert!(matches!(
            parse(b"1e400", Limits::default()),
            Err(JsonFault::Syntax { .. })
        ));
        assert_eq!(parse(b" \r\n", Limits::default()), Err(JsonFault::Empty));
        let small = Limits { bytes: 3, depth: 5 };
        assert_eq!(
            parse(b"[1,2]", small),
            Err(JsonFault::TooLarge { size: 5, limit: 3 })
        );
    }
}
