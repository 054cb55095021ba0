//! Checks of paging: what a page holds, and what it says about the whole.

use serde_json::Value;

use crate::checks::query::List;
use crate::checks::seen::{Seen, differs};
use crate::checks::{Check, Judged, Stake, texts};
use crate::finding::Strength;
use crate::scim::locate::member;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "total-covers-page",
        rule: "`totalResults` counts all results, so it is never below what is listed",
        stakes: &[
            Stake::must("RFC 7644 3.4.2, 3.4.2.4"),
            Stake::okta(Strength::Must, "okta.md 5.1 [doc]"),
        ],
        requirements: &["rfc7644-3.4.2.4-totalresults-whole-set"],
        texts: texts!("total-covers-page"),
        judge: total_covers_page,
    },
    Check {
        id: "items-per-page-is-actual",
        rule: "`itemsPerPage` is how many resources the page has",
        stakes: &[Stake::must("RFC 7644 3.4.2, 3.4.2.4")],
        requirements: &["rfc7644-3.4.2.4-itemsperpage-actual"],
        texts: texts!("items-per-page-is-actual"),
        judge: items_per_page_is_actual,
    },
    Check {
        id: "start-index-is-true",
        rule: "`startIndex` says where the page begins, counted from 1",
        stakes: &[
            Stake::must("RFC 7644 3.4.2, 3.4.2.4"),
            Stake::entra(Strength::Must, "entra.md 9 [doc]"),
        ],
        requirements: &["rfc7644-3.4.2.4-startindex-one-based"],
        texts: texts!("start-index-is-true"),
        judge: start_index_is_true,
    },
    Check {
        id: "partial-list-tells-its-page",
        rule: "a list that is not the whole says where it begins and how much it holds",
        stakes: &[
            Stake::must("RFC 7644 3.4.2"),
            Stake::okta(Strength::Should, "okta.md 5.1 [doc]"),
        ],
        requirements: &["rfc7644-3.4.2-startindex-itemsperpage-partial"],
        texts: texts!("partial-list-tells-its-page"),
        judge: partial_list_tells_its_page,
    },
    Check {
        id: "page-within-count",
        rule: "a page holds no more than `count` resources",
        stakes: &[Stake::must("RFC 7644 3.4.2.4")],
        requirements: &["rfc7644-3.4.2.4-count-upper-bound"],
        texts: texts!("page-within-count"),
        judge: page_within_count,
    },
    Check {
        id: "count-zero-lists-nothing",
        rule: "`count=0`, and what is below, asks for the number of results only",
        stakes: &[Stake::must("RFC 7644 3.4.2.4")],
        requirements: &[
            "rfc7644-3.4.2.4-count-zero",
            "rfc7644-3.4.2.4-count-negative",
        ],
        texts: texts!("count-zero-lists-nothing"),
        judge: count_zero_lists_nothing,
    },
    Check {
        id: "page-within-max-results",
        rule: "no page is larger than the server says its pages are",
        stakes: &[Stake::should("RFC 7643 5; RFC 9865 4")],
        requirements: &[],
        texts: texts!("page-within-max-results"),
        judge: page_within_max_results,
    },
    Check {
        id: "cursor-is-safe",
        rule: "a cursor is a text that can stand in an address as it is",
        stakes: &[Stake::must("RFC 9865 2")],
        requirements: &["rfc9865-2-cursor-charset"],
        texts: texts!("cursor-is-safe"),
        judge: cursor_is_safe,
    },
    Check {
        id: "total-counts-the-known",
        rule: "`totalResults` counts every resource that is known to be there",
        stakes: &[
            Stake::must("RFC 7644 3.4.2.4"),
            Stake::okta(Strength::Must, "okta.md 5.1 [doc]"),
        ],
        requirements: &["rfc7644-3.4.2.4-totalresults-whole-set"],
        texts: texts!("total-counts-the-known"),
        judge: total_counts_the_known,
    },
];

/// A list whose pages are counted by index.
fn indexed<'a>(seen: &Seen<'a>) -> Option<List<'a>> {
    let list = seen.list()?;
    let query = seen.query();
    (!query.has_cursor && !query.is_unclear && member(list.body, "nextCursor").is_none())
        .then_some(list)
}

fn total_covers_page(seen: &Seen<'_>) -> Judged {
    let Some(list) = indexed(seen) else {
        return Judged::Silent;
    };
    let Some(total) = list.counter("totalResults") else {
        return Judged::Silent;
    };
    let before = seen.query().first() - 1;
    let last = match list.length() {
        0 => 0,
        length => before.saturating_add(length),
    };
    if last <= total {
        return Judged::Holds;
    }
    let message = match before {
        0 => "`totalResults` is less than what is listed",
        _ if total == list.length() => {
            "`totalResults` is less than what is listed up to this page: it seems to count the page only"
        }
        _ if before >= total => "a page behind the last result lists resources",
        _ => "`totalResults` is less than what is listed up to this page",
    };
    Judged::broken(
        message,
        differs(
            "totalResults",
            format!("at least {last}"),
            Some(&total.into()),
        ),
    )
}

fn items_per_page_is_actual(seen: &Seen<'_>) -> Judged {
    let Some(list) = seen.list() else {
        return Judged::Silent;
    };
    let is_page =
        member(list.body, "Resources").is_none_or(|list| list.is_array() || list.is_null());
    let Some(said) = list.counter("itemsPerPage").filter(|_| is_page) else {
        return Judged::Silent;
    };
    match said == list.length() {
        true => Judged::Holds,
        false => Judged::broken(
            "`itemsPerPage` is not the number of resources in the page",
            differs("itemsPerPage", list.length(), Some(&said.into())),
        ),
    }
}

fn start_index_is_true(seen: &Seen<'_>) -> Judged {
    let Some(list) = indexed(seen).filter(|list| list.length() > 0) else {
        return Judged::Silent;
    };
    let Some(said) = list.counter("startIndex") else {
        return Judged::Silent;
    };
    let first = seen.query().first();
    let message = match said {
        _ if said == first => return Judged::Holds,
        0 => "`startIndex` is 0, but results are counted from 1",
        _ => "`startIndex` is not where the page was asked to begin",
    };
    Judged::broken(message, differs("startIndex", first, Some(&said.into())))
}

fn partial_list_tells_its_page(seen: &Seen<'_>) -> Judged {
    let Some(list) = indexed(seen).filter(|list| list.length() > 0) else {
        return Judged::Silent;
    };
    let Some(total) = list.counter("totalResults") else {
        return Judged::Silent;
    };
    if total <= list.length() {
        return Judged::Silent;
    }
    let missing: Vec<&str> = ["startIndex", "itemsPerPage"]
        .into_iter()
        .filter(|name| member(list.body, name).is_none_or(Value::is_null))
        .collect();
    let Some(first) = missing.first() else {
        return Judged::Holds;
    };
    Judged::broken(
        format!("one page of many has no `{}`", missing.join("`, no `")),
        differs(*first, "a whole number", None),
    )
}

fn page_within_count(seen: &Seen<'_>) -> Judged {
    let Some(list) = seen.list() else {
        return Judged::Silent;
    };
    let query = seen.query();
    match query.most() {
        Some(most) if most > 0 && !query.is_unclear => match list.length() <= most {
            true => Judged::Holds,
            false => Judged::broken(
                "the page holds more resources than `count` asks for",
                differs(
                    "Resources",
                    format!("at most {most} resources"),
                    Some(&format!("{} resources", list.length()).into()),
                ),
            ),
        },
        _ => Judged::Silent,
    }
}

fn count_zero_lists_nothing(seen: &Seen<'_>) -> Judged {
    let Some(list) = seen.list() else {
        return Judged::Silent;
    };
    let query = seen.query();
    if query.most() != Some(0) || query.is_unclear {
        return Judged::Silent;
    }
    let asked = match query.count {
        Some(0) => "`count=0`",
        _ => "a negative `count`",
    };
    match list.length() {
        0 => Judged::Holds,
        length => Judged::broken(
            format!("{asked} is answered with resources"),
            differs(
                "Resources",
                "no resources",
                Some(&format!("{length} resources").into()),
            ),
        ),
    }
}

fn page_within_max_results(seen: &Seen<'_>) -> Judged {
    let Some(configuration) = seen.history.configuration() else {
        return Judged::Silent;
    };
    let Some(list) = seen.list() else {
        return Judged::Silent;
    };
    let number = |feature: &str, name: &str| configuration.get(feature)?.get(name)?.as_u64();
    let limits = [
        ("filter.maxResults", number("filter", "maxResults")),
        (
            "pagination.maxPageSize",
            number("pagination", "maxPageSize"),
        ),
    ];
    let mut known = false;
    for (name, limit) in limits {
        // Zero says that there are no results at all; it is meant as "no limit" wherever it is seen.
        let Some(limit) = limit.filter(|limit| *limit > 0) else {
            continue;
        };
        known = true;
        if list.length() > limit {
            return Judged::broken(
                format!("the page is larger than `{name}` of the configuration"),
                differs(
                    "Resources",
                    format!("at most {limit} resources"),
                    Some(&format!("{} resources", list.length()).into()),
                ),
            );
        }
    }
    match known {
        true => Judged::Holds,
        false => Judged::Silent,
    }
}

fn cursor_is_safe(seen: &Seen<'_>) -> Judged {
    let Some(list) = seen.list() else {
        return Judged::Silent;
    };
    // Unreserved characters (RFC 3986 2.3).
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut judged = Judged::Silent;
    for name in ["nextCursor", "previousCursor"] {
        let message = match member(list.body, name) {
            None | Some(Value::Null) => continue,
            Some(Value::String(cursor)) if cursor.is_empty() => format!("`{name}` is empty"),
            Some(Value::String(cursor)) if cursor.bytes().all(is_safe) => {
                judged = Judged::Holds;
                continue;
            }
            Some(Value::String(_)) => {
                format!("`{name}` has characters that cannot stand in an address")
            }
            Some(_) => format!("`{name}` is not a text"),
        };
        return Judged::broken(
            message,
            differs(name, "letters, digits and -._~", member(list.body, name)),
        );
    }
    judged
}

fn total_counts_the_known(seen: &Seen<'_>) -> Judged {
    let Some(list) = indexed(seen).filter(|_| seen.is("GET") && !seen.crowded) else {
        return Judged::Silent;
    };
    let query = seen.query();
    // Of a page that is not full it is open whether the list lags behind the last writes.
    let is_full = query.most() == Some(list.length()) && list.length() > 0;
    let (Some(total), Some(endpoint)) = (list.counter("totalResults"), seen.address.endpoint)
    else {
        return Judged::Silent;
    };
    if query.is_filtered || !is_full || seen.address.base.is_empty() {
        return Judged::Silent;
    }
    let known = seen.history.created(seen.address.base, endpoint);
    match total >= known {
        true => Judged::Holds,
        false => Judged::broken(
            "`totalResults` is less than the number of resources that are known to be there",
            differs(
                "totalResults",
                format!("at least {known}"),
                Some(&total.into()),
            ),
        ),
    }
}
