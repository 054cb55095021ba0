//! Query options: `$filter`, `$select`, `$orderby`, `$top`, `$skiptoken` and `$count` over a list of resources.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::filter::{self, Filter};
use crate::org::Ask;

/// Resources of a page where `$top` says nothing (Graph's default for directory objects).
const PAGE: usize = 100;
/// Most that `$top` may ask for.
const LARGEST: usize = 999;
/// What a link encodes (RFC 3986 2.3 names what it need not).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// What a token of ours begins with.
const TOKEN: &str = "from-";

/// What a call asks of a list or of one resource.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Options {
    filter: Option<Filter>,
    select: Option<Vec<String>>,
    order: Option<(Vec<String>, bool)>,
    top: usize,
    skip: usize,
    count: bool,
}

impl Options {
    /// Reads the options of a call. Filters may name `filterable` paths; `$select` names properties, of which there are the
    /// first segments of the paths and `others`.
    ///
    /// # Errors
    /// An option that is not emulated, or that cannot be read.
    pub(super) fn read(ask: &Ask, filterable: &[&str], others: &[&str]) -> Result<Self, Fault> {
        let mut options = Self {
            filter: None,
            select: None,
            order: None,
            top: PAGE,
            skip: 0,
            count: false,
        };
        for (name, value) in &ask.query {
            match name.as_str() {
                "$filter" => {
                    let filter = Filter::read(value, filterable).map_err(|problem| {
                        Fault::query(format!("`$filter` cannot be read: {problem}"))
                    })?;
                    options.filter = Some(filter);
                }
                "$select" => options.select = Some(selected(value, filterable, others)?),
                "$orderby" => options.order = Some(ordered(value, filterable)?),
                "$top" => {
                    options.top = value
                        .parse()
                        .ok()
                        .filter(|top| (1..=LARGEST).contains(top))
                        .ok_or_else(|| {
                            Fault::query(format!(
                                "`$top` must be a number from 1 to {LARGEST}, not `{value}`"
                            ))
                        })?;
                }
                "$skiptoken" => {
                    options.skip = value
                        .strip_prefix(TOKEN)
                        .and_then(|from| from.parse().ok())
                        .ok_or_else(|| {
                            Fault::query(format!(
                                "`$skiptoken` must be one that an `@odata.nextLink` has, not `{value}`"
                            ))
                        })?;
                }
                "$count" => options.count = value.eq_ignore_ascii_case("true"),
                name if name.starts_with('$') => {
                    return Err(Fault::query(format!(
                        "query option `{name}` is not emulated; $filter, $select, $orderby, $top, $skiptoken and $count are"
                    )));
                }
                // Graph ignores parameters of others.
                _ => {}
            }
        }
        Ok(options)
    }

    /// The answer with a list: what matches, in order, a page of it. `unasked`: what is shown without `$select`; `None`: all.
    pub(super) fn list(
        &self,
        ask: &Ask,
        context: &str,
        resources: Vec<Value>,
        unasked: Option<&[String]>,
    ) -> Value {
        let mut found: Vec<Value> = resources
            .into_iter()
            .filter(|resource| {
                self.filter
                    .as_ref()
                    .is_none_or(|filter| filter.matches(resource))
            })
            .collect();
        if let Some((path, descending)) = &self.order {
            found.sort_by(|left, right| {
                let (left, right) = (filter::at(left, path), filter::at(right, path));
                let ordering = filter::compared(left, right)
                    .unwrap_or_else(|| left.is_null().cmp(&right.is_null()).reverse());
                if *descending {
                    ordering.reverse()
                } else {
                    ordering
                }
            });
        }
        let total = found.len();
        let page: Vec<Value> = found
            .into_iter()
            .skip(self.skip)
            .take(self.top)
            .map(|resource| self.shown(resource, unasked))
            .collect();
        let mut list = json!({ "@odata.context": context });
        if self.count {
            list["@odata.count"] = Value::from(total);
        }
        let next = self.skip + page.len();
        if next < total && !page.is_empty() {
            list["@odata.nextLink"] = Value::from(next_link(ask, next));
        }
        list["value"] = Value::Array(page);
        list
    }

    /// One resource with the properties that are asked for.
    pub(super) fn shown(&self, resource: Value, unasked: Option<&[String]>) -> Value {
        let names = match (&self.select, unasked) {
            (Some(names), _) => names.as_slice(),
            (None, Some(names)) => names,
            (None, None) => return resource,
        };
        let Value::Object(members) = resource else {
            return resource;
        };
        let kept: Map<String, Value> = members
            .into_iter()
            .filter(|(member, _)| {
                member.starts_with('@')
                    || names.iter().any(|name| name.eq_ignore_ascii_case(member))
            })
            .collect();
        Value::Object(kept)
    }
}

fn selected(text: &str, filterable: &[&str], others: &[&str]) -> Result<Vec<String>, Fault> {
    let is_known = |name: &str| {
        let first = |path: &str| {
            path.split('/')
                .next()
                .is_some_and(|first| first.eq_ignore_ascii_case(name))
        };
        filterable.iter().any(|path| first(path)) || others.iter().any(|path| first(path))
    };
    text.split(',')
        .map(str::trim)
        .map(|name| match is_known(name) {
            true => Ok(name.to_owned()),
            false => Err(Fault::query(format!(
                "`$select` names `{name}`, which is no property here"
            ))),
        })
        .collect()
}

fn ordered(text: &str, filterable: &[&str]) -> Result<(Vec<String>, bool), Fault> {
    let mut words = text.split_whitespace();
    let path = words.next().unwrap_or_default();
    let descending = match words.next() {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(other) => {
            return Err(Fault::query(format!(
                "`$orderby` ends with `asc` or `desc`, not with `{other}`"
            )));
        }
    };
    let is_known = filterable
        .iter()
        .any(|known| known.eq_ignore_ascii_case(path));
    match (is_known, words.next()) {
        (true, None) => Ok((path.split('/').map(str::to_owned).collect(), descending)),
        (false, _) => Err(Fault::query(format!(
            "`$orderby` names `{path}`, which is no property here"
        ))),
        (true, Some(more)) => Err(Fault::query(format!(
            "`$orderby` takes one property; `{more}` is left over"
        ))),
    }
}

/// The same call, from another place on.
fn next_link(ask: &Ask, from: usize) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let path: Vec<String> = ask.path.iter().map(|segment| encoded(segment)).collect();
    let mut query: Vec<String> = ask
        .query
        .iter()
        .filter(|(name, _)| name != "$skiptoken")
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    query.push(format!("$skiptoken={TOKEN}{from}"));
    format!("{}/{}?{}", ask.base, path.join("/"), query.join("&"))
}
