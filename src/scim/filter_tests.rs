use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};
use serde_json::Number;

use super::super::filter::{Dialect, Filter, Limits, Literal, Node, Operator, QuirkKind};
use super::super::path::{AttributePath, Path};

fn strict(text: &str) -> Filter {
    text.parse()
        .unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

#[test]
fn and_binds_more_than_or() {
    let filter = strict(r#"title pr or userType eq "x" and active eq true"#);
    let Node::Or(parts) = &filter.node else {
        panic!("{filter:?}")
    };
    assert!(matches!(&parts[1].node, Node::And(both) if both.len() == 2));
    assert_eq!(
        filter,
        strict(r#"title pr or (userType eq "x" and active eq true)"#)
    );
    assert_ne!(
        filter,
        strict(r#"(title pr or userType eq "x") and active eq true"#)
    );
}

#[test]
fn not_may_touch_its_parenthesis_and_may_be_a_name() {
    assert_eq!(strict("not(title pr)"), strict("NOT  (title pr)"));
    assert_eq!(
        strict("not pr"),
        Filter {
            node: Node::Present(AttributePath::named("not")),
            span: 0..6
        }
    );
    let both = strict("not (title pr) and active eq true");
    assert!(matches!(&both.node, Node::And(parts) if matches!(parts[0].node, Node::Not(_))));
}

#[test]
fn chains_are_one_node() {
    let text = vec!["id eq \"x\""; 200].join(" or ");
    assert!(matches!(&strict(&text).node, Node::Or(parts) if parts.len() == 200));
}

#[test]
fn strings_are_json() {
    let filter = strict(r#"a eq "x\"y\\z\u00e9 ) and (""#);
    assert!(
        matches!(&filter.node, Node::Compare { value: Literal::String(text), .. } if text == "x\"y\\zé ) and (")
    );
    assert!(
        matches!(&strict(r#"a eq """#).node, Node::Compare { value: Literal::String(text), .. } if text.is_empty())
    );
}

#[test]
fn spans_point_into_the_text() {
    let text = r#"  userName EQ "ada" and emails[type eq "work"]"#;
    let filter = strict(text);
    let Node::And(parts) = &filter.node else {
        panic!("{filter:?}")
    };
    assert_eq!(&text[parts[0].span.clone()], r#"userName EQ "ada""#);
    assert_eq!(&text[parts[1].span.clone()], r#"emails[type eq "work"]"#);
}

#[test]
fn quirks_are_refused_strictly_and_reported_leniently() {
    for (text, kind) in [
        ("active eq True", QuirkKind::CapitalBoolean),
        ("externalId eq 7-abc", QuirkKind::UnquotedString),
        (
            r#"emails[type eq "work"].value eq "x""#,
            QuirkKind::ValuePathSubAttribute,
        ),
    ] {
        assert!(text.parse::<Filter>().is_err(), "{text}");
        let parsed = Filter::parse(text, Dialect::LENIENT, Limits::default()).expect(text);
        assert_eq!(
            parsed
                .quirks
                .iter()
                .map(|quirk| quirk.kind)
                .collect::<Vec<_>>(),
            [kind],
            "{text}"
        );
    }
    let parsed = Filter::parse(
        r#"emails[type eq "work"].value eq "x""#,
        Dialect::LENIENT,
        Limits::default(),
    )
    .expect("read");
    assert_eq!(
        parsed.filter,
        strict(r#"emails[type eq "work" and value eq "x"]"#)
    );
}

#[test]
fn broken_filters_say_where_and_what() {
    for (text, offset, problem) in [
        ("", 0, "name of an attribute"),
        ("userName", 8, "operator"),
        ("userName eq", 11, "value"),
        ("userName xx \"a\"", 9, "one of eq"),
        ("userName = \"a\"", 9, "one of eq"),
        ("userName eq 'a'", 12, "string in double quotes"),
        ("userName eq \"a", 12, "without end"),
        ("userName eq \"\\q\"", 12, "not a JSON string"),
        ("(userName pr", 12, "`)`"),
        ("userName pr)", 11, "the end"),
        ("userName pr or", 14, "name of an attribute"),
        ("a pr b pr", 5, "the end"),
        ("a[b[c pr]]", 3, "unexpected `["),
        ("a eq {}", 5, "double quotes"),
    ] {
        let fault = text.parse::<Filter>().expect_err(text);
        assert_eq!(fault.offset, offset, "{text}: {fault}");
        assert!(fault.problem.contains(problem), "{text}: {fault}");
    }
    let fault = "userName = \"a\"".parse::<Filter>().expect_err("operator");
    assert_eq!(fault.hint.as_deref(), Some("equality is written `eq`"));
}

#[test]
fn limits_hold_while_reading() {
    let deep = format!("{}a pr{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(
        deep.parse::<Filter>()
            .expect_err("deep")
            .problem
            .contains("nested deeper")
    );
    let long = format!("a eq \"{}\"", "x".repeat(70_000));
    assert!(long.parse::<Filter>().is_err());
    let wide = vec!["a pr"; 2001].join(" or ");
    assert!(
        wide.parse::<Filter>()
            .expect_err("wide")
            .problem
            .contains("more than 2000")
    );
}

#[test]
fn ordinary_filters_mean_the_same_to_another_reader() {
    for text in [
        r#"userName eq "bjensen""#,
        r#"name.familyName co "O'Malley""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#,
        r#"title pr and (userType eq "Employee" or not (active eq false))"#,
        r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp"]"#,
        r#"meta.lastModified gt "2011-05-13T04:42:34Z" and a lt 5 or b ge -1.5"#,
        r#"a pr or b pr and c pr or not (d pr and e eq null)"#,
    ] {
        let theirs: scim_v2::filter::Filter = text.parse().expect(text);
        let ours = strict(text);
        assert_eq!(strict(&theirs.to_string()), ours, "{text}");
        assert_eq!(
            ours.to_string()
                .parse::<scim_v2::filter::Filter>()
                .expect(text),
            theirs,
            "{text}"
        );
    }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z][a-zA-Z0-9_-]{0,8}",
        "\\$ref",
        "(not|and|or|pr|eq|true)"
    ]
}

fn attribute_path() -> impl Strategy<Value = AttributePath> {
    let urn = prop::option::of("urn:[a-z]{1,5}:[a-z.0-9]{1,5}(:[A-Z0-9.]{1,4})?");
    (urn, name(), prop::option::of(name())).prop_map(|(urn, name, sub)| AttributePath {
        urn,
        name,
        sub,
    })
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<String>().prop_map(Literal::String),
        any::<i64>().prop_map(|number| Literal::Number(Number::from(number))),
        any::<bool>().prop_map(Literal::Boolean),
        proptest::strategy::Just(Literal::Null),
    ]
}

fn comparison() -> impl Strategy<Value = Filter> {
    let operator = prop::sample::select(Operator::ALL.map(|(operator, _)| operator).to_vec());
    prop_oneof![
        attribute_path().prop_map(Node::Present),
        (attribute_path(), operator, literal()).prop_map(|(path, operator, value)| Node::Compare {
            path,
            operator,
            value
        }),
    ]
    .prop_map(unplaced)
}

fn unplaced(node: Node) -> Filter {
    Filter { node, span: 0..0 }
}

fn combined(leaf: impl Strategy<Value = Filter> + 'static) -> impl Strategy<Value = Filter> {
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| unplaced(Node::And(parts))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| unplaced(Node::Or(parts))),
            inner.prop_map(|part| unplaced(Node::Not(Box::new(part)))),
        ]
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    let within = (attribute_path(), combined(comparison())).prop_map(|(path, filter)| {
        unplaced(Node::Within {
            path,
            filter: Box::new(filter),
        })
    });
    combined(prop_oneof![3 => comparison(), 1 => within])
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(filter in filter()) {
        let text = filter.to_string();
        let read = text.parse::<Filter>();
        assert_eq!(read.as_ref(), Ok(&filter), "{text}");
    }

    #[test]
    fn paths_read_back_the_same(path in attribute_path(), inner in prop::option::of(combined(comparison()))) {
        let AttributePath { urn, name, sub } = path;
        let path = Path { urn, name, filter: inner.map(Box::new), sub };
        let text = path.to_string();
        assert_eq!(text.parse::<Path>().as_ref(), Ok(&path), "{text}");
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>(), wild in "[a-z \"\\\\()\\[\\].:$é]{0,40}") {
        for text in [text, wild] {
            drop(Filter::parse(&text, Dialect::LENIENT, Limits::default()));
            drop(Path::parse(&text, Dialect::STRICT));
        }
    }
}
