//! Walks two values side by side and notes where they differ.

use serde_json::{Map, Value};

use super::align::{Fits, align};
use super::canonical::{is_ordered, key};
use super::ignored::{IgnoredPath, Stop};
use super::label::Labels;
use super::members::Members;
use super::{Difference, Options, case, is_absent};

pub(super) fn differences(
    expected: &Value,
    received: &Value,
    options: &Options,
) -> Vec<Difference> {
    let ignored: Vec<IgnoredPath> = options
        .ignored
        .iter()
        .map(|path| IgnoredPath::new(path))
        .collect();
    let mut walk = Walk {
        subset: options.subset,
        ignored: &ignored,
        stops: Vec::new(),
        path: String::new(),
        found: Vec::new(),
    };
    walk.compare(expected, received);
    walk.found
}

struct Walk<'a> {
    subset: bool,
    ignored: &'a [IgnoredPath],
    /// The attributes on the way, for ignored paths and letter case.
    stops: Vec<Stop<'a>>,
    /// The same way as a SCIM path.
    path: String,
    found: Vec<Difference>,
}

impl<'a> Walk<'a> {
    fn compare(&mut self, expected: &'a Value, received: &'a Value) {
        if expected == received || self.is_ignored() {
            return;
        }
        match (expected, received) {
            (Value::Object(left), Value::Object(right)) => self.compare_members(left, right),
            (Value::Array(left), Value::Array(right)) if !left.is_empty() && !right.is_empty() => {
                self.compare_elements(left, right);
            }
            _ if key(expected) == key(received) => {}
            (Value::String(left), Value::String(right)) => {
                let only_case = !case::is_exact(&self.attribute())
                    && left.to_lowercase() == right.to_lowercase();
                self.note(Some(expected), Some(received), only_case);
            }
            _ => self.note(
                Some(expected).filter(|value| !is_absent(value)),
                Some(received).filter(|value| !is_absent(value)),
                false,
            ),
        }
    }

    fn compare_members(
        &mut self,
        expected: &'a Map<String, Value>,
        received: &'a Map<String, Value>,
    ) {
        let left = Members::of(expected);
        let right = Members::of(received);
        for (name, group) in left.groups() {
            let others = right.named(name);
            for (position, (name, value)) in group.iter().enumerate() {
                let other = others.get(position).map(|(_, value)| *value);
                self.enter(name, |walk| walk.compare_present(Some(*value), other));
            }
        }
        for (name, group) in right.groups() {
            let known = left.named(name).len();
            // A subset still says that a member is absent by naming it.
            let surplus = !self.subset
                || expected
                    .keys()
                    .any(|key| known == 0 && key.to_lowercase() == name);
            for (name, value) in group.iter().skip(known).filter(|_| surplus) {
                self.enter(name, |walk| walk.compare_present(None, Some(*value)));
            }
        }
    }

    /// A member of one side or both; `null` and `[]` are as good as none.
    fn compare_present(&mut self, expected: Option<&'a Value>, received: Option<&'a Value>) {
        let there = |value: &&Value| !is_absent(value);
        match (expected.filter(there), received.filter(there)) {
            (None, None) => {}
            (Some(left), Some(right)) => self.compare(left, right),
            (left, right) => self.note(left, right, false),
        }
    }

    fn compare_elements(&mut self, expected: &'a [Value], received: &'a [Value]) {
        let attribute = self
            .stops
            .last()
            .map(|stop| stop.name.clone())
            .unwrap_or_default();
        // An array in an array has no order of its own.
        let outermost = self
            .stops
            .last()
            .is_none_or(|stop| stop.elements == [None, None]);
        if is_ordered(&attribute) && outermost {
            for position in 0..expected.len().max(received.len()) {
                let (left, right) = (expected.get(position), received.get(position));
                self.enter_element(&format!("[{position}]"), left, right);
            }
            return;
        }
        let subset = self.subset;
        let place = &*self;
        let fits = |left: &Value, right: &Value| place.fits(left, right);
        let fits: Option<&Fits<'_>> = if subset { Some(&fits) } else { None };
        let alignment = align(&attribute, expected, received, fits);
        let labels = Labels::of(expected, received);
        for (left, right) in &alignment.pairs {
            let label = labels.of_pair(*left, &expected[*left], &received[*right]);
            self.enter_element(&label, Some(&expected[*left]), Some(&received[*right]));
        }
        for left in &alignment.missing {
            let label = labels.of_one(*left, &expected[*left]);
            self.enter_element(&label, Some(&expected[*left]), None);
        }
        for right in &alignment.extra {
            let label = labels.of_one(*right, &received[*right]);
            self.enter_element(&label, None, Some(&received[*right]));
        }
    }

    /// The received element satisfies the expected one at this place.
    fn fits(&self, expected: &Value, received: &Value) -> bool {
        let mut walk = Walk {
            subset: self.subset,
            ignored: self.ignored,
            stops: self.stops.clone(),
            path: String::new(),
            found: Vec::new(),
        };
        if let Some(stop) = walk.stops.last_mut() {
            stop.elements = [Some(expected), Some(received)];
        }
        walk.compare(expected, received);
        walk.found.is_empty()
    }

    fn enter(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 {
            // "urn:…:User:department" as RFC 7644 3.10 writes it.
            let below_schema = self
                .stops
                .last()
                .is_some_and(|stop| stop.name.starts_with("urn:"));
            self.path.push(if below_schema { ':' } else { '.' });
        }
        self.path.push_str(name);
        self.stops.push(Stop {
            name: name.to_lowercase(),
            elements: [None, None],
        });
        inside(self);
        self.stops.pop();
        self.path.truncate(length);
    }

    fn enter_element(
        &mut self,
        label: &str,
        expected: Option<&'a Value>,
        received: Option<&'a Value>,
    ) {
        let length = self.path.len();
        self.path.push_str(label);
        let before = self
            .stops
            .last_mut()
            .map(|stop| std::mem::replace(&mut stop.elements, [expected, received]));
        match (expected, received) {
            (Some(left), Some(right)) => self.compare(left, right),
            (left, right) => self.note(left, right, false),
        }
        if let (Some(stop), Some(before)) = (self.stops.last_mut(), before) {
            stop.elements = before;
        }
        self.path.truncate(length);
    }

    fn note(&mut self, expected: Option<&Value>, received: Option<&Value>, only_case: bool) {
        if !self.is_ignored() {
            self.found.push(Difference {
                path: self.path.clone(),
                expected: expected.cloned(),
                received: received.cloned(),
                only_case,
            });
        }
    }

    fn is_ignored(&self) -> bool {
        self.ignored.iter().any(|path| path.covers(&self.stops))
    }

    /// The names of the attributes on the way, from the resource down.
    fn attribute(&self) -> Vec<&str> {
        let start = self
            .stops
            .iter()
            .rposition(|stop| matches!(stop.name.as_str(), "resources" | "data" | "response"))
            .map_or(0, |position| position + 1);
        self.stops[start..]
            .iter()
            .map(|stop| stop.name.as_str())
            .collect()
    }
}
