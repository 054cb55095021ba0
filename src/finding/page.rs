//! What the ids of findings mean that judging gives beside the checks.

/// Each id with its page: Markdown with the four headings of every rule.
pub const PAGES: &[(&str, &str)] = &[
    ("answered", include_str!("pages/answered.md")),
    ("captured", include_str!("pages/captured.md")),
    ("claim", include_str!("pages/claim.md")),
    ("created-as-sent", include_str!("pages/created-as-sent.md")),
    ("expected-body", include_str!("pages/expected-body.md")),
    ("expected-header", include_str!("pages/expected-header.md")),
    ("expected-size", include_str!("pages/expected-size.md")),
    ("expected-status", include_str!("pages/expected-status.md")),
    ("expected-text", include_str!("pages/expected-text.md")),
    ("expected-time", include_str!("pages/expected-time.md")),
    ("filter-agrees", include_str!("pages/filter-agrees.md")),
    ("found-by-filter", include_str!("pages/found-by-filter.md")),
    ("gone", include_str!("pages/gone.md")),
    ("gone-by-filter", include_str!("pages/gone-by-filter.md")),
    ("json-body", include_str!("pages/json-body.md")),
    (
        "neighbour-unchanged",
        include_str!("pages/neighbour-unchanged.md"),
    ),
    ("not-supported", include_str!("pages/not-supported.md")),
    ("nothing-sent", include_str!("pages/nothing-sent.md")),
    ("provisioned", include_str!("pages/provisioned.md")),
    ("rate", include_str!("pages/rate.md")),
    ("read-back", include_str!("pages/read-back.md")),
    (
        "read-back-declared",
        include_str!("pages/read-back-declared.md"),
    ),
    ("rest-unchanged", include_str!("pages/rest-unchanged.md")),
    ("sendable", include_str!("pages/sendable.md")),
    ("skipped", include_str!("pages/skipped.md")),
    (
        "snapshot-differs",
        include_str!("pages/snapshot-differs.md"),
    ),
    ("snapshot-new", include_str!("pages/snapshot-new.md")),
    (
        "snapshot-readable",
        include_str!("pages/snapshot-readable.md"),
    ),
    (
        "snapshot-written",
        include_str!("pages/snapshot-written.md"),
    ),
    ("traffic", include_str!("pages/traffic.md")),
    ("untested", include_str!("pages/untested.md")),
    ("whole-answer", include_str!("pages/whole-answer.md")),
];

/// The page of an id.
pub fn page(id: &str) -> Option<&'static str> {
    PAGES
        .iter()
        .find(|(known, _)| *known == id)
        .map(|(_, page)| *page)
}
