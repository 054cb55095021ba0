//! Paths that a comparison leaves out.

use serde_json::Value;

/// A parsed path: one segment for each attribute on the way.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct IgnoredPath(Vec<Segment>);

#[derive(Debug, Clone, PartialEq)]
struct Segment {
    /// Lower case.
    name: String,
    /// `[sub eq "value"]`, the name in lower case.
    filter: Option<(String, Value)>,
}

/// One attribute on the way from the root to the place that is compared.
#[derive(Debug, Clone)]
pub(super) struct Stop<'a> {
    /// Lower case.
    pub(super) name: String,
    /// The element, if the attribute is an array.
    pub(super) elements: [Option<&'a Value>; 2],
}

impl IgnoredPath {
    /// Reads a SCIM path. Of filters it knows `attribute eq value`; another filter never applies.
    pub(super) fn new(path: &str) -> Self {
        let mut segments = Vec::new();
        let mut rest = path.trim();
        while !rest.is_empty() {
            let (segment, after) = Segment::read(rest);
            segments.push(segment);
            rest = after.trim_start_matches(['.', ':']);
        }
        Self(segments)
    }

    /// The place is this path or below it. A place within `Resources` also counts from the resource.
    pub(super) fn covers(&self, place: &[Stop<'_>]) -> bool {
        let from_resource = place
            .iter()
            .rposition(|stop| stop.name == "resources")
            .map_or(0, |position| position + 1);
        self.begins(place) || (from_resource > 0 && self.begins(&place[from_resource..]))
    }

    fn begins(&self, place: &[Stop<'_>]) -> bool {
        !self.0.is_empty()
            && place.len() >= self.0.len()
            && self
                .0
                .iter()
                .zip(place)
                .all(|(segment, stop)| segment.fits(stop))
    }
}

impl Segment {
    fn read(path: &str) -> (Self, &str) {
        let end = name_end(path);
        let name = path[..end].to_lowercase();
        let rest = &path[end..];
        let Some(inside) = rest.strip_prefix('[') else {
            return (Self { name, filter: None }, rest);
        };
        let Some(close) = closing_bracket(inside) else {
            return (Self { name, filter: None }, "");
        };
        let filter = filter_of(&inside[..close]);
        // A filter that is not understood must not ignore every element.
        let filter = filter.unwrap_or_else(|| (String::new(), Value::Null));
        let segment = Self {
            name,
            filter: Some(filter),
        };
        (segment, &inside[close + 1..])
    }

    fn fits(&self, stop: &Stop<'_>) -> bool {
        self.name == stop.name
            && self.filter.as_ref().is_none_or(|(name, value)| {
                stop.elements.iter().flatten().any(|element| {
                    member(element, name).is_some_and(|found| super::equal(found, value))
                })
            })
    }
}

/// Where the name at the beginning ends. A schema URN is one name; its last colon is followed by the attribute.
fn name_end(path: &str) -> usize {
    let plain = path.find(['.', '[']).unwrap_or(path.len());
    if !path
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
    {
        return plain;
    }
    // Dots belong to the URN ("…:extension:enterprise:2.0:User:manager.displayName").
    let bracket = path.find('[').unwrap_or(path.len());
    let last_colon = path[..bracket].rfind(':').unwrap_or(0);
    let after = &path[last_colon + 1..bracket];
    // Schemas are named in upper camel case, attributes in lower: "…:2.0:User" is a schema and nothing below.
    if after.starts_with(|letter: char| letter.is_ascii_uppercase()) && !after.contains('.') {
        bracket
    } else {
        last_colon
    }
}

fn closing_bracket(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (position, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return Some(position),
            _ => {}
        }
    }
    None
}

fn filter_of(text: &str) -> Option<(String, Value)> {
    let mut words = text.trim().splitn(3, ' ');
    let name = words.next()?.to_lowercase();
    let operator = words.next()?;
    let value = serde_json::from_str(words.next()?.trim()).ok()?;
    operator.eq_ignore_ascii_case("eq").then_some((name, value))
}

/// The member of that name, in any case; of several the first. The element itself for `value` of a plain one.
pub(super) fn member<'a>(element: &'a Value, name: &str) -> Option<&'a Value> {
    match element {
        Value::Object(members) => members.get(name).or_else(|| {
            members
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        }),
        _ if name == "value" => Some(element),
        _ => None,
    }
}
