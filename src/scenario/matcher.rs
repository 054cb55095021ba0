//! What an answer, or a part of it, must look like.

/// A condition on a JSON value. `V` is what stands for concrete values: [`Tree`](super::template::Tree) as loaded,
/// `serde_json::Value` once variables are filled in.
#[derive(Debug, Clone, PartialEq)]
pub enum Matcher<V> {
    /// Equal as SCIM has it.
    Equals(V),
    /// A mapping as a subset: each member name or SCIM path, and what it must look like.
    Members(Vec<(String, Matcher<V>)>),
    /// A list without order: as many elements, each matched by one of these.
    Elements(Vec<Matcher<V>>),
    /// Of that JSON type.
    Kind(Kind),
    /// Text, list or mapping that is not empty.
    NonEmpty,
    /// A text of that form.
    Form(Form),
    /// There: neither missing nor `null` nor `[]`.
    Present,
    /// Missing, `null` or `[]`.
    Absent,
    /// Anything, also nothing.
    Any,
    /// Text that the regular expression finds a match in.
    Pattern(String),
    /// At least one holds.
    AnyOf(Vec<Matcher<V>>),
    /// All hold.
    AllOf(Vec<Matcher<V>>),
    /// Does not hold.
    Not(Box<Matcher<V>>),
    /// JSON equality: letter case and order count.
    Exactly(V),
    /// A list in which each of these matches a different element, or a text with each of these parts.
    Contains(Vec<Matcher<V>>),
    /// Every element of a list.
    Each(Box<Matcher<V>>),
    /// Number of elements or characters, from and to, both included.
    Size(V, Option<V>),
    /// No element twice.
    Unique,
    /// A number not below.
    AtLeast(V),
    /// A number not above.
    AtMost(V),
    /// An instant later than this one.
    After(V),
    /// An instant not earlier than this one.
    NotBefore(V),
    /// JSONPaths into the value, and what is found there must look like.
    At(Vec<(String, Matcher<V>)>),
    /// The same when written as text: `401` and `"401"`, `true` and `"true"`. Letter case counts.
    Text(V),
}

/// JSON types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `"…"`.
    String,
    /// Any number.
    Number,
    /// A number without a fraction.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// `[…]`.
    Array,
    /// `{…}`.
    Object,
}

/// Forms of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// RFC 3339 date and time.
    Instant,
    /// An absolute URI.
    Uri,
    /// A UUID in its canonical form.
    Uuid,
}

type Translate<'a, V, W, E> = dyn FnMut(&V) -> Result<W, E> + 'a;

impl<V> Matcher<V> {
    /// The same condition with every concrete value translated.
    ///
    /// # Errors
    /// The first error that `translate` gives.
    pub fn try_map<W, E>(&self, translate: &mut Translate<'_, V, W, E>) -> Result<Matcher<W>, E> {
        Ok(match self {
            Self::Equals(value) => Matcher::Equals(translate(value)?),
            Self::Members(members) => {
                let mut translated = Vec::with_capacity(members.len());
                for (name, member) in members {
                    translated.push((name.clone(), member.try_map(translate)?));
                }
                Matcher::Members(translated)
            }
            Self::Elements(items) => Matcher::Elements(try_map_all(items, translate)?),
            Self::Kind(kind) => Matcher::Kind(*kind),
            Self::NonEmpty => Matcher::NonEmpty,
            Self::Form(form) => Matcher::Form(*form),
            Self::Present => Matcher::Present,
            Self::Absent => Matcher::Absent,
            Self::Any => Matcher::Any,
            Self::Pattern(pattern) => Matcher::Pattern(pattern.clone()),
            Self::AnyOf(items) => Matcher::AnyOf(try_map_all(items, translate)?),
            Self::AllOf(items) => Matcher::AllOf(try_map_all(items, translate)?),
            Self::Not(inner) => Matcher::Not(Box::new(inner.try_map(translate)?)),
            Self::Exactly(value) => Matcher::Exactly(translate(value)?),
            Self::Contains(items) => Matcher::Contains(try_map_all(items, translate)?),
            Self::Each(inner) => Matcher::Each(Box::new(inner.try_map(translate)?)),
            Self::Size(from, to) => {
                let from = translate(from)?;
                Matcher::Size(from, to.as_ref().map(&mut *translate).transpose()?)
            }
            Self::Unique => Matcher::Unique,
            Self::AtLeast(value) => Matcher::AtLeast(translate(value)?),
            Self::AtMost(value) => Matcher::AtMost(translate(value)?),
            Self::After(value) => Matcher::After(translate(value)?),
            Self::NotBefore(value) => Matcher::NotBefore(translate(value)?),
            Self::At(places) => {
                let mut translated = Vec::with_capacity(places.len());
                for (path, inner) in places {
                    translated.push((path.clone(), inner.try_map(translate)?));
                }
                Matcher::At(translated)
            }
            Self::Text(value) => Matcher::Text(translate(value)?),
        })
    }
}

fn try_map_all<V, W, E>(
    items: &[Matcher<V>],
    translate: &mut Translate<'_, V, W, E>,
) -> Result<Vec<Matcher<W>>, E> {
    let mut translated = Vec::with_capacity(items.len());
    for item in items {
        translated.push(item.try_map(translate)?);
    }
    Ok(translated)
}
