//! JSON as it came over the wire.

use serde_json::Value;

/// The value, if the bytes are one JSON text.
pub fn value_of(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}
