use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::scenario::matcher::Matcher;
use crate::scenario::step::{Action, Body, RequestStep, RequestTarget, Step, Subject};
use crate::scenario::template::Tree;
use crate::scenario::template::{Piece, Text};

const NO_FILES: Embedded<'_> = Embedded(&[]);

fn scenario_of(text: &str) -> Scenario {
    let loaded = load_text(text, "a.yaml", &NO_FILES, &LoadOptions::default());
    loaded.unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn request_of(step: &Step) -> &RequestStep {
    match &step.action {
        Action::Request(request) => request,
        other => panic!("not a request: {other:?}"),
    }
}

fn names_of(scenario: &Scenario) -> Vec<&str> {
    let names = scenario.steps.iter().map(|step| step.name.as_str());
    names.collect()
}

fn target_of(written: &str) -> RequestTarget {
    let text = format!("title: x\nvars: {{ v: x }}\nsteps:\n  - get: {written}\n");
    request_of(&scenario_of(&text).steps[0]).target.clone()
}

fn text(written: &str) -> Text {
    Text::parse(written).expect("it is a text")
}

#[test]
fn a_target_is_split_where_it_is_written_only() {
    let RequestTarget::Decoded { path, query } = target_of(
        r#"/Users/${v}?filter=userName eq "a&b=c?${v}" and x eq 1&flag&empty=&count=${v}=2"#,
    ) else {
        panic!("it is written decoded");
    };
    assert_eq!(path, [text("Users"), text("${v}")]);
    let filter = text(r#"userName eq "a&b=c?${v}" and x eq 1"#);
    let expected = [
        ("filter".to_owned(), Some(filter)),
        ("flag".to_owned(), None),
        ("empty".to_owned(), Some(Text::default())),
        ("count".to_owned(), Some(text("${v}=2"))),
    ];
    assert_eq!(query, expected);
}

#[test]
fn quotes_that_do_not_pair_up_protect_nothing() {
    let RequestTarget::Decoded { query, .. } = target_of(r#"/Users?filter=a eq "b&count=1"#) else {
        panic!("it is written decoded");
    };
    assert_eq!(query.len(), 2);
}

#[test]
fn a_raw_target_stays_as_it_is() {
    let expected = RequestTarget::Raw(text("/Users?filter=%zz&${v}"));
    assert_eq!(target_of(r#"{ raw: "/Users?filter=%zz&${v}" }"#), expected);
}

#[test]
fn a_literal_body_is_kept_byte_for_byte_without_its_last_line_break() {
    let scenario = scenario_of(
        "title: x\nsteps:\n  - post: /Users\n    body: |2\n\n       {\"a\" :\n      1 }\n\n  - get: /Users\n",
    );
    let Body::Json(body) = &request_of(&scenario.steps[0]).body else {
        panic!("it is JSON text");
    };
    assert_eq!(body.as_literal(), Some("\n {\"a\" :\n1 }"));
}

#[test]
fn windows_line_ends_give_the_same_body() {
    let unix = "title: x\nsteps:\n  - post: /Users\n    body: |\n      {\"a\":\n       1}\n";
    let windows = unix.replace('\n', "\r\n");
    let body = |text: &str| request_of(&scenario_of(text).steps[0]).body.clone();
    assert_eq!(body(unix), body(&windows));
}

#[test]
fn places_in_literal_blocks_are_those_of_the_file() {
    for (before, line) in [("", 5), ("\n\n", 7), ("      # no comment here\n", 6)] {
        let text = format!(
            "title: x\nsteps:\n  - post: /Users\n    body: |\n{before}      [{{\"é\":$}}]\n"
        );
        let errors = load_text(text, "a.yaml", &NO_FILES, &LoadOptions::default());
        let errors = errors.expect_err("it is not JSON");
        // A comment is not JSON, either: then the comment itself is the mistake.
        let (line, column) = if before.contains('#') {
            (5, 7)
        } else {
            (line, 13)
        };
        assert_eq!(
            (errors[0].at.line, errors[0].at.column),
            (line, column),
            "{before:?}"
        );
    }
}

#[test]
fn a_row_has_its_own_requirement_ids() {
    let (one, other) = ("rfc7644-4-spc-get", "rfc7644-4-schemas-list");
    let table = scenario_of(&format!(
        "title: x\nsteps:\n  - name: n\n    covers: {one}\n    cases:\n      - {{ case: a, covers: [{other}] }}\n      - {{ case: b }}\n    get: /x\n"
    ));
    assert_eq!(table.steps[0].covers, [other, one]);
    assert_eq!(table.steps[1].covers, [one]);
    let block = scenario_of(&format!(
        "title: x\nsteps:\n  - name: n\n    cases:\n      - {{ case: a, covers: {one} }}\n    steps:\n      - get: /x\n      - {{ covers: row, get: /y }}\n"
    ));
    assert!(block.steps[0].covers.is_empty());
    assert_eq!(block.steps[1].covers, [one]);
    let outside = "title: x\nsteps:\n  - { get: /x, covers: row }\n";
    let loaded = load_text(outside, "a.yaml", &NO_FILES, &LoadOptions::default());
    assert_eq!(loaded.expect_err("there is no row").len(), 1);
}

#[test]
fn a_row_has_its_own_needs_and_matchers() {
    let table = scenario_of(
        "title: x\nsteps:\n  - name: n\n    cases:\n      - { case: a, needs: [User.title], of: 1, after: { title: $absent, n: [{ v: 1 }] } }\n      - { case: b, of: 2, after: 2 }\n    steps:\n      - get: /x\n        expect: { body: { $any-of: [$absent, \"${after}\"] } }\n",
    );
    assert_eq!(table.steps[0].needs, ["User.title"]);
    assert!(table.steps[1].needs.is_empty());
    let choices = table.steps.iter().map(|step| match &step.action {
        Action::Request(request) => match &request.expect[0].body {
            Some(Matcher::AnyOf(choices)) => choices[1].clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    });
    let choices: Vec<Matcher<Tree>> = choices.collect();
    let Matcher::Members(members) = &choices[0] else {
        panic!("{choices:?}");
    };
    assert_eq!(members[0], ("title".to_owned(), Matcher::Absent));
    assert!(matches!(&members[1].1, Matcher::Elements(elements) if elements.len() == 1));
    // A plain value stays what it was: equality with the variable.
    assert!(matches!(&choices[1], Matcher::Equals(Tree::Text(_))));
    let unknown = "title: x\nneeds: [User.tittle]\nsteps:\n  - get: /x\n";
    let loaded = load_text(unknown, "a.yaml", &NO_FILES, &LoadOptions::default());
    assert_eq!(loaded.expect_err("no such attribute").len(), 1);
}

#[test]
fn rows_become_steps_with_their_name_and_columns() {
    let scenario = scenario_of(
        r#"
title: x
people: [ada, bob]
steps:
  - cases: [{ case: one, who: ada, n: 1 }, { case: two, who: bob, n: null }]
    steps:
      - name: create ${who}
        post: /Users
        body: { userName: "${who.userName}", title: "${n}" }
        keep: { "${who.id}": $.id, answer: $ }
      - verify: { user: "${who}", sent: "create ${who}" }
      - get: /Users/${who.id}?x=${answer.id}
  - get: /Users/${bob.id}
"#,
    );
    assert_eq!(
        names_of(&scenario),
        [
            "create ada [one]",
            "verify ada [one]",
            "GET /Users/${ada.id} [one]",
            "create bob [two]",
            "verify bob [two]",
            "GET /Users/${bob.id} [two]",
            "GET /Users/${bob.id}",
        ]
    );
    let create = &scenario.steps[3];
    assert_eq!(create.row[0], ("who".to_owned(), Tree::Text(text("bob"))));
    assert_eq!(create.row[1], ("n".to_owned(), Tree::Null));
    let request = request_of(create);
    assert_eq!(request.keep[0].name, "bob.id");
    let Body::Tree(Tree::Map(members)) = &request.body else {
        panic!("it is a mapping");
    };
    assert_eq!(members[0].1, Tree::Text(text("${bob.userName}")));
    let Action::Verify(verify) = &scenario.steps[4].action else {
        panic!("it reads back");
    };
    assert_eq!(verify.subject, Subject::User("bob".to_owned()));
    assert_eq!(verify.sent.as_deref(), Some("create bob [two]"));
}

#[test]
fn fragments_are_found_above_and_take_values_of_every_type() {
    let files = Embedded(&[
        (
            "scenarios/_outer.yaml",
            "title: x\nparams: { who: ada, n: 5 }\nsteps:\n  - use: _inner.yaml\n    with: { person: \"${who}\", note: \"n is ${n} for ${who}\", count: \"${n}\" }\n",
        ),
        (
            "scenarios/deep/_inner.yaml",
            "title: wrong one\nsteps:\n  - get: /Wrong\n",
        ),
        (
            "scenarios/_inner.yaml",
            "title: x\nparams: [person, note, count]\nsteps:\n  - name: make ${person}\n    post: /Users\n    body: '{\"userName\":\"${person.userName}\",\"n\":${count},\"note\":\"${note}\"}'\n",
        ),
    ]);
    let scenario = load_text(
        "title: x\npeople: [ada]\nsteps:\n  - use: _outer.yaml\n    when: { that: 1, is: 1 }\n    needs: patch\n",
        "scenarios/deep/er/a.yaml",
        &files,
        &LoadOptions::default(),
    );
    let scenario = scenario.unwrap_or_else(|errors| panic!("{errors:#?}"));
    // A fragment looks for others from its own folder on.
    let step = &scenario.steps[0];
    assert_eq!(step.name, "make ada");
    assert_eq!(step.place.file, "scenarios/_inner.yaml");
    assert_eq!(step.needs, ["patch"]);
    assert_eq!(step.when.len(), 1);
    let row = [
        ("person".to_owned(), Tree::Text(text("ada"))),
        ("note".to_owned(), Tree::Text(text("n is 5 for ada"))),
        ("count".to_owned(), Tree::Number(5.into())),
    ];
    assert_eq!(step.row, row);
    let Body::Json(body) = &request_of(step).body else {
        panic!("it is JSON text");
    };
    assert_eq!(
        body.variables().collect::<Vec<_>>(),
        ["ada.userName", "count", "note"]
    );
}

#[test]
fn files_of_a_disk_are_found_whatever_name_is_shown() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let inner = folder.path().join("scenarios/okta");
    fs::create_dir_all(&inner).expect("it can be made");
    fs::write(
        folder.path().join("scenarios/_f.yaml"),
        "title: f\nsteps:\n  - get: /F\n",
    )
    .expect("it can be written");
    fs::write(inner.join("a.yaml"), "title: a\nsteps:\n  - use: _f.yaml\n")
        .expect("it can be written");
    for shown in ["scenarios/okta/a.yaml", "a.yaml"] {
        let loaded = load(&inner.join("a.yaml"), shown, &LoadOptions::default());
        if shown.starts_with("scenarios") {
            assert_eq!(
                loaded.map(|scenario| names_of(&scenario) == ["GET /F"]),
                Ok(true)
            );
        } else {
            // What lies above the shown name is not looked at.
            assert!(loaded.is_err());
        }
    }
    let path = inner.join("a.yaml");
    let shown = path.to_string_lossy().into_owned();
    assert!(load(&path, &shown, &LoadOptions::default()).is_ok());
}

#[test]
fn declared_features_are_known_needs() {
    let text = "title: x\nneeds: [x-roles]\nsteps:\n  - get: /Users\n";
    let load = |features: Option<Vec<String>>| {
        load_text(text, "a.yaml", &NO_FILES, &LoadOptions { features }).is_ok()
    };
    assert!(load(None));
    assert!(load(Some(vec!["x-roles".to_owned()])));
    assert!(!load(Some(Vec::new())));
}

#[test]
fn people_of_the_program_all_have_what_both_providers_map() {
    for name in library::people() {
        let text = format!(
            "title: x\npeople: [{name}]\nsteps:\n  - get: /Users?a=${{{name}.userName}}&b=${{{name}.externalId}}&c=${{{name}.name.givenName}}&d=${{{name}.mailNickname}}&e=${{{name}.employeeNumber}}\n"
        );
        let scenario = scenario_of(&text);
        let Tree::Map(members) = &scenario.people[0].1 else {
            panic!("a person is a mapping");
        };
        let external = members
            .iter()
            .find(|(name, _)| name.as_literal() == Some("externalId"));
        let Some((_, Tree::Text(external))) = external else {
            panic!("it is a text");
        };
        // Okta's ids have 20 characters and begin with 00u; a run's id has 8.
        let [Piece::Literal(fixed), Piece::Variable { name, .. }] = external.pieces.as_slice()
        else {
            panic!("it is fixed, then the run's id");
        };
        assert_eq!((fixed.len(), name.as_str()), (12, "run"));
        assert!(fixed.starts_with("00u"));
    }
}

fn soon(text: &str) -> Loaded {
    let start = Instant::now();
    let loaded = examine_text(text, "a.yaml", &NO_FILES, &LoadOptions::default());
    let taken = start.elapsed();
    let head: String = text.chars().take(60).collect();
    assert!(taken < Duration::from_secs(5), "{taken:?} for {head}");
    loaded
}

#[test]
fn hostile_files_end_quickly() {
    let header = "title: x\nsteps:\n  - get: /Users\n";
    let many_keys: String = (0..60_000).map(|key| format!("k{key}: x\n")).collect();
    let many_errors: String = (0..12_000).map(|key| format!("k{key}: x\n")).collect();
    let unknown: String = (0..4_000)
        .map(|key| format!("  - get: /Users/${{v{key}}}\n"))
        .collect();
    let hostile = [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        format!("{header}vars: {{ a: \"{}\" }}\n", "${".repeat(500_000)),
        many_keys,
        many_errors,
        format!("title: x\nsteps:\n{unknown}"),
        format!(
            "title: x\nsteps:\n  - post: /Users\n    body: '{}'\n",
            "[".repeat(1_000_000)
        ),
        format!(
            "title: x\nsteps:\n  - post: /Users\n    body: '{}'\n",
            "{\"a\":".repeat(100_000)
        ),
        format!(
            "{header}covers: [{}]\n",
            "rfc7644-4-spc-gett, ".repeat(2_000)
        ),
        format!("title: {}\n", "x".repeat(5_000_000)),
        format!("{header}    keep: {{ a: '{}' }}\n", "$[".repeat(10_000)),
        format!("{header}    keep: {{ a: '{}' }}\n", "a[".repeat(10_000)),
        format!(
            "{header}    expect: {{ body: {{ $pattern: '{}' }} }}\n",
            "(a{1000}){1000}"
        ),
    ];
    for text in hostile {
        let loaded = soon(&text);
        let short: String = text.chars().take(40).collect();
        assert!(!loaded.errors.is_empty(), "{short}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        examine_text(&bytes, "a.yaml", &NO_FILES, &LoadOptions::default());
        examine_text(&bytes, "_a.yaml", &NO_FILES, &LoadOptions::default());
    }

    #[test]
    fn no_mixture_of_its_own_words_makes_it_panic(
        words in proptest::collection::vec(proptest::sample::select(WORDS), 0..60)
    ) {
        let text = words.concat();
        examine_text(&text, "a.yaml", &NO_FILES, &LoadOptions::default());
        let text = format!("title: x\nsteps:\n  - {text}");
        examine_text(&text, "a.yaml", &NO_FILES, &LoadOptions::default());
        examine_text(&text, "_a.yaml", &NO_FILES, &LoadOptions::default());
    }

    #[test]
    fn no_damage_to_a_good_file_makes_it_panic(
        file in 0..DAMAGED.len(), at in any::<prop::sample::Index>(), with in any::<char>()
    ) {
        let mut text: Vec<char> = DAMAGED[file].chars().collect();
        let at = at.index(text.len());
        text[at] = with;
        let text: String = text.into_iter().collect();
        examine_text(&text, "a.yaml", &NO_FILES, &LoadOptions::default());
        let cut: String = text.chars().take(at).collect();
        examine_text(&cut, "a.yaml", &NO_FILES, &LoadOptions::default());
    }
}

const DAMAGED: [&str; 4] = [
    include_str!("../../../tests/scenarios/good/requests.yaml"),
    include_str!("../../../tests/scenarios/good/matchers.yaml"),
    include_str!("../../../tests/scenarios/good/cases.yaml"),
    include_str!("../../../tests/scenarios/good/verify.yaml"),
];

const WORDS: &[&str] = &[
    "\n",
    "\n  ",
    "\n    ",
    "\n      ",
    "- ",
    ": ",
    "{ ",
    " }",
    "[",
    "]",
    ", ",
    "\"",
    "'",
    "|\n",
    "#",
    "title",
    "steps",
    "get",
    "post",
    "body",
    "over",
    "with",
    "expect",
    "keep",
    "collect",
    "repeat",
    "cases",
    "case",
    "verify",
    "user",
    "sent",
    "neighbours",
    "parallel",
    "use",
    "that",
    "is",
    "params",
    "people",
    "vars",
    "when",
    "name",
    "status",
    "headers",
    "for",
    "to",
    "until",
    "every",
    "/Users?a=b&c=\"d\"",
    "/",
    "?",
    "${run}",
    "${",
    "$${",
    "}",
    "$nonempty",
    "$size",
    "$pattern",
    "$any-of",
    "$.id",
    "emails[type eq \"work\"].value",
    "ada",
    "${ada.id}",
    "${x}",
    "200",
    "2xx",
    "null",
    "true",
    "yes",
    "012",
    "-1",
    "1e9",
    "10s",
    "&a ",
    "*a",
    "!!str ",
    "<<",
    "\t",
    "é",
    "\u{feff}",
];

#[test]
fn a_search_looks_and_does_not_write() {
    let unread = |steps: &str| {
        let text = format!("title: x\nsource: RFC 7644 3 [doc]\nsteps:\n{steps}");
        let loaded = examine_text(&text, "a.yaml", &NO_FILES, &LoadOptions::default());
        let warns = |problem: &ScenarioError| problem.to_string().contains("nothing reads back");
        loaded.warnings.iter().any(warns)
    };
    let create = "  - { post: /Users, body: { userName: \"${run}\" } }\n";
    let search = "  - { post: /Users/.search, body: { count: 1 } }\n";
    assert!(unread(create));
    assert!(!unread(search));
    assert!(!unread(&format!("{create}{search}")));
    assert!(unread(&format!("{search}{create}")));
}
